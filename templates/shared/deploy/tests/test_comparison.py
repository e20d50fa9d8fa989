"""Answers are compared number by number, and a difference says where it is."""

import pytest
from pydantic import JsonValue

from operations.comparison import differences

EXPECTED: JsonValue = {"predictions": [100.0, 2.5], "unit": "kg"}


@pytest.mark.parametrize(
    "actual",
    [
        EXPECTED,
        {"predictions": [100.005, 2.5001], "unit": "kg"},
        {"predictions": [100, 2.5], "unit": "kg", "model": "more than before"},
    ],
)
def test_near_enough(actual: JsonValue) -> None:
    assert differences(actual, EXPECTED, tolerance=1e-4) == []


@pytest.mark.parametrize(
    ("actual", "sentence"),
    [
        (
            {"predictions": [100.1, 2.5], "unit": "kg"},
            "answer.predictions[0] is 100.1 instead of 100.0",
        ),
        (
            {"predictions": [100.0], "unit": "kg"},
            "answer.predictions has 1 entries instead of 2",
        ),
        ({"unit": "kg"}, "answer.predictions is missing"),
        (
            {"predictions": [100.0, 2.5], "unit": "g"},
            "answer.unit is 'g' instead of 'kg'",
        ),
        (
            {"predictions": [100.0, None], "unit": "kg"},
            "answer.predictions[1] is None instead of 2.5",
        ),
        (
            {"predictions": [100.0, float("nan")], "unit": "kg"},
            "answer.predictions[1] is nan instead of 2.5",
        ),
        ([1], "answer is [1] instead of {'predictions': [100.0, 2.5], 'unit': 'kg'}"),
    ],
)
def test_differences(actual: JsonValue, sentence: str) -> None:
    assert differences(actual, EXPECTED, tolerance=1e-4) == [sentence]


def test_truth_is_no_number() -> None:
    assert differences(True, 1, tolerance=1) == ["answer is True instead of 1"]


def test_texts_may_be_required_to_be_alike_and_no_more() -> None:
    def found(actual: str, similarity: float) -> list[str]:
        return differences(actual, "four words in all", tolerance=0, similarity=similarity)

    assert found("four words in all", 1.0) == []
    assert found("four words at all", 1.0)
    assert found("four words at all", 0.8) == []
    assert found("nothing alike", 0.9)[0].startswith("answer is 'nothing alike', only 0.")


CITED: JsonValue = {"citations": [{"document": "a"}, {"document": "b"}], "refused": False}


def cites(*documents: str) -> JsonValue:
    return {"citations": [{"document": d, "quote": d * 2} for d in documents], "refused": False}


def test_lists_may_be_required_to_contain_and_no_more() -> None:
    def found(actual: JsonValue) -> list[str]:
        return differences(actual, CITED, tolerance=0, lists="contain")

    assert found(cites("a", "b")) == found(cites("c", "b", "b", "a")) == []
    assert found(cites("b", "c")) == ["answer.citations lacks {'document': 'a'}"]
    assert len(found(cites())) == 2
    assert found({"citations": None, "refused": False})
    assert found({"citations": [{"document": "a"}, {"document": "b"}], "refused": True})


def test_lists_are_the_same_unless_a_sample_says_otherwise() -> None:
    assert differences(cites("b", "a"), CITED, tolerance=0) != []
    assert differences(cites("a", "b", "c"), CITED, tolerance=0) == [
        "answer.citations has 3 entries instead of 2"
    ]
    assert differences(cites("a", "b"), CITED, tolerance=0) == []
