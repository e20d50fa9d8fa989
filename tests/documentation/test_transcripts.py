"""Transcripts of commands that are cheap are what the commands print."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import CHECKOUT, cookiecutter_config

from documentation.pages import Command, commands_of, name_of, pages, parts
from generator.standins.datazone import stand_in

# One worker: what is set up for a session is set up once.
pytestmark = pytest.mark.xdist_group("documentation")

# Where the pages' transcripts were written.
HOME = "/home/ana"
EVENTS = CHECKOUT / "generator" / "events"


def replayable(command: Command) -> bool:
    """Whether a transcript is cheap, needs no network and no installed environment."""
    words = command.words
    if command.output is None or "https://" in command.text or len(parts(command)) > 1:
        return False
    if words[0] == "aiops":
        return words[1] != "demo"
    return words[0] == "cookiecutter" or words in (["make"], ["python", "-m", "mlops", "--help"])


def replayed() -> list[Path]:
    return [page for page in pages() if any(map(replayable, commands_of(page)))]


@pytest.mark.parametrize("page", replayed(), ids=name_of)
def test_transcripts_are_what_the_commands_print(
    page: Path, repositories: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "ana"
    folder.mkdir()
    for event in EVENTS.glob("*.json"):
        shutil.copy(event, folder)
    config = cookiecutter_config(tmp_path)
    environment = {"HOME": str(tmp_path), "COOKIECUTTER_CONFIG": str(config), "COLUMNS": "200"}
    with stand_in(json.loads((EVENTS / "create_project.json").read_text())) as datazone:
        environment |= datazone.environment
        for command in commands_of(page):
            if not replayable(command):
                continue
            words = command.words
            at_home = words[0] in ("make", "python")
            where = repositories[command.place] if at_home else folder
            # The page's dot is the checkout, in which its reader stands.
            words = [str(CHECKOUT) if word == "." else word for word in words]
            done = subprocess.run(
                words, cwd=where, env=os.environ | environment, text=True, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            printed = done.stdout.replace(str(folder), HOME)
            check_transcript(command, printed)
            failure = bool(re.match(r"aiops: |Usage: aiops .*\n.*\n\nError", printed))
            assert bool(done.returncode) == failure, (str(command), done.returncode)


def check_transcript(command: Command, printed: str) -> None:
    """Every documented line is printed, in order; nothing is left out without `...`."""
    rest = [same(line) for line in printed.splitlines() if line.strip()]
    skipping = False
    for line in (command.output or "").splitlines():
        if line.strip() == "...":
            skipping = True
        elif line.strip():
            if skipping and same(line) in rest:
                rest = rest[rest.index(same(line)) :]
            assert rest[:1] == [same(line)], f"{command}\nprints instead:\n{printed}"
            rest, skipping = rest[1:], False
    assert skipping or not rest, f"{command}\nalso prints:\n" + "\n".join(rest)


def same(line: str) -> str:
    """A line without what differs from time to time: ids of commits, counts of files."""
    line = re.sub(r"\b(?:[0-9a-f]{40}|[0-9a-f]{10})\b", "<id>", line.rstrip())
    return re.sub(r"\b\d+ files\b", "<n> files", line)
