"""One stage of training, supervised or by preferences: from weights on disk to weights on disk.

A stage always begins by loading what it continues, whether it runs right after the stage before or
on a new machine after an interruption: both ways are one path. What it ends with lies in `final`.
"""

from __future__ import annotations

import gc
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from source import lora
from source.base_model import load_model
from source.checkpoints import Interruption, is_complete, last_complete, mark_complete
from source.distributed import agreed, share_folder, wait_for_everyone
from source.exits import StepFailed
from source.hardware import Execution
from source.train_data import TrainingData, conversations, preferences
from source.train_settings import TrainSettings
from source.trainer_arguments import common_arguments, dpo_arguments, sft_arguments

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer

FINAL = "final"
RESULT = "result.json"


@dataclass(frozen=True)
class Plan:
    """What every stage of a run needs to know; the same in all processes."""

    settings: TrainSettings
    execution: Execution
    strategy: str
    base: Path
    max_length: int
    checkpoints: Path
    cache: Path
    main: bool
    # The machine's number, how many there are, and whether this process keeps its checkpoint list.
    node: int = 0
    nodes: int = 1
    first_on_node: bool = True
    local_rank: int = 0


@dataclass(frozen=True)
class StageResult:
    """How a stage went. `curves` are points of {step, train_loss, validation_loss, …}."""

    stage: str
    steps: int
    resumed_from: int | None
    stopped_early: bool
    kept_best: bool
    tokens_per_second: float
    step_seconds: float
    seconds: float
    peak_memory_gib: float
    trainable_parameters: int
    curves: list[dict[str, float]]

    def last(self, name: str) -> float | None:
        """The last value on a curve; None when nothing was measured."""
        values = [point[name] for point in self.curves if name in point]
        return values[-1] if values else None

    @property
    def validation_loss(self) -> float | None:
        """Of the weights that were kept: the best, when the stage might stop early, or the last."""
        values = [point["validation_loss"] for point in self.curves if "validation_loss" in point]
        if not values:
            return None
        return min(values) if self.kept_best else values[-1]


def run_stage(
    stage: str,
    plan: Plan,
    data: TrainingData,
    tokenizer: PreTrainedTokenizerBase,
    interruption: Interruption,
    start: Path | None,
    saved: Callable[[], None] = lambda: None,
) -> tuple[StageResult, Path]:
    """Run a stage, or what is left of it; `start` is where the stage before ended.

    `saved` is called after each checkpoint. Raises `Interrupted` after SIGTERM, and `StepFailed`
    when the device's memory is too small.
    """
    directory = plan.checkpoints / stage
    final = directory / FINAL
    if agreed(is_complete(final)):
        return _read(final), final
    import torch
    from transformers import EarlyStoppingCallback, PrinterCallback

    from source.train_progress import Progress, peak_memory_gib, point
    from source.train_resume import SafeStop

    began = time.monotonic()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    progress = Progress(stage, main=plan.main)
    resume = agreed(last_complete(directory, nodes=plan.nodes))
    try:
        trainer = _trainer(stage, plan, data, tokenizer, start, directory)
        stopping = plan.settings.early_stopping
        if trainer.args.load_best_model_at_end and stopping is not None:
            trainer.add_callback(EarlyStoppingCallback(stopping.patience, stopping.min_improvement))
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(progress)
        safe_stop = SafeStop(interruption, saved, node=plan.node, marks=plan.first_on_node)
        trainer.add_callback(safe_stop)
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    except torch.cuda.OutOfMemoryError as error:
        raise StepFailed(
            f"the GPU's memory is too small in stage {stage}: halve train.batch_size "
            f"({plan.settings.batch_size}) and double train.gradient_accumulation, shorten "
            "model.max_length, or see `make plan` for instances that fit"
        ) from error
    state = trainer.state
    result = StageResult(
        stage=stage,
        steps=state.global_step,
        resumed_from=int(resume.name.partition("-")[2]) if resume else None,
        stopped_early=state.global_step < state.max_steps,
        kept_best=bool(trainer.args.load_best_model_at_end),
        tokens_per_second=progress.tokens_per_second,
        step_seconds=progress.step_seconds,
        seconds=time.monotonic() - began,
        peak_memory_gib=peak_memory_gib(),
        trainable_parameters=sum(p.numel() for p in trainer.model.parameters() if p.requires_grad),
        curves=[found for logs in state.log_history if len(found := point(logs["step"], logs)) > 1],
    )
    _save(trainer, plan, result, final)
    del trainer
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return result, final


