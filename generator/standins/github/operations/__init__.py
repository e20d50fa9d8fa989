"""What the stand-in plays: a function for each operation, by its id in GitHub's description."""

from __future__ import annotations

from generator.standins.github.operations import (
    accounts,
    apps,
    environments,
    issues,
    pulls,
    repositories,
    rules,
    runs,
    vaults,
)
from generator.standins.github.operations.call import PLAYED, Call, Played

__all__ = ["PLAYED", "Call", "Played"]

_REGISTERED = (
    accounts,
    apps,
    environments,
    issues,
    pulls,
    repositories,
    rules,
    runs,
    vaults,
)
