"""The control plane between stand-ins: functions, state machines, and all that they reach.

Nothing of ours is replaced but the time and the rendering, of which each is kept once it was made:
the entry points run over the ports that a Lambda function has, with tokens of a GitHub App.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import generator.create
import generator.render
from generator.config import load
from generator.config.model import Config
from generator.control.approval import approve
from generator.control.deletion import delete
from generator.control.describe import describe
from generator.control.ports import ports_of
from generator.control.seeding import seed_build, seed_deploy
from generator.handlers.entry import logger
from generator.infrastructure import functions as specs
from generator.infrastructure.state_machine import failure_machine
from generator.render import Rendering
from generator.standins.datazone import DataZoneStandIn, stand_in
from generator.standins.github import GitHubStandIn
from tests.control.machines import ARNS, WAIT, machine
from tests.control.registry_server import RegistryServer
from tests.control.stage import CREATE, DOMAIN, PROJECT
from tests.faults.clients import kept_clients
from tests.faults.clock import VirtualClock
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
from tests.faults.storm import Storm
from tests.faults.wire import Namer, Wire, by_target

HOME = "eu-west-1:111122223333"
MACHINE = f"arn:aws:states:{HOME}:stateMachine:aiops"
FAILURES = f"arn:aws:states:{HOME}:stateMachine:aiops-failures"
SECRET = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:aiops"
TOKEN_SECRET, PAGER_SECRET = f"{SECRET}/github-a1b2c3", f"{SECRET}/pager-d4e5f6"
PAGER = "pager-canary-7f3e9a+never/to be seen"
PERSONAL = "github_pat_canary7f3e9anevertobeseen"
APP, INSTALLATION = "12345", 678
ORGANIZATION, PERSON = "acme-ml", "ann"
BUILD = f"{ORGANIZATION}/house-prices-build"
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

CONFIGURATION = """
[governance]
account = "111122223333"
region = "eu-west-1"
domains = ["{domain}"]

[shared_services]
account = "222233334444"
region = "eu-west-1"

[github]
{owner}
topics = ["aiops"]
token_secret = "{token_secret}"
api_url = "{url}"
git_url = "{url}"

[github.reviewers]
prod = {reviewers}

