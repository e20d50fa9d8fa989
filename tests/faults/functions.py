"""Lambda functions without Lambda: an environment that is reused, time that ends, real deaths.

An invocation whose process shall die runs in a process of its own, which is killed from outside by
SIGKILL; all others run in this one. Errors become what Lambda makes of them.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from generator.control.ports import Ports
from generator.handlers.entry import Step, entry
from generator.infrastructure.functions import FunctionSpec
from tests.faults.clock import OutOfTime, VirtualClock
from tests.faults.interpreter import Document, TaskFailed
from tests.faults.wire import Wire


@dataclass
class Context:
    """What Lambda gives beside the event."""

    clock: VirtualClock
    deadline: float
    aws_request_id: str = "6bc28136-xmpl-4365-b021-0ce6b2e64ab0"

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left of the function's time."""
        return int((self.deadline - self.clock.time()) * 1000)


@dataclass
class Function:
    """A function of the control plane. open_ports: made by a new environment, once.

    wrapped: whether it is given the bare event. cold: whether its environment is yet to be made.
    """

    spec: FunctionSpec
    step: Step
    open_ports: Callable[[], Ports]
    wire: Wire
    clock: VirtualClock
    wrapped: bool = False
    _ports: Ports | None = field(default=None, repr=False)

    def restart(self) -> None:
        """Forget the environment: the next invocation has a new one."""
        self._ports = None

    def invoke(self, given: Any, dies_at: str | None = None) -> Document:
        """Return what the function returns. Raises TaskFailed, as Lambda tells of it.

        dies_at: start or end, when its process shall be killed there.
        """
        given = json.loads(json.dumps(given))
        with self.wire.step(self.spec.name):
            aim = self.wire.aim
            if dies_at or (aim and aim.kills(self.spec.name)):
                return self._in_a_process_of_its_own(given, dies_at)
            return self._here(given)

    def _here(self, given: Any) -> Document:
        try:
            with self.clock.deadline(self.spec.timeout_seconds) as deadline:
                handler = entry(self.spec.name, self.step, self._open, wrapped=self.wrapped)
                done = handler(given, Context(self.clock, deadline))
                answer: Document = json.loads(json.dumps(done))
                return answer
        except OutOfTime:
            self.restart()
            seconds = f"Task timed out after {self.spec.timeout_seconds}.00 seconds"
            raise TaskFailed("Sandbox.Timedout", json.dumps({"errorMessage": seconds})) from None
        except Exception as error:
            raise TaskFailed(type(error).__name__, json.dumps(_told(error))) from None

    def _open(self) -> Ports:
        if self._ports is None:
            self._ports = self.open_ports()
        return self._ports

    def _in_a_process_of_its_own(self, given: Any, dies_at: str | None) -> Document:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            self._be_the_child(writing, given, dies_at)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(child, 0)
        self.restart()
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            if self.wire.aim and not dies_at:
                self.wire.aim.met += 1
            cause = {"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"}
            raise TaskFailed("Runtime.ExitError", json.dumps(cause))
        answer = pickle.loads(told)
        if isinstance(answer, TaskFailed):
            raise answer
        done: Document = answer
        return done

    def _be_the_child(self, writing: int, given: Any, dies_at: str | None) -> None:
        """Play the invocation and end; whatever happens, this process must not go on as a test."""
        try:
            if dies_at == "start":
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                answer: Document | TaskFailed = self._here(given)
            except TaskFailed as failure:
                answer = failure
            if dies_at == "end":
                os.kill(os.getpid(), signal.SIGKILL)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(pickle.dumps(answer))
        finally:
            os._exit(0)


def _told(error: Exception) -> Document:
    """What Lambda's runtime reports of an error."""
    frames = traceback.format_tb(error.__traceback__)
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": [*frames, *traceback.format_exception(error)],
    }
