"""The container images: one for the jobs, one for the endpoint."""

from __future__ import annotations

from sagemaker.core import image_uris

# Python 3.12 with NumPy and scikit-learn; what else the steps need is installed when a job starts.
JOB_FRAMEWORK, JOB_VERSION = "sklearn", "1.9-0"
# Ray Serve behind /ping and /invocations, for an ASGI application; on processors.
SERVING_FRAMEWORK, SERVING_VERSION = "ray-serve", "1"


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
