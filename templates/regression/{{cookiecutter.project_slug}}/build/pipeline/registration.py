"""The model package: what the registry is told about a model that passed the gate."""

from __future__ import annotations

import json
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
from pipeline.retries import service_retries

CONTENT_TYPES = ["application/json", "text/csv"]


@dataclass(frozen=True)
class Evidence:
    """URIs that earlier steps wrote; references to their properties, known when they have run."""

    model: Any
    evaluation: Any
    baseline: Any


def register_step(
    jobs: Jobs, evidence: Evidence, approval: Any, git_sha: Any, data_version: Any
) -> ModelStep:
    """Creates a version in the project's model package group."""
    settings = jobs.build.settings
    instances = list(jobs.config.compute.inference_instance_types)
    builder = ModelBuilder(
        image_uri=jobs.image,
        s3_model_data_url=evidence.model,
        role_arn=settings.role_arn,
        sagemaker_session=jobs.build.session,
        # Where the container's toolkit finds the handlers inside the unpacked model.
        env_vars={
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        },
    )
    statistics = _json(evidence.evaluation, "evaluation.json")
    data_statistics = _json(evidence.baseline, "statistics.json")
    data_constraints = _json(evidence.baseline, "constraints.json")
    arguments = builder.register(
        model_package_group_name=settings.model_package_group,
        content_types=CONTENT_TYPES,
        response_types=CONTENT_TYPES,
        inference_instances=instances,
        transform_instances=instances,
        approval_status=approval,
        domain="MACHINE_LEARNING",
        task="REGRESSION",
        model_metrics=ModelMetrics(
            model_statistics=statistics,
            model_data_statistics=data_statistics,
            model_data_constraints=data_constraints,
        ),
        drift_check_baselines=DriftCheckBaselines(
            model_statistics=statistics,
            model_data_statistics=data_statistics,
            model_data_constraints=data_constraints,
        ),
        model_card=ModelPackageModelCard(
            model_card_status="Draft", model_card_content=json.dumps(_card(jobs), sort_keys=True)
        ),
        customer_metadata_properties={
            "git_sha": git_sha,
            "data_version": data_version,
            "template": settings.template.name,
            "template_version": settings.template.version,
            "pipeline_execution_id": ExecutionVariables.PIPELINE_EXECUTION_ID,
            "evaluation_uri": _below(evidence.evaluation, "evaluation.json"),
            "report_uri": _below(evidence.evaluation, "report.html"),
            "sample_request_uri": _below(evidence.evaluation, "sample_request.json"),
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


def _below(uri: Any, name: str) -> Join:
    return Join(on="/", values=[uri, name])


def _json(uri: Any, name: str) -> MetricsSource:
    return MetricsSource(content_type="application/json", s3_uri=_below(uri, name))


def _card(jobs: Jobs) -> dict[str, Any]:
    """The model card, in the part of its schema that a model package may carry."""
    project, config = jobs.build.settings.project, jobs.config
    gate = config.gate
    requirements = [
        f"at least {gate.margin_over_mean:.0%} better than always predicting the mean",
        f"at most {gate.tolerance_over_linear:.0%} worse than a linear model",
        f"at most {gate.tolerance_over_champion:.0%} worse than the model approved before it",
    ]
    if gate.bound is not None:
        sign = "≥" if gate.metric == "r2" else "≤"
        requirements.insert(0, f"{gate.metric} {sign} {gate.bound:g}")
    rule = "; ".join(requirements)
    return {
        "model_overview": {"model_creator": project.owner},
        "intended_uses": {
            "purpose_of_model": project.description,
            "intended_uses": (
                f"Predicts {config.data.target} from one record of the table that it was "
                "trained on, raw: preprocessing is part of the model."
            ),
            "factors_affecting_model_efficiency": (
                "Records unlike those of the training data; the data baseline of this model "
                "package describes them."
            ),
            "risk_rating": "Unknown",
            "explanations_for_risk_rating": "To be rated by whoever approves the model.",
        },
        "business_details": {
            "business_problem": project.description,
            "business_stakeholders": project.owner,
        },
        "training_details": {
            "training_observations": (
                f"Trained on {config.data.source}. Candidates compete; the best {gate.metric} "
                "outside of the rows that they were fitted on decides."
            ),
        },
        "additional_information": {
            "caveats_and_recommendations": f"On the test split, the gate requires: {rule}.",
            "custom_details": {"project": project.slug},
        },
    }
