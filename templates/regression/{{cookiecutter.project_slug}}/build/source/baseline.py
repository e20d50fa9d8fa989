"""The baseline that later traffic is compared with: statistics and constraints of training rows.

Both documents have the shape of SageMaker Model Monitor's statistics.json and constraints.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from source.numeric_statistics import MONITORING_CONFIG, numeric_statistics
from source.schema import Column, Kind, TableSchema

# Labels beyond these are counted together, as they are when a model groups rare ones.
MAX_LABELS = 50
OTHER = "(other)"


def statistics(frame: pd.DataFrame, schema: TableSchema) -> dict[str, Any]:
    """Statistics of every feature, and of the target under its own key, over typed rows."""
    target = Column(schema.target, Kind.NUMERIC)
    return {
        "version": 0.0,
        "dataset": {"item_count": len(frame)},
        "features": [_feature(frame[column.name], column) for column in schema.columns],
        "target": _feature(frame[schema.target], target),
    }


def constraints(frame: pd.DataFrame, schema: TableSchema) -> dict[str, Any]:
    """What later records should keep to: types, completeness, signs and known labels."""
    features = []
    for column in schema.columns:
        values = frame[column.name]
        entry: dict[str, Any] = {
            "name": column.name,
            "inferred_type": _inferred_type(values, column.kind),
            "completeness": round(float(values.notna().mean()), 6),
        }
        if column.kind is Kind.NUMERIC:
            entry["num_constraints"] = {"is_non_negative": bool((values.dropna() >= 0).all())}
        elif column.kind is not Kind.DATE:
            labels = _labels(values)
            if labels.nunique() <= MAX_LABELS:
                entry["string_constraints"] = {"domains": sorted(labels.unique())}
        features.append(entry)
    return {
        "version": 0.0,
        "features": features,
        "monitoring_config": MONITORING_CONFIG,
    }


def write(frame: pd.DataFrame, schema: TableSchema, directory: Path) -> None:
    """Write statistics.json and constraints.json."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, document in (
        ("statistics.json", statistics(frame, schema)),
        ("constraints.json", constraints(frame, schema)),
    ):
        text = json.dumps(document, indent=2, ensure_ascii=False)
        (directory / name).write_text(text + "\n", encoding="utf-8")


def _feature(values: pd.Series[Any], column: Column) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": column.name,
        "inferred_type": _inferred_type(values, column.kind),
    }
    if column.kind is Kind.NUMERIC:
        entry["numerical_statistics"] = numeric_statistics(values)
    elif column.kind is Kind.DATE:
        # Seconds since 1970, so that dates can be compared as the numbers that they are.
        seconds = (values - pd.Timestamp(0)).dt.total_seconds()
        entry["numerical_statistics"] = numeric_statistics(seconds)
    else:
        labels = _labels(values)
        counts = (
            labels.value_counts()
            .sort_index(kind="stable")
            .sort_values(ascending=False, kind="stable")
        )
        shown = counts[:MAX_LABELS]
        buckets = [{"value": str(label), "count": int(n)} for label, n in shown.items()]
        if len(counts) > MAX_LABELS:
            buckets.append({"value": OTHER, "count": int(counts[MAX_LABELS:].sum())})
        entry["string_statistics"] = {
            "common": _common(values),
            "distinct_count": float(len(counts)),
            "distribution": {"categorical": {"buckets": buckets}},
        }
    return entry


def _common(values: pd.Series[Any]) -> dict[str, int]:
    return {"num_present": int(values.notna().sum()), "num_missing": int(values.isna().sum())}


def _labels(values: pd.Series[Any]) -> pd.Series[Any]:
    present = values.dropna()
    if pd.api.types.is_bool_dtype(present.dtype):
        return present.map({True: "true", False: "false"}).astype(object)
    return present.astype(object)


def _inferred_type(values: pd.Series[Any], kind: Kind) -> str:
    if kind is not Kind.NUMERIC:
        return "String"
    present = values.dropna()
    return "Integral" if len(present) and (present % 1 == 0).all() else "Fractional"
