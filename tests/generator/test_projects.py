"""What DataZone's answers become: facts, or an error that says what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from generator_stage import BUILD, DEPLOY, DOMAIN, PROJECT, changed, read_event

from generator.datazone import (
    DataZoneRefused,
    DataZoneUnavailable,
    IncompleteProject,
    ProjectFailed,
    ProjectNotFound,
    ProjectPending,
    datazone_client,
)
from generator.facts import ProjectFacts
from generator.projects import read_project
from generator.request import parse
from generator.standins.awsmodel import ServiceError
from generator.standins.datazone import DataZoneStandIn, stand_in

EVENT = read_event()
AREA = "amazon-sagemaker-111122223333-eu-west-1-0a1b2c3d4e5f"
Change = Callable[[DataZoneStandIn], object]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ProjectFacts]:
    """Read the project's facts from a stand-in that was changed first."""

    def asked(change: Change = lambda datazone: None, event: object = EVENT) -> ProjectFacts:
        with stand_in(event) as datazone:
            change(datazone)
            for name, value in datazone.environment.items():
                monkeypatch.setenv(name, value)
            request = parse(event)
            try:
                return read_project(datazone_client(request.region), request)
            finally:
                assert datazone.failures == [], "asked something that DataZone does not know"

    return asked


def test_a_complete_project(ask: Callable[..., ProjectFacts]) -> None:
    account, region = "111122223333", "eu-west-1"
    assert ask() == ProjectFacts(
        project_id=PROJECT,
        name="House prices",
        profile="Regression",
        domain_id=DOMAIN,
        account_id=account,
        region=region,
        build_repository=BUILD,
        deploy_repository=DEPLOY,
        default_branch="main",
        pipeline_role_arn=f"arn:aws:iam::{account}:role/datazone_usr_role_{PROJECT}_4tooling0env01",
        bucket=AREA,
        prefix=f"{DOMAIN}/{PROJECT}/dev",
        domain_unit_id="9rootunit00001",
        scope_name="dev",
        sagemaker_domain_arn=f"arn:aws:sagemaker:{region}:{account}:domain/d-4q7x2m9k1b3c",
        glue_database="glue_db_house_prices",
        athena_workgroup=f"workgroup-{PROJECT}",
        mlflow_tracking_arn=(
            f"arn:aws:sagemaker:{region}:{account}:mlflow-tracking-server/tracking-{PROJECT}"
        ),
    )


def deploying(status: str, **reasons: list[dict[str, str]]) -> Change:
    details = {"overallDeploymentStatus": status, "environmentFailureReasons": reasons}
    return lambda dz: dz.records.project.update(environmentDeploymentDetails=details)


STATUSES: dict[str, tuple[Change, type[Exception], str]] = {
    "pending": (deploying("PENDING_DEPLOYMENT"), ProjectPending, "PENDING_DEPLOYMENT"),
    "in progress": (deploying("IN_PROGRESS"), ProjectPending, "'House prices'.*IN_PROGRESS"),
    "failed validation": (deploying("FAILED_VALIDATION"), ProjectFailed, "gives no reason"),
    "failed deployment": (
        deploying("FAILED_DEPLOYMENT", env=[{"code": "x", "message": "quota of VPCs reached"}]),
        ProjectFailed,
        "FAILED_DEPLOYMENT.*quota of VPCs reached.*Unified Studio",
    ),
    "being deleted": (
        lambda dz: dz.records.project.update(projectStatus="DELETING"),
        ProjectFailed,
        "DELETING",
    ),
    "failed deletion": (
        lambda dz: dz.records.project.update(projectStatus="DELETE_FAILED"),
        ProjectFailed,
        "DELETE_FAILED",
    ),
}


@pytest.mark.parametrize("case", STATUSES)
def test_a_project_that_is_not_ready(case: str, ask: Callable[..., ProjectFacts]) -> None:
    change, error, said = STATUSES[case]
    with pytest.raises(error, match=said):
        ask(change)


def test_a_project_without_deployment_details_is_ready(ask: Callable[..., ProjectFacts]) -> None:
    assert ask(lambda dz: dz.records.project.pop("environmentDeploymentDetails")).name


