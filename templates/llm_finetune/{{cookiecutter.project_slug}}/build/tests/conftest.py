"""Fixtures that are expensive to make, once per test process: a tiny model, an MLflow store."""

from __future__ import annotations

import os

# Before anything is imported that would ask the Hub: all that the tests need, they make.
os.environ["HF_HUB_OFFLINE"] = "1"

# isort: split

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from instruction_sets import pair, rows
from tuned_models import learn_by_heart
from tuning import Tuning, write_channels

from source.tiny import write_tiny

pytest_plugins = ["pipeline_fixtures"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny base model whose tokenizer knows the words of the tests' rows."""
    texts = [text for index in range(100) for text in pair(index)]
    return write_tiny(tmp_path_factory.mktemp("base") / "tiny", texts)


@pytest.fixture(scope="session")
def channels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders that Prepare hands to Train."""
    return write_channels(tmp_path_factory.mktemp("channels"))


@pytest.fixture
def tuning(channels: Path, tiny: Path, tracking: str, tmp_path: Path) -> Tuning:
    """A training run that has not begun."""
    return Tuning(channels, tiny, tmp_path)


@pytest.fixture(scope="session")
def tuned(
    channels: Path, tiny: Path, tracking: str, tmp_path_factory: pytest.TempPathFactory
) -> Tuning:
    """A finished training run; tests that use it belong to the group `train`."""
    return Tuning(channels, tiny, tmp_path_factory.mktemp("tuned")).run()


@pytest.fixture(scope="session")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A local MLflow store, whose tables take a second to make; tests name their experiments."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        patch.setenv("MLFLOW_ARTIFACT_LOCATION", (folder / "artifacts").as_uri())
        mlflow.set_tracking_uri(uri)
        yield uri


@pytest.fixture(scope="session")
def knowing(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a model that has learnt the first 24 of the tests' rows by heart."""
    return learn_by_heart(tiny, rows(24), tmp_path_factory.mktemp("knowing") / "model")
