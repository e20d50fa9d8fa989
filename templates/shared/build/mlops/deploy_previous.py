"""Finds, among the pipeline's executions, the outputs that a new execution starts from.

They are copied inside S3, under a name that follows from their content: an execution's own address
would be new each time, and a step that is given a new address is never reused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from mlops.check.definition import Definition, read_definition
from mlops.deploy_assets import list_objects
from mlops.deploy_cloud import Cloud, calling
from mlops.deploy_follow import FollowedStep, list_steps
from mlops.deploy_record import output_uri
from mlops.previous import basis, previous_outputs
from mlops.settings import Settings

# Executions that are looked at, newest first.
LOOKED_AT = 20


def previous_values(
    definition: Definition, parameters: Mapping[str, Any], cloud: Cloud, settings: Settings
) -> dict[str, str]:
    """Values of the parameters that stand for outputs of an earlier execution; {} without one.

    Taken from the newest execution that has written all of them. If nothing has changed since that
    execution started, it is what that one itself started from. Raises `CloudError`.
    """
    wanted = previous_outputs(definition)
    if not wanted:
        return {}
    own = basis(definition, parameters)
    for arn in _executions(cloud, settings):
        steps = {step.name: step for step in list_steps(cloud, arn) if step.status == "Succeeded"}
        if not {step for step, _ in wanted.values()} <= steps.keys():
            continue
        definition_then = _definition(cloud, arn)
        before = _given(cloud, arn, definition_then)
        if own == basis(definition_then, before):
            return {name: str(before[name]) for name in wanted}
        written = {
            name: _written(cloud, steps[step], output) for name, (step, output) in wanted.items()
        }
        if all(written.values()):
            return {
                name: _copied(cloud, settings, str(uri), wanted[name][1])
                for name, uri in written.items()
            }
    return {}


def _executions(cloud: Cloud, settings: Settings) -> list[str]:
    """ARNs of the pipeline's executions that have ended, newest first."""
    name = settings.pipeline_name
    with calling(f"listing the executions of {name}"):
        try:
            listed = cloud.sagemaker.list_pipeline_executions(
                PipelineName=name,
                SortBy="CreationTime",
                SortOrder="Descending",
                MaxResults=LOOKED_AT,
            )
        except cloud.sagemaker.exceptions.ResourceNotFound:
            return []  # the first deployment
    return [
        item["PipelineExecutionArn"]
        for item in listed["PipelineExecutionSummaries"]
        if item["PipelineExecutionStatus"] not in ("Executing", "Stopping")
    ]


def _given(cloud: Cloud, arn: str, definition: Definition) -> dict[str, Any]:
    """The parameters that the execution ran with, defaults included."""
    values = {name: item.default for name, item in definition.parameters.items()}
    with calling(f"reading the parameters of {arn}"):
        pages = cloud.sagemaker.get_paginator("list_pipeline_parameters_for_execution").paginate(
            PipelineExecutionArn=arn
        )
        for page in pages:
            values |= {item["Name"]: item["Value"] for item in page["PipelineParameters"]}
    return values


def _definition(cloud: Cloud, arn: str) -> Definition:
    with calling(f"reading the definition of {arn}"):
        answer = cloud.sagemaker.describe_pipeline_definition_for_execution(
            PipelineExecutionArn=arn
        )
    return read_definition(json.loads(answer["PipelineDefinition"]))


def _written(cloud: Cloud, step: FollowedStep, output: str) -> str | None:
    """Where the step's job has written the output, also when the step was reused."""
    return None if step.job_arn is None else output_uri(cloud, step.job_arn, output)


def _copied(cloud: Cloud, settings: Settings, uri: str, output: str) -> str:
    """The address of a copy that is named by its content: the keys and their ETags."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    found = list_objects(cloud, bucket, f"{prefix}/")
    content = [
        (key.removeprefix(prefix), item["ETag"], item["Size"])
        for key, item in sorted(found.items())
    ]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    copy = settings.s3_uri("previous", output, digest)
    place, _, folder = copy.removeprefix("s3://").partition("/")
    present = list_objects(cloud, place, f"{folder}/")
    for key in found:
        target = folder + key.removeprefix(prefix)
        if target in present:
            continue
        with calling(f"copying s3://{bucket}/{key} of the previous execution"):
            cloud.s3.copy({"Bucket": bucket, "Key": key}, place, target, ExtraArgs=cloud.encryption)
    return copy