def without(*resources: str, environment: int = 0) -> Change:
    return lambda dz: dz.records.provision(environment, **dict.fromkeys(resources))


def without_connection(kind: str, *, also: Change = lambda dz: None) -> Change:
    def change(datazone: DataZoneStandIn) -> None:
        known = datazone.records.connections
        known[:] = [connection for connection in known if connection["type"] != kind]
        also(datazone)

    return change


def with_git_connection(datazone: DataZoneStandIn) -> None:
    without("gitFullRepositoryId", "gitBranchName")(datazone)
    datazone.records.project["userParameters"] = []
    template = datazone.records.connections[0]
    properties = {
        "codeConnectionArn": parse(EVENT).connection_arn,
        "repositoryId": "acme-ml/from-connection",
        "defaultBranch": "trunk",
    }
    datazone.records.connections.append(
        {**template, "name": "project.git", "type": "GIT", "props": {"gitProperties": properties}}
    )


def not_named_tooling(datazone: DataZoneStandIn) -> None:
    for environment in datazone.records.environments[:1]:
        environment["name"] = environment["environmentConfigurationName"] = "ToolingLite"


def second_tooling(datazone: DataZoneStandIn) -> None:
    first = datazone.records.environments[0]
    later = {**first, "id": "0later0tooling", "createdAt": first["createdAt"].replace(year=2027)}
    datazone.records.environments.insert(0, later)
    datazone.records.provision(0, s3BucketPath="s3://elsewhere/x/y/z")


