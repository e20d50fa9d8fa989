"""Chooses the weights of retrieval and the score of a refusal for an index that was just built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from source.answering import Answerer
from source.evaluate_settings import EvaluateSettings, evaluate_settings
from source.fusion import Weights
from source.generation_settings import AUTO, DEFAULT_MIN_SCORE, generation_settings
from source.generators import open_generator
from source.prompts import Prompt
from source.question_set import model_questions, question_set
from source.questions import QuestionsUnusable, split_questions
from source.retrieval import Retriever
from source.terms import Terms
from source.tuning import Chosen, choose_min_score, choose_weights

METRIC = "recall_at_5"


def choose(
    retriever: Retriever,
    terms: Terms,
    prompts: Mapping[str, Prompt],
    document: Mapping[str, Any],
    questions: Path | None,
) -> Chosen:
    """What the settings leave to validation questions; what they say is kept.

    `document` has the sections of the settings, `questions` the folder or file of given ones.
    Raises `UserError`.
    """
    given = retriever.settings.weights
    generation = generation_settings(document)
    weights = given if isinstance(given, Weights) else Weights()
    min_score = DEFAULT_MIN_SCORE if generation.min_score == AUTO else float(generation.min_score)
    if isinstance(given, Weights) and generation.min_score != AUTO:
        return Chosen(weights.bm25, weights.dense, min_score, "weights and min_score: as given")
    settings = evaluate_settings(document)
    validation = _validation(retriever, terms, prompts, settings, questions)
    if validation is None:
        note = "the index has too few questions to choose by"
        return Chosen(weights.bm25, weights.dense, min_score, note)
    asked = retriever.remembering()
    notes = []
    if not isinstance(given, Weights):
        metric = str((document.get("gate") or {}).get("metric") or METRIC)
        bm25, dense, note = choose_weights(
            lambda bm25, dense: asked.with_weights(Weights(bm25, dense)), validation, metric
        )
        weights = Weights(bm25, dense)
        notes.append(note)
    if generation.min_score == AUTO:
        answerer = Answerer(
            asked.with_weights(weights),
            open_generator(generation, prompts["answer"], terms),
            terms,
            DEFAULT_MIN_SCORE,
        )
        min_score, note = choose_min_score(answerer, validation, retriever.settings.top_k)
        notes.append(note)
    return Chosen(weights.bm25, weights.dense, min_score, "; ".join(notes))


def _validation(
    retriever: Retriever,
    terms: Terms,
    prompts: Mapping[str, Prompt],
    settings: EvaluateSettings,
    questions: Path | None,
) -> Any:
    """Questions that Evaluate will not ask; None for a corpus that gives too few."""
    written = model_questions(settings, prompts.get("write_questions"))
    try:
        found = question_set(settings, questions, retriever.chunks, terms, written)
    except QuestionsUnusable as error:
        if settings.questions != "generated":
            raise
        print(f"weights are not tuned: {error}", flush=True)
        return None
    return split_questions(found.usable, settings.validation_share).validation
