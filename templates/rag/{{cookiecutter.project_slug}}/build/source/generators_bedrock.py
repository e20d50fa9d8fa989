"""Answers by a language model on Amazon Bedrock (Converse), as they are written.

Instructions are in the system part, passages and question in the user's. With a guardrail these
two are marked as what they are, so that its check of grounding knows source and query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from source.answers import Usage
from source.citations import citations_of
from source.context import context, material
from source.generation_settings import GenerationSettings
from source.generators import REFUSAL, Draft, GenerationFailed
from source.passages import Passage
from source.prompts import Prompt

# What the prompt asks the model to reply where the passages have no answer.
NO_ANSWER = "NO_ANSWER"
BUSY = ("ThrottlingException", "ServiceUnavailableException", "ModelNotReadyException")
QUALIFIERS = {"context": "grounding_source", "question": "query"}


def bedrock_client(region: str | None) -> Any:
    """A client that gives up in time for a caller who waits; SageMaker allows a minute."""
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 3, "mode": "standard"}, connect_timeout=5, read_timeout=50
    )
    return boto3.client("bedrock-runtime", region_name=region, config=config)


class BedrockGenerator:
    """One model behind Converse."""

    def __init__(self, settings: GenerationSettings, prompt: Prompt, client: Any) -> None:
        self._settings = settings
        self._prompt = prompt
        self._client = client

    def stream(self, question: str, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        """The answer's text as it comes, then the answer. Raises `GenerationFailed`."""
        from botocore.exceptions import BotoCoreError, ClientError

        text, shown, reason, usage = "", 0, "", Usage()
        try:
            reply = self._client.converse_stream(**self.request(question, passages))
            for event in reply["stream"]:
                if "contentBlockDelta" in event:
                    text += event["contentBlockDelta"]["delta"].get("text", "")
                    # What may still become the word for "no answer" is not shown.
                    if not NO_ANSWER.startswith(text.strip()[: len(NO_ANSWER)]):
                        yield text[shown:]
                        shown = len(text)
                elif "messageStop" in event:
                    reason = event["messageStop"]["stopReason"]
                elif "metadata" in event:
                    used = event["metadata"].get("usage", {})
                    usage = Usage(used.get("inputTokens", 0), used.get("outputTokens", 0))
        except (BotoCoreError, ClientError) as error:
            raise _failed(self._settings.model_id, error) from error
        intervened = reason == "guardrail_intervened"
        plain = text.strip()
        if not plain or plain.startswith(NO_ANSWER):
            yield REFUSAL
            yield Draft(REFUSAL, (), True, usage, intervened)
            return
        if shown < len(text):
            yield text[shown:]
        citations = () if intervened else citations_of(plain, passages)
        yield Draft(plain, citations, intervened, usage, intervened)

    def request(self, question: str, passages: Sequence[Passage]) -> dict[str, Any]:
        """The request of Converse for a question."""
        settings = self._settings
        parts = self._prompt.parts(context=context(passages), question=material(question))
        request: dict[str, Any] = {
            "modelId": settings.model_id,
            "system": [{"text": self._prompt.system}],
            "messages": [{"role": "user", "content": [{"text": "".join(t for _, t in parts)}]}],
            "inferenceConfig": {
                "maxTokens": settings.max_tokens,
                "temperature": settings.temperature,
            },
        }
        if settings.guardrail is not None:
            request["guardrailConfig"] = {
                "guardrailIdentifier": settings.guardrail.id,
                "guardrailVersion": str(settings.guardrail.version),
            }
            request["messages"][0]["content"] = [_block(name, text) for name, text in parts]
        return request


def _block(name: str | None, text: str) -> dict[str, Any]:
    if name is None:
        return {"text": text}
    return {"guardContent": {"text": {"text": text, "qualifiers": [QUALIFIERS[name]]}}}


def _failed(model_id: str | None, error: Exception) -> GenerationFailed:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    code = str(response.get("Error", {}).get("Code", ""))
    # Errors inside a stream name themselves without a capital.
    busy = code[:1].upper() + code[1:] in BUSY
    advice = (
        "the model is busy: try again, or ask for more quota"
        if busy
        else "check the model id, access to it in this region, and bedrock:InvokeModel and "
        "bedrock:InvokeModelWithResponseStream of the role"
    )
    return GenerationFailed(
        f"generation: Bedrock does not answer for {model_id}: {error}; {advice}", busy=busy
    )
