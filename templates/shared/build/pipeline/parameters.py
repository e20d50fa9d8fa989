"""Parameters that every pipeline of ours has, beside those of its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sagemaker.core.workflow.parameters import ParameterFloat, ParameterString

from mlops.compile_sdk import Build

NO_CHAMPION = {"champion.json": b'{"model_package_arn": null}\n'}


@dataclass(frozen=True)
class CommonParameters:
    """What an execution may be started with.

    `bound` is None where the gate has none, `instance_type` where nothing is trained.
    """

    instance_type: ParameterString | None
    champion: ParameterString
    approval: ParameterString
    git_sha: ParameterString
    bound: ParameterFloat | None

    def listed(self) -> list[Any]:
        """The parameters of the definition."""
        given = [self.champion, self.instance_type, self.approval, self.git_sha, self.bound]
        return [parameter for parameter in given if parameter is not None]

    def bound_argument(self) -> list[Any]:
        """The Evaluate step's arguments that name the bound."""
        return [] if self.bound is None else ["--bound", self.bound.to_string()]


def common_parameters(
    build: Build, instance_type: str | None, bound: float | None
) -> CommonParameters:
    """The parameters, with their defaults from the configuration."""
    champion = build.stage_files(NO_CHAMPION, "champion")
    return CommonParameters(
        instance_type=(
            None
            if instance_type is None
            else ParameterString("TrainInstanceType", default_value=instance_type)
        ),
        champion=ParameterString("ChampionUri", default_value=champion),
        approval=ParameterString(
            "ModelApprovalStatus",
            default_value="PendingManualApproval",
            enum_values=["PendingManualApproval", "Approved"],
        ),
        # Goes to the registration only: in an earlier step every commit would repeat the work.
        git_sha=ParameterString("GitSha", default_value="uncommitted"),
        bound=None if bound is None else ParameterFloat("MetricBound", default_value=bound),
    )
