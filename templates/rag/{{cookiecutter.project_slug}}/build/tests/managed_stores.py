"""Stand-ins for managed vector stores: they keep vectors and answer the requests that ours send.

Requests to AWS go through botocore, which checks them against the services' own models.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import boto3
import numpy as np


def client(service: str, handler: Any) -> Any:
    """A boto3 client whose requests are validated, then answered by a handler."""
    made = boto3.client(
        service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )

    def answer(params: Any, model: Any, context: Mapping[str, Any], **_: Any) -> Any:
        status, body = handler(model.name, json.loads(params["body"] or b"{}"))
        parsed = {**body, "ResponseMetadata": {"HTTPStatusCode": status}}
        return type("Response", (), {"status_code": status})(), parsed

    made.meta.events.register(
        f"before-call.{made.meta.service_model.service_id.hyphenize()}", answer
    )
    return made


class S3Vectors:
    """The operations of S3 Vectors that are used, on a dictionary."""

    def __init__(self) -> None:
        self.vectors: dict[str, dict[str, Any]] | None = None
        self.dimension = 0
        self.largest = 0

    def __call__(self, operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if operation == "DeleteIndex":
            if self.vectors is None:
                return 404, {"Error": {"Code": "NotFoundException", "Message": "no index"}}
            self.vectors = None
            return 200, {}
        if operation == "CreateIndex":
            assert body["distanceMetric"] == "cosine"
            self.vectors, self.dimension = {}, body["dimension"]
            return 200, {}
        if operation == "GetIndex":
            return 200, {"index": {"dimension": self.dimension}}
        assert self.vectors is not None
        if operation == "PutVectors":
            self.largest = max(self.largest, len(body["vectors"]))
            self.vectors |= {row["key"]: row for row in body["vectors"]}
        elif operation == "DeleteVectors":
            for key in body["keys"]:
                self.vectors.pop(key, None)
        elif operation == "QueryVectors":
            asked = np.array(body["queryVector"]["float32"])
            found = [
                {"key": key, "distance": 1 - float(asked @ np.array(row["data"]["float32"]))}
                for key, row in self.vectors.items()
                if s3_admits(body["filter"], row["metadata"])
            ]
            found.sort(key=lambda row: (row["distance"], row["key"]))
            return 200, {"vectors": found[: body["topK"]]}
        return 200, {}


def s3_admits(wanted: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    """S3 Vectors' filters: a list in the metadata fits when one of its values does."""
    for name, condition in wanted.items():
        if name == "$and":
            if not all(s3_admits(part, metadata) for part in condition):
                return False
            continue
        value = metadata.get(name)
        values = value if isinstance(value, list) else [value]
        for operator, bound in condition.items():
            tests = {
                "$in": lambda v, b: any(type(v) is type(x) and v == x for x in b),
                "$gte": lambda v, b: isinstance(v, int | float) and v >= b,
                "$lte": lambda v, b: isinstance(v, int | float) and v <= b,
            }
            if not any(tests[operator](part, bound) for part in values):
                return False
    return True


