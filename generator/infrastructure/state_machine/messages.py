"""What an administrator is told, as JSONata: what happened, the value, and the next command.

The texts are composed in the state machine, so that they are sent even when no function runs.
"""

from __future__ import annotations

from generator import patterns

# Whose repositories they are, as Describe found.
_PROJECT = "$described.project.id"
_EXECUTION = "$states.context.Execution.Id"
_CONTINUE = " \\\n    "

# Of an event about an execution. What is not what it should be is left out: people run these
# commands. The cause of a function's error is wrapped in JSON; services say theirs plainly.
_OF_A_FAILURE = " ".join(
    (
        "$detail := $event.detail;",
        "$given := $type($detail.input) = 'string' ? $parse($detail.input) : {};",
        # In some dialects "$" also matches before a line's end, which trimming takes away.
        "$known := function($value, $pattern) { $type($value) = 'string'",
        "and $trim($value) = $value and $contains($value, $pattern) ? $value : 'unknown' };",
        f"$project := $known($given.detail.responseElements.id, /^{patterns.PROJECT_ID}$/);",
        "$domain := $known($given.detail.requestParameters.domainIdentifier,",
        f"/^{patterns.DOMAIN_ID}$/);",
        "$cause := $type($detail.cause) = 'string' ? $detail.cause : '';",
        r'$said := $contains($cause, /^\{[\s\S]*"errorMessage"[\s\S]*\}$/)',
        "? $parse($cause).errorMessage : $cause;",
        "$reason := $detail.status = 'ABORTED' ? 'somebody stopped the execution. ' & $said",
        ": $detail.status = 'TIMED_OUT' ? 'it ran longer than any wait allows: see its last state'",
        "& ' in Step Functions. ' & $said",
        ": $said;",
    )
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
    """The subject of a failure; `event` is that of an execution that did not succeed."""
    return f"{{% ({_OF_A_FAILURE} 'AIOps: project ' & $project & ' needs you') %}}"


def failed() -> str:
    """The text of a failure: what was wrong and how to go on."""
    redrive = "'  aws stepfunctions redrive-execution --execution-arn ' & $detail.executionArn"
    again = (
        "'  aws stepfunctions start-execution --state-machine-arn ' & $detail.stateMachineArn"
        f" & '{_escaped(_CONTINUE)}--input \"$(aws stepfunctions describe-execution"
        f" --execution-arn ' & $detail.executionArn & '{_escaped(_CONTINUE)}--query input"
        " --output text)\"'"
    )
    text = _joined(
        "'The repositories of project ' & $project & ' could not be completed.'",
        "''",
        "'What was wrong: ' & $substring($reason, 0, 4000)",
        "'Kind of error:  ' & ($type($detail.error) = 'string' ? $detail.error : $detail.status)",
        "''",
        _text("Correct the cause, then go on where it failed. What is in place stays as it is:"),
        redrive,
        _text("or, after 14 days or a new version of the state machine, from the beginning:"),
        again,
        _text("or, from a laptop:"),
        "'  aiops create --project ' & $project & ' --domain ' & $domain",
        "''",
        "'Execution: ' & $detail.executionArn",
    )
    return f"{{% ({_OF_A_FAILURE} {text}) %}}"


def failed_as_it_came() -> str:
    """The text of a failure whose event is not what it should be."""
    return "{% $join(['An execution failed, and said:', $string($event.detail)], '\\n') %}"


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
    return f"{{% {_joined(*expressions)} %}}"


def _joined(*expressions: str) -> str:
    return "$join([" + ", ".join(f"({text})" for text in expressions) + "], '\\n')"


def _text(plain: str) -> str:
    return f"'{plain}'"


def _escaped(plain: str) -> str:
    """As it stands between quotes in JSONata."""
    return plain.replace("\\", "\\\\").replace("\n", "\\n")
