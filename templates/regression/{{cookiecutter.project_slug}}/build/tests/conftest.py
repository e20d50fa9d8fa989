"""Fixtures that are expensive to make: a trained model. Those of the pipeline are a plugin."""

from __future__ import annotations

from pathlib import Path

import pytest
from tables import QUICK, pack, split_rents

from source.splitting import Split
from source.training import Trained, train

pytest_plugins = ["pipeline_fixtures"]


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
