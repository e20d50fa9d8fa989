"""Tokens of encoders whose own tokenizer is not at hand."""

from __future__ import annotations

import re

from source.encoders import Span
from source.words import UNSPACED

# Every word, every sign, every character of a script without spaces.
_WORDS = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+|[^\w\s]|_")
# Subword tokenizers of services give a token for 4 to 5 letters of English on average, for fewer
# of rare words: pieces of 4 letters of ASCII, and of 2 others, are more than there are tokens.
_PIECES = re.compile(rf"[{UNSPACED}]|[A-Za-z0-9]{{1,4}}|[^\W_{UNSPACED}]{{1,2}}|[^\w\s]|_")


def word_spans(text: str) -> list[Span]:
    """Words and signs, as an encoder that counts words sees them."""
    return [match.span() for match in _WORDS.finditer(text)]


def estimated_spans(text: str) -> list[Span]:
    """Pieces of words: an upper estimate for the tokenizers of services."""
    return [match.span() for match in _PIECES.finditer(text)]
