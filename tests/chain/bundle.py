"""The zip of the Lambda functions as this machine runs it: the real one and a program to start."""

from __future__ import annotations

import zipfile
from pathlib import Path

from generator.infrastructure.package import build_package
from tests.chain.environments import Runtime, architecture

CUSTOM_RUNTIME = "provided.al2023"


def build(config: bytes, folder: Path, runtime: Runtime) -> Path:
    """Build the zip as `make package` does, for this machine's processor and Python."""
    version = runtime.version
    return build_package(architecture(), config, folder, runtime.python, version).path


def with_bootstrap(package: Path, runtime: Runtime) -> bytes:
    """Return the zip with the one file that a runtime of one's own needs.

    MiniStack would run a Python function with its own Python and a client of its own; so it gets
    AWS's client, which reports errors as AWS does.
    """
    copy = package.with_suffix(".custom.zip")
    copy.write_bytes(package.read_bytes())
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o100755 << 16
    with zipfile.ZipFile(copy, "a") as archive:
        archive.writestr(entry, runtime.bootstrap)
    content = copy.read_bytes()
    copy.unlink()
    return content
