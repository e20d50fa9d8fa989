"""The role of the instances: what each statement allows, and that there is nothing else."""

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template
from example import ENDPOINT_NAME
from template_reading import plain

from components.execution_role import ExecutionRole
from components.sagemaker_role import ModelArtifacts

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/9f0a"


def statements(stack: Stack, *, in_vpc: bool = False, capture: bool = False) -> dict[str, Any]:
    """The policy's statements by their sid, with ARNs as plain text."""
    role = ExecutionRole(
        stack,
        "Execution",
        endpoint_name=ENDPOINT_NAME,
        artifacts=ModelArtifacts.from_uri("s3://shared/domain/project/", kms_key_arn=KEY_ARN),
        image_account="141502667606",
        image_repository="sagemaker-xgboost",
        key=kms.Key(stack, "Key"),
        in_vpc=in_vpc,
    )
    if capture:
        role.allow_data_capture(s3.Bucket(stack, "Bucket"), "prefix")
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    found = policy["Properties"]["PolicyDocument"]["Statement"]
    return {statement["Sid"]: plain(statement) for statement in found}


def test_only_sagemaker_may_assume_the_role(stack: Stack) -> None:
    statements(stack)
    (role,) = Template.from_stack(stack).find_resources("AWS::IAM::Role").values()
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert "ManagedPolicyArns" not in role["Properties"]


def test_artifacts_are_read_below_the_projects_prefix_only(stack: Stack) -> None:
    found = statements(stack)
    assert found["ReadModelArtifacts"]["Resource"] == "arn:aws:s3:::shared/domain/project/*"
    assert found["FindModelArtifacts"]["Resource"] == "arn:aws:s3:::shared"
    assert found["FindModelArtifacts"]["Condition"] == {
        "StringLike": {"s3:prefix": "domain/project/*"}
    }
    assert found["DecryptModelArtifacts"]["Resource"] == KEY_ARN


def test_one_image_repository_can_be_pulled(stack: Stack) -> None:
    resource = statements(stack)["PullServingImage"]["Resource"]
    assert resource == "arn:aws:ecr:eu-west-1:141502667606:repository/sagemaker-xgboost"


def test_logs_and_metrics_are_the_endpoints_own(stack: Stack) -> None:
    found = statements(stack)
    group = (
        "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/sagemaker/Endpoints/aiops-example-dev"
    )
    assert found["WriteContainerLogs"]["Resource"] == [group, f"{group}:log-stream:*"]
    assert found["PublishEndpointMetrics"]["Condition"] == {
        "StringEquals": {"cloudwatch:namespace": ["AWS/SageMaker", "/aws/sagemaker/Endpoints"]}
    }


def test_captured_data_goes_below_its_prefix(stack: Stack) -> None:
    found = statements(stack, capture=True)
    assert found["WriteCapturedData"]["Action"] == "s3:PutObject"
    assert found["WriteCapturedData"]["Resource"].endswith(".Arn>/prefix/*")
    assert found["EncryptCapturedData"]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_there_is_no_other_statement_and_no_wildcard_action(stack: Stack) -> None:
    found = statements(stack)
    assert set(found) == {
        "ReadModelArtifacts",
        "FindModelArtifacts",
        "DecryptModelArtifacts",
        "PullServingImage",
        "LogInToImageRegistry",
        "WriteContainerLogs",
        "PublishEndpointMetrics",
        "AttachEncryptedVolumes",
        "DescribeKey",
    }
    actions = [action for each in found.values() for action in _list(each["Action"])]
    assert not [action for action in actions if "*" in action]
    unscoped = {sid for sid, each in found.items() if each["Resource"] == "*"}
    assert unscoped == {"LogInToImageRegistry", "PublishEndpointMetrics"}


def test_network_interfaces_only_inside_a_vpc(stack: Stack) -> None:
    attach = statements(stack, in_vpc=True)["AttachToVpc"]
    assert all(action.startswith("ec2:") for action in attach["Action"])


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
