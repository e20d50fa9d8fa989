"""What a state machine calls itself: functions, the event bus, the topic; and how these calls fail.

Step Functions makes these calls, so faults are injected as the errors that it names them by (its
guide, "Error names" and the pages of each integration).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.control.machines import ARNS
from tests.faults.clock import VirtualClock
from tests.faults.functions import Function
from tests.faults.interpreter import Document, TaskFailed
from tests.faults.wire import Call, Wire

STEP = "state machine"
TIMEOUT_SECONDS = 320
ERRORS = {
    "lambda": {
        "5xx": "Lambda.ServiceException",
        "throttled": "Lambda.TooManyRequestsException",
        "refused": "Lambda.SdkClientException",
        "dropped": "Lambda.SdkClientException",
    },
    "events": {
        "5xx": "EventBridge.InternalException",
        "throttled": "EventBridge.ThrottlingException",
        "refused": "EventBridge.SdkClientException",
        "dropped": "EventBridge.SdkClientException",
    },
    "sns": {
        "5xx": "Sns.InternalErrorException",
        "throttled": "Sns.ThrottledException",
        "refused": "Sns.SdkClientException",
        "dropped": "Sns.SdkClientException",
    },
}
NAMES = {arn: name for name, arn in ARNS.items()}


@dataclass(frozen=True)
class Integrations:
    """Where the calls of a state machine go. Those to bus and topic are kept."""

    wire: Wire
    clock: VirtualClock
    functions: dict[str, Function]
    events: list[Document]
    notices: list[Document]

    def call(self, resource: str, arguments: Any) -> Any:
        """Return what the integration `resource` answers. Raises TaskFailed."""
        service, _, action = resource.rpartition(":::")[2].partition(":")
        operation = action
        if service == "lambda":
            operation = f"{action} {NAMES[arguments['FunctionName']]}"
        call = Call(STEP, service, operation)
        self.wire.calls.append(call)
        self.wire.changing.add(call)
        aim = self.wire.aim
        if aim is None or aim.call != call or aim.met >= aim.times:
            return self._done(service, arguments)
        aim.met += 1
        if aim.strike.kind == "killed":
            return self._killed(arguments, "end" if aim.strike.after else "start")
        if aim.strike.after:
            self._done(service, arguments)
        if aim.strike.kind == "timeout":
            self.clock.sleep(TIMEOUT_SECONDS)
            raise TaskFailed("States.Timeout", "")
        raise TaskFailed(ERRORS[service][aim.strike.kind], f"{operation}: as told")

    def _done(self, service: str, arguments: Any) -> Any:
        if service == "lambda":
            function = self.functions[NAMES[arguments["FunctionName"]]]
            payload = function.invoke(arguments["Payload"])
            return {"ExecutedVersion": "$LATEST", "StatusCode": 200, "Payload": payload}
        if service == "events":
            self.events.extend(
                {**entry, "Detail": json.loads(entry["Detail"])} for entry in arguments["Entries"]
            )
            return {"FailedEntryCount": 0, "Entries": [{"EventId": "e-1"}]}
        self.notices.append(arguments)
        return {"MessageId": "m-1"}

    def _killed(self, arguments: Any, when: str) -> Any:
        self.functions[NAMES[arguments["FunctionName"]]].invoke(arguments["Payload"], dies_at=when)
        raise AssertionError("the process was to be killed")
