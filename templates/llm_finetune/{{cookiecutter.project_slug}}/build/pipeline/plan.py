"""`make plan`: what memory a tuning takes, and which machines have it, the cheapest first.

The base model's shape comes from its config.json, or from a size that you state; everything else
from `config/pipeline.yaml` unless you ask "what if". Nothing is downloaded and no machine asked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mlops.errors import CommandError
from pipeline.accelerators import ACCELERATORS, Accelerator
from pipeline.config import PipelineConfig, load_config
from pipeline.memory import Memory, estimate
from pipeline.model_shape import ModelShape, ShapeUnknown, read_shape, typical_shape
from pipeline.training_config import Train

MOST_MACHINES = 8
# Of a GPU's memory: an estimate that fills it to the brim is too uncertain to start a job on.
USABLE = 0.95
SHOWN = 8


@dataclass(frozen=True)
class Placement:
    """Machines that a tuning fits on; `strategy` is how their GPUs divide the work."""

    machine: Accelerator
    machines: int
    strategy: str
    memory: Memory

    @property
    def gpus(self) -> int:
        """GPUs of all machines."""
        return self.machine.gpus * self.machines

    @property
    def price(self) -> float:
        """Of an hour, relative to ml.g6.xlarge."""
        return self.machine.price * self.machines

    @property
    def used(self) -> float:
        """Share of each GPU's memory that is used."""
        return self.memory.total / self.machine.memory_gib


def placements(shape: ModelShape, train: Train, max_length: int) -> list[Placement]:
    """Every machine that the tuning fits on, the cheapest first.

    Several machines are looked at only where no single one is large enough.
    """
    count = 1
    while count <= MOST_MACHINES:
        found = [
            placement
            for machine in ACCELERATORS
            for placement in _on(machine, count, shape, train, max_length)
        ]
        if found:
            return sorted(found, key=lambda p: (p.price, p.machine.instance_type))
        count *= 2
    return []


