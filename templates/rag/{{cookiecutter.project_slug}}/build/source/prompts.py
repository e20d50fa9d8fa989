"""Prompts are files: a header with name and version, what the system says, what the user says.

    ---
    name: answer
    version: 1
    ---
    ## System
    Answer from the passages only.
    ## User
    {context}
    {question}

Slots are names in braces and stand in the user's part only: what comes from documents or callers
never becomes an instruction of the system. Double braces are braces.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from source.errors import UserError

# What each prompt must have a place for; it may have no others.
SLOTS = {
    "answer": ("context", "question"),
    "write_questions": ("context",),
    "judge_faithfulness": ("context", "answer"),
    "judge_relevance": ("question", "answer"),
}
SLOT = re.compile(r"\{\{|\}\}|\{([a-z_]+)\}")
FILE = re.compile(
    r"---\n(?P<header>.*?)\n---\n\s*## System\n(?P<system>.*?)\n## User\n(?P<user>.*)", re.DOTALL
)


class PromptUnusable(UserError):
    """A prompt lacks a slot or a part, or has one that nothing fills; the text names it."""


@dataclass(frozen=True)
class Prompt:
    """A prompt of a version; `sha256` is of its file."""

    name: str
    version: int
    system: str
    user: str
    sha256: str

    def fill(self, **values: str) -> str:
        """The user's part with the slots filled. What is filled in is not looked at again."""
        return "".join(text for _, text in self.parts(**values))

    def parts(self, **values: str) -> list[tuple[str | None, str]]:
        """The user's part in pieces: the prompt's own text as None, and each slot by its name."""
        pieces: list[tuple[str | None, str]] = []
        start = 0
        # Double braces are found, too, so that none of theirs is taken for a slot's.
        for slot in (found for found in SLOT.finditer(self.user) if found.group(1)):
            pieces.append((None, _braces(self.user[start : slot.start()])))
            pieces.append((slot.group(1), values[slot.group(1)]))
            start = slot.end()
        pieces.append((None, _braces(self.user[start:])))
        return [(name, text) for name, text in pieces if text]

    @property
    def slots(self) -> tuple[str, ...]:
        """The names in braces, sorted."""
        return tuple(sorted(_slots(self.user)))


def load_prompts(folder: Path) -> dict[str, Prompt]:
    """Every prompt of a folder by name. Raises `PromptUnusable`."""
    prompts = {}
    for path in sorted(folder.glob("*.md")):
        prompt = read_prompt(path)
        if prompt.name != path.stem:
            raise PromptUnusable(f"{path}: its name is {prompt.name!r}; name both the same")
        prompts[prompt.name] = prompt
    if "answer" not in prompts:
        raise PromptUnusable(f"{folder}: there is no answer.md, the prompt that answers questions")
    return prompts


def read_prompt(path: Path) -> Prompt:
    """One prompt, checked. Raises `PromptUnusable`."""
    try:
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptUnusable(f"{path}: {error}") from error
    parts = FILE.fullmatch(text)
    if parts is None:
        raise PromptUnusable(
            f"{path}: it must have a header between two lines ---, then ## System, then ## User"
        )
    header = _header(path, parts["header"])
    system, user = parts["system"].strip(), parts["user"].strip()
    _check_slots(path, header["name"], system, user)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Prompt(header["name"], int(header["version"]), _braces(system), user, digest)


def _header(path: Path, text: str) -> Mapping[str, str]:
    header = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        header[key.strip()] = value.strip()
    if header.get("name") not in SLOTS:
        raise PromptUnusable(f"{path}: name is {header.get('name')!r}; use {', '.join(SLOTS)}")
    if not re.fullmatch(r"[1-9]\d*", header.get("version", "")):
        raise PromptUnusable(
            f"{path}: version is {header.get('version')!r}; use a whole number, and count it up "
            "when the text changes"
        )
    return header


def _check_slots(path: Path, name: str, system: str, user: str) -> None:
    wanted, found = set(SLOTS[name]), _slots(user)
    for slot in sorted(wanted - found):
        raise PromptUnusable(f"{path}: the slot {{{slot}}} is missing under ## User; put it back")
    for slot in sorted(found - wanted):
        raise PromptUnusable(
            f"{path}: nothing fills the slot {{{slot}}}; write {{{{{slot}}}}} for plain braces"
        )
    for slot in sorted(_slots(system)):
        raise PromptUnusable(
            f"{path}: the slot {{{slot}}} stands under ## System, where text from documents or "
            "callers would become an instruction; move it to ## User"
        )


def _slots(text: str) -> set[str]:
    return {found.group(1) for found in SLOT.finditer(text) if found.group(1)}


def _braces(text: str) -> str:
    return SLOT.sub(lambda found: found.group(0)[0], text)
