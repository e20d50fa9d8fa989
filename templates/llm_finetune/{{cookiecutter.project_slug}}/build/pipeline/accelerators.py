"""The GPU machines that SageMaker trains on: how many GPUs, how much memory, what they cost.

Prices are hours on demand in us-east-1 relative to ml.g6.xlarge, rounded, as of November 2026.
They put machines in an order; what an hour costs in your region is on the price list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

GPU_FAMILY = re.compile(r"ml\.(g\d+\w*|p\d+\w*)[.-]")


@dataclass(frozen=True)
class Accelerator:
    """One instance type. `memory_gib` is one GPU's; `bf16`: whether it computes in bfloat16."""

    instance_type: str
    gpus: int
    gpu: str
    memory_gib: float
    price: float
    bf16: bool = True

    @property
    def total_gib(self) -> float:
        """Memory of all its GPUs."""
        return self.gpus * self.memory_gib


def _family(
    name: str, gpu: str, memory_gib: float, sizes: dict[str, tuple[int, float]], bf16: bool = True
) -> list[Accelerator]:
    return [
        Accelerator(f"ml.{name}.{size}", gpus, gpu, memory_gib, price, bf16)
        for size, (gpus, price) in sizes.items()
    ]


ACCELERATORS: tuple[Accelerator, ...] = (
    *_family(
        "g4dn",
        "T4",
        15.0,
        {"xlarge": (1, 0.65), "2xlarge": (1, 0.83), "12xlarge": (4, 4.3)},
        bf16=False,
    ),
    *_family(
        "g6",
        "L4",
        22.0,
        {
            "xlarge": (1, 1.0),
            "2xlarge": (1, 1.1),
            "4xlarge": (1, 1.5),
            "8xlarge": (1, 2.2),
            "12xlarge": (4, 5.1),
            "24xlarge": (4, 7.4),
            "48xlarge": (8, 14.8),
        },
    ),
    *_family(
        "g5",
        "A10G",
        22.0,
        {
            "xlarge": (1, 1.25),
            "2xlarge": (1, 1.35),
            "4xlarge": (1, 1.8),
            "8xlarge": (1, 2.7),
            "12xlarge": (4, 6.3),
            "24xlarge": (4, 9.0),
            "48xlarge": (8, 18.1),
        },
    ),
    *_family(
        "g6e",
        "L40S",
        44.0,
        {
            "xlarge": (1, 2.1),
            "2xlarge": (1, 2.5),
            "4xlarge": (1, 3.3),
            "8xlarge": (1, 5.0),
            "12xlarge": (4, 11.6),
            "24xlarge": (4, 16.7),
            "48xlarge": (8, 33.4),
        },
    ),
    *_family("p4d", "A100", 39.0, {"24xlarge": (8, 22.4)}),
    *_family("p4de", "A100", 79.0, {"24xlarge": (8, 28.0)}),
    *_family("p5", "H100", 79.0, {"4xlarge": (1, 7.0), "48xlarge": (8, 56.2)}),
    *_family("p5en", "H200", 140.0, {"48xlarge": (8, 64.6)}),
    *_family("p6-b200", "B200", 178.0, {"48xlarge": (8, 116.0)}),
)
BY_TYPE = {machine.instance_type: machine for machine in ACCELERATORS}


def has_gpu(instance_type: str) -> bool:
    """Whether the machine has a GPU, also for types that the table does not know."""
    return GPU_FAMILY.match(instance_type) is not None


def gpu_count(instance_type: str) -> int | None:
    """How many GPUs the machine has: 0 without any, None for GPU types not in the table."""
    if not has_gpu(instance_type):
        return 0
    machine = BY_TYPE.get(instance_type)
    return machine.gpus if machine else None
