"""Leaves out documents that are copies of another one, and names those that nearly are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from source.documents import Document
from source.near_duplicates import normalised, resembling


@dataclass(frozen=True)
class Copy:
    """A document and the earlier one that it repeats."""

    id: str
    original: str


@dataclass(frozen=True)
class Duplicates:
    """`kept` documents are in their order; `exact` copies were left out, `near` ones were not."""

    kept: tuple[Document, ...]
    exact: tuple[Copy, ...]
    near: tuple[Copy, ...]


def without_copies(documents: Sequence[Document], threshold: float) -> Duplicates:
    """Leave out exact copies: of the same words, which the same callers may see.

    A copy with other labels stays, or those who may see only the copy would lose the text.
    """
    first: dict[str, str] = {}
    kept: list[Document] = []
    exact: list[Copy] = []
    for document in documents:
        key = _content_key(document)
        if key in first:
            exact.append(Copy(document.id, first[key]))
        else:
            first[key] = document.id
            kept.append(document)
    found = resembling([document.text for document in kept], similar=threshold)
    near = [Copy(kept[copy].id, kept[original].id) for copy, original in sorted(found.items())]
    return Duplicates(tuple(kept), tuple(exact), tuple(near))


def _content_key(document: Document) -> str:
    content = json.dumps([normalised(document.text), document.labels], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
