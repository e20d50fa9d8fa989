"""One short reply of a model on Amazon Bedrock, for jobs that can wait when it is busy."""

from __future__ import annotations

from typing import Any

from source.errors import UserError

MAX_TOKENS = 300


class ModelUnavailable(UserError):
    """Bedrock refuses; the text says what to check."""


def patient_client(region: str | None) -> Any:
    """A client that waits and tries again when Bedrock is busy."""
    import boto3
    from botocore.config import Config

    retries = Config(retries={"total_max_attempts": 8, "mode": "adaptive"}, read_timeout=120)
    return boto3.client("bedrock-runtime", region_name=region, config=retries)


def reply(client: Any, model_id: str, system: str, user: str, setting: str) -> str:
    """What the model says. `setting` is the key that names it. Raises `ModelUnavailable`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client.converse(
            modelId=model_id,
            system=[{"text": system}],
            messages=[{"role": "user", "content": [{"text": user}]}],
            inferenceConfig={"maxTokens": MAX_TOKENS, "temperature": 0.0},
        )
    except (BotoCoreError, ClientError) as error:
        raise ModelUnavailable(
            f"{setting}: Bedrock does not answer for {model_id}: {error}; check the model id, "
            "access to it in this region and bedrock:InvokeModel of the job's role"
        ) from error
    return "".join(part.get("text", "") for part in answer["output"]["message"]["content"]).strip()
