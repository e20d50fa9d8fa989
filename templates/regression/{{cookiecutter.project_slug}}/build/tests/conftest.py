"""Fixtures of the tests that compile the pipeline."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sample_project import find_step, write_project

from mlops.compile import CompiledPipeline, compile_pipeline


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Path]:
    """`make_project(name, facts=..., config=...)` writes a project below the test's folder."""

    def make(name: str = "project", **sections: Any) -> Path:
        return write_project(tmp_path / name, **sections)

    return make


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> CompiledPipeline:
    """The pipeline of the tests' project, compiled once per test process.

    Importing the SageMaker SDK takes seconds: mark tests that compile with
    `pytest.mark.xdist_group("compile")`, so that one process pays for it.
    """
    folder = tmp_path_factory.mktemp("compiled")
    return compile_pipeline(folder / "pipeline", root=write_project(folder / "project"))


@pytest.fixture(scope="session")
def step_named(compiled: CompiledPipeline) -> Callable[[str], dict[str, Any]]:
    """`step_named("Train")` is that step of the compiled definition."""
    return functools.partial(find_step, compiled.definition)
