"""Finds what settings name as `module:attribute`: a metric, a set of prompts, a task of one's own.

The module must be in this repository, so that it travels with the step's code.
"""

from __future__ import annotations

import importlib
from typing import Any

from source.errors import UserError


class CodeNotFound(UserError):
    """A setting names a module or attribute that is not there; the text says which."""


def load_attribute(name: str, setting: str) -> Any:
    """The attribute `module:attribute`; `setting` is the key to blame. Raises `CodeNotFound`."""
    module, separator, attribute = name.partition(":")
    if not (separator and attribute.isidentifier()):
        raise CodeNotFound(f"{setting}: {name!r} is not of the form module:name")
    try:
        found = importlib.import_module(module)
    except Exception as error:
        raise CodeNotFound(
            f"{setting}: {module} cannot be imported ({type(error).__name__}: {error}); put it "
            "into source/ and name it source.<file>"
        ) from error
    if not hasattr(found, attribute):
        raise CodeNotFound(f"{setting}: {module} has no {attribute!r}")
    return getattr(found, attribute)
