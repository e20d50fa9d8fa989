"""What ends the run, or is only said, about a corpus that was read: each bound of the settings."""

from __future__ import annotations

from collections.abc import Sequence

from source import problems
from source.corpus import Broken
from source.ingest_settings import DataSettings
from source.problems import Problem

# Broken files that a message names; the report lists them all.
QUOTED = 3


def findings(documents: int, broken: Sequence[Broken], settings: DataSettings) -> list[Problem]:
    """Every problem at once. `documents` are those that are left."""
    return [*_broken(documents, broken, settings), *_count(documents, settings)]


def _broken(documents: int, broken: Sequence[Broken], settings: DataSettings) -> list[Problem]:
    if not broken:
        return []
    total = documents + len(broken)
    share = len(broken) / total
    quoted = "; ".join(map(str, broken[:QUOTED])) + ("; ..." if len(broken) > QUOTED else "")
    message = f"{len(broken)} of {total} documents are broken ({quoted})"
    if share > settings.max_broken_share:
        return [
            problems.error(
                "broken_documents",
                f"{message}: {share:.1%}, and data.max_broken_share allows "
                f"{settings.max_broken_share:.1%}",
                "repair or remove them (reports/report.html lists them), or raise the bound",
            )
        ]
    fix = "reports/report.html lists them; they are left out"
    return [problems.warning("some_broken_documents", message, fix)]


def _count(documents: int, settings: DataSettings) -> list[Problem]:
    if documents >= settings.minimum_documents:
        return []
    return [
        problems.error(
            "too_few_documents",
            f"{documents} documents can be used, and data.minimum_documents asks for "
            f"{settings.minimum_documents}",
            "put documents below data.source, and see in reports/report.html what was left out",
        )
    ]
