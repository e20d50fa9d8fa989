"""Captured data is found in a folder, or fetched from S3: of the days asked for, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from source import capture_source
from source.capture_source import CaptureUnusable, captured_folder

UNTIL = datetime(2026, 3, 2, 12, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=3)
BASE = "aiops-ships-prod/aiops-ships-prod/main"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="captured")
        yield client


def put(client: Any, key: str, content: str = "{}\n") -> None:
    client.put_object(Bucket="captured", Key=key, Body=content.encode())


def fetched(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jsonl"))


@pytest.mark.parametrize("prefix", ["aiops-ships-prod", "aiops-ships-prod/", BASE, ""])
def test_the_days_of_a_window_are_fetched(prefix: str, s3: Any, tmp_path: Path) -> None:
    for day in ("2026/02/26", "2026/02/27", "2026/02/28", "2026/03/01", "2026/03/02", "2026/03/03"):
        put(s3, f"{BASE}/{day}/07/12-30-000-a.jsonl", day)
    put(s3, f"{BASE}/2026/03/01/07/readme.txt")
    put(s3, "monitoring/2026-03-01/monitor.json")
    folder = captured_folder(f"s3://captured/{prefix}", SINCE, UNTIL, tmp_path, s3)
    days = ("2026/02/27", "2026/02/28", "2026/03/01", "2026/03/02")
    assert fetched(folder) == [f"{BASE}/{day}/07/12-30-000-a.jsonl" for day in days]
    assert (folder / f"{BASE}/2026/03/01/07/12-30-000-a.jsonl").read_text() == "2026/03/01"


def test_every_variant_and_every_page_is_read(s3: Any, tmp_path: Path) -> None:
    class SmallPages:
        """The client, with pages of three."""

        def get_paginator(self, name: str) -> Any:
            real = s3.get_paginator(name)

            class Paginator:
                def paginate(self, **request: Any) -> Any:
                    return real.paginate(**request, PaginationConfig={"PageSize": 3})

            return Paginator()

        def get_object(self, **request: Any) -> Any:
            return s3.get_object(**request)

    for variant in ("blue", "green"):
        for hour in range(8):
            put(s3, f"e/e/{variant}/2026/03/01/{hour:02}/x.jsonl")
    folder = captured_folder("s3://captured/e", SINCE, UNTIL, tmp_path, SmallPages())
    assert len(fetched(folder)) == 16


def test_nothing_captured_is_an_empty_folder(s3: Any, tmp_path: Path) -> None:
    assert fetched(captured_folder("s3://captured/none", SINCE, UNTIL, tmp_path, s3)) == []


def test_too_much_is_refused_before_anything_is_fetched(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_source, "MOST_FILES", 2)
    for number in range(3):
        put(s3, f"e/e/main/2026/03/01/00/{number}.jsonl")
    with pytest.raises(CaptureUnusable, match=r"has 3 files .* of 4 days; at most 2 files"):
        captured_folder("s3://captured/e", SINCE, UNTIL, tmp_path, s3)
    assert fetched(tmp_path) == []


def test_a_prefix_of_something_else_is_refused(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_source, "MOST_FOLDERS", 3)
    for number in range(4):
        put(s3, f"things/{number}/x.jsonl")
    with pytest.raises(CaptureUnusable, match="4 folders before any year"):
        captured_folder("s3://captured/things", SINCE, UNTIL, tmp_path, s3)


def test_a_bucket_that_cannot_be_read_is_named(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(CaptureUnusable, match=r"s3://elsewhere/e.*NoSuchBucket.*s3:ListBucket"):
        captured_folder("s3://elsewhere/e", SINCE, UNTIL, tmp_path, s3)


@pytest.mark.parametrize("place", ["", "none", "s3://", "s3://UPPER/x"])
def test_a_place_that_is_none_is_named(place: str, tmp_path: Path) -> None:
    with pytest.raises(CaptureUnusable) as error:
        captured_folder(place, SINCE, UNTIL, tmp_path)
    assert repr(place) in str(error.value)
