"""What Ingest found in the corpus, as JSON, as text for a terminal and as a self-contained page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path

from source.corpus import Broken
from source.duplicate_documents import Copy
from source.manifest import Manifest
from source.page import banner, cards, page, problem_table, table
from source.problems import Problem, errors_first, only_errors

# Everything is counted; this many are listed one by one.
LISTED = 200
SHOWN = 10


@dataclass(frozen=True)
class IngestReport:
    """What was read, what was left out and why. Counts by name are largest first."""

    files: int = 0
    documents: int = 0
    characters: int = 0
    broken: tuple[Broken, ...] = ()
    skipped: tuple[Broken, ...] = ()
    other_languages: tuple[Broken, ...] = ()
    exact: tuple[Copy, ...] = ()
    near: tuple[Copy, ...] = ()
    formats: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    manifest: Manifest = field(default_factory=Manifest)
    encoder: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that end the run."""
        return only_errors(self.problems)

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    def save(self, directory: Path, title: str) -> None:
        """Write report.json and report.html."""
        directory.mkdir(parents=True, exist_ok=True)
        changes = self.manifest.as_dict()
        del changes["documents"]
        document = {
            "passed": self.passed,
            **asdict(self),
            "manifest": {
                key: len(value) if isinstance(value, list) else value
                for key, value in changes.items()
                if key not in ("embedded", "reused")
            },
        }
        for name in ("broken", "skipped", "other_languages", "exact", "near"):
            document[f"{name}_count"] = len(document[name])
            document[name] = document[name][:LISTED]
        text = json.dumps(document, indent=2, ensure_ascii=False)
        (directory / "report.json").write_text(text + "\n", encoding="utf-8")
        (directory / "report.html").write_text(self.html(title), encoding="utf-8")

    def summary(self) -> str:
        """What became of the files, in a line."""
        return (
            f"{self.files} files: {self.documents} documents, {len(self.broken)} broken, "
            f"{len(self.skipped)} of formats that are not read, {len(self.exact)} exact copies "
            f"left out, {len(self.near)} near copies kept"
        )

    def text(self) -> str:
        """The report as a person reads it on a terminal: errors first, then what is broken."""
        broken = [f"  {entry}" for entry in self.broken[:SHOWN]]
        more = [f"  and {len(self.broken) - SHOWN} more"] if len(self.broken) > SHOWN else []
        kinds = ", ".join(f"{count} {name}" for name, count in self.formats.items())
        tongues = ", ".join(f"{count} {name}" for name, count in self.languages.items())
        counts = [f"formats: {kinds}; languages: {tongues}"] if self.documents else []
        encoder = [self.encoder] if self.encoder else []
        changes = [self.manifest.text()] if self.documents else []
        found = map(str, errors_first(self.problems))
        return "\n".join([self.summary(), *found, *broken, *more, *counts, *changes, *encoder])

    def html(self, title: str) -> str:
        """The page."""
        body = [
            self._head(title),
            problem_table(self.problems),
            _list("Broken files", ["File or row", "Why"], _pairs(self.broken)),
            _counts("Formats", self.formats),
            _counts("Languages", self.languages),
            _counts("Labels", self.labels),
            self._changes(),
            _list("Exact copies, left out", ["Document", "Copy of"], _copies(self.exact)),
            _list("Near copies, kept", ["Document", "Much like"], _copies(self.near)),
            _list("Left out for their language", ["Document", "Why"], _pairs(self.other_languages)),
            _list("Not read", ["File", "Why"], _pairs(self.skipped)),
        ]
        return page(f"{title}: corpus", [part for part in body if part])

    def _head(self, title: str) -> str:
        figures = {
            "Files": f"{self.files:,}",
            "Documents": f"{self.documents:,}",
            "Characters": f"{self.characters:,}",
            "Broken": f"{len(self.broken):,}",
            "Copies left out": f"{len(self.exact):,}",
            "Near copies": f"{len(self.near):,}",
        }
        return (
            f"<h1>{escape(title)}: corpus</h1>"
            + banner(self.passed, f"The corpus {'can' if self.passed else 'cannot'} be used")
            + cards((name, figure, "") for name, figure in figures.items())
            + (f'<p class="muted">{escape(self.encoder)}</p>' if self.encoder else "")
        )

    def _changes(self) -> str:
        manifest = self.manifest
        if not manifest.documents:
            return ""
        rows = [
            ["Added", f"{len(manifest.added):,}", _some(manifest.added)],
            ["Changed", f"{len(manifest.changed):,}", _some(manifest.changed)],
            ["Removed", f"{len(manifest.removed):,}", _some(manifest.removed)],
            ["Unchanged", f"{manifest.unchanged:,}", ""],
        ]
        return "<h2>Since the last run</h2>" + table(["", "#Documents", "Which"], rows)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _pairs(entries: Sequence[Broken]) -> list[list[str]]:
    return [[entry.name, entry.reason] for entry in entries]


def _copies(entries: Sequence[Copy]) -> list[list[str]]:
    return [[entry.id, entry.original] for entry in entries]


def _list(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    note = f" (the first {LISTED} of {len(rows):,})" if len(rows) > LISTED else ""
    return f"<h2>{escape(title)}{note}</h2>" + table(heads, rows[:LISTED])


def _counts(title: str, counts: Mapping[str, int]) -> str:
    rows = [[name, f"{count:,}"] for name, count in counts.items()]
    return f"<h2>{escape(title)}</h2>" + table(["", "#Documents"], rows) if rows else ""
