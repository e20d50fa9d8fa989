"""AWS Secrets Manager on this machine: one call, checked by botocore's own model."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import botocore.session

from generator.standins.loopback import LoopbackServer
from generator.standins.shapes import problems_of, wire

MODEL = botocore.session.Session().get_service_model("secretsmanager")


class SecretsServer(LoopbackServer):
    """Holds `secrets`, text by ARN; use it as a context manager. failures: what it could not do."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.secrets = secrets
        self.failures: list[str] = []

    def respond(self, operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return status and document for one request."""
        if operation != "GetSecretValue":
            self.failures.append(operation)
            return 400, {"__type": "UnknownOperationException"}
        shapes = MODEL.operation_model(operation)
        self.failures += problems_of(shapes.input_shape, asked, operation)
        arn = asked["SecretId"]
        if arn not in self.secrets:
            return 400, {"__type": "ResourceNotFoundException", "message": "no such secret"}
        answer = {"ARN": arn, "Name": arn.split(":")[-1], "SecretString": self.secrets[arn]}
        self.failures += problems_of(shapes.output_shape, answer, operation)
        return 200, wire(shapes.output_shape, answer)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the class that answers a request."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                operation = self.headers["x-amz-target"].rpartition(".")[2]
                status, document = server.respond(operation, json.loads(body))
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("content-type", "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        return Handler
