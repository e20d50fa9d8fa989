"""Arguments of a processing step: the folders that its container mounts, or those given."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from source.settings import default_path

INPUT = Path("/opt/ml/processing/input")
OUTPUT = Path("/opt/ml/processing/output")


def step_parser(description: str | None, *inputs: str) -> argparse.ArgumentParser:
    """A parser of --settings, --output and an option for each input, the folder of that name."""
    parser = argparse.ArgumentParser(description=description)
    for name in inputs:
        parser.add_argument(f"--{name}", type=Path, default=INPUT / name)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--settings", type=Path, default=default_path())
    return parser


def bound_argument(text: str) -> float | None:
    """The gate's bound as a number; the words for "none" and NaN give None. Raises `ValueError`."""
    if text.strip().casefold() in ("", "none", "null", "nan"):
        return None
    value = float(text)
    if math.isinf(value):
        raise ValueError(text)
    return value


def add_bound(parser: argparse.ArgumentParser) -> None:
    """Let the parser take --bound: it is a parameter of the pipeline, not a setting."""
    parser.add_argument("--bound", type=bound_argument, default=None, help="worst acceptable value")
