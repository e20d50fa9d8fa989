"""RedriveExecution, which MiniStack does not know: a failed execution goes on where it failed.

As Step Functions' guide has it ("Restarting state machine executions with redrive"): the same
execution runs on, with the input that it was started with; the task that failed is run once more
with the input and the variables that it had, and its attempts are counted anew. A Fail state would
fail again; here only tasks can be redriven. The history shows the first state once more, which is
skipped. Runs in MiniStack's environment.
"""

from __future__ import annotations

import contextvars
import copy
import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions

Document = dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """The task at which an execution has failed, and what it was given."""

    state: str
    given: Any
    variables: Document


_failures: dict[str, Failure] = {}
_resumed: contextvars.ContextVar[Failure | None] = contextvars.ContextVar("resumed", default=None)


def offer() -> None:
    """Remember where executions fail from now on, and take RedriveExecution."""
    _remember_failures()
    _skip_to_failures()
    _take_the_action()


def _remember_failures() -> None:
    perform = stepfunctions._execute_task

    def performed(state: Document, given: Any, execution: Document, context: Document) -> Any:
        before = copy.deepcopy(context["variables"])
        try:
            return perform(state, given, execution, context)
        except stepfunctions._ExecutionError:
            name = context["State"]["Name"]
            _failures[execution["executionArn"]] = Failure(name, given, before)
            raise

    stepfunctions._execute_task = performed


def _skip_to_failures() -> None:
    pass_on = stepfunctions._execute_pass

    def passed(state: Document, given: Any, context: Document) -> Any:
        failure = _resumed.get()
        if failure is None:
            return pass_on(state, given, context)
        _resumed.set(None)
        context["variables"].update(copy.deepcopy(failure.variables))
        return failure.given, failure.state

    stepfunctions._execute_pass = passed


def _take_the_action() -> None:
    handle = stepfunctions.handle_request

    async def handled(
        method: str, path: str, headers: Document, body: bytes, query: Document
    ) -> Any:
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return _redrive(json.loads(body)["executionArn"])
        return await handle(method, path, headers, body, query)

    stepfunctions.handle_request = handled


def _redrive(arn: str) -> Any:
    execution = stepfunctions._executions.get(arn)
    failure = _failures.pop(arn, None)
    if execution is None or execution["status"] != "FAILED" or failure is None:
        return error_response_json("ExecutionNotRedrivable", f"{arn} did not fail at a task", 400)
    execution |= {"status": "RUNNING", "output": None, "stopDate": None}
    execution.pop("error", None)
    execution.pop("cause", None)
    stepfunctions._add_event(execution, "ExecutionRedriven", {})

    def resume() -> None:
        _resumed.set(failure)
        stepfunctions._run_execution(arn)

    threading.Thread(target=contextvars.copy_context().run, args=(resume,), daemon=True).start()
    return json_response({"redriveDate": time.time()})
