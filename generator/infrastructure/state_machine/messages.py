"""What an administrator is told, as JSONata: what happened, the value, and the next command.

The texts are composed in the state machine, so that they are sent even when no function runs.
"""

from __future__ import annotations

# Who it is about: what Describe found, else what the event says.
_PROJECT = (
    "($exists($described.project.id) ? $described.project.id"
    " : $exists($event.detail.responseElements.id) ? $event.detail.responseElements.id"
    " : 'unknown')"
)
_DOMAIN = (
    "($exists($event.detail.requestParameters.domainIdentifier)"
    " ? $event.detail.requestParameters.domainIdentifier : 'unknown')"
)
_EXECUTION = "$states.context.Execution.Id"
_MACHINE = "$states.context.StateMachine.Id"
_CONTINUE = " \\\n    "


def error_message() -> str:
    """The message of an error: functions wrap it in JSON, services say it plainly."""
    wrapped = "$contains($string($states.errorOutput.Cause), '\"errorMessage\"')"
    return (
        f"{{% {wrapped} ? $parse($states.errorOutput.Cause).errorMessage"
        " : $string($states.errorOutput.Cause) %}"
    )


def cause() -> str:
    """The cause that the execution ends with, within what Step Functions allows."""
    return "{% $substring($string($failure.Cause), 0, 30000) %}"


def waited_too_long(minutes: int) -> str:
    """The reason when a project is not ready in time."""
    return (
        f"{{% 'the project was not ready after {minutes} minutes: ' & $described.reason"
        " & '; look at its environments in Unified Studio; wait.limit_minutes in aiops.toml"
        " sets how long is waited' %}"
    )


def seeded_subject() -> str:
    """The subject of a success: SNS takes at most 100 printable ASCII characters."""
    return f"{{% 'AIOps: project ' & {_PROJECT} & ' has its repositories' %}}"


def seeded() -> str:
    """The text of a success: where the repositories are, and what waits for a person."""
    return _lines(
        _text("The project ")
        + f" & $described.project.name & ' (' & {_PROJECT} & ') is ready to work with.'",
        "''",
        *_repository("build"),
        *_repository("deploy"),
        "($count($deploy.missing) > 0 ? 'Not known yet, null in cicd-config.json: '"
        " & $join($deploy.missing, ', ') : 'Every fact of the project is known.')",
        "($count($deploy.notes) > 0 ? 'Not as it was wanted: ' & $join($deploy.notes, '; ')"
        " : 'Everything on GitHub is set up as it was wanted.')",
        "''",
        f"'Execution: ' & {_EXECUTION}",
    )


def failed_subject() -> str:
    """The subject of a failure."""
    return f"{{% 'AIOps: project ' & {_PROJECT} & ' needs you' %}}"


def failed() -> str:
    """The text of a failure: what was wrong and how to start again."""
    start = (
        f"'  aws stepfunctions start-execution --state-machine-arn ' & {_MACHINE}"
        f" & '{_escaped(_CONTINUE)}--input \"$(aws stepfunctions describe-execution"
        f" --execution-arn ' & {_EXECUTION} & '{_escaped(_CONTINUE)}--query input"
        " --output text)\"'"
    )
    create = f"'  aiops create --project ' & {_PROJECT} & ' --domain ' & {_DOMAIN}"
    return _lines(
        f"'The repositories of project ' & {_PROJECT} & ' could not be completed.'",
        "''",
        "'What was wrong: ' & $substring($string($failure.Cause), 0, 4000)",
        "'Kind of error:  ' & $failure.Error",
        "''",
        _text("Correct the cause, then run it again. What is in place stays as it is:"),
        start,
        _text("or, from a laptop:"),
        create,
        "''",
        f"'Execution: ' & {_EXECUTION}",
    )


def _repository(role: str) -> list[str]:
    document = f"${role}"
    waiting = (
        f"($exists({document}.pull_request) and {document}.pull_request != null"
        f" ? ', waits for this pull request: ' & {document}.pull_request : '')"
    )
    return [
        f"'  {role}: ' & {document}.url & ' (' & {document}.state & ' on ' & {document}.branch"
        f" & ')' & {waiting}"
    ]


def _lines(*expressions: str) -> str:
    """A JSONata text of one line for each expression."""
    return "{% $join([" + ", ".join(f"({text})" for text in expressions) + "], '\\n') %}"


def _text(plain: str) -> str:
    return f"'{plain}'"


def _escaped(plain: str) -> str:
    """As it stands between quotes in JSONata."""
    return plain.replace("\\", "\\\\").replace("\n", "\\n")