def _on(
    machine: Accelerator, machines: int, shape: ModelShape, train: Train, max_length: int
) -> Iterator[Placement]:
    """The first way to divide the work that fits: whole copies, else shards."""
    gpus = machine.gpus * machines
    for strategy, shards in (("ddp" if gpus > 1 else "one GPU", 1), ("fsdp", gpus)):
        if strategy == "fsdp" and (gpus == 1 or train.tuning == "qlora"):
            continue
        if train.distributed not in ("auto", strategy) and gpus > 1:
            continue
        memory = estimate(shape, train, max_length, bf16=machine.bf16, shards=shards)
        if memory.total <= USABLE * machine.memory_gib:
            yield Placement(machine, machines, strategy, memory)
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when something fits, 1 when nothing does, 2 when the question is unclear."""
    parser = argparse.ArgumentParser("python -m pipeline.plan", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--config", type=Path, metavar="FILE", help="a config.json, or its folder")
    what.add_argument("--parameters", type=float, metavar="N", help="a size, in billions")
    parser.add_argument("--method", choices=("sft", "dpo", "sft+dpo"))
    parser.add_argument("--tuning", choices=("lora", "qlora", "full"))
    parser.add_argument("--length", type=int, metavar="TOKENS", help="model.max_length")
    parser.add_argument("--batch-size", type=int, metavar="ROWS", help="train.batch_size")
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        return _plan(options, load_config(), console)
    except CommandError as error:
        print(f"plan: {error}", file=sys.stderr)
        return error.exit_code


def _plan(options: argparse.Namespace, config: PipelineConfig, console: Console) -> int:
    for name in ("parameters", "length", "batch_size"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            raise ShapeUnknown(f"--{name.replace('_', '-')}: {value} is not a positive number")
    shape = _shape(options, config)
    asked = {
        "method": options.method,
        "tuning": options.tuning,
        "batch_size": options.batch_size,
    }
    given = {key: value for key, value in asked.items() if value is not None}
    # `distributed` is for the machines that are configured; another tuning may want another.
    if options.tuning is not None:
        given["distributed"] = "auto"
    train = Train.model_validate(config.train.model_dump() | given)
    length = options.length or config.model.max_length
    if shape.context is not None and length > shape.context:
        raise ShapeUnknown(
            f"{length} tokens do not fit the model's context of {shape.context}: lower "
            "model.max_length, or --length"
        )
    found = placements(shape, train, length)
    console.print(
        f"{shape.parameters / 1e9:.3g} billion parameters, {train.method}, {train.tuning}, "
        f"{train.batch_size} rows of {length} tokens a GPU"
    )
    if not found:
        alone = estimate(shape, train, length)
        console.print(_breakdown(alone))
        raise CommandError(
            f"{alone.total:,.0f} GiB on one GPU, and no {MOST_MACHINES} machines of a kind have "
            "it together: lower --batch-size or --length, or use --tuning lora or qlora"
        )
    console.print(_table(found[:SHOWN]))
    if len(found) > SHOWN:
        console.print(f"and {len(found) - SHOWN} dearer ones")
    console.print(f"\nThe cheapest, on each GPU:\n{_breakdown(found[0].memory)}")
    console.print(f"\nFor config/pipeline.yaml:\n{_configuration(found[0], train, given, length)}")
    console.print(f"\nFor config/<stage>.yaml of the deploy repository:\n{_served(shape)}")
    return 0


def _shape(options: argparse.Namespace, config: PipelineConfig) -> ModelShape:
    if options.parameters is not None:
        return typical_shape(int(options.parameters * 1e9))
    if options.config is not None:
        return read_shape(options.config)
    source = config.model.source
    if config.model.is_folder:
        return read_shape(Path(source))
    raise ShapeUnknown(
        f"model.source is {source}, whose config.json is not here: give it with --config FILE, or "
        "state the model's size with --parameters, in billions (make plan ARGS='--parameters 8')"
    )


def _table(found: Sequence[Placement]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("machine")
    for heading in ("machines", "GPUs", "GiB each", "needed", "used"):
        table.add_column(heading, justify="right")
    table.add_column("work")
    table.add_column("price", justify="right")
    for placement in found:
        machine = placement.machine
        table.add_row(
            machine.instance_type,
            str(placement.machines),
            f"{placement.gpus} x {machine.gpu}",
            f"{machine.memory_gib:g}",
            f"{placement.memory.total:.1f}",
            f"{placement.used:.0%}",
            placement.strategy,
            f"{placement.price:.3g}",
        )
    return table


def _breakdown(memory: Memory) -> str:
    parts = {
        "weights": memory.weights,
        "gradients": memory.gradients,
        "optimizer": memory.optimizer,
        "activations": memory.activations,
        "logits": memory.logits,
    }
    lines = [f"  {name:<12}{value:8.1f} GiB" for name, value in parts.items()]
    return "\n".join([*lines, f"  {'in all':<12}{memory.total:8.1f} GiB, with CUDA's own"])


def _configuration(
    placement: Placement, train: Train, given: dict[str, object], length: int
) -> str:
    lines = [f"model: {{max_length: {length}}}"]
    changed = {key: value for key, value in given.items() if key != "distributed"}
    distributed = placement.strategy if placement.gpus > 1 else train.distributed
    changed["distributed"] = distributed
    lines.append(f"train: {{{', '.join(f'{k}: {v}' for k, v in changed.items())}}}")
    machine = placement.machine.instance_type
    counted = f", instance_count: {placement.machines}" if placement.machines > 1 else ""
    lines.append(f"compute: {{train: {{instance_type: {machine}{counted}}}}}")
    return "\n".join(f"  {line}" for line in lines)


def _served(shape: ModelShape) -> str:
    """The section `model`, by which the endpoint is checked to have the memory for it."""
    section = {
        "parameters_millions": f"{shape.parameters / 1e6:.6g}",
        "bytes_per_parameter": "2",
        "layers": str(shape.layers),
        "attention_heads": str(shape.heads),
        "key_value_heads": str(shape.key_value_heads),
        "head_size": str(shape.head_size),
        "longest_context_tokens": str(shape.context or "from its config.json"),
    }
    return "\n".join(["  model:", *(f"    {key}: {value}" for key, value in section.items())])


if __name__ == "__main__":
    sys.exit(main())
