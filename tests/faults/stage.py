"""The control plane between stand-ins: functions, state machines, and all that they reach.

Nothing of ours is replaced but the time and the rendering, of which each is kept once it was made:
the entry points run over the ports that a Lambda function has, with tokens of a GitHub App.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from generator.config import load
from generator.config.model import Config
from generator.control.approval import approve
from generator.control.deletion import delete
from generator.control.describe import describe
from generator.control.ports import ports_of
from generator.control.seeding import seed_build, seed_deploy
from generator.infrastructure import functions as specs
from generator.infrastructure.state_machine import failure_machine
from generator.standins.datazone import DataZoneStandIn
from generator.standins.github import GitHubStandIn
from tests.control.machines import ARNS, WAIT, machine
from tests.control.registry_server import RegistryServer
from tests.control.stage import DOMAIN
from tests.faults.clock import VirtualClock
from tests.faults.configuration import CONFIGURATION, ORGANIZATION, PAGER_SECRET, TOKEN_SECRET
from tests.faults.functions import Function
from tests.faults.integrations import Integrations
from tests.faults.interpreter import (
    Document,
    Execution,
    StateMachine,
    TaskFailed,
    status_change,
)
from tests.faults.secrets_server import SecretsServer
from tests.faults.wire import Wire

HOME = "eu-west-1:111122223333"
MACHINE = f"arn:aws:states:{HOME}:stateMachine:aiops"
FAILURES = f"arn:aws:states:{HOME}:stateMachine:aiops-failures"
# What makes something that a person finds afterwards: twice would be two.
CREATING = {
    "actions/create-workflow-dispatch",
    "issues/create",
    "pulls/create",
    "repos/create-for-authenticated-user",
    "repos/create-in-org",
    "repos/create-repo-ruleset",
}
STEPS = (
    (specs.DESCRIBE, describe, False),
    (specs.SEED_BUILD, seed_build, False),
    (specs.SEED_DEPLOY, seed_deploy, False),
    (specs.APPROVAL, approve, True),
    (specs.DELETION, delete, True),
)


@dataclass
class Stage:
    """What stands. events, notices: what the bus and the topic were given. queue: approvals.

    dead: events that a function failed at too often. most_retries: of a rule, or of an event.
    """

    folder: Path
    clock: VirtualClock
    wire: Wire
    datazone: DataZoneStandIn
    secrets: SecretsServer
    registry: RegistryServer
    hub: GitHubStandIn
    book: Path
    domain: str = DOMAIN
    more: str = ""
    owner: str = f'organization = "{ORGANIZATION}"\nauth = "app"'
    reviewers: str = '["@acme-ml/governance", "@ann"]'
    most_retries: int = 1
    functions: dict[str, Function] = field(default_factory=dict)
    events: list[Document] = field(default_factory=list)
    notices: list[Document] = field(default_factory=list)
    histories: list[Any] = field(default_factory=list)
    dead: list[Document] = field(default_factory=list)
    retries: int = 0
    before_step: Callable[[Execution], None] | None = None
    _created: Counter[str] = field(default_factory=Counter)
    _places: int = 0

    def configure(self) -> Config:
        """Write and read the configuration; new functions have it."""
        file = self.folder / "aiops.toml"
        text = CONFIGURATION.format(
            owner=self.owner,
            domain=self.domain,
            token_secret=TOKEN_SECRET,
            url=self.hub.url,
            reviewers=self.reviewers,
            pager=PAGER_SECRET,
        )
        file.write_text(text + self.more)
        config = load(file)
        for spec, step, wrapped in STEPS:
            self.functions[spec.name] = Function(
                spec, step, partial(ports_of, config), self.wire, self.clock, wrapped
            )
        return config

    @property
    def machine(self) -> StateMachine:
        """Return the state machine that seeds projects."""
        return self._machine(MACHINE, machine())

    @property
    def failures(self) -> StateMachine:
        """Return the state machine that tells of failures."""
        return self._machine(FAILURES, json.loads(json.dumps(failure_machine(ARNS["topic"], WAIT))))

    def _machine(self, arn: str, definition: Document) -> StateMachine:
        return StateMachine(arn, definition, self._called, self.clock, self.most_retries)

    def _called(self, resource: str, arguments: Any, execution: Execution) -> Any:
        if self.before_step is not None and execution.machine == MACHINE:
            self.before_step(execution)
        return Integrations(self.wire, self.clock, self.functions, self.events, self.notices).call(
            resource, arguments
        )

    def beside(self) -> Stage:
        """Return another set of functions between the same stand-ins, for another thread."""
        functions = {name: replace(one, _ports=None) for name, one in self.functions.items()}
        return replace(self, functions=functions)

    def told(self, execution: Execution) -> Execution:
        """Return an execution that has ended, after Step Functions has told of its failure."""
        self.histories.append(execution)
        if execution.status == "FAILED":
            number = f"{execution.id.rpartition(':')[2]}-{execution.redrives}"
            self.histories.append(self.failures.start(status_change(execution), number))
        return execution

    def deliver(self, function: str, event: Document) -> None:
        """Call a function for an event as Lambda does: again when it fails, then give it up."""
        for attempt in range(self.most_retries + 1):
            self.histories.append({"event": event})
            try:
                self.histories.append(self.functions[function].invoke(event))
                return
            except TaskFailed as failure:
                self.histories.append({"error": failure.error, "cause": failure.cause})
                self.clock.sleep(60)
                self.retries += attempt < self.most_retries
        self.dead.append(event)

    def new_place(self) -> Path:
        """Return a folder that nothing was in."""
        self._places += 1
        return self.folder / "github" / str(self._places)

    def forget(self, created: Counter[str]) -> None:
        """Begin anew, in new environments, after so much was made."""
        self._created = Counter(created)
        self.histories.clear()
        self.dead.clear()
        self.hub.journal.forget()
        self.wire.calls.clear()
        self.retries = 0
        for function in self.functions.values():
            function.restart()

    def created(self) -> Counter[str]:
        """Return how often each operation that makes something has done so."""
        now = Counter(
            entry.operation
            for entry in self.hub.journal.entries
            if entry.acted and entry.operation in CREATING
        )
        return self._created + now