# What a fact is when its first source is silent, or answers differently.
ELSEWHERE: dict[str, tuple[Change, str, object]] = {
    "repository from a GIT connection": (
        with_git_connection,
        "build_repository",
        "acme-ml/from-connection",
    ),
    "branch from a GIT connection": (with_git_connection, "default_branch", "trunk"),
    "repository from the project's parameters": (
        without("gitFullRepositoryId"),
        "build_repository",
        BUILD,
    ),
    "repository from the event": (
        lambda dz: (
            without("gitFullRepositoryId")(dz),
            dz.records.project.update(userParameters=[]),
        ),
        "build_repository",
        BUILD,
    ),
    "role from the IAM connection": (
        without("userRoleArn"),
        "pipeline_role_arn",
        f"arn:aws:iam::111122223333:role/datazone_usr_role_{PROJECT}_4tooling0env01",
    ),
    "area from the S3 connection": (
        without("s3BucketPath"),
        "prefix",
        f"{DOMAIN}/{PROJECT}/dev",
    ),
    "tooling of another name": (not_named_tooling, "bucket", AREA),
    "the project's own tooling is the oldest": (second_tooling, "bucket", AREA),
    "no SageMaker domain": (without("sageMakerDomainId"), "sagemaker_domain_arn", None),
    "no lakehouse": (without("glueDBName", environment=1), "glue_database", None),
    "no MLflow": (without_connection("MLFLOW"), "mlflow_tracking_arn", None),
    "no Athena": (without_connection("ATHENA"), "athena_workgroup", None),
    "no domain unit": (
        lambda dz: dz.records.project.pop("domainUnitId"),
        "domain_unit_id",
        None,
    ),
    "area without a scope": (
        lambda dz: dz.records.provision(s3BucketPath=f"s3://{AREA}/team/a/b/c/"),
        "scope_name",
        None,
    ),
    "whole area below its prefix": (
        lambda dz: dz.records.provision(s3BucketPath=f"s3://{AREA}/team/a/b/c/"),
        "prefix",
        "team/a/b/c",
    ),
    "account from the IAM connection": (
        lambda dz: dz.records.environments[0].pop("awsAccountId"),
        "account_id",
        "111122223333",
    ),
    "region from the IAM connection": (
        lambda dz: dz.records.environments[0].pop("awsAccountRegion"),
        "region",
        "eu-west-1",
    ),
    "pages of one entry": (
        lambda dz: setattr(dz.records, "page_size", 1),
        "glue_database",
        "glue_db_house_prices",
    ),
    "a name beyond ASCII": (
        lambda dz: dz.records.project.update(name="Prévision des ventes"),
        "name",
        "Prevision des ventes",
    ),
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_where_facts_come_from(case: str, ask: Callable[..., ProjectFacts]) -> None:
    change, fact, expected = ELSEWHERE[case]
    assert getattr(ask(change), fact) == expected


def no_git_anywhere(datazone: DataZoneStandIn) -> None:
    without("gitFullRepositoryId")(datazone)
    datazone.records.project["userParameters"] = []


REQUIRED: dict[str, tuple[Change, type[Exception], str]] = {
    "repository": (no_git_anywhere, IncompleteProject, "no GitHub repository: create it with"),
    "repository in CodeCommit": (
        lambda dz: (no_git_anywhere(dz), dz.records.provision(codeRepositoryName="x")),
        IncompleteProject,
        "its code is in CodeCommit",
    ),
    "repository of another form": (
        lambda dz: dz.records.provision(gitFullRepositoryId="group/sub/name"),
        IncompleteProject,
        "gitFullRepositoryId = 'group/sub/name'",
    ),
    "role": (
        without_connection("IAM", also=without("userRoleArn")),
        IncompleteProject,
        "userRoleArn",
    ),
    "area": (
        without_connection("S3", also=without("s3BucketPath")),
        IncompleteProject,
        "no S3 area",
    ),
    "area is a whole bucket": (
        without_connection("S3", also=lambda dz: dz.records.provision(s3BucketPath="s3://shared/")),
        IncompleteProject,
        "s3BucketPath = 's3://shared/'",
    ),
    "area of another project": (
        lambda dz: (
            without("s3BucketPath")(dz),
            dz.records.connections[-1]["props"]["s3Properties"].update(s3Uri="s3://b/dzd/other/"),
        ),
        IncompleteProject,
        "no S3 area",
    ),
    "tooling": (
        lambda dz: dz.records.environments.pop(0),
        IncompleteProject,
        "no active Tooling environment",
    ),
    "tooling that works": (
        lambda dz: dz.records.environments[0].update(status="CREATE_FAILED"),
        IncompleteProject,
        "no active Tooling environment",
    ),
}


@pytest.mark.parametrize("case", REQUIRED)
def test_a_required_fact_that_is_missing(case: str, ask: Callable[..., ProjectFacts]) -> None:
    change, error, said = REQUIRED[case]
    event = EVENT if case.startswith(("role", "area", "tool")) else without_git(EVENT)
    with pytest.raises(error, match=said):
        ask(change, event)


def without_git(event: dict[str, object]) -> dict[str, object]:
    return changed(event, "detail.requestParameters.userParameters", [])


def refusing(call: str, code: str) -> Change:
    def refuse(asked: object) -> dict[str, object]:
        raise ServiceError(code, "because")

    return lambda dz: dz.operations.update({call: refuse})


REFUSALS = [
    ("GetProject", "ResourceNotFoundException", ProjectNotFound),
    ("GetProject", "AccessDeniedException", DataZoneRefused),
    ("GetProjectProfile", "UnauthorizedException", DataZoneRefused),
    ("ListEnvironments", "ValidationException", DataZoneUnavailable),
    ("GetEnvironment", "ThrottlingException", DataZoneUnavailable),
    ("ListConnections", "InternalServerException", DataZoneUnavailable),
]


@pytest.mark.parametrize(("call", "code", "error"), REFUSALS)
def test_what_datazone_refuses(
    call: str,
    code: str,
    error: type[Exception],
    ask: Callable[..., ProjectFacts],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with pytest.raises(error, match=f"{call}.*{PROJECT}"):
        ask(refusing(call, code))


def test_another_domain_is_refused(ask: Callable[..., ProjectFacts]) -> None:
    with pytest.raises(DataZoneRefused, match="must be a member of the domain"):
        ask(lambda dz: dz.records.project.update(domainId="dzd_another"))


def test_a_datazone_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with stand_in(EVENT) as datazone:
        environment = datazone.environment
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    request = parse(EVENT)
    with pytest.raises(DataZoneUnavailable, match="could not be asked"):
        read_project(datazone_client(request.region), request)


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    request = parse(EVENT)
    with pytest.raises(DataZoneRefused, match="no AWS credentials"):
        read_project(datazone_client(request.region), request)
