"""The pipeline: Prepare, Train, Evaluate, a quality gate, and registration or a clear failure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.train.distributed import Torchrun

from mlops.compile_sdk import Build
from pipeline.base_input import base_uri
from pipeline.config import PipelineConfig, load_config
from pipeline.configuration import CONFIG_FILE
from pipeline.data_input import DataInput, data_input
from pipeline.images import job_image
from pipeline.jobs import Jobs, Training, folder, metric_line, output_of
from pipeline.package import Evidence
from pipeline.parameters import CommonParameters, common_parameters
from pipeline.processing import processing_step
from pipeline.quality_gate import evaluation_file, quality_gate
from pipeline.registration import register
from pipeline.retries import job_retries

PREPARED = ("train", "validation", "test", "preferences", "baseline", "reports")
CHANNELS = ("train", "validation", "preferences")
METRICS = (
    "train_loss",
    "validation_loss",
    "dpo_margin",
    "dpo_accuracy",
    "tokens_per_second",
    "peak_memory_gib",
    "cost_usd",
)
GATE_CHECKS = ("bound", "base", "general", "safety", "champion")


@dataclass(frozen=True)
class Inputs:
    """What comes from outside: the rows, the preferences if there are any, the base model."""

    rows: DataInput
    preferences: DataInput | None
    base: str | None

    @property
    def parameters(self) -> list[ParameterString]:
        """The pipeline parameters that choose the data."""
        given = [self.rows, self.preferences] if self.preferences else [self.rows]
        return [parameter for data in given for parameter in data.parameters]

    def base_folder(self) -> list[Any]:
        """The processing input `base`, where the base model travels."""
        return [folder("base", self.base)] if self.base else []


def build_pipeline(build: Build) -> Pipeline:
    """The pipeline of this repository, from `config/pipeline.yaml` and `cicd-config.json`."""
    config = load_config(build.root / CONFIG_FILE)
    region = build.settings.region
    jobs = Jobs(build, config.compute, lambda machine: job_image(region, machine))
    inputs = _inputs(build, config)
    parameters = common_parameters(build, config.compute.train.instance_type, config.gate.bound)
    prepare = _prepare(jobs, config, inputs)
    train = _train(jobs, config, inputs, prepare, parameters.instance_type)
    report = evaluation_file()
    evaluate = _evaluate(jobs, config, inputs, prepare, train, parameters, report)
    registered = register(
        jobs,
        config,
        _model_folder(train),
        Evidence(output_of(evaluate, "evaluation"), output_of(prepare, "baseline")),
        parameters,
        inputs.rows.version,
    )
    return Pipeline(
        name=build.settings.pipeline_name,
        parameters=[*inputs.parameters, *parameters.listed()],
        steps=[prepare, train, evaluate, quality_gate(evaluate, report, GATE_CHECKS, registered)],
        sagemaker_session=build.session,
        # MLflow tracks the runs; without this the SDK asks for SageMaker Experiments as well.
        pipeline_experiment_config=None,
    )


def _inputs(build: Build, config: PipelineConfig) -> Inputs:
    data, kms_key = config.data, config.compute.kms_key
    preferences = None
    if data.preferences is not None:
        preferences = data_input(
            build,
            data.preferences,
            kms_key=kms_key,
            name="preferences",
            key="data.preferences",
            address="PreferencesUri",
            version="PreferencesVersion",
        )
    rows = data_input(build, data.source, query=data.query, kms_key=kms_key)
    return Inputs(rows, preferences, base_uri(build, config.model))


def _prepare(jobs: Jobs, config: PipelineConfig, inputs: Inputs) -> ProcessingStep:
    # The data's version is in the environment so that new data behind an unchanged address is
    # not mistaken for the data that an earlier execution has prepared.
    environment = {"DATA_VERSION": inputs.rows.version}
    more = inputs.base_folder()
    if inputs.preferences is not None:
        environment["PREFERENCES_VERSION"] = inputs.preferences.version
        more.append(inputs.preferences.input)
    return processing_step(
        jobs,
        "Prepare",
        config.for_step("Prepare"),
        processor=jobs.processor(config.compute.prepare, environment),
        inputs=[inputs.rows.input, *more],
        paths={"input": "data", **{item.input_name: item.input_name for item in more}},
        outputs=PREPARED,
        title="Prepare data",
        description="Checks the rows, counts their tokens, splits them by a hash.",
    )


def _train(
    jobs: Jobs,
    config: PipelineConfig,
    inputs: Inputs,
    prepare: ProcessingStep,
    instance_type: ParameterString,
) -> TrainingStep:
    code = jobs.build.stage_step(
        "source.train:main", config.for_step("Train"), also=["source.serving_app"]
    )
    cluster = config.compute.train
    channels = {name: output_of(prepare, name) for name in CHANNELS}
    if inputs.base:
        channels["base"] = inputs.base
    training = Training(
        metrics={name: metric_line(name) for name in METRICS},
        instance_count=cluster.instance_count,
        # One process a GPU; on one GPU, or none, nothing has to be started.
        distributed=None if config.compute.training_gpus in (0, 1) else Torchrun(),
        checkpoints=_checkpoints(jobs, code, inputs) if cluster.spot else None,
        compressed=False,
    )
    trainer = jobs.trainer(cluster, instance_type, code, inputs=channels, training=training)
    return TrainingStep(
        "Train",
        step_args=trainer.train(),
        display_name="Fine-tune",
        description="Tunes the base model on the training split.",
        cache_config=jobs.cache,
        retry_policies=job_retries(),
    )


def _checkpoints(jobs: Jobs, code: str, inputs: Inputs) -> Any:
    """Where an interrupted training goes on: the same for the same code, settings, base and data.

    No execution's id is in it, which would defeat step caching; an execution that was stopped is
    continued by the next one. What fits a training and what does not, the step itself decides.
    """
    digest = hashlib.sha256(f"{code} {inputs.base}".encode()).hexdigest()[:16]
    place = jobs.build.settings.s3_uri("checkpoints", digest)
    versions = [inputs.rows.version]
    if inputs.preferences is not None:
        versions.append(inputs.preferences.version)
    return Join(on="/", values=[place, *versions])


def _model_folder(train: TrainingStep) -> Join:
    """Where the training job puts a model that it does not pack, with a slash at the end.

    Deployments take a folder only with that slash, and the job's own property does not promise it.
    """
    job = train.properties
    parts = [job.OutputDataConfig.S3OutputPath, job.TrainingJobName, "output", "model", ""]
    return Join(on="/", values=parts)


def _evaluate(
    jobs: Jobs,
    config: PipelineConfig,
    inputs: Inputs,
    prepare: ProcessingStep,
    train: TrainingStep,
    parameters: CommonParameters,
    report: PropertyFile,
) -> ProcessingStep:
    read = [
        folder("model", _model_folder(train)),
        folder("test", output_of(prepare, "test")),
        folder("champion", parameters.champion),
        *inputs.base_folder(),
    ]
    return processing_step(
        jobs,
        "Evaluate",
        config.for_step("Evaluate"),
        processor=jobs.processor(config.compute.evaluate),
        inputs=read,
        paths={item.input_name: item.input_name for item in read},
        more=parameters.bound_argument(),
        also=config.own_modules(),
        outputs=("evaluation",),
        title="Evaluate model",
        description="Measures the tuned model beside its base and the champion.",
        reports=[report],
    )
