"""Stops a Python process that looks up or connects to anything but this machine.

Put this folder on PYTHONPATH: every interpreter below a command then keeps to loopback, and
leaves a line in the file that NETWORK_GUARD_LOG names when it tried otherwise.
"""

import ipaddress
import os
import sys

LOCAL_NAMES = {None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"}


def _is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" or event == "socket.sendto":
        address = arguments[1]
        if not isinstance(address, tuple):  # a Unix socket's path
            return
        host = address[0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not _is_local(host):
        with open(os.environ["NETWORK_GUARD_LOG"], "a") as log:  # noqa: PTH123 - starts faster
            log.write(f"{event} {host!r} from {sys.argv}\n")
        raise PermissionError(f"network guard: {event} to {host!r}")


sys.addaudithook(_guard)
