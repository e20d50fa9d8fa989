"""Reorders the passages that were found with a model that reads question and passage together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from source.errors import UserError
from source.index_settings import RetrievalSettings

# What the Rerank operation takes at once.
MOST = 1000


class RerankerFailed(UserError):
    """The reranker did not answer as it should; the text says why."""


class Reranker(Protocol):
    """Scores passages for a question. Many threads may use one."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, higher for better. Raises `RerankerFailed`."""
        ...


@dataclass(frozen=True)
class BedrockReranker:
    """A reranking model on Amazon Bedrock; `runtime` is a client of bedrock-agent-runtime."""

    model_arn: str
    runtime: Any

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Relevance of each text, 0 to 1. Raises `RerankerFailed`."""
        from botocore.exceptions import BotoCoreError, ClientError

        if not texts:
            return []
        sources = [
            {
                "type": "INLINE",
                "inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": text}},
            }
            for text in texts[:MOST]
        ]
        model = {"modelArn": self.model_arn}
        try:
            answer = self.runtime.rerank(
                queries=[{"type": "TEXT", "textQuery": {"text": question}}],
                sources=sources,
                rerankingConfiguration={
                    "type": "BEDROCK_RERANKING_MODEL",
                    "bedrockRerankingConfiguration": {
                        "modelConfiguration": model,
                        "numberOfResults": len(sources),
                    },
                },
            )
        except (ClientError, BotoCoreError) as error:
            raise RerankerFailed(f"model {self.model_arn}: {error}") from error
        found = [0.0] * len(texts)
        for result in answer["results"]:
            found[result["index"]] = float(result["relevanceScore"])
        return found


def open_reranker(settings: RetrievalSettings) -> Reranker | None:
    """The reranker of the settings; None for none."""
    if settings.reranker == "none":
        return None
    from source.encoder_remote import client

    runtime = client("bedrock-agent-runtime", settings.region)
    model = str(settings.reranker_model)
    if not model.startswith("arn:"):
        region = runtime.meta.region_name
        partition = runtime.meta.partition
        model = f"arn:{partition}:bedrock:{region}::foundation-model/{model}"
    return BedrockReranker(model, runtime)
