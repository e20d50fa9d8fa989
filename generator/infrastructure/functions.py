"""The Lambda functions: their entry points, and how much time, memory and company each has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from generator.infrastructure.state_machine import DESCRIBE_SECONDS, SEED_SECONDS

# What a function reaches beyond its own log: it asks for projects and renders templates; reads
# model packages and leaves notes on them; acts on GitHub, with the token; copies the listed secrets
# to GitHub.
Need = Literal["projects", "models", "github", "listed_secrets"]

# The state machine waits a little longer than a function may run, to see the function's own error.
_GRACE_SECONDS = 10
_GRACE_SEED_SECONDS = 20


@dataclass(frozen=True)
class FunctionSpec:
    """One Lambda function. concurrency: how many may run at once, and are kept free for it."""

    name: str
    timeout_seconds: int
    memory_mb: int
    concurrency: int
    needs: tuple[Need, ...]
    purpose: str

    @property
    def handler(self) -> str:
        """The entry point, as Lambda names it."""
        return f"generator.handlers.{self.name}.handler"


_DESCRIBE = DESCRIBE_SECONDS - _GRACE_SECONDS
_SEED = SEED_SECONDS - _GRACE_SEED_SECONDS
# GitHub asks its clients not to make changes side by side: few at a time, and others wait. What
# must happen once looks first whether it has: one at a time, so that two do not look together.
# fmt: off
_ALL = (
    FunctionSpec("describe", _DESCRIBE, 512, 10, ("projects",),
                 "Says whether a project is ready, and whether it is one of ours"),
    FunctionSpec("seed_build", _SEED, 1024, 5, ("projects", "github"),
                 "Fills the build repository of a project"),
    FunctionSpec("seed_deploy", _SEED, 1024, 5, ("projects", "github", "listed_secrets"),
                 "Makes, configures and fills the deploy repository of a project"),
    FunctionSpec("approval", 120, 512, 1, ("models", "github"),
                 "Starts the deploy workflow of the project whose model was approved"),
    FunctionSpec("deletion", 120, 512, 1, ("github",),
                 "Archives the repositories of a deleted project"),
)
# fmt: on
DESCRIBE, SEED_BUILD, SEED_DEPLOY, APPROVAL, DELETION = _ALL
SEEDING = (DESCRIBE, SEED_BUILD, SEED_DEPLOY)
# Of the account's concurrent executions, of which 100 must stay for others.
RESERVED = sum(spec.concurrency for spec in _ALL)
