"""The organization of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doctor.world import World, world


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.delenv("AIOPS_GIT_TOKEN", raising=False)
    with world(tmp_path) as stands:
        yield stands
