"""When a request is repeated, how long is waited before, and when it is given up."""

from __future__ import annotations

import logging

import pytest
from urllib3.exceptions import HTTPError

from generator.github.concealed import Concealed
from generator.github.errors import (
    GitHubInvalid,
    GitHubMissing,
    GitHubRateLimited,
    GitHubRefused,
    GitHubUnavailable,
)
from generator.github.http import Http
from generator.github.instance import UnusableInstance, instance
from generator.github.tokens import ReadTokens
from generator.github.transport import Api, repository_path
from generator.remotes import UnusableBase
from generator.standins.github import Fault
from generator.standins.github.errors import Refusal
from generator.standins.github.faults import KINDS, Kind
from generator.standins.github.operations import PLAYED, Call, Played
from generator.standins.github.operations.call import Reply

from .stage import CANARY, ORGANIZATION, PERSON, START, Stage, everything_said, no_secret

NAME = f"{ORGANIZATION}/deploy"
PATH = f"/repos/{NAME}"
CREATE = f"/orgs/{ORGANIZATION}/repos"


@pytest.fixture(autouse=True)
def repository(stage: Stage) -> None:
    stage.hub.create_repository(NAME)


PASSING: tuple[Kind, ...] = ("500", "502", "503", "dropped", "echo", "garbage")


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("times", [1, 4])
def test_what_passes_is_waited_out(stage: Stage, kind: Kind, times: int) -> None:
    stage.hub.faults.add(Fault(kind, "repos/get", times=times))
    assert stage.api().get(PATH)["full_name"] == NAME
    assert stage.clock.slept == [1.0, 2.0, 4.0, 8.0][:times]


@pytest.mark.parametrize("kind", PASSING)
def test_what_does_not_pass_is_raised(stage: Stage, kind: Kind) -> None:
    stage.hub.faults.add(Fault(kind, "repos/get", times=5))
    with pytest.raises(GitHubUnavailable, match=f"GET {PATH}"):
        stage.api().get(PATH)
    assert len(stage.hub.journal.entries) == 5


def test_a_silent_server_is_given_up(stage: Stage) -> None:
    stage.hub.faults.add(Fault("timeout", "repos/get", times=9, seconds=5))
    with pytest.raises(GitHubUnavailable, match=r"no answer within 0\.1 s"):
        stage.api(read=0.1).get(PATH)


def test_a_server_that_is_away_is_given_up(stage: Stage) -> None:
    with stage.hub.away(), pytest.raises(GitHubUnavailable, match="no connection") as raised:
        stage.api().request("POST", CREATE, {"name": "x"})
    assert not raised.value.may_have_acted
    assert stage.clock.slept == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("kind", ["dropped", "502"])
def test_a_post_is_not_sent_twice_after_it_may_have_acted(stage: Stage, kind: Kind) -> None:
    stage.hub.faults.add(Fault(kind, "repos/create-in-org"))
    with pytest.raises(GitHubUnavailable) as raised:
        stage.api().request("POST", CREATE, {"name": "x"})
    assert raised.value.may_have_acted
    assert len(stage.hub.journal.entries) == 1


LIMITS: dict[Kind, tuple[float, float]] = {
    # kind: seconds that GitHub names, seconds that are waited
    "primary": (30, 31),
    "throttled": (30, 30),
    "secondary": (30, 30),
    "unannounced": (0, 60),
}


