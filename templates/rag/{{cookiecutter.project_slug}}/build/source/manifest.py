"""The manifest: a hash for every document of the index, and what changed since the last run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from source.documents import Document
from source.errors import UserError

FILE_NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """Hashes by document id. `embedded` and `reused` count chunks, once they are embedded."""

    documents: Mapping[str, str] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    embedded: int | None = None
    reused: int | None = None

    @property
    def unchanged(self) -> int:
        """How many documents are as they were."""
        return len(self.documents) - len(self.added) - len(self.changed)

    @property
    def sha256(self) -> str:
        """A hash of the whole corpus."""
        content = json.dumps(sorted(self.documents.items()), ensure_ascii=False)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()

    def counted(self, embedded: int, reused: int) -> Manifest:
        """The same, with what embedding it took."""
        return replace(self, embedded=embedded, reused=reused)

    def as_dict(self) -> dict[str, Any]:
        """As it is written."""
        return {
            "sha256": self.sha256,
            "added": list(self.added),
            "changed": list(self.changed),
            "removed": list(self.removed),
            "unchanged": self.unchanged,
            "embedded": self.embedded,
            "reused": self.reused,
            "documents": dict(sorted(self.documents.items())),
        }

    def write(self, path: Path) -> None:
        """Write the manifest as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.as_dict(), indent=2, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    def text(self) -> str:
        """One line for a terminal."""
        return (
            f"{len(self.documents)} documents: {len(self.added)} added, {len(self.changed)} "
            f"changed, {len(self.removed)} removed, {self.unchanged} unchanged"
        )


def compare(documents: Iterable[Document], previous: Manifest) -> Manifest:
    """The manifest of these documents, against the last run's."""
    now = {document.id: document.sha256 for document in documents}
    before = previous.documents
    return Manifest(
        documents=now,
        added=tuple(sorted(now.keys() - before.keys())),
        changed=tuple(sorted(key for key in now.keys() & before.keys() if now[key] != before[key])),
        removed=tuple(sorted(before.keys() - now.keys())),
    )


def read_manifest(folder: Path | None) -> Manifest:
    """The manifest in a folder or below `manifest/` in it; an empty one when there is none.

    Raises `UserError` for one that cannot be read.
    """
    if folder is None:
        return Manifest()
    for path in (folder / FILE_NAME, folder / "manifest" / FILE_NAME):
        if path.is_file():
            try:
                fields = json.loads(path.read_text(encoding="utf-8"))
                return Manifest(
                    documents=dict(fields["documents"]),
                    added=tuple(fields["added"]),
                    changed=tuple(fields["changed"]),
                    removed=tuple(fields["removed"]),
                    embedded=fields["embedded"],
                    reused=fields["reused"],
                )
            except (ValueError, KeyError, TypeError) as error:
                raise UserError(
                    f"{path}: no manifest ({error!r}); remove it to build the index anew"
                ) from error
    return Manifest()
