"""How much memory a tuning takes on each GPU: an estimate from what is kept there.

Weights, gradients and optimiser states are counted; activations follow from what the layers of a
decoder keep for their gradients. Every run records the peak that was really reached
(`peak_memory_gib`): believe that, once you have it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model_shape import ModelShape
from pipeline.training_config import Train

GIB = 2**30
# 4 bits a weight, with the scales of each block of 64, themselves quantised.
FOUR_BIT = 0.52
# The CUDA context, and kernels' work space.
CONTEXT_GIB = 1.2
# Memory that is reserved and not usable, between blocks of different sizes.
FRAGMENTATION = 1.08
# Adam keeps two 32-bit moments of each weight that is trained.
ADAM = 8
# Of each logit: itself in 16 bits, and in 32 bits its copy, the log-probability, the gradient.
LOGIT_BYTES = 14


@dataclass(frozen=True)
class Memory:
    """GiB on each GPU."""

    weights: float
    gradients: float
    optimizer: float
    activations: float
    logits: float

    @property
    def total(self) -> float:
        """All of it, with what CUDA takes for itself."""
        kept = (
            self.weights + self.gradients + self.optimizer + self.activations + self.logits
        ) * FRAGMENTATION
        return kept + CONTEXT_GIB


def estimate(
    shape: ModelShape, train: Train, max_length: int, *, bf16: bool = True, shards: int = 1
) -> Memory:
    """The memory of each GPU when `shards` of them share the model (1: each has a whole copy)."""
    small = 2 if bf16 and train.precision != "fp32" else 4
    full = train.tuning == "full"
    adapter = 0 if full else shape.adapter(train.lora.rank, train.lora.target_modules)
    trained = shape.parameters if full else adapter
    if full:
        # 32-bit weights; each layer's 16-bit copy is made when it is needed.
        held = 4.0 * shape.parameters
    elif train.tuning == "qlora":
        held = FOUR_BIT * shape.linear + small * shape.embeddings + 4.0 * adapter
    else:
        held = float(small) * shape.parameters + 4.0 * adapter
    # Under FSDP the layer at work, and the one after it, are whole on every GPU.
    gathered = 0.0
    if shards > 1:
        gathered = 2 * small * shape.linear / shape.layers + small * shape.embeddings
    # A preference is two conversations.
    tokens = train.batch_size * max_length * (2 if train.prefers else 1)
    return Memory(
        weights=(held / shards + gathered) / GIB,
        gradients=4.0 * trained / shards / GIB,
        optimizer=float(ADAM) * trained / shards / GIB,
        activations=_activations(shape, train, tokens, small, max_length) / GIB,
        logits=tokens * shape.vocabulary * LOGIT_BYTES / GIB,
    )


def _activations(
    shape: ModelShape, train: Train, tokens: int, small: int, max_length: int
) -> float:
    """Bytes that the layers keep for their gradients.

    With gradient checkpointing each layer keeps its input only, and one layer at a time the rest.
    """
    queries, keys = shape.heads * shape.head_size, shape.key_value_heads * shape.head_size
    # Inputs and outputs of the projections and of the gated feed-forward layer ...
    numbers = 5 * shape.hidden + 2 * queries + 2 * keys + 4 * shape.feed_forward
    # ... and the two normalisations, in 32 bits.
    layer = float(tokens * (small * numbers + 8 * shape.hidden))
    if train.attention == "eager":
        layer += tokens * max_length * shape.heads * (small + 4)
    if not train.gradient_checkpointing:
        return shape.layers * layer
    return shape.layers * tokens * shape.hidden * small + layer
