"""One contract for every store: each test runs on all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import managed_stores
import numpy as np
import pytest

from source.index_settings import HnswSettings, IndexSettings
from source.scope import Entry, UnknownFilter, scope
from source.store_faiss import FaissStore
from source.store_managed import Record, UnsupportedFilter, read_record
from source.store_opensearch import OpenSearchStore, cosine
from source.store_pgvector import PgvectorStore
from source.store_s3vectors import S3VectorsStore
from source.stores import StoreUnusable, VectorStore, open_store

DIMENSION = 16
LABELS = ((), ("hr",), ("hr", "legal"), ("legal",))
ENTRIES = [
    Entry(
        f"doc/{n}:0-5",
        LABELS[n % 4],
        {"year": 2000 + n, "kind": ("a", "b")[n % 2], "tags": (f"t{n % 3}", "x"), "new": n > 5},
    )
    for n in range(40)
]


def unit(rows: int, seed: int) -> Any:
    vectors = np.random.default_rng(seed).standard_normal((rows, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


VECTORS = unit(len(ENTRIES), 1)
PLACE = {"resourceArn": "arn:aws:rds:x", "secretArn": "arn:aws:secret:x", "database": "db"}
PLACE = {name: value.ljust(11, "x") for name, value in PLACE.items()}


def s3vectors() -> VectorStore:
    client = managed_stores.client("s3vectors", managed_stores.S3Vectors())
    store = S3VectorsStore(client, "bucket", Record("s3vectors", "index", DIMENSION, 0, ()))
    store._create()
    return store


def opensearch() -> VectorStore:
    record = Record("opensearch", "index", DIMENSION, 0, ())
    store = OpenSearchStore(managed_stores.OpenSearch(), record, wait=0.0)
    store.create()
    return store


def pgvector() -> VectorStore:
    client = managed_stores.client("rds-data", managed_stores.Pgvector())
    store = PgvectorStore(client, PLACE, Record("pgvector", "index", DIMENSION, 0, ()))
    store.create()
    return store


STORES: Mapping[str, Callable[[], VectorStore]] = {
    "faiss": lambda: FaissStore(DIMENSION),
    "faiss-hnsw": lambda: FaissStore(DIMENSION, HnswSettings(8, 40, 32)),
    "s3vectors": s3vectors,
    "opensearch": opensearch,
    "pgvector": pgvector,
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> VectorStore:
    made = STORES[request.param]()
    made.add(ENTRIES[:15], VECTORS[:15])
    made.add(ENTRIES[15:], VECTORS[15:])
    return made


def expected(question: Any, k: int, wanted: Any) -> list[str]:
    """What a comparison with every vector finds."""
    scores = {
        entry.id: float(vector @ question)
        for entry, vector in zip(ENTRIES, VECTORS, strict=True)
        if wanted.admits(entry.labels, entry.metadata)
    }
    return sorted(scores, key=lambda key: (-scores[key], key))[:k]


def test_the_nearest_are_found_with_their_cosine(store: VectorStore) -> None:
    assert len(store) == 40
    everything = scope(["hr", "legal"])
    for question in unit(5, 2):
        found = store.search(question, 7, everything)
        assert [key for key, _ in found] == expected(question, 7, everything)
        for key, score in found:
            row = int(key.partition("/")[2].partition(":")[0])
            assert score == pytest.approx(float(VECTORS[row] @ question), abs=1e-4)
    assert len(store.search(unit(1, 2)[0], 99, everything)) == 40


SCOPES: list[dict[str, Any]] = [
    {},
    {"labels": ["hr"]},
    {"labels": ["legal"]},
    {"labels": ["hr"], "match": "all"},
    {"labels": ["hr", "legal"], "match": "all"},
    {"labels": ["nobody"]},
    {"labels": ["hr"], "filters": {"kind": "a"}},
    {"filters": {"tags": ["t1", "t2"]}},
    {"filters": {"new": True}},
    {"filters": {"year": {"min": 2010, "max": 2020}}},
    {"filters": {"year": [2004, 2008], "kind": "a"}},
    {"filters": {"absent": "x"}},
    {"filters": {"kind": 1}},
]


@pytest.mark.parametrize("asked", SCOPES, ids=str)
def test_a_scope_is_applied_before_ranking(store: VectorStore, asked: dict[str, Any]) -> None:
    wanted = scope(asked.get("labels", ()), asked.get("filters"), match=asked.get("match", "any"))
    for question in unit(3, 3):
        found = [key for key, _ in store.search(question, 4, wanted)]
        assert found == expected(question, 4, wanted)


def test_a_remembered_scope_is_not_taken_for_another(store: VectorStore) -> None:
    question = unit(1, 3)[0]
    for value in (True, 1, False, 0, True):
        wanted = scope(["hr", "legal"], {"new": value})
        found = [key for key, _ in store.search(question, 4, wanted)]
        assert found == expected(question, 4, wanted)
    assert scope(["a"]) == scope(["a"]) != scope(["a"], match="all")


def test_what_is_removed_is_not_found(store: VectorStore) -> None:
    everything = scope(["hr", "legal"])
    question = unit(1, 4)[0]
    first, second = [key for key, _ in store.search(question, 2, everything)]
    store.remove([first, "never there"])
    assert store.search(question, 1, everything)[0][0] == second
    assert first not in [key for key, _ in store.search(question, 40, everything)]


def test_a_text_bound_is_compared_or_refused(store: VectorStore) -> None:
    wanted = scope([], {"kind": {"min": "b"}})
    question = unit(1, 5)[0]
    if isinstance(store, S3VectorsStore):
        with pytest.raises(UnsupportedFilter, match=r"filters.kind: S3 Vectors compares numbers"):
            store.search(question, 4, wanted)
    else:
        found = [key for key, _ in store.search(question, 4, wanted)]
        assert found == expected(question, 4, wanted)


@pytest.mark.parametrize("hnsw", [None, HnswSettings(8, 40, 32)])
def test_faiss_is_opened_as_it_was_saved(tmp_path: Path, hnsw: HnswSettings | None) -> None:
    store = FaissStore(DIMENSION, hnsw)
    store.add(ENTRIES, VECTORS)
    store.save(tmp_path)
    settings = IndexSettings(hnsw=hnsw)
    again = open_store(tmp_path, settings, DIMENSION, "v")
    wanted = scope(["hr"], {"tags": "t1"})
    for question in unit(4, 6):
        assert again.search(question, 5, wanted) == store.search(question, 5, wanted)
    with pytest.raises(StoreUnusable, match="an encoder of 8 numbers"):
        open_store(tmp_path, settings, 8, "v")
    (tmp_path / "entries.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(StoreUnusable, match="build the index again"):
        open_store(tmp_path, settings, DIMENSION, "v")


def test_faiss_refuses_other_shapes_and_an_id_twice() -> None:
    store = FaissStore(DIMENSION)
    store.add(ENTRIES[:2], VECTORS[:2])
    with pytest.raises(StoreUnusable, match=r"shape \(1, 16\) for 2 chunks"):
        store.add(ENTRIES[2:4], VECTORS[2:3])
    with pytest.raises(StoreUnusable, match="'doc/1:0-5' is in the store already"):
        store.add(ENTRIES[1:3], VECTORS[1:3])
    assert len(store) == 2


def test_an_empty_store_finds_nothing() -> None:
    assert FaissStore(DIMENSION).search(unit(1, 0)[0], 5, scope()) == []


def test_a_managed_store_is_opened_by_its_record(tmp_path: Path) -> None:
    store = s3vectors()
    store.add(ENTRIES, VECTORS)
    store.save(tmp_path)
    record = read_record(tmp_path, "s3vectors", "index", DIMENSION)
    assert record.count == 40 and record.label_sets == tuple(sorted(set(LABELS)))
    with pytest.raises(StoreUnusable, match="s3vectors other with 16 is expected"):
        read_record(tmp_path, "s3vectors", "other", DIMENSION)


def test_s3_vectors_puts_no_more_than_it_may_and_no_zero() -> None:
    service = managed_stores.S3Vectors()
    client = managed_stores.client("s3vectors", service)
    store = S3VectorsStore(client, "bucket", Record("s3vectors", "index", DIMENSION, 0, ()))
    store._create()
    vectors = unit(1201, 1)
    vectors[3] = 0
    store.add([Entry(str(n)) for n in range(1201)], vectors)
    assert service.largest == 500 and service.vectors is not None
    assert len(service.vectors) == 1200


def test_an_answer_that_is_an_error_is_passed_on() -> None:
    record = Record("opensearch", "index", DIMENSION, 0, ())
    store = OpenSearchStore(lambda *_: (403, {"error": "no permission"}), record)
    with pytest.raises(StoreUnusable, match="was answered with 403: no permission"):
        store.create()


def test_scores_of_opensearch_are_cosines() -> None:
    for product in (-0.9, -0.1, 0.0, 0.3, 1.0):
        score = 1 + product if product >= 0 else 1 / (1 - product)
        assert cosine(score) == pytest.approx(product)


@pytest.mark.parametrize(
    "filters",
    [{"a": {}}, {"a": []}, {"a": None}, {"a": {"min": 1, "max": "z"}}, {"a": {"like": 1}}],
)
def test_a_filter_that_means_nothing_is_refused(filters: dict[str, Any]) -> None:
    with pytest.raises(UnknownFilter, match=r"filters.a: .*use a value, a list"):
        scope([], filters)
    with pytest.raises(UnknownFilter, match="send a list"):
        scope("hr")
