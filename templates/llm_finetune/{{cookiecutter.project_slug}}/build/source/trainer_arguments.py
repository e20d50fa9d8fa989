"""Our settings in the words of transformers and TRL: everything that decides how training runs.

Plain dictionaries, made without a GPU in sight, so that what would happen on one can be tested.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from source.distributed import fsdp_arguments
from source.hardware import Execution
from source.train_settings import TrainSettings

# Points of a learning curve: more look the same and slow the run down.
CURVE_POINTS = 50
# The newest, the one before it (in case the newest is torn), and the best.
CHECKPOINTS_KEPT = 3


def common_arguments(
    settings: TrainSettings, execution: Execution, strategy: str, output: Path, *, stops_early: bool
) -> dict[str, Any]:
    """What both stages share. `stops_early` needs a validation split to look at."""
    arguments: dict[str, Any] = {
        "output_dir": str(output),
        "per_device_train_batch_size": settings.batch_size,
        "per_device_eval_batch_size": settings.batch_size,
        "gradient_accumulation_steps": settings.gradient_accumulation,
        # transformers' new name of gradient checkpointing.
        "activation_checkpointing": execution.gradient_checkpointing,
        "activation_checkpointing_kwargs": {"use_reentrant": False},
        "bf16": execution.precision == "bf16",
        "use_cpu": execution.device == "cpu",
        "optim": execution.optimizer,
        "lr_scheduler_type": "cosine",
        "warmup_steps": settings.warmup_share,
        "weight_decay": settings.weight_decay,
        "seed": settings.seed,
        "data_seed": settings.seed,
        "logging_steps": 1 / CURVE_POINTS,
        "logging_nan_inf_filter": False,
        "save_strategy": "steps",
        "save_steps": settings.checkpoint_steps,
        "save_total_limit": CHECKPOINTS_KEPT,
        "eval_strategy": "steps",
        "eval_steps": settings.checkpoint_steps,
        # How long early stopping has been waiting is part of a checkpoint.
        "restore_callback_states_from_checkpoint": True,
        "dataloader_pin_memory": execution.device == "cuda",
        "ddp_find_unused_parameters": False if strategy == "ddp" else None,
        "report_to": "none",
        "disable_tqdm": True,
        "push_to_hub": False,
    }
    if stops_early:
        arguments |= {
            "load_best_model_at_end": True,
            "metric_for_best_model": "eval_loss",
            "greater_is_better": False,
        }
    return arguments | (fsdp_arguments(execution) if strategy == "fsdp" else {})


def sft_arguments(settings: TrainSettings, execution: Execution, max_length: int) -> dict[str, Any]:
    """Supervised fine-tuning: what is learnt from a row, and how rows fill a sequence.

    Validation rows are never packed: their loss must not depend on their neighbours.
    """
    return {
        "num_train_epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "max_length": max_length,
        "packing": execution.packing,
        "packing_strategy": "bfd",
        "eval_packing": False,
        "completion_only_loss": settings.completion_only,
    }


def dpo_arguments(settings: TrainSettings, max_length: int) -> dict[str, Any]:
    """Preference optimisation, against the model as it was before this stage.

    Of an adapter that is a frozen copy beside it; in full tuning, where a copy would double the
    weights, its answers are computed once, before the first step.
    """
    return {
        "num_train_epochs": settings.dpo.epochs,
        "learning_rate": settings.dpo.learning_rate,
        "beta": settings.dpo.beta,
        "max_length": max_length,
        "precompute_ref_log_probs": settings.tuning == "full",
    }
