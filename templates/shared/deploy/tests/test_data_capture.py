"""Captured requests: encrypted, private, logged, forgotten."""

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Match, Template
from example import ENDPOINT_NAME, stage_config

from components.data_capture import DataCapture


def capture_template(stack: Stack) -> Template:
    DataCapture(
        stack,
        "Capture",
        endpoint_name=ENDPOINT_NAME,
        config=stage_config({"data_capture.retention_days": 45}).data_capture,
        key=kms.Key(stack, "Key"),
    )
    return Template.from_stack(stack)


def test_captured_data_is_encrypted_with_the_endpoints_key(stack: Stack) -> None:
    rule = {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": {"Fn::GetAtt": [Match.string_like_regexp("^Key"), "Arn"]},
        },
    }
    capture_template(stack).has_resource_properties(
        "AWS::S3::Bucket",
        {
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
            "LoggingConfiguration": {"LogFilePrefix": "data-capture/"},
        },
    )


def test_captured_data_expires(stack: Stack) -> None:
    rules = Match.array_with([Match.object_like({"ExpirationInDays": 45, "Status": "Enabled"})])
    capture_template(stack).has_resource_properties(
        "AWS::S3::Bucket", {"LifecycleConfiguration": {"Rules": rules}}
    )


def test_every_bucket_is_private_kept_and_refuses_unencrypted_connections(stack: Stack) -> None:
    template = capture_template(stack)
    template.resource_count_is("AWS::S3::Bucket", 2)
    everything = dict.fromkeys(
        ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"], True
    )
    template.all_resources(
        "AWS::S3::Bucket",
        {
            "DeletionPolicy": "Retain",
            "Properties": {"PublicAccessBlockConfiguration": everything},
        },
    )
    deny = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    template.all_resources_properties(
        "AWS::S3::BucketPolicy",
        {"PolicyDocument": {"Statement": Match.array_with([Match.object_like(deny)])}},
    )
