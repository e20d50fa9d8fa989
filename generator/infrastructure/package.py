"""`python -m generator.infrastructure.package`: the zip of the Lambda functions, without Docker.

Nothing but uv and a Python is needed, and the same inputs give the same bytes, so that deploying
again without a change changes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.errors import GeneratorError
from generator.infrastructure.configuration import EXAMPLE_NOTICE, read_configuration
from generator.infrastructure.packaging.archive import write_archive
from generator.infrastructure.packaging.bytecode import compile_all, interpreter
from generator.infrastructure.packaging.contents import (
    TEMPLATES_PLACE,
    copy_generator,
    copy_templates,
    write_config,
)
from generator.infrastructure.packaging.platforms import (
    PYTHON_VERSION,
    Architecture,
    archive_name,
)
from generator.infrastructure.packaging.requirements import install

# The bound; Lambda's own for a direct upload is 50 MB.
LIMIT_BYTES = 20_000_000


class PackageTooLarge(GeneratorError):
    """The zip grew over its bound, with which cold starts grow too."""


@dataclass(frozen=True)
class Package:
    """A finished zip. compiled: whether it has `.pyc` files for the Python that it is for."""

    path: Path
    size: int
    digest: str
    compiled: bool


def build_package(
    architecture: Architecture,
    config: bytes,
    output: Path,
    python: Path | None,
    version: str = PYTHON_VERSION,
) -> Package:
    """Write the zip for `architecture` into the folder `output`.

    config: the text of a checked aiops.toml. python: of the runtime's version, for byte-compiling;
    None leaves that out. version: another Python than Lambda's is for a machine that runs the zip
    itself. Raises InstallationFailed, CompilationFailed or PackageTooLarge.
    """
    with tempfile.TemporaryDirectory(prefix="aiops-package-") as temporary:
        # Resolved: the compiler is told which part of a path is not to be recorded.
        folder = Path(temporary).resolve() / "task"
        folder.mkdir()
        install(folder, architecture, version)
        copy_generator(folder)
        copy_templates(folder)
        write_config(folder, config)
        if python is not None:
            compile_all(folder, python, leaving=folder / TEMPLATES_PLACE)
        target = output / archive_name(architecture)
        write_archive(folder, target)
    content = target.read_bytes()
    if len(content) > LIMIT_BYTES:
        raise PackageTooLarge(
            f"{target} has {len(content) / 1e6:.1f} MB, more than {LIMIT_BYTES / 1e6:.0f};"
            " see which library of lambda-requirements.txt grew"
        )
    return Package(target, len(content), hashlib.sha256(content).hexdigest(), python is not None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m generator.infrastructure.package",
        description="Build the zip of the Lambda functions.",
    )
    parser.add_argument("--arch", type=Architecture, choices=list(Architecture), required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--config", type=Path, metavar="FILE", help="[default: aiops.toml]")
    options = parser.parse_args(arguments)
    try:
        configuration = read_configuration(options.config)
        if configuration.is_example:
            print(f"note: {EXAMPLE_NOTICE}", file=sys.stderr)
        python = interpreter()
        if python is None:
            print(
                f"note: no Python {PYTHON_VERSION} is on this machine, so the zip has no compiled"
                " modules and each cold start takes seconds longer; install it and package again",
                file=sys.stderr,
            )
        built = build_package(options.arch, configuration.content, options.output, python)
    except GeneratorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{built.path}: {built.size / 1e6:.1f} MB, sha256 {built.digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
