"""Asks Amazon DataZone about one project and turns its refusals into errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from generator import aws
from generator.errors import GeneratorError, InputError, shown

if TYPE_CHECKING:
    from mypy_boto3_datazone import DataZoneClient
    from mypy_boto3_datazone.type_defs import (
        ConnectionSummaryTypeDef,
        EnvironmentSummaryTypeDef,
        GetEnvironmentOutputTypeDef,
        GetProjectOutputTypeDef,
    )

IN_PROGRESS = {"PENDING_DEPLOYMENT", "IN_PROGRESS"}
FAILED = {"FAILED_VALIDATION", "FAILED_DEPLOYMENT"}
GOING_AWAY = {"DELETING", "DELETE_FAILED"}
USABLE_ENVIRONMENT = {"ACTIVE", "UPDATING", "UPDATE_FAILED"}
TOOLING = "tooling"
# Environments that hold facts, by the start of their configuration's name without spaces.
WANTED = (TOOLING, "lakehouse", "datalake")


class ProjectNotFound(InputError):
    """DataZone knows no such project."""


class ProjectPending(GeneratorError):
    """The project's environments are still being created: ask again later."""


class ProjectFailed(InputError):
    """The project's environments could not be created: waiting will not help."""


class IncompleteProject(InputError):
    """The project lacks a fact without which its repositories cannot be made."""


class NoProfile(IncompleteProject):
    """The project was created without a project profile: nothing says what it is for."""


class DataZoneRefused(InputError):
    """Our role or credentials may not ask DataZone."""


class DataZoneUnavailable(GeneratorError):
    """DataZone did not answer usefully, after botocore's own retries."""


@dataclass(frozen=True)
class ProjectRecord:
    """What DataZone answered about one project.

    resources: provisioned resources by name, those of the Tooling environment first.
    """

    project: GetProjectOutputTypeDef
    profile_name: str
    tooling: GetEnvironmentOutputTypeDef
    resources: dict[str, str]
    connections: list[ConnectionSummaryTypeDef]

    def connections_of(self, kind: str) -> list[ConnectionSummaryTypeDef]:
        """Return the project's connections of one type (MLFLOW, S3 …), ordered by name."""
        found = [connection for connection in self.connections if connection["type"] == kind]
        return sorted(found, key=lambda connection: connection["name"])

    def user_parameter(self, name: str) -> str | None:
        """Return what the project's creator gave for an environment parameter."""
        for group in self.project.get("userParameters", []):
            for parameter in group.get("environmentParameters", []):
                if parameter.get("name") == name and parameter.get("value"):
                    return parameter["value"]
        return None


def datazone_client(region: str) -> DataZoneClient:
    """Return a client of `region`; AWS_ENDPOINT_URL_DATAZONE points it elsewhere."""
    return cast("DataZoneClient", aws.client("datazone", region))


def look_at_project(
    client: DataZoneClient, domain: str, project: str, profile: str | None
) -> tuple[GetProjectOutputTypeDef, str]:
    """Return the project, ready or not, and its profile's name.

    profile: its id, for when the project names none. Raises NoProfile, ProjectNotFound,
    DataZoneRefused or DataZoneUnavailable.
    """
    with _explained(f"project {project} of domain {domain}"):
        described = client.get_project(domainIdentifier=domain, identifier=project)
        profile = described.get("projectProfileId") or profile
        if not profile:
            raise NoProfile(f"project {project} was created without a project profile")
        found = client.get_project_profile(domainIdentifier=domain, identifier=profile)
    return described, found["name"]


def describe_project(
    client: DataZoneClient, domain: str, project: str, profile: str | None
) -> ProjectRecord:
    """Return what DataZone knows of `project`; `profile` is used when the project names none.

    Raises what `look_at_project` and `refuse_unready` raise; IncompleteProject also when there is
    no Tooling environment.
    """
    described, profile_name = look_at_project(client, domain, project, profile)
    refuse_unready(described)
    with _explained(f"project {project} of domain {domain}"):
        environments = _environments(client, domain, project)
        tooling = _tooling(environments, project)
        connections = [
            connection
            for page in client.get_paginator("list_connections").paginate(
                domainIdentifier=domain, projectIdentifier=project
            )
            for connection in page["items"]
        ]
    return ProjectRecord(
        project=described,
        profile_name=profile_name,
        tooling=tooling,
        resources=_resources([tooling, *environments]),
        connections=connections,
    )


