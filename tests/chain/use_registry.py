"""Acts on the registry with a build repository's own code, as its pipeline and its people do.

    python use_registry.py register         prints the ARN of the new version
    python use_registry.py approve ARN

Runs in the repository's folder, with that folder on PYTHONPATH.
"""

from __future__ import annotations

import sys

from mlops.registry_sagemaker import SageMakerRegistry
from mlops.settings import load_settings

IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"


def register() -> str:
    """Make the project's group, and in it a version that waits for an approval."""
    settings = load_settings()
    registry = SageMakerRegistry.connect(settings.region)
    registry.ensure_group(settings.model_package_group, settings.resource_tags)
    request = {
        "ModelPackageGroupName": settings.model_package_group,
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": settings.s3_uri("model.tar.gz")}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    }
    return registry.create(request).arn


def approve(arn: str) -> str:
    """Approve a version, as a governance officer does."""
    registry = SageMakerRegistry.connect(load_settings().region)
    return registry.set_approval(arn, "Approved", "good enough").approval


if __name__ == "__main__":
    print(register() if sys.argv[1] == "register" else approve(sys.argv[2]))
