"""What an execution in the cloud came to, as a record that `mlops.summary` shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlops.check.definition import Definition, Step
from mlops.deploy_cloud import Cloud, CloudError, calling
from mlops.deploy_follow import Followed, FollowedStep
from mlops.evaluation import metrics_of
from mlops.settings import Settings
from mlops.summary import RunRecord, StepRecord


def run_record(
    followed: Followed,
    definition: Definition,
    parameters: Mapping[str, Any],
    evaluation: Mapping[str, Any] | None,
    settings: Settings,
) -> RunRecord:
    """The record of an execution that has ended, every step of the definition in it."""
    reached = {step.name: step for step in followed.steps}
    return RunRecord(
        execution_id=followed.execution_id,
        status=followed.status,
        failure_reason=followed.reason,
        seconds=followed.seconds,
        parameters=dict(parameters),
        steps=tuple(
            _step(step, reached.get(step.name), settings) for step in definition.steps.values()
        ),
        metrics=metrics_of(evaluation or {}),
        model_package_arn=followed.model_package_arn,
        evaluation=evaluation,
        links=_links(followed, settings),
    )


def read_evaluation(
    cloud: Cloud, definition: Definition, followed: Followed
) -> dict[str, Any] | None:
    """The evaluation that the gate has read; None when the execution did not get that far.

    Found through the job of the step that declares it, so that a step whose result was reused
    leads to where the earlier execution wrote it. Raises `CloudError`.
    """
    for step in followed.steps:
        declared = definition.steps.get(step.name)
        if declared is None or step.job_arn is None or step.status != "Succeeded":
            continue
        for file in declared.property_files:
            uri = output_uri(cloud, step.job_arn, file["OutputName"])
            if uri is not None:
                return _read_json(cloud, f"{uri}/{file['FilePath']}")
    return None


def output_uri(cloud: Cloud, job_arn: str, output: str) -> str | None:
    """Where a processing job has written an output of that name; None when it has none."""
    name = job_arn.rpartition("/")[2]
    with calling(f"looking up the job {name}"):
        job = cloud.sagemaker.describe_processing_job(ProcessingJobName=name)
    for item in job.get("ProcessingOutputConfig", {}).get("Outputs", ()):
        if item["OutputName"] == output and "S3Output" in item:
            return item["S3Output"]["S3Uri"].rstrip("/")
    return None


def _read_json(cloud: Cloud, uri: str) -> dict[str, Any]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    with calling(f"reading {uri}"):
        body = cloud.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        content = json.loads(body)
    except ValueError as error:
        raise CloudError(f"{uri} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise CloudError(f"{uri} holds no JSON object")
    return content


def _step(declared: Step, found: FollowedStep | None, settings: Settings) -> StepRecord:
    if found is None:
        return StepRecord(name=declared.name, type=declared.type, status="NotStarted")
    return StepRecord(
        name=declared.name,
        type=declared.type,
        status=found.status,
        seconds=found.seconds,
        cached=found.cached,
        link=_job_link(found.job_arn, settings.region),
    )


def _job_link(arn: str | None, region: str) -> str | None:
    """The job's page in the console; None outside of the public partition, which has others."""
    if arn is None or not arn.startswith("arn:aws:"):
        return None
    kind, _, name = arn.rpartition(":")[2].partition("/")
    page = {"processing-job": "processing-jobs", "training-job": "jobs"}.get(kind)
    return f"{_console(region)}/sagemaker/home?region={region}#/{page}/{name}" if page else None


def _links(followed: Followed, settings: Settings) -> dict[str, str]:
    if not followed.arn.startswith("arn:aws:"):
        return {}
    region = settings.region
    console = _console(region)
    logs = f"{console}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/"
    models = f"{console}/s3/buckets/{settings.bucket}?region={region}&prefix={settings.prefix}"
    # CloudWatch writes a slash in a log group's name as $252F.
    return {
        "logs of processing": f"{logs}$252Faws$252Fsagemaker$252FProcessingJobs",
        "logs of training": f"{logs}$252Faws$252Fsagemaker$252FTrainingJobs",
        "files": f"{models}/runs/{followed.execution_id}/",
    }


def _console(region: str) -> str:
    return f"https://{region}.console.aws.amazon.com"
