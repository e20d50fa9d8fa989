"""The GPUs of the instance types that serve language models, and their memory.

https://aws.amazon.com/ec2/instance-types/ lists them; memory is what a GPU offers to programs,
somewhat less than what its name says.
"""

from dataclasses import dataclass

GIB = 1024**3


@dataclass(frozen=True)
class Accelerators:
    """One instance: its GPUs, the memory of each, its virtual CPUs and its own memory (GiB)."""

    model: str
    count: int
    gpu_memory_gib: float
    vcpus: int
    memory_gib: int


def _family(
    name: str, gpu: str, gpu_memory_gib: float, sizes: dict[str, tuple[int, int, int]]
) -> dict[str, Accelerators]:
    return {
        f"ml.{name}.{size}": Accelerators(gpu, count, gpu_memory_gib, vcpus, memory)
        for size, (count, vcpus, memory) in sizes.items()
    }


# Size: GPUs, vCPUs, memory in GiB.
_SMALL = {
    "xlarge": (1, 4, 16),
    "2xlarge": (1, 8, 32),
    "4xlarge": (1, 16, 64),
    "8xlarge": (1, 32, 128),
    "16xlarge": (1, 64, 256),
    "12xlarge": (4, 48, 192),
    "24xlarge": (4, 96, 384),
    "48xlarge": (8, 192, 768),
}

INSTANCES: dict[str, Accelerators] = {
    **_family("g5", "A10G", 22.0, _SMALL),
    **_family("g6", "L4", 22.0, _SMALL),
    **_family(
        "g6e",
        "L40S",
        44.0,
        {size: (count, vcpus, 2 * memory) for size, (count, vcpus, memory) in _SMALL.items()},
    ),
    **_family("p4d", "A100 40 GB", 39.0, {"24xlarge": (8, 96, 1152)}),
    **_family("p4de", "A100 80 GB", 79.0, {"24xlarge": (8, 96, 1152)}),
    **_family("p5", "H100", 79.0, {"4xlarge": (1, 16, 256), "48xlarge": (8, 192, 2048)}),
    **_family("p5e", "H200", 139.0, {"48xlarge": (8, 192, 2048)}),
    **_family("p5en", "H200", 139.0, {"48xlarge": (8, 192, 2048)}),
}
