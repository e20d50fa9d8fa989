"""Requests and answers as SageMaker's data capture writes them, read and, on a laptop, written.

One line has the request as `endpointInput` and the answer as `endpointOutput`; feedback arrives as
a request of its own. So what an endpoint captures and what the local server records are one format.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CAPTURE_DIRECTORY = "CAPTURE_DIR"
JSON = "application/json"


@dataclass(frozen=True)
class Exchange:
    """A request and what was answered, both as JSON objects; None where one is no such thing.

    `at` is when it was captured. `seconds` is what each step took, which only the local server
    knows.
    """

    request: dict[str, Any] | None
    response: dict[str, Any] | None
    at: datetime | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


class CaptureFile:
    """Appends exchanges to a file of a folder; safe for many threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}.jsonl"
        self._lock = threading.Lock()

    def write(
        self,
        request: Mapping[str, Any],
        response: Mapping[str, Any],
        seconds: Mapping[str, float] | None = None,
    ) -> None:
        """Write one exchange; `seconds` is what each step of an answer took."""
        line = {
            "captureData": {
                "endpointInput": _side("INPUT", request),
                "endpointOutput": _side("OUTPUT", response),
            },
            "eventMetadata": {
                "eventId": str(uuid.uuid4()),
                "inferenceTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                **({"seconds": dict(seconds)} if seconds else {}),
            },
            "eventVersion": "0",
        }
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def read_exchanges(folder: Path, since: datetime | None = None) -> Iterator[Exchange]:
    """Every exchange of the .jsonl files below a folder, in the order of their names.

    Those from before `since` are left out, and so are those without a time when it is given.
    Lines that are cut off, as the last one of a file that is being written may be, are left out.
    """
    for path in sorted(folder.rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                document = json.loads(line)
                captured = dict(document["captureData"])
                about = dict(document.get("eventMetadata") or {})
            except (ValueError, KeyError, TypeError):
                continue
            at = _moment(about.get("inferenceTime"))
            if since is not None and (at is None or at < since):
                continue
            yield Exchange(
                _object(captured.get("endpointInput")),
                _object(captured.get("endpointOutput")),
                at,
                _seconds(about.get("seconds")),
            )


def _side(mode: str, document: Mapping[str, Any]) -> dict[str, Any]:
    data = json.dumps(document, ensure_ascii=False)
    return {"observedContentType": JSON, "mode": mode, "data": data, "encoding": "JSON"}


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    return {name: float(each) for name, each in value.items() if isinstance(each, int | float)}


def _object(side: Any) -> dict[str, Any] | None:
    """The JSON object of one side; of a stream of events, the one with the whole answer."""
    if not isinstance(side, dict) or not isinstance(side.get("data"), str):
        return None
    text = side["data"]
    if side.get("encoding") == "BASE64":
        try:
            text = base64.b64decode(text).decode("utf-8", errors="replace")
        except ValueError:
            return None
    if text.startswith("data: "):
        text = next((part[6:] for part in text.split("\n\n") if '"type": "answer"' in part), "")
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
