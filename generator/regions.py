"""What follows from the name of an AWS region."""

from __future__ import annotations


def domain_of(region: str) -> str:
    """Return the end of the names of services in `region`."""
    return "amazonaws.com.cn" if partition_of(region) == "aws-cn" else "amazonaws.com"


def partition_of(region: str) -> str:
    """Return the part of AWS that `region` belongs to, as ARNs name it."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
