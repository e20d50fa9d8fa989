"""Watches what an endpoint is asked: drift of the questions, empty results, refusals, ratings.

    python -m source.monitor --package FOLDER --capture FOLDER_OR_S3 --output FOLDER

Reads the data that an endpoint captured in the last days, and compares it with the days before and
with bounds. Writes monitor.json and report.html below --output, and a copy below --report in S3.
Ends with exit code 1 when a bound is exceeded, and says which.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from source import monitor_report
from source.capture import read_exchanges
from source.capture_source import ADDRESS, CAPTURE, captured_folder
from source.encoders import open_encoder
from source.errors import UserError
from source.exits import StepFailed, conclude, run_step
from source.integrity import check_integrity
from source.monitor_findings import Monitoring, Reference
from source.monitor_settings import EVALUATED, MonitorSettings, monitor_settings
from source.monitor_window import Window, read_windows
from source.monitoring import monitor, reference_name
from source.package import CONFIG, ENCODER, INDEX, QUESTIONS, read_json
from source.questions import load_questions
from source.settings import read_document
from source.terms import FILE as TERMS
from source.terms import Terms

FILES = {"monitor.json": "application/json", "report.html": "text/html; charset=utf-8"}


def watch(package: Path, capture: str, until: datetime, settings: MonitorSettings) -> Monitoring:
    """Compare the questions captured before `until` with those before them. Raises `UserError`."""
    check_integrity(package)
    encoder = open_encoder(package / ENCODER)
    terms = Terms.load(package / INDEX / TERMS)
    days = settings.window_days + settings.reference_days
    with tempfile.TemporaryDirectory(prefix="capture-") as folder:
        found = captured_folder(capture, until - timedelta(days=days), until, Path(folder))
        window, earlier = read_windows(
            read_exchanges(found), until, settings.window_days, settings.reference_days
        )
    return monitor(window, _reference(package, earlier, settings), encoder, terms, settings)


def _reference(package: Path, earlier: Window, settings: MonitorSettings) -> Reference:
    name = reference_name(settings)
    if settings.reference != EVALUATED:
        return Reference(name, tuple(earlier.distinct()))
    path = package / INDEX / QUESTIONS
    questions = load_questions(path) if path.is_file() else []
    return Reference(name, tuple(one.question for one in questions if one.reviewed))


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, write, and say what is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--package", type=Path, required=True, help="folder of the package")
    parser.add_argument(
        "--capture",
        default=os.environ.get(CAPTURE, ""),
        help=f"folder or s3://bucket/prefix of captured data (default: ${CAPTURE})",
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for the report")
    parser.add_argument("--report", default="", help="s3://bucket/prefix for a copy of the report")
    parser.add_argument("--until", type=moment, default=None, help="end of the window: now")
    parser.add_argument("--settings", type=Path, help="JSON with the section `monitor`")
    options = parser.parse_args(arguments)
    run_step(lambda: _run(options))


def moment(text: str) -> datetime:
    """A date or a time, in UTC unless it says otherwise. Raises `ValueError`."""
    given = datetime.fromisoformat(text)
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def _run(options: argparse.Namespace) -> None:
    until = options.until or datetime.now(UTC)
    document = (
        read_document(options.settings) if options.settings else read_json(options.package / CONFIG)
    )
    settings = monitor_settings(document)
    place = _place(options.report, until)
    found = watch(options.package, options.capture, until, settings)
    options.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found.document(), indent=2, ensure_ascii=False, allow_nan=False)
    (options.output / "monitor.json").write_text(text + "\n", encoding="utf-8")
    title = os.environ.get("PROJECT_NAME") or "Retrieval-augmented application"
    page = monitor_report.render(found, title)
    (options.output / "report.html").write_text(page, encoding="utf-8")
    if place is not None:
        _upload(options.output, *place)
    _say(found)
    report = options.output / "report.html" if place is None else f"s3://{'/'.join(place)}"
    message = f"{found.message}; report: {report}"
    if not found.passed:
        raise StepFailed(message)
    conclude(message)


def _say(found: Monitoring) -> None:
    window = found.window
    print(
        f"{len(window.asked):,} questions ({len(window.distinct()):,} different), "
        f"{len(window.ratings):,} ratings from {window.since:%Y-%m-%d %H:%M} "
        f"to {window.until:%Y-%m-%d %H:%M} UTC"
    )
    for name, check in found.checks.items():
        verdict = "not judged" if not check.applied else "ok" if check.passed else "EXCEEDED"
        print(f"  {name:<14} {verdict:<11} {check.statement}")


def _place(address: str, until: datetime) -> tuple[str, str] | None:
    """Bucket and prefix of a copy, a folder for each time; None when none is asked for."""
    if not address:
        return None
    match = ADDRESS.fullmatch(address)
    if match is None:
        raise UserError(f"--report is {address!r}: write s3://bucket/prefix")
    parts = [(match["prefix"] or "").strip("/"), f"{until:%Y-%m-%dT%H-%M}"]
    return match["bucket"], "/".join(filter(None, parts))


def _upload(folder: Path, bucket: str, prefix: str, client: Any = None) -> None:
    """Before the exit code is given: what a job that failed has written is not kept for it."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    client = client or boto3.client("s3")
    for name, kind in FILES.items():
        key = f"{prefix}/{name}"
        body = (folder / name).read_bytes()
        try:
            client.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind)
        except (BotoCoreError, ClientError) as error:
            raise UserError(
                f"s3://{bucket}/{key} cannot be written: {error}; the caller needs s3:PutObject"
            ) from error


if __name__ == "__main__":
    main()
