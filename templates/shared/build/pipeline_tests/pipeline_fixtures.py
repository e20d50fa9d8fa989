"""Fixtures of tests that compile the pipeline; a plugin, which `conftest.py` names.

Importing the SageMaker SDK takes seconds: mark tests that compile with
`pytest.mark.xdist_group("compile")`, so that one process pays for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pipeline_project import write_project

from mlops.check import check_definition
from mlops.compile import CompiledPipeline, compile_pipeline

MakeProject = Callable[..., Path]
Compile = Callable[..., CompiledPipeline]


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """`make_project(name, facts=..., config=...)` writes a project below the test's folder."""

    def make(name: str = "project", **sections: Any) -> Path:
        return write_project(tmp_path / name, **sections)

    return make


@pytest.fixture
def compile_with(tmp_path: Path) -> Compile:
    """`compile_with(facts=..., config=...)` compiles a project with these sections; checked."""

    def compile_project(**sections: Any) -> CompiledPipeline:
        root = write_project(tmp_path / f"project{len(list(tmp_path.iterdir()))}", **sections)
        compiled = compile_pipeline(root / ".pipeline", root=root)
        assert check_definition(compiled.definition) == []
        return compiled

    return compile_project


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> CompiledPipeline:
    """The pipeline of the tests' project, compiled once per test process."""
    folder = tmp_path_factory.mktemp("compiled")
    return compile_pipeline(folder / "pipeline", root=write_project(folder / "project"))