class OpenSearch:
    """A collection with one index: its own ids, and k-NN with a filter."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] | None = None
        self.count = 0

    def __call__(self, method: str, path: str, body: str | None) -> tuple[int, dict[str, Any]]:
        operation = path.strip("/").partition("/")[2]
        if method == "DELETE":
            there, self.rows = self.rows is not None, None
            return (200, {}) if there else (404, {"error": "index_not_found_exception"})
        if method == "PUT":
            assert (
                json.loads(body or "")["mappings"]["properties"]["vector"]["type"] == "knn_vector"
            )
            self.rows = {}
            return 200, {}
        if self.rows is None:
            return 404, {"error": "index_not_found_exception"}
        if operation == "_count":
            return 200, {"count": len(self.rows)}
        if operation == "_bulk":
            lines = [json.loads(line) for line in (body or "").splitlines()]
            while lines:
                action = lines.pop(0)
                if "delete" in action:
                    del self.rows[action["delete"]["_id"]]
                else:
                    assert action == {"index": {}}  # collections refuse ids of ours
                    self.count += 1
                    self.rows[f"own-{self.count}"] = lines.pop(0)
            return 200, {"errors": False, "items": []}
        return 200, {"hits": {"hits": self._hits(json.loads(body or ""))}}

    def _hits(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        assert self.rows is not None
        query = body["query"]
        if "terms" in query:
            wanted = query["terms"]["chunk"]
            return [{"_id": key} for key, row in self.rows.items() if row["chunk"] in wanted]
        near = query["knn"]["vector"]
        found = []
        for key, row in self.rows.items():
            if all(opensearch_admits(clause, row) for clause in near["filter"]["bool"]["filter"]):
                product = float(np.array(near["vector"]) @ np.array(row["vector"]))
                score = 1 + product if product >= 0 else 1 / (1 - product)
                found.append({"_id": key, "_score": score, "_source": {"chunk": row["chunk"]}})
        found.sort(key=lambda hit: (-hit["_score"], hit["_source"]["chunk"]))
        return found[: near["k"]]


def opensearch_admits(clause: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """A `terms` or `range` clause."""
    ((kind, inner),) = clause.items()
    ((field, wanted),) = inner.items()
    value: Any = row
    for part in field.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    values = value if isinstance(value, list) else [value]
    if kind == "terms":
        return any(type(v) is type(x) and v == x for v in values for x in wanted)
    least, most = wanted.get("gte"), wanted.get("lte")
    bound = least if least is not None else most
    return any(
        isinstance(v, str) == isinstance(bound, str)
        and v is not None
        and (least is None or v >= least)
        and (most is None or v <= most)
        for v in values
    )


class Pgvector:
    """The statements that ours are, recognised by their words, on a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.statements: list[str] = []

    def __call__(self, operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        text = body["sql"]
        self.statements.append(text)
        if operation == "BatchExecuteStatement":
            for given in body["parameterSets"]:
                row = {entry["name"]: entry["value"]["stringValue"] for entry in given}
                self.rows[row["chunk"]] = {
                    "label_set": row["label_set"],
                    "metadata": json.loads(row["metadata"]),
                    "vector": np.array(json.loads(row["embedding"])),
                }
            return 200, {"updateResults": []}
        given = {
            entry["name"]: next(iter(entry["value"].values()))
            for entry in body.get("parameters", [])
        }
        assert set(re.findall(r"(?<!:):([a-z]\w*)", text)) == set(given)
        if text.startswith("SELECT count"):
            return 200, {"records": [[{"longValue": len(self.rows)}]]}
        if text.startswith("DELETE"):
            gone = [key for key in json.loads(given["ids"]) if self.rows.pop(key, None)]
            return 200, {"numberOfRecordsUpdated": len(gone)}
        if text.startswith("SELECT"):
            return 200, {"records": self._found(text, given)}
        return 200, {}

    def _found(self, text: str, given: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
        asked, sets = np.array(json.loads(given["question"])), json.loads(given["sets"])
        found = [
            (float(asked @ row["vector"]), key)
            for key, row in self.rows.items()
            if row["label_set"] in sets and pg_admits(text, given, row["metadata"])
        ]
        found.sort(key=lambda pair: (-pair[0], pair[1]))
        return [
            [{"stringValue": key}, {"doubleValue": score}] for score, key in found[: given["k"]]
        ]


def pg_admits(text: str, given: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    """The parts after the WHERE: containment of JSON, and bounds of a number or text."""
    for group in re.findall(r"AND \((metadata @> .*?)\)(?= AND| ORDER)", text):
        keys = re.findall(r"CAST\(:(\w+) AS jsonb\)", group)
        if not any(contains(metadata, json.loads(given[key])) for key in keys):
            return False
    bounds = re.findall(
        r"-> CAST\(:(n\d+) AS text\)\) = '(\w+)' THEN .*? (>=|<=) (?:CAST\()?:(b\w+)", text
    )
    for name, kind, operator, key in bounds:
        value = metadata.get(given[name])
        right_kind = isinstance(value, str) if kind == "string" else type(value) in (int, float)
        bound = given[key] if kind == "string" else float(given[key])
        if not right_kind or not (value >= bound if operator == ">=" else value <= bound):
            return False
    return True


def contains(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """PostgreSQL's @> for one key."""
    ((name, value),) = wanted.items()
    there = metadata.get(name)
    if isinstance(value, list):
        return isinstance(there, list) and all(part in there for part in value)
    return type(there) is type(value) and there == value
