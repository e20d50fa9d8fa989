"""The stage, set once for all scenes, and what the later scenes begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chain.creation import Created, play_creation
from tests.chain.narration import Narrator, narrator_of
from tests.chain.stage import Stage, stage


@pytest.fixture(scope="session")
def narrator(request: pytest.FixtureRequest) -> Narrator:
    """Whoever tells what happens."""
    return narrator_of(request.config)


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory, narrator: Narrator) -> Iterator[Stage]:
    """Everything deployed and started."""
    with stage(tmp_path_factory.mktemp("chain"), narrator.say) as stands:
        yield stands


@pytest.fixture(scope="session")
def created(standing: Stage) -> Created:
    """The first project, from its event to its repositories."""
    return play_creation(standing)
