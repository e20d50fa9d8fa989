"""The adapter: its configuration, 4-bit base weights, and an adapter directory fit to publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from source.base_model import BaseModel
from source.errors import UserError
from source.train_settings import LoraSettings

if TYPE_CHECKING:
    from peft import LoraConfig
    from transformers import BitsAndBytesConfig, PreTrainedModel

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"


class ModulesUnknown(UserError):
    """The adapter names a projection that the base model does not have."""


def adapter_config(settings: LoraSettings, model: PreTrainedModel) -> LoraConfig:
    """PEFT's configuration. Raises `ModulesUnknown` naming what the model does have."""
    import torch
    from peft import LoraConfig

    linear = {
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and not name.endswith("lm_head")
    }
    unknown = sorted(set(settings.target_modules) - linear)
    if unknown:
        raise ModulesUnknown(
            f"train.lora.target_modules: {type(model).__name__} has no {', '.join(unknown)}; "
            f"its linear layers are {', '.join(sorted(linear))}"
        )
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(settings.target_modules),
        task_type="CAUSAL_LM",
    )


def four_bit() -> BitsAndBytesConfig:
    """QLoRA's quantisation: 4-bit normal floats, the scales quantised too, bfloat16 arithmetic."""
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def clean_adapter(directory: Path, base: BaseModel) -> None:
    """Make a saved adapter fit to publish: it names its base, not a path of the training job.

    Only the configuration and the weights stay, readable by everyone.
    """
    path = directory / CONFIG
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = base.source
    config["revision"] = base.revision
    if isinstance(config.get("target_modules"), list):
        # PEFT writes a set: the same adapter would have another file each time.
        config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for file in directory.iterdir():
        if file.name in (CONFIG, WEIGHTS):
            file.chmod(0o644)
        elif file.is_file():
            file.unlink()
