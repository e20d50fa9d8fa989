"""A git server on this machine: the real `git http-backend`, behind basic authentication.

It serves bare repositories of a folder on 127.0.0.1 and keeps a list of the requests.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from pathlib import Path
from urllib.parse import urlsplit

from generator.standins.loopback import LoopbackServer


@dataclass(frozen=True)
class Request:
    """One request as it came in. `sent` is the number of bytes of its body."""

    method: str
    target: str
    sent: int
    status: int

    @property
    def creates_content(self) -> bool:
        """Whether the request may change the repository: what hosts limit per hour."""
        return self.method == "POST" and self.target.endswith("/git-receive-pack")


class GitServer(LoopbackServer):
    """Serves the repositories below `folder` to one user; use it as a context manager."""

    def __init__(self, folder: Path, user: str, password: str) -> None:
        self.folder = folder
        self.requests: list[Request] = []
        self.before: Callable[[str, str], None] | None = None  # is told method and target
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.authorization = f"Basic {pair}"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the class that answers a request."""
        return _handler(self)

    def create(self, name: str, default_branch: str = "main") -> Path:
        """Make an empty bare repository called owner/repository and return its folder."""
        path = self.folder / f"{name}.git"
        subprocess.run(
            ["git", "init", "--quiet", "--bare", f"--initial-branch={default_branch}", str(path)],
            check=True,
            env=GIT_ENVIRONMENT,
        )
        return path


GIT_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "receive.fsckObjects",
    "GIT_CONFIG_VALUE_0": "true",
    # What is pushed stays one pack, as hosts keep it, and not a file and a folder per object.
    "GIT_CONFIG_KEY_1": "receive.unpackLimit",
    "GIT_CONFIG_VALUE_1": "1",
}


def read_body(headers: Message, incoming: BufferedIOBase) -> bytes:
    """Return the body of a request, which git sends in chunks when it is large."""
    if headers.get("Transfer-Encoding", "") != "chunked":
        return incoming.read(int(headers.get("Content-Length") or 0))
    body = b""
    while size := int(incoming.readline().split(b";")[0], 16):
        body += incoming.read(size)
        incoming.readline()
    incoming.readline()
    return body


def git_http_backend(
    folder: Path,
    method: str,
    target: str,
    headers: Message,
    body: bytes,
    told_to_hooks: Mapping[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and content that `git http-backend` (a CGI) answers.

    folder: what the address's path is below. told_to_hooks: environment of the repository's hooks.
    """
    address = urlsplit(target)
    answer = subprocess.run(
        ["git", "http-backend"],
        input=body,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        env={
            **GIT_ENVIRONMENT,
            **(told_to_hooks or {}),
            "GIT_PROJECT_ROOT": str(folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
            "PATH_INFO": address.path,
            "QUERY_STRING": address.query,
            "REQUEST_METHOD": method,
            "CONTENT_TYPE": headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
            "REMOTE_USER": "writer",
            "REMOTE_ADDR": "127.0.0.1",
        },
    ).stdout
    head, _, content = answer.partition(b"\r\n\r\n")
    pairs = (line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if line)
    found = {name: value for name, value in pairs if name != "Content-Length"}
    return int(found.pop("Status", "200").split()[0]), found, content


def _handler(server: GitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body go out apart: without this, the second waits for an acknowledgement.
        disable_nagle_algorithm = True

        def _respond(self) -> None:
            body = read_body(self.headers, self.rfile)
            if server.before:
                server.before(self.command, self.path)
            if self.headers.get("Authorization") != server.authorization:
                status, headers, content = 401, {"WWW-Authenticate": 'Basic realm="git"'}, b""
            else:
                status, headers, content = git_http_backend(
                    server.folder, self.command, self.path, self.headers, body
                )
            server.requests.append(Request(self.command, self.path, len(body), status))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _respond

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler
