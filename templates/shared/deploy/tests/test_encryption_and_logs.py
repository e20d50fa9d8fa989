"""The key, the log group and the topic: encrypted, scoped, and open for just their services."""

from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk.assertions import Match, Template
from example import ENDPOINT_NAME, stage_config

from components.encryption_key import EncryptionKey
from components.endpoint_logs import EndpointLogs
from components.notifications import Notifications

LOG_GROUP = f"/aws/sagemaker/Endpoints/{ENDPOINT_NAME}"


@pytest.fixture
def key(stack: Stack) -> Any:
    return EncryptionKey(
        stack, "Encryption", endpoint_name=ENDPOINT_NAME, log_group_name=LOG_GROUP
    ).key


def test_the_key_rotates_and_outlives_the_stack(stack: Stack, key: Any) -> None:
    template = Template.from_stack(stack)
    template.has_resource(
        "AWS::KMS::Key",
        {"DeletionPolicy": "Retain", "Properties": {"EnableKeyRotation": True}},
    )
    template.has_resource_properties("AWS::KMS::Alias", {"AliasName": f"alias/{ENDPOINT_NAME}"})


def test_cloudwatch_logs_may_use_the_key_for_this_log_group_only(stack: Stack, key: Any) -> None:
    statement = {
        "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
        "Condition": {
            "ArnEquals": {
                "kms:EncryptionContext:aws:logs:arn": {
                    "Fn::Join": ["", Match.array_with([Match.string_like_regexp(f"{LOG_GROUP}$")])]
                }
            }
        },
    }
    Template.from_stack(stack).has_resource_properties(
        "AWS::KMS::Key",
        {"KeyPolicy": {"Statement": Match.array_with([Match.object_like(statement)])}},
    )


@pytest.mark.parametrize(("keep", "policy"), [(True, "Retain"), (False, "Delete")])
def test_the_log_group_is_encrypted_and_forgets(
    stack: Stack, key: Any, keep: bool, policy: str
) -> None:
    config = stage_config({"logs.keep_after_deletion": keep, "logs.retention_days": 90}).logs
    EndpointLogs(stack, "Logs", endpoint_name=ENDPOINT_NAME, config=config, key=key)
    Template.from_stack(stack).has_resource(
        "AWS::Logs::LogGroup",
        {
            "DeletionPolicy": policy,
            "Properties": {
                "LogGroupName": LOG_GROUP,
                "RetentionInDays": 90,
                "KmsKeyId": Match.any_value(),
            },
        },
    )


def test_alarms_may_publish_to_the_encrypted_topic(stack: Stack, key: Any) -> None:
    config = stage_config({"notifications.emails": ["b@example.com", "a@example.com"]})
    Notifications(stack, "Notes", endpoint_name=ENDPOINT_NAME, config=config.notifications, key=key)
    template = Template.from_stack(stack)
    template.has_resource_properties("AWS::SNS::Topic", {"KmsMasterKeyId": Match.any_value()})
    of_this_endpoint = {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {
            "aws:SourceArn": {
                "Fn::Join": [
                    "",
                    Match.array_with([Match.string_like_regexp(r":alarm:aiops-.*-\*$")]),
                ]
            }
        },
    }
    for resource, document in (
        ("AWS::SNS::TopicPolicy", "PolicyDocument"),
        ("AWS::KMS::Key", "KeyPolicy"),
    ):
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Condition": of_this_endpoint,
        }
        template.has_resource_properties(
            resource, {document: {"Statement": Match.array_with([Match.object_like(statement)])}}
        )


def test_the_topic_refuses_unencrypted_connections_and_writes_to_everyone(
    stack: Stack, key: Any
) -> None:
    config = stage_config({"notifications.emails": ["b@example.com", "a@example.com"]})
    Notifications(stack, "Notes", endpoint_name=ENDPOINT_NAME, config=config.notifications, key=key)
    template = Template.from_stack(stack)
    statement = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    template.has_resource_properties(
        "AWS::SNS::TopicPolicy",
        {"PolicyDocument": {"Statement": Match.array_with([Match.object_like(statement)])}},
    )
    readers = template.find_resources("AWS::SNS::Subscription")
    assert sorted(each["Properties"]["Endpoint"] for each in readers.values()) == [
        "a@example.com",
        "b@example.com",
    ]
