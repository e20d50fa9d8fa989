"""What training has to compute, and what a chip can: the two halves of model FLOPs utilisation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Dense bfloat16 TFLOP/s with 32-bit accumulation, from the makers' data sheets; the first pattern
# that is found in the device's name counts.
PEAKS = (
    (r"\bB200\b", 2250.0),
    (r"\bGH200\b|\bH200\b", 989.0),
    (r"\bH100 PCIe\b", 756.0),
    (r"\bH100 NVL\b", 835.0),
    (r"\bH100\b", 989.0),
    (r"\bA100\b", 312.0),
    (r"\bL40S\b", 362.0),
    (r"\bL4\b", 121.0),
    (r"\bA10G\b", 70.0),
)


@dataclass(frozen=True)
class Shape:
    """A decoder of the Qwen3 family: grouped-query attention, gated feed-forward, no biases."""

    hidden: int
    layers: int
    intermediate: int
    heads: int
    key_value_heads: int
    head: int
    vocabulary: int
    context: int

    @property
    def multiplied(self) -> int:
        """Weights that every token is multiplied with: all but the norms and the embedding.

        The output layer counts, the embedding does not: looking up a row computes nothing.
        """
        attention = self.hidden * self.head * 2 * (self.heads + self.key_value_heads)
        feed_forward = 3 * self.hidden * self.intermediate
        return self.layers * (attention + feed_forward) + self.hidden * self.vocabulary

    def adapter(self, rank: int) -> int:
        """Weights of a LoRA adapter on all seven projections of every layer."""
        wide, narrow = self.heads * self.head, self.key_value_heads * self.head
        ends = 2 * (self.hidden + wide) + 2 * (self.hidden + narrow)
        ends += 3 * (self.hidden + self.intermediate)
        return self.layers * rank * ends


SHAPES = {
    # For trying the benchmark itself; it says nothing about speed.
    "tiny": Shape(128, 2, 256, 4, 2, 32, 1024, 512),
    "1b": Shape(2048, 16, 6144, 16, 8, 128, 151_936, 40_960),
    "7b": Shape(4096, 32, 12_288, 32, 8, 128, 151_936, 40_960),
}


def flops_per_token(shape: Shape, lengths: Sequence[int], rank: int | None) -> float:
    """Floating point operations that one trained token needs, over rows of these lengths.

    Forward twice the weights, and as much again for the gradients of activations and of weights;
    under an adapter (`rank`) frozen weights have no gradient. Causal attention adds, for a token,
    half of its row's length in keys and values, which have gradients in both cases. What is
    computed twice to save memory is not counted: it is no progress.
    """
    seen = sum(length * length for length in lengths) / sum(lengths) / 2
    attention = 4 * shape.layers * shape.heads * shape.head * seen
    if rank is None:
        return 6 * shape.multiplied + 3 * attention
    return 4 * shape.multiplied + 6 * shape.adapter(rank) + 3 * attention


def peak_flops(device: str) -> float | None:
    """The device's dense bfloat16 peak in FLOP/s; None for one that is not in the table."""
    for pattern, teraflops in PEAKS:
        if re.search(pattern, device):
            return teraflops * 1e12
    return None
