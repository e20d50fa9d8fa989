"""From documents to a package: what changed is embedded, what is wrong is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from built_packages import GIVEN, Run, write_settings
from corpus_files import article, articles, sidecar, write

from source.chunks import read_chunks
from source.embed import main as embed_main
from source.embedding import read_parts
from source.errors import UserError
from source.index_build import build
from source.index_settings import EmbeddingSettings
from source.ingest_settings import DataSettings
from source.integrity import IndexUnusable, check_integrity
from source.package import load_package
from source.retrieval import Retriever

pytestmark = pytest.mark.xdist_group("index")
PACKAGE = shutil.ignore_patterns("package")


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A package of 1,000 documents."""
    folder = tmp_path_factory.mktemp("thousand")
    run = Run(folder / "run", write(folder / "corpus", articles(1000)))
    run.all()
    return run


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A package of 30 documents, of which some have labels and metadata."""
    folder = tmp_path_factory.mktemp("small")
    files: dict[str, str | bytes] = {**articles(30)}
    for number in range(30):
        groups = [[], ["hr"], ["hr", "legal"]][number % 3]
        beside = sidecar(groups=groups, year=2000 + number)
        files[f"a/{number:04d}.md.metadata.json"] = beside
    run = Run(
        folder / "run",
        write(folder / "corpus", files),
        data=DataSettings(label_rule="metadata:groups"),
    )
    run.all()
    return run


def documents(retriever: Retriever, question: str, **scope: Any) -> set[str]:
    ways = ("hybrid", "bm25", "dense")
    found = [retriever.search_by(way, question, top_k=50, **scope) for way in ways]
    found.append(retriever.search(question, top_k=50, **scope))
    return {passage.document for passages in found for passage in passages}


def test_one_document_more_or_less_costs_one_document(thousand: Run, tmp_path: Path) -> None:
    first = thousand.manifest
    assert (len(first.documents), first.embedded, first.reused) == (1000, 2000, 0)
    corpus = shutil.copytree(thousand.corpus, tmp_path / "corpus")
    write(corpus, {"new.md": article(5000)})
    more = Run(tmp_path / "more", corpus, previous=thousand.package)
    more.all()
    after = more.manifest
    assert (after.added, after.changed, after.removed) == (("new.md",), (), ())
    assert (after.embedded, after.reused, after.unchanged) == (2, 2000, 1000)
    question = "how many grams is gadget5000x"
    found = load_package(more.package).retriever
    assert found.search(question, top_k=1)[0].document == "new.md"
    (corpus / "new.md").unlink()
    write(corpus, {"a/0007.md": article(7).replace("warm", "cold")})
    # This time from the outputs of the steps, as they lie in a bucket.
    less = Run(tmp_path / "less", corpus, previous=more.folder)
    less.all()
    after = less.manifest
    assert (after.added, after.changed, after.removed) == ((), ("a/0007.md",), ("new.md",))
    # The other passage of the changed document says what it said.
    assert (after.embedded, after.reused) == (1, 1999)
    left = load_package(less.package).retriever
    assert "new.md" not in documents(left, question)
    assert not any(chunk.document == "new.md" for chunk in left.chunks)


def test_machines_that_share_the_documents_write_the_same(small: Run, tmp_path: Path) -> None:
    shared = Run(tmp_path / "shared", small.corpus, data=small.data)
    shared.ingest()
    for part in sorted((shared.folder / "documents").iterdir()):
        shared.embed(part)
    assert shared.index().metadata["version"] == load_package(small.package).metadata["version"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert shared.embed(empty).documents == 0


def test_a_machine_that_was_dealt_nothing_says_so_and_leaves_empty_folders(
    small: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    (tmp_path / "none").mkdir()
    settings = write_settings(tmp_path / "settings.json", chunk={}, embedding={"dimension": 32})
    encoder = small.folder / "encoder"
    embed_main(
        [
            f"--documents={tmp_path / 'none'}",
            f"--encoder={encoder}",
            f"--previous={tmp_path / 'none'}",
            f"--output={tmp_path / 'out'}",
            f"--settings={settings}",
        ]
    )
    assert "no documents are left for this machine" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"chunks", "vectors", "embedded"}
    assert not list((tmp_path / "out").rglob("*.*")) and not (tmp_path / "mlflow.db").exists()


def test_the_same_documents_give_the_same_package(small: Run, tmp_path: Path) -> None:
    again = Run(tmp_path / "again", small.corpus, data=small.data)
    again.all()
    sums = [
        json.loads((run.package / "index" / "integrity.json").read_text()) for run in (small, again)
    ]
    assert sums[0] == sums[1]


def test_a_passage_is_a_slice_of_its_document(small: Run) -> None:
    retriever = load_package(small.package).retriever
    (best, *_) = retriever.search("clean gadget3x every few weeks, dry with a cloth", top_k=3)
    text = (small.corpus / best.document).read_text().strip("\n")
    assert best.document == "a/0003.md" and text[best.start : best.end] == best.text
    assert best.headings[-1] == "Care of gadget3x"
    assert set(best.scores) == {"bm25", "dense", "hybrid"} and best.score == best.scores["hybrid"]


@pytest.mark.parametrize(
    ("labels", "numbers"),
    [((), {0}), (("hr",), {0, 1, 2}), (("legal",), {0, 2}), (("other",), {0})],
)
def test_a_caller_sees_only_what_its_labels_allow(
    small: Run, labels: tuple[str, ...], numbers: set[int]
) -> None:
    retriever = load_package(small.package).retriever
    seen = documents(retriever, "clean the gadget with warm water", labels=labels)
    assert seen and {int(name[2:6]) % 3 for name in seen} == numbers
    # Every one of them is found: what is hidden takes no place.
    found = retriever.search("clean warm water cloth", top_k=50, labels=labels)
    assert len({passage.document for passage in found}) == 10 * len(numbers)


def test_rows_and_ids_of_a_store_find_the_same(small: Run) -> None:
    by_row = load_package(small.package).retriever
    by_id = replace(by_row, by_row=None)
    assert by_row.by_row is not None
    for scope in ({}, {"labels": ["hr"]}, {"filters": {"year": {"min": 2003, "max": 2009}}}):
        for question in ("clean with warm water", "weight of gadget6x"):
            found = by_row.search(question, top_k=7, **scope)
            assert found and found == by_id.search(question, top_k=7, **scope)


def test_filters_choose_documents_by_their_metadata(small: Run) -> None:
    retriever = load_package(small.package).retriever
    wanted = {"year": {"min": 2003, "max": 2009}}
    seen = documents(retriever, "clean with warm water", filters=wanted)
    assert seen == {"a/0003.md", "a/0006.md", "a/0009.md"}
    with pytest.raises(UserError, match=r"filters.year"):
        retriever.search("x", top_k=1, filters={"year": None})


@pytest.mark.parametrize(
    "question", ["", "   ", "?!", "zzzz", "warm water " * 5000, "暖かい水 🧽\x00"]
)
def test_any_question_can_be_asked(small: Run, question: str) -> None:
    found = load_package(small.package).retriever.search(question, top_k=3)
    assert len(found) == (3 if "water" in question else 0)


def damage_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def shuffle_rows(path: Path) -> None:
    np.save(path, np.load(path)[::-1])


DAMAGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "shuffled vectors": ("index/store/vectors.npy", shuffle_rows),
    "a flipped bit in BM25": ("index/bm25/data.csc.index.npy", damage_byte),
    "a cut chunk file": ("index/chunks.jsonl", lambda p: p.write_bytes(p.read_bytes()[:-9])),
    "another encoder": ("encoder/directions.npy", shuffle_rows),
    "an edited prompt": ("prompts/answer.md", lambda p: p.write_text(p.read_text() + "x")),
    "other settings": ("config.json", lambda p: p.write_text("{}")),
    "a missing file": ("index/documents.jsonl", Path.unlink),
    "a file too many": ("index/more.txt", lambda p: p.write_text("x")),
    "no integrity file": ("index/integrity.json", Path.unlink),
    "other code": ("code/source/retrieval.py", lambda p: p.write_text("# nothing\n")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_package_that_is_not_as_it_was_built_is_refused(
    small: Run, tmp_path: Path, damage: str
) -> None:
    package = shutil.copytree(small.package, tmp_path / "package")
    name, change = DAMAGES[damage]
    change(package / name)
    with pytest.raises(IndexUnusable, match=Path(name).name.replace(".", r"\.")):
        load_package(package)


def test_no_byte_of_a_package_changes_unnoticed(small: Run, tmp_path: Path) -> None:
    """The middle byte of every file in turn, the file of hashes and the code included."""
    package = shutil.copytree(small.package, tmp_path / "package")
    files = sorted(path for path in package.rglob("*") if path.is_file() and path.stat().st_size)
    assert {path.relative_to(package).parts[0] for path in files} == {
        *("index", "encoder", "prompts", "code"),
        *("config.json", "manifest.json", "metadata.json"),
    }
    for path in files:
        content = path.read_bytes()
        damage_byte(path)
        with pytest.raises(IndexUnusable) as refused:
            check_integrity(package)
        assert path.name in str(refused.value) or path.name == "integrity.json", path
        path.write_bytes(content)
    check_integrity(package)


def test_what_a_container_leaves_beside_the_code_is_no_damage(small: Run, tmp_path: Path) -> None:
    package = shutil.copytree(small.package, tmp_path / "package")
    write(package / "code", {"setup.py": "x", "source/__pycache__/bm25.cpython-312.pyc": b"x"})
    assert load_package(package).metadata["chunks"] == 60


def copied(small: Run, folder: Path) -> Run:
    shutil.copytree(small.folder, folder / "run", ignore=PACKAGE)
    return Run(folder / "run", small.corpus, data=small.data)


def test_parts_that_do_not_fit_together_are_not_indexed(small: Run, tmp_path: Path) -> None:
    run = copied(small, tmp_path / "shuffled")
    shuffle_rows(run.folder / "vectors" / "part-000.npy")
    with pytest.raises(IndexUnusable, match="is not that of its text"):
        run.index()
    run = copied(small, tmp_path / "short")
    path = run.folder / "vectors" / "part-000.npy"
    np.save(path, np.load(path)[:-1])
    with pytest.raises(UserError, match=r"shape \(59, \d+\) for 60 chunks"):
        run.index()
    run = copied(small, tmp_path / "moved")
    path = run.folder / "chunks" / "part-000.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    first = json.loads(lines[0])
    first["text"] = "other words"
    path.write_text(json.dumps(first) + "\n" + "".join(lines[1:]))
    with pytest.raises(IndexUnusable, match="is not part of its document"):
        run.index()
    run = copied(small, tmp_path / "fewer")
    path = run.folder / "documents" / "part-000.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(IndexUnusable, match=r"is not part of its document|ingest them again"):
        run.index()
    for folder in tmp_path.iterdir():
        assert not (folder / "run" / "package" / "index" / "integrity.json").exists()


def test_a_prompt_without_the_place_for_passages_is_not_packaged(
    small: Run, tmp_path: Path
) -> None:
    prompts = shutil.copytree(small.parts.prompts, tmp_path / "prompts")
    answer = prompts / "answer.md"
    answer.write_text(answer.read_text().replace("{context}", ""))
    package = tmp_path / "package"
    with pytest.raises(UserError, match=r"answer\.md: the slot \{context\} is missing"):
        build(replace(small.parts, prompts=prompts), package, GIVEN)
    assert not package.exists()


def test_one_shuffled_file_among_many_is_noticed(thousand: Run, tmp_path: Path) -> None:
    """What one machine has mixed up is a small part of the index, and wrong all the same."""
    run = Run(
        Path(shutil.copytree(thousand.folder, tmp_path / "run", ignore=PACKAGE)), thousand.corpus
    )
    paths = sorted((run.folder / "vectors").iterdir())
    assert len(paths) > 1
    shuffle_rows(paths[-1])
    with pytest.raises(IndexUnusable, match="the rows are in another order"):
        run.index()


def test_vectors_of_another_size_are_embedded_again(small: Run, tmp_path: Path) -> None:
    run = Run(
        tmp_path / "run",
        small.corpus,
        previous=small.package,
        data=small.data,
        embedding=EmbeddingSettings(dimension=12),
    )
    run.ingest()
    counts = run.embed()
    assert (counts.embedded, counts.reused) == (60, 0)
    ((chunks, vectors),) = read_parts(run.folder / "chunks", run.folder / "vectors")
    assert vectors.shape == (60, 12) and len(list(read_chunks(run.folder / "chunks"))) == len(
        chunks
    )


def test_the_code_of_a_package_answers_by_itself(small: Run) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1] + '/code'); from pathlib import Path\n"
        "from source.retrieval import Retriever\n"
        "found = Retriever.load(Path(sys.argv[1])).search('weight of gadget6x', top_k=1)\n"
        "import app, inference; print(found[0].document, callable(app.build_app))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(small.package)],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    assert done.stdout.split() == ["a/0006.md", "True"], done.stderr
