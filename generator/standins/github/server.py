"""The stand-in: an http server that lets go wrong what it is told to, and keeps a journal."""

from __future__ import annotations

import math
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from generator.standins.github import control, evidence
from generator.standins.github.access import presented
from generator.standins.github.answering import Git, Request, Response, Rest, response
from generator.standins.github.faults import Fault, Faults, reply_of
from generator.standins.github.hub import Hub
from generator.standins.github.journal import CHANGING, Entry, Journal, disguises
from generator.standins.gitserver import read_body
from generator.standins.loopback import PatientServer


@dataclass(frozen=True)
class NoReply:
    """The connection is kept open for `seconds`, then reset; new ones are refused so long."""

    seconds: float = 0.0
    refuses: bool = False


class GitHubStandIn(Hub):
    """GitHub on this machine; use it as a context manager. It starts out empty.

    folder: where the repositories' content goes. now: its clock, in seconds since 1970.
    failures: where the stand-in itself could not do as GitHub does; must stay empty.
    changes_per_minute: how many changes a token may make; None for any number.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time, port: int = 0) -> None:
        super().__init__(folder, now)
        self.journal = Journal()
        self.faults = Faults()
        self.failures: list[str] = []
        self.changes_per_minute: int | None = None
        self._rest = Rest(self, self.failures)
        self._git = Git(self)
        self._port = port
        self._server: PatientServer | None = None
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._stop_listening()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Take no connections meanwhile: they are refused."""
        self._stop_listening()
        try:
            yield
        finally:
            self._listen()

    @property
    def complaints(self) -> list[str]:
        """Return where a request was not as GitHub's description has it."""
        return [
            f"{entry.operation}: {problem}"
            for entry in self.journal.entries
            for problem in entry.problems
        ]

    def state(self) -> dict[str, Any]:
        """Return all repositories as plain data that can be compared."""
        with self.lock:
            return evidence.state(self)

    def state_of(self, full_name: str) -> dict[str, Any]:
        """Return one repository as plain data that can be compared."""
        with self.lock:
            return evidence.document(self, self.repository(full_name))

    def traces(self, secret: str, in_commits: bool = True) -> list[str]:
        """Return every place that holds `secret`, in any of its disguises."""
        with self.lock:
            return evidence.traces(self, self.journal, disguises(secret), in_commits)

    def operation_of(self, method: str, target: str) -> str:
        """Return the id of the operation that a request is for; `unknown` for none."""
        request = Request(method, target, Message(), b"")
        self._identified(request)
        return request.operation

    def _identified(self, request: Request) -> Any:
        """Note in the request what it is for; return its route, if it is one of REST."""
        if ".git/" in request.path:
            self._git.identify(request)
            return None
        return self._rest.identify(request)

    def respond(self, request: Request) -> Response | NoReply:
        """Answer one request, or let go wrong what is due."""
        if request.path.startswith(control.PREFIX):
            return response(*control.answer(self, request))
        route = self._identified(request)
        is_git = request.operation.startswith("git/")
        entry = self._noted(request)
        fault = self.faults.due(request.operation)
        entry.fault = fault.kind if fault else None
        if fault and not fault.after:
            return self._gone_wrong(fault, request, entry)
        refused = self._too_fast(entry)
        done = refused or (
            self._git.answer(request) if is_git else self._rest.answer(request, route)
        )
        entry.status, entry.acted, entry.problems = done.status, done.acted, request.problems
        if fault:
            return self._gone_wrong(fault, request, entry)
        return done

    def _noted(self, request: Request) -> Entry:
        token = self.tokens.get(presented(request.headers) or "")
        seen = [f"{name}: {value}" for name, value in request.headers.items()]
        seen = [line for line in seen if not line.lower().startswith("authorization:")]
        text = request.content.decode("utf-8", "replace")
        is_git = request.operation.startswith("git/")
        with self.lock:
            entry = Entry(
                number=len(self.journal.entries) + 1,
                at=self.now(),
                method=request.method,
                target=request.target,
                operation=request.operation,
                token=token.label if token else "none",
                body=None if is_git else text,
                seen="\n".join([request.target, *seen, text]),
            )
            self.journal.entries.append(entry)
            return entry

    def _too_fast(self, entry: Entry) -> Response | None:
        """Return the refusal of the secondary limit on changes, when it is reached."""
        if self.changes_per_minute is None or not entry.changes or entry.method not in CHANGING:
            return None
        since = entry.at - 60
        with self.lock:
            recent = [
                one.at
                for one in self.journal.changing()
                if one.acted and one.token == entry.token and one.at > since
            ]
        if len(recent) < self.changes_per_minute:
            return None
        pause = {"retry-after": str(math.ceil(min(recent) - since) + 1)}
        said = "You have exceeded a secondary rate limit. Please wait a few minutes."
        return response(403, pause, {"message": said})

    def _gone_wrong(self, fault: Fault, request: Request, entry: Entry) -> Response | NoReply:
        if fault.kind == "timeout":
            return NoReply(seconds=fault.seconds)
        if fault.kind == "dropped":
            return NoReply()
        if fault.kind == "refused":
            return NoReply(fault.seconds, refuses=True)
        answered = response(*reply_of(fault, dict(request.headers.items()), self.now()))
        entry.status = answered.status
        return answered

    def _listen(self) -> None:
        server = PatientServer(("127.0.0.1", self._port), _handler(self))
        self._port = server.server_address[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def _stop_listening(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def is_listening(self) -> bool:
        """Whether connections are taken."""
        return self._server is not None

    def refuse(self, seconds: float) -> None:
        """Take no connections for that long."""
        self._stop_listening()

        def later() -> None:
            if not self._stopping.wait(seconds):
                self._listen()

        threading.Thread(target=later, daemon=True).start()

    def keep_silent(self, seconds: float) -> None:
        """Let that many seconds pass, or the stand-in end."""
        self._stopping.wait(seconds)


def _handler(stand_in: GitHubStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _respond(self) -> None:
            content = read_body(self.headers, self.rfile)
            if not stand_in.is_listening():
                return self._reset()
            answered = stand_in.respond(Request(self.command, self.path, self.headers, content))
            if isinstance(answered, NoReply):
                if answered.refuses:
                    stand_in.refuse(answered.seconds)
                elif answered.seconds:
                    stand_in.keep_silent(answered.seconds)
                return self._reset()
            self.send_response(answered.status)
            for name, value in answered.headers.items():
                self.send_header(name, value)
            if answered.status != 204:
                self.send_header("content-length", str(len(answered.content)))
            self.end_headers()
            self.wfile.write(answered.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(int(stand_in.now()))

        def _reset(self) -> None:
            """Cut the connection, so that the other side reads an error and no end."""
            self.close_connection = True
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler
