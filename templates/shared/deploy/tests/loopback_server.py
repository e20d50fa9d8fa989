"""An HTTP server on a loopback port: what the stand-ins for endpoints and for AWS listen with."""

import json
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class LoopbackHandler(BaseHTTPRequestHandler):
    """Reads and sends whole bodies."""

    def body(self) -> bytes:
        """The body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Answer with these bytes."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, status: int, document: Any) -> None:
        """Answer with a JSON document."""
        self.send(status, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def send_events(self, events: Iterable[str]) -> None:
        """Answer with server-sent events, each of which has these data."""
        body = "".join(f"data: {event}\n\n" for event in events).encode()
        self.send(200, body, {"Content-Type": "text/event-stream"})

    def log_message(self, *arguments: object) -> None:
        """Say nothing: what a test needs, it asks for."""


class LoopbackServer:
    """Listens at ``url`` as long as it is entered; each request has a thread of its own."""

    def __init__(self, handler: type[LoopbackHandler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
