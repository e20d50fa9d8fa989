"""The container images: one to prepare, train and evaluate in, one to serve with."""

from __future__ import annotations

from sagemaker.core import image_uris

# torch as requirements.txt has it; a build for GPUs and one for processors.
JOB_FRAMEWORK, JOB_VERSION = "pytorch-amzn2023", "2.13"
# vLLM behind /ping and /invocations, with OpenAI's chat and completion bodies.
SERVING_FRAMEWORK, SERVING_VERSION = "vllm-server", "2.6"


def job_image(region: str, instance_type: str) -> str:
    """The image of a job on a machine of this type."""
    return str(
        image_uris.retrieve(
            JOB_FRAMEWORK,
            region,
            version=JOB_VERSION,
            instance_type=instance_type,
            image_scope="training",
        )
    )


def serving_image(region: str, instance_type: str) -> str:
    """The image of the endpoint."""
    return str(
        image_uris.retrieve(
            SERVING_FRAMEWORK,
            region,
            version=SERVING_VERSION,
            instance_type=instance_type,
            image_scope="inference",
        )
    )
