"""SageMaker's registry, empty at first: what the pushed build repository's own code fills."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from tests.chain.emulator import REGION
from tests.control.registry_server import Document, RegistryServer

PROGRAM = Path(__file__).with_name("use_registry.py")


class Registry(RegistryServer):
    """The registry of an account. Groups and packages can be created: one group."""

    def __init__(self, account: str) -> None:
        super().__init__("", {}, f"arn:aws:sagemaker:{REGION}:{account}")

    def respond(self, operation: str, body: bytes) -> tuple[int, Document]:
        """Return status and document for one request."""
        if operation == "DescribeModelPackageGroup" and not self.group:
            return 400, {
                "__type": "ValidationException",
                "message": "ModelPackageGroup does not exist",
            }
        return super().respond(operation, body)

    def _answer(self, operation: str, asked: Document) -> Document:
        if operation == "CreateModelPackageGroup":
            self.group = asked["ModelPackageGroupName"]
            self.tags = {tag["Key"]: tag["Value"] for tag in asked["Tags"]}
            return {"ModelPackageGroupArn": f"{self.home}:model-package-group/{self.group}"}
        if operation == "CreateModelPackage":
            arn = self.register(**{"InferenceSpecification": asked["InferenceSpecification"]})
            self.update(arn, ModelApprovalStatus=asked["ModelApprovalStatus"])
            return {"ModelPackageArn": arn}
        return super()._answer(operation, asked)


def use(registry: Registry, python: Path, clone: Path, *command: str) -> str:
    """Let the code of a cloned build repository act on the registry; return what it printed."""
    environment: dict[str, Any] = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(clone),
        "PYTHONDONTWRITEBYTECODE": "1",
        **registry.environment,
    }
    done = subprocess.run(
        [str(python), str(PROGRAM), *command],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
