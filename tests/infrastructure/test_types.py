"""The types of the stacks are really checked: what mypy does not read would pass as anything."""

from __future__ import annotations

import ast
import configparser
from pathlib import Path

from conftest import CHECKOUT, run

from infrastructure.environment import cdk_python

INFRASTRUCTURE = CHECKOUT / "generator" / "infrastructure"
SETTINGS = INFRASTRUCTURE / "mypy.ini"


def used() -> set[str]:
    """The modules of the CDK that the stacks import."""
    found = set()
    for source in INFRASTRUCTURE.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aws_cdk"):
                found.add(node.module or "")
                names = (f"{node.module}.{alias.name}" for alias in node.names)
                found |= {name for name in names if name.split(".")[-1].startswith("aws_")}
    return found


def test_every_module_of_the_cdk_that_is_used_is_read() -> None:
    settings = configparser.ConfigParser()
    settings.read(SETTINGS)
    (listed,) = (name for name in settings.sections() if "," in name)
    assert set(listed.removeprefix("mypy-").split(",")) == used()


def test_a_wrong_argument_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from aws_cdk import aws_sqs as sqs\n"
        "from constructs import Construct\n\n\n"
        "def make(scope: Construct) -> None:\n"
        '    sqs.Queue(scope, "Queue", retention_period=3)\n'
    )
    # The cache of `make lint-infrastructure`, where it has one.
    cache = CHECKOUT / ".mypy_cache" / "infrastructure"
    done = run(
        cdk_python(),
        *("-m", "mypy", "--config-file", SETTINGS, "--cache-dir", cache, wrong),
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert 'Argument "retention_period" to "Queue" has incompatible type "int"' in done.stdout
