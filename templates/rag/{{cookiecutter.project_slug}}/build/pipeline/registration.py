"""The package of index, prompts and settings in the registry: how it is served, and its card."""

from __future__ import annotations

import re
from typing import Any

from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.steps import ProcessingStep

from pipeline.config import PipelineConfig
from pipeline.images import default_image
from pipeline.jobs import Jobs
from pipeline.package import Evidence, Serving, model_card, register_step
from pipeline.parameters import CommonParameters

CONTENT_TYPES = ("application/json",)
RESPONSE_TYPES = ("application/json", "text/event-stream")
# CustomerMetadataMap of CreateModelPackage: what its values may not hold, and how long they may be.
UNWRITABLE = re.compile(r"[^\w\s.:/=+@-]")
LONGEST_METADATA = 256
# Where the container's toolkit finds the handlers inside the package.
HANDLERS = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}


def register(
    jobs: Jobs,
    config: PipelineConfig,
    package: Any,
    evaluate: ProcessingStep,
    report: PropertyFile,
    evidence: Evidence,
    parameters: CommonParameters,
    data_version: Any,
) -> ModelStep:
    """The step that adds the package, the folder at the address `package`, to the registry.

    What is known only of the finished index is read from the evaluation.
    """
    instances = config.compute.inference_instance_types
    serving = Serving(
        image=config.compute.serving_image or default_image(jobs.build.settings.region),
        environment=HANDLERS,
        model={
            "S3DataSource": {
                # Deployments take a folder only with a slash at the end.
                "S3Uri": Join(on="/", values=[package, ""]),
                "S3DataType": "S3Prefix",
                "CompressionType": "None",
            }
        },
        content_types=CONTENT_TYPES,
        response_types=RESPONSE_TYPES,
        instance_types=instances,
        domain="NATURAL_LANGUAGE_PROCESSING",
        task="QUESTION_ANSWERING",
    )

    def read(path: str) -> JsonGet:
        return JsonGet(step_name=evaluate.name, property_file=report, json_path=path)

    corpus = {
        "corpus_sha256": read("package.corpus.sha256"),
        "languages": read("package.corpus.language_codes"),
    }
    card = model_card(
        jobs,
        uses=_uses(config),
        efficiency=(
            "Questions unlike those of the evaluation, in other languages, or about what the "
            "documents do not say; documents that were changed after the index was built."
        ),
        training=(
            f"An index of the documents at {config.data.source}, licence: {_licence(config)}. "
            f"Passages are found by BM25 and by vectors ({_encoder(config)})."
        ),
        requirements=_requirements(config),
    )
    card["additional_information"]["custom_details"] |= _details(config) | {
        "sha256 of the corpus": corpus["corpus_sha256"],
        "languages": corpus["languages"],
        f"{config.gate.metric} on test questions": read("gate.value"),
    }
    metadata = {
        "data_version": data_version,
        "licence": metadata_text(_licence(config)),
        "embedding": config.embedding.kind,
        "store": config.index.store,
        "generation": config.generation.kind,
        **corpus,
    }
    return register_step(jobs, serving, evidence, card, metadata, parameters)


def metadata_text(text: str) -> str:
    """A text as the registry's metadata may have it: few signs, and 256 characters at most."""
    return " ".join(UNWRITABLE.sub(" ", text).split())[:LONGEST_METADATA]


def _uses(config: PipelineConfig) -> str:
    if config.generation.kind == "extractive":
        how = "by quoting passages of them word for word"
    else:
        how = f"with {config.generation.model_id}, from passages of them; such text can be wrong"
    return f"Answers questions about its documents {how}, and cites the passages."


def _licence(config: PipelineConfig) -> str:
    return config.data.licence or "not given"


def _encoder(config: PipelineConfig) -> str:
    kind = config.embedding.kind
    return "fitted on them" if kind == "fitted" else f"{kind} {config.embedding.model}"


def _details(config: PipelineConfig) -> dict[str, Any]:
    """Facts of the card's own section, where values are texts."""
    return {
        "documents": config.data.source,
        "licence of the documents": _licence(config),
        "encoder": _encoder(config),
        "vector store": config.index.store,
        "answers": config.generation.kind,
        "retrieval limited by labels": "yes" if config.data.label_rule else "no",
    }


def _requirements(config: PipelineConfig) -> list[str]:
    """What the gate asks, in words."""
    gate = config.gate
    requirements = [
        f"{gate.metric} of both ways together at most {gate.tolerance_to_single_ways:g} below "
        "that of BM25 alone and of vectors alone",
        f"{gate.min_citation_correct:.0%} of citations correct",
        f"{gate.min_answered:.0%} of answerable questions answered",
        f"{gate.min_refusal:.0%} of unanswerable questions refused",
        f"at most {gate.tolerance_over_champion:g} below the version approved before it",
    ]
    if gate.bound is not None:
        requirements.insert(0, f"{gate.metric} ≥ {gate.bound:g}")
    if gate.max_latency_ms is not None:
        requirements.append(f"95% of the answers within {gate.max_latency_ms:g} ms")
    return requirements
