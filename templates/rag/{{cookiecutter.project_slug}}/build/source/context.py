"""Passages as a language model sees them: material between tags that the material cannot close.

Whoever writes a document writes into the prompt. So nothing of a passage may look like the prompt's
own structure (angle brackets and ampersands are escaped, in whatever width they are written), and
characters that people do not see but models do read are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from html import escape

from source.passages import Passage

# What Unicode calls default ignorable beside the format characters: joiners, fillers, variation
# selectors. A text can be hidden in a row of them.
UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)
# Small and full-width forms, which compatibility normalization makes the plain ones.
WIDE = str.maketrans("\ufe64\uff1c\ufe65\uff1e\ufe60\uff06", "<<>>&&")


def context(passages: Sequence[Passage]) -> str:
    """The passages, numbered from 1, which is how an answer cites them."""
    return "\n".join(map(_element, range(1, len(passages) + 1), passages))


def material(text: str) -> str:
    """A text of a document or caller, to stand between tags of a prompt."""
    return escape(visible(text).translate(WIDE), quote=False)


def visible(text: str) -> str:
    """Without what hides text or turns its direction around: controls, format characters."""
    kept = (
        character
        for character in UNSEEN.sub("", text)
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs")
    )
    return "".join(kept)


def _element(number: int, passage: Passage) -> str:
    place = " > ".join(part for part in (passage.title, *passage.headings) if part)
    attribute = escape(" ".join(visible(place).translate(WIDE).split()))
    return f'<passage number="{number}" from="{attribute}">\n{material(passage.text)}\n</passage>'
