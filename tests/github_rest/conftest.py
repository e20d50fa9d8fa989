"""A GitHub for each test, and one for all rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.standins.github import GitHubStandIn

from .stage import CANARY, Stage, TestClock, furnish


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A GitHub of one's own; at the end everything that was asked of it was in order."""
    clock = TestClock()
    with GitHubStandIn(tmp_path / "github", now=clock.now) as hub:
        furnish(hub)
        yield Stage(hub, clock)
        assert hub.failures == []
        assert hub.traces(CANARY) == []


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A GitHub for a whole table of tests, each of which has a repository of its own."""
    clock = TestClock()
    with GitHubStandIn(tmp_path_factory.mktemp("github"), now=clock.now) as hub:
        furnish(hub)
        yield Stage(hub, clock)
        assert hub.failures == []
        assert hub.complaints == []
        assert hub.traces(CANARY, in_commits=False) == []
