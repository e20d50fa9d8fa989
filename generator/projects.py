"""Turns DataZone's answers about a project into its facts: account, repository, S3 area, MLflow.

Where each fact lives was read from the API's model and from what Unified Studio provisions: the
Tooling environment's provisioned resources first; connections, the project's own parameters and
the event where that environment is silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator import patterns
from generator.datazone import IncompleteProject, ProjectRecord, describe_project
from generator.errors import shown
from generator.facts import ProjectFacts
from generator.names import deploy_repository, project_name
from generator.regions import partition_of
from generator.request import ProjectRequest

if TYPE_CHECKING:
    from mypy_boto3_datazone import DataZoneClient

DEFAULT_BRANCH = "main"


def read_project(client: DataZoneClient, request: ProjectRequest) -> ProjectFacts:
    """Return the facts of the project that `request` names.

    Raises what `describe_project` raises; IncompleteProject also when a fact is missing without
    which no repository can be made.
    """
    record = describe_project(client, request.domain_id, request.project_id, request.profile_id)
    project, domain = request.project_id, request.domain_id
    account, region = _account_and_region(record, request)
    bucket, prefix = _s3_area(record, project)
    build = _build_repository(record, request)
    return ProjectFacts(
        project_id=project,
        name=project_name(record.project["name"], project),
        profile=record.profile_name,
        domain_id=domain,
        domain_unit_id=record.project.get("domainUnitId"),
        scope_name=_scope(prefix, domain, project),
        account_id=account,
        region=region,
        build_repository=build,
        deploy_repository=deploy_repository(build, project, domain),
        default_branch=_default_branch(record, request),
        pipeline_role_arn=_role(record, project),
        sagemaker_domain_arn=_sagemaker_domain_arn(record, account, region),
        bucket=bucket,
        prefix=prefix,
        glue_database=record.resources.get("glueDBName"),
        athena_workgroup=_athena_workgroup(record),
        mlflow_tracking_arn=_mlflow_tracking_arn(record),
    )


def _account_and_region(record: ProjectRecord, request: ProjectRequest) -> tuple[str, str]:
    locations = [
        endpoint.get("awsLocation", {})
        for connection in record.connections_of("IAM")
        for endpoint in connection["physicalEndpoints"]
    ]
    account = next((at["awsAccountId"] for at in locations if "awsAccountId" in at), None)
    region = next((at["awsRegion"] for at in locations if "awsRegion" in at), None)
    return (
        record.tooling.get("awsAccountId") or account or request.account_id,
        record.tooling.get("awsAccountRegion") or region or request.region,
    )


def _role(record: ProjectRecord, project: str) -> str:
    if role := record.resources.get("userRoleArn"):
        return role
    for connection in record.connections_of("IAM"):
        for endpoint in connection["physicalEndpoints"]:
            if role := endpoint.get("awsLocation", {}).get("accessRole"):
                return role
    raise IncompleteProject(
        f"project {project} has no role: neither its Tooling environment (userRoleArn)"
        " nor an IAM connection names one"
    )


def _s3_area(record: ProjectRecord, project: str) -> tuple[str, str]:
    """Return (bucket, prefix) of the project's S3 area.

    The bucket is shared by the domain's projects: a bucket without a prefix is never an area, and
    a connection to another project's data is none either.
    """
    provisioned = record.resources.get("s3BucketPath", "")
    connected = [
        connection.get("props", {}).get("s3Properties", {}).get("s3Uri", "")
        for connection in record.connections_of("S3")
    ]
    for uri in [provisioned, *(uri for uri in connected if project in uri.split("/"))]:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        if bucket and prefix.strip("/"):
            return bucket, prefix.strip("/")
    raise IncompleteProject(
        f"project {project} has no S3 area of its own: neither its Tooling environment"
        f" (s3BucketPath = {shown(provisioned)}) nor an S3 connection gives a bucket and a prefix"
    )


def _scope(prefix: str, domain: str, project: str) -> str | None:
    """The scope's name ends the project's own S3 path: <domain>/<project>/<scope>."""
    parts = prefix.split("/")
    return parts[2] if len(parts) == 3 and parts[:2] == [domain, project] else None


def _build_repository(record: ProjectRecord, request: ProjectRequest) -> str:
    found = (
        record.resources.get("gitFullRepositoryId")
        or _git_property(record, "repositoryId")
        or record.user_parameter("gitFullRepositoryId")
        or request.build_repository
    )
    if not found:
        elsewhere = (
            " (its code is in CodeCommit)" if "codeRepositoryName" in record.resources else ""
        )
        raise IncompleteProject(
            f"project {request.project_id} has no GitHub repository{elsewhere}: create it with a"
            " Git connection, so that gitFullRepositoryId is set"
        )
    if not patterns.matches(patterns.REPOSITORY, found):
        raise IncompleteProject(
            f"gitFullRepositoryId = {shown(found)} of project {request.project_id} is not"
            " owner/repository on GitHub"
        )
    return found


def _default_branch(record: ProjectRecord, request: ProjectRequest) -> str:
    return (
        record.resources.get("gitBranchName")
        or _git_property(record, "defaultBranch")
        or record.user_parameter("gitBranchName")
        or request.default_branch
        or DEFAULT_BRANCH
    )


def _git_property(record: ProjectRecord, name: str) -> str | None:
    for connection in record.connections_of("GIT"):
        # Newer than the published type stubs.
        properties = dict(connection.get("props", {})).get("gitProperties")
        if isinstance(properties, dict) and properties.get(name):
            return str(properties[name])
    return None


def _sagemaker_domain_arn(record: ProjectRecord, account: str, region: str) -> str | None:
    identifier = record.resources.get("sageMakerDomainId")
    if not identifier:
        return None
    return f"arn:{partition_of(region)}:sagemaker:{region}:{account}:domain/{identifier}"


def _athena_workgroup(record: ProjectRecord) -> str | None:
    for connection in record.connections_of("ATHENA"):
        if name := connection.get("props", {}).get("athenaProperties", {}).get("workgroupName"):
            return name
    return None


def _mlflow_tracking_arn(record: ProjectRecord) -> str | None:
    for connection in record.connections_of("MLFLOW"):
        if arn := connection.get("props", {}).get("mlflowProperties", {}).get("trackingServerArn"):
            return arn
    return None
