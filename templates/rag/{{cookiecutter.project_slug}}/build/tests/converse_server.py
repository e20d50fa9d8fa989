"""Amazon Bedrock on a loopback port, with a model that is as gullible as a model can be.

It does whatever stands outside of the passages and the question: in the system prompt, or beside
the tags that hold the material. What stands between the tags it only quotes. botocore's own client
writes its requests and reads its stream.
"""

from __future__ import annotations

import json
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from xml.etree import ElementTree
from zlib import crc32

import boto3

OBEYED = "HACKED"


class ConverseServer:
    """Answers ConverseStream; `requests` are the bodies that came."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.requests: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def client(self) -> Any:
        """A client of botocore that asks here, and nobody else."""
        return boto3.client(
            "bedrock-runtime",
            region_name="eu-central-1",
            endpoint_url=f"http://127.0.0.1:{self._server.server_address[1]}",
            aws_access_key_id="stand-in",
            aws_secret_access_key="stand-in",
        )

    def reply(self, request: dict[str, Any]) -> str:
        """What the model says."""
        self.requests.append(request)
        instructions = " ".join(part["text"] for part in request["system"])
        passages, around = read_prompt(prompt_of(request))
        if self.order in instructions or self.order in around:
            return OBEYED
        first = (passages[0].text or "").strip().partition(".")[0] if passages else "NO_ANSWER"
        return f"{first}. [1]"


def prompt_of(request: dict[str, Any]) -> str:
    """The user's text; guarded parts are read as the model reads them."""
    (message,) = request["messages"]
    blocks = [block.get("guardContent", {}).get("text", block) for block in message["content"]]
    return "".join(block["text"] for block in blocks)


def read_prompt(text: str) -> tuple[list[ElementTree.Element], str]:
    """The passages, and all text that is in none of them and not the question's."""
    try:
        prompt = ElementTree.fromstring(f"<prompt>{text}</prompt>")
    except ElementTree.ParseError:
        return [], text  # tags that do not fit hold nothing
    passages = prompt.findall("passages/passage")
    material = [*passages, *prompt.findall("question")[:1]]
    around = [prompt.text]
    for element in prompt.iter():
        if element not in material and element is not prompt:
            around.append(element.text)
        around.append(element.tail)
    return passages, " ".join(part for part in around if part)


def _event(name: str, payload: dict[str, Any]) -> bytes:
    """A message of an AWS event stream: lengths and headers, the payload, checksums."""
    named = {":message-type": "event", ":event-type": name, ":content-type": "application/json"}
    headers = b"".join(
        bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for key, value in named.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + body
    return message + struct.pack(">I", crc32(message))


def _handler(server: ConverseServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = server.reply(request)
            usage = {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}
            delta = {"contentBlockIndex": 0, "delta": {"text": text}}
            body = (
                _event("contentBlockDelta", delta)
                + _event("messageStop", {"stopReason": "end_turn"})
                + _event("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})
            )
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.amazon.eventstream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    return Handler
