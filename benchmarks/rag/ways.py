"""The two ways to build and ask an index that are compared, and what is measured of them."""

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
# What a worker does: write texts and vectors, build and save an index of them, open one that was
# saved, or open both and ask them in turn.
CORPUS, INDEX, OPEN, ASK = "corpus", "index", "open", "ask"


@dataclass(frozen=True)
class Task:
    """What a worker does in a folder, with so many chunks and questions; `way` is of one index."""

    kind: str
    folder: str
    chunks: int
    questions: int
    way: str = ""


@dataclass(frozen=True)
class Measured:
    """What one repetition of a way cost; times are the processor's.

    Building ends with the first answer. `peak_mib` is the most memory that building took, with the
    texts and vectors that it is given; `open_mib` is what an index takes that was opened and has
    answered. `found` is a hash of all that was found, which repetitions must agree on, and `same`
    the share of questions for which both ways found the same: in plain use of BM25 the order of
    equal scores is arbitrary.
    """

    build_seconds: float
    save_seconds: float
    open_seconds: float
    query_ms: float
    slow_query_ms: float
    peak_mib: float
    open_mib: float
    found: str
    same: float
