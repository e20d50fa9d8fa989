"""What Prepare found in the data, as JSON, as text for a terminal and as a self-contained page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path

from source.page import banner, cards, image, page, problem_table, table
from source.prepare_lengths import Spread
from source.problems import Problem, errors_first, only_errors
from source.reading import BadRow

# Every bad row is counted; this many are listed one by one.
LISTED = 200
ALT = {
    "token_lengths": "Distribution of the tokens of prompts and answers",
    "rows_that_fit": "Share of rows that fit into a number of tokens",
}


@dataclass(frozen=True)
class Side:
    """One side of the split, in tokens where it is not said otherwise."""

    rows: int
    truncated: int
    prompt: Spread
    answer: Spread


@dataclass(frozen=True)
class PrepareReport:
    """What was read, what was left out and why, and what the steps after this one are given.

    `exact_duplicates`, `overlapping` and bad rows were left out; near duplicates are only counted.
    `preferences` counts pairs by where they went.
    """

    files: tuple[str, ...] = ()
    shape: str | None = None
    rows_read: int = 0
    bad: tuple[BadRow, ...] = ()
    exact_duplicates: int = 0
    near_duplicates: int = 0
    conflicting: int = 0
    overlapping: int = 0
    near_overlap: int = 0
    max_length: int = 0
    sides: Mapping[str, Side] = field(default_factory=dict)
    preferences: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that end the run."""
        return only_errors(self.problems)

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    @property
    def truncated(self) -> int:
        """Rows of all sides that are longer than the model is trained on."""
        return sum(side.truncated for side in self.sides.values())

    def save(self, directory: Path, title: str, plots: Mapping[str, bytes]) -> None:
        """Write validation.json, report.html and plots/*.png."""
        (directory / "plots").mkdir(parents=True, exist_ok=True)
        for name, content in plots.items():
            (directory / "plots" / f"{name}.png").write_bytes(content)
        document = {"passed": self.passed, **asdict(self), "bad_rows": len(self.bad)}
        document["bad"] = document["bad"][:LISTED]
        text = json.dumps(document, indent=2, ensure_ascii=False)
        (directory / "validation.json").write_text(text + "\n", encoding="utf-8")
        (directory / "report.html").write_text(self.html(title, plots), encoding="utf-8")

    def text(self) -> str:
        """The report as a person reads it on a terminal: errors first, then the first bad rows."""
        head = (
            f"{self.rows_read} rows in {len(self.files)} file(s)"
            + (f", shape {self.shape}" if self.shape else "")
            + f": {len(self.bad)} bad, {self.exact_duplicates} exact duplicates left out, "
            f"{self.near_duplicates} near duplicates kept"
        )
        bad = [f"  {row}" for row in self.bad[:10]]
        more = [f"  and {len(self.bad) - 10} more"] if len(self.bad) > 10 else []
        sides = [
            f"{name}: {side.rows} rows, prompt {side.prompt.median} tokens (largest "
            f"{side.prompt.largest}), answer {side.answer.median} (largest {side.answer.largest}), "
            f"{side.truncated} longer than {self.max_length}"
            for name, side in self.sides.items()
        ]
        return "\n".join([head, *map(str, errors_first(self.problems)), *bad, *more, *sides])

    def html(self, title: str, plots: Mapping[str, bytes]) -> str:
        """The page; `plots` are PNGs by the names of `ALT`."""
        body = [
            self._head(title),
            problem_table(self.problems),
            self._sides(),
            *(image(content, ALT[name]) for name, content in plots.items()),
            self._duplicates(),
            self._bad(),
            self._examples(),
        ]
        return page(f"{title}: data", [part for part in body if part])

    def _head(self, title: str) -> str:
        kept = sum(side.rows for side in self.sides.values())
        figures = {
            "Rows read": f"{self.rows_read:,}",
            "Bad rows": f"{len(self.bad):,}",
            "Duplicates left out": f"{self.exact_duplicates:,}",
            "Rows used": f"{kept:,}",
            "Truncated": f"{self.truncated:,}",
        }
        files = ", ".join(self.files[:5]) + (" and more" if len(self.files) > 5 else "")
        return (
            f"<h1>{escape(title)}: data</h1>"
            f'<p class="muted">{escape(files)}{f", shape {self.shape}" if self.shape else ""}</p>'
            + banner(self.passed, f"The data {'can' if self.passed else 'cannot'} be used")
            + cards((name, figure, "") for name, figure in figures.items())
        )

    def _sides(self) -> str:
        if not self.sides:
            return ""
        rows = [
            [name, f"{side.rows:,}", f"{side.truncated:,}"]
            + [_spread(part) for part in (side.prompt, side.answer)]
            for name, side in self.sides.items()
        ]
        heads = ["Split", "#Rows", f"#Longer than {self.max_length}", "#Prompt", "#Answer"]
        pairs = ", ".join(f"{count:,} {name}" for name, count in self.preferences.items() if count)
        return (
            "<h2>Splits</h2>"
            + table(heads, rows)
            + '<p class="muted">Tokens as median / 95th percentile / largest. The side of a row is '
            "decided by a hash of its prompt (or group), so it stays there when rows are added. "
            "Of rows that are too long, training does not see the end.</p>"
            + (f"<p>Preference pairs: {escape(pairs)}.</p>" if pairs else "")
        )

    def _duplicates(self) -> str:
        if not self.sides:
            return ""
        rows = [
            ["Exact duplicates, left out", f"{self.exact_duplicates:,}"],
            ["Near duplicates of an earlier row, kept", f"{self.near_duplicates:,}"],
            ["The same prompt with another answer, kept", f"{self.conflicting:,}"],
            ["Prompts on two sides of the split, left out of the earlier", f"{self.overlapping:,}"],
            ["Test rows that resemble a training row, kept", f"{self.near_overlap:,}"],
        ]
        return (
            "<h2>Duplicates and overlap</h2>"
            + table(["", "#Rows"], rows)
            + '<p class="muted">Near: about four fifths of the word triples are the same '
            "(estimated with MinHash). Many in the last line mean that the test measures how well "
            "a pattern was learnt, not how the model does on other texts.</p>"
        )

    def _bad(self) -> str:
        if not self.bad:
            return ""
        rows = [[row.file, f"{row.number:,}", row.reason] for row in self.bad[:LISTED]]
        note = f" (the first {LISTED} of {len(self.bad):,})" if len(self.bad) > LISTED else ""
        return f"<h2>Bad rows{note}</h2>" + table(["File", "#Row", "Why"], rows)

    def _examples(self) -> str:
        if not self.examples:
            return ""
        shown: Sequence[Sequence[str]] = [[example] for example in self.examples]
        return "<h2>As the model sees it</h2>" + table(["Chat template applied"], shown)


def _spread(part: Spread) -> str:
    return f"{part.median:,} / {part.p95:,} / {part.largest:,}"
