"""What the Lambda functions run on: the Python of their runtime, and the two processors."""

from __future__ import annotations

from enum import StrEnum

PYTHON = (3, 13)
PYTHON_VERSION = ".".join(map(str, PYTHON))


class Architecture(StrEnum):
    """A processor, as Lambda names it."""

    ARM64 = "arm64"
    X86_64 = "x86_64"

    @property
    def wheels(self) -> str:
        """Return the platform of the wheels to install, as uv names it."""
        machine = "aarch64" if self is Architecture.ARM64 else "x86_64"
        return f"{machine}-manylinux2014"


def archive_name(architecture: Architecture) -> str:
    """Return the name of the zip's file."""
    return f"control-plane-{architecture}.zip"