def _trainer(
    stage: str,
    plan: Plan,
    data: TrainingData,
    tokenizer: PreTrainedTokenizerBase,
    start: Path | None,
    directory: Path,
) -> Trainer:
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

    settings = plan.settings
    read = preferences if stage == "dpo" else conversations
    rows, held_out = (
        (data.preferences_train, data.preferences_validation)
        if stage == "dpo"
        else (data.train, data.validation)
    )
    arguments = common_arguments(
        settings,
        plan.execution,
        plan.strategy,
        directory,
        stops_early=settings.early_stopping is not None and held_out.rows > 0,
    )
    if not held_out.rows:
        arguments |= {"eval_strategy": "no"}
    model = _model(plan, start)
    # A continued adapter is part of the model already.
    fresh = settings.tuning != "full" and start is None
    peft_config = lora.adapter_config(settings.lora, model) if fresh else None
    specific: dict[str, Any]
    if stage == "dpo":
        specific = dpo_arguments(settings, plan.max_length)
        trainer_class, configuration = DPOTrainer, DPOConfig(**(arguments | specific))
    else:
        specific = sft_arguments(settings, plan.execution, plan.max_length)
        trainer_class, configuration = SFTTrainer, SFTConfig(**(arguments | specific))
    return trainer_class(
        model,
        args=configuration,
        train_dataset=read(rows, plan.cache),
        eval_dataset=read(held_out, plan.cache) if held_out.rows else None,
        processing_class=tokenizer,
        peft_config=peft_config,
    )


def _model(plan: Plan, start: Path | None) -> PreTrainedModel:
    """The base, or the weights that the stage before has left.

    In full tuning the weights are 32-bit, bfloat16 in the arithmetic only: small updates would be
    rounded away otherwise. Frozen weights under an adapter have no such need.
    """
    full = plan.settings.tuning == "full"
    more: dict[str, Any] = {}
    if plan.execution.quantise:
        more = {"quantization_config": lora.four_bit(), "device_map": {"": plan.local_rank}}
    model = load_model(
        start if full and start is not None else plan.base,
        dtype="float32" if full or plan.execution.precision == "fp32" else "bfloat16",
        attention=plan.execution.attention,
        **more,
    )
    model.config.use_cache = False
    if full or start is None:
        return model
    from peft import PeftModel

    return PeftModel.from_pretrained(model, str(start), is_trainable=True)


def _save(trainer: Trainer, plan: Plan, result: StageResult, final: Path) -> None:
    """Write the stage's weights; together in a group, since each process may hold a part."""
    if plan.main:
        shutil.rmtree(final, ignore_errors=True)
    wait_for_everyone()
    model = trainer.accelerator.unwrap_model(trainer.model)
    if hasattr(model, "peft_config") and "ref" in model.peft_config:
        model.delete_adapter("ref")
    trainer.save_model(str(final))
    wait_for_everyone()
    if plan.main:
        (final / RESULT).write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
        mark_complete(final)
        # Their optimiser states are of no use any more and many times the size of an adapter.
        for path in final.parent.glob("checkpoint-*"):
            shutil.rmtree(path, ignore_errors=True)
    if plan.nodes > 1:
        share_folder(final, writes=plan.first_on_node and not plan.main)
    wait_for_everyone()


def _read(final: Path) -> StageResult:
    return StageResult(**json.loads((final / RESULT).read_text(encoding="utf-8")))
