"""Serves an AWS service on this machine from botocore's own description of it.

Routes, request parsing, and the checks of requests and responses all follow the service model, so
a stand-in cannot drift from the real interface: one answers with plain dictionaries, and an answer
that the real service could not give is an error. For services of the protocol rest-json.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session
from botocore.model import OperationModel, Shape

from generator.standins.loopback import LoopbackServer
from generator.standins.shapes import Document, problems_of, wire

Operation = Callable[[Document], Document]


class ServiceError(Exception):
    """An error that the service's model knows, to be answered to the caller."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BrokenStandIn(Exception):
    """The stand-in answered what the real service could not have answered."""


@dataclass(frozen=True)
class Call:
    """One request that was understood."""

    operation: str
    parameters: Document = field(repr=False)


@cache
def _routes(service: str) -> list[tuple[re.Pattern[str], OperationModel]]:
    """Return the operations of `service` with the pattern of their paths, literal paths first."""
    model = botocore.session.Session().get_service_model(service)
    if model.metadata["protocol"] != "rest-json":
        raise ValueError(f"{service} does not speak rest-json")
    operations = [model.operation_model(name) for name in model.operation_names]
    routes = [(_path_pattern(operation), operation) for operation in operations]
    return sorted(routes, key=lambda route: route[0].groups)


def _path_pattern(operation: OperationModel) -> re.Pattern[str]:
    pattern = ""
    for part in re.split(r"(\{[^}]+\})", urlsplit(operation.http["requestUri"]).path):
        if part.startswith("{"):
            name, greedy = part[1:-1].removesuffix("+"), part.endswith("+}")
            pattern += f"(?P<{name}>{'.+' if greedy else '[^/]+'})"
        else:
            pattern += re.escape(part)
    return re.compile(f"{pattern}/?")


class ModelServer(LoopbackServer):
    """A server for `operations` (by name) of `service`; use it as a context manager."""

    def __init__(self, service: str, operations: dict[str, Operation]) -> None:
        self.operations = operations
        self.calls: list[Call] = []
        self.failures: list[str] = []
        self._routes = _routes(service)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the class that answers a request."""
        return _handler(self)

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, str, Document]:
        """Return (status, error type or "", document) for one request."""
        address = urlsplit(target)
        route = self._route(method, address.path)
        if route is None:
            return 404, "UnknownOperationException", {"message": f"no route {method} {target}"}
        operation, found = route
        try:
            parameters = _parameters(operation, found, parse_qs(address.query), body)
            self.calls.append(Call(operation.name, parameters))
            if operation.name not in self.operations:
                raise BrokenStandIn(f"{operation.name} is not part of this stand-in")
            answer = self.operations[operation.name](parameters)
            problems = list(problems_of(operation.output_shape, answer, operation.name))
            if problems:
                raise BrokenStandIn(f"impossible answer: {'; '.join(problems)}")
            return operation.http["responseCode"], "", wire(operation.output_shape, answer)
        except ServiceError as error:
            shapes = {shape.name: shape for shape in operation.error_shapes}
            if error.code not in shapes:
                return self._broken(f"{error.code} is no error of {operation.name}")
            status = shapes[error.code].metadata["error"]["httpStatusCode"]
            return status, error.code, {"message": str(error)}
        except BrokenStandIn as error:
            return self._broken(str(error))

    def operation_of(self, method: str, target: str) -> str | None:
        """Return the name of the operation that a request is for; None for none."""
        route = self._route(method, urlsplit(target).path)
        return route[0].name if route else None

    def _route(self, method: str, path: str) -> tuple[OperationModel, re.Match[str]] | None:
        for pattern, operation in self._routes:
            found = pattern.fullmatch(path)
            if operation.http["method"] == method and found:
                return operation, found
        return None

    def _broken(self, message: str) -> tuple[int, str, Document]:
        self.failures.append(message)
        return 501, "BrokenStandIn", {"message": message}


def _parameters(
    operation: OperationModel, found: re.Match[str], query: dict[str, list[str]], body: bytes
) -> Document:
    """Return the request's parameters by their names in the model; ServiceError if invalid."""
    given: dict[str, Any] = json.loads(body) if body else {}
    parameters: Document = {}
    for name, shape in operation.input_shape.members.items() if operation.input_shape else ():
        location = shape.serialization.get("location")
        sent_as = shape.serialization.get("name", name)
        if location == "uri":
            parameters[name] = unquote(found.group(sent_as))
        elif location == "querystring" and sent_as in query:
            values = query.pop(sent_as)
            parameters[name] = values if shape.type_name == "list" else _scalar(shape, values[0])
        elif location is None and sent_as in given:
            parameters[name] = given.pop(sent_as)
    problems = [f"unknown member {member}" for member in (*given, *query)]
    problems += problems_of(operation.input_shape, parameters, operation.name)
    if problems:
        raise ServiceError("ValidationException", "; ".join(problems))
    return parameters


def _scalar(shape: Shape, text: str) -> object:
    if shape.type_name in {"integer", "long"}:
        return int(text)
    return text == "true" if shape.type_name == "boolean" else text


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body go out apart: without this, the second waits for an acknowledgement.
        disable_nagle_algorithm = True

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, error, document = server.answer(self.command, self.path, body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.send_header("x-amzn-requestid", str(uuid.uuid4()))
            if error:
                self.send_header("x-amzn-errortype", error)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler
