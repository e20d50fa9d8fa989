"""MiniStack as a process for as long as a `with` block lasts: AWS at an address of this machine."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import botocore.session
from botocore.config import Config

PROGRAM = Path(__file__).parent / "inside" / "aws_itself.py"
GUARD = Path(__file__).resolve().parents[1] / "guards"
REGION = "eu-west-1"
START_SECONDS = 60.0
Found = TypeVar("Found")


class Unexpected(Exception):
    """What was waited for did not happen in time, or something else did; it says what was seen."""


def waited(what: str, look: Callable[[], Found | None], seconds: float = 60.0) -> Found:
    """Return what `look` finds, asking again until it is not None; Unexpected after `seconds`."""
    end = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > end:
            raise Unexpected(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)
    return found


class Emulator:
    """AWS, with IAM enforced. python: MiniStack's. endpoints: of services that others play.

    folder: everything is written there. log: what the process says.
    """

    def __init__(self, python: Path, folder: Path, endpoints: Mapping[str, str]) -> None:
        self.folder = folder
        self.log = folder / "ministack.log"
        self.attempts_outside = folder / "network.log"
        self._python = python
        self._endpoints = endpoints
        self._secret_key = secrets.token_hex(20)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def process_id(self) -> int:
        """Its process, and the process group of everything that it starts."""
        assert self._process
        return self._process.pid

    def __enter__(self) -> Self:
        """Start it; it is ready some seconds later: see `ready`."""
        (self.folder / "tmp").mkdir(parents=True)
        self._port = _free_port()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(self._python), str(PROGRAM)],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Its functions are processes of the same group, and end with it.
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process and self._process.stdin
        with suppress(ProcessLookupError):
            os.killpg(self.process_id, signal.SIGKILL)
        self._process.stdin.close()
        self._process.wait(10)

    def ready(self) -> None:
        """Wait until it answers. Raises Unexpected with its last words."""
        waited("MiniStack answers", self._answers, START_SECONDS)

    def client(self, service: str, account: str) -> Any:
        """Return botocore's client of `service`, as the root user of `account`."""
        return botocore.session.Session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            # MiniStack takes an account's number for the key of its root user.
            aws_access_key_id=account,
            aws_secret_access_key=self._secret_key,
            config=Config(
                connect_timeout=5,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": 2},
                s3={"addressing_style": "path"},
            ),
        )

    def _answers(self) -> bool | None:
        assert self._process
        if (code := self._process.poll()) is not None:
            raise Unexpected(f"MiniStack ended with {code}: {self.log.read_text()[-800:]}")
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/_ministack/health")
            return True if connection.getresponse().status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def _environment(self) -> dict[str, str]:
        """All of the process's environment. The functions have it too, below what AWS gives them.

        Nothing of whoever runs this is in it: no credentials, no proxy, no Docker.
        """
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "PYTHONPATH": str(GUARD),
            "NETWORK_GUARD_LOG": str(self.attempts_outside),
            "AUTH": "true",
            "AWS_SECRET_ACCESS_KEY": self._secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.url,
            "BIND_HOST": "127.0.0.1",
            "DOCKER_HOST": "unix:///nonexistent",
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            # A minute of the state machine's waits and pauses takes three seconds.
            "SFN_WAIT_SCALE": "0.05",
            **self._endpoints,
        }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
