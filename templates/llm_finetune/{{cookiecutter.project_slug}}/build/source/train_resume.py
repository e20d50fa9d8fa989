"""Keeps checkpoints whole, and ends training between two steps when the machine is taken away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from source.checkpoints import Interrupted, Interruption, mark_complete
from source.distributed import wait_for_everyone


class SafeStop(TrainerCallback):  # type: ignore[misc]
    """Marks checkpoints as complete and calls `saved`; after SIGTERM the next one is the last.

    `Interrupted` is raised once it is written. Every process of a group takes part: they must agree
    on the step at which they stop, because saving is work that they do together.
    """

    def __init__(
        self, interruption: Interruption, saved: Callable[[], None], *, node: int, marks: bool
    ) -> None:
        self._interruption = interruption
        self._saved = saved
        self._node = node
        self._marks = marks
        self._stopping = False

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> Any:
        """Ask for a checkpoint when any process has been told to end."""
        if self._anyone(args.device):
            self._stopping = True
            control.should_save = True
            control.should_evaluate = False
        return control

    def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """All files are written, by every process: only now does the checkpoint count."""
        wait_for_everyone()
        if self._marks:
            directory = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            mark_complete(directory, node=self._node)
            self._saved()
        if self._stopping:
            raise Interrupted(state.global_step)

    def _anyone(self, device: Any) -> bool:
        import torch
        from torch import distributed

        if not distributed.is_initialized():
            return self._interruption.received
        note = torch.tensor(int(self._interruption.received), device=device)
        distributed.all_reduce(note, op=distributed.ReduceOp.MAX)
        return bool(note.item())
