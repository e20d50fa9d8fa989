"""Vectors in an OpenSearch Serverless collection, an index for each version of the corpus."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from source.encoders import Vectors
from source.index_settings import IndexSettings
from source.scope import Condition, Entry, Scope
from source.store_managed import LABEL_SET, Record, read_record, set_name
from source.stores import Found, StoreUnusable

STORE = "opensearch"
BATCH = 200
# A collection shows what was written after a while.
VISIBLE_SECONDS, ASK_SECONDS = 600, 5.0
NOT_THERE = 404

# Method, path and body (None, or text), to status and answer.
Send = Callable[[str, str, str | None], tuple[int, dict[str, Any]]]


class OpenSearchStore:
    """`send` carries signed requests to the collection. Collections choose ids themselves."""

    def __init__(self, send: Send, record: Record, wait: float = ASK_SECONDS) -> None:
        self._send = send
        self._record = record
        self._wait = wait

    @classmethod
    def open(
        cls, settings: IndexSettings, dimension: int, version: str, folder: Path | None
    ) -> OpenSearchStore:
        """The index of a package folder; a new one without. Raises `StoreUnusable`."""
        from source.signed_requests import signed_sender

        record = read_record(folder, STORE, f"{settings.name}-{version}", dimension)
        store = cls(signed_sender(str(settings.endpoint), "aoss", settings.region), record)
        if folder is None:
            store.create()
        return store

    def __len__(self) -> int:
        return int(self._asked("GET", "_count")["count"])

    def create(self) -> None:
        """Make the index; a half-filled one of a run that failed is begun anew."""
        self._asked("DELETE", "", allowed=(NOT_THERE,))
        method = {"name": "hnsw", "engine": "faiss", "space_type": "innerproduct"}
        vector = {"type": "knn_vector", "dimension": self._record.dimension, "method": method}
        texts = {"match_mapping_type": "string", "mapping": {"type": "keyword"}}
        mappings = {
            "date_detection": False,
            "dynamic_templates": [{"texts": texts}],
            "properties": {
                "chunk": {"type": "keyword"},
                LABEL_SET: {"type": "keyword"},
                "vector": vector,
            },
        }
        body = {"settings": {"index": {"knn": True}}, "mappings": mappings}
        self._asked("PUT", "", body)

    def add(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Index vectors, and wait until they can be found."""
        before = self._record.count
        for start in range(0, len(entries), BATCH):
            lines: list[Mapping[str, Any]] = []
            for row in range(start, min(start + BATCH, len(entries))):
                entry = entries[row]
                lines.append({"index": {}})
                lines.append(
                    {
                        "chunk": entry.id,
                        LABEL_SET: set_name(entry.labels),
                        "metadata": dict(entry.metadata),
                        "vector": vectors[row].tolist(),
                    }
                )
            self._bulk(lines)
        self._record = self._record.added(entries)
        self._until(before + len(entries))

    def remove(self, ids: Sequence[str]) -> None:
        """Delete by the ids that the collection has given, which is what it can."""
        gone = sorted(set(ids))
        removed = 0
        for start in range(0, len(gone), BATCH):
            part = gone[start : start + BATCH]
            body = {"size": len(part), "_source": False, "query": {"terms": {"chunk": part}}}
            hits = self._asked("POST", "_search", body)["hits"]["hits"]
            if hits:
                self._bulk([{"delete": {"_id": hit["_id"]}} for hit in hits])
            removed += len(hits)
        self._record = self._record.removed(removed)
        self._until(self._record.count)

    def search(self, vector: Vectors, k: int, scope: Scope) -> list[Found]:
        """At most `k` ids with their cosine, nearest first."""
        sets = self._record.admitted(scope)
        if not sets:
            return []
        near = {
            "vector": vector.tolist(),
            "k": k,
            "filter": {"bool": {"filter": clauses(sets, scope.conditions)}},
        }
        body = {"size": k, "_source": ["chunk"], "query": {"knn": {"vector": near}}}
        hits = self._asked("POST", "_search", body)["hits"]["hits"]
        return [(hit["_source"]["chunk"], cosine(float(hit["_score"]))) for hit in hits]

    def save(self, folder: Path) -> None:
        """Write which index it is."""
        self._record.write(folder)

    def _bulk(self, lines: Sequence[Mapping[str, Any]]) -> None:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        answer = self._asked("POST", "_bulk", text)
        if answer.get("errors"):
            reasons = [
                result["error"]
                for item in answer["items"]
                for result in item.values()
                if "error" in result
            ]
            raise StoreUnusable(f"index {self._record.name}: {reasons[0]}")

    def _until(self, count: int) -> None:
        deadline = time.monotonic() + VISIBLE_SECONDS
        while len(self) != count:
            if time.monotonic() > deadline:
                raise StoreUnusable(
                    f"index {self._record.name}: {len(self)} of {count} chunks can be found after "
                    f"{VISIBLE_SECONDS} seconds; look at the collection's metrics"
                )
            time.sleep(self._wait)

    def _asked(
        self,
        method: str,
        operation: str,
        body: Mapping[str, Any] | str | None = None,
        allowed: Sequence[int] = (),
    ) -> dict[str, Any]:
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        path = f"/{self._record.name}" + (f"/{operation}" if operation else "")
        status, answer = self._send(method, path, text)
        if status >= 300 and status not in allowed:
            raise StoreUnusable(
                f"index {self._record.name} of OpenSearch: {method} {operation or 'index'} was "
                f"answered with {status}: {answer.get('error', answer)}"
            )
        return answer


def clauses(sets: Sequence[str], conditions: Mapping[str, Condition]) -> list[dict[str, Any]]:
    """A scope in OpenSearch's query language; the k-NN search applies it before it ranks."""
    found: list[dict[str, Any]] = [{"terms": {LABEL_SET: list(sets)}}]
    for name, condition in conditions.items():
        field = f"metadata.{name}"
        if condition.one_of:
            found.append({"terms": {field: list(condition.one_of)}})
        else:
            bounds = {"gte": condition.least, "lte": condition.most}
            given = {key: bound for key, bound in bounds.items() if bound is not None}
            found.append({"range": {field: given}})
    return found


def cosine(score: float) -> float:
    """The inner product behind a score: 1 + p for p >= 0, else 1 / (1 - p)."""
    return score - 1 if score >= 1 else 1 - 1 / score
