"""The states and their order.

```
Start -> Describe -> Judge --READY--> SeedBuild -> SeedDeploy -> Record -> Notify -> Done
            ^          |--NOT_OURS--> NotOurs
            +-- Pause <-- PENDING
```

The input is the event as EventBridge delivers it. Nothing is kept but what the next states need:
the event and the small documents that the functions return.

No failure is caught here, and there is no Fail state, so that a failed execution can be redriven:
Step Functions then runs the task that failed once more, while a Fail state would only fail again
(its guide, "Redrive behavior of individual states"). A project that cannot be prepared, or is not
ready in time, is an error of Describe for the same reason. Every step converges, whatever an
earlier attempt has left. `failures` says who is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from generator.infrastructure.state_machine import messages
from generator.infrastructure.state_machine.retries import (
    RENEWED_SECONDS,
    lambda_retries,
    pauses,
)
from generator.infrastructure.state_machine.tasks import TELL_SECONDS, State, call

if TYPE_CHECKING:
    from generator.config.model import Wait

# What `state_machine` needs the ARN of: three functions, and where results are told.
FUNCTIONS = ("describe", "seed_build", "seed_deploy")
TARGETS = (*FUNCTIONS, "bus", "topic")

# A little above the functions' own limits, so that their error is seen rather than this one.
DESCRIBE_SECONDS = 70
SEED_SECONDS = 320

SOURCE = "aiops.generator"
SEEDED = "AIOps Project Seeded"


def state_machine(
    arns: Mapping[str, str],
    wait: Wait,
    *,
    partition: str = "aws",
) -> dict[str, Any]:
    """Return the definition, to be written as JSON.

    arns: those of `TARGETS` by name; bus and topic are an event bus and an SNS topic. wait: bounds
    of waiting for a project, and of the pauses between attempts. partition: of AWS, as ARNs name
    it. Values may be placeholders of whoever deploys it.
    """
    missing = [name for name in TARGETS if name not in arns]
    if missing:
        raise ValueError(f"the state machine needs the ARN of {', '.join(missing)}")
    return {
        "Comment": "From a new project to its two repositories",
        "QueryLanguage": "JSONata",
        "TimeoutSeconds": execution_timeout(wait),
        "StartAt": "Start",
        "States": {
            **_waiting(arns, wait, partition),
            **_seeding(arns, wait, partition),
            **_telling(arns, wait, partition),
        },
    }


def execution_timeout(wait: Wait) -> int:
    """Return the seconds after which an execution is cut off: above all that it may wait for."""
    attempts = len(pauses(wait)) + 1
    steps = (DESCRIBE_SECONDS + 2 * SEED_SECONDS) * attempts + 3 * sum(pauses(wait))
    return 60 * wait.limit_minutes + steps + 2 * RENEWED_SECONDS + 10 * TELL_SECONDS


def _waiting(arns: Mapping[str, str], wait: Wait, partition: str) -> dict[str, State]:
    return {
        "Start": {
            "Type": "Pass",
            "Assign": {
                "event": "{% $states.input %}",
                "described": {},
                "pause": wait.first_seconds,
                "waited": 0,
            },
            "Next": "Describe",
        },
        "Describe": _function("describe", arns, wait, partition, waited_seconds="{% $waited %}")
        | {
            "TimeoutSeconds": DESCRIBE_SECONDS,
            "Assign": {"described": "{% $states.result.Payload %}"},
            "Next": "Judge",
        },
        "Judge": {
            "Type": "Choice",
            "Choices": [
                _when("$described.status = 'READY'", "SeedBuild"),
                # Describe ends the waiting: after too long it fails.
                _when("$described.status = 'PENDING'", "Pause"),
                _when("$described.status = 'NOT_OURS'", "NotOurs"),
            ],
        },
        "Pause": {
            "Type": "Wait",
            "Seconds": "{% $pause %}",
            # Both are computed from the values before this state.
            "Assign": {
                "waited": "{% $waited + $pause %}",
                "pause": (
                    f"{{% $min([{wait.longest_seconds}, $ceil($pause * {wait.backoff_rate})]) %}}"
                ),
            },
            "Next": "Describe",
        },
        "NotOurs": {"Type": "Succeed", "Output": "{% $described %}"},
    }


def _seeding(arns: Mapping[str, str], wait: Wait, partition: str) -> dict[str, State]:
    return {
        "SeedBuild": _function("seed_build", arns, wait, partition)
        | {
            "TimeoutSeconds": SEED_SECONDS,
            "Assign": {"build": "{% $states.result.Payload %}"},
            "Next": "SeedDeploy",
        },
        "SeedDeploy": _function("seed_deploy", arns, wait, partition)
        | {
            "TimeoutSeconds": SEED_SECONDS,
            "Assign": {"deploy": "{% $states.result.Payload %}"},
            "Next": "Record",
        },
    }


def _telling(arns: Mapping[str, str], wait: Wait, partition: str) -> dict[str, State]:
    detail = (
        "{% $string({'project': $described.project, 'build': $build, 'deploy': $deploy,"
        " 'execution': $states.context.Execution.Id}) %}"
    )
    return {
        "Record": call("events:putEvents", wait, partition)
        | {
            "Arguments": {
                "Entries": [
                    {
                        "EventBusName": arns["bus"],
                        "Source": SOURCE,
                        "DetailType": SEEDED,
                        "Detail": detail,
                    }
                ]
            },
            "Next": "Notify",
        },
        "Notify": call("sns:publish", wait, partition)
        | {
            "Arguments": {
                "TopicArn": arns["topic"],
                "Subject": messages.seeded_subject(),
                "Message": messages.seeded(),
            },
            "Next": "Done",
        },
        "Done": {
            "Type": "Succeed",
            "Output": {
                "project": "{% $described.project %}",
                "build": "{% $build %}",
                "deploy": "{% $deploy %}",
            },
        },
    }


def _function(name: str, arns: Mapping[str, str], wait: Wait, partition: str, **more: str) -> State:
    """A call of one of our functions. more: what it is given besides the event."""
    return {
        "Type": "Task",
        "Resource": f"arn:{partition}:states:::lambda:invoke",
        "Arguments": {
            "FunctionName": arns[name],
            "Payload": {
                "event": "{% $event %}",
                "execution_id": "{% $states.context.Execution.Id %}",
                **more,
            },
        },
        "Retry": lambda_retries(wait),
    }


def _when(condition: str, next_state: str) -> State:
    return {"Condition": f"{{% {condition} %}}", "Next": next_state}
