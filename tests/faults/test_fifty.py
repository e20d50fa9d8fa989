"""Fifty projects at once, within the time and the calls that GitHub allows in an hour."""

from __future__ import annotations

from pathlib import Path

from tests.faults.fifty import PROJECTS, play_fifty
from tests.faults.standing import stage

# What an installation may ask in an hour, and what content it may make (GitHub's documentation).
REQUESTS, CONTENT = 5000, 500
# Generous: several tests share the machine.
SECONDS = 300


def test_fifty_projects_at_once(tmp_path: Path) -> None:
    with stage(tmp_path) as on:
        figures, problems = play_fifty(on)
    assert problems == []
    assert figures.requests <= REQUESTS
    assert figures.content <= CONTENT
    assert figures.requests / PROJECTS <= 40
    assert figures.seconds < SECONDS
