"""A stand-in for the handful of AWS operations that the commands use, on a loopback port.

What it holds is plain data that a test sets; what it answers is checked against botocore's own
description of each operation, and botocore's own clients read it.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

import botocore.session
from botocore.validate import ParamValidator
from loopback_server import LoopbackHandler, LoopbackServer

REGION, ACCOUNT = "eu-west-1", "111122223333"
_NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


class AwsError(Exception):
    """An error answer: its code, its message and its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class AwsStandIn(LoopbackServer):
    """One account in one Region. ``calls`` lists the operations that were asked for."""

    def __init__(self) -> None:
        super().__init__(_handler(self))
        self.account = ACCOUNT
        self.stacks: dict[str, dict[str, Any]] = {}  # name: {"status", "outputs"}
        self.endpoints: dict[str, dict[str, str]] = {}  # name: {"status", "config"}
        self.components: dict[str, dict[str, str]] = {}  # name: {"status", "serves"}
        self.packages: dict[str, dict[str, str]] = {}  # ARN: customer metadata
        self.specifications: dict[str, dict[str, Any]] = {}  # ARN: more of the package
        self.objects: dict[str, bytes] = {}  # "bucket/key": content
        self.red_alarms: list[str] = []
        self.predict: Callable[[bytes], tuple[int, bytes]] = lambda body: (200, body)
        self.calls: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """Variables that lead every AWS client here, and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "stand-in",
            "AWS_SECRET_ACCESS_KEY": "stand-in",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    # SageMaker

    def describe_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["EndpointName"]
        if name not in self.endpoints:
            raise AwsError("ValidationException", f'Could not find endpoint "{name}".')
        endpoint = self.endpoints[name]
        return {
            "EndpointName": name,
            "EndpointArn": f"arn:aws:sagemaker:{REGION}:{self.account}:endpoint/{name}",
            "EndpointConfigName": endpoint["config"],
            "EndpointStatus": endpoint["status"],
            "CreationTime": _NOW,
            "LastModifiedTime": _NOW,
        }

    def describe_inference_component(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["InferenceComponentName"]
        if name not in self.components:
            raise AwsError("ValidationException", f'Could not find inference component "{name}".')
        component = self.components[name]
        arn = f"arn:aws:sagemaker:{REGION}:{self.account}"
        serves = component["serves"]
        return {
            "InferenceComponentName": name,
            "InferenceComponentArn": f"{arn}:inference-component/{name}",
            "EndpointName": name,
            "EndpointArn": f"{arn}:endpoint/{name}",
            "InferenceComponentStatus": component["status"],
            "Specification": {"Container": {"ArtifactUrl": serves}}
            if serves.startswith("s3://")
            else {"ModelName": serves},
            "CreationTime": _NOW,
            "LastModifiedTime": _NOW,
        }

    def describe_model_package(self, request: dict[str, Any]) -> dict[str, Any]:
        arn = request["ModelPackageName"]
        if arn not in self.packages:
            raise AwsError("ValidationException", f"ModelPackage {arn} does not exist.")
        return {
            "ModelPackageName": arn.split("/")[-2],
            "ModelPackageArn": arn,
            "CreationTime": _NOW,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "CustomerMetadataProperties": self.packages[arn],
        } | self.specifications.get(arn, {})

    # The rest

    def describe_stacks(self, name: str) -> str:
        if name not in self.stacks:
            raise AwsError("ValidationError", f"Stack with id {name} does not exist")
        stack = self.stacks[name]
        outputs = "".join(
            f"<member><OutputKey>{key}</OutputKey><OutputValue>{escape(value)}</OutputValue></member>"
            for key, value in stack["outputs"].items()
        )
        return (
            f"<Stacks><member><StackName>{name}</StackName>"
            f"<CreationTime>{_NOW.isoformat()}</CreationTime>"
            f"<StackStatus>{stack['status']}</StackStatus><Outputs>{outputs}</Outputs>"
            "</member></Stacks>"
        )

    def describe_alarms(self, request: dict[str, Any]) -> dict[str, Any]:
        assert request["StateValue"] == "ALARM"
        found = [name for name in self.red_alarms if name.startswith(request["AlarmNamePrefix"])]
        return {"MetricAlarms": [{"AlarmName": name, "StateValue": "ALARM"} for name in found]}


def _handler(aws: AwsStandIn) -> type[LoopbackHandler]:
    models = botocore.session.Session()

    def checked(service: str, operation: str, answer: dict[str, Any]) -> dict[str, Any]:
        shape = models.get_service_model(service).operation_model(operation).output_shape
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), report.generate_report()
        return answer

    class Handler(LoopbackHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            aws.calls.append("GetObject")
            content = aws.objects.get(unquote(self.path.split("?")[0]).lstrip("/"))
            if content is None:
                self.send(
                    404, b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
                )
            else:
                self.send(200, content)

        def do_POST(self) -> None:
            body = self.body()
            target = self.headers.get("X-Amz-Target", "")
            if self.path == "/_deploy":  # how a test's CDK reports what it "deployed"
                change = json.loads(body)
                aws.stacks.update(change.get("stacks", {}))
                aws.endpoints.update(change.get("endpoints", {}))
                aws.components.update(change.get("components", {}))
                self.send(200, b"{}")
            elif target:
                self._json(target.partition(".")[2], json.loads(body))
            elif self.path.startswith("/endpoints/"):
                self._invoke(unquote(self.path.split("/")[2]), body)
            else:
                self._query({key: value[0] for key, value in parse_qs(body.decode()).items()})

        def _json(self, operation: str, request: dict[str, Any]) -> None:
            aws.calls.append(operation)
            service, method = {
                "DescribeAlarms": ("cloudwatch", aws.describe_alarms),
                "DescribeEndpoint": ("sagemaker", aws.describe_endpoint),
                "DescribeInferenceComponent": ("sagemaker", aws.describe_inference_component),
                "DescribeModelPackage": ("sagemaker", aws.describe_model_package),
            }[operation]
            try:
                answer = checked(service, operation, method(request))
                self.send(200, json.dumps(answer, default=datetime.timestamp).encode())
            except AwsError as error:
                self.send(error.status, _json_error(error.code, str(error)))

        def _invoke(self, name: str, body: bytes) -> None:
            aws.calls.append("InvokeEndpoint")
            if name not in aws.endpoints:
                message = f"Endpoint {name} of account {aws.account} not found."
                error = {"x-amzn-ErrorType": "ValidationError"}
                self.send(400, json.dumps({"Message": message}).encode(), error)
                return
            status, content = aws.predict(body)
            if status == 200:
                self.send(200, content, {"Content-Type": "application/json"})
                return
            answer = {
                "Message": f"Received client error ({status}) from main",
                "OriginalStatusCode": status,
                "OriginalMessage": content.decode(),
            }
            self.send(424, json.dumps(answer).encode(), {"x-amzn-ErrorType": "ModelError"})

        def _query(self, request: dict[str, str]) -> None:
            operation = request["Action"]
            aws.calls.append(operation)
            try:
                if operation == "GetCallerIdentity":
                    result = f"<Account>{aws.account}</Account><Arn>arn</Arn><UserId>id</UserId>"
                else:
                    assert operation == "DescribeStacks", operation
                    result = aws.describe_stacks(request["StackName"])
            except AwsError as error:
                text = f"<Error><Code>{error.code}</Code><Message>{error}</Message></Error>"
                self.send(error.status, f"<ErrorResponse>{text}</ErrorResponse>".encode())
                return
            wrapped = f"<{operation}Result>{result}</{operation}Result>"
            self.send(200, f"<{operation}Response>{wrapped}</{operation}Response>".encode())

    return Handler


def _json_error(code: str, message: str) -> bytes:
    return json.dumps({"__type": code, "message": message}).encode()
