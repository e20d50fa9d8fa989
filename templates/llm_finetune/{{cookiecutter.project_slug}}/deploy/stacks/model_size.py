"""How much memory a language model needs, from the figures in its own config.json."""

from typing import Self

from pydantic import Field, model_validator

from components.config_section import Section
from stacks.accelerators import GIB

# CUDA context, activations and CUDA graphs of the engine, on each GPU.
_ENGINE_GIB = 2.0


class ModelSection(Section):
    """The shape of the model that is served: the base's, when an adapter was merged into it."""

    parameters_millions: float = Field(gt=0, description="the number of weights, in millions")
    bytes_per_parameter: float = Field(
        gt=0, le=4, description="2 for bf16 and fp16, 1 for fp8 and int8, 0.5 for 4-bit weights"
    )
    layers: int = Field(ge=1, description="num_hidden_layers of config.json")
    attention_heads: int = Field(ge=1, description="num_attention_heads of config.json")
    key_value_heads: int = Field(ge=1, description="num_key_value_heads of config.json")
    head_size: int = Field(ge=1, description="head_dim of config.json")
    longest_context_tokens: int = Field(ge=16, description="max_position_embeddings of config.json")

    @model_validator(mode="after")
    def _heads_share_keys(self) -> Self:
        if self.attention_heads % self.key_value_heads:
            raise ValueError(
                f"attention_heads is {self.attention_heads}, no multiple of key_value_heads"
                f" {self.key_value_heads}; copy both from the model's config.json"
            )
        return self

    @property
    def weights_gib(self) -> float:
        """Memory of the weights, over all GPUs together."""
        return self.parameters_millions * 1e6 * self.bytes_per_parameter / GIB

    def cache_gib(self, tokens: int) -> float:
        """Memory in which the engine keeps what it computed of ``tokens``, in 16-bit numbers.

        Over all GPUs together: keys and values of every layer.
        """
        return 2 * 2 * self.layers * self.key_value_heads * self.head_size * tokens / GIB

    def room_for_tokens(self, *, gpus: int, gpu_memory_gib: float, share: float) -> int:
        """Tokens that fit beside the weights when the engine takes ``share`` of each GPU."""
        room = gpus * (gpu_memory_gib * share - _ENGINE_GIB) - self.weights_gib
        return max(0, int(room / self.cache_gib(1)))
