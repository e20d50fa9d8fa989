"""Chooses among the candidates and fits the winner on all rows but the test split."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import sklearn
import xgboost
from threadpoolctl import threadpool_limits

from source.candidates import (
    Candidate,
    Fitted,
    LearningCurve,
    Rows,
    by_name,
    competitors,
    fit_candidate,
)
from source.resampling import resample
from source.schema import TableSchema
from source.sections import TrainSettings
from source.selection import Selection, select

# A learning curve with more points than this looks the same and takes longer to log.
CURVE_POINTS = 200


@dataclass(frozen=True)
class Trained:
    """The final model, how it was chosen, and how boosting learnt."""

    fitted: Fitted
    candidate: Candidate
    selection: Selection
    schema: TableSchema
    rows: dict[str, int]
    seconds: float

    def metadata(self) -> dict[str, Any]:
        """What metadata.json says about the model."""
        return {
            "template": os.environ.get("TEMPLATE_NAME"),
            "template_version": os.environ.get("TEMPLATE_VERSION"),
            "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "training_seconds": round(self.seconds, 1),
            "versions": {
                "python": platform.python_version(),
                "numpy": np.__version__,
                "pandas": pd.__version__,
                "scikit-learn": sklearn.__version__,
                "xgboost": xgboost.__version__,
            },
            "target": self.schema.target,
            "rows": self.rows,
            "candidate": asdict(self.candidate),
            "parameters": self.fitted.parameters or {},
            "selection": self.selection.as_dict(),
            "learning_curves": {
                name: thinned(curve) for name, curve in self.selection.curves.items()
            },
        }


def train(
    train_frame: pd.DataFrame,
    validation_frame: pd.DataFrame,
    schema: TableSchema,
    settings: TrainSettings,
) -> Trained:
    """Choose a candidate and fit it on train and validation together."""
    started = time.monotonic()
    deadline = started + 60 * settings.time_limit_minutes
    frame = pd.concat([train_frame, validation_frame], ignore_index=True)
    rows = Rows(frame, frame[schema.target].to_numpy(dtype="float64"))
    candidates = competitors(settings, rows.target)
    folds = resample(train_frame, validation_frame, schema, settings)
    # One thread for linear algebra: the matrices are small, waiting threads are not free, and
    # sums come out the same on every machine. Boosting has its own setting.
    with threadpool_limits(1, user_api="blas"):
        selection = select(candidates, rows, schema, folds, settings, deadline)
        winner = by_name(candidates, selection.winner)
        # The rounds were found with rows held out; now nothing is.
        rounds = selection.of(winner.name).rounds
        fitted = fit_candidate(winner, rows, schema, settings, rounds=rounds)
    return Trained(
        fitted=fitted,
        candidate=winner,
        selection=selection,
        schema=schema,
        rows={"train": len(train_frame), "validation": len(validation_frame)},
        seconds=time.monotonic() - started,
    )


def thinned(curve: LearningCurve) -> dict[str, Any]:
    """At most `CURVE_POINTS` of a curve, as {"round", "fitted", "stopping", "best_round"}."""
    length = len(curve.fitted)
    index = np.unique(np.linspace(0, length - 1, min(length, CURVE_POINTS)).round().astype(int))
    return {
        "round": [int(position) + 1 for position in index],
        "fitted": [round(curve.fitted[position], 6) for position in index],
        "stopping": [round(curve.stopping[position], 6) for position in index],
        "best_round": curve.best_round,
    }
