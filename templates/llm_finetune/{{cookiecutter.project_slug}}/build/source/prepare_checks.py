"""What ends the run, or is only said, about rows that were read: each bound of the settings."""

from __future__ import annotations

from source import problems
from source.data_settings import DataSettings
from source.prepare_rows import Prepared
from source.problems import Problem
from source.train_settings import ModelSettings

# Bad rows that a message quotes; the report lists them all.
QUOTED = 3
# A test of which more than this share resembles training rows measures little else.
SUSPICIOUS_OVERLAP = 0.2


def findings(
    prepared: Prepared, data: DataSettings, model: ModelSettings, context: int | None
) -> list[Problem]:
    """Every problem at once. `context` is the longest input of the base model, None if unknown."""
    return [
        *_context(model, context),
        *_bad_rows(prepared, data),
        *_row_count(prepared, data),
        *_truncation(prepared, data, model),
        *_overlap(prepared),
    ]


def _context(model: ModelSettings, context: int | None) -> list[Problem]:
    if context is None or model.max_length <= context:
        return []
    return [
        problems.error(
            "longer_than_context",
            f"model.max_length is {model.max_length} tokens, and {model.source} was made for "
            f"{context}",
            f"set model.max_length to {context} or less, or choose a model with a longer context",
        )
    ]


def _bad_rows(prepared: Prepared, data: DataSettings) -> list[Problem]:
    bad, read = prepared.report.bad, prepared.report.rows_read
    if not bad:
        return []
    share = len(bad) / read
    quoted = "; ".join(map(str, bad[:QUOTED])) + ("; ..." if len(bad) > QUOTED else "")
    message = f"{len(bad)} of {read} rows cannot be used ({quoted})"
    if share > data.max_bad_share:
        return [
            problems.error(
                "bad_rows",
                f"{message}: {share:.1%}, and data.max_bad_share allows {data.max_bad_share:.1%}",
                "correct them at the source (reports/report.html lists them), or raise the bound",
            )
        ]
    fix = "reports/report.html lists them; they are left out"
    return [problems.warning("some_bad_rows", message, fix)]


def _row_count(prepared: Prepared, data: DataSettings) -> list[Problem]:
    report = prepared.report
    rows = sum(side.rows for side in report.sides.values())
    if prepared.split is None and report.problems:
        return []  # the split has said so already
    if rows >= data.minimum_rows:
        return []
    return [
        problems.error(
            "too_few_rows",
            f"{rows} rows can be used, and data.minimum_rows asks for {data.minimum_rows}",
            "bring more rows; lower data.minimum_rows only if you trust so few",
        )
    ]


def _truncation(prepared: Prepared, data: DataSettings, model: ModelSettings) -> list[Problem]:
    report = prepared.report
    rows = sum(side.rows for side in report.sides.values())
    if not report.truncated:
        return []
    share = report.truncated / rows
    longest = max(side.prompt.largest + side.answer.largest for side in report.sides.values())
    message = (
        f"{report.truncated} of {rows} rows ({share:.1%}) are longer than model.max_length "
        f"{model.max_length}, so the end of their answer is never learnt"
    )
    fix = f"raise model.max_length (up to about {longest} is needed), or shorten the rows"
    if share > data.max_truncated_share:
        allowed = f"; data.max_truncated_share allows {data.max_truncated_share:.1%}"
        return [problems.error("truncated_rows", message + allowed, fix)]
    return [problems.warning("some_truncated_rows", message, fix)]


def _overlap(prepared: Prepared) -> list[Problem]:
    found = []
    report = prepared.report
    if report.overlapping:
        found.append(
            problems.warning(
                "overlapping_prompts",
                f"{report.overlapping} rows were left out of train or validation, because another "
                "group has the same prompt on a later side of the split",
                "nothing is needed; choose another split.group_by if they are many",
            )
        )
    test = report.sides["test"].rows if "test" in report.sides else 0
    if test and report.near_overlap > SUSPICIOUS_OVERLAP * test:
        found.append(
            problems.warning(
                "resembling_test",
                f"{report.near_overlap} of {test} test rows much resemble a training row",
                "the test flatters the model: set split.group_by to what such rows have in common",
            )
        )
    if report.conflicting:
        found.append(
            problems.warning(
                "conflicting_answers",
                f"{report.conflicting} rows answer a prompt otherwise than an earlier row",
                "make answers agree at the source; a model can learn only one of them",
            )
        )
    return found
