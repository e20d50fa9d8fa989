"""Reads YAML in which a key that is written twice is an error, not a silent override."""

from pathlib import Path
from typing import Any

import yaml

from components.errors import ConfigurationError


class _UniqueKeys(yaml.SafeLoader):
    """A safe loader that refuses duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise ConfigurationError(f"line {line}: {key} is written twice; keep one of them")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read_yaml(file: Path) -> Any:
    """The content of a YAML file; raises ConfigurationError naming the file and the place."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            f"{file} is missing; each stage has its own file in {file.parent}/"
        ) from None
    try:
        return yaml.load(text, Loader=_UniqueKeys)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigurationError(f"{file}: {place}{error.problem}") from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None
