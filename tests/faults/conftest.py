"""What the tests of faults share: chains that were recorded, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.faults.chains import CHAINS
from tests.faults.table import Opened, Recorded, recorded


def pytest_configure(config: pytest.Config) -> None:
    # The App's key is short on purpose: see `standing.key_pair`.
    config.addinivalue_line("filterwarnings", "ignore::jwt.warnings.InsecureKeyLengthWarning")


@pytest.fixture(scope="module")
def opened() -> Iterator[Opened]:
    """Return the chain of a name, recorded; only one stage can stand at a time."""
    with ExitStack() as stack:
        standing: dict[str, Recorded] = {}

        def open_chain(name: str) -> Recorded:
            if name not in standing:
                stack.close()
                standing.clear()
                standing[name] = stack.enter_context(recorded(CHAINS[name]))
            return standing[name]

        yield open_chain


@pytest.fixture
def project(opened: Opened) -> Recorded:
    """The chain from CreateProject to two repositories."""
    return opened("project")


@pytest.fixture
def in_the_way(opened: Opened) -> Recorded:
    """The same, with files of a person where ours belong."""
    return opened("pull request")


@pytest.fixture
def approval(opened: Opened) -> Recorded:
    """The chain from an approved package to a run of the deploy workflow."""
    return opened("approval")


@pytest.fixture
def deletion(opened: Opened) -> Recorded:
    """The chain from DeleteProject to archived repositories."""
    return opened("deletion")
