"""Prompts are files that are checked before anything is answered with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from source.prompts import SLOTS, PromptUnusable, load_prompts, read_prompt

PROMPTS = Path(__file__).resolve().parent.parent / "prompts"
HEADER = "---\nname: answer\nversion: 3\n---\n"


def write(folder: Path, user: str, system: str = "Be brief.", header: str = HEADER) -> Path:
    path = folder / "answer.md"
    path.write_text(f"{header}## System\n{system}\n## User\n{user}\n", encoding="utf-8")
    return path


def test_every_prompt_of_the_project_can_be_used() -> None:
    prompts = load_prompts(PROMPTS)
    assert set(prompts) == set(SLOTS)
    assert all(prompt.slots == tuple(sorted(SLOTS[name])) for name, prompt in prompts.items())
    assert "NO_ANSWER" in prompts["answer"].system


def test_slots_are_filled_once_and_what_fills_them_is_left_alone(tmp_path: Path) -> None:
    prompt = read_prompt(write(tmp_path, "{context} | {question} | {{json}}"))
    filled = prompt.fill(context="about {question} and {{x}}", question="why {context}?")
    assert filled == "about {question} and {{x}} | why {context}? | {json}"
    assert prompt.version == 3 and prompt.system == "Be brief."


@pytest.mark.parametrize(
    ("user", "system", "header", "said"),
    [
        ("{question}", "s", HEADER, "the slot {context} is missing"),
        ("{context}", "s", HEADER, "the slot {question} is missing"),
        ("{{context}} {question}", "s", HEADER, "the slot {context} is missing"),
        ("{context} {question} {mood}", "s", HEADER, "nothing fills the slot {mood}"),
        ("{context} {question}", "Use {context}", HEADER, "stands under ## System"),
        ("{context} {question}", "s", HEADER.replace("3", "new"), "version is 'new'"),
        ("{context} {question}", "s", HEADER.replace("answer", "greet"), "name is 'greet'"),
        ("{context} {question}", "s", "", "it must have a header"),
    ],
)
def test_a_prompt_that_cannot_work_is_refused(
    user: str, system: str, header: str, said: str, tmp_path: Path
) -> None:
    path = write(tmp_path, user, system, header)
    with pytest.raises(PromptUnusable, match=re.escape(said)) as refused:
        load_prompts(tmp_path)
    assert str(path) in str(refused.value)


def test_a_folder_without_the_prompt_that_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromptUnusable, match=r"no answer\.md"):
        load_prompts(tmp_path)


def test_another_text_is_another_hash(tmp_path: Path) -> None:
    first = read_prompt(write(tmp_path, "{context} {question}"))
    assert read_prompt(write(tmp_path, "{context} {question}")).sha256 == first.sha256
    assert read_prompt(write(tmp_path, "{context} {question}!")).sha256 != first.sha256
