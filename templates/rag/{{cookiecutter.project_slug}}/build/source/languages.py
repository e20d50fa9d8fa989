"""Tells the language of a text."""

from __future__ import annotations

from functools import cache
from typing import Any

# The beginning says it as well as the whole, in far less time.
CHARACTERS = 1500
LETTERS = 40


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=False)


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of a text's language; None when it has too few letters to tell."""
    beginning = text[:CHARACTERS]
    if sum(character.isalpha() for character in beginning) < LETTERS:
        return None
    return str(_identifier().classify(beginning)[0])
