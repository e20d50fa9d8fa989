"""The endpoint: raw records in, predictions out.

SageMaker's inference toolkit calls `model_fn` once per worker, then `input_fn`, `predict_fn` and
`output_fn` for every request. A request that cannot be answered raises `RequestError`, which the
toolkit turns into the status that it carries; anything else is a defect of ours and becomes 500.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from source.artifact import MODEL_FILE, ModelUnusable
from source.candidates import boosted_trees, predict
from source.metrics import Vector
from source.reading import parse_csv
from source.schema import FILE_NAME as SCHEMA_FILE
from source.schema import MAX_REPORTED, InvalidRecords, TableSchema, show

try:
    from sagemaker_inference.errors import BaseInferenceToolkitError
except ImportError:  # outside of the container

    class BaseInferenceToolkitError(Exception):  # type: ignore[no-redef]
        """What the container's toolkit answers with the status that the error carries."""

        def __init__(self, status_code: int, message: str, phrase: str) -> None:
            self.status_code = status_code
            self.message = message
            self.phrase = phrase
            super().__init__(status_code, message, phrase)


JSON, CSV = "application/json", "text/csv"
Records = list[dict[str, Any]] | pd.DataFrame


class RequestError(BaseInferenceToolkitError, ValueError):  # type: ignore[misc]
    """A request that cannot be answered; `status_code` is the answer's, 400 unless said."""

    def __init__(self, message: str, status_code: int = 400, phrase: str = "Bad Request") -> None:
        super().__init__(status_code, message, phrase)

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class ServedModel:
    """A loaded model; safe to use from several threads."""

    pipeline: Pipeline
    schema: TableSchema


def model_fn(model_dir: str | Path) -> ServedModel:
    """Load the model directory. Raises `ModelUnusable` when a part of it is missing."""
    directory = Path(model_dir)
    for name in (MODEL_FILE, SCHEMA_FILE):
        if not (directory / name).is_file():
            raise ModelUnusable(f"{directory}: there is no {name}; this is not a trained model")
    pipeline = joblib.load(directory / MODEL_FILE)
    trees = boosted_trees(pipeline)
    if trees is not None:
        # Workers and requests run side by side already; threads inside each would fight.
        trees.get_booster().set_param({"nthread": 1})
    return ServedModel(pipeline, TableSchema.load(directory / SCHEMA_FILE))


def input_fn(body: str | bytes | bytearray, content_type: str | None = JSON) -> Records:
    """The raw records of a request body: JSON {"instances": [{...}]} or CSV with a header.

    Raises `RequestError`, 415 for another content type.
    """
    kind = (content_type or JSON).split(";")[0].strip().lower()
    if kind not in (JSON, CSV):
        raise RequestError(
            f"content type {kind!r} is not supported; send {JSON} or {CSV}",
            415,
            "Unsupported Media Type",
        )
    try:
        text = body if isinstance(body, str) else bytes(body).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(f"the body is not UTF-8: {error}") from error
    return _json_records(text) if kind == JSON else _csv_records(text)


def predict_fn(data: Records, model: ServedModel) -> Vector:
    """One prediction per record, in the target's unit. Raises `RequestError` for bad records."""
    frame = data if isinstance(data, pd.DataFrame) else _frame(data, model.schema.features)
    try:
        predictions = predict(model.pipeline, frame)
    except InvalidRecords as error:
        raise RequestError(str(error)) from error
    if not np.isfinite(predictions).all():
        row = int(np.argmin(np.isfinite(predictions)))
        raise ArithmeticError(f"the prediction for record {row} is not finite")
    return predictions


def output_fn(predictions: Vector, accept: str | None = JSON) -> tuple[str, str]:
    """The answer's body and content type: JSON {"predictions": [...]}, or CSV, one per line.

    Raises `RequestError` (406) when the client accepts neither.
    """
    wanted = [part.split(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    for kind in wanted:
        if kind in (JSON, "*/*", "application/*", ""):
            return json.dumps({"predictions": [float(value) for value in predictions]}), JSON
        if kind in (CSV, "text/*"):
            return "".join(f"{float(value)!r}\n" for value in predictions), CSV
    raise RequestError(
        f"cannot answer as {accept!r}; accept {JSON} or {CSV}", 406, "Not Acceptable"
    )


def _json_records(text: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise RequestError(f"the body is not JSON: {error}") from error
    records = document.get("instances") if isinstance(document, Mapping) else None
    if not isinstance(records, list):
        raise RequestError('the body must be {"instances": [{"<column>": <value>, ...}, ...]}')
    if not records:
        raise RequestError('"instances" is empty: send at least one record')
    for number, record in enumerate(records):
        if not isinstance(record, dict):
            raise RequestError(f"record {number} is {show(record)}, not an object of columns")
    return records


def _csv_records(text: str) -> pd.DataFrame:
    try:
        frame = parse_csv(text)
    except (ValueError, csv.Error) as error:
        raise RequestError(f"the body is not CSV with a header: {error}") from error
    repeated = sorted(set(frame.columns[frame.columns.duplicated()]))
    if repeated:
        raise RequestError(f"the header names {', '.join(map(repr, repeated))} more than once")
    if frame.empty:
        raise RequestError("there is a header but no record: send at least one")
    return frame


def _frame(records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """The columns asked for; a record that lacks one is an error, null is how to say "unknown"."""
    absent: dict[str, int] = {}
    for number, record in enumerate(records):
        for name in columns:
            if name not in record:
                absent.setdefault(name, number)
    if absent:
        listed = [
            f"column {name!r} is missing in record {number}"
            for name, number in list(absent.items())[:MAX_REPORTED]
        ]
        more = len(absent) - len(listed)
        tail = f", and {more} more columns" if more > 0 else ""
        raise RequestError("; ".join(listed) + tail + "; send null for a value that is not known")
    return pd.DataFrame({name: [record[name] for record in records] for name in columns})
