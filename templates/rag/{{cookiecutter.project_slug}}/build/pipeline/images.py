"""The container image: of the jobs, and of the endpoint."""

from __future__ import annotations

from sagemaker.core import image_uris

# Python 3.12 with NumPy and scikit-learn; what else is needed is installed when it starts.
FRAMEWORK, VERSION = "sklearn", "1.9-0"


def default_image(region: str) -> str:
    """The image on a machine of any type."""
    return str(image_uris.retrieve(FRAMEWORK, region, version=VERSION, image_scope="inference"))
