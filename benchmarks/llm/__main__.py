"""`python -m benchmarks.llm`: measures the ways to tune a model in turn, and says what holds.

Run it with a Python that has the template's build requirements (and flash-attn, bitsandbytes). It
needs a GPU: without one it says so and ends well, and nothing else depends on it.
"""

from __future__ import annotations

import click
from rich.console import Console

from benchmarks.llm.arithmetic import SHAPES
from benchmarks.llm.report import Measurements, fastest_is_ours, print_table
from benchmarks.llm.ways import BUILD, WAYS, Measured, Task
from benchmarks.marked import NotMeasured, measured_by


@click.command()
@click.option("--shape", "shapes", multiple=True, type=click.Choice(list(SHAPES)))
@click.option("--tuning", "tunings", multiple=True, type=click.Choice(["lora", "full"]))
@click.option("--way", "ways", multiple=True, type=click.Choice([way.name for way in WAYS]))
@click.option("--max-length", default=2048, show_default=True, type=click.IntRange(64))
@click.option("--steps", default=20, show_default=True, type=click.IntRange(2))
@click.option("--warm-up", default=5, show_default=True, type=click.IntRange(1))
@click.option("--repetitions", default=3, show_default=True, type=click.IntRange(1))
@click.option("--cpu", is_flag=True, help="Run without a GPU, to try the benchmark itself.")
@click.option("--check", is_flag=True, help="Exit with 1 unless the template's way is the fastest.")
def main(
    shapes: tuple[str, ...],
    tunings: tuple[str, ...],
    ways: tuple[str, ...],
    max_length: int,
    steps: int,
    warm_up: int,
    repetitions: int,
    cpu: bool,
    check: bool,
) -> None:
    """Measure tokens/s, MFU and peak memory of the template's defaults against plain TRL.

    The ways take turns, so that a hot moment of the chip hits all of them.
    """
    reason = _missing(cpu)
    if reason is not None:
        click.echo(f"benchmarks.llm: {reason}; nothing was measured")
        return
    held = True
    for shape in shapes or (("tiny",) if cpu else ("1b", "7b")):
        for tuning in tunings or ("lora", "full"):
            measured = Measurements()
            for repetition in range(repetitions):
                for way in ways or tuple(way.name for way in WAYS):
                    task = Task(shape, tuning, way, max_length, steps, warm_up)
                    measured.add(way, run(task))
                click.echo(f"{shape} {tuning}: {repetition + 1} of {repetitions}", err=True)
            title = f"{shape}, {tuning}, rows of up to {max_length} tokens, {repetitions} x {steps}"
            print_table(measured, title, Console())
            held = fastest_is_ours(measured) and held
    if check and not held:
        raise SystemExit(1)


def run(task: Task) -> Measured:
    """Measure a task in a process of its own; a failure becomes its last line."""
    environment = {"HF_HUB_OFFLINE": "1"}
    try:
        found = measured_by("benchmarks.llm.worker", task, build=BUILD, environment=environment)
    except NotMeasured as error:
        return Measured("", 0, None, None, 0.0, [], str(error))
    return Measured(**found)


def _missing(cpu: bool) -> str | None:
    """Why nothing can be measured here; None when it can."""
    try:
        import torch
        import trl  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed here, use a Python with the template's requirements"
    if not cpu and not torch.cuda.is_available():
        return "there is no GPU here"
    return None


if __name__ == "__main__":
    main()
