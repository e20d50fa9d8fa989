"""The Lambda functions: their entry points, and how much time, memory and company each has."""

from __future__ import annotations

from dataclasses import dataclass

from generator.infrastructure.state_machine import DESCRIBE_SECONDS, SEED_SECONDS

# The state machine waits a little longer than a function may run, to see the function's own error.
_GRACE_SECONDS = 10
_GRACE_SEED_SECONDS = 20


@dataclass(frozen=True)
class FunctionSpec:
    """One Lambda function. concurrency: how many may run at once, and are kept free for it.

    reads_datazone: it asks for projects and renders templates. notes_models: it reads model
    packages and leaves notes on them. github: it acts on GitHub, with the token. seals_secrets: it
    copies the listed secrets to GitHub.
    """

    name: str
    purpose: str
    timeout_seconds: int
    memory_mb: int
    concurrency: int
    reads_datazone: bool = False
    notes_models: bool = False
    github: bool = False
    seals_secrets: bool = False

    @property
    def handler(self) -> str:
        """The entry point, as Lambda names it."""
        return f"generator.handlers.{self.name}.handler"


DESCRIBE = FunctionSpec(
    name="describe",
    purpose="Says whether a project is ready, and whether it is one of ours",
    timeout_seconds=DESCRIBE_SECONDS - _GRACE_SECONDS,
    memory_mb=512,
    concurrency=10,
    reads_datazone=True,
)
# GitHub asks its clients not to make changes side by side: few at a time, and others wait.
SEED_BUILD = FunctionSpec(
    name="seed_build",
    purpose="Fills the build repository of a project",
    timeout_seconds=SEED_SECONDS - _GRACE_SEED_SECONDS,
    memory_mb=1024,
    concurrency=5,
    reads_datazone=True,
    github=True,
)
SEED_DEPLOY = FunctionSpec(
    name="seed_deploy",
    purpose="Makes, configures and fills the deploy repository of a project",
    timeout_seconds=SEED_SECONDS - _GRACE_SEED_SECONDS,
    memory_mb=1024,
    concurrency=5,
    reads_datazone=True,
    github=True,
    seals_secrets=True,
)
APPROVAL = FunctionSpec(
    name="approval",
    purpose="Starts the deploy workflow of the project whose model was approved",
    timeout_seconds=120,
    memory_mb=512,
    concurrency=2,
    notes_models=True,
    github=True,
)
DELETION = FunctionSpec(
    name="deletion",
    purpose="Archives the repositories of a deleted project",
    timeout_seconds=120,
    memory_mb=512,
    concurrency=2,
    github=True,
)
SEEDING = (DESCRIBE, SEED_BUILD, SEED_DEPLOY)
