"""Everything that is asked of one model; base and tuned model are asked the same."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from source import general, safety
from source.evaluate_settings import EvaluateSettings
from source.general import Ability, Question
from source.generation import Answer, LanguageModel, Losses
from source.hardware import detect, use_threads_for
from source.rows import Row
from source.safety import SafetyAnswer, SafetyPrompt
from source.suite import run_suite
from source.tokens import ChatTokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Measured:
    """What a model answered to the test rows, and to the fixed sets; None where a set is off."""

    answers: tuple[Answer, ...]
    losses: Losses
    ability: Ability | None
    safety: tuple[SafetyAnswer, ...] | None
    suite: dict[str, float] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """The answers' texts."""
        return [answer.text for answer in self.answers]


@dataclass(frozen=True)
class Sets:
    """The fixed sets that settings name; None when they are off."""

    questions: tuple[Question, ...] | None
    prompts: tuple[SafetyPrompt, ...] | None

    @classmethod
    def load(cls, settings: EvaluateSettings) -> Sets:
        """Before any model is loaded, so that a mistake in a name costs no time."""
        return cls(
            general.load_questions(settings.general_set) if settings.general_set else None,
            safety.load_prompts(settings.safety_set) if settings.safety_set else None,
        )


def measure(
    model: LanguageModel,
    rows: Sequence[Row],
    settings: EvaluateSettings,
    max_length: int,
    sets: Sets,
) -> Measured:
    """Ask a model everything."""
    return Measured(
        answers=tuple(model.answers([row.prompt for row in rows], settings.max_new_tokens)),
        losses=model.answer_losses(rows, max_length),
        ability=general.ask(model, sets.questions, max_length) if sets.questions else None,
        safety=safety.ask(model, sets.prompts) if sets.prompts else None,
        suite=run_suite(model, settings.suite) if settings.suite else {},
    )


def precision() -> str:
    """The name of the type to compute in: bfloat16 where the hardware has it."""
    return "bfloat16" if detect().bf16 else "float32"


@contextmanager
def opened(
    load: Callable[[], tuple[PreTrainedModel, PreTrainedTokenizerBase]],
) -> Iterator[LanguageModel]:
    """A model on the machine's device while the block runs; its memory is given back after it."""
    import torch

    model, tokenizer = load()
    device = detect().device
    placed: Any = model.to(device).eval()
    use_threads_for(int(model.config.get_text_config().hidden_size))
    try:
        yield LanguageModel(placed, ChatTokenizer(tokenizer))
    finally:
        del model, placed
        gc.collect()
        if device == "cuda":
            torch.cuda.empty_cache()
