"""The application in a package folder: its index, its prompts and its settings, ready to answer.

Everything is checked while it is opened. What is damaged or does not fit is refused here, so that
an endpoint that comes up can answer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from source.answering import Answerer, searched_text
from source.fusion import Weights
from source.generation_settings import (
    AUTO,
    DEFAULT_MIN_SCORE,
    GenerationSettings,
    generation_settings,
    with_stage_guardrail,
)
from source.generators import open_generator
from source.package import Package, load_package
from source.prompts import Prompt, load_prompts
from source.retrieval import Retriever
from source.terms import FILE, Terms
from source.tuning import Chosen


@dataclass(frozen=True)
class Application:
    """A package that answers; `retriever` has the weights that were chosen."""

    package: Package
    retriever: Retriever
    answerer: Answerer
    prompts: Mapping[str, Prompt]
    generation: GenerationSettings
    top_k: int

    @property
    def description(self) -> dict[str, Any]:
        """What reports and endpoints say about it."""
        metadata = dict(self.package.metadata)
        prompt = self.prompts["answer"]
        return {
            **metadata,
            "generation": self.generation.kind,
            "model_id": self.generation.model_id,
            "prompt": {"name": prompt.name, "version": prompt.version, "sha256": prompt.sha256},
            "chosen": self.package.settings.get("chosen"),
        }


def open_application(folder: Path) -> Application:
    """Open a package. Raises `UserError` for one that cannot be trusted or does not fit.

    The environment may name a guardrail in place of the package's: see `with_stage_guardrail`.
    """
    package = load_package(folder)
    prompts = load_prompts(Path(package.prompts_folder))
    terms_file = folder / "index" / FILE
    chunks = package.retriever.chunks
    terms = (
        Terms.load(terms_file) if terms_file.is_file() else Terms.count(map(searched_text, chunks))
    )
    settings = with_stage_guardrail(generation_settings(package.settings), os.environ)
    retriever = package.retriever
    min_score = settings.min_score
    chosen = package.settings.get("chosen")
    if chosen is not None:
        values = Chosen.read(chosen)
        retriever = retriever.with_weights(Weights(values.bm25, values.dense))
        min_score = values.min_score if min_score == AUTO else min_score
    answerer = Answerer(
        retriever,
        open_generator(settings, prompts["answer"], terms),
        terms,
        DEFAULT_MIN_SCORE if isinstance(min_score, str) else float(min_score),
    )
    top_k = retriever.settings.top_k
    return Application(package, retriever, answerer, prompts, settings, top_k)
