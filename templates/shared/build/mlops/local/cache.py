"""Step caching: a step with the same request and the same content of its inputs is not run again.

The attributes that count are those that SageMaker documents, so that what is reused here is
reused there. In place of an input's address stands its content, and in place of the image the
interpreter with its packages.
"""

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache as memoized
from pathlib import Path
from typing import Any

from mlops.check.definition import Step
from mlops.check.steps import DURATION
from mlops.check.steptypes import STEP_TYPES
from mlops.local.store import LocalStore, NoObjectsError
from mlops.local.workspace import Workspace, write_json

_INPUTS = ("ProcessingInputs", "InputDataConfig")
_DAYS = {"years": 365, "months": 30, "weeks": 7, "days": 1}


class StepCache:
    """Answers of earlier executions, by key, in the workspace."""

    def __init__(self, workspace: Workspace, store: LocalStore, pipeline: str) -> None:
        self._folder = workspace.cache
        self._store = store
        self._pipeline = pipeline

    def key(self, step: Step, request: Mapping[str, Any]) -> str | None:
        """The key of a step with this request; None when the step is not cached.

        Raises `NoObjectsError` when an input is not there.
        """
        if not step.cached or not STEP_TYPES[step.type].cache_key:
            return None
        facts: dict[str, Any] = {
            "pipeline": self._pipeline,
            "step": step.name,
            "interpreter": interpreter(),
            "outputs": _output_places(request),
        }
        for name in STEP_TYPES[step.type].cache_key:
            value = request.get(name)
            facts[name] = self._by_content(value) if name in _INPUTS else value
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def find(self, key: str, step: Step) -> Mapping[str, Any] | None:
        """The entry under `key`, if it has not expired and its outputs are as they were.

        It has `execution_id`, the execution that ran the step, and `answer`.
        """
        try:
            entry = json.loads(self._path(key).read_text(encoding="utf-8"))
            created = datetime.fromisoformat(entry["created"])
            outputs = entry["outputs"]
        except (OSError, ValueError, KeyError):
            return None
        expiry = step.raw["CacheConfig"].get("ExpireAfter")
        if expiry and created + duration(expiry) < datetime.now(UTC):
            return None
        try:
            intact = all(self._store.digest(uri) == digest for uri, digest in outputs.items())
        except NoObjectsError:
            return None
        return entry if intact else None

    def keep(self, key: str, execution_id: str, answer: Mapping[str, Any]) -> None:
        """Remember the answer of a step that has just succeeded."""
        outputs = {}
        for uri in output_uris(answer):
            if self._store.exists(uri):
                outputs[uri] = self._store.digest(uri)
        entry = {
            "execution_id": execution_id,
            "created": datetime.now(UTC).isoformat(),
            "outputs": outputs,
            "answer": answer,
        }
        write_json(self._path(key), entry)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _by_content(self, value: Any) -> Any:
        """`value` with each address under `S3Uri` replaced by the digest of what is there."""
        if isinstance(value, Mapping):
            return {
                name: self._store.digest(item) if name == "S3Uri" else self._by_content(item)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self._by_content(item) for item in value]
        return value


def output_uris(answer: Mapping[str, Any]) -> list[str]:
    """Where the outputs of a processing or training job are."""
    outputs = (answer.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
    uris = [item["S3Output"]["S3Uri"] for item in outputs]
    if "ModelArtifacts" in answer:
        model = answer["ModelArtifacts"]["S3ModelArtifacts"].rstrip("/")
        beside, _, name = model.rpartition("/")
        uris += [model, f"{beside}/{'data' if name == 'model' else 'output.tar.gz'}"]
    return uris


def duration(text: str) -> timedelta:
    """An ISO 8601 duration; a year has 365 days and a month 30."""
    found = DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as P30D")
    years, months, weeks, days, hours, minutes, seconds = (int(x or 0) for x in found.groups())
    days += years * _DAYS["years"] + months * _DAYS["months"] + weeks * _DAYS["weeks"]
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@memoized
def interpreter() -> str:
    """Version of Python and a digest of the names and versions of the installed packages."""
    names = {
        path.name
        for folder in sys.path
        if "site-packages" in folder and Path(folder).is_dir()
        for path in Path(folder).glob("*.dist-info")
    }
    packages = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
    version = re.sub(r"\s+", " ", sys.version)
    return f"{version} {packages}"


def _output_places(request: Mapping[str, Any]) -> list[list[str]]:
    """Names of the outputs and the paths that the job writes them to."""
    outputs = (request.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
    return sorted([item["OutputName"], item["S3Output"].get("LocalPath", "")] for item in outputs)
