"""Is a project ours, and is it ready? Asked of DataZone's stand-in, and of nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.catalog import UnknownTemplate
from generator.control.describe import ProjectNotReady, describe
from generator.datazone import (
    DataZoneRefused,
    DataZoneUnavailable,
    ProjectFailed,
    ProjectNotFound,
)
from generator.errors import InputError
from generator.request import MalformedEvent
from generator.standins.awsmodel import ServiceError
from generator.standins.datazone import DataZoneStandIn, stand_in
from tests.control.stage import CREATE, DOMAIN, GIVEN, PROJECT, blind_ports, configuration
from tests.generator.generator_stage import changed, read_event

Change = Callable[[DataZoneStandIn], object]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Describe the event's project, with DataZone changed first; returns what the step returns."""

    def asked(
        change: Change = lambda datazone: None,
        given: object = GIVEN,
        more: str = "",
        profile: str = "Regression",
        name: str = "House prices",
    ) -> dict[str, Any]:
        with stand_in(CREATE, name=name, profile=profile) as datazone:
            change(datazone)
            for variable, value in datazone.environment.items():
                monkeypatch.setenv(variable, value)
            try:
                return describe(given, blind_ports(configuration(tmp_path, more)))
            finally:
                assert datazone.failures == []
                asked.calls = [call.operation for call in datazone.calls]  # type: ignore[attr-defined]

    return asked


def deployment(status: str, *reasons: str) -> Change:
    details: dict[str, Any] = {"overallDeploymentStatus": status}
    if reasons:
        details["environmentFailureReasons"] = {
            "Tooling": [{"code": "400", "message": reason} for reason in reasons]
        }
    return lambda datazone: datazone.records.project.update(environmentDeploymentDetails=details)


def test_a_project_that_stands_is_ready(ask: Any) -> None:
    assert ask() == {
        "status": "READY",
        "reason": None,
        "project": {
            "id": PROJECT,
            "domain_id": DOMAIN,
            "name": "House prices",
            "profile": "Regression",
            "template": "regression",
        },
    }
    assert ask.calls == ["GetProject", "GetProjectProfile"], "asked often: it must be cheap"


@pytest.mark.parametrize("status", ["PENDING_DEPLOYMENT", "IN_PROGRESS"])
def test_a_project_in_the_making_is_pending(ask: Any, status: str) -> None:
    found = ask(deployment(status))
    assert found["status"] == "PENDING"
    assert status in found["reason"]


@pytest.mark.parametrize("status", ["FAILED_VALIDATION", "FAILED_DEPLOYMENT"])
def test_a_failed_project_ends_at_once_with_its_reason(ask: Any, status: str) -> None:
    with pytest.raises(ProjectFailed, match=f"{status}.*the quota of VPCs is used up"):
        ask(deployment(status, "the quota of VPCs is used up"))


def test_a_project_that_is_being_deleted_has_failed(ask: Any) -> None:
    with pytest.raises(ProjectFailed, match="gets no repositories"):
        ask(lambda dz: dz.records.project.update(projectStatus="DELETING"))


def test_a_project_is_waited_for_as_long_as_is_configured(ask: Any) -> None:
    more = "[wait]\nlimit_minutes = 5\n"
    waited = {"event": CREATE, "waited_seconds": 299}
    assert ask(deployment("IN_PROGRESS"), more=more, given=waited)["status"] == "PENDING"
    waited["waited_seconds"] = 300
    with pytest.raises(ProjectNotReady, match=r"not ready after 5 minutes: .*IN_PROGRESS.*limit_m"):
        ask(deployment("IN_PROGRESS"), more=more, given=waited)
    assert ask(more=more, given=waited)["status"] == "READY", "it is ready after all"


