"""Creates or updates the pipeline and its model package group, and starts an execution."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from typing import Any, Literal

from botocore.exceptions import ClientError

from mlops.deploy_cloud import Cloud, calling, error_code
from mlops.registry_sagemaker import SageMakerRegistry
from mlops.settings import Settings

Change = Literal["created", "updated", "unchanged"]


def ensure_group(cloud: Cloud, settings: Settings) -> None:
    """The model package group of the project, with the project's tags; nothing else tags it."""
    group = settings.model_package_group
    SageMakerRegistry(cloud.sagemaker).ensure_group(group, settings.resource_tags)
    with calling(f"tagging the model package group {group}"):
        described = cloud.sagemaker.describe_model_package_group(ModelPackageGroupName=group)
        _add_tags(cloud, described["ModelPackageGroupArn"], settings)


def ensure_pipeline(cloud: Cloud, settings: Settings, definition: Mapping[str, Any]) -> Change:
    """Create the pipeline, or update it when its definition, role or description differs."""
    name = settings.pipeline_name
    request: dict[str, Any] = {
        "PipelineName": name,
        "PipelineDisplayName": name,
        "PipelineDefinition": json.dumps(definition, sort_keys=True, separators=(",", ":")),
        "PipelineDescription": settings.project.description,
        "RoleArn": settings.role_arn,
    }
    with calling(f"looking up the pipeline {name}"):
        current = _described(cloud, name)
    if current is None:
        # The same request again, after a lost answer, has the same token and creates nothing.
        token = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        with calling(f"creating the pipeline {name}"):
            cloud.sagemaker.create_pipeline(
                **request, ClientRequestToken=token, Tags=_tags(settings)
            )
        return "created"
    with calling(f"tagging the pipeline {name}"):
        _add_tags(cloud, current["PipelineArn"], settings)
    if _same(current, request):
        return "unchanged"
    with calling(f"updating the pipeline {name}"):
        cloud.sagemaker.update_pipeline(**request)
    return "updated"


def start_execution(cloud: Cloud, settings: Settings, values: Mapping[str, Any]) -> str:
    """Start the pipeline with parameter `values`; the execution's ARN."""
    request: dict[str, Any] = {
        "PipelineName": settings.pipeline_name,
        "PipelineParameters": [
            {"Name": name, "Value": parameter_text(value)} for name, value in sorted(values.items())
        ],
        # One token per start: a repeated call starts nothing, a second deployment does.
        "ClientRequestToken": uuid.uuid4().hex,
    }
    origin = _origin()
    if origin:
        request["PipelineExecutionDescription"] = origin
    with calling(f"starting the pipeline {settings.pipeline_name}"):
        return cloud.sagemaker.start_pipeline_execution(**request)["PipelineExecutionArn"]


def execution_parameters(cloud: Cloud, arn: str) -> dict[str, str]:
    """The parameters of an execution that was started before."""
    pages = cloud.sagemaker.get_paginator("list_pipeline_parameters_for_execution")
    with calling(f"looking up the parameters of {arn}"):
        return {
            item["Name"]: item["Value"]
            for page in pages.paginate(PipelineExecutionArn=arn)
            for item in page["PipelineParameters"]
        }


def parameter_text(value: Any) -> str:
    """A parameter's value in the API's form, which is text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _described(cloud: Cloud, name: str) -> Mapping[str, Any] | None:
    try:
        return cloud.sagemaker.describe_pipeline(PipelineName=name)
    except ClientError as error:
        absent = any(text in str(error) for text in ("does not exist", "Could not find"))
        if error_code(error) == "ResourceNotFound" or absent:
            return None
        raise


def _same(current: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    definitions = [json.loads(item["PipelineDefinition"]) for item in (current, request)]
    others = ("RoleArn", "PipelineDescription")
    return bool(
        definitions[0] == definitions[1] and all(current.get(key) == request[key] for key in others)
    )


def _add_tags(cloud: Cloud, arn: str, settings: Settings) -> None:
    cloud.sagemaker.add_tags(ResourceArn=arn, Tags=_tags(settings))


def _tags(settings: Settings) -> Any:
    return [{"Key": key, "Value": value} for key, value in sorted(settings.resource_tags.items())]


def _origin() -> str | None:
    """The workflow run that deploys, for whoever finds the execution in SageMaker."""
    variables = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name) for name in variables)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
