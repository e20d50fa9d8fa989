"""Scores the model that is approved now on the same rows, running it as the endpoint does.

The champion's pickle needs the code that it was trained with, which may have changed since. So it
runs in a process of its own, with the code from its own archive, and answers through its own
handlers. A champion that cannot answer (it needs a column that is gone, predicts another target,
or does not load) is reported and not compared: it must not keep a table from ever changing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from source.artifact import ARCHIVE, ModelUnusable, read_metadata, unpack
from source.champion_folder import champion_arn
from source.metrics import Vector

TIMEOUT_SECONDS = 600
# Runs in the champion's code directory; arguments: model directory, request, answer.
ANSWER = """
import sys
from inference import input_fn, model_fn, output_fn, predict_fn

model_dir, request, answer = sys.argv[1:]
with open(request, encoding="utf-8") as file:
    records = input_fn(file.read(), "application/json")
body = output_fn(predict_fn(records, model_fn(model_dir)), "application/json")
body = body[0] if isinstance(body, tuple) else body
with open(answer, "w", encoding="utf-8") as file:
    file.write(body)
"""


@dataclass(frozen=True)
class Champion:
    """The approved model: its ARN, and its predictions or why there are none.

    Without an approved model both `arn` and `predictions` are None.
    """

    arn: str | None
    predictions: Vector | None
    note: str

    @property
    def exists(self) -> bool:
        """Whether a model is approved, comparable or not."""
        return self.arn is not None


def ask_champion(directory: Path, records: Sequence[Mapping[str, Any]], target: str) -> Champion:
    """Let the champion in `directory` (champion.json, model.tar.gz) predict raw records."""
    arn = champion_arn(directory)
    if arn is None:
        return Champion(None, None, "there is no approved model to compare with")
    try:
        return Champion(arn, _predictions(directory / ARCHIVE, records, target), "compared")
    except ModelUnusable as error:
        return Champion(arn, None, f"the champion cannot be compared: {error}")


def _predictions(archive: Path, records: Sequence[Mapping[str, Any]], target: str) -> Vector:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        model = unpack(archive, work / "model")
        theirs = read_metadata(model).get("target")
        if theirs != target:
            raise ModelUnusable(f"it predicts {theirs!r}, this model {target!r}")
        request, answer = work / "request.json", work / "answer.json"
        request.write_text(json.dumps({"instances": list(records)}), encoding="utf-8")
        _run(model, request, answer)
        predictions = np.asarray(json.loads(answer.read_text("utf-8"))["predictions"], "float64")
    if predictions.shape != (len(records),) or not np.isfinite(predictions).all():
        raise ModelUnusable(f"it gave {predictions.size} predictions for {len(records)} records")
    return predictions


def _run(model: Path, request: Path, answer: Path) -> None:
    code = model / "code"
    environment = {**os.environ, "PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", ANSWER, str(model), str(request), str(answer)]
    try:
        done = subprocess.run(
            command,
            cwd=code,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelUnusable(f"it did not run: {error}") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise ModelUnusable(lines[-1] if lines else f"it ended with exit code {done.returncode}")
