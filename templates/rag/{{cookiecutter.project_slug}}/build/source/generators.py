"""What writes an answer from passages: one small interface, and the choice by configuration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from source.answers import NO_TOKENS, Citation, Usage
from source.errors import UserError
from source.generation_settings import BEDROCK, GenerationSettings
from source.passages import Passage

if TYPE_CHECKING:
    from source.prompts import Prompt
    from source.terms import Terms

REFUSAL = "The documents do not answer this question."


class GenerationFailed(UserError):
    """The language model cannot be asked; the text says why. `busy`: trying again may help."""

    def __init__(self, message: str, *, busy: bool = False) -> None:
        super().__init__(message)
        self.busy = busy


@dataclass(frozen=True)
class Draft:
    """A whole answer. `refused` when the generator finds none in the passages."""

    text: str
    citations: tuple[Citation, ...]
    refused: bool
    usage: Usage = NO_TOKENS
    intervened: bool = False


class Generator(Protocol):
    """Writes answers; safe to be asked from several threads."""

    def stream(self, question: str, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        """Pieces of the answer's text as they come, then the whole as a `Draft`, which counts."""
        ...


def open_generator(settings: GenerationSettings, prompt: Prompt, terms: Terms) -> Generator:
    """The generator that the settings name."""
    if settings.kind == BEDROCK:
        from source.generators_bedrock import BedrockGenerator, bedrock_client

        return BedrockGenerator(settings, prompt, bedrock_client(settings.region))
    from source.generators_extractive import ExtractiveGenerator

    return ExtractiveGenerator(terms)
