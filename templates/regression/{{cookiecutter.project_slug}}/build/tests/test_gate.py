"""The gate: each check, in both directions of metrics, with and without something to compare."""

from __future__ import annotations

import numpy as np
import pytest

from source.gate import judge
from source.metrics import Vector, bootstrap, score
from source.sections import GateSettings
from source.settings import SettingsError
from source.verdict import Gate

RANDOM = np.random.default_rng(0)
ACTUAL: Vector = RANDOM.normal(100, 10, size=400)
NOISE: Vector = RANDOM.normal(size=400)


def off_by(error: float) -> Vector:
    """Predictions whose errors have this standard deviation, the same rows being hard for all."""
    return ACTUAL + error * NOISE


MEAN: Vector = np.full(400, ACTUAL.mean())


def verdict(
    predicted: Vector,
    settings: GateSettings,
    linear: Vector | None = None,
    champion: Vector | None = None,
) -> Gate:
    predictions = {"model": predicted, "mean": MEAN, "linear": MEAN if linear is None else linear}
    if champion is not None:
        predictions["champion"] = champion
    scores = {name: score(ACTUAL, values) for name, values in predictions.items()}
    return judge(settings, scores, bootstrap(ACTUAL, predictions))


@pytest.mark.parametrize(
    ("metric", "bound", "passes"),
    [
        ("rmse", 6.0, True),
        ("rmse", 4.0, False),
        ("mae", 5.0, True),
        ("mae", 3.0, False),
        ("r2", 0.6, True),
        ("r2", 0.9, False),
    ],
)
def test_the_bound_holds_in_the_direction_of_the_metric(
    metric: str, bound: float, passes: bool
) -> None:
    gate = verdict(off_by(5.0), GateSettings(metric=metric, bound=bound))
    check = gate.checks["bound"]
    assert gate.passed is passes is check.passed
    assert check.value == gate.value and check.limit == bound
    assert check.excess == pytest.approx(abs(gate.value - bound) * (-1 if passes else 1))
    assert gate.message.startswith({"rmse": "RMSE", "mae": "MAE", "r2": "R²"}[metric])
    assert ("meets the bound" if passes else "misses the bound") in gate.message


def test_exactly_on_the_bound_holds() -> None:
    value = score(ACTUAL, off_by(5.0)).rmse
    assert verdict(off_by(5.0), GateSettings(bound=value)).checks["bound"].excess == 0
    assert verdict(off_by(5.0), GateSettings(bound=value)).passed


def test_without_a_bound_that_check_is_not_applied() -> None:
    gate = verdict(off_by(5.0), GateSettings(bound=None))
    check = gate.checks["bound"]
    assert (check.applied, check.excess, check.limit) == (False, 0.0, None)
    assert gate.passed and gate.bound is None


def test_without_a_champion_that_check_is_not_applied() -> None:
    check = verdict(off_by(5.0), GateSettings()).checks["champion"]
    assert (check.applied, check.excess, check.limit) == (False, 0.0, None)
    assert check.statement == "there is no approved model to compare with"


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
def test_the_mean_must_be_beaten_by_the_margin(metric: str) -> None:
    settings = GateSettings(metric=metric, margin_over_mean=0.2)
    assert verdict(off_by(5.0), settings).checks["mean"].passed
    barely = MEAN + 0.05 * (ACTUAL - MEAN)  # explains next to nothing
    gate = verdict(barely, settings)
    assert not gate.checks["mean"].passed and not gate.passed
    assert "always predicting the mean" in gate.message
    assert verdict(barely, GateSettings(metric=metric, margin_over_mean=0.01)).checks["mean"].passed


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
@pytest.mark.parametrize("other", ["linear", "champion"])
def test_clearly_worse_than_another_model_fails(metric: str, other: str) -> None:
    settings = GateSettings(metric=metric)
    gate = verdict(off_by(6.0), settings, **{other: off_by(4.0)})
    assert not gate.passed
    assert [name for name, check in gate.checks.items() if not check.passed] == [other]
    assert gate.checks[other].excess > 0
    assert "tolerated" in gate.message and "worse than" in gate.message
    better = verdict(off_by(4.0), settings, **{other: off_by(6.0)})
    assert better.passed and better.checks[other].excess < 0


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
def test_within_the_tolerance_holds(metric: str) -> None:
    settings = GateSettings(metric=metric, tolerance_over_linear=0.3, tolerance_over_champion=0.3)
    assert verdict(off_by(5.5), settings, linear=off_by(5.0), champion=off_by(5.0)).passed


def test_noise_of_a_small_test_split_does_not_fail_an_equal_model() -> None:
    """Two models with equal errors that differ by luck: 5 % of the gates may fail, not half."""
    random = np.random.default_rng(1)
    failures = 0
    for _ in range(60):
        actual = random.normal(0, 10, size=60)
        predictions = {
            name: actual + random.normal(0, 5, size=60) for name in ("model", "linear")
        } | {"mean": np.full(60, actual.mean())}
        scores = {name: score(actual, values) for name, values in predictions.items()}
        gate = judge(
            GateSettings(tolerance_over_linear=0.0), scores, bootstrap(actual, predictions)
        )
        failures += not gate.checks["linear"].passed
    assert failures <= 8


def test_a_real_loss_is_found_although_rows_differ_in_difficulty() -> None:
    # 10 % worse on every row: unpaired, that would drown in the spread between rows.
    gate = verdict(off_by(5.5), GateSettings(tolerance_over_champion=0.02), champion=off_by(5.0))
    assert not gate.checks["champion"].passed


def test_all_that_fails_is_in_the_message_and_nothing_else() -> None:
    gate = verdict(off_by(12.0), GateSettings(bound=5.0), linear=off_by(4.0))
    assert gate.message.count(";") == 2
    for words in ("misses the bound 5 by", "always predicting the mean", "the linear model"):
        assert words in gate.message
    assert gate.as_dict()["checks"]["bound"]["excess"] > 0


def test_rows_of_a_group_are_resampled_together() -> None:
    groups = np.repeat(np.arange(20), 20)
    errors = np.repeat(RANDOM.normal(0, 5, size=20), 20)
    alone = bootstrap(ACTUAL, {"model": ACTUAL + errors})["model"]["rmse"].std()
    together = bootstrap(ACTUAL, {"model": ACTUAL + errors}, groups)["model"]["rmse"].std()
    assert together > 2 * alone


def test_bootstrap_spread_agrees_with_theory() -> None:
    spread = bootstrap(ACTUAL, {"model": off_by(5.0)})["model"]
    mae = np.abs(5.0 * NOISE)
    assert spread["mae"].std() == pytest.approx(mae.std() / 20, rel=0.15)
    assert spread["mae"].mean() == pytest.approx(mae.mean(), rel=0.02)
    again = bootstrap(ACTUAL, {"model": off_by(5.0)})["model"]
    np.testing.assert_array_equal(spread["mae"], again["mae"])


@pytest.mark.parametrize(
    "values", [{"metric": "mape"}, {"margin_over_mean": -0.1}, {"tolerance_over_linear": 5}]
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=r"gate\."):
        GateSettings(**values)  # type: ignore[arg-type]
