"""The choice among candidates: by the same rows, in favour of the simpler one, and repeatable."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tables import QUICK, split_rents, typed, without

from source.candidates import LINEAR, XGBOOST, Rows, competitors, fit_candidate, predict
from source.log_target import is_skewed
from source.metrics import score
from source.resampling import resample, set_aside
from source.sections import LinearSettings, TrainSettings, XGBoostSettings
from source.selection import difference, select
from source.splitting import Split
from source.training import Trained, train


def trained_on(frame: pd.DataFrame, settings: TrainSettings = QUICK, **keys: str) -> Trained:
    rows, schema = typed(frame, **keys)
    return train(rows[: len(rows) * 3 // 4], rows[len(rows) * 3 // 4 :], schema, settings)


def linear_table(rows: int = 240, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(rows, 4)), columns=list("abcd"))
    return frame.assign(y=frame["a"] * 3 - frame["b"] + random.normal(size=rows))


def stepped_table(rows: int = 240, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(rows, 3)), columns=list("abc"))
    inside = (frame["a"].abs() < 0.7) & (frame["b"] > 0)
    return frame.assign(y=10.0 * inside + random.normal(size=rows))


@pytest.mark.parametrize(
    ("frame", "winner"), [(linear_table(), "linear"), (stepped_table(), "xgboost")]
)
def test_the_model_that_suits_the_table_wins(frame: pd.DataFrame, winner: str) -> None:
    trained = trained_on(frame)
    assert trained.selection.winner == winner == trained.candidate.name
    assert "better than" in trained.selection.reason


def test_of_noise_the_mean_is_all_that_can_be_learnt() -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(200, 4)), columns=list("abcy"))
    assert trained_on(frame).selection.winner == "mean"


def test_a_tie_goes_to_the_simpler_model() -> None:
    # With so large a margin asked, only the mean's inferiority is beyond doubt.
    trained = trained_on(stepped_table(), replace(QUICK, standard_errors=1000.0))
    assert trained.selection.winner == "mean"
    assert "the simpler model wins a tie" in trained.selection.reason
    eager = trained_on(stepped_table(), replace(QUICK, standard_errors=0.0))
    behind = {standing.name: standing.behind for standing in eager.selection.standings}
    assert behind[eager.selection.winner] == min(behind.values()) == 0


def test_boosting_is_not_chosen_over_linear_by_chance() -> None:
    wins = [
        trained_on(linear_table(rows=120, seed=seed), replace(QUICK, folds=4)).selection.winner
        for seed in range(6)
    ]
    assert wins == ["linear"] * 6


def test_training_twice_gives_the_same_model() -> None:
    split, schema = split_rents()
    one, two = (train(split.train, split.validation, schema, QUICK) for _ in range(2))
    assert one.selection.winner == two.selection.winner
    np.testing.assert_array_equal(
        predict(one.fitted.pipeline, split.test), predict(two.fitted.pipeline, split.test)
    )


def test_the_model_is_good_on_rows_it_has_not_seen(rents_model: tuple[Trained, Split]) -> None:
    trained, split = rents_model
    target = trained.schema.target
    result = score(split.test[target].to_numpy(), predict(trained.fitted.pipeline, split.test))
    assert result.r2 > 0.6
    expected = trained.selection.of(trained.selection.winner).scores
    assert result.rmse == pytest.approx(expected.rmse, rel=0.5)


def test_boosting_stops_early_and_its_curve_is_kept() -> None:
    settings = TrainSettings(xgboost=XGBoostSettings(n_estimators=500, learning_rate=0.3))
    frame, schema = typed(stepped_table(160))
    rows = Rows(frame, frame["y"].to_numpy())
    fit, stop = set_aside(frame, schema, 0)
    fitted = fit_candidate(XGBOOST, rows.take(fit), schema, settings, stopping=rows.take(stop))
    assert fitted.curve is not None and fitted.rounds is not None
    assert fitted.rounds < 100 < 500
    assert fitted.curve.best_round == int(np.argmin(fitted.curve.stopping)) + 1
    again = fit_candidate(XGBOOST, rows, schema, settings, rounds=fitted.rounds)
    assert again.parameters is not None and again.parameters["n_estimators"] == fitted.rounds


def test_the_settings_reach_the_models() -> None:
    frame, schema = typed(linear_table())
    rows = Rows(frame, frame["y"].to_numpy())
    settings = TrainSettings(
        linear=LinearSettings(alphas=(7.0,)), xgboost=XGBoostSettings(max_depth=2, reg_lambda=9.0)
    )
    ridge = fit_candidate(LINEAR, rows, schema, settings)
    assert ridge.parameters == {"alpha": 7.0}
    trees = fit_candidate(XGBOOST, rows, schema, settings, rounds=5)
    assert trees.parameters is not None
    assert trees.parameters["max_depth"] == 2 and trees.parameters["reg_lambda"] == 9.0
    names = [c.name for c in competitors(without(settings, "xgboost"), rows.target)]
    assert names == ["mean", "linear"]


def test_a_skewed_target_also_competes_on_its_logarithm_and_comes_back_in_its_unit() -> None:
    random = np.random.default_rng(2)
    x = random.uniform(0, 4, size=300)
    frame = pd.DataFrame({"x": x, "y": np.exp(x + random.normal(0, 0.3, size=300))})
    assert is_skewed(frame["y"].to_numpy())
    assert not is_skewed(frame["y"].to_numpy() - 10)
    settings = without(QUICK, "xgboost")
    trained = trained_on(frame, settings)
    assert trained.selection.winner == "linear_log"
    predicted = predict(trained.fitted.pipeline, frame)
    # Without a correction the predictions would be medians, about 4 % below the mean.
    assert predicted.mean() == pytest.approx(frame["y"].mean(), rel=0.02)
    # An absurd input does not give an absurd prediction.
    assert predict(trained.fitted.pipeline, pd.DataFrame({"x": [1e6]})) < 10 * frame["y"].max()
    never = trained_on(frame, replace(settings, log_target="never"))
    assert [standing.name for standing in never.selection.standings] == ["mean", "linear"]


def test_mae_decides_when_the_gate_asks_for_it() -> None:
    random = np.random.default_rng(3)
    frame = linear_table(300)
    frame.loc[random.random(300) < 0.03, "y"] += 60  # outliers rule the RMSE
    trained = trained_on(frame, replace(QUICK, metric="mae"))
    standing = trained.selection.of("linear")
    assert trained.selection.metric == "mae"
    assert standing.standard_error < standing.scores.mae / 3
    assert "MAE" in trained.selection.reason


def test_folds_keep_groups_together_and_never_look_ahead() -> None:
    frame = stepped_table(200).assign(who=[f"p{n % 20}" for n in range(200)])
    rows, schema = typed(frame, group_column="who")
    folds = resample(rows[:150], rows[150:], schema, QUICK).folds
    for fold in folds:
        assert not set(rows["who"].iloc[fold.fit]) & set(rows["who"].iloc[fold.score])
    fit, stop = set_aside(rows, schema, 0)
    assert not set(rows["who"].iloc[fit]) & set(rows["who"].iloc[stop])
    days = pd.date_range("2024-01-01", periods=200).astype(str)
    rows, schema = typed(stepped_table(200).assign(day=days), time_column="day")
    for fold in resample(rows[:150], rows[150:], schema, QUICK).folds:
        assert fold.fit.max() < fold.score.min()
    fit, stop = set_aside(rows, schema, 0)
    assert fit.max() < stop.min()


def test_many_rows_are_compared_on_the_validation_split_alone() -> None:
    frame, schema = typed(linear_table(400))
    resampling = resample(
        frame[:300], frame[300:], schema, replace(QUICK, cross_validation_rows=399)
    )
    assert len(resampling.folds) == 1
    assert resampling.folds[0].score.tolist() == list(range(300, 400))


def test_no_fold_is_begun_after_the_deadline() -> None:
    frame, schema = typed(linear_table())
    rows = Rows(frame, frame["y"].to_numpy())
    resampling = resample(frame[:180], frame[180:], schema, QUICK)
    candidates = competitors(QUICK, rows.target)
    selection = select(candidates, rows, schema, resampling, QUICK, time.monotonic() - 1)
    assert selection.time_limited
    assert selection.winner in {candidate.name for candidate in candidates}


def test_the_standard_error_of_a_difference() -> None:
    random = np.random.default_rng(4)
    own, other = random.exponential(size=400), random.exponential(size=400)
    rows = np.arange(400)
    gap, error = difference(own, other, rows, "mae")
    assert gap == pytest.approx(own.mean() - other.mean())
    assert error == pytest.approx((own - other).std(ddof=1) / 20, rel=1e-6)
    # Rows that repeat each other carry the information of one.
    twice = difference(np.tile(own, 2), np.tile(other, 2), np.tile(rows, 2), "mae")
    assert twice == pytest.approx((gap, error))
    squared, _ = difference(own, other, rows, "rmse")
    assert squared == pytest.approx(np.sqrt(own.mean()) - np.sqrt(other.mean()))


def test_scores_agree_with_their_definitions() -> None:
    actual, predicted = np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.0, 3.0, 3.0, 4.0])
    result = score(actual, predicted)
    assert result.rmse == pytest.approx(np.sqrt(5 / 4))
    assert result.mae == pytest.approx(3 / 4)
    assert result.r2 == pytest.approx(1 - 5 / 14)
