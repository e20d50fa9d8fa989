"""The stand-in is as strict as GitHub, or what passes on it proves nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from generator.errors import GeneratorError
from generator.files import PLAIN, File
from generator.github.concealed import Concealed
from generator.github.errors import GitHubInvalid, GitHubMissing, GitHubRefused
from generator.github.instance import instance
from generator.github.protection import protect_default_branch
from generator.github.repositories import WantedRepository, own_repository
from generator.github.tokens import ReadTokens, git_password
from generator.github.transport import Api
from generator.remotes import RemoteRefused, RepositoryMissing, git_base
from generator.repositories import PushRejected, Seed, seed
from generator.standins.github import Fault, GitHubStandIn
from generator.standins.github.access import EVERYTHING
from generator.standins.github.description import Description
from generator.standins.github.operations import PLAYED
from generator.standins.github.operations import call as calls
from generator.standins.github.slices import CACHE, described

from .stage import CANARY, ORGANIZATION, PERSON, START, Stage, TestClock, furnish, pushed
from .test_tokens import APP, INSTALLATION, key_pair

NAME = f"{ORGANIZATION}/deploy"
PATH = f"/repos/{NAME}"
WORKFLOW = {".github/workflows/checks.yml": "on: push\njobs: {}\n"}


@pytest.fixture(autouse=True)
def repository(stage: Stage) -> None:
    stage.hub.create_repository(NAME)


def seed_of(**files: str) -> Seed:
    content = {path: File(PLAIN, text.encode()) for path, text in (files or {"x": "x"}).items()}
    return Seed("deploy", NAME, "p", "main", content, "Add files", 1)


def test_requests_that_github_does_not_describe(stage: Stage) -> None:
    api = stage.api()
    with pytest.raises(GitHubInvalid, match='"colour" is not a permitted key'):
        api.request("PATCH", PATH, {"colour": "red"})
    with pytest.raises(GitHubInvalid, match="private: 'yes' is not of type 'boolean'"):
        api.request("PATCH", PATH, {"private": "yes"})
    with pytest.raises(GitHubInvalid, match="a body is required"):
        api.request("POST", f"{PATH}/issues")
    with pytest.raises(GitHubMissing):
        api.get(f"{PATH}/colours")
    api.get(f"{PATH}/pulls", colour="red", per_page="many")
    assert stage.hub.complaints == [
        'repos/update: "colour" is not a permitted key.',
        "repos/update: private: 'yes' is not of type 'boolean'",
        "issues/create: a body is required",
        f"unknown: no route GET {PATH}/colours",
        "pulls/list: unknown parameter colour",
        "pulls/list: per_page: body: 'many' is not of type 'integer'",
    ]


def test_what_it_does_not_play_is_a_failure(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    played = PLAYED["repos/get-branch"]
    api = stage.api()
    pushed(stage, NAME, {"x": "x"})
    assert api.get(f"{PATH}/branches/main")["name"] == "main"
    monkeypatch.delitem(PLAYED, "repos/get-branch")
    with pytest.raises(GeneratorError, match="GitHub answered 501"):
        api.within(0.5).get(f"{PATH}/branches/main")
    assert stage.hub.failures == ["repos/get-branch is not part of this stand-in"]
    stage.hub.failures.clear()
    assert played.permission == "contents:read"


IMPOSSIBLE: dict[str, tuple[int, Any, str]] = {
    "a wrong type": (200, {"name": 7}, "name: 7 is not of type 'string'"),
    "an unknown member": (200, {"colour": "red"}, "colour is not described"),
    "an unknown status": (202, {}, "status 202 is not described"),
    "a null": (200, {"owner": "me"}, "owner: 'me' is not of type 'object'"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_an_answer_that_github_could_not_give_is_a_failure(
    stage: Stage, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, body, said = IMPOSSIBLE[case]
    broken = calls.Played(lambda call: (status, body), "metadata:read")
    monkeypatch.setitem(PLAYED, "repos/get", broken)
    with pytest.raises(GeneratorError):
        stage.api().within(0.5).get(PATH)
    assert len(stage.hub.failures) == 1
    assert said in stage.hub.failures[0]
    stage.hub.failures.clear()


def test_every_operation_that_is_played_is_described() -> None:
    for edition in ("api.github.com", "ghes-3.19"):
        assert described(edition, frozenset(PLAYED))["unknown"] == []


def test_the_cut_of_the_description_is_kept() -> None:
    Description("api.github.com", ["repos/get"])
    kept = [json.loads(file.read_text()) for file in CACHE.glob("api.github.com-*.json")]
    assert any(list(one["paths"]) == ["/repos/{owner}/{repo}"] for one in kept)


@pytest.mark.parametrize("permission", [one for one in EVERYTHING if one != "workflows"])
def test_each_permission_is_needed_by_something(permission: str) -> None:
    assert any(
        played.permission and played.permission.startswith(f"{permission}:")
        for played in PLAYED.values()
    )


def test_tokens_end(stage: Stage) -> None:
    stage.hub.add_token("short-lived", PERSON, {ORGANIZATION}, expires_at=START + 60)
    api = Api(stage.place, ReadTokens(lambda: Concealed("short-lived")), clock=stage.clock)
    api.get(PATH)
    stage.clock.sleep(60)
    with pytest.raises(GitHubRefused, match="Bad credentials"):
        api.get(PATH)
    with pytest.raises(RemoteRefused, match="401"):
        base = git_base(stage.hub.url, git_password(api.tokens))
        seed(base.remote(NAME), seed_of())


def test_other_peoples_repositories_are_hidden(stage: Stage) -> None:
    stage.hub.add_token("a-stranger", PERSON, {PERSON})
    tokens = ReadTokens(lambda: Concealed("a-stranger"))
    with pytest.raises(GitHubMissing):
        Api(stage.place, tokens, clock=stage.clock).get(PATH)
    with pytest.raises(RepositoryMissing):
        seed(git_base(stage.hub.url, git_password(tokens)).remote(NAME), seed_of())


def test_an_app_cannot_do_what_is_for_people(stage: Stage) -> None:
    app = stage.hub.add_app(APP, key_pair()[1], {INSTALLATION: PERSON})
    token = stage.hub.installation_token(app, INSTALLATION)
    tokens = ReadTokens(lambda: Concealed(token.value))
    wanted = WantedRepository(f"{PERSON}/x", "user", "p", "deploy", "Ours")
    with pytest.raises(GitHubRefused, match="a GitHub App cannot create repositories of a user"):
        own_repository(Api(stage.place, tokens, clock=stage.clock), wanted)


def test_pushes_need_their_permissions(stage: Stage) -> None:
    reads = stage.with_permissions(contents="read").tokens
    with pytest.raises(RemoteRefused, match=r"may not write \(403\)"):
        seed(git_base(stage.hub.url, git_password(reads)).remote(NAME), seed_of())
    no_workflows = stage.with_permissions(workflows=None).tokens
    base = git_base(stage.hub.url, git_password(no_workflows))
    with pytest.raises(PushRejected):
        seed(base.remote(NAME), seed_of(**WORKFLOW))
    assert stage.hub.state_of(NAME)["heads"] == {}
    assert seed(base.remote(NAME), seed_of()).state == "created"
    assert seed(stage.base.remote(NAME), seed_of(**WORKFLOW)).state == "updated"


def test_a_person_without_workflow_files_may_push_beside_them(stage: Stage) -> None:
    seed(stage.base.remote(NAME), seed_of(**WORKFLOW))
    tokens = stage.with_permissions(workflows=None).tokens
    base = git_base(stage.hub.url, git_password(tokens))
    assert seed(base.remote(NAME), seed_of(y="y")).state == "updated"


def test_an_archived_repository_takes_nothing(stage: Stage) -> None:
    stage.hub.repository(NAME).archived = True
    with pytest.raises(GitHubRefused, match="archived so is read-only"):
        stage.api().request("PATCH", PATH, {"description": "x"})
    with pytest.raises(RemoteRefused):
        seed(stage.base.remote(NAME), seed_of())
    assert stage.api().get(PATH)["archived"] is True


def test_a_ruleset_keeps_pushes_from_a_branch_that_exists(stage: Stage) -> None:
    protect_default_branch(stage.api(), NAME)
    assert seed(stage.base.remote(NAME), seed_of()).state == "created"
    assert seed(stage.base.remote(NAME), seed_of(y="y")).state == "branch"


def test_the_first_branch_becomes_the_default(stage: Stage) -> None:
    import dataclasses

    seed(stage.base.remote(NAME), dataclasses.replace(seed_of(), default_branch="trunk"))
    assert stage.api().get(PATH)["default_branch"] == "trunk"
    assert stage.api().get(f"{PATH}/contents/x")["type"] == "file"


def test_secrets_must_be_sealed_for_it(stage: Stage) -> None:
    api = stage.api()
    key = api.get(f"{PATH}/actions/secrets/public-key")
    for body, said in (
        ({"key_id": key["key_id"], "encrypted_value": "cGxhaW4="}, "cannot be opened"),
        ({"key_id": "1", "encrypted_value": "cGxhaW4="}, "key_id does not match"),
    ):
        with pytest.raises(GitHubInvalid, match=said):
            api.request("PUT", f"{PATH}/actions/secrets/KEY", body)


def test_traces_are_found_wherever_they_are(stage: Stage) -> None:
    secret = "a secret / of ours"
    hub = stage.hub
    assert hub.traces(secret) == []
    pushed(stage, NAME, {"notes.txt": f"see: {secret}"})
    assert [place.split()[0] for place in hub.traces(secret)] == ["object"]
    stage.api().request("PATCH", PATH, {"description": f"x {secret}"})
    places = {place.split()[0] for place in hub.traces(secret)}
    assert places == {"object", "request", "state"}
    stage.api().find(f"/repos/{ORGANIZATION}/a%20secret%20%2F%20of%20ours")
    assert sum(place.startswith("request") for place in hub.traces(secret)) == 2


def test_haste_is_seen(stage: Stage) -> None:
    for _ in range(2):
        stage.api().request("PATCH", PATH, {"description": "x"})
    assert len(stage.hub.journal.hasty()) == 1


def test_faults_are_used_up_in_their_order(stage: Stage) -> None:
    hub = stage.hub
    hub.faults.add(Fault("500", "repos/get", skip=1))
    hub.faults.add(Fault("503", "repos/*", times=2, skip=1))
    stage.api().get(PATH)
    assert stage.clock.slept == []
    stage.api().get(PATH)
    assert hub.faults.happened == [("500", "repos/get"), ("503", "repos/get"), ("503", "repos/get")]
    hub.faults.add(Fault("500", "repos/get"))
    hub.faults.clear()
    stage.api().get(PATH)
    assert len(hub.faults.happened) == 3
    with pytest.raises(ValueError, match="'x' is none of timeout, dropped"):
        hub.faults.add(Fault("x", "*"))  # type: ignore[arg-type]


def test_a_call_that_goes_wrong_afterwards_was_done(stage: Stage) -> None:
    for after in (False, True):
        name = f"made-{after}"
        stage.hub.faults.add(Fault("dropped", "repos/create-in-org", after=after))
        with pytest.raises(GeneratorError):
            stage.api().request("POST", f"/orgs/{ORGANIZATION}/repos", {"name": name})
        assert (f"{ORGANIZATION}/{name}" in stage.hub.state()) == after
        assert stage.hub.journal.entries[-1].acted == after


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[str, Any]]:
    public = key_pair()[1]
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = tmp_path / "app.pem"
    key.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    running = subprocess.Popen(
        [
            *[sys.executable, "-m", "generator.standins.github", "--folder", tmp_path / "github"],
            *["--organization", ORGANIZATION, "--team", f"{ORGANIZATION}/governance"],
            *["--token", f"{PERSON}:TOKEN", "--app", f"{APP}:{INSTALLATION}:{ORGANIZATION}:{key}"],
        ],
        env={"TOKEN": CANARY, "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert running.stdin
    assert running.stdout
    url = json.loads(running.stdout.readline())["url"]

    def control(method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        answer = urllib3.request(method, f"{url}/_stand-in/{path}", body=content)
        assert answer.status == 200, answer.data
        return json.loads(answer.data or b"null")

    yield url, control
    running.stdin.close()
    assert running.wait(20) == 0


def test_as_a_process(process: tuple[str, Any]) -> None:
    url, control = process
    api = Api(instance(url), ReadTokens(lambda: Concealed(CANARY)), clock=TestClock())
    control("POST", "faults", {"kind": "dropped", "on": "repos/create-in-org", "after": True})
    own_repository(api, WantedRepository(NAME, "organization", "p", "deploy", "Ours"))
    seed(git_base(url, lambda: CANARY).remote(NAME), seed_of())
    assert list(control("GET", "state")[NAME]["heads"]) == ["main"]
    troubles = control("GET", "troubles")
    assert troubles["happened"] == [["dropped", "repos/create-in-org"]]
    assert troubles["failures"] == troubles["complaints"] == []
    assert control("POST", "traces", {"secret": CANARY}) == []
    operations = [entry["operation"] for entry in control("GET", "journal")]
    assert operations.count("git/receive-pack") == 1
    control("POST", "forget")
    assert control("GET", "journal") == []
    control("POST", "repositories", {"name": f"{ORGANIZATION}/build"})
    assert set(control("GET", "state")) == {NAME, f"{ORGANIZATION}/build"}


def test_without_an_own_folder_it_makes_one(tmp_path: Path) -> None:
    with GitHubStandIn(tmp_path / "deep" / "github") as hub:
        furnish(hub)
        assert hub.is_listening()
        with hub.away():
            assert not hub.is_listening()
        assert hub.is_listening()
