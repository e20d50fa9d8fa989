"""Measures one way to train in a process of its own, so that no memory is left from another.

Weights are random and rows are random tokens: speed does not depend on what is learnt. Prints the
result as one line of JSON.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.llm.arithmetic import SHAPES, Shape, flops_per_token
from benchmarks.llm.ways import BUILD, RANK, WAYS, Measured, Task, row_lengths
from benchmarks.marked import report_measurement


def main() -> None:
    """The worker's entry point; its argument is a `Task` as JSON."""
    report_measurement(Task, measure)


def measure(task: Task) -> Measured:
    """Train a few steps as the task's way does."""
    sys.path.insert(0, str(BUILD))
    import torch
    from source import hardware

    shape = SHAPES[task.shape]
    machine = hardware.detect()
    lengths = row_lengths(64 * (task.warm_up + task.steps), task.max_length)
    rank = None if task.tuning == "full" else RANK
    flops = flops_per_token(shape, lengths, rank)
    parameters = shape.multiplied
    try:
        rate, notes = _train(task, shape, machine, lengths)
    except torch.cuda.OutOfMemoryError:
        return Measured(machine.name, parameters, None, None, flops, [], "out of memory")
    peak = torch.cuda.max_memory_allocated() / 2**30 if machine.device == "cuda" else None
    return Measured(machine.name, parameters, rate, peak, flops, notes)


def _train(task: Task, shape: Shape, machine: Any, lengths: list[int]) -> tuple[float, list[str]]:
    """Tokens per second after the warm-up, padding left out, and what the machine ignored."""
    import torch
    from datasets import Dataset
    from source import lora
    from source.hardware import resolve
    from source.train_settings import LoraSettings, TrainSettings
    from source.trainer_arguments import common_arguments, sft_arguments
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    given = next(way.settings for way in WAYS if way.name == task.way)
    # The adapter is the same in all ways; only how it is trained differs.
    settings = TrainSettings(tuning=task.tuning, lora=LoraSettings(rank=RANK), **(given or {}))
    execution = resolve(settings, machine, task.max_length)
    plain = given is None
    full = task.tuning == "full" or execution.precision == "fp32"
    on_gpu = machine.device == "cuda"
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        arguments: dict[str, Any] = {"output_dir": folder, "max_length": task.max_length}
        if plain:
            arguments |= {"use_cpu": not on_gpu, "bf16": on_gpu}
        else:
            output = Path(folder)
            arguments |= common_arguments(settings, execution, "none", output, stops_early=False)
            arguments |= sft_arguments(settings, execution, task.max_length)
        arguments |= {
            "max_steps": task.warm_up + task.steps,
            "save_strategy": "no",
            "eval_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            # Each step: both ways pay for it alike.
            "logging_steps": 1,
        }
        model = _model(
            shape,
            # TRL loads weights in 32 bits; the template frozen ones in 16.
            torch.float32 if plain or full else torch.bfloat16,
            "sdpa" if plain else execution.attention,
            machine.device,
        )
        trainer = SFTTrainer(
            model,
            args=SFTConfig(**arguments),
            train_dataset=Dataset.from_list(_rows(shape, lengths)),
            processing_class=_tokenizer(shape),
            peft_config=None
            if task.tuning == "full"
            else lora.adapter_config(settings.lora, model),
        )
        trainer.remove_callback(PrinterCallback)
        stopwatch = _stopwatch()
        trainer.add_callback(stopwatch)
        trainer.train()
    (began, before), (ended, after) = stopwatch.laps[task.warm_up - 1], stopwatch.laps[-1]
    return (after - before) / (ended - began), [] if plain else list(execution.ignored)


def _stopwatch() -> Any:
    """A callback that notes time and tokens at every step."""
    from transformers import TrainerCallback

    class Stopwatch(TrainerCallback):  # type: ignore[misc]
        """(seconds, tokens so far) of each step; logging has waited for the GPU."""

        def __init__(self) -> None:
            self.laps: list[tuple[float, float]] = []

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            """Note a step."""
            if "num_tokens" in logs:
                self.laps.append((time.perf_counter(), float(logs["num_tokens"])))

    return Stopwatch()


def _model(shape: Shape, dtype: Any, attention: str, device: str) -> Any:
    """A model with random weights, made where it is trained."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen3Config

    config = Qwen3Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads,
        head_dim=shape.head,
        max_position_embeddings=shape.context,
        use_cache=False,
    )
    with torch.device(device):
        return AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation=attention)


def _rows(shape: Shape, lengths: list[int]) -> list[dict[str, list[int]]]:
    chooser = random.Random(11)
    rows = []
    for length in lengths:
        ids = [chooser.randrange(8, shape.vocabulary) for _ in range(length)]
        rows.append({"input_ids": ids, "labels": ids})
    return rows


def _tokenizer(shape: Shape) -> Any:
    """TRL asks for one, although the rows are tokens already."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = {"<pad>": 0, "<end>": 1}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>")


if __name__ == "__main__":
    main()
