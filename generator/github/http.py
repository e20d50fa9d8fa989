"""One request and its answer, or why there is none. Nothing here repeats or decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from generator import __version__
from generator.github.concealed import Concealed

CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
# The newest version of the interface that github.com and Enterprise Servers have in common.
API_VERSION = "2022-11-28"
HEADERS = {
    "Accept": "application/vnd.github+json",
    "Content-Type": "application/json",
    "User-Agent": f"aiops-project-templates/{__version__}",
    "X-GitHub-Api-Version": API_VERSION,
}


class NoAnswer(Exception):
    """The message says why in words of ours. sent: the request may have arrived."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


@dataclass(frozen=True)
class Answer:
    """What came back: header names are in lower case; body is parsed JSON, None if empty."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)

    @property
    def message(self) -> str:
        """Return what GitHub says about an error, with its details."""
        if not isinstance(self.body, dict):
            return ""
        errors = self.body.get("errors") or []
        details = [error if isinstance(error, str) else _detail(error) for error in errors]
        return "; ".join([str(self.body.get("message", "")), *details])


def _detail(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    said = error.get("message") or f"{error.get('field')}: {error.get('code')}"
    return str(said)


class Http:
    """Connections, kept open between requests; honours the proxy variables of the environment.

    connect, read: seconds to wait for a connection, and for an answer.
    """

    def __init__(self, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS) -> None:
        self._seconds = (connect, read)
        self._pools: dict[str, urllib3.PoolManager] = {}

    def exchange(
        self,
        method: str,
        url: str,
        token: Concealed,
        content: bytes | None,
        seconds: float,
    ) -> Answer:
        """Send one request that may take `seconds`; NoAnswer when nothing usable comes back."""
        connect, read = self._seconds
        timeout = urllib3.Timeout(connect=min(connect, seconds), read=min(read, seconds))
        problem = ""
        sent = True
        try:
            response = self._pool(url).request(
                method,
                url,
                body=content,
                headers={**HEADERS, "Authorization": f"Bearer {token.reveal()}"},
                timeout=timeout,
                retries=False,
                redirect=False,
            )
        except (NewConnectionError, ConnectTimeoutError, ProxyError) as error:
            problem, sent = f"no connection ({type(error).__name__})", False
        except SSLError as error:
            problem = f"no trusted connection ({error})"
        except ReadTimeoutError:
            problem = f"no answer within {timeout.read_timeout:g} s"
        except HTTPError as error:
            problem = f"the connection broke ({type(error).__name__})"
        # Raised out here, so that no library's frame with our headers hangs on the error.
        if problem:
            raise NoAnswer(problem, sent=sent)
        return _answer(response)

    def _pool(self, url: str) -> urllib3.PoolManager:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._pools:
            proxy = getproxies().get(parts.scheme)
            through = proxy if proxy and not proxy_bypass(parts.netloc) else None
            self._pools[origin] = (
                urllib3.ProxyManager(through) if through else urllib3.PoolManager()
            )
        return self._pools[origin]


def _answer(response: urllib3.BaseHTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if not response.data:
        return Answer(response.status, headers, None)
    try:
        return Answer(response.status, headers, json.loads(response.data))
    except ValueError:
        if response.status < 300:
            raise NoAnswer("the answer is not JSON", sent=True) from None
        return Answer(response.status, headers, None)
