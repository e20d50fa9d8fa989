"""The regression model's package: how it is served, and its model card."""

from __future__ import annotations

from typing import Any

from sagemaker.mlops.workflow.model_step import ModelStep

from pipeline.config import PipelineConfig
from pipeline.jobs import Jobs
from pipeline.package import Evidence, Serving, model_card, register_step
from pipeline.parameters import CommonParameters

CONTENT_TYPES = ("application/json", "text/csv")


def register(
    jobs: Jobs,
    config: PipelineConfig,
    model: Any,
    evidence: Evidence,
    parameters: CommonParameters,
    data_version: Any,
) -> ModelStep:
    """The step that adds the model, a model.tar.gz at the address `model`, to the registry."""
    instances = config.compute.inference_instance_types
    serving = Serving(
        image=jobs.image(instances[0]),
        # Where the container's toolkit finds the handlers inside the unpacked model.
        environment={
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        },
        model=model,
        content_types=CONTENT_TYPES,
        response_types=CONTENT_TYPES,
        instance_types=instances,
        domain="MACHINE_LEARNING",
        task="REGRESSION",
    )
    card = model_card(
        jobs,
        uses=(
            f"Predicts {config.data.target} from one record of the table that it was "
            "trained on, raw: preprocessing is part of the model."
        ),
        efficiency=(
            "Records unlike those of the training data; the data baseline of this model "
            "package describes them."
        ),
        training=(
            f"Trained on {config.data.source}. Candidates compete; the best {config.gate.metric} "
            "outside of the rows that they were fitted on decides."
        ),
        requirements=_requirements(config),
    )
    metadata = {"data_version": data_version}
    return register_step(jobs, serving, evidence, card, metadata, parameters)


def _requirements(config: PipelineConfig) -> list[str]:
    """What the gate asks, in words."""
    gate = config.gate
    requirements = [
        f"at least {gate.margin_over_mean:.0%} better than always predicting the mean",
        f"at most {gate.tolerance_over_linear:.0%} worse than a linear model",
        f"at most {gate.tolerance_over_champion:.0%} worse than the model approved before it",
    ]
    if gate.bound is not None:
        sign = "≥" if gate.metric == "r2" else "≤"
        requirements.insert(0, f"{gate.metric} {sign} {gate.bound:g}")
    return requirements
