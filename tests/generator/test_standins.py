"""The stand-ins are as strict as what they stand for, or what passes on them proves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from generator_stage import BUILD, DOMAIN, PROJECT, git, person_pushes, read_event

from generator.datazone import datazone_client
from generator.standins.datazone import DataZoneStandIn, stand_in
from generator.standins.gitserver import GitServer


@pytest.fixture
def datazone(monkeypatch: pytest.MonkeyPatch) -> DataZoneStandIn:
    running = stand_in(read_event())
    with running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running  # type: ignore[misc]


def test_an_invalid_request_is_refused(datazone: DataZoneStandIn) -> None:
    path = f"/v2/domains/{DOMAIN}/projects"
    for method, target, body in [
        ("GET", "/v2/domains/not-a-domain/projects/x", b""),
        ("GET", f"{path}/{'x' * 37}", b""),
        ("GET", f"{path}/{PROJECT}?odd=1", b""),
        ("GET", f"{path}/{PROJECT}", json.dumps({"odd": 1}).encode()),
    ]:
        status, error, _ = datazone.answer(method, target, body)
        assert (status, error) == (400, "ValidationException"), target
    assert datazone.answer("PUT", "/v3/nothing", b"")[:2] == (404, "UnknownOperationException")


IMPOSSIBLE = {
    "a name with a brace": {"name": "{{ x }}"},
    "a status of its own": {"projectStatus": "DONE"},
    "no name": {"name": None},
    "an unknown member": {"nickname": "x"},
    "a long name": {"name": "n" * 65},
    "a number for a text": {"domainUnitId": 7},
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_an_impossible_answer_is_a_failure(datazone: DataZoneStandIn, case: str) -> None:
    datazone.records.project.update(IMPOSSIBLE[case])
    with pytest.raises(ClientError, match="impossible answer"):
        datazone_client("eu-west-1").get_project(domainIdentifier=DOMAIN, identifier=PROJECT)
    assert datazone.failures


def test_what_it_does_not_know_is_a_failure(datazone: DataZoneStandIn) -> None:
    with pytest.raises(ClientError, match="ListDomains is not part of this stand-in"):
        datazone_client("eu-west-1").list_domains()
    assert datazone.failures == ["ListDomains is not part of this stand-in"]


def test_times_arrive_as_they_were_meant(datazone: DataZoneStandIn) -> None:
    project = datazone_client("eu-west-1").get_project(domainIdentifier=DOMAIN, identifier=PROJECT)
    assert project["createdAt"] == datazone.records.project["createdAt"]


def test_git_itself_can_clone_and_push(tmp_path: Path) -> None:
    with GitServer(tmp_path / "repositories", "me", "secret") as server:
        repository = server.create(BUILD)
        person_pushes(repository, {"notes.txt": "mine"})
        address = server.url.replace("http://", "http://me:secret@") + f"/{BUILD}.git"
        git("clone", "--quiet", address, "clone", cwd=tmp_path)
        work = tmp_path / "clone"
        (work / "big.bin").write_bytes(bytes(range(256)) * 16384)
        git("add", ".", cwd=work)
        git("commit", "--quiet", "--message", "x", cwd=work)
        git("-c", "http.postBuffer=65536", "push", "--quiet", "origin", "main", cwd=work)
        assert git("rev-list", "--count", "main", cwd=repository) == "2"
        assert any(request.creates_content for request in server.requests)
