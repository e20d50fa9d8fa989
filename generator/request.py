"""Reads the CreateProject event that CloudTrail sends through EventBridge.

Three kinds of event are not requests, and each has its own error: a foreign event (another
source or call), a denied call (nothing was created), and one that lacks what a request needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from generator import patterns
from generator.errors import InputError, shown

SOURCE = "aws.datazone"
DETAIL_TYPE = "AWS API Call via CloudTrail"
EVENT_SOURCE = "datazone.amazonaws.com"
EVENT_NAME = "CreateProject"
ASKED, ANSWERED = "detail.requestParameters", "detail.responseElements"
# What CloudTrail writes in place of a value that the service's model calls sensitive.
MASKED = "***"


class ForeignEvent(InputError):
    """An event of another service or call: not for us."""


class DeniedEvent(InputError):
    """A CreateProject call that DataZone refused: no project exists."""


class MalformedEvent(InputError):
    """A CreateProject event without what a request needs."""


@dataclass(frozen=True)
class ProjectRequest:
    """A project that was created, as far as its event tells.

    What an event may leave out is None; DataZone is asked for it later.
    """

    event_id: str
    created_at: datetime
    account_id: str
    region: str
    domain_id: str
    project_id: str
    profile_id: str | None
    name: str | None
    build_repository: str | None
    default_branch: str | None
    connection_arn: str | None


def parse(event: object) -> ProjectRequest:
    """Return the request that an EventBridge event (parsed JSON) carries.

    Raises ForeignEvent, DeniedEvent or MalformedEvent. Members that are not read may be anything:
    CloudTrail adds some over time.
    """
    if not isinstance(event, Mapping):
        raise MalformedEvent(f"an event is a JSON object, not {shown(event)}")
    _refuse_foreign(event)
    if code := _member(event, "detail.errorCode"):
        raise DeniedEvent(
            f"CreateProject was refused with {shown(code)}"
            f" ({shown(_member(event, 'detail.errorMessage'), 200)}):"
            " there is no project to prepare"
        )
    name = _member(event, f"{ASKED}.name")
    return ProjectRequest(
        event_id=_text(event, "id", r"[ -~]{1,100}"),
        created_at=_time(event, "detail.eventTime"),
        account_id=_text(event, "account", patterns.ACCOUNT),
        region=_text(event, "detail.awsRegion", patterns.REGION),
        domain_id=_text(event, f"{ASKED}.domainIdentifier", patterns.DOMAIN_ID),
        project_id=_text(event, f"{ANSWERED}.id", patterns.PROJECT_ID),
        profile_id=_optional_text(event, f"{ASKED}.projectProfileId", patterns.PROJECT_ID),
        name=name if isinstance(name, str) and name != MASKED else None,
        build_repository=_parameter(event, "gitFullRepositoryId", patterns.REPOSITORY),
        default_branch=_parameter(event, "gitBranchName", patterns.BRANCH),
        connection_arn=_parameter(event, "gitConnectionArn", patterns.CONNECTION_ARN),
    )


def _refuse_foreign(event: Mapping[str, Any]) -> None:
    expected = {
        "source": SOURCE,
        "detail-type": DETAIL_TYPE,
        "detail.eventSource": EVENT_SOURCE,
        "detail.eventName": EVENT_NAME,
    }
    for path, wanted in expected.items():
        value = _member(event, path)
        if value != wanted:
            raise ForeignEvent(
                f"not a CreateProject event: {path} is {shown(value)}, not {wanted!r}"
            )


def _member(event: Mapping[str, Any], path: str) -> Any:
    """Return the member at a dotted path; None when it, or an object above it, is missing."""
    value: Any = event
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(event: Mapping[str, Any], path: str, pattern: str) -> str:
    value = _member(event, path)
    if value is None:
        raise MalformedEvent(f"the CreateProject event cannot be used: {path} is missing")
    if not isinstance(value, str) or not patterns.matches(pattern, value):
        raise MalformedEvent(
            f"the CreateProject event cannot be used: {path} = {shown(value)}"
            " is not of the expected form"
        )
    return value


def _optional_text(event: Mapping[str, Any], path: str, pattern: str) -> str | None:
    return None if _member(event, path) is None else _text(event, path, pattern)


def _time(event: Mapping[str, Any], path: str) -> datetime:
    text = _text(event, path, r"[0-9T:.Z+-]{10,40}")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.min
    if time.tzinfo is None:
        raise MalformedEvent(
            f"the CreateProject event cannot be used: {path} = {shown(text)} is no time with a zone"
        )
    return time


def _parameter(event: Mapping[str, Any], name: str, pattern: str) -> str | None:
    """Return the first value given for an environment parameter; None when it is masked."""
    for parameter in _objects(_member(event, f"{ASKED}.userParameters")):
        for given in _objects(parameter.get("environmentParameters")):
            value = given.get("value")
            if given.get("name") == name and value and value != MASKED:
                return _text({name: value}, name, pattern)
    return None


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list. CloudTrail may leave the list out, or write null."""
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise MalformedEvent(
            f"the CreateProject event cannot be used: userParameters has {shown(value)}"
            " where a list of objects is expected"
        )
    yield from value
