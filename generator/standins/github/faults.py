"""What can be made to go wrong with a call, once or several times, before or after it is done."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

Kind = Literal[
    "timeout",  # nothing comes back; the connection stays open for `seconds`
    "dropped",  # the connection is reset
    "refused",  # the connection is reset, and for `seconds` no new one is taken
    "500",
    "502",
    "503",
    "401",
    "primary",  # 403, no requests are left until `seconds` from now
    "throttled",  # 429 with retry-after
    "secondary",  # 403 with retry-after
    "unannounced",  # 403 that names the secondary limit, and no retry-after
    "echo",  # 502 from a proxy, in HTML, with all of the request's headers in it
    "garbage",  # 200 with something that is not JSON
]
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]


@dataclass
class Fault:
    """One thing to go wrong. on: ids of operations such as repos/get, or git/receive-pack; with *.

    after: the call is done first, and then it goes wrong. skip: so many calls go well before.
    seconds: of a pause that is asked for, or of silence.
    """

    kind: Kind
    on: str
    times: int = 1
    after: bool = False
    skip: int = 0
    seconds: float = 2.0


class Faults:
    """The faults to come. `happened` says which did, as (kind, operation)."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self.happened: list[tuple[str, str]] = []

    def add(self, fault: Fault) -> None:
        """Let `fault` happen."""
        if fault.kind not in KINDS:
            raise ValueError(f"{fault.kind!r} is none of {', '.join(KINDS)}")
        self._waiting.append(fault)

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self._waiting.clear()

    def due(self, operation: str) -> Fault | None:
        """Return the fault that happens to this call, which uses it up once."""
        for fault in self._waiting:
            if fault.times > 0 and fnmatchcase(operation, fault.on):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                self.happened.append((fault.kind, operation))
                return fault
        return None


def reply_of(
    fault: Fault, sent_headers: dict[str, str], now: float
) -> tuple[int, dict[str, str], Any]:
    """Return status, headers and body (bytes, or an object for JSON) of a fault that answers."""
    pause = str(max(int(fault.seconds), 1))
    if fault.kind in {"500", "502", "503"}:
        return int(fault.kind), {}, {"message": "Server Error"}
    if fault.kind == "401":
        return 401, {}, {"message": "Bad credentials"}
    if fault.kind == "primary":
        headers = {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(int(now + fault.seconds)),
        }
        return 403, headers, {"message": "API rate limit exceeded for the installation."}
    if fault.kind == "throttled":
        return 429, {"retry-after": pause}, {"message": "Too many requests"}
    said = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
    if fault.kind == "secondary":
        return 403, {"retry-after": pause}, said
    if fault.kind == "unannounced":
        return 403, {}, said
    if fault.kind == "echo":
        page = "".join(f"<li>{name}: {value}</li>" for name, value in sent_headers.items())
        return 502, {"content-type": "text/html"}, f"<html><ul>{page}</ul></html>".encode()
    return 200, {"content-type": "text/html"}, b"<html>Sign in to the network</html>"
