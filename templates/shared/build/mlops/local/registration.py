"""What a local run writes to the registry, its model, and reads from it, the champion."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlops.errors import CommandError
from mlops.local.process import JobFailedError
from mlops.local.store import LocalStore
from mlops.registry import Registry, model_address

CHAMPION_FILE = "champion.json"


def register(
    request: Mapping[str, Any], registry: Registry, store: LocalStore
) -> Mapping[str, Any]:
    """Create the package; raises `JobFailedError` when it names files that are not there."""
    containers = (request.get("InferenceSpecification") or {}).get("Containers") or ()
    named = list(filter(None, map(model_address, containers)))
    named += _addresses(request.get("ModelMetrics") or {})
    named += _addresses(request.get("DriftCheckBaselines") or {})
    for uri in named:
        if not store.exists(uri):
            raise JobFailedError(f"the package names {uri}, where no step wrote anything")
    return registry.create(request).details


def stage_champion(registry: Registry, group: str, store: LocalStore, prefix: str) -> str:
    """Put the approved model, if there is one, where the Evaluate step can compare with it.

    Returns the address: it has `champion.json`, which names the package or null, and the
    package's model.tar.gz, or the folder model/ of one that is not packed. The same champion has
    the same address and content. Raises `CommandError` when the approved model's file is gone.
    """
    champion = registry.latest_approved(group)
    label = f"{champion.group}-{champion.version}" if champion else "none"
    uri = f"{prefix}/champion/{label}"
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / CHAMPION_FILE
        note.write_text(
            json.dumps({"model_package_arn": champion.arn if champion else None}) + "\n",
            encoding="utf-8",
        )
        store.upload(note, f"{uri}/{CHAMPION_FILE}")
    if champion:
        data = champion.model_data
        if data is None or not store.exists(data):
            raise CommandError(
                f"the approved model {champion.arn} has no model data at {data}: reject it with "
                f"`python -m mlops registry reject {champion.version}`, or run "
                "with --param ChampionUri=<an address>"
            )
        name = "model.tar.gz" if data.endswith(".tar.gz") else "model"
        store.upload(store.path(data), f"{uri}/{name}")
    return uri


def _addresses(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "S3Uri":
                yield str(item)
            else:
                yield from _addresses(item)
