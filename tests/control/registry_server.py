"""SageMaker's model registry on this machine: a few calls, checked by botocore's own model.

Every change of a package is told as the event that SageMaker would raise.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from generator.standins.loopback import LoopbackServer
from generator.standins.shapes import wire

MODEL = botocore.session.Session().get_service_model("sagemaker")
HOME = "arn:aws:sagemaker:eu-west-1:111122223333"
Document = dict[str, Any]


class RegistryServer(LoopbackServer):
    """One group with packages; use it as a context manager. `calls` are (operation, request).

    events: what SageMaker would have raised, oldest first. failing: operation -> status to answer.
    failures: what SageMaker would not have taken or given.
    """

    def __init__(self, group: str, tags: dict[str, str], home: str = HOME) -> None:
        self.group = group
        self.home = home
        self.tags = tags
        self.packages: dict[str, Document] = {}
        self.events: list[Document] = []
        self.calls: list[tuple[str, Document]] = []
        self.failing: dict[str, int] = {}
        self.failures: list[str] = []

    def register(self, **more: Any) -> str:
        """Add a version that waits for an approval; return its ARN."""
        version = len(self.packages) + 1
        arn = f"{self.home}:model-package/{self.group.lower()}/{version}"
        self.packages[arn] = {
            "ModelPackageName": self.group,
            "ModelPackageArn": arn,
            "ModelPackageGroupName": self.group,
            "ModelPackageVersion": version,
            "CreationTime": datetime(2026, 11, 20, tzinfo=UTC),
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "ModelApprovalStatus": "PendingManualApproval",
            **more,
        }
        return arn

    def update(self, arn: str, **changes: Any) -> Document:
        """Change a package as a person does; return the event."""
        package = self.packages[arn]
        notes = changes.pop("CustomerMetadataProperties", {})
        package |= changes
        package.setdefault("CustomerMetadataProperties", {}).update(notes)
        if not package["CustomerMetadataProperties"]:
            del package["CustomerMetadataProperties"]
        told = (
            "ModelPackageArn",
            "ModelPackageGroupName",
            "ModelApprovalStatus",
            "ModelLifeCycle",
        )
        self.events.append(
            {
                "id": f"event-{len(self.events)}",
                "source": "aws.sagemaker",
                "detail-type": "SageMaker Model Package State Change",
                "account": "111122223333",
                "region": "eu-west-1",
                "time": "2026-11-21T10:01:12Z",
                "detail": {name: package[name] for name in told if name in package},
            }
        )
        return self.events[-1]

    def _answer(self, operation: str, asked: Document) -> Document:
        if operation == "DescribeModelPackage":
            return self.packages[asked["ModelPackageName"]]
        if operation == "DescribeModelPackageGroup":
            return {
                "ModelPackageGroupName": self.group,
                "ModelPackageGroupArn": f"{self.home}:model-package-group/{self.group.lower()}",
                "CreationTime": datetime(2026, 11, 20, tzinfo=UTC),
                "CreatedBy": {},
                "ModelPackageGroupStatus": "Completed",
            }
        if operation == "ListTags":
            return {"Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()]}
        arn = asked.pop("ModelPackageArn")
        self.update(arn, **asked)
        return {"ModelPackageArn": arn}

    def respond(self, operation: str, body: bytes) -> tuple[int, Document]:
        """Return status and document for one request."""
        asked = json.loads(body)
        self.calls.append((operation, dict(asked)))
        if operation in self.failing:
            status = self.failing[operation]
            kind = "InternalFailure" if status >= 500 else "ValidationException"
            return status, {"__type": kind, "message": "no"}
        model = MODEL.operation_model(operation)
        self._check(model.input_shape, asked)
        try:
            answer = self._answer(operation, asked)
        except KeyError as unknown:
            return 400, {"__type": "ValidationException", "message": f"no {unknown}"}
        self._check(model.output_shape, answer)
        return 200, wire(model.output_shape, answer)

    def _check(self, shape: Any, value: Document) -> None:
        report = ParamValidator().validate(value, shape)
        if report.has_errors():
            self.failures.append(f"{shape.name}: {report.generate_report()}")

    @property
    def environment(self) -> dict[str, str]:
        """Return what leads a client here, with credentials for nothing."""
        return {
            "AWS_ENDPOINT_URL_SAGEMAKER": self.url,
            "AWS_ACCESS_KEY_ID": "stand-in",
            "AWS_SECRET_ACCESS_KEY": "stand-in",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the class that answers a request."""
        return _handler(self.respond)


def _handler(
    respond: Callable[[str, bytes], tuple[int, Document]],
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body go out apart: without this, the second waits for an acknowledgement.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, document = respond(self.headers["x-amz-target"].split(".")[1], body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler
