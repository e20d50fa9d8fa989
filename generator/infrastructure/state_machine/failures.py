"""Who is told when a project's execution fails: a small state machine of its own.

Its input is the event "Step Functions Execution Status Change", which also comes for executions
that were cut off or stopped, and which no state of the failed execution could send itself without
taking away its redrive. The delivery of these events is best effort (EventBridge's reference), so
alarms watch the same failures by their metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.infrastructure.state_machine import messages
from generator.infrastructure.state_machine.tasks import call

if TYPE_CHECKING:
    from generator.config.model import Wait

SOURCE, DETAIL_TYPE = "aws.states", "Step Functions Execution Status Change"
STATUSES = ("FAILED", "TIMED_OUT", "ABORTED")


def failure_events(state_machine_arn: str) -> dict[str, Any]:
    """Return the pattern of the events: executions of that state machine that did not succeed."""
    return {
        "source": [SOURCE],
        "detail-type": [DETAIL_TYPE],
        "detail": {"stateMachineArn": [state_machine_arn], "status": list(STATUSES)},
    }


def failure_machine(topic_arn: str, wait: Wait, *, partition: str = "aws") -> dict[str, Any]:
    """Return the definition, to be written as JSON. wait: bounds of the pauses between attempts."""
    tell = call("sns:publish", wait, partition) | {
        "Arguments": {
            "TopicArn": topic_arn,
            "Subject": messages.failed_subject(),
            "Message": messages.failed(),
        },
        # What cannot be composed from the event is still told, as it came.
        "Catch": [
            {"ErrorEquals": ["States.QueryEvaluationError"], "Next": "TellAsItCame"},
        ],
        "End": True,
    }
    plainly = call("sns:publish", wait, partition) | {
        "Arguments": {
            "TopicArn": topic_arn,
            "Subject": "AIOps: a project needs you",
            "Message": messages.failed_as_it_came(),
        },
        "End": True,
    }
    return {
        "Comment": "Tells that a project could not get its repositories",
        "QueryLanguage": "JSONata",
        "TimeoutSeconds": 3600,
        "StartAt": "Start",
        "States": {
            # The state after a caught error is given the error: what it is about is kept here.
            "Start": {
                "Type": "Pass",
                "Assign": {"event": "{% $states.input %}"},
                "Next": "Tell",
            },
            "Tell": tell,
            "TellAsItCame": plainly,
        },
    }
