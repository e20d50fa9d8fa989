"""Vectors in an Amazon S3 vector bucket, an index for each version of the corpus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from source.encoders import Vectors
from source.index_settings import IndexSettings
from source.scope import Condition, Entry, Scope
from source.store_managed import LABEL_SET, Record, UnsupportedFilter, read_record, set_name
from source.stores import Found, StoreUnusable

STORE = "s3vectors"
# What PutVectors and DeleteVectors take at once, and the most that QueryVectors gives.
BATCH, MOST = 500, 100


class S3VectorsStore:
    """`client` is a client of s3vectors."""

    def __init__(self, client: Any, bucket: str, record: Record) -> None:
        self._client = client
        self._place = {"vectorBucketName": bucket, "indexName": record.name}
        self._record = record

    @classmethod
    def open(
        cls, settings: IndexSettings, dimension: int, version: str, folder: Path | None
    ) -> S3VectorsStore:
        """The index of a package folder; a new one without. Raises `StoreUnusable`."""
        from source.encoder_remote import client

        runtime = client("s3vectors", settings.region)
        record = read_record(folder, STORE, f"{settings.name}-{version}", dimension)
        store = cls(runtime, str(settings.bucket), record)
        if folder is None:
            store._create()
        else:
            store._check()
        return store

    def __len__(self) -> int:
        return self._record.count

    def add(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Put vectors; those that are zero stay out, because they have no direction."""
        rows = [
            {
                "key": entry.id,
                "data": {"float32": vector.tolist()},
                "metadata": {**_plain(entry), LABEL_SET: set_name(entry.labels)},
            }
            for entry, vector in zip(entries, vectors, strict=True)
            if vector.any()
        ]
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            self._asked(self._client.put_vectors, vectors=part)
        self._record = self._record.added(entries)

    def remove(self, ids: Sequence[str]) -> None:
        """Delete vectors by their keys."""
        gone = sorted(set(ids))
        for start in range(0, len(gone), BATCH):
            part = gone[start : start + BATCH]
            self._asked(self._client.delete_vectors, keys=part)
        self._record = self._record.removed(len(gone))

    def search(self, vector: Vectors, k: int, scope: Scope) -> list[Found]:
        """At most `k`, and never more than 100, ids with their cosine, nearest first."""
        sets = self._record.admitted(scope)
        if not sets:
            return []
        answer = self._asked(
            self._client.query_vectors,
            topK=min(k, MOST),
            queryVector={"float32": vector.tolist()},
            filter=vector_filter(sets, scope.conditions),
            returnDistance=True,
        )
        return [(found["key"], 1.0 - float(found["distance"])) for found in answer["vectors"]]

    def save(self, folder: Path) -> None:
        """Write which index it is."""
        self._record.write(folder)

    def _create(self) -> None:
        """A half-filled index of a run that failed is begun anew."""
        from botocore.exceptions import ClientError

        try:
            self._client.delete_index(**self._place)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NotFoundException", "404"):
                raise StoreUnusable(f"index {self._record.name}: {error}") from error
        self._asked(
            self._client.create_index,
            dataType="float32",
            dimension=self._record.dimension,
            distanceMetric="cosine",
        )

    def _check(self) -> None:
        found = self._asked(self._client.get_index)["index"]
        if found["dimension"] != self._record.dimension:
            raise StoreUnusable(
                f"index {self._record.name} has {found['dimension']} numbers a vector, not "
                f"{self._record.dimension}; build the index again"
            )

    def _asked(self, operation: Callable[..., Any], **parameters: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return operation(**self._place, **parameters)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnusable(f"index {self._record.name} of S3 Vectors: {error}") from error


def vector_filter(sets: Sequence[str], conditions: Mapping[str, Condition]) -> dict[str, Any]:
    """A scope in the filter language of S3 Vectors. Raises `UnsupportedFilter`."""
    parts: list[dict[str, Any]] = [{LABEL_SET: {"$in": list(sets)}}]
    for name, condition in conditions.items():
        if condition.one_of:
            parts.append({name: {"$in": list(condition.one_of)}})
            continue
        for operator, bound in (("$gte", condition.least), ("$lte", condition.most)):
            if isinstance(bound, str):
                raise UnsupportedFilter(
                    f"filters.{name}: S3 Vectors compares numbers only, and {bound!r} is a text"
                )
            if bound is not None:
                parts.append({name: {operator: bound}})
    return parts[0] if len(parts) == 1 else {"$and": parts}


def _plain(entry: Entry) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in entry.metadata.items()
    }
