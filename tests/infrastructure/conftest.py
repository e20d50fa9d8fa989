"""The zip and the stacks that the tests look at: each is made once, by one worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import CHECKOUT, run

from generator.infrastructure.configuration import read_configuration
from generator.infrastructure.package import Package, build_package
from infrastructure.environment import (
    FunctionsPython,
    architecture,
    cdk_python,
    functions_python,
)
from infrastructure.templates import Template, read_all


@pytest.fixture(scope="session")
def python() -> FunctionsPython:
    """What runs the functions here."""
    return functions_python()


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory, python: FunctionsPython) -> Package:
    """The zip for this kind of machine, from the example configuration."""
    folder = tmp_path_factory.mktemp("package")
    config = read_configuration().content
    return build_package(architecture(), config, folder, python.path, python.version)


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What synthesize.py writes. The templates do not depend on what is in the zip."""
    folder = tmp_path_factory.mktemp("assemblies")
    package = folder / "package.zip"
    package.write_bytes(b"PK\x05\x06" + bytes(18))
    script = Path(__file__).with_name("synthesize.py")
    done = run(cdk_python(), script, package, folder, cwd=folder, PYTHONPATH=str(CHECKOUT))
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture(scope="session")
def full(assemblies: Path) -> dict[str, Template]:
    """The stacks of the example configuration."""
    return read_all(assemblies / "full")


@pytest.fixture(scope="session")
def minimal(assemblies: Path) -> dict[str, Template]:
    """The stacks of minimal.toml."""
    return read_all(assemblies / "minimal")


@pytest.fixture(scope="session")
def findings(assemblies: Path) -> str:
    """What the security rules say of a bad stack."""
    return str(json.loads((assemblies / "findings.json").read_text()))


@pytest.fixture(params=["full", "minimal"])
def stacks(request: pytest.FixtureRequest) -> dict[str, Template]:
    """The stacks of either configuration."""
    found: dict[str, Template] = request.getfixturevalue(request.param)
    return found
