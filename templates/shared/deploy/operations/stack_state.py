"""What CloudFormation and SageMaker say about a stage: the stack, its outputs, the endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass

import boto3
from botocore.exceptions import ClientError

from operations.failures import OperationFailed

# Stacks in these states never finished their first deployment: nothing of theirs serves.
_NEVER_DEPLOYED = {
    "CREATE_FAILED",
    "DELETE_COMPLETE",
    "REVIEW_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "ROLLBACK_IN_PROGRESS",
}


@dataclass(frozen=True)
class DeployedStack:
    """A stack that has been deployed at least once."""

    name: str
    status: str
    outputs: Mapping[str, str]

    @property
    def busy(self) -> bool:
        """Whether a deployment, or its undoing, is under way."""
        return self.status.endswith("_IN_PROGRESS")

    @property
    def model_package_arn(self) -> str | None:
        """The package of the last deployment that succeeded."""
        return self.outputs.get("ModelPackageArn")


def find_stack(session: boto3.Session, name: str) -> DeployedStack | None:
    """The stack, or None when it does not exist or was never deployed completely."""
    try:
        stacks = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise OperationFailed(f"stack {name} cannot be read: {error}") from None
    stack = stacks[0]
    if stack["StackStatus"] in _NEVER_DEPLOYED:
        return None
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
    return DeployedStack(name=name, status=stack["StackStatus"], outputs=outputs)


def deployed_stack(session: boto3.Session, name: str) -> DeployedStack:
    """The stack; raises OperationFailed when nothing of it was ever deployed."""
    stack = find_stack(session, name)
    if stack is None:
        raise OperationFailed(f"stack {name} is not deployed; use make deploy first")
    return stack


@dataclass(frozen=True)
class EndpointState:
    """What an endpoint does now."""

    status: str
    config_name: str
    failure_reason: str | None


def describe_endpoint(session: boto3.Session, name: str) -> EndpointState:
    """The state of an endpoint; raises OperationFailed when it cannot be read."""
    try:
        found = session.client("sagemaker").describe_endpoint(EndpointName=name)
    except ClientError as error:
        raise OperationFailed(f"endpoint {name} cannot be read: {error}") from None
    return EndpointState(
        status=found["EndpointStatus"],
        config_name=found.get("EndpointConfigName", ""),
        failure_reason=found.get("FailureReason"),
    )


@dataclass(frozen=True)
class ComponentState:
    """What an inference component does now. ``serves`` is a model's name or an adapter's URI."""

    status: str
    serves: str | None
    failure_reason: str | None


def describe_component(session: boto3.Session, name: str) -> ComponentState:
    """The state of an inference component; raises OperationFailed when it cannot be read."""
    try:
        found = session.client("sagemaker").describe_inference_component(
            InferenceComponentName=name
        )
    except ClientError as error:
        raise OperationFailed(f"inference component {name} cannot be read: {error}") from None
    specification = found["Specification"]
    adapter = specification.get("Container", {}).get("ArtifactUrl")
    return ComponentState(
        status=found["InferenceComponentStatus"],
        serves=specification.get("ModelName") or adapter,
        failure_reason=found.get("FailureReason"),
    )


def red_alarms(session: boto3.Session, endpoint_name: str) -> list[str]:
    """Names of the endpoint's alarms that are in ALARM, in order."""
    pages = session.client("cloudwatch").get_paginator("describe_alarms")
    try:
        return sorted(
            alarm["AlarmName"]
            for page in pages.paginate(AlarmNamePrefix=f"{endpoint_name}-", StateValue="ALARM")
            for alarm in page["MetricAlarms"]
        )
    except ClientError as error:
        raise OperationFailed(f"the alarms of {endpoint_name} cannot be read: {error}") from None