@pytest.mark.parametrize("kind", LIMITS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_limit_is_waited_out(stage: Stage, kind: Kind, method: str) -> None:
    named, waited = LIMITS[kind]
    stage.hub.faults.add(Fault(kind, "repos/*", seconds=named))
    if method == "GET":
        stage.api().get(PATH)
    else:
        stage.api().request("POST", CREATE, {"name": "x"})
    assert sum(stage.clock.slept) == waited
    assert len(stage.hub.journal.entries) == 2


@pytest.mark.parametrize("kind", LIMITS)
def test_a_limit_that_lasts_too_long_is_raised_at_once(stage: Stage, kind: Kind) -> None:
    stage.hub.faults.add(Fault(kind, "repos/get", seconds=1800))
    with pytest.raises(GitHubRateLimited, match="go on in") as raised:
        stage.api().within(50).get(PATH)
    assert raised.value.seconds == {"primary": 1801, "unannounced": 60}.get(kind, 1800)
    assert stage.clock.slept == []
    assert len(stage.hub.journal.entries) == 1


def test_the_time_of_a_limit_is_githubs_own(stage: Stage) -> None:
    stage.hub.now = lambda: stage.clock.now() + 5000
    stage.hub.faults.add(Fault("primary", "repos/get", seconds=30))
    stage.api().get(PATH)
    assert stage.clock.slept == [31]


def test_a_limit_that_comes_again_and_again_is_raised_in_the_end(stage: Stage) -> None:
    stage.hub.faults.add(Fault("throttled", "repos/get", times=99))
    with pytest.raises(GitHubRateLimited):
        stage.api().get(PATH)
    assert len(stage.hub.journal.entries) == 5


def test_the_hourly_limit_itself(stage: Stage) -> None:
    stage.hub.limit = 3
    api = stage.api()
    for left in (2, 1, 0):
        api.get(PATH)
        assert api.tally.left is not None
        assert api.tally.left.remaining == left
    with pytest.raises(GitHubRateLimited) as raised:
        api.get(PATH)
    assert raised.value.seconds == 3601
    stage.clock.sleep(raised.value.seconds)
    api.get(PATH)


def test_the_limit_on_changes_itself(stage: Stage) -> None:
    stage.hub.changes_per_minute = 5
    api = stage.api()
    for number in range(12):
        api.request("PATCH", PATH, {"description": str(number)})
    assert stage.clock.now() - START > 120
    assert {entry.status for entry in stage.hub.journal.entries} == {200, 403}


def test_changes_are_a_second_apart(stage: Stage) -> None:
    api = stage.api()
    for number in range(3):
        api.request("PATCH", PATH, {"description": str(number)})
        api.get(PATH)
    assert stage.clock.slept == [1.0, 1.0]
    assert stage.hub.journal.hasty() == []
    stage.clock.sleep(10)
    api.request("PATCH", PATH, {"description": "later"})
    assert stage.clock.slept == [1.0, 1.0, 10]


def test_a_clock_that_is_set_back_does_not_stop_the_work(stage: Stage) -> None:
    api = stage.api()
    api.request("PATCH", PATH, {"description": "x"})
    stage.clock.sleep(-3600)
    api.request("PATCH", PATH, {"description": "y"})
    assert stage.clock.slept == [-3600, 1.0]


@pytest.mark.parametrize("kind", ["500", "dropped"])
def test_a_deadline_ends_repetitions(stage: Stage, kind: Kind) -> None:
    stage.hub.faults.add(Fault(kind, "repos/get", times=99))
    with pytest.raises(GitHubUnavailable):
        stage.api().within(4).get(PATH)
    assert stage.clock.slept == [1.0, 2.0]


def test_no_request_is_sent_after_the_deadline(stage: Stage) -> None:
    hurried = stage.api().within(4)
    stage.clock.sleep(4)
    with pytest.raises(GitHubUnavailable, match="no time is left"):
        hurried.get(PATH)
    assert stage.hub.journal.entries == []


def test_a_deadline_is_no_ones_but_its_own(stage: Stage) -> None:
    api = stage.api()
    hurried = api.within(4)
    stage.clock.sleep(4)
    assert api.get(PATH)["full_name"] == NAME
    assert hurried.tally is api.tally
    assert api.tally.requests == 1


def test_a_refused_token_is_asked_for_again_once(stage: Stage) -> None:
    values = iter(["expired", CANARY])
    api = Api(stage.place, ReadTokens(lambda: Concealed(next(values))), clock=stage.clock)
    assert api.get(PATH)["full_name"] == NAME
    assert [entry.status for entry in stage.hub.journal.entries] == [401, 200]


def test_a_token_that_stays_refused_is_told(stage: Stage) -> None:
    api = Api(stage.place, ReadTokens(lambda: Concealed("wrong")), clock=stage.clock)
    with pytest.raises(GitHubRefused, match=r"does not take the token .* 401 Bad credentials"):
        api.get(PATH)
    assert len(stage.hub.journal.entries) == 2


def test_what_is_missing_and_what_is_wrong_are_told_apart(stage: Stage) -> None:
    api = stage.api()
    with pytest.raises(GitHubMissing, match=r"GET /repos/acme-ml/other: 404 Not Found"):
        api.get("/repos/acme-ml/other")
    assert api.find("/repos/acme-ml/other") is None
    with pytest.raises(GitHubInvalid, match="name already exists on this account"):
        api.request("POST", CREATE, {"name": "deploy"})
    with pytest.raises(GitHubInvalid, match='"colour" is not a permitted key'):
        api.request("POST", CREATE, {"name": "x", "colour": "red"})
    with pytest.raises(GitHubRefused, match=r"may not do this .* administration=write"):
        stage.with_permissions(administration=None).request("POST", CREATE, {"name": "x"})


def test_lists_are_read_to_their_end(stage: Stage) -> None:
    repository = stage.hub.repository(NAME)
    repository.vault.variables = {f"V{number:03}": "x" for number in range(250)}
    names = [one["name"] for one in stage.api().pages(f"{PATH}/actions/variables", "variables")]
    assert names == sorted(repository.vault.variables)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after", [False, True])
def test_the_token_is_nowhere_to_be_seen(
    stage: Stage,
    kind: Kind,
    after: bool,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    stage.hub.faults.add(Fault(kind, "*", times=99, after=after, seconds=0.15))
    api = stage.api(read=0.1)
    for method, path in (("GET", PATH), ("POST", CREATE), ("PATCH", PATH)):
        with pytest.raises((GitHubUnavailable, GitHubRateLimited, GitHubRefused)) as raised:
            api.request(method, path, None if method == "GET" else {"name": "x"})
        no_secret(everything_said(raised.value))
        assert not isinstance(raised.value.__context__, HTTPError)
    no_secret(repr(api) + repr(api.tokens) + repr(api.__dict__))
    no_secret(caplog.text + "".join(capfd.readouterr()))


def test_an_answer_that_repeats_the_token_is_not_repeated(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def repeats(call: Call) -> Reply:
        raise Refusal(422, f"You sent {call.caller.value}, which is odd")

    monkeypatch.setitem(PLAYED, "repos/update", Played(repeats, "metadata:read"))
    with pytest.raises(GitHubInvalid, match=r"You sent \*\*\*, which is odd") as raised:
        stage.api().request("PATCH", PATH, {"name": "x"})
    no_secret(everything_said(raised.value))


def test_answers_of_github_stay_printable(stage: Stage) -> None:
    refusal = {"name": "x", "a\x1b[31m": 1}
    with pytest.raises(GitHubInvalid) as raised:
        stage.api().request("POST", CREATE, refusal)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 500


ADDRESSES = {
    ("https://github.com", None): ("https://github.com", "https://api.github.com", False),
    ("https://acme.ghe.com/", None): ("https://acme.ghe.com", "https://api.acme.ghe.com", False),
    ("https://git.acme.example:8443", None): (
        "https://git.acme.example:8443",
        "https://git.acme.example:8443/api/v3",
        True,
    ),
    ("http://127.0.0.1:1", "http://127.0.0.1:2/"): (
        "http://127.0.0.1:1",
        "http://127.0.0.1:2",
        False,
    ),
}


@pytest.mark.parametrize("given", ADDRESSES)
def test_addresses(given: tuple[str, str | None]) -> None:
    found = instance(*given)
    assert (found.web, found.api, found.is_enterprise_server) == ADDRESSES[given]


@pytest.mark.parametrize("given", [("folder", None), ("https://github.com", "folder")])
def test_a_folder_is_no_github(given: tuple[str, str | None]) -> None:
    with pytest.raises(UnusableInstance, match="give its https address"):
        instance(*given)


@pytest.mark.parametrize("given", ["http://github.com", "https://me:secret@github.com"])
def test_addresses_that_would_give_a_token_away(given: str) -> None:
    for web, api in ((given, None), ("https://github.com", given)):
        with pytest.raises(UnusableBase) as raised:
            instance(web, api)
        assert "secret@" not in str(raised.value)


@pytest.mark.parametrize("name", ["x", "a/..", "a/b/c", "a/{{ 7*7 }}", "a/b?c", "a/b#c"])
def test_names_that_are_no_repository(name: str) -> None:
    with pytest.raises(Exception, match="not owner/repository"):
        repository_path(name)


def test_a_token_does_not_follow_a_redirection_to_another_server(stage: Stage) -> None:
    # The stand-in names its own address in a redirection; a second one has another.
    stage.hub.rename(NAME, "renamed")
    assert stage.api().get(PATH)["full_name"] == f"{ORGANIZATION}/renamed"
    elsewhere = Api(
        instance(stage.hub.url, stage.hub.url.replace("127.0.0.1", "localhost")),
        stage.tokens,
        http=Http(),
        clock=stage.clock,
    )
    with pytest.raises(GitHubInvalid, match="301 Moved Permanently"):
        elsewhere.get(PATH)


def test_a_proxy_of_the_environment_is_used(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(GitHubUnavailable, match="no connection"):
        stage.api().get(PATH)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert stage.api().get(f"/users/{PERSON}")["login"] == PERSON
