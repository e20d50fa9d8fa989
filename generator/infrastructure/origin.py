"""What stacks were written from: noted beside them, so that nothing else is deployed by mistake."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from generator.errors import InputError, shown
from generator.infrastructure.configuration import EXAMPLE_NOTICE, Configuration

FILE_NAME = "origin.json"


@dataclass(frozen=True)
class Origin:
    """The configuration: its SHA-256, and whether it is the example."""

    config_sha256: str
    is_example: bool

    def write(self, folder: Path) -> None:
        """Note it in the folder of the stacks."""
        text = json.dumps(asdict(self), indent=1)
        (folder / FILE_NAME).write_text(f"{text}\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return what is noted there. Raises InputError when there is nothing, or nonsense."""
        try:
            found = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
            return cls(str(found["config_sha256"]), bool(found["is_example"]))
        except (OSError, ValueError, LookupError, TypeError):
            raise InputError(
                f"{shown(str(folder))} has no stacks that make synth has finished: run it first"
            ) from None


def origin_of(configuration: Configuration) -> Origin:
    """Return what is to be noted of stacks of `configuration`."""
    digest = hashlib.sha256(configuration.content).hexdigest()
    return Origin(digest, configuration.is_example)


def require_origin(folder: Path, configuration: Configuration) -> None:
    """Raise InputError unless `folder` has the stacks of this configuration, and of a real one."""
    if configuration.is_example:
        raise InputError(EXAMPLE_NOTICE)
    if Origin.read(folder) != origin_of(configuration):
        raise InputError(
            f"the stacks in {shown(str(folder))} are of another configuration: run make synth with"
            " this one, and look at make diff"
        )
