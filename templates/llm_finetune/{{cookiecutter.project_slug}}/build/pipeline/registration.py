"""The tuned model's package: how it is served, and its model card."""

from __future__ import annotations

from typing import Any

from sagemaker.mlops.workflow.model_step import ModelStep

from pipeline.config import PipelineConfig
from pipeline.images import serving_image
from pipeline.jobs import Jobs
from pipeline.package import Evidence, Serving, model_card, register_step
from pipeline.parameters import CommonParameters

CONTENT_TYPES = ("application/json",)
# Where SageMaker puts the model's folder in the serving container.
MODEL = "/opt/ml/model"


def register(
    jobs: Jobs,
    config: PipelineConfig,
    model: Any,
    evidence: Evidence,
    parameters: CommonParameters,
    data_version: Any,
) -> ModelStep:
    """The step that adds the model, the folder at the address `model`, to the registry."""
    instances = config.register_.inference_instance_types
    serving = Serving(
        image=serving_image(jobs.build.settings.region, instances[0]),
        environment=_engine(jobs, config),
        model={
            "S3DataSource": {
                "S3Uri": model,
                "S3DataType": "S3Prefix",
                "CompressionType": "None",
            }
        },
        content_types=CONTENT_TYPES,
        response_types=CONTENT_TYPES,
        instance_types=instances,
        domain="NATURAL_LANGUAGE_PROCESSING",
        task="TEXT_GENERATION",
    )
    card = model_card(
        jobs,
        uses=(
            f"Continues conversations and prompts of up to {config.model.max_length} tokens like "
            "those that it was tuned on. Its answers are generated text and can be wrong."
        ),
        efficiency=(
            "Prompts unlike those of the training data, other languages, and longer ones; the "
            "data baseline of this model package describes the training data."
        ),
        training=_training(config),
        requirements=_requirements(config),
    )
    card["additional_information"]["custom_details"] |= _details(config)
    metadata = {
        "data_version": data_version,
        "base_model": _base(config),
        "base_licence": config.model.licence or "see metadata.json of the model",
        "weights": config.register_.weights,
    }
    return register_step(jobs, serving, evidence, card, metadata, parameters)


def _engine(jobs: Jobs, config: PipelineConfig) -> dict[str, str]:
    """What vLLM is told: each SM_VLLM_* variable is its option of that name.

    Of an adapter it is told nothing: the stack that lays it over a base says where that is.
    """
    if config.register_.weights == "adapter":
        return {}
    return {
        "SM_VLLM_MODEL": f"{MODEL}/model",
        "SM_VLLM_SERVED_MODEL_NAME": jobs.build.settings.project.slug,
        "SM_VLLM_MAX_MODEL_LEN": str(config.model.max_length),
    }


def _base(config: PipelineConfig) -> str:
    model = config.model
    return f"{model.source}@{model.revision}" if model.revision else model.source


def _training(config: PipelineConfig) -> str:
    learnt = {
        "sft": "from examples",
        "dpo": "from preferences",
        "sft+dpo": "from examples, then from preferences",
    }[config.train.method]
    how = {
        "lora": f"by a LoRA adapter of rank {config.train.lora.rank}",
        "qlora": f"by a LoRA adapter of rank {config.train.lora.rank} on 4-bit weights",
        "full": "in all of its weights",
    }[config.train.tuning]
    data = [config.data.source, *filter(None, [config.data.preferences])]
    return f"{_base(config)} was tuned {learnt} in {' and '.join(data)}, {how}."


def _details(config: PipelineConfig) -> dict[str, str]:
    """Facts of the card's own section, where values are texts."""
    return {
        "base model": _base(config),
        "licence of the base model": config.model.licence or "see metadata.json of the model",
        "method": f"{config.train.method}, {config.train.tuning}",
        "data": config.data.source,
        "registered weights": config.register_.weights,
    }


def _requirements(config: PipelineConfig) -> list[str]:
    """What the gate asks, in words."""
    gate = config.gate
    sign, better = ("≤", "lower") if gate.metric == "perplexity" else ("≥", "higher")
    confidence = config.evaluate.confidence
    requirements = [
        f"{gate.metric} {better} than the base model's by more than {gate.margin_over_base:g}, at "
        f"{confidence:.0%} confidence",
        f"at most {gate.max_general_drop:g} lost on general questions",
        f"at most {gate.max_unsafe_share:.0%} unsafe answers",
        f"at most {gate.tolerance_over_champion:g} worse than the model approved before it",
    ]
    if gate.bound is not None:
        requirements.insert(0, f"{gate.metric} {sign} {gate.bound:g}")
    return requirements
