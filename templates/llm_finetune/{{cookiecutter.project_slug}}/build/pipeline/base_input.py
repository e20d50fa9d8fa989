"""How the base model gets into the jobs: a folder of the repository, S3, or the Hub itself."""

from __future__ import annotations

from mlops.compile_sdk import Build
from pipeline.configuration import ConfigError
from pipeline.training_config import Model


def base_uri(build: Build, model: Model) -> str | None:
    """The address of the input `base`; None when the jobs read the Hub.

    Raises `ConfigError` for a folder that is not there or holds no model.
    """
    if model.on_hub:
        return None
    if not model.is_folder:
        return model.source
    folder = build.root / model.source
    if not (folder / "config.json").is_file():
        raise ConfigError(
            f"config/pipeline.yaml: model.source: {model.source!r} is no folder with a model's "
            "config.json; put the model there, or write the tiny one with `make data`"
        )
    return build.stage_folder(folder, "base")
