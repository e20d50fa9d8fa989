"""Reads `config/pipeline.yaml` as the sections of a use case, with every mistake explained."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from mlops.errors import CommandError
from pipeline.section import Section, UniqueKeysLoader, explain

CONFIG_FILE = Path("config/pipeline.yaml")

Config = TypeVar("Config", bound=Section)


class ConfigError(CommandError):
    """`config/pipeline.yaml` cannot be used; the message lists every key, value and fix."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=2)


def read_config(path: Path, kind: type[Config]) -> Config:
    """The file as a `kind`; raises `ConfigError` with every problem at once."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), UniqueKeysLoader)
    except OSError as error:
        raise ConfigError(
            f"cannot read {path} ({error.strerror}): run the command from the repository's root"
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    if not isinstance(content, dict):
        *most, last = (field.alias or name for name, field in kind.model_fields.items())
        raise ConfigError(f"{path} must hold the sections {', '.join(most)} and {last}")
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        problems = "\n".join(f"  {explain(item, kind)}" for item in error.errors())
        raise ConfigError(f"{path} cannot be used:\n{problems}") from error
