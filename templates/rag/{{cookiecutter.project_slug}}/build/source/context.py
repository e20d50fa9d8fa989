"""Passages as a language model sees them: material between tags that the material cannot close.

Whoever writes a document writes into the prompt. So nothing of a passage may look like the prompt's
own structure (angle brackets and ampersands are escaped), and characters that people do not see but
models do read are left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape

from source.passages import Passage


def context(passages: Sequence[Passage]) -> str:
    """The passages, numbered from 1, which is how an answer cites them."""
    return "\n".join(map(_element, range(1, len(passages) + 1), passages))


def material(text: str) -> str:
    """A text of a document or caller, to stand between tags of a prompt."""
    return escape(visible(text), quote=False)


def visible(text: str) -> str:
    """Without controls and format characters, which hide text or turn its direction around."""
    kept = (
        character
        for character in text
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs")
    )
    return "".join(kept)


def _element(number: int, passage: Passage) -> str:
    place = " > ".join(part for part in (passage.title, *passage.headings) if part)
    attribute = escape(" ".join(visible(place).split()))
    return f'<passage number="{number}" from="{attribute}">\n{material(passage.text)}\n</passage>'
