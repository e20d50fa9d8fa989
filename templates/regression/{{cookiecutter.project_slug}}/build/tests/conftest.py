"""Fixtures that are expensive to make: the compiled pipeline, and a trained model."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sample_project import find_step, write_project
from tables import QUICK, pack, split_rents

from mlops.compile import CompiledPipeline, compile_pipeline
from source.splitting import Split
from source.training import Trained, train


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


@pytest.fixture(scope="session")
def rents_model() -> tuple[Trained, Split]:
    """A model of the synthetic rents and the rows that it was trained and is tested on."""
    split, schema = split_rents()
    return train(split.train, split.validation, schema, QUICK), split


@pytest.fixture(scope="session")
def rents_archive(
    rents_model: tuple[Trained, Split], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The model.tar.gz of `rents_model`; its directory is beside it, as model/."""
    return pack(rents_model[0], tmp_path_factory.mktemp("rents"))
