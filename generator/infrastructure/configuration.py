"""Finds the administrator's configuration, or takes the example so that a fresh clone works."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from generator.config import Config, example, load
from generator.errors import InputError, shown

DEFAULT = Path("aiops.toml")


@dataclass(frozen=True)
class Configuration:
    """A checked configuration and its text. is_example: there is no file of one's own yet."""

    config: Config
    content: bytes = field(repr=False)
    is_example: bool


def read_configuration(file: Path | None = None) -> Configuration:
    """Return what `file` says, or ./aiops.toml, or else the example.

    Raises InputError when `file` is given and not there, ConfigError when it cannot be used.
    """
    if file is not None and not file.is_file():
        raise InputError(f"--config {shown(str(file))}: there is no such file")
    place = file or DEFAULT
    if place.is_file():
        return Configuration(load(place), place.read_bytes(), is_example=False)
    with tempfile.TemporaryDirectory(prefix="aiops-example-") as folder:
        written = Path(folder, DEFAULT.name)
        written.write_text(example(), encoding="utf-8")
        return Configuration(load(written), written.read_bytes(), is_example=True)


EXAMPLE_NOTICE = (
    f"there is no {DEFAULT}: the example is used, which shows everything and can be deployed"
    f" nowhere. Start with: aiops config example > {DEFAULT}"
)
