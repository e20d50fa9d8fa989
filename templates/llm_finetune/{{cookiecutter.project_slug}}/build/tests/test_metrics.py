"""Metrics of answers, and how sure a difference between two models is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from source.bootstrap import compare_means, compare_perplexity, groups_of
from source.custom_code import CodeNotFound
from source.evaluate_settings import EvaluateSettings, GateSettings, evaluate_settings
from source.generation import Losses
from source.intervals import Resampling
from source.metrics import MetricError, exact_match, f1, json_validity, label, rouge_l, scores
from source.settings import SettingsError

HOW = Resampling(2000, 0.95)


@pytest.mark.parametrize(
    ("answer", "expected", "exact", "overlap", "sequence"),
    [
        ("the cat sat", "the cat sat", 1.0, 1.0, 1.0),
        (" the  cat\nsat ", "the cat sat", 1.0, 1.0, 1.0),
        ("The cat, sat!", "the cat sat", 0.0, 1.0, 1.0),
        ("sat cat the", "the cat sat", 0.0, 1.0, 1 / 3),
        ("the cat", "the cat sat on it", 0.0, 4 / 7, 4 / 7),
        ("a a a", "a b c", 0.0, 1 / 3, 1 / 3),
        ("", "a", 0.0, 0.0, 0.0),
        ("...", "!", 0.0, 1.0, 1.0),
    ],
)
def test_answers_are_scored(
    answer: str, expected: str, exact: float, overlap: float, sequence: float
) -> None:
    assert exact_match(answer, expected) == exact
    assert f1(answer, expected) == pytest.approx(overlap)
    assert rouge_l(answer, expected) == pytest.approx(sequence)


@pytest.mark.parametrize(
    ("answer", "expected", "valid"),
    [
        ('{"a": 1}', '{"a": 2}', 1.0),
        ('{"a": 1', '{"a": 2}', 0.0),
        ("[1]", '{"a": 2}', 0.0),
        ("3", "some text", 1.0),
        ("", "{}", 0.0),
        ("[" * 100_000, "[]", 0.0),
    ],
)
def test_json_is_valid_when_it_is_what_was_asked(answer: str, expected: str, valid: float) -> None:
    assert json_validity(answer, expected) == valid


def same_keys(answer: str, expected: str) -> float:
    """A metric of one's own, found by name."""
    return float(json.loads(answer).keys() == json.loads(expected).keys())


def not_a_number(answer: str, expected: str) -> float:
    """A metric of one's own with a mistake."""
    return float("nan")


def test_a_metric_of_ones_own_is_found_by_its_name() -> None:
    name = f"{__name__}:same_keys"
    found = scores(name, ['{"a": 1}', '{"b": 1}'], ['{"a": 2}', '{"a": 2}'])
    assert found.tolist() == [1.0, 0.0]
    assert label(name) == "Same keys"


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        (f"{__name__}:same_keys", MetricError, "fails on test row 2: JSONDecodeError"),
        (f"{__name__}:not_a_number", MetricError, "gives nan on test row 1"),
        (f"{__name__}:HOW", MetricError, "is a Resampling, no function"),
        (f"{__name__}:gone", CodeNotFound, "evaluate.metrics: .* has no 'gone'"),
        ("source.gone:metric", CodeNotFound, "cannot be imported .ModuleNotFoundError"),
        ("source.metrics:", CodeNotFound, "not of the form module:name"),
    ],
)
def test_a_metric_that_fails_is_named(name: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        scores(name, ["{}", "no json"], ["{}", "{}"])


def test_the_gates_metric_is_always_measured() -> None:
    settings = evaluate_settings({"evaluate": {"metrics": ["f1"]}, "gate": {"metric": "rouge_l"}})
    assert settings.metrics == ("rouge_l", "f1")
    assert evaluate_settings({"gate": {"metric": "perplexity"}}).metrics == EvaluateSettings.metrics
    judged = {"evaluate": {"judge": {"model_id": "m", "rubric": "Be kind.", "region": "eu-west-1"}}}
    judge = evaluate_settings(judged).judge
    assert judge is not None and judge.model_id == "m"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"metrics": ["accuracy"]}, "evaluate.metrics: 'accuracy'; use exact_match"),
        ({"metrics": []}, "evaluate.metrics: it is empty"),
        ({"max_rows": 1}, "evaluate.max_rows: 1; use 5 or more"),
        ({"confidence": 95}, "evaluate.confidence: 95"),
        ({"judge": {"model_id": "m", "rubric": " "}}, "evaluate.judge.rubric: it is empty"),
    ],
)
def test_settings_of_the_evaluation_that_make_no_sense(
    settings: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        evaluate_settings({"evaluate": settings})
    with pytest.raises(SettingsError, match=r"gate.metric: 'rmse'; use exact_match"):
        GateSettings(metric="rmse")


def test_the_interval_covers_the_true_difference_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    covered = 0
    for seed in range(200):
        base = (random.random(100) < 0.5).astype(float)
        tuned = np.maximum(base, random.random(100) < 0.4)  # half of the rows can gain: 0.2
        low, high = compare_means(base, tuned, Resampling(400, 0.9, seed=seed)).interval
        covered += low <= 0.2 <= high
    assert 0.83 <= covered / 200 <= 0.96


def test_pairs_make_the_interval_narrow_and_groups_make_it_wide() -> None:
    random = np.random.default_rng(2)
    base = random.normal(size=200)
    tuned = base + 0.1 + 0.01 * random.normal(size=200)
    low, high = compare_means(base, tuned, HOW).interval
    assert 0.09 < low < 0.1 < high < 0.11
    # The same gain for all ten rows of a group: ten groups say less than a hundred rows.
    gain = np.repeat(random.normal(0.3, 0.5, size=10), 10)
    groups = groups_of([str(index // 10) for index in range(100)])
    zero = np.zeros(100)
    apart = compare_means(zero, gain, HOW).interval
    together = compare_means(zero, gain, Resampling(2000, 0.95, groups)).interval
    assert together[1] - together[0] > 2 * (apart[1] - apart[0])
    assert groups_of([None, None]) is None


def test_perplexity_is_of_all_tokens_and_compared_in_pairs() -> None:
    base = Losses(np.array([10.0, 2.0, 6.0] * 20), np.array([5.0, 1.0, 4.0] * 20))
    tuned = Losses(base.sums / 2, base.tokens)
    found = compare_perplexity(base, tuned, HOW)
    assert found.base == pytest.approx(np.exp(18 / 10))
    assert found.tuned == pytest.approx(np.exp(9 / 10))
    assert found.interval[0] < found.difference < found.interval[1] < 0
    assert compare_perplexity(base, base, HOW).interval == (0.0, 0.0)


def test_the_same_rows_give_the_same_interval() -> None:
    values = np.arange(30.0)
    again = [compare_means(values, values[::-1].copy(), HOW).interval for _ in range(2)]
    assert again[0] == again[1]
