"""Finds captured data in a folder, or fetches that of some days from S3.

SageMaker writes below the address that an endpoint's stack names as DataCaptureUri: endpoint,
variant, year, month, day and hour are folders.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from source.errors import UserError

# How captured data is named for `make feedback` and `make monitor`.
CAPTURE = "CAPTURE"
ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")
YEAR = re.compile(r"[0-9]{4}/")
# Endpoint and variant, and one more for a prefix that begins further up.
DEPTH = 3
MOST_FOLDERS = 200
MOST_FILES = 50_000
MOST_BYTES = 2 * 1024**3


class CaptureUnusable(UserError):
    """There is no captured data where it is looked for; the text says where and why."""


def captured_folder(
    place: str, since: datetime, until: datetime, temporary: Path, client: Any = None
) -> Path:
    """The folder with what was captured from `since` to `until`, and maybe more.

    `place` is a folder, or s3://bucket/prefix, of which the days are fetched to `temporary`.
    Raises `CaptureUnusable`.
    """
    if not place.startswith("s3://"):
        folder = Path(place)
        if not place or not folder.is_dir():
            raise CaptureUnusable(
                f"{CAPTURE} is {place!r}: there is no such folder; name the folder of `make serve`,"
                " or s3://bucket/prefix as an endpoint's stack has it in DataCaptureUri"
            )
        return folder
    match = ADDRESS.fullmatch(place)
    if match is None:
        raise CaptureUnusable(f"{CAPTURE} is {place!r}: write s3://bucket/prefix")
    if client is None:
        import boto3

        client = boto3.client("s3")
    from botocore.exceptions import BotoCoreError, ClientError

    prefix = (match["prefix"] or "").strip("/")
    bucket = _Bucket(client, match["bucket"])
    try:
        bucket.fetch(f"{prefix}/" if prefix else "", list(_days(since, until)), temporary)
    except (BotoCoreError, ClientError) as error:
        raise CaptureUnusable(
            f"{CAPTURE} is {place!r}: {error}; the caller needs s3:ListBucket, s3:GetObject and "
            "kms:Decrypt there"
        ) from error
    return temporary


def _days(since: datetime, until: datetime) -> Iterator[str]:
    """Every day from one to the other, both included, as folders are named: in UTC."""
    day, last = since.astimezone(UTC).date(), until.astimezone(UTC).date()
    while day <= last:
        yield f"{day:%Y/%m/%d}/"
        day += timedelta(days=1)


class _Bucket:
    """What is read of one bucket."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def fetch(self, prefix: str, days: list[str], folder: Path) -> None:
        """Download the files of the days below a prefix. Raises `CaptureUnusable`."""
        wanted = [
            item for base in self._dated(prefix) for day in days for item in self._files(base + day)
        ]
        size = sum(item["Size"] for item in wanted)
        if len(wanted) > MOST_FILES or size > MOST_BYTES:
            raise CaptureUnusable(
                f"s3://{self._name}/{prefix} has {len(wanted):,} files with {size / 1024**2:,.0f} "
                f"MiB of {len(days)} days; at most {MOST_FILES:,} files and "
                f"{MOST_BYTES // 1024**2:,} MiB are fetched: look at fewer days, or capture less"
            )
        if wanted:
            print(f"fetching {len(wanted):,} files, {size / 1024**2:,.1f} MiB", flush=True)
        for item in wanted:
            target = folder / item["Key"]
            if not target.resolve().is_relative_to(folder.resolve()):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            body = self._client.get_object(Bucket=self._name, Key=item["Key"])["Body"]
            with target.open("wb") as file:
                shutil.copyfileobj(body, file)

    def _dated(self, prefix: str) -> list[str]:
        """Prefixes below which there are years: one for each variant of each endpoint."""
        found, level = [], [prefix]
        for _ in range(DEPTH + 1):
            below: list[str] = []
            for place in level:
                inside = self._folders(place)
                if any(YEAR.fullmatch(name.removeprefix(place)) for name in inside):
                    found.append(place)
                else:
                    below += inside
            level = below
            if len(level) > MOST_FOLDERS:
                raise CaptureUnusable(
                    f"s3://{self._name}/{prefix} has {len(level):,} folders before any year: "
                    "name a prefix that holds captured data alone"
                )
        return found

    def _folders(self, prefix: str) -> list[str]:
        return [
            str(item["Prefix"])
            for page in self._pages(Prefix=prefix, Delimiter="/")
            for item in page.get("CommonPrefixes") or ()
        ]

    def _files(self, prefix: str) -> list[dict[str, Any]]:
        return [
            item
            for page in self._pages(Prefix=prefix)
            for item in page.get("Contents") or ()
            if str(item["Key"]).endswith(".jsonl")
        ]

    def _pages(self, **request: str) -> Iterator[dict[str, Any]]:
        paginator = self._client.get_paginator("list_objects_v2")
        yield from paginator.paginate(Bucket=self._name, **request)
