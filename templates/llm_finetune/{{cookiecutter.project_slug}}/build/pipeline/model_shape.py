"""The shape of a language model: what its memory follows from, read from its config.json."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlops.errors import CommandError

HUNDREDFOLD = 100


class ShapeUnknown(CommandError):
    """The shape of the base model cannot be had; the text says how to give it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=2)


@dataclass(frozen=True)
class ModelShape:
    """A decoder with grouped-query attention and a gated feed-forward layer, as most are today."""

    layers: int
    hidden: int
    feed_forward: int
    heads: int
    key_value_heads: int
    head_size: int
    vocabulary: int
    tied: bool
    context: int | None = None
    # Of a size that was only stated; else it follows from the rest.
    stated: int | None = None

    @property
    def parameters(self) -> int:
        """How many weights it has."""
        # The last normalisation stands behind the layers.
        return self.stated or self.linear + self.embeddings + self.hidden

    @property
    def embeddings(self) -> int:
        """Weights of the token embeddings, and of the output layer where that is another."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def linear(self) -> int:
        """Weights of the layers."""
        if self.stated is not None:
            return max(0, self.stated - self.embeddings)
        return self.layers * (sum(i * o for i, o in self.projections.values()) + 2 * self.hidden)

    @property
    def projections(self) -> dict[str, tuple[int, int]]:
        """Inputs and outputs of a layer's linear projections, by their usual names."""
        queries, keys = self.heads * self.head_size, self.key_value_heads * self.head_size
        return {
            "q_proj": (self.hidden, queries),
            "k_proj": (self.hidden, keys),
            "v_proj": (self.hidden, keys),
            "o_proj": (queries, self.hidden),
            "gate_proj": (self.hidden, self.feed_forward),
            "up_proj": (self.hidden, self.feed_forward),
            "down_proj": (self.feed_forward, self.hidden),
        }

    def adapter(self, rank: int, modules: tuple[str, ...]) -> int:
        """Weights of a LoRA adapter; a projection of another name counts as the largest known."""
        known = self.projections
        largest = max(map(sum, known.values()))
        return self.layers * rank * sum(sum(known[m]) if m in known else largest for m in modules)


# Shapes of open models of the sizes that people ask for, to stand for a size that is only stated.
TYPICAL = (
    ModelShape(24, 896, 4864, 14, 2, 64, 151_936, True),
    ModelShape(16, 2048, 8192, 32, 8, 64, 128_256, True),
    ModelShape(28, 3072, 8192, 24, 8, 128, 128_256, True),
    ModelShape(32, 4096, 14_336, 32, 8, 128, 128_256, False),
    ModelShape(40, 5120, 17_408, 40, 8, 128, 151_936, False),
    ModelShape(64, 5120, 25_600, 64, 8, 128, 151_936, False),
    ModelShape(80, 8192, 28_672, 64, 8, 128, 128_256, False),
)


def typical_shape(parameters: int) -> ModelShape:
    """The shape of the typical model that is nearest in size, with the size that was stated."""
    nearest = min(TYPICAL, key=lambda shape: abs(math.log(shape.parameters / parameters)))
    ratio = max(nearest.parameters / parameters, parameters / nearest.parameters)
    if ratio > HUNDREDFOLD:
        raise ShapeUnknown(
            f"--parameters: {parameters / 1e9:g} billion is unlike any model that is known here; "
            "give --config with its config.json"
        )
    return replace(nearest, stated=parameters)


def read_shape(path: Path) -> ModelShape:
    """The shape in a config.json, or in the folder that holds one. Raises `ShapeUnknown`."""
    file = path / "config.json" if path.is_dir() else path
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        config = dict(config.get("text_config") or config)
        heads = int(config["num_attention_heads"])
        hidden = int(config["hidden_size"])
        return ModelShape(
            layers=int(config["num_hidden_layers"]),
            hidden=hidden,
            feed_forward=int(config["intermediate_size"]),
            heads=heads,
            key_value_heads=int(config.get("num_key_value_heads") or heads),
            head_size=int(config.get("head_dim") or hidden // heads),
            vocabulary=int(config["vocab_size"]),
            tied=bool(config.get("tie_word_embeddings", False)),
            context=_number(config.get("max_position_embeddings")),
        )
    except OSError as error:
        raise ShapeUnknown(f"cannot read {file} ({error.strerror})") from error
    except KeyError as error:
        raise ShapeUnknown(
            f"{file} has no {error}: its architecture is described in other words; give its size "
            "with --parameters, in billions"
        ) from error
    except (ValueError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise ShapeUnknown(f"{file} is no model's configuration: {error}") from error


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
