"""Exceptions to the security rules that every synth is checked against, each with a reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

_PACK = "AwsSolutions"


def acknowledge(construct: IConstruct, rule: str, *, reason: str) -> None:
    """Accept one finding of the AwsSolutions rules on a construct and everything below it.

    ``rule`` is the finding's own id, such as ``AwsSolutions-S1``, or for a wildcard in a policy
    ``AwsSolutions-IAM5[Resource::*]``: other wildcards in the same policy still fail.
    """
    Validations.of(construct).acknowledge(Acknowledgment(id=f"{_PACK}::{rule}", reason=reason))
