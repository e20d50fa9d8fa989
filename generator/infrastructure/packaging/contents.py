"""Copies what is ours into the folder that becomes the zip: the generator, templates, settings."""

from __future__ import annotations

from pathlib import Path

import generator
from generator.files import EXECUTABLE, read_all
from generator.location import templates_folder

CONFIG_NAME = "aiops.toml"
TEMPLATES_PLACE = Path("generator", "templates")
# What a Lambda function never runs, by their place in the package.
LEFT_OUT = ("demo/", "doctor/", "infrastructure/", "standins/", "templates/", "__main__.py")


def copy_generator(into: Path) -> None:
    """Write the package `generator` into the folder `into`, without what is for a checkout."""
    package = Path(generator.__file__).parent
    for path, file in read_all(package).items():
        if not path.startswith(LEFT_OUT):
            _write(into / "generator" / path, file.content)


def copy_templates(into: Path) -> None:
    """Write the templates where the generator finds them; links become what they point to."""
    for path, file in read_all(templates_folder()).items():
        place = into / TEMPLATES_PLACE / path
        _write(place, file.content)
        if file.mode == EXECUTABLE:
            place.chmod(0o755)


def write_config(into: Path, content: bytes) -> None:
    """Write the checked configuration beside the package; AIOPS_CONFIG names it."""
    _write(into / CONFIG_NAME, content)


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
