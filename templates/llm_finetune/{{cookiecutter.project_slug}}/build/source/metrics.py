"""How good an answer is, compared with the expected one: a number for each row, 1 is best.

exact_match, token F1 and ROUGE-L are those that question answering and summarisation use: F1 of
the words that both have (Rajpurkar et al., 2016), and of their longest common subsequence (Lin,
2004). A metric of your own is a function (answer, expected) -> float, higher being better, named
`module:function`.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from source.custom_code import load_attribute
from source.errors import UserError

Vector = npt.NDArray[np.float64]
Metric = Callable[[str, str], float]

LABELS = {
    "exact_match": "Exact match",
    "f1": "F1",
    "rouge_l": "ROUGE-L",
    "json_validity": "JSON validity",
    "perplexity": "Perplexity",
}


class MetricError(UserError):
    """A metric of one's own fails or returns no number; the text names it and the row."""


def exact_match(answer: str, expected: str) -> float:
    """1 when both are the same but for space around and between words."""
    return float(answer.split() == expected.split())


def f1(answer: str, expected: str) -> float:
    """Harmonic mean of precision and recall of the words, in any order."""
    said, meant = words(answer), words(expected)
    common = sum((Counter(said) & Counter(meant)).values())
    return _harmonic(common, len(said), len(meant))


def rouge_l(answer: str, expected: str) -> float:
    """The same of the longest sequence of words that both have in this order."""
    said, meant = words(answer), words(expected)
    return _harmonic(_common_subsequence(said, meant), len(said), len(meant))


def json_validity(answer: str, expected: str) -> float:
    """1 when the answer is JSON, and an object or array where that is expected."""
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return 0.0
    try:
        meant = json.loads(expected)
    except (ValueError, RecursionError):
        return 1.0
    return float(type(found) is type(meant) or not isinstance(meant, dict | list))


BUILT_IN: dict[str, Metric] = {
    "exact_match": exact_match,
    "f1": f1,
    "rouge_l": rouge_l,
    "json_validity": json_validity,
}


def load_metric(name: str) -> Metric:
    """A built-in metric, or the function `module:function`."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    metric = load_attribute(name, "evaluate.metrics")
    if not callable(metric):
        raise MetricError(f"evaluate.metrics: {name} is a {type(metric).__name__}, no function")
    own: Metric = metric
    return own


def label(name: str) -> str:
    """A metric's name for people."""
    return LABELS.get(name) or name.rpartition(":")[2].replace("_", " ").capitalize()


def higher_is_better(name: str) -> bool:
    """Of all metrics but perplexity."""
    return name != "perplexity"


def scores(name: str, answers: Sequence[str], expected: Sequence[str]) -> Vector:
    """One value a row. Raises `MetricError` when a metric of one's own gives none."""
    metric = load_metric(name)
    values = np.zeros(len(answers))
    for index, (answer, meant) in enumerate(zip(answers, expected, strict=True)):
        try:
            value = float(metric(answer, meant))
        except Exception as error:
            raise MetricError(
                f"metric {name} fails on test row {index + 1}: {type(error).__name__}: {error}"
            ) from error
        if not math.isfinite(value):
            raise MetricError(f"metric {name} gives {value} on test row {index + 1}")
        values[index] = value
    return values


def words(text: str) -> list[str]:
    """Words and numbers in lower case; punctuation does not count."""
    return re.findall(r"\w+", text.casefold())


def _harmonic(common: int, said: int, meant: int) -> float:
    if said == 0 or meant == 0:
        return float(said == meant)
    return 2 * common / (said + meant)


def _common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence, with one row of the table in memory."""
    best = [0] * (len(second) + 1)
    for word in first:
        before = 0
        for index, other in enumerate(second, start=1):
            above = best[index]
            best[index] = before + 1 if word == other else max(above, best[index - 1])
            before = above
    return best[-1]
