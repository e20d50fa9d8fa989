"""The documents that DataZone would hold for one project, made from its CreateProject event.

The project is completed as Unified Studio would have: named, with its profile, a Tooling
environment with provisioned resources, a lakehouse database, and its connections.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.request import ProjectRequest
from generator.standins.shapes import Document

TOOLING, LAKEHOUSE, BLUEPRINT = "4tooling0env01", "5lakehouse0env", "6blueprint0001"
CREATOR = "SYSTEM"


@dataclass
class Records:
    """Documents in the shapes of DataZone's API. `page_size` bounds what one list call returns."""

    project: Document
    profile: Document
    environments: list[Document]
    connections: list[Document]
    page_size: int = 50

    def resources(self, environment: int = 0) -> dict[str, str]:
        """Return the provisioned resources of an environment by name."""
        provisioned = self.environments[environment]["provisionedResources"]
        return {resource["name"]: resource["value"] for resource in provisioned}

    def provision(self, environment: int = 0, **values: str | None) -> None:
        """Set provisioned resources of an environment; None removes one."""
        kept = self.resources(environment) | values
        self.environments[environment]["provisionedResources"] = [
            {"name": name, "value": value, "type": "string", "provider": "Amazon SageMaker"}
            for name, value in kept.items()
            if value is not None
        ]


def records_of(request: ProjectRequest, name: str, profile: str) -> Records:
    """Return the documents of the project that `request` names, all of it ready."""
    where = {"domainId": request.domain_id}
    made = {"createdBy": CREATOR, "createdAt": request.created_at}
    profile_id = request.profile_id or "7profile000001"
    place = {"awsAccountId": request.account_id, "awsAccountRegion": request.region}

    def environment(identifier: str, title: str) -> Document:
        return {
            **where,
            **made,
            **place,
            "id": identifier,
            "projectId": request.project_id,
            "name": title,
            "environmentConfigurationName": title,
            "environmentBlueprintId": BLUEPRINT,
            "provider": "Amazon SageMaker",
            "status": "ACTIVE",
            "provisionedResources": [],
        }

    records = Records(
        project={
            **where,
            **made,
            "id": request.project_id,
            "name": name,
            "projectStatus": "ACTIVE",
            "domainUnitId": "9rootunit00001",
            "projectProfileId": profile_id,
            "userParameters": [
                {
                    "environmentConfigurationName": "Tooling",
                    "environmentParameters": [
                        {"name": key, "value": value} for key, value in _git(request).items()
                    ],
                }
            ],
            "environmentDeploymentDetails": {"overallDeploymentStatus": "SUCCESSFUL"},
        },
        profile={
            **where,
            **made,
            "id": profile_id,
            "name": profile,
            "status": "ENABLED",
            "environmentConfigurations": [
                {
                    "name": "Tooling",
                    "environmentBlueprintId": BLUEPRINT,
                    "awsAccount": {"awsAccountId": request.account_id},
                    "awsRegion": {"regionName": request.region},
                    "deploymentMode": "ON_CREATE",
                    "deploymentOrder": 0,
                }
            ],
        },
        environments=[
            environment(TOOLING, "Tooling"),
            environment(LAKEHOUSE, "Lakehouse Database"),
        ],
        connections=_connections(request),
    )
    records.provision(0, **_git(request), **_tooling(request))
    records.provision(1, glueDBName="glue_db_house_prices")
    return records


def _git(request: ProjectRequest) -> dict[str, str]:
    given = {
        "gitFullRepositoryId": request.build_repository,
        "gitBranchName": request.default_branch,
        "gitConnectionArn": request.connection_arn,
    }
    return {name: value for name, value in given.items() if value}


def _area(request: ProjectRequest) -> str:
    bucket = f"amazon-sagemaker-{request.account_id}-{request.region}-0a1b2c3d4e5f"
    return f"s3://{bucket}/{request.domain_id}/{request.project_id}/dev"


def _role(request: ProjectRequest) -> str:
    return (
        f"arn:aws:iam::{request.account_id}:role/datazone_usr_role_{request.project_id}_{TOOLING}"
    )


def _tooling(request: ProjectRequest) -> dict[str, str]:
    return {
        "userRoleArn": _role(request),
        "s3BucketPath": _area(request),
        "sageMakerDomainId": "d-4q7x2m9k1b3c",
        "securityGroup": "sg-0123456789abcdef0",
    }


def _connections(request: ProjectRequest) -> list[Document]:
    tracking = (
        f"arn:aws:sagemaker:{request.region}:{request.account_id}"
        f":mlflow-tracking-server/tracking-{request.project_id.replace('_', '-')}"
    )
    properties: dict[str, tuple[str, Document]] = {
        "project.athena": (
            "ATHENA",
            {"athenaProperties": {"workgroupName": f"workgroup-{request.project_id}"}},
        ),
        "project.iam": ("IAM", {"iamProperties": {"environmentId": TOOLING}}),
        "project.mlflow": ("MLFLOW", {"mlflowProperties": {"trackingServerArn": tracking}}),
        "project.s3_default_folder": (
            "S3",
            {"s3Properties": {"s3Uri": f"{_area(request)}/", "status": "READY"}},
        ),
    }
    location = {
        "accessRole": _role(request),
        "awsAccountId": request.account_id,
        "awsRegion": request.region,
    }
    return [
        {
            "connectionId": f"{index}connection000",
            "domainId": request.domain_id,
            "domainUnitId": "9rootunit00001",
            "environmentId": TOOLING,
            "projectId": request.project_id,
            "name": name,
            "type": kind,
            "scope": "PROJECT",
            "physicalEndpoints": [{"awsLocation": location}],
            "props": props,
        }
        for index, (name, (kind, props)) in enumerate(properties.items())
    ]
