"""What the containers install: the same versions as here, and all that their code imports."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops.bundle import local_closure

ROOT = Path(__file__).parent.parent
# What the image has already; `sentence_transformers` is added by who chooses it.
IN_THE_IMAGE = {"numpy", "scipy", "sklearn", "botocore", "sentence_transformers"}
DISTRIBUTIONS = {
    "Stemmer": "pystemmer",
    "charset_normalizer": "charset-normalizer",
    "docx": "python-docx",
    "faiss": "faiss-cpu",
    "markdown_it": "markdown-it-py",
    "mlflow": "mlflow-skinny",
    "yaml": "pyyaml",
}
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(file: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / file).read_text(encoding="utf-8")))


def imported(module: str) -> Iterator[str]:
    """Top-level names of all that the module's code imports, wherever it does."""
    for path in local_closure(ROOT, [module]):
        for node in executed(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            yield from (name.partition(".")[0] for name in names)


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but those for the type checker alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
            continue
        yield child
        yield from executed(child)


def test_containers_run_the_versions_that_a_laptop_runs() -> None:
    here, there = pins("requirements.txt"), pins("source/requirements.txt")
    assert there and there.items() <= here.items()


@pytest.mark.parametrize("step", ["ingest", "embed", "index", "evaluate", "inference"])
def test_what_the_code_imports_is_installed(step: str) -> None:
    installed = pins("source/requirements.txt")
    own = {"mlops", "source", "__future__"}
    for name in set(imported(f"source.{step}")) - own - set(sys.stdlib_module_names):
        if name not in IN_THE_IMAGE:
            assert DISTRIBUTIONS.get(name, name) in installed, name
