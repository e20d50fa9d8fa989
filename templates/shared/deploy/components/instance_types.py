"""What the name of an instance type says about its size."""

import re

INSTANCE_TYPE_PATTERN = r"^ml\.[a-z0-9-]+\.(medium|large|[1-9][0-9]*xlarge|xlarge)$"

# Sizes from before AWS settled on 4 vCPUs for an xlarge.
_EXCEPTIONS = {"ml.c4.8xlarge": 36, "ml.t2.medium": 2}


def vcpus(instance_type: str) -> int:
    """Number of virtual CPUs: 1 for medium, 2 for large, 4 for each xlarge."""
    if instance_type in _EXCEPTIONS:
        return _EXCEPTIONS[instance_type]
    match = re.fullmatch(INSTANCE_TYPE_PATTERN, instance_type)
    if match is None:
        raise ValueError(f"{instance_type!r} is not an instance type such as ml.m5.large")
    size = match[1]
    if not size.endswith("xlarge"):
        return {"medium": 1, "large": 2}[size]
    return 4 * int(size.removesuffix("xlarge") or "1")
