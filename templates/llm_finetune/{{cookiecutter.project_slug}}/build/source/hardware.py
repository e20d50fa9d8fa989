"""What this machine has, and what of the settings it can honour.

The same settings run on a laptop and on eight GPUs. What a machine lacks is never an error and
never silent: `resolve` returns how to run here, with a sentence for each thing it had to ignore.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass

from source.train_settings import TrainSettings

# Tensor cores for bfloat16, and FlashAttention 2, begin with the Ampere generation.
AMPERE = (8, 0)
# Packed rows of a batch are one long sequence. FlashAttention never looks across two rows of it;
# other implementations pay for a mask of this many tokens squared.
LONGEST_MASKED = 8192
# Below this hidden size a matrix product costs less than waking a second thread.
SMALL_HIDDEN_SIZE = 512


@dataclass(frozen=True)
class Hardware:
    """One machine as a training process sees it; `capability` is CUDA's, None without a GPU."""

    device: str
    devices: int
    name: str
    memory_gib: float
    capability: tuple[int, int] | None
    flash_attention: bool
    quantisation: bool

    @property
    def bf16(self) -> bool:
        """Whether bfloat16 is computed in hardware."""
        return self.capability is not None and self.capability >= AMPERE


@dataclass(frozen=True)
class Execution:
    """How to run here: numbers, attention, what saves memory, and what was ignored and why."""

    device: str
    precision: str
    attention: str
    quantise: bool
    packing: bool
    gradient_checkpointing: bool
    optimizer: str
    ignored: tuple[str, ...]


def detect() -> Hardware:
    """This machine. Imports torch."""
    import torch

    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        return Hardware(
            device="cuda",
            devices=torch.cuda.device_count(),
            name=properties.name,
            memory_gib=properties.total_memory / 2**30,
            capability=(properties.major, properties.minor),
            flash_attention=_installed("flash_attn"),
            quantisation=_installed("bitsandbytes"),
        )
    return Hardware("cpu", 1, "CPU", _host_memory_gib(), None, False, False)


def resolve(settings: TrainSettings, hardware: Hardware, max_length: int) -> Execution:
    """How `settings` run on `hardware`, with rows of up to `max_length` tokens."""
    ignored: list[str] = []
    attention = _attention(settings, hardware, ignored)
    return Execution(
        device=hardware.device,
        precision=_precision(settings, hardware, ignored),
        attention=attention,
        quantise=_quantise(settings, hardware, ignored),
        packing=_packing(settings, attention, max_length, ignored),
        gradient_checkpointing=_checkpointing(settings, hardware, ignored),
        # One kernel for all parameters instead of one per parameter; numerically the same step.
        optimizer="adamw_torch_fused" if hardware.device == "cuda" else "adamw_torch",
        ignored=tuple(ignored),
    )


def use_threads_for(hidden_size: int) -> None:
    """Compute a small model with one thread: a second one made it up to ten times slower."""
    if hidden_size < SMALL_HIDDEN_SIZE:
        import torch

        torch.set_num_threads(1)


def _precision(settings: TrainSettings, hardware: Hardware, ignored: list[str]) -> str:
    if settings.precision == "bf16" and not hardware.bf16:
        ignored.append(
            f"train.precision bf16: {hardware.name} computes no bfloat16, so fp32 is used"
        )
    wanted = settings.precision in ("auto", "bf16")
    return "bf16" if wanted and hardware.bf16 else "fp32"


def _attention(settings: TrainSettings, hardware: Hardware, ignored: list[str]) -> str:
    """FlashAttention 2 where it runs (it takes 16-bit numbers only), else torch's own."""
    runs = hardware.flash_attention and hardware.bf16 and settings.precision != "fp32"
    if settings.attention == "flash_attention_2" and not runs:
        reason = (
            "it takes 16-bit numbers and train.precision is fp32"
            if hardware.bf16 and settings.precision == "fp32"
            else f"{hardware.name} cannot run it"
            if not hardware.bf16
            else "the package flash-attn is not installed"
        )
        ignored.append(f"train.attention flash_attention_2: {reason}, so sdpa is used")
        return "sdpa"
    if settings.attention == "auto":
        return "flash_attention_2" if runs else "sdpa"
    return settings.attention


def _quantise(settings: TrainSettings, hardware: Hardware, ignored: list[str]) -> bool:
    if settings.tuning != "qlora":
        return False
    if hardware.device == "cuda" and hardware.quantisation:
        return True
    reason = (
        f"{hardware.name} has no 4-bit kernels"
        if hardware.device != "cuda"
        else "the package bitsandbytes is not installed"
    )
    ignored.append(
        f"train.tuning qlora: {reason}, so the adapter is trained on unquantised weights"
    )
    return False


def _packing(settings: TrainSettings, attention: str, max_length: int, ignored: list[str]) -> bool:
    tokens = settings.batch_size * max_length
    if settings.packing and attention != "flash_attention_2" and tokens > LONGEST_MASKED:
        ignored.append(
            f"train.packing: without FlashAttention a packed batch of {tokens} tokens is slower "
            f"than its rows padded (from {LONGEST_MASKED} on), so rows are padded"
        )
        return False
    return settings.packing


def _checkpointing(settings: TrainSettings, hardware: Hardware, ignored: list[str]) -> bool:
    """It trades time for GPU memory, which a CPU run does not use."""
    if settings.gradient_checkpointing and hardware.device != "cuda":
        ignored.append(
            f"train.gradient_checkpointing: {hardware.name} has no GPU memory to save, so "
            "activations are kept"
        )
        return False
    return settings.gradient_checkpointing


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _host_memory_gib() -> float:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    except (ValueError, OSError, AttributeError):  # not POSIX
        return 0.0