@contextmanager
def _explained(subject: str) -> Iterator[None]:
    """Turn botocore's errors into ours."""
    try:
        yield
    except NoCredentialsError:
        raise DataZoneRefused(f"no AWS credentials to ask DataZone for {subject}") from None
    except ClientError as error:
        answer = error.response.get("Error", {})
        code, message = answer.get("Code", "unknown"), shown(answer.get("Message", ""), 200)
        call = error.operation_name
        if code == "ResourceNotFoundException":
            raise ProjectNotFound(f"{call}: DataZone knows no {subject}: {message}") from error
        if code in {"AccessDeniedException", "UnauthorizedException"} or "Token" in code:
            raise DataZoneRefused(
                f"{call} for {subject} was refused ({code}: {message}); the role needs datazone:"
                f"{call} and must be a member of the domain"
            ) from error
        raise DataZoneUnavailable(f"{call} for {subject} failed: {code}: {message}") from error
    except BotoCoreError as error:
        raise DataZoneUnavailable(
            f"DataZone could not be asked for {subject}: {shown(str(error), 300)}"
        ) from error


def refuse_unready(project: GetProjectOutputTypeDef) -> None:
    """Raise ProjectPending or ProjectFailed (with the reason) unless the project is ready."""
    named = f"project {project['id']} ({shown(project['name'])})"
    status = project.get("projectStatus", "ACTIVE")
    if status in GOING_AWAY:
        raise ProjectFailed(f"{named} is {status}: it gets no repositories")
    details = project.get("environmentDeploymentDetails", {})
    deployment = details.get("overallDeploymentStatus", "SUCCESSFUL")
    if deployment in IN_PROGRESS:
        raise ProjectPending(f"{named} is {deployment}: its environments are not ready yet")
    if deployment in FAILED:
        reasons = [
            shown(reason.get("message", reason.get("code", "")), 200)
            for found in details.get("environmentFailureReasons", {}).values()
            for reason in found
        ]
        raise ProjectFailed(
            f"{named} is {deployment}: {'; '.join(reasons) or 'DataZone gives no reason'};"
            " repair or delete it in Unified Studio"
        )
    if deployment != "SUCCESSFUL":
        raise DataZoneUnavailable(f"{named} has the unknown deployment status {shown(deployment)}")


def _environments(
    client: DataZoneClient, domain: str, project: str
) -> list[GetEnvironmentOutputTypeDef]:
    summaries = (
        summary
        for page in client.get_paginator("list_environments").paginate(
            domainIdentifier=domain, projectIdentifier=project
        )
        for summary in page["items"]
    )
    wanted = [
        summary["id"]
        for summary in summaries
        if _kind(summary).startswith(WANTED)
        and summary.get("status", "ACTIVE") in USABLE_ENVIRONMENT
    ]
    return [client.get_environment(domainIdentifier=domain, identifier=id) for id in wanted]


def _kind(environment: EnvironmentSummaryTypeDef | GetEnvironmentOutputTypeDef) -> str:
    name = environment.get("environmentConfigurationName") or environment["name"]
    return "".join(name.casefold().split())


def _tooling(
    environments: list[GetEnvironmentOutputTypeDef], project: str
) -> GetEnvironmentOutputTypeDef:
    """Return the project's own tooling environment: the oldest, others are added on demand."""
    candidates = [env for env in environments if _kind(env).startswith(TOOLING)]
    if not candidates:
        raise IncompleteProject(
            f"project {project} has no active Tooling environment; its profile must create one"
        )
    return min(candidates, key=lambda env: (str(env.get("createdAt", "")), env["id"]))


def _resources(environments: Iterable[GetEnvironmentOutputTypeDef]) -> dict[str, str]:
    """Provisioned resources by name; the first environment that has one wins."""
    found: dict[str, str] = {}
    for environment in environments:
        for resource in environment.get("provisionedResources", []):
            if resource.get("name") and resource["value"]:
                found.setdefault(resource["name"], resource["value"])
    return found
