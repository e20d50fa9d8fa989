"""The model package: what the registry is told about every model that passed its gate."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.shapes import ModelPackageModelCard
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.serve.model_builder import ModelBuilder

from pipeline.jobs import Jobs
from pipeline.parameters import CommonParameters
from pipeline.retries import service_retries


@dataclass(frozen=True)
class Evidence:
    """URIs that earlier steps wrote; references to their properties, known when they have run.

    `baseline` has the statistics of the training data, where there is such data.
    """

    evaluation: Any
    baseline: Any = None


@dataclass(frozen=True)
class Serving:
    """How the model is served: container, its variables, the model, types and machines.

    `model` is the address of a model.tar.gz, or a `ModelDataSource` for a folder.
    """

    image: str
    environment: Mapping[str, Any]
    model: Any
    content_types: Sequence[str]
    response_types: Sequence[str]
    instance_types: Sequence[str]
    domain: str
    task: str


def register_step(
    jobs: Jobs,
    serving: Serving,
    evidence: Evidence,
    card: Mapping[str, Any],
    metadata: Mapping[str, Any],
    parameters: CommonParameters,
) -> ModelStep:
    """Creates a version in the project's model package group.

    `card` is the content of its model card, in which a value may be known only when the pipeline
    runs, as plain text. `metadata` joins the customer metadata that every package has.
    """
    settings = jobs.build.settings
    builder = ModelBuilder(
        image_uri=serving.image,
        s3_model_data_url=serving.model,
        role_arn=settings.role_arn,
        sagemaker_session=jobs.build.session,
        env_vars=dict(serving.environment),
    )
    statistics = _json(evidence.evaluation, "evaluation.json")
    measured = {"model_statistics": statistics}
    if evidence.baseline is not None:
        measured["model_data_statistics"] = _json(evidence.baseline, "statistics.json")
        measured["model_data_constraints"] = _json(evidence.baseline, "constraints.json")
    arguments = builder.register(
        model_package_group_name=settings.model_package_group,
        content_types=list(serving.content_types),
        response_types=list(serving.response_types),
        inference_instances=list(serving.instance_types),
        transform_instances=list(serving.instance_types),
        approval_status=parameters.approval,
        domain=serving.domain,
        task=serving.task,
        model_metrics=ModelMetrics(**measured),
        drift_check_baselines=DriftCheckBaselines(**measured),
        model_card=ModelPackageModelCard(
            model_card_status="Draft", model_card_content=_card_text(card)
        ),
        customer_metadata_properties={
            "git_sha": parameters.git_sha,
            "template": settings.template.name,
            "template_version": settings.template.version,
            "pipeline_execution_id": ExecutionVariables.PIPELINE_EXECUTION_ID,
            "evaluation_uri": _below(evidence.evaluation, "evaluation.json"),
            "report_uri": _below(evidence.evaluation, "report.html"),
            "sample_request_uri": _below(evidence.evaluation, "sample_request.json"),
            **metadata,
        },
        skip_model_validation="None",
    )
    return ModelStep(
        "RegisterModel",
        step_args=arguments,
        display_name="Register model",
        description="Adds the model to the registry, where a person approves it.",
        retry_policies=service_retries(),
    )


def model_card(
    jobs: Jobs, *, uses: str, efficiency: str, training: str, requirements: Sequence[str]
) -> dict[str, Any]:
    """A model card, in the part of its schema that a model package may carry.

    `uses` says what the model does, `efficiency` what makes it worse, `training` how it came
    about, and `requirements` what the gate asks of it.
    """
    project = jobs.build.settings.project
    return {
        "model_overview": {"model_creator": project.owner},
        "intended_uses": {
            "purpose_of_model": project.description,
            "intended_uses": uses,
            "factors_affecting_model_efficiency": efficiency,
            "risk_rating": "Unknown",
            "explanations_for_risk_rating": "To be rated by whoever approves the model.",
        },
        "business_details": {
            "business_problem": project.description,
            "business_stakeholders": project.owner,
        },
        "training_details": {"training_observations": training},
        "additional_information": {
            "caveats_and_recommendations": (
                f"On the test split, the gate requires: {'; '.join(requirements)}."
            ),
            "custom_details": {"project": project.slug},
        },
    }


def _card_text(card: Mapping[str, Any]) -> Any:
    """The card as JSON; with values of the running pipeline in it, as text joined around them."""
    late: dict[str, Any] = {}

    def stand_in(value: Any) -> str:
        name = f"<<{len(late)}>>"
        late[name] = value
        return name

    text = json.dumps(card, sort_keys=True, default=stand_in)
    if not late:
        return text
    parts = re.split("(" + "|".join(map(re.escape, late)) + ")", text)
    return Join(on="", values=[late.get(part, part) for part in parts])


def _below(uri: Any, name: str) -> Join:
    return Join(on="/", values=[uri, name])


def _json(uri: Any, name: str) -> MetricsSource:
    return MetricsSource(content_type="application/json", s3_uri=_below(uri, name))
