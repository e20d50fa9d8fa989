"""Compares an answer with the expected one: numbers nearly, texts as alike as they must be."""

import math
from difflib import SequenceMatcher
from functools import partial
from typing import Literal

from pydantic import JsonValue

# Lists must have the same entries, or at least those that are expected, in any order.
Lists = Literal["same", "contain"]

_SMALLEST = 1e-9


def differences(
    actual: JsonValue,
    expected: JsonValue,
    *,
    tolerance: float,
    similarity: float = 1.0,
    lists: Lists = "same",
    place: str = "answer",
) -> list[str]:
    """One sentence for each difference; numbers may differ by ``tolerance``, relatively.

    Texts must be alike by ``similarity``: 1 for the same, 0.8 for four fifths in common. Keys that
    only the actual answer has are no difference: models may say more than before. With ``lists``
    "contain" the same holds for entries of lists, and their order means nothing.
    """
    compare = partial(differences, tolerance=tolerance, similarity=similarity, lists=lists)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            found
            for key, value in expected.items()
            for found in (
                compare(actual[key], value, place=f"{place}.{key}")
                if key in actual
                else [f"{place}.{key} is missing"]
            )
        ]
    if isinstance(expected, list) and isinstance(actual, list) and lists == "contain":
        absent = [wanted for wanted in expected if all(compare(each, wanted) for each in actual)]
        return [f"{place} lacks {wanted!r}" for wanted in absent]
    if isinstance(expected, list) and isinstance(actual, list):
        if len(actual) != len(expected):
            return [f"{place} has {len(actual)} entries instead of {len(expected)}"]
        pairs = enumerate(zip(actual, expected, strict=True))
        return [
            found
            for index, (one, other) in pairs
            for found in compare(one, other, place=f"{place}[{index}]")
        ]
    if _number(expected) and _number(actual):
        near = math.isclose(actual, expected, rel_tol=tolerance, abs_tol=_SMALLEST)  # type: ignore[arg-type]
        return [] if near else [f"{place} is {actual} instead of {expected}"]
    if isinstance(expected, str) and isinstance(actual, str) and similarity < 1:
        alike = SequenceMatcher(None, actual, expected, autojunk=False).ratio()
        if alike >= similarity:
            return []
        return [f"{place} is {actual!r}, only {alike:.2f} like {expected!r}"]
    same = type(actual) is type(expected) and actual == expected
    return [] if same else [f"{place} is {actual!r} instead of {expected!r}"]


def _number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
