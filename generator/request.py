"""Reads the CreateProject event that CloudTrail sends through EventBridge.

Three kinds of event are not requests, and each has its own error: a foreign event (another
source or call), a denied call (nothing was created), and one that lacks what a request needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from generator import patterns
from generator.errors import InputError, shown

SOURCE = "aws.datazone"
DETAIL_TYPE = "AWS API Call via CloudTrail"
EVENT_SOURCE = "datazone.amazonaws.com"
EVENT_NAME = "CreateProject"
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


def _text(pattern: str) -> StringConstraints:
    return StringConstraints(pattern=f"^(?:{pattern})$", max_length=300)


ProjectId = Annotated[str, _text(patterns.PROJECT_ID)]
DomainId = Annotated[str, _text(patterns.DOMAIN_ID)]


class _Loose(BaseModel):
    """CloudTrail adds members over time: what we do not read is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Parameter(_Loose):
    name: str
    value: str | None = None


class _UserParameters(_Loose):
    parameters: list[_Parameter] = Field(default=[], alias="environmentParameters")


class _Asked(_Loose):
    domain_id: DomainId = Field(alias="domainIdentifier")
    profile_id: ProjectId | None = Field(default=None, alias="projectProfileId")
    name: str | None = Field(default=None, max_length=64)
    user_parameters: list[_UserParameters] | None = Field(default=None, alias="userParameters")

    def parameter(self, name: str, pattern: str) -> str | None:
        """Return the first value given for the environment parameter `name`."""
        for group in self.user_parameters or []:
            for given in group.parameters:
                if given.name == name and given.value and given.value != MASKED:
                    if not patterns.matches(pattern, given.value):
                        raise MalformedEvent(
                            f"the event's {name} = {shown(given.value)} is not one that can be used"
                        )
                    return given.value
        return None


class _Answered(_Loose):
    project_id: ProjectId = Field(alias="id")


class _Detail(_Loose):
    region: Annotated[str, _text(patterns.REGION)] = Field(alias="awsRegion")
    time: AwareDatetime = Field(alias="eventTime")
    asked: _Asked = Field(alias="requestParameters")
    answered: _Answered = Field(alias="responseElements")


class _Event(_Loose):
    id: str = Field(min_length=1, max_length=100)
    account: Annotated[str, _text(patterns.ACCOUNT)]
    detail: _Detail


def parse(event: object) -> ProjectRequest:
    """Return the request that an EventBridge event (parsed JSON) carries.

    Raises ForeignEvent, DeniedEvent or MalformedEvent.
    """
    if not isinstance(event, Mapping):
        raise MalformedEvent(f"an event is a JSON object, not {shown(event)}")
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        detail = {}
    _refuse_foreign(event, detail)
    if detail.get("errorCode"):
        raise DeniedEvent(
            f"CreateProject was refused with {shown(detail['errorCode'])}"
            f" ({shown(detail.get('errorMessage'), 200)}): there is no project to prepare"
        )
    try:
        read = _Event.model_validate(event)
    except ValidationError as error:
        raise MalformedEvent(_explain(error)) from None
    asked = read.detail.asked
    return ProjectRequest(
        event_id=read.id,
        created_at=read.detail.time,
        account_id=read.account,
        region=read.detail.region,
        domain_id=asked.domain_id,
        project_id=read.detail.answered.project_id,
        profile_id=asked.profile_id,
        name=None if asked.name == MASKED else asked.name,
        build_repository=asked.parameter("gitFullRepositoryId", patterns.REPOSITORY),
        default_branch=asked.parameter("gitBranchName", patterns.BRANCH),
        connection_arn=asked.parameter("gitConnectionArn", patterns.CONNECTION_ARN),
    )


def _refuse_foreign(event: Mapping[str, object], detail: Mapping[str, object]) -> None:
    expected = [
        ("source", event.get("source"), SOURCE),
        ("detail-type", event.get("detail-type"), DETAIL_TYPE),
        ("detail.eventSource", detail.get("eventSource"), EVENT_SOURCE),
        ("detail.eventName", detail.get("eventName"), EVENT_NAME),
    ]
    for member, value, wanted in expected:
        if value != wanted:
            raise ForeignEvent(
                f"not a CreateProject event: {member} is {shown(value)}, not {wanted!r}"
            )


# pydantic's kinds of problem in our words; its own message stands for the rest.
PROBLEMS = {
    "missing": "is missing",
    "model_type": "is not an object",
    "string_pattern_mismatch": "is not of the expected form",
}


def _explain(error: ValidationError) -> str:
    problems = []
    for found in error.errors(include_url=False, include_context=False):
        member = ".".join(str(part) for part in found["loc"])
        value = "" if found["type"] == "missing" else f" = {shown(found['input'])}"
        problems.append(f"{member}{value} {PROBLEMS.get(found['type'], found['msg'])}")
    return f"the CreateProject event cannot be used: {'; '.join(problems[:3])}"
