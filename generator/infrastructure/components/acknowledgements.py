"""Exceptions to the security rules that every synthesis is checked against, each with a reason."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

_PACK = "AwsSolutions"


def acknowledge(construct: IConstruct, rule: str, *, reason: str) -> None:
    """Accept one finding of the AwsSolutions rules on a construct and everything below it.

    rule: the finding's own id, such as `AwsSolutions-SQS3`.
    """
    Validations.of(construct).acknowledge(Acknowledgment(id=f"{_PACK}::{rule}", reason=reason))


def acknowledge_wildcard(construct: IConstruct, resource: str, *, reason: str) -> None:
    """Accept one resource with a wildcard in the policies below a construct; others still fail."""
    acknowledge(construct, f"AwsSolutions-IAM5[Resource::{resource}]", reason=reason)
