"""Something that answers predictions: an endpoint in SageMaker, or a server on this machine."""

import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Protocol, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError

from operations.failures import OperationFailed

# SageMaker gives a container 60 seconds to answer.
_TIMEOUT_SECONDS = 65


class NotAnswered(OperationFailed):
    """Nothing came back from the model; ``reason`` is an error code, or "no answer"."""

    def __init__(self, message: str, reason: str = "no answer") -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """The HTTP status of the model's container, the body, and the time it took."""

    status: int
    body: bytes
    milliseconds: float


@dataclass(frozen=True)
class Stream:
    """The pieces of a streamed answer, and the time until the first one came."""

    status: int
    pieces: tuple[bytes, ...]
    first_milliseconds: float


class Target(Protocol):
    """Anything that can be asked for a prediction; raises NotAnswered where nothing answers."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def invoke(self, body: bytes, content_type: str) -> Answer:
        """Ask for a prediction; an error status is an answer, too."""

    def stream(self, body: bytes, content_type: str) -> Stream:
        """Ask for an answer piece by piece, from a model that can."""


# A proxy of the company has nothing to do with a server on this machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class LocalServer:
    """A server that follows SageMaker's contract: GET /ping and POST /invocations."""

    url: str

    @property
    def name(self) -> str:
        """Its address."""
        return self.url

    def ping(self) -> int:
        """Status of the health check."""
        return self._send(urllib.request.Request(f"{self.url}/ping")).status

    def invoke(self, body: bytes, content_type: str) -> Answer:
        """Ask for a prediction."""
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        return self._send(
            urllib.request.Request(f"{self.url}/invocations", data=body, headers=headers)
        )

    def stream(self, body: bytes, content_type: str) -> Stream:
        """Ask for an answer piece by piece."""
        headers = {"Content-Type": content_type, "Accept": "text/event-stream"}
        request = urllib.request.Request(f"{self.url}/invocations", data=body, headers=headers)
        start = time.perf_counter()
        try:
            with _DIRECT.open(request, timeout=_TIMEOUT_SECONDS) as response:
                first = response.readline()
                passed = 1000 * (time.perf_counter() - start)
                return Stream(response.status, (first, *response), passed)
        except urllib.error.HTTPError as error:
            return Stream(error.code, (error.read(),), 1000 * (time.perf_counter() - start))
        except (OSError, HTTPException) as error:
            raise NotAnswered(f"nothing answers at {request.full_url}: {error}") from None

    def _send(self, request: urllib.request.Request) -> Answer:
        start = time.perf_counter()
        try:
            with _DIRECT.open(request, timeout=_TIMEOUT_SECONDS) as response:
                status, body = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        except (OSError, HTTPException) as error:
            raise NotAnswered(f"nothing answers at {request.full_url}: {error}") from None
        return Answer(status, body, 1000 * (time.perf_counter() - start))


class CloudEndpoint:
    """A SageMaker endpoint; ``component`` names the model on one that hosts several.

    ``connections`` is how many requests it can be sent at the same time.
    """

    def __init__(
        self,
        session: boto3.Session,
        name: str,
        component: str | None = None,
        connections: int = 10,
    ) -> None:
        self.name = name
        self._component = {"InferenceComponentName": component} if component else {}
        # Retrying would hide the very errors that a smoke test looks for.
        config = Config(
            read_timeout=_TIMEOUT_SECONDS,
            retries={"total_max_attempts": 1},
            max_pool_connections=connections,
        )
        self._client = session.client("sagemaker-runtime", config=config)

    def invoke(self, body: bytes, content_type: str) -> Answer:
        """Ask for a prediction; the status is the container's own."""
        start = time.perf_counter()
        try:
            response = self._client.invoke_endpoint(
                EndpointName=self.name,
                Body=body,
                ContentType=content_type,
                Accept="application/json",
                **self._component,
            )
            status, content = 200, response["Body"].read()
        except self._client.exceptions.ModelError as error:
            # SageMaker answers 424 whatever went wrong inside; the container's status is apart.
            details = cast(dict[str, Any], error.response)
            status = int(details.get("OriginalStatusCode", 500))
            content = str(details.get("OriginalMessage", error)).encode()
        except (ClientError, BotoCoreError) as error:
            raise _not_invoked(self.name, error) from None
        return Answer(status, content, 1000 * (time.perf_counter() - start))

    def stream(self, body: bytes, content_type: str) -> Stream:
        """Ask for an answer piece by piece; the status is the container's own."""
        start = time.perf_counter()
        try:
            response = self._client.invoke_endpoint_with_response_stream(
                EndpointName=self.name,
                Body=body,
                ContentType=content_type,
                Accept="text/event-stream",
                **self._component,
            )
            pieces, first = [], 0.0
            for event in response["Body"]:
                first = first or 1000 * (time.perf_counter() - start)
                pieces.append(event["PayloadPart"]["Bytes"])
            return Stream(200, tuple(pieces), first)
        except self._client.exceptions.ModelError as error:
            return _refused_stream(cast(dict[str, Any], error.response), start)
        except (ClientError, EventStreamError, BotoCoreError) as error:
            raise _not_invoked(self.name, error) from None


def stage_endpoint(
    session: boto3.Session,
    outputs: Mapping[str, str],
    *,
    named: str | None = None,
    connections: int = 10,
) -> CloudEndpoint:
    """The endpoint that a stack's outputs name, or another one of the account, by its name."""
    if named:
        return CloudEndpoint(session, named, connections=connections)
    component = outputs.get("InferenceComponentName")
    return CloudEndpoint(session, outputs["EndpointName"], component, connections)


def _not_invoked(endpoint: str, error: Exception) -> NotAnswered:
    details = cast(dict[str, Any], getattr(error, "response", {}))
    reason = str(details.get("Error", {}).get("Code") or type(error).__name__)
    return NotAnswered(f"endpoint {endpoint} cannot be invoked: {error}", reason)


def _refused_stream(details: dict[str, Any], start: float) -> Stream:
    message = str(details.get("OriginalMessage", details)).encode()
    status = int(details.get("OriginalStatusCode", 500))
    return Stream(status, (message,), 1000 * (time.perf_counter() - start))
