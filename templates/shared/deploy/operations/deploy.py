"""Puts a model version on a stage's endpoint, and goes back to the one before."""

import sys
from pathlib import Path

import boto3

from components.errors import ConfigurationError
from components.model_package import ModelPackage
from components.settings import PLACEHOLDER_ACCOUNT, Settings, Stage
from components.synthesis_summary import OUTPUT_DIRECTORY, Summary
from operations.cdk_cli import run_cdk
from operations.deployment_record import DeploymentRecord
from operations.failures import OperationFailed
from operations.package_folder import synthesize_version
from operations.stack_state import (
    describe_component,
    describe_endpoint,
    find_stack,
    red_alarms,
)
from operations.stage_account import connect


def current_package(settings: Settings, stage: Stage) -> str | None:
    """The model package of the stage's last successful deployment, or None before the first."""
    stack = find_stack(connect(settings, stage), settings.stack_name(stage))
    return stack.model_package_arn if stack else None


def deploy(
    settings: Settings, stage: Stage, model_package_arn: str, *, immediately: bool = False
) -> None:
    """Deploy a model version with the stage's rollout and check that it is the one that serves.

    ``immediately`` shifts all traffic at once and ignores alarms. Raises ConfigurationError
    before anything changes, OperationFailed when the deployment did not succeed.
    """
    package = ModelPackage.parse(model_package_arn)
    session = connect(settings, stage)
    if package.account == PLACEHOLDER_ACCOUNT:
        raise ConfigurationError(
            f"{package.arn} is a version of a local registry, which SageMaker cannot see; use the"
            " ARN of a version in SageMaker's Model Registry"
        )
    stack = find_stack(session, settings.stack_name(stage))
    if stack and stack.busy:
        raise OperationFailed(
            f"stack {stack.name} is busy ({stack.status}); wait until that is over"
        )
    summary = synthesize_version(session, stage, package.arn, immediately=immediately)
    if stack and not immediately:
        _warn_of_red_alarms(session, settings, stage)
    record = DeploymentRecord.begin(stage, stack=stack, model_package_arn=package.arn)
    _deploy_assembly(session, summary, outputs_file=record.outputs_file)
    _verify(session, summary)
    print(f"{stage}: {summary.outputs['EndpointName']} serves {package.arn}")


def roll_back(settings: Settings, stage: Stage, model_package_arn: str | None) -> None:
    """Deploy an older model version at once.

    Without an ARN it is the version that the last deployment from this machine replaced.
    Raises ConfigurationError when there is none.
    """
    package = model_package_arn or DeploymentRecord.previous(stage)
    if package is None:
        raise ConfigurationError(
            f"there is no previous model version of stage {stage!r} to go back to: nothing was"
            " replaced from this machine; name one with MODEL_PACKAGE_ARN=..."
        )
    print(f"{stage}: going back to {package}", flush=True)
    deploy(settings, stage, package, immediately=True)


def _deploy_assembly(session: boto3.Session, summary: Summary, *, outputs_file: Path) -> None:
    done = run_cdk(
        "deploy",
        *("--app", str(OUTPUT_DIRECTORY / summary.stage)),
        *("--require-approval", "never"),
        *("--outputs-file", str(outputs_file)),
        *("--progress", "events"),
        "--ci",
    )
    if done.returncode:
        raise OperationFailed(
            f"stack {summary.stack} was not deployed; CloudFormation's reason is above."
            f"{_what_runs(session, summary.outputs['EndpointName'])}"
        )


def _verify(session: boto3.Session, summary: Summary) -> None:
    """A deployment that SageMaker took back can look like a success: compare what runs."""
    name, expected = summary.outputs["EndpointName"], summary.outputs["EndpointConfigName"]
    endpoint = describe_endpoint(session, name)
    if endpoint.status != "InService" or endpoint.config_name != expected:
        raise OperationFailed(
            f"endpoint {name} should serve configuration {expected}.{_what_runs(session, name)}"
            " SageMaker took the deployment back, or something else changed the endpoint."
        )
    if "InferenceComponentName" in summary.outputs:
        _verify_component(session, summary)


def _verify_component(session: boto3.Session, summary: Summary) -> None:
    name, expected = summary.outputs["InferenceComponentName"], summary.outputs["Serves"]
    component = describe_component(session, name)
    if component.status != "InService" or component.serves != expected:
        reason = f" Reason: {component.failure_reason}." if component.failure_reason else ""
        raise OperationFailed(
            f"inference component {name} should serve {expected}. It is {component.status} with"
            f" {component.serves}.{reason} SageMaker took the deployment back, or something else"
            " changed the component."
        )


def _what_runs(session: boto3.Session, name: str) -> str:
    """A sentence about an endpoint for an error message; empty when there is none."""
    try:
        endpoint = describe_endpoint(session, name)
        red = red_alarms(session, name)
    except OperationFailed:
        return ""
    reason = f" Reason: {endpoint.failure_reason}." if endpoint.failure_reason else ""
    alarms = f" Red alarms: {', '.join(red)}." if red else ""
    return f" It is {endpoint.status} with configuration {endpoint.config_name}.{reason}{alarms}"


def _warn_of_red_alarms(session: boto3.Session, settings: Settings, stage: Stage) -> None:
    red = red_alarms(session, settings.endpoint_name(stage))
    if red:
        print(
            f"warning: these alarms are red already and may undo the deployment: {', '.join(red)}."
            f" If it is the cure, set rollout.rollback_on_alarm to false in config/{stage}.yaml",
            file=sys.stderr,
            flush=True,
        )
