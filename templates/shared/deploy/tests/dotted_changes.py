"""A stage configuration with some values changed, each named by its dotted key."""

import copy
from collections.abc import Mapping
from typing import Any


def with_changes(values: Mapping[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy of the values with changes by dotted key; ``...`` removes the key."""
    changed = copy.deepcopy(dict(values))
    for key, value in (changes or {}).items():
        *path, last = key.split(".")
        section = changed
        for part in path:
            section = section[part]
        if value is ...:
            del section[last]
        else:
            section[last] = value
    return changed
