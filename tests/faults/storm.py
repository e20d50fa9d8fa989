"""Where a call goes that shall go wrong: a server that is silent, hangs up, refuses or kills.

Everything happens on real sockets, to real processes. What a fault lets through is handed on to
the server that the call was meant for, so that it has acted when things go wrong.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import struct
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Literal

from generator.standins.gitserver import read_body
from generator.standins.loopback import LoopbackServer

Kind = Literal["timeout", "5xx", "throttled", "refused", "dropped", "killed"]
# How a call is marked on its way here; none of these headers is handed on.
TARGET, KIND, AFTER, CALLER, SERVICE = (
    f"x-storm-{name}" for name in ("target", "kind", "after", "caller", "service")
)
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length"}
# What each AWS service calls the two faults that it answers with (its API reference).
AWS_ERRORS = {
    "datazone": {
        "5xx": (500, "InternalServerException"),
        "throttled": (429, "ThrottlingException"),
    },
    "sagemaker": {"5xx": (503, "ServiceUnavailable"), "throttled": (400, "ThrottlingException")},
    "secretsmanager": {
        "5xx": (500, "InternalServiceError"),
        "throttled": (400, "ThrottlingException"),
    },
}
LONGEST_SILENCE = 5.0


@dataclass(frozen=True)
class Strike:
    """A fault of one call. after: the server acts first."""

    kind: Kind
    after: bool = False


class Storm(LoopbackServer):
    """The server; use it as a context manager. `strikes` are the calls that it let go wrong."""

    def __init__(self) -> None:
        self.strikes: list[str] = []

    def __enter__(self) -> Storm:
        # Bound and not listening: whoever connects is refused.
        self._closed = socket.socket()
        self._closed.bind(("127.0.0.1", 0))
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[arg-type]
        self._closed.close()

    @property
    def ports(self) -> set[int]:
        """Return the ports of everything that goes wrong."""
        return {self.port("refused"), self.port("timeout")}

    def port(self, kind: Kind) -> int:
        """Return where a call with that fault is sent."""
        place = self._closed.getsockname() if kind == "refused" else self._server.server_address
        return int(place[1])

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the class that lets a request go wrong."""
        return _handler(self)


def _handler(storm: Storm) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _respond(self) -> None:
            body = read_body(self.headers, self.rfile)
            told = {name: self.headers.get(name, "") for name in (KIND, CALLER, SERVICE)}
            storm.strikes.append(told[KIND])
            if self.headers.get(AFTER):
                self._hand_on(body)
            if told[KIND] == "timeout":
                # Until the other side has given up.
                select.select([self.connection], [], [], LONGEST_SILENCE)
            if told[KIND] == "killed":
                os.kill(int(told[CALLER]), signal.SIGKILL)
            if told[KIND] in {"5xx", "throttled"}:
                self._answer(*_answer(told[SERVICE], told[KIND]))
            else:
                self._reset()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond

        def _hand_on(self, body: bytes) -> None:
            """Let the server that was meant do what it is asked; nobody learns its answer."""
            host, _, port = self.headers[TARGET].partition(":")
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in HOP_BY_HOP and not name.lower().startswith("x-storm-")
            }
            meant = http.client.HTTPConnection(host, int(port), timeout=30)
            try:
                meant.request(self.command, self.path, body, headers)
                meant.getresponse().read()
            finally:
                meant.close()

        def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _reset(self) -> None:
            """Cut the connection, so that the other side reads an error and no end."""
            self.close_connection = True
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler


def _answer(service: str, kind: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body by which `service` says that it fails or is throttled."""
    if service in AWS_ERRORS:
        status, code = AWS_ERRORS[service][kind]
        headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code}
        return status, headers, json.dumps({"__type": code, "message": "as told"}).encode()
    page = {"content-type": "text/html"}
    if kind == "5xx":
        return 502, page, b"<html>Bad gateway</html>"
    return 429, {**page, "retry-after": "30"}, b"<html>Too many requests</html>"
