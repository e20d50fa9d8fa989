"""Tokens: refused ones are named, and the value of none is ever shown or kept."""

from __future__ import annotations

import base64
import dataclasses
import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from generator_stage import BUILD, bare, git
from repository_places import CANARY, WANTED, at, hook
from tracebacks import everything_said

from generator.errors import GeneratorError
from generator.remotes import RemoteRefused, RemoteUnavailable, RepositoryMissing, git_base
from generator.repositories import seed
from generator.standins.gitserver import GitServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    bare(tmp_path / "repositories" / f"{BUILD}.git")
    with GitServer(tmp_path / "repositories", "x-access-token", CANARY) as running:
        yield running


REFUSED: dict[str, tuple[str | None, type[Exception], str]] = {
    "wrong token": ("wrong", RemoteRefused, r"refused the token \(401\); set AIOPS_GIT_TOKEN"),
    "no token": (None, RemoteRefused, r"asks for a token \(401\); set AIOPS_GIT_TOKEN"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_tokens_that_are_refused(server: GitServer, case: str) -> None:
    token, error, said = REFUSED[case]
    with pytest.raises(error, match=said):
        at(server, token).seed()


def test_a_repository_that_is_not_there(server: GitServer) -> None:
    wanted = dataclasses.replace(WANTED, name="acme-ml/missing")
    with pytest.raises(RepositoryMissing, match=r"no repository .*acme-ml/missing"):
        seed(at(server).base.remote(wanted.name), wanted)


def test_a_repository_that_may_only_be_read(server: GitServer) -> None:
    git("config", "http.receivepack", "false", cwd=at(server).repository)
    with pytest.raises(RemoteRefused, match=r"may not write \(403\)"):
        at(server).seed()


def test_a_server_that_is_away() -> None:
    away = git_base("http://127.0.0.1:9", lambda: CANARY)
    with pytest.raises(RemoteUnavailable, match=r"127\.0\.0\.1"):
        seed(away.remote(BUILD), WANTED)


def no_token(text: str) -> None:
    encoded = base64.b64encode(f"x-access-token:{CANARY}".encode()).decode()
    for secret in (CANARY, encoded):
        assert secret not in text


@pytest.mark.parametrize("trouble", ["none", "refused", "missing", "hook", "away", "garbage"])
def test_a_token_is_nowhere_to_be_seen(
    trouble: str,
    server: GitServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    place = at(server)
    wanted = WANTED
    if trouble == "refused":
        server.authorization = "Basic another"
    elif trouble == "missing":
        wanted = dataclasses.replace(WANTED, name="acme-ml/missing")
    elif trouble == "hook":
        hook(server, "exit 1")
    elif trouble == "garbage":
        (place.repository / "HEAD").write_text("garbage")
    elif trouble == "away":
        place.base = dataclasses.replace(place.base, location="http://127.0.0.1:9")
    remote = place.base.remote(wanted.name)
    raised: BaseException | None = None
    try:
        done = seed(remote, wanted)
        no_token(repr(done))
    except GeneratorError as error:
        raised = error
    assert (raised is None) == (trouble == "none")
    no_token(everything_said(raised, within="generator/"))
    no_token(caplog.text)
    no_token("".join(capfd.readouterr()))
    no_token(repr(place.base) + repr(remote) + str(remote.client()))
    no_token(repr(server.requests))
    stored = subprocess.run(
        ["grep", "-r", "-l", CANARY, str(server.folder)], capture_output=True, text=True
    )
    assert stored.stdout == ""
