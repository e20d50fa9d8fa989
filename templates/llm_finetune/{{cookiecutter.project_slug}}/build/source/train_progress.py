"""What is seen of a training run while it goes on: learning curves, speed, and an early alarm.

Every logged point goes to the job's log in `name=value` form, where SageMaker's metric definitions
find it, and to the step's MLflow run.
"""

from __future__ import annotations

import math
import resource
import sys
import time
from typing import Any

from transformers import TrainerCallback

from source.exits import StepFailed

# TRL's names -> ours. What is not listed is of no use on a curve.
NAMES = {
    "loss": "train_loss",
    "eval_loss": "validation_loss",
    "learning_rate": "learning_rate",
    "grad_norm": "gradient_norm",
    "mean_token_accuracy": "token_accuracy",
    "eval_mean_token_accuracy": "validation_token_accuracy",
    "rewards/margins": "dpo_margin",
    "rewards/accuracies": "dpo_accuracy",
    "eval_rewards/margins": "validation_dpo_margin",
    "eval_rewards/accuracies": "validation_dpo_accuracy",
}
PRINTED = ("train_loss", "validation_loss", "dpo_margin", "dpo_accuracy", "validation_dpo_margin")
FLUSH_SECONDS = 10.0
BATCH = 1000


class Diverged(StepFailed):
    """The loss is no number any more."""


def point(step: int, logs: dict[str, Any]) -> dict[str, float]:
    """A point of the learning curves in our names; only `step` when there is nothing on it."""
    found = {ours: float(logs[theirs]) for theirs, ours in NAMES.items() if theirs in logs}
    return {"step": step, **found}


def peak_memory_gib() -> float:
    """The most memory this process has held: the GPU's where there is one, else its own."""
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated() / 2**30)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)


class Progress(TrainerCallback):  # type: ignore[misc]
    """Prints and tracks the curves of one stage; `main` is true in one process only."""

    def __init__(self, stage: str, *, main: bool) -> None:
        self._stage = stage
        self._main = main
        self._tokens = 0.0
        self._step_seconds = 0.0
        self._step_began = 0.0
        self._unsent: list[Any] = []
        self._sent_at = time.monotonic()

    @property
    def tokens(self) -> int:
        """Tokens that this process group was trained on, padding left out."""
        return int(self._tokens)

    @property
    def tokens_per_second(self) -> float:
        """Over training steps alone: without evaluation, checkpoints and start-up."""
        return self._tokens / self._step_seconds if self._step_seconds else 0.0

    @property
    def step_seconds(self) -> float:
        """Seconds inside training steps."""
        return self._step_seconds

    def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Start the clock."""
        self._step_began = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Stop the clock."""
        self._step_seconds += time.perf_counter() - self._step_began

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
        """A point of the curves. Raises `Diverged` when the loss is not a number."""
        logs = logs or {}
        self._tokens = float(logs.get("num_tokens", self._tokens))
        found = point(state.global_step, logs)
        for name in ("train_loss", "validation_loss"):
            if not math.isfinite(found.get(name, 0.0)):
                raise Diverged(
                    f"{name} is {found[name]} at step {state.global_step} of stage "
                    f"{self._stage}: lower its learning_rate, or raise train.warmup_share"
                )
        if self._main and len(found) > 1:
            self._print(found, state.max_steps)
            self._track(found)

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Send what is left."""
        self._send()

    def _print(self, found: dict[str, float], steps: int) -> None:
        values = [f"{name}={found[name]:.6g}" for name in PRINTED if name in found]
        if self._tokens:
            values.append(f"tokens_per_second={self.tokens_per_second:.0f}")
        print(f"{self._stage} step {found['step']:.0f}/{steps} {' '.join(values)}", flush=True)

    def _track(self, found: dict[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._unsent += [
            Metric(f"{self._stage}.{name}", value, now, int(found["step"]))
            for name, value in found.items()
            if name != "step"
        ]
        if time.monotonic() - self._sent_at > FLUSH_SECONDS:
            self._send()

    def _send(self) -> None:
        """In few calls: a tracking server takes a thousand metrics at once."""
        import mlflow

        run = mlflow.active_run()
        if run is not None and self._main:
            client = mlflow.MlflowClient()
            for start in range(0, len(self._unsent), BATCH):
                client.log_batch(run.info.run_id, metrics=self._unsent[start : start + BATCH])
        self._unsent.clear()
        self._sent_at = time.monotonic()
