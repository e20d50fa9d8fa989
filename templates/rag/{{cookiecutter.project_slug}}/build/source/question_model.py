"""Questions that a model on Amazon Bedrock writes about passages, as people would ask them.

It costs money and differs from run to run: write them once, review the file, and keep it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from source.bedrock_reply import patient_client, reply
from source.context import material
from source.evaluate_settings import ModelSettings
from source.prompts import Prompt
from source.question_rules import LEAST_PASSAGE, Indexed
from source.questions import Evidence, Question

WRITTEN = "written"
NO_QUESTION = "NO_QUESTION"
LONGEST = 300
QUOTED = 160
# That of Latin and Greek scripts, of Chinese and Japanese, and of Arabic.
QUESTION_MARKS = ("?", "\uff1f", "\u061f")


def ask_model(
    chunks: Sequence[Indexed], settings: ModelSettings, prompt: Prompt, client: Any = None
) -> list[Question]:
    """A question each about up to `max_questions` passages. Raises `ModelUnavailable`."""
    talker = client or patient_client(settings.region)
    long_enough = [chunk for chunk in chunks if len(chunk.text) >= LEAST_PASSAGE]
    chosen = sorted(long_enough, key=lambda chunk: hashlib.sha256(chunk.id.encode()).hexdigest())
    questions: dict[str, Question] = {}
    for chunk in chosen[: settings.max_questions]:
        said = reply(
            talker,
            settings.model_id,
            prompt.system,
            prompt.fill(context=material(chunk.text)),
            "evaluate.question_model",
        )
        text = " ".join(said.split())
        # A model that talks instead of asking has not understood the passage.
        if NO_QUESTION in text or not 0 < len(text) <= LONGEST or not text.endswith(QUESTION_MARKS):
            continue
        quote = " ".join(chunk.text.split())[:QUOTED]
        question = Question(text, WRITTEN, (Evidence(chunk.document, quote=quote),), chunk.labels)
        questions.setdefault(question.id, question)
    return list(questions.values())
