"""What can be seen from outside: executions, notifications, announced projects, every log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.chain.emulator import REGION, Emulator, waited

Document = dict[str, Any]


@dataclass(frozen=True)
class Execution:
    """An execution of a state machine that has ended. visited: names of its states, in order."""

    arn: str
    status: str
    output: Document
    error: str
    cause: str
    visited: tuple[str, ...]

    @property
    def told(self) -> str:
        """One line that says how it went."""
        said = f"; {self.error}: {self.cause}" if self.error else ""
        return f"{self.status}: {' > '.join(self.visited)}{said}"


class Machine:
    """The executions of one state machine, seen one after another."""

    def __init__(self, emulator: Emulator, account: str, name: str) -> None:
        self.arn = f"arn:aws:states:{REGION}:{account}:stateMachine:{name}"
        self._states = emulator.client("stepfunctions", account)
        self._seen: set[str] = set()

    def arns(self) -> list[str]:
        """Return the executions so far."""
        pages = self._states.get_paginator("list_executions").paginate(stateMachineArn=self.arn)
        return [each["executionArn"] for page in pages for each in page["executions"]]

    def started(self) -> str:
        """Return the execution that has not been looked at, when there is one; wait for it."""

        def look() -> str | None:
            return next((arn for arn in self.arns() if arn not in self._seen), None)

        arn = waited("an execution starts", look, 20)
        self._seen.add(arn)
        return arn

    def redrive(self, arn: str) -> None:
        """Let a failed execution go on where it failed, as its notification advises."""
        self._states.redrive_execution(executionArn=arn)

    def ended(self, arn: str, seconds: float = 120) -> Execution:
        """Wait for the execution's end and return what it left."""

        def look() -> Document | None:
            found: Document = self._states.describe_execution(executionArn=arn)
            return None if found["status"] == "RUNNING" else found

        found = waited(f"{arn} ends", look, seconds)
        return Execution(
            arn=arn,
            status=found["status"],
            output=json.loads(found.get("output") or "{}"),
            error=found.get("error", ""),
            cause=found.get("cause", ""),
            visited=self.visited(arn),
        )

    def visited(self, arn: str) -> tuple[str, ...]:
        """Return the states that an execution has entered so far, in order."""
        return tuple(
            event["stateEnteredEventDetails"]["name"]
            for event in self.history(arn)
            if "stateEnteredEventDetails" in event
        )

    def history(self, arn: str) -> list[Document]:
        """Return all events of an execution."""
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def documents(self) -> Iterator[tuple[str, str]]:
        """Yield (where, text) of everything that Step Functions keeps of every execution."""
        for arn in self.arns():
            yield arn, repr(self._states.describe_execution(executionArn=arn))
            yield f"history of {arn}", repr(self.history(arn))


class Inbox:
    """A queue in which a test collects what is told. kept: everything so far."""

    def __init__(self, emulator: Emulator, account: str, name: str) -> None:
        self.kept: list[Document] = []
        self._sqs = emulator.client("sqs", account)
        self.arn = f"arn:aws:sqs:{REGION}:{account}:{name}"
        everybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}
        policy = json.dumps({"Statement": [everybody | {"Resource": self.arn}]})
        made = self._sqs.create_queue(QueueName=name, Attributes={"Policy": policy})
        self._url = made["QueueUrl"]

    def next(self) -> Document:
        """Return the message that comes next. Raises Unexpected when none comes."""
        return waited("a message", self.poll, 20)

    def poll(self) -> Document | None:
        """Return a message that is there, else None."""
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=1)
        for message in found.get("Messages", []):
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            self.kept.append(json.loads(message["Body"]))
            return self.kept[-1]
        return None


def logs(emulator: Emulator, account: str) -> Iterator[tuple[str, str]]:
    """Yield (log group, text) of everything in an account's logs."""
    client = emulator.client("logs", account)
    for page in client.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            pages = client.get_paginator("filter_log_events").paginate(logGroupName=name)
            lines = [event["message"] for found in pages for event in found["events"]]
            yield name, "\n".join(lines)
