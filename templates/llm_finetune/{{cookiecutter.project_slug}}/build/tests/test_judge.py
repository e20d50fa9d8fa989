"""The judge on Bedrock, against botocore's own model of the service; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import ANY, Stubber
from instruction_sets import rows

from source.evaluate_settings import JudgeSettings
from source.judge import JudgeFailed, bedrock_client, grade

SETTINGS = JudgeSettings("anthropic.some-model", "Is the {right} person named?", "eu-west-1", 3)


@pytest.fixture
def client() -> Any:
    return boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
        config=Config(retries={"max_attempts": 1, "mode": "standard"}),
    )


def reply(text: str) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    }


def graded(client: Any, replies: Sequence[str]) -> Any:
    with Stubber(client) as stub:
        for text in replies:
            stub.add_response(
                "converse",
                reply(text),
                {
                    "modelId": "anthropic.some-model",
                    "system": ANY,
                    "messages": ANY,
                    "inferenceConfig": {"maxTokens": 200, "temperature": 0.0},
                },
            )
        found = grade(rows(5), ["bad"] * 5, ["good"] * 5, SETTINGS, client)
        stub.assert_no_pending_responses()
    return found


def test_both_models_are_graded_on_the_same_rows(client: Any) -> None:
    found = graded(
        client, ["Wrong.\nGrade: 1", "Right.\nGrade: 5"] * 2 + ["Grade: 3", "**Grade:** 4"]
    )
    assert found.base.tolist() == [0.0, 0.0, 0.5]
    assert found.tuned.tolist() == [1.0, 1.0, 0.75]
    assert found.ungraded == 0


def test_a_reply_without_a_grade_leaves_the_row_out_for_both(client: Any) -> None:
    found = graded(
        client, ["Grade: 2", "I cannot say.", "Grade: 1", "Grade: 5", "Grade: 3", "Grade: 3"]
    )
    assert found.base.tolist() == [0.0, 0.5] and found.tuned.tolist() == [1.0, 0.5]
    assert found.ungraded == 1


@pytest.mark.parametrize("text", ["fine", "Grade: 9", "Grade: 4.5", "upgrade 3"])
def test_a_judge_that_does_not_grade_is_said_so(client: Any, text: str) -> None:
    with pytest.raises(JudgeFailed, match=r"graded 0 of 3 rows; its replies lack a line"):
        graded(client, [text] * 6)


def test_what_is_asked_holds_rubric_prompt_expected_and_answer(client: Any) -> None:
    asked: dict[str, Any] = {}

    def keep(params: dict[str, Any], **_: Any) -> None:
        asked.update(params)

    client.meta.events.register("provide-client-params.bedrock-runtime.Converse", keep)
    graded(client, ["Grade: 3"] * 6)
    assert "Is the {right} person named?" in asked["system"][0]["text"]
    text = asked["messages"][0]["content"][0]["text"]
    assert "<expected>\nCarla: red coat\n</expected>" in text
    assert "<answer>\ngood\n</answer>" in text and "user: Carla wants" in text


def test_a_refusal_of_the_service_names_model_and_permission(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("converse", "AccessDeniedException", "You have no access")
        with pytest.raises(JudgeFailed, match=r"anthropic.some-model: .*no access.*bedrock:Invoke"):
            grade(rows(1), ["a"], ["b"], SETTINGS, stub.client)


def test_the_client_waits_and_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    made = bedrock_client(SETTINGS)
    assert made.meta.region_name == "eu-west-1"
    assert made.meta.config.retries == {"total_max_attempts": 9, "mode": "adaptive"}
