"""How a step ends: what it says, and where SageMaker looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from source.exits import MESSAGE_BYTES, StepFailed, conclude, run_step


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SM_OUTPUT_DIR", str(tmp_path))
    return tmp_path


def test_a_conclusion_is_the_exit_message_and_no_failure(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_step(lambda: conclude("3 documents" + " and more" * 1000))
    assert capsys.readouterr().out.startswith("3 documents and more")
    (message,) = output.iterdir()
    assert message.name == "message" and message.read_text().startswith("3 documents")
    assert message.stat().st_size == MESSAGE_BYTES


def test_a_reason_is_one_line_and_exit_code_1(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def step() -> None:
        raise StepFailed("there is no document; bring one")

    with pytest.raises(SystemExit) as ended:
        run_step(step)
    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: there is no document; bring one\n"
    assert {path.name for path in output.iterdir()} == {"failure", "message"}
    assert (output / "failure").read_text() == "there is no document; bring one"


def test_a_defect_keeps_its_traceback_and_is_named(output: Path) -> None:
    def step() -> None:
        raise ZeroDivisionError("by 0")

    with pytest.raises(ZeroDivisionError):
        run_step(step)
    assert (output / "message").read_text() == "ZeroDivisionError: by 0"
