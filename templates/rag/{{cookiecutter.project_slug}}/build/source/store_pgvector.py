"""Vectors in a table of Aurora PostgreSQL with pgvector, reached through the RDS Data API.

Every vector that a scope admits is compared, without an approximate index: results are exact, and
a filter can never leave too few.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from source.encoders import Vectors
from source.index_settings import IndexSettings
from source.scope import Condition, Entry, Scope
from source.store_managed import LABEL_SET, Record, read_record, set_name
from source.stores import Found, StoreUnusable

STORE = "pgvector"
# Rows of a request, which may have 4 MB.
BATCH = 50
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}")


class PgvectorStore:
    """`client` is a client of rds-data; `place` names the cluster, its secret and the database."""

    def __init__(self, client: Any, place: Mapping[str, str], record: Record) -> None:
        self._client = client
        self._place = dict(place)
        self._record = record

    @classmethod
    def open(
        cls, settings: IndexSettings, dimension: int, version: str, folder: Path | None
    ) -> PgvectorStore:
        """The table of a package folder; a new one without. Raises `StoreUnusable`."""
        from source.encoder_remote import client

        name = str(settings.name)
        if not _NAME.fullmatch(name):
            raise StoreUnusable(
                f"index.name: {name!r}; use lower-case letters, digits and _ for a table's name"
            )
        place = {
            "resourceArn": str(settings.cluster_arn),
            "secretArn": str(settings.secret_arn),
            "database": str(settings.database),
        }
        record = read_record(folder, STORE, f"{name}_{version}", dimension)
        store = cls(client("rds-data", settings.region), place, record)
        if folder is None:
            store.create()
        return store

    def __len__(self) -> int:
        rows = self._execute(f'SELECT count(*) FROM "{self._record.name}"')["records"]
        return int(rows[0][0]["longValue"])

    def create(self) -> None:
        """Make the table; a half-filled one of a run that failed is begun anew."""
        table = self._record.name
        self._execute("CREATE EXTENSION IF NOT EXISTS vector")
        self._execute(f'DROP TABLE IF EXISTS "{table}"')
        self._execute(
            f'CREATE TABLE "{table}" (chunk text PRIMARY KEY, {LABEL_SET} text NOT NULL, '
            f"metadata jsonb NOT NULL, embedding vector({self._record.dimension}) NOT NULL)"
        )
        self._execute(f'CREATE INDEX ON "{table}" ({LABEL_SET})')

    def add(self, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Insert rows, some at a time."""
        statement = (
            f'INSERT INTO "{self._record.name}" (chunk, {LABEL_SET}, metadata, embedding) VALUES '
            "(:chunk, :label_set, CAST(:metadata AS jsonb), CAST(:embedding AS vector))"
        )
        rows = [
            [
                _text("chunk", entry.id),
                _text("label_set", set_name(entry.labels)),
                _text("metadata", json.dumps(dict(entry.metadata), ensure_ascii=False)),
                _text("embedding", json.dumps(vector.tolist())),
            ]
            for entry, vector in zip(entries, vectors, strict=True)
        ]
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            self._asked(self._client.batch_execute_statement, sql=statement, parameterSets=part)
        self._record = self._record.added(entries)

    def remove(self, ids: Sequence[str]) -> None:
        """Delete rows by the ids of their chunks."""
        answer = self._execute(
            f'DELETE FROM "{self._record.name}" WHERE chunk IN '
            "(SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)))",
            [_text("ids", json.dumps(sorted(set(ids)), ensure_ascii=False))],
        )
        self._record = self._record.removed(int(answer.get("numberOfRecordsUpdated", 0)))

    def search(self, vector: Vectors, k: int, scope: Scope) -> list[Found]:
        """At most `k` ids with their cosine, nearest first; ids break ties."""
        sets = self._record.admitted(scope)
        if not sets:
            return []
        where, parameters = conditions_sql(scope.conditions)
        answer = self._execute(
            "SELECT chunk, -(embedding <#> CAST(:question AS vector)) AS cosine "
            f'FROM "{self._record.name}" WHERE {LABEL_SET} IN '
            f"(SELECT jsonb_array_elements_text(CAST(:sets AS jsonb))){where} "
            "ORDER BY embedding <#> CAST(:question AS vector), chunk LIMIT :k",
            [
                _text("question", json.dumps(vector.tolist())),
                _text("sets", json.dumps(sets, ensure_ascii=False)),
                {"name": "k", "value": {"longValue": k}},
                *parameters,
            ],
        )
        return [(row[0]["stringValue"], float(row[1]["doubleValue"])) for row in answer["records"]]

    def save(self, folder: Path) -> None:
        """Write which table it is."""
        self._record.write(folder)

    def _execute(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        return self._asked(
            self._client.execute_statement, sql=statement, parameters=list(parameters)
        )

    def _asked(self, operation: Callable[..., Any], **parameters: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return operation(**self._place, **parameters)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnusable(f"table {self._record.name}: {error}") from error


def conditions_sql(conditions: Mapping[str, Condition]) -> tuple[str, list[dict[str, Any]]]:
    """A scope's conditions as SQL that follows a WHERE, and its parameters."""
    text, parameters = "", []
    for number, (name, condition) in enumerate(conditions.items()):
        if condition.one_of:
            ways = []
            for place, value in enumerate(condition.one_of):
                # Either the value itself, or a list that has it.
                for kind, wanted in (("v", value), ("l", [value])):
                    key = f"c{number}_{place}{kind}"
                    ways.append(f"metadata @> CAST(:{key} AS jsonb)")
                    parameters.append(_text(key, json.dumps({name: wanted}, ensure_ascii=False)))
            text += f" AND ({' OR '.join(ways)})"
            continue
        parameters.append(_text(f"n{number}", name))
        for operator, bound in ((">=", condition.least), ("<=", condition.most)):
            if bound is None:
                continue
            key = f"b{number}{'l' if operator == '>=' else 'm'}"
            kind = "string" if isinstance(bound, str) else "number"
            # A parameter could as well be a place in a list.
            field = f"CAST(:n{number} AS text)"
            value = f"metadata ->> {field}"
            compared = (
                f'{value} {operator} :{key} COLLATE "C"'
                if isinstance(bound, str)
                else f"CAST({value} AS numeric) {operator} CAST(:{key} AS numeric)"
            )
            text += (
                f" AND CASE WHEN jsonb_typeof(metadata -> {field}) = '{kind}' "
                f"THEN {compared} ELSE false END"
            )
            parameters.append(_text(key, str(bound)))
    return text, parameters


def _text(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": {"stringValue": value}}
