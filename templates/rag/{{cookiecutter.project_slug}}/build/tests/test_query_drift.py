"""The test of drift: chance is rarely called drift, and drift is found."""

from __future__ import annotations

import numpy as np
import pytest

from source.encoders import Vectors
from source.query_drift import MOST, draw, drift

DIMENSION = 24
PERMUTATIONS = 199


def questions(count: int, random: np.random.Generator, *, new: float = 0.0) -> Vectors:
    """Vectors around eight topics, some asked about more often; a share is about a ninth, new."""
    topics = np.random.default_rng(1).normal(size=(9, DIMENSION))
    popular = np.array([5, 4, 3, 2, 2, 1, 1, 1], float)
    chosen = random.choice(8, count, p=popular / popular.sum())
    chosen[random.random(count) < new] = 8
    vectors = topics[chosen] + 0.8 * random.normal(size=(count, DIMENSION))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_chance_is_called_drift_as_rarely_as_it_says() -> None:
    """What a p-value promises: of windows without drift, a share p have at most that p."""
    random = np.random.default_rng(7)
    found = [
        drift(questions(80, random), questions(120, random), permutations=PERMUTATIONS)
        for _ in range(80)
    ]
    p_values = np.array([one.p_value for one in found])
    assert (p_values <= 0.01).mean() <= 0.04
    assert 0.25 <= (p_values <= 0.5).mean() <= 0.7
    assert np.mean([one.auc for one in found]) == pytest.approx(0.5, abs=0.02)
    # The bound on top of it: no window of these comes near.
    assert max(one.auc for one in found) < 0.65
    assert np.mean([one.auc > one.chance for one in found]) <= 0.12


@pytest.mark.parametrize("count", [60, 150])
def test_a_new_topic_is_found(count: int) -> None:
    random = np.random.default_rng(8)
    for _ in range(5):
        found = drift(
            questions(count, random, new=0.5), questions(300, random), permutations=PERMUTATIONS
        )
        assert found.p_value <= 0.01 and found.auc > 0.65


def test_what_is_new_is_least_like_the_reference() -> None:
    random = np.random.default_rng(9)
    window = np.concatenate([questions(90, random), questions(30, random, new=1.0)])
    found = drift(window, questions(300, random), permutations=PERMUTATIONS)
    assert len(found.unlike) == 120 and len(found.reference) == 300
    assert set(np.argsort(-found.unlike)[:20]) <= set(range(90, 120))


def test_questions_that_mean_nothing_to_the_encoder_are_alike() -> None:
    nothing = np.zeros((60, DIMENSION), np.float32)
    found = drift(nothing, nothing, permutations=PERMUTATIONS)
    assert found.auc == 0.5 and found.p_value == 1


def test_it_is_the_same_each_time() -> None:
    random = np.random.default_rng(10)
    window, reference = questions(60, random), questions(60, random)
    first, again = (drift(window, reference, permutations=PERMUTATIONS) for _ in range(2))
    assert (first.auc, first.p_value) == (again.auc, again.p_value)


def test_of_many_questions_some_are_drawn() -> None:
    many = [f"question {number}" for number in range(3 * MOST)]
    drawn = draw(many)
    assert len(set(drawn)) == MOST and drawn == draw(many)
    places = [many.index(one) for one in drawn]
    assert places == sorted(places) and places[-1] > 2 * MOST, "from all of them, in their order"
    assert draw(many[:MOST]) == many[:MOST]
