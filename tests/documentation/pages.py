"""Reads the documentation as a machine: its code blocks, the commands in them, its tables.

In a ```console block a line that begins with `$ ` is a command and the lines below it are what it
prints; a block without any `$ ` holds commands only. `...` stands for lines that are left out.
A command belongs to the repository that the page is about, until a `cd` goes to another one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from conftest import CHECKOUT

DOCS = CHECKOUT / "docs"
FENCE = re.compile(
    r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[\w-]*)[^\n]*\n"
    r"(?P<text>.*?)^(?P=indent)(?P=ticks) *$",
    re.MULTILINE | re.DOTALL,
)
LLM_PLACE = "llm_finetune"
RAG_PLACE = "rag"
# Pages about one of the rendered repositories: their commands are run in it.
PLACES = {
    "people/data-scientist.md": "build",
    "people/governance-officer.md": "build",
    "people/ml-engineer.md": "deploy",
    "templates/regression.md": "build",
    "templates/llm_finetune.md": LLM_PLACE,
    "templates/rag.md": RAG_PLACE,
    "commands/build-make.md": "build",
    "commands/mlops.md": "build",
    "commands/deploy-make.md": "deploy",
}
CHECKOUT_PLACE = "checkout"


@dataclass(frozen=True)
class Block:
    """A fenced block: where it starts, its language and its lines, without indentation."""

    page: Path
    line: int
    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """One command, the repository it is for (checkout, build or deploy) and what it prints.

    `output` is None where the page does not show it.
    """

    page: Path
    line: int
    text: str
    place: str
    output: str | None

    @property
    def words(self) -> list[str]:
        """The command's words as a shell splits them, comments left out."""
        return shlex.split(self.text, comments=True)

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}: {self.text}"


def pages() -> list[Path]:
    """Every page of the documentation."""
    return sorted(DOCS.rglob("*.md"))


def name_of(page: Path) -> str:
    """A page's path below docs/, as mkdocs.yml names it."""
    return page.relative_to(DOCS).as_posix()


def blocks(page: Path, language: str | None = None) -> list[Block]:
    """The fenced blocks of a page, or those of one language."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        if language in (None, match["language"]):
            line = text.count("\n", 0, match.start()) + 1
            indent = len(match["indent"])
            body = "\n".join(row[indent:] for row in match["text"].splitlines())
            found.append(Block(page, line, match["language"], body))
    return found


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def commands(page: Path, place: str) -> list[Command]:
    """Every command of a page's console blocks."""
    return [
        command
        for block in blocks(page, "console")
        for command in _in_block(block, place)
    ]  # fmt: skip


def _in_block(block: Block, place: str) -> Iterator[Command]:
    lines = _joined(block.text)
    transcript = any(line.startswith("$ ") for line in lines)
    current: Command | None = None
    for number, line in enumerate(lines, start=block.line + 1):
        starts = line.startswith("$ ") if transcript else bool(line.strip())
        if starts:
            if current:
                yield current
            place = _moved(line, place)
            text = line.removeprefix("$ ")
            current = Command(block.page, number, text, place, "" if transcript else None)
        elif current and transcript:
            current = replace(current, output=f"{current.output}{line}\n")
    if current:
        yield current


def _joined(text: str) -> list[str]:
    """The lines of a block. One that goes on in the next ones has their text, and they none."""
    lines = text.split("\n")
    for number in reversed(range(len(lines) - 1)):
        if lines[number].endswith("\\"):
            lines[number] = f"{lines[number][:-1]} {lines[number + 1].strip()}"
            lines[number + 1] = ""
    return lines


def _moved(line: str, place: str) -> str:
    """The place after the `cd`, or for the `make -C`, of a line."""
    for folder in re.findall(r"(?:\bcd|make -C) +(\S+)", line):
        last = folder.rstrip("/").rsplit("/", 1)[-1]
        place = last if last in ("build", "deploy") else CHECKOUT_PLACE
    return place


def tables(page: Path) -> list[list[dict[str, str]]]:
    """Every table of a page: its rows, each from heading to cell."""
    found: list[list[dict[str, str]]] = []
    headings: list[str] = []
    for line in prose(page).splitlines():
        if not line.lstrip().startswith("|"):
            headings = []
            continue
        cells = cells_of(line)
        if not headings:
            headings = cells
            found.append([])
        elif not all(set(cell) <= set(":- ") and "-" in cell for cell in cells):
            assert len(cells) == len(headings), f"{page.name}: {line}"
            found[-1].append(dict(zip(headings, cells, strict=True)))
    return found


def cells_of(line: str) -> list[str]:
    """The cells of a table's line; `\\|` is a bar inside a cell."""
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]


def codes(cell: str) -> list[str]:
    """What a cell has in `code`."""
    return re.findall(r"`([^`]+)`", cell)


def rows(page: Path, *headings: str) -> list[dict[str, str]]:
    """The rows of all tables that have these headings."""
    return [row for table in tables(page) for row in table if set(headings) <= set(row)]


def commands_of(page: Path) -> list[Command]:
    """Every command of a page of the documentation."""
    return commands(page, PLACES.get(name_of(page), CHECKOUT_PLACE))


def parts(command: Command) -> list[Command]:
    """A line's commands, one by one: `cd build && make run` is two."""
    texts = re.split(r"\s+(?:&&|\|)\s+", re.sub(r"(?<=\s)#.*$", "", command.text))
    return [Command(command.page, command.line, t, command.place, command.output) for t in texts]
