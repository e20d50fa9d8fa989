"""Which events are acted on, as EventBridge patterns."""

from __future__ import annotations

from typing import Any

from generator.config.model import Config

Pattern = dict[str, Any]
# What the names of the projects' model package groups start with.
MODEL_GROUPS = "aiops-"
CREATE, DELETE = "CreateProject", "DeleteProject"


def project_events(config: Config, *event_names: str) -> Pattern:
    """Match successful calls of DataZone in the configured domains, as CloudTrail records them.

    A refused call has an errorCode. Without configured domains, those of all domains match.
    """
    detail: dict[str, Any] = {
        "eventSource": ["datazone.amazonaws.com"],
        "eventName": list(event_names),
        "errorCode": [{"exists": False}],
    }
    if config.governance.domains:
        detail["requestParameters"] = {"domainIdentifier": list(config.governance.domains)}
    pattern: Pattern = {
        "source": ["aws.datazone"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": detail,
    }
    if config.governance.organization_id is None:
        pattern["account"] = [config.governance.account]
    return pattern


def model_changes() -> Pattern:
    """Match every change of a model package in a project's group.

    Approvals, rejections and edits of the life cycle raise the same event. All of them go to the
    function: after a rejection the next approval counts as a new one, and only the registry says
    which is which.
    """
    return {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": [{"prefix": MODEL_GROUPS}]},
    }
