"""The quality gate: registers a model that meets every check, says what another one misses.

The evaluation measures each check's `excess`: how far it is missed, in the metric's own direction.
Zero or less holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sagemaker.core.workflow.conditions import ConditionLessThanOrEqualTo
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.steps import ProcessingStep


def evaluation_file() -> PropertyFile:
    """What the Evaluate step must declare, so that the gate can read it."""
    return PropertyFile("Evaluation", output_name="evaluation", path="evaluation.json")


def quality_gate(
    evaluate: ProcessingStep, report: PropertyFile, checks: Sequence[str], register: Any
) -> ConditionStep:
    """Runs `register` when all `checks` hold, else ends the execution with the gate's message."""

    def read(path: str) -> JsonGet:
        return JsonGet(step_name=evaluate.name, property_file=report, json_path=path)

    failed = FailStep(
        "QualityGateFailed",
        error_message=Join(on=" ", values=["Not registered:", read("gate.message")]),
        display_name="Not registered",
        description="Ends the execution with what the model misses, and by how much.",
    )
    conditions = [
        ConditionLessThanOrEqualTo(left=read(f"gate.checks.{check}.excess"), right=0.0)
        for check in checks
    ]
    return ConditionStep(
        "QualityGate",
        conditions=conditions,
        if_steps=[register],
        else_steps=[failed],
        display_name="Quality gate",
        description="Registers the model only when every check of the evaluation holds.",
    )
