"""From files to a split: reads, converts, measures, leaves out copies, and counts all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from source import prepare_plots
from source.data_settings import DataSettings, SplitSettings
from source.dedup import find_duplicates
from source.errors import UserError
from source.exits import StepFailed
from source.prepare_lengths import measure, spread, truncated
from source.prepare_report import PrepareReport, Side
from source.problems import error
from source.reading import BadRow, read_files
from source.rows import Preference, Row
from source.rows_shapes import convert, for_preferences
from source.splitting import Split, SplitError, split_preferences, split_rows
from source.tokens import ChatTokenizer, Length

EXAMPLES = 3


@dataclass(frozen=True)
class Prepared:
    """The split rows with their lengths; `split` is None when there was nothing to split."""

    report: PrepareReport
    split: Split | None = None
    lengths: Mapping[str, Sequence[Length]] = field(default_factory=dict)
    pairs: Mapping[str, Sequence[Preference]] = field(default_factory=dict)

    def plots(self, max_length: int) -> dict[str, bytes]:
        """PNGs by name."""
        every = [length for side in self.lengths.values() for length in side]
        return {
            "token_lengths": prepare_plots.token_lengths(self.lengths),
            "rows_that_fit": prepare_plots.rows_that_fit(every, max_length),
        }


@dataclass(frozen=True)
class Source:
    """What one set of files holds; a pair is kept only when its row is."""

    files: tuple[str, ...]
    read: int
    bad: tuple[BadRow, ...]
    shape: str | None = None
    rows: tuple[Row, ...] = ()
    lengths: tuple[Length, ...] = ()
    pairs: tuple[Preference, ...] = ()


def read_source(
    path: Path,
    data: DataSettings,
    group_by: str | None,
    tokenizer: ChatTokenizer,
    max_length: int,
) -> Source:
    """Read, convert and measure. Raises `UserError` when there is no file, or no known shape."""
    raw = read_files(path)
    read = len(raw.rows) + len(raw.bad)
    if not raw.rows:
        return Source(raw.files, read, raw.bad)
    found = convert(raw.rows, data, group_by)
    measured = measure(found, tokenizer, max_length)
    bad = sorted((*raw.bad, *found.bad, *measured.bad), key=lambda row: (row.file, row.number))
    usable = {row.id for row in measured.rows}
    return Source(
        files=raw.files,
        read=read,
        bad=tuple(bad),
        shape=found.shape,
        rows=measured.rows,
        lengths=measured.lengths,
        pairs=tuple(pair for pair in found.preferences if pair.row.id in usable),
    )


def prepare_rows(
    path: Path,
    preferences: Path | None,
    data: DataSettings,
    split: SplitSettings,
    tokenizer: ChatTokenizer,
    max_length: int,
) -> Prepared:
    """Everything that can be said about the rows, and about preferences that come beside them.

    A split that cannot be made is in `report.problems`; other bounds are checked elsewhere. Raises
    `UserError` when a path holds no rows at all, or none of a known shape.
    """
    main = read_source(path, data, split.group_by, tokenizer, max_length)
    more = Source((), 0, ())
    if preferences is not None:
        how = for_preferences(data)
        try:
            more = read_source(preferences, how, split.group_by, tokenizer, max_length)
        except UserError as failure:
            raise StepFailed(f"data.preferences: {failure}") from failure
    duplicates = find_duplicates(main.rows, remove=data.deduplicate)
    rows = [main.rows[position] for position in duplicates.kept]
    report = PrepareReport(
        files=main.files + more.files,
        shape=main.shape,
        rows_read=main.read + more.read,
        bad=main.bad + more.bad,
        exact_duplicates=duplicates.exact if data.deduplicate else 0,
        near_duplicates=duplicates.near,
        conflicting=duplicates.conflicting,
        max_length=max_length,
        examples=tuple(tokenizer.render(row.messages) for row in rows[:EXAMPLES]),
    )
    if not rows:
        return Prepared(report)
    try:
        sides = split_rows(rows, split)
    except SplitError as failure:
        problem = error("empty_split", str(failure), "bring more rows, or change the shares")
        return Prepared(replace(report, problems=(problem,)))
    pairs = list({pair.id: pair for pair in (*main.pairs, *more.pairs)}.values())
    dealt = split_preferences(pairs, split, sides)
    length_of = {row.id: length for row, length in zip(main.rows, main.lengths, strict=True)}
    lengths = {name: [length_of[row.id] for row in side] for name, side in sides.items()}
    report = replace(
        report,
        overlapping=sides.overlapping,
        near_overlap=sides.near,
        sides={name: _side(side, max_length) for name, side in lengths.items()},
        preferences={
            "train": len(dealt.train),
            "validation": len(dealt.validation),
            "left out, because the test has their prompt": dealt.left_out,
        },
    )
    named = {"train": dealt.train, "validation": dealt.validation}
    return Prepared(report, sides, lengths, named)


def _side(lengths: Sequence[Length], max_length: int) -> Side:
    return Side(
        rows=len(lengths),
        truncated=truncated(lengths, max_length),
        prompt=spread([length.prompt for length in lengths]),
        answer=spread([length.answer for length in lengths]),
    )
