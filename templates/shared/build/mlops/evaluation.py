"""What an `evaluation.json` says about a model: its metrics, and those of whatever it is beside.

A metric stands in a section whose name ends in `_metrics`, or by itself at the top. It has a
`value`; or `tuned`, the `base` that was tuned, and their `difference`. A section may also hold the
same metrics several times, by name of what was measured: the model first, others beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def metrics_of(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """The model's value of each metric."""
    found = {
        name: _number(metric, "value", "tuned")
        for name, metric in _metrics(evaluation)
        if isinstance(metric, Mapping)
    }
    return {name: value for name, value in found.items() if value is not None}


def compared_with(evaluation: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The same metrics of the other models in the evaluation, by what they are called."""
    others: dict[str, dict[str, float]] = {}
    models: dict[str, Any] = dict(evaluation.get("baselines") or {})
    for section, content in _sections(evaluation):
        if section.endswith("_metrics") and _is_several(content):
            models |= list(content.items())[1:]
    models["champion"] = evaluation.get("champion")
    own = {name for name, _ in _metrics(evaluation)}
    for label, metrics in models.items():
        if isinstance(metrics, Mapping):
            values = {
                name: _number(metrics[name], "value", "tuned") for name in own & metrics.keys()
            }
            known = {name: value for name, value in values.items() if value is not None}
            others |= {label: known} if known else {}
    base = {name: _number(metric, "base") for name, metric in _metrics(evaluation)}
    before = {name: value for name, value in base.items() if value is not None}
    return {"base": before, **others} if before else others


def _metrics(evaluation: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for section, content in _sections(evaluation):
        if section.endswith("_metrics"):
            metrics = next(iter(content.values())) if _is_several(content) else content
            yield from metrics.items()
        elif {"tuned", "difference"} <= content.keys():
            yield section, content


def _sections(evaluation: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for section, content in evaluation.items():
        if isinstance(content, Mapping):
            yield section, content


def _is_several(content: Mapping[str, Any]) -> bool:
    """Whether a section of metrics has them by name of what was measured."""
    return bool(content) and all(
        isinstance(metrics, Mapping)
        and any(isinstance(metric, Mapping) and "value" in metric for metric in metrics.values())
        for metrics in content.values()
    )


def _number(metric: Any, *keys: str) -> float | None:
    """The first of the keys that a metric has, or the metric itself where it is a number."""
    if not isinstance(metric, Mapping):
        metric = {"value": metric}
    for key in keys:
        value = metric.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None
