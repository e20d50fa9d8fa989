"""The two ways to build and ask an index that are compared, and where the template's code is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BUILD = (
    Path(__file__).resolve().parents[2]
    / "templates"
    / "rag"
    / "{{cookiecutter.project_slug}}"
    / "build"
)
PLAIN = "plain libraries"
TEMPLATE = "template"
WAYS = (PLAIN, TEMPLATE)
# As the template's defaults: numbers in a vector, passages of each way, passages of an answer.
DIMENSION, CANDIDATES, TOP_K = 256, 100, 5
WORDS_IN_CHUNK = 90


@dataclass(frozen=True)
class Task:
    """What a worker measures: a way, over so many chunks, asked so many questions."""

    way: str
    chunks: int
    questions: int


@dataclass(frozen=True)
class Measured:
    """What a worker saw, in seconds and milliseconds of processor time.

    `found` is a hash of all that was found, which repetitions must agree on.
    """

    build_seconds: float
    query_ms: float
    slow_query_ms: float
    peak_mib: float
    found: str
    failure: str | None = None
