"""Puts the templates into the wheel as plain files.

Templates share folders by links. hatchling follows a link, but takes each folder once: what two
templates link to would be in the wheel for one of them.
"""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = Path("generator", "templates")
# As in generator.files, which cannot be imported while the wheel is built.
LEFTOVERS = ("__pycache__", "*.pyc", ".*_cache", ".DS_Store")


class Templates(BuildHookInterface):
    """Includes every file that a template has, where its links are followed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the templates to what a wheel includes; an editable install has the checkout."""
        if version == "editable":
            return
        templates = Path(self.root) / "templates"
        for folder, folders, files in os.walk(templates, followlinks=True):
            folders[:] = filter(_belongs, folders)
            for name in filter(_belongs, files):
                path = Path(folder, name)
                build_data["force_include"][str(path)] = str(PLACE / path.relative_to(templates))


def _belongs(name: str) -> bool:
    return not any(fnmatch(name, leftover) for leftover in LEFTOVERS)