[github.secrets]
PAGER_WEBHOOK = "{pager}"
"""


@dataclass(frozen=True)
class Saved:
    """All that can differ between two moments, and where an execution is."""

    github: Any
    folder: Path
    packages: Any
    queue: list[Document]
    created: Counter[str]
    events: list[Document]
    notices: list[Document]
    execution: Execution | None


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

    def save(self, execution: Execution | None = None) -> Saved:
        """Remember how everything stands."""
        place = self.folder / "saved" / str(len(list((self.folder / "saved").glob("*"))))
        shutil.copytree(self.hub.folder, place, symlinks=True)
        return Saved(
            github=copy.deepcopy(self._github()),
            folder=place,
            packages=copy.deepcopy(self.registry.packages),
            queue=copy.deepcopy(self.registry.events),
            created=self.created(),
            events=list(self.events),
            notices=list(self.notices),
            execution=copy.deepcopy(execution),
        )

    def restore(self, saved: Saved) -> Execution | None:
        """Let everything be as it was, with no process alive; return the execution."""
        # Threads of the last play may still end: their folder is left to them.
        shutil.rmtree(self.hub.folder, ignore_errors=True)
        self._places += 1
        self.hub.folder = self.folder / "github" / str(self._places)
        _borrowed(saved.folder, self.hub.folder)
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        hub, known = self.hub, copy.deepcopy(saved.github)
        hub.accounts, hub.repositories, hub.renamed, hub.tokens, hub._ids = known
        for repository in hub.repositories.values():
            repository.place = hub.folder / repository.owner.login / f"{repository.name}.git"
        self.registry.packages = copy.deepcopy(saved.packages)
        self.registry.events = copy.deepcopy(saved.queue)
        self._created = Counter(saved.created)
        self.events[:], self.notices[:] = saved.events, saved.notices
        self.histories.clear()
        self.dead.clear()
        hub.journal.forget()
        self.wire.calls.clear()
        self.retries = 0
        for function in self.functions.values():
            function.restart()
        return copy.deepcopy(saved.execution)

    def _github(self) -> Any:
        hub = self.hub
        return hub.accounts, hub.repositories, hub.renamed, hub.tokens, hub._ids

    def created(self) -> Counter[str]:
        """Return how often each operation that makes something has done so."""
        now = Counter(
            entry.operation
            for entry in self.hub.journal.entries
            if entry.acted and entry.operation in CREATING
        )
        return self._created + now


@contextmanager
def stage(folder: Path, domain: str = DOMAIN) -> Iterator[Stage]:
    """Let everything stand: GitHub with the build repository, DataZone, secrets, the registry."""
    clock = VirtualClock()
    (folder / "saved").mkdir(parents=True)
    book = folder / "log.txt"
    tags = {"sagemaker:project-id": PROJECT, "aiops:template": "regression"}
    private, public = key_pair()
    app = {"app_id": APP, "installation_id": INSTALLATION, "private_key": private}
    with ExitStack() as stack:
        storm = stack.enter_context(Storm())
        datazone = stack.enter_context(stand_in(CREATE))
        registry = stack.enter_context(RegistryServer(f"aiops-{PROJECT}-models", tags))
        secrets = stack.enter_context(
            SecretsServer({TOKEN_SECRET: json.dumps(app), PAGER_SECRET: PAGER})
        )
        hub = stack.enter_context(GitHubStandIn(folder / "github" / "0", now=clock.latest))
        hub.add_account(ORGANIZATION, "Organization")
        hub.add_account(PERSON, "User")
        hub.add_team(ORGANIZATION, "governance")
        hub.add_app(APP, public, {INSTALLATION: ORGANIZATION})
        hub.create_repository(BUILD)
        environment = {
            **datazone.environment,
            **registry.environment,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets.url,
            "AIOPS_CACHE": str(folder / "cache"),
        }
        stack.enter_context(mock.patch.dict(os.environ, environment))
        os.environ.pop("AIOPS_GIT_TOKEN", None)
        services: dict[str, tuple[str, Namer]] = {
            datazone.url: ("datazone", lambda *told: datazone.operation_of(*told[:2]) or "unknown"),
            registry.url: ("sagemaker", by_target),
            secrets.url: ("secretsmanager", by_target),
            hub.url: ("github", lambda *told: hub.operation_of(*told[:2])),
        }
        ports = {int(url.rpartition(":")[2]): named for url, named in services.items()}
        wire = Wire(storm, clock, ports)
        stack.enter_context(clock.instead_of_time())
        stack.enter_context(wire.watched())
        stack.enter_context(_written_to(book))
        stack.enter_context(mock.patch.object(generator.create, "render", rendered_once()))
        stack.enter_context(kept_clients())
        standing = Stage(folder, clock, wire, datazone, secrets, registry, hub, book, domain)
        standing.configure()
        yield standing


def _borrowed(source: Path, target: Path) -> None:
    """Copy bare repositories, two folders deep, but for their objects: these are only looked at."""
    target.mkdir(parents=True)
    for repository in source.glob("*/*.git"):
        place = target / repository.relative_to(source)
        shutil.copytree(repository, place, ignore=lambda folder, names: {"objects"} & {*names})
        (place / "objects" / "info").mkdir(parents=True)
        (place / "objects" / "pack").mkdir()
        (place / "objects" / "info" / "alternates").write_text(f"{repository / 'objects'}\n")


@cache
def key_pair() -> tuple[str, Any]:
    """Return a GitHub App's private key as GitHub gives it (PEM), and its public half.

    It is a short one: each new environment reads it, which takes a tenth of the time so.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem.decode(), key.public_key()


def rendered_once() -> Callable[..., Rendering]:
    """Return `render`, which keeps what it made of the same template, answers and facts."""
    render, kept = generator.render.render, dict[str, Rendering]()

    def rendered(template: Any, given: Any, facts: Any = None) -> Rendering:
        key = repr((template.name, str(template.path).rpartition("/cache/")[2], given, facts))
        if key not in kept:
            kept[key] = render(template, given, facts)
        return kept[key]

    return rendered


@contextmanager
def _written_to(book: Path) -> Iterator[None]:
    """Write all that functions say into one file: their log and metrics, and all libraries'."""
    with book.open("a", buffering=1) as file, redirect_stdout(file):
        handler = logging.StreamHandler(file)
        quiet = {"botocore": logging.INFO}
        talkative = ("generator", "urllib3", "dulwich", *quiet)
        for name in talkative:
            logging.getLogger(name).addHandler(handler)
            logging.getLogger(name).setLevel(quiet.get(name, logging.DEBUG))
        with mock.patch.object(logger.registered_handler, "stream", file):
            yield
        for name in talkative:
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(logging.NOTSET)
