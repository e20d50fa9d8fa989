"""What a push does when others push meanwhile, and when the server has rules of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from generator_stage import BUILD, bare, content, history, paths, person_pushes
from repository_places import CANARY, OURS, at, hook

from generator.errors import GeneratorError
from generator.repositories import SEED_BRANCH, PushRejected
from generator.standins.gitserver import GitServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    bare(tmp_path / "repositories" / f"{BUILD}.git")
    with GitServer(tmp_path / "repositories", "x-access-token", CANARY) as running:
        yield running


PROTECTED = """
case "$1" in refs/heads/main) echo "blocked: a required check is expected" >&2; exit 1;; esac
"""


def test_a_protected_branch_gets_our_branch_beside_it(server: GitServer) -> None:
    place = at(server)
    first = person_pushes(place.repository, {"notes.txt": "mine"})
    hook(server, PROTECTED)
    assert place.seed() == ("branch", SEED_BRANCH)
    assert history(place.repository) == [first]
    assert history(place.repository, SEED_BRANCH)[1:] == [first]
    assert place.seed() == ("branch", SEED_BRANCH)


def test_a_protected_branch_that_does_not_exist_yet(server: GitServer) -> None:
    place = at(server)
    hook(server, PROTECTED)
    assert place.seed() == ("branch", SEED_BRANCH)
    assert place.seed() == ("branch", SEED_BRANCH)
    assert len(history(place.repository, SEED_BRANCH)) == 1


def test_a_repository_that_takes_no_branch(server: GitServer) -> None:
    hook(server, "echo no >&2; exit 1")
    with pytest.raises(PushRejected, match="refuses aiops/seed: 'hook declined'"):
        at(server).seed()


def once(server: GitServer, when: str, act: Callable[[], object]) -> None:
    """Do something once, just before the first request whose target ends in `when`."""
    todo = [act]

    def before(method: str, target: str) -> None:
        if method == "POST" and target.endswith(when) and todo:
            todo.pop()()

    server.before = before


def test_a_person_who_pushes_while_we_work(server: GitServer) -> None:
    place = at(server)
    person_pushes(place.repository, {"notes.txt": "mine"})
    once(
        server,
        "/git-receive-pack",
        lambda: person_pushes(place.repository, {"notes.txt": "more"}),
    )
    assert place.seed() == ("updated", "main")
    assert content(place.repository, "notes.txt") == "more"
    assert len(history(place.repository)) == 3


def test_a_person_who_pushes_while_we_look(server: GitServer) -> None:
    place = at(server)
    person_pushes(place.repository, {"notes.txt": "mine"})
    todo = [lambda: person_pushes(place.repository, {"notes.txt": "more"})]

    def before(method: str, target: str) -> None:
        if target.endswith("service=git-upload-pack") and todo:
            todo.pop()()

    server.before = before
    assert place.seed() == ("updated", "main")
    assert content(place.repository, "notes.txt") == "more"


def test_an_empty_repository_that_is_filled_while_we_work(server: GitServer) -> None:
    place = at(server)
    once(
        server,
        "/git-receive-pack",
        lambda: person_pushes(place.repository, {"README.md": "mine"}),
    )
    assert place.seed() == ("branch", SEED_BRANCH)
    assert content(place.repository, "README.md") == "mine"


def test_a_branch_that_never_rests(server: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    place = at(server)
    person_pushes(place.repository, {"notes.txt": "0"})
    monkeypatch.setattr("generator.repositories.PAUSES", (0.0, 0.0))
    server.before = lambda method, target: (
        person_pushes(place.repository, {"notes.txt": str(len(server.requests))})
        if target.endswith("/git-receive-pack")
        else None
    )
    with pytest.raises(GeneratorError, match="main kept moving while we worked; run again"):
        place.seed()
    assert OURS.isdisjoint(paths(place.repository))


def test_a_new_repository_costs_two_requests_and_one_change(server: GitServer) -> None:
    at(server).seed()
    assert len(server.requests) == 2
    assert sum(request.creates_content for request in server.requests) == 1
    server.requests.clear()
    at(server).seed()
    assert len(server.requests) == 3
    assert not any(request.creates_content for request in server.requests)
