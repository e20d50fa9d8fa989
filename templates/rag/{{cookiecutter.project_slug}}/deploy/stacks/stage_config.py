"""The schema of config/<stage>.yaml."""

from typing import Self

from pydantic import model_validator

from components import stage_config

_SCIKIT_LEARN = "sagemaker-scikit-learn"


class StageConfig(stage_config.StageConfig):
    """Everything that an ML engineer may change about one stage."""

    @model_validator(mode="after")
    def _requirements_can_be_installed(self) -> Self:
        if self.endpoint.network_isolation and self.container.repository == _SCIKIT_LEARN:
            raise ValueError(
                f"endpoint.network_isolation is true, but {_SCIKIT_LEARN} installs the package's"
                " code/requirements.txt when it starts; use false, or an image of your own that"
                " has them (compute.serving_image of the build repository)"
            )
        return self
