"""Every error that the control plane can end with has its row among the operations."""

from __future__ import annotations

from documentation.errors import reachable_errors
from documentation.pages import DOCS, codes, rows
from generator.control.transient import TRANSIENT
from generator.infrastructure.state_machine.retries import KILLED, LAMBDA_ERRORS, TIMEOUT

PAGE = DOCS / "operations.md"
# What Step Functions itself reports about our states.
OF_STATES = {TIMEOUT, "States.QueryEvaluationError", "States.TaskFailed"}


def documented() -> dict[str, dict[str, str]]:
    """Error -> its row."""
    return {name: row for row in rows(PAGE, "error") for name in codes(row["error"])}


def test_every_error_has_a_row() -> None:
    raised = {*reachable_errors(), "InputError", *LAMBDA_ERRORS, *KILLED, *OF_STATES}
    assert set(documented()) == raised
    assert all(row["what to do"] for row in documented().values())


def test_no_error_has_two_rows() -> None:
    names = [name for row in rows(PAGE, "error") for name in codes(row["error"])]
    assert len(names) == len(set(names))


def test_those_that_pass_are_told_apart() -> None:
    text = PAGE.read_text()
    passing = text[text.index("### Errors that pass") : text.index("### Errors\n")]
    for name in (*TRANSIENT, *LAMBDA_ERRORS, *KILLED):
        assert f"`{name}`" in passing, name
    others = set(reachable_errors()) - set(TRANSIENT)
    assert not [name for name in others if f"`{name}`" in passing]