@pytest.mark.parametrize("state", ["SUCCESSFUL", "IN_PROGRESS", "FAILED_VALIDATION"])
def test_an_unknown_profile_is_not_ours_whatever_becomes_of_the_project(
    ask: Any, state: str
) -> None:
    """Nobody waits for, and nobody is alarmed by, a project that has nothing to do with us."""
    found = ask(deployment(state), profile="All capabilities")
    assert found["status"] == "NOT_OURS"
    assert "'All capabilities'" in found["reason"]


def test_the_configuration_decides_alone_which_profiles_are_ours(ask: Any) -> None:
    mapped = '[profiles]\n"Fraud scoring" = "regression"\n'
    assert ask(more=mapped, profile="fraud-Scoring")["project"]["template"] == "regression"
    assert ask(more=mapped, profile="Regression")["status"] == "NOT_OURS"


def test_a_profile_that_is_configured_to_a_template_that_is_not_there_is_an_error(ask: Any) -> None:
    with pytest.raises(UnknownTemplate, match="no template 'chess'; there are"):
        ask(more='[profiles]\n"Regression" = "chess"\n')


def test_a_project_without_a_profile_is_not_ours(ask: Any) -> None:
    event = changed(CREATE, "detail.requestParameters.projectProfileId", ...)
    found = ask(lambda dz: dz.records.project.pop("projectProfileId"), given={"event": event})
    assert found["status"] == "NOT_OURS"


def test_a_project_that_joins_another_gets_nothing(ask: Any) -> None:
    joining = '[joining]\ntest = ["-test"]\n'
    found = ask(more=joining, name="House prices-test")
    assert found["status"] == "NOT_OURS"
    assert "stage test" in found["reason"]
    assert ask(more=joining, name="House prices")["status"] == "READY"


NOT_OURS = {
    "refused call": read_event("create_project_denied.json"),
    "another call": changed(CREATE, "detail.eventName", "DeleteProject"),
    "another service": changed(CREATE, "source", "aws.s3"),
    "another domain": changed(CREATE, "detail.requestParameters.domainIdentifier", "dzd_other"),
}


@pytest.mark.parametrize("case", NOT_OURS)
def test_events_that_are_not_for_us_ask_nobody(ask: Any, case: str) -> None:
    found = ask(given={"event": NOT_OURS[case]})
    assert found["status"] == "NOT_OURS"
    assert found["reason"]
    assert ask.calls == []


def test_a_project_can_be_named_by_its_ids(ask: Any) -> None:
    found = ask(given={"project_id": PROJECT, "domain_id": DOMAIN})
    assert (found["status"], found["project"]["id"]) == ("READY", PROJECT)


@pytest.mark.parametrize(
    ("given", "said"),
    {
        "no ids": ({}, "project = None"),
        "brace": ({"project_id": "{{ 7*7 }}", "domain_id": DOMAIN}, "not the id of a project"),
        "no domain": ({"project_id": PROJECT, "domain_id": "x"}, "domain = 'x'"),
        "no object": (["event"], "the input of a step is an object"),
    }.values(),
)
def test_malformed_input_is_refused(ask: Any, given: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        ask(given=given)


def test_a_malformed_event_is_refused(ask: Any) -> None:
    with pytest.raises(MalformedEvent):
        ask(given={"event": changed(CREATE, "detail.responseElements.id", "{{ 7*7 }}")})


def failing(code: str) -> Change:
    def fail(asked: dict[str, Any]) -> dict[str, Any]:
        raise ServiceError(code, "no")

    return lambda datazone: datazone.operations.update(GetProject=fail)


@pytest.mark.parametrize(
    ("code", "error"),
    {
        "AccessDeniedException": DataZoneRefused,
        "ResourceNotFoundException": ProjectNotFound,
        "InternalServerException": DataZoneUnavailable,
        "ThrottlingException": DataZoneUnavailable,
    }.items(),
)
def test_what_datazone_refuses_is_told_apart(
    ask: Any, code: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # botocore's own pauses
    with pytest.raises(error):
        ask(failing(code))


def test_the_answer_is_json(ask: Any) -> None:
    assert json.loads(json.dumps(ask())) == ask()
