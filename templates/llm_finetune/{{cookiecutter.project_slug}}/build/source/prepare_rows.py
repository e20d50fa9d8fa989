"""From files to a split: reads, converts, measures, leaves out copies, and counts all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from source import prepare_plots
from source.data_settings import DataSettings, SplitSettings
from source.dedup import find_duplicates
from source.prepare_lengths import measure, spread, truncated
from source.prepare_report import PrepareReport, Side
from source.problems import error
from source.reading import BadRow, read_files
from source.rows import Preference
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


def prepare_rows(
    path: Path,
    preferences: Path | None,
    data: DataSettings,
    split: SplitSettings,
    tokenizer: ChatTokenizer,
    max_length: int,
) -> Prepared:
    """Everything that can be said about the rows; what ends the run is in `report.problems`.

    Raises `UserError` when a path holds no rows at all, or none of a known shape.
    """
    raw = read_files(path)
    report = PrepareReport(files=raw.files, max_length=max_length)
    if not raw.rows:
        return Prepared(replace(report, rows_read=len(raw.bad), bad=raw.bad))
    found = convert(raw.rows, data, split.group_by)
    measured = measure(found, tokenizer, max_length)
    bad = _in_order([*raw.bad, *found.bad, *measured.bad])
    usable = {row.id for row in measured.rows}
    pairs = [pair for pair in found.preferences if pair.row.id in usable]
    read = len(raw.rows) + len(raw.bad)
    files = raw.files
    if preferences is not None:
        more_raw = read_files(preferences)
        more = convert(more_raw.rows, for_preferences(data), split.group_by)
        more_measured = measure(more, tokenizer, max_length)
        bad += _in_order([*more_raw.bad, *more.bad, *more_measured.bad])
        good = {row.id for row in more_measured.rows}
        pairs += [pair for pair in more.preferences if pair.row.id in good]
        read += len(more_raw.rows) + len(more_raw.bad)
        files += more_raw.files
    duplicates = find_duplicates(measured.rows, remove=data.deduplicate)
    rows = [measured.rows[position] for position in duplicates.kept]
    length_of = {
        row.id: length for row, length in zip(measured.rows, measured.lengths, strict=True)
    }
    report = replace(
        report,
        files=files,
        shape=found.shape,
        rows_read=read,
        bad=tuple(bad),
        exact_duplicates=duplicates.exact if data.deduplicate else 0,
        near_duplicates=duplicates.near,
        conflicting=duplicates.conflicting,
        examples=tuple(tokenizer.render(row.messages) for row in rows[:EXAMPLES]),
    )
    try:
        sides = split_rows(rows, split)
    except SplitError as failure:
        problem = error("empty_split", str(failure), "bring more rows, or change the shares")
        return Prepared(replace(report, problems=(problem,)))
    dealt = split_preferences(list({pair.id: pair for pair in pairs}.values()), split, sides)
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


def _in_order(bad: Sequence[BadRow]) -> list[BadRow]:
    return sorted(bad, key=lambda row: (row.file, row.number))


def _side(lengths: Sequence[Length], max_length: int) -> Side:
    return Side(
        rows=len(lengths),
        truncated=truncated(lengths, max_length),
        prompt=spread([length.prompt for length in lengths]),
        answer=spread([length.answer for length in lengths]),
    )
