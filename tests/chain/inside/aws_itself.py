"""Starts MiniStack so that it also plays what only AWS itself does.

Runs in MiniStack's own environment: python aws_itself.py, with settings in the environment. It
ends, with every function that it has started, when the pipe to its input is closed: so nothing
stays behind, whatever happens to whoever started it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import (
    get_account_id,
    get_region,
    set_request_account_id,
    set_request_region,
)
from ministack.services import eventbridge

log = logging.getLogger("aws_itself")
Delivery = Callable[..., None]


def accept_events_of_services() -> None:
    """PutEvents refuses sources that begin with `aws.`, which only AWS uses: we stand for it."""
    eventbridge._put_events.__defaults__ = (True,)


def deliver_across_accounts() -> None:
    """A bus of another account gets an event when its policy admits the sender's account.

    MiniStack drops such events. In the bus's own account the delivery is MiniStack's again.
    """
    deliver_within: Delivery = eventbridge._dispatch_to_event_bus

    def deliver(bus: Any, event: dict[str, Any], *more: Any) -> None:
        sender = get_account_id()
        with _at(bus.account_id, bus.region):
            name = bus.resource.partition("/")[2]
            if sender != bus.account_id and not _admits(name, sender):
                log.warning("the policy of %s does not admit %s: dropped", bus, sender)
                return
            deliver_within(bus, event, *more)

    eventbridge._dispatch_to_event_bus = deliver


@contextlib.contextmanager
def _at(account: str, region: str) -> Iterator[None]:
    before = get_account_id(), get_region()
    set_request_account_id(account)
    set_request_region(region)
    try:
        yield
    finally:
        set_request_account_id(before[0])
        set_request_region(before[1])


def _admits(bus: str, account: str) -> bool:
    """Whether a statement names the account. Conditions, such as an organization, admit nobody."""
    policy = eventbridge._event_bus_policies.get(bus) or {"Statement": []}
    return any(
        statement["Effect"] == "Allow"
        and statement["Action"] == "events:PutEvents"
        and "Condition" not in statement
        and account in _accounts(statement["Principal"])
        for statement in policy["Statement"]
    )


def _accounts(principal: str | dict[str, str]) -> set[str]:
    """The accounts of a statement's principal: 111122223333, or the ARN of its root."""
    arn = principal["AWS"] if isinstance(principal, dict) else principal
    return {arn.removeprefix("arn:aws:iam::").removesuffix(":root")}


def end_with_the_pipe() -> None:
    """End the process group when the one who started us is gone or wants us to end."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    # Beside this file.
    import redrive
    import service_roles
    from ministack.app import main

    end_with_the_pipe()
    accept_events_of_services()
    deliver_across_accounts()
    service_roles.enforce()
    redrive.offer()
    main()
