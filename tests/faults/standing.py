"""Lets a stage stand: the stand-ins, the time, the log, and what is kept between plays."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import generator.create
import generator.render
from generator.handlers.entry import logger
from generator.render import Rendering
from generator.standins.datazone import stand_in
from generator.standins.github import GitHubStandIn
from tests.control.registry_server import RegistryServer
from tests.control.stage import CREATE, DOMAIN, PROJECT
from tests.faults.clients import kept_clients
from tests.faults.clock import VirtualClock
from tests.faults.configuration import (
    APP,
    BUILD,
    INSTALLATION,
    ORGANIZATION,
    PAGER,
    PAGER_SECRET,
    PERSON,
    TOKEN_SECRET,
)
from tests.faults.secrets_server import SecretsServer
from tests.faults.stage import Stage
from tests.faults.storm import Storm
from tests.faults.wire import Namer, Wire, by_target


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
