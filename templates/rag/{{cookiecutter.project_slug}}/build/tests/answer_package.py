"""Builds a small package with the real steps, once per test process, for tests to use or damage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from source import embed, index, ingest
from source.questions import UNANSWERABLE, Evidence, Question, write_questions

REPOSITORY = Path(__file__).resolve().parent.parent
DEPARTMENTS = ("sales", "board", "plant", "legal", "travel", "garden")
SUBJECTS = (
    ("Vacation days", "leave", "weeks of paid leave are granted to members of the {} group"),
    ("Meal vouchers", "canteen", "euros are added to the canteen card of the {} group"),
    ("Night shifts", "lantern", "lanterns light the path of the {} group after sunset"),
    ("Spare keys", "locker", "lockers hold the spare keys of the {} group"),
    ("Parcel desk", "parcel", "parcels a day leave the desk of the {} group"),
)
QUESTIONS = REPOSITORY / "questions"


def write_corpus(folder: Path) -> Path:
    """A Markdown document a department, with a section a subject; the board's are labelled."""
    for department in DEPARTMENTS:
        place = folder / ("board" if department == "board" else "public")
        place.mkdir(parents=True, exist_ok=True)
        parts = [f"# Handbook of {department}\n"]
        for number, (heading, word, sentence) in enumerate(SUBJECTS):
            parts.append(
                f"## {heading} in {department}\n\n"
                f"{number + 3} {sentence.format(department)}. The {word} rules of {department} "
                f"were agreed on in spring and are read out every year by the speaker.\n"
            )
        (place / f"{department}.md").write_text("\n".join(parts), encoding="utf-8")
    return folder


def questions() -> list[Question]:
    """A question for every section, and some that no document answers."""
    answerable = [
        Question(
            f"How are {word} rules agreed on in {department}?",
            "question",
            (Evidence(heading=None, quote=f"The {word} rules of {department}"),),
            ("board", "public"),
            True,
        )
        for department in DEPARTMENTS
        for _, word, _ in SUBJECTS
    ]
    others = [
        Question(f"Which {animal} swims to Iceland?", UNANSWERABLE, (), ("board", "public"), True)
        for animal in ("penguin", "walrus", "otter", "herring", "dolphin", "orca", "seal", "eel")
    ]
    return [*answerable, *others]


@cache
def built() -> Path:
    """The folder that has package/, questions/ and champion/."""
    root = Path(mkdtemp(prefix="answer-package-"))
    write_corpus(root / "corpus")
    write_questions(questions(), root / "questions" / "questions.jsonl")
    (root / "champion").mkdir()
    (root / "champion/champion.json").write_text('{"model_package_arn": null}', encoding="utf-8")
    settings = root / "settings.json"
    sections = {"evaluate": {"questions": "questions/questions.jsonl"}}
    settings.write_text(json.dumps(sections), encoding="utf-8")
    data = root / "data.json"
    given = {"data": {"source": "corpus/", "label_rule": "folder"}, "embedding": {"dimension": 16}}
    data.write_text(json.dumps(given), encoding="utf-8")
    nothing = root / "none"
    nothing.mkdir()
    common = ["--previous", nothing, "--settings", data]
    call(ingest.main, "--input", root / "corpus", "--output", root / "ingest", *common)
    parts = ["--documents", root / "ingest/documents", "--encoder", root / "ingest/encoder"]
    call(embed.main, *parts, "--output", root / "embed", *common)
    call(
        index.main,
        *parts,
        *("--manifest", root / "ingest/manifest"),
        *[
            item
            for name in ("chunks", "vectors", "embedded")
            for item in (f"--{name}", root / "embed" / name)
        ],
        *("--prompts", REPOSITORY / "prompts", "--questions", root / "questions"),
        *("--output", root, "--settings", settings),
    )
    return root


def copy_of_package(folder: Path) -> Path:
    """A package that a test may damage."""
    return Path(shutil.copytree(built() / "package", folder / "package"))


def call(main: Any, *arguments: object) -> None:
    """A step's entry point with its arguments."""
    texts: Sequence[str] = [str(argument) for argument in arguments]
    main(texts)
