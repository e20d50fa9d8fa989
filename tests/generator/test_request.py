"""Which events are requests, and how those that are not are called."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from generator_stage import BUILD, DOMAIN, INJECTIONS, PROJECT, changed, read_event

from generator.request import DeniedEvent, ForeignEvent, MalformedEvent, parse

EVENT = read_event()
GIT = "detail.requestParameters.userParameters.0.environmentParameters"


def test_a_request_carries_what_the_event_tells() -> None:
    request = parse(EVENT)
    assert dataclasses.asdict(request) == {
        "event_id": EVENT["id"],
        "created_at": datetime(2026, 11, 20, 9, 14, 5, tzinfo=UTC),
        "account_id": "111122223333",
        "region": "eu-west-1",
        "domain_id": DOMAIN,
        "project_id": PROJECT,
        "profile_id": "5yk2a9r0c8d3f1",
        "name": None,  # CloudTrail masks it
        "build_repository": BUILD,
        "default_branch": "main",
        "connection_arn": EVENT["detail"]["requestParameters"]["userParameters"][0][
            "environmentParameters"
        ][0]["value"],
    }
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.project_id = "another"  # type: ignore[misc]


ACCEPTED: dict[str, tuple[str, object, str, object]] = {
    "name not masked": ("detail.requestParameters.name", "House prices", "name", "House prices"),
    "no profile": ("detail.requestParameters.projectProfileId", ..., "profile_id", None),
    "no parameters": ("detail.requestParameters.userParameters", ..., "build_repository", None),
    "null parameters": ("detail.requestParameters.userParameters", None, "default_branch", None),
    "no git parameters": (GIT, [], "build_repository", None),
    "parameter without value": (GIT, [{"name": "gitBranchName"}], "default_branch", None),
    "masked parameter": (
        GIT,
        [{"name": "gitFullRepositoryId", "value": "***"}],
        "build_repository",
        None,
    ),
    "new members": ("detail.responseElements.somethingNew", {"a": 1}, "project_id", PROJECT),
    "id with all signs": ("detail.responseElements.id", "a_B-9" + "x" * 31, "name", None),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_may_be_absent_is_none(case: str) -> None:
    path, value, attribute, expected = ACCEPTED[case]
    assert getattr(parse(changed(EVENT, path, value)), attribute) == expected


def test_a_denied_call_is_named() -> None:
    with pytest.raises(DeniedEvent, match=r"'AccessDenied'.*not permitted to create"):
        parse(read_event("create_project_denied.json"))


FOREIGN = {
    "another source": ("source", "aws.s3"),
    "another kind": ("detail-type", "Project Creation Succeeded"),
    "another service": ("detail.eventSource", "s3.amazonaws.com"),
    "another call": ("detail.eventName", "DeleteProject"),
    "no source": ("source", ...),
    "no detail": ("detail", ...),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_foreign_events_are_named(case: str) -> None:
    path, value = FOREIGN[case]
    with pytest.raises(ForeignEvent, match="not a CreateProject event"):
        parse(changed(EVENT, path, value))


MALFORMED: dict[str, tuple[str, Any, str]] = {
    "no answer": ("detail.responseElements", None, "responseElements"),
    "no project": ("detail.responseElements.id", ..., r"responseElements\.id is missing"),
    "project is a number": ("detail.responseElements.id", 7, "responseElements.id = 7"),
    "project too long": ("detail.responseElements.id", "x" * 37, "responseElements.id"),
    "no domain": ("detail.requestParameters.domainIdentifier", ..., "domainIdentifier"),
    "domain of another form": ("detail.requestParameters.domainIdentifier", "d-1", "'d-1'"),
    "account": ("account", "12", "account = '12'"),
    "region": ("detail.awsRegion", "Ireland", "awsRegion = 'Ireland'"),
    "no time": ("detail.eventTime", ..., "eventTime"),
    "time without zone": ("detail.eventTime", "2026-11-20T09:14:05", "eventTime"),
    "repository": (
        GIT,
        [{"name": "gitFullRepositoryId", "value": "../x"}],
        r"gitFullRepositoryId = '\.\./x'",
    ),
    "parameters are text": ("detail.requestParameters.userParameters", "x", "userParameters"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_events_name_the_member(case: str) -> None:
    path, value, named = MALFORMED[case]
    with pytest.raises(MalformedEvent, match=named):
        parse(changed(EVENT, path, value))


@pytest.mark.parametrize("event", [None, [], "x", 7])
def test_an_event_is_an_object(event: object) -> None:
    with pytest.raises(MalformedEvent, match="JSON object"):
        parse(event)


@pytest.mark.parametrize("payload", INJECTIONS)
@pytest.mark.parametrize(
    "path",
    [
        "account",
        "detail.awsRegion",
        "detail.requestParameters.domainIdentifier",
        "detail.requestParameters.projectProfileId",
        "detail.responseElements.id",
    ],
)
def test_injections_are_refused_with_a_short_message(path: str, payload: str) -> None:
    value = INJECTIONS[payload] if payload != "empty" else " "
    if payload == "very-long":
        value = "1" * 10_000
    with pytest.raises(MalformedEvent) as refused:
        parse(changed(EVENT, path, value))
    assert str(refused.value).isascii()
    assert len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)
