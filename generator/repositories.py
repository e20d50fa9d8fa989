"""Pushes a rendered repository, from memory, in one exchange with the git server.

What to do follows from what the server has, so a second run, or one after a crash, completes what
is missing and changes nothing else:

| the repository                                | what happens                                  |
|-----------------------------------------------|-----------------------------------------------|
| is empty                                      | a first commit on the default branch: created |
| has commits, and nothing else at our paths    | a commit on top: updated                      |
| carries our cicd-config.json for this project | nothing: unchanged                            |
| has other content at a path of ours           | a commit on `aiops/seed`: branch              |
| refuses pushes to the default branch          | a commit on `aiops/seed`: branch              |
| belongs to another project                    | RepositoryTaken                               |
| carries this project in the other layout      | OtherLayout                                   |
"""

from __future__ import annotations

import random
import re
import time

from generator.errors import GeneratorError, shown
from generator.exchange import (
    SEED_BRANCH,
    Exchange,
    OtherLayout,
    PushRejected,
    Refusal,
    RepositoryTaken,
    Seed,
    SeededRepository,
    State,
    UnusableBranch,
)
from generator.remotes import Remote

__all__ = [
    "SEED_BRANCH",
    "BranchMoved",
    "OtherLayout",
    "PushRejected",
    "RepositoryTaken",
    "Seed",
    "SeededRepository",
    "State",
    "UnusableBranch",
    "seed",
]

# Seconds to wait, on average, before looking again at a branch that moved while we worked.
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)
# What git says when somebody else was faster; any other refusal is a rule of the server.
OVERTAKEN = re.compile(
    r"(?:cannot|failed to|unable to) lock|but expected|incorrect old value|already exists"
    r"|non-fast-forward|fetch first|stale info|failed to update ref|unable to set"
)


class BranchMoved(GeneratorError):
    """The branch kept moving while we worked."""


def seed(remote: Remote, wanted: Seed) -> SeededRepository:
    """Make `remote` carry `wanted`, unless it does; return where it stands.

    Raises RepositoryTaken, OtherLayout, UnusableBranch, PushRejected or BranchMoved, and what
    `remotes` raises.
    """
    remote.create_if_missing(wanted.default_branch)
    protected: Refusal | None = None
    for pause in (*PAUSES, None):
        outcome = Exchange(remote, wanted, protected).run()
        if isinstance(outcome, SeededRepository):
            return outcome
        if not OVERTAKEN.search(outcome.reason):
            if outcome.branch == SEED_BRANCH:
                raise PushRejected(
                    f"{remote.location} refuses {SEED_BRANCH}: {shown(outcome.reason, 300)}"
                )
            protected = outcome
        elif pause is not None:
            time.sleep(pause * random.uniform(0.5, 1.5))
    raise BranchMoved(
        f"{remote.location}: {wanted.default_branch} kept moving while we worked; run again"
    )
