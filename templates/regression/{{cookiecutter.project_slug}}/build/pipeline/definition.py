"""The pipeline: Prepare, Train, Evaluate, a quality gate, and registration or a clear failure."""

from __future__ import annotations

from sagemaker.core import image_uris
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep

from mlops.compile_sdk import Build
from pipeline.config import PipelineConfig, load_config
from pipeline.configuration import CONFIG_FILE
from pipeline.data_input import DataInput, data_input
from pipeline.jobs import Jobs, Training, folder, metric_line, output_of
from pipeline.package import Evidence
from pipeline.parameters import CommonParameters, common_parameters
from pipeline.processing import processing_step
from pipeline.quality_gate import evaluation_file, quality_gate
from pipeline.registration import register
from pipeline.retries import job_retries

IMAGE_FRAMEWORK, IMAGE_VERSION = "xgboost", "3.2-0"
PREPARED = ("train", "validation", "test", "schema", "baseline", "reports")
METRICS = ("rmse", "mae", "r2")
GATE_CHECKS = ("bound", "mean", "linear", "champion")


def build_pipeline(build: Build) -> Pipeline:
    """The pipeline of this repository, from `config/pipeline.yaml` and `cicd-config.json`."""
    config = load_config(build.root / CONFIG_FILE)
    image = image_uris.retrieve(IMAGE_FRAMEWORK, build.settings.region, version=IMAGE_VERSION)
    # One image prepares, trains, evaluates and serves, on any machine.
    jobs = Jobs(build, config.compute, lambda _: str(image))
    data = data_input(
        build, config.data.source, query=config.data.query, kms_key=config.compute.kms_key
    )
    parameters = common_parameters(build, config.compute.train.instance_type, config.gate.bound)
    prepare = _prepare(jobs, config, data)
    train = _train(jobs, config, prepare, parameters.instance_type)
    report = evaluation_file()
    evaluate = _evaluate(jobs, config, prepare, train, parameters, report)
    registered = register(
        jobs,
        config,
        train.properties.ModelArtifacts.S3ModelArtifacts,
        Evidence(output_of(evaluate, "evaluation"), output_of(prepare, "baseline")),
        parameters,
        data.version,
    )
    return Pipeline(
        name=build.settings.pipeline_name,
        parameters=[*data.parameters, *parameters.listed()],
        steps=[prepare, train, evaluate, quality_gate(evaluate, report, GATE_CHECKS, registered)],
        sagemaker_session=build.session,
        # MLflow tracks the runs; without this the SDK asks for SageMaker Experiments as well.
        pipeline_experiment_config=None,
    )


def _prepare(jobs: Jobs, config: PipelineConfig, data: DataInput) -> ProcessingStep:
    # The data's version is in the environment so that new data behind an unchanged address is
    # not mistaken for the data that an earlier execution has prepared.
    processor = jobs.processor(config.compute.prepare, {"DATA_VERSION": data.version})
    return processing_step(
        jobs,
        "Prepare",
        config.for_step("Prepare"),
        processor=processor,
        inputs=[data.input],
        paths={"input": "data"},
        outputs=PREPARED,
        title="Prepare data",
        description="Checks the table, splits it, and describes the training data.",
    )


def _train(
    jobs: Jobs, config: PipelineConfig, prepare: ProcessingStep, instance_type: ParameterString
) -> TrainingStep:
    code = jobs.build.stage_step(
        "source.train:main", config.for_step("Train"), also=["source.inference"]
    )
    trainer = jobs.trainer(
        config.compute.train,
        instance_type,
        code,
        inputs={name: output_of(prepare, name) for name in ("train", "validation", "schema")},
        training=Training(metrics={name: metric_line(name) for name in METRICS}),
    )
    return TrainingStep(
        "Train",
        step_args=trainer.train(),
        display_name="Train candidates",
        description="Trains every candidate; the best, beyond chance, is the model.",
        cache_config=jobs.cache,
        retry_policies=job_retries(),
    )


def _evaluate(
    jobs: Jobs,
    config: PipelineConfig,
    prepare: ProcessingStep,
    train: TrainingStep,
    parameters: CommonParameters,
    report: PropertyFile,
) -> ProcessingStep:
    sources = {
        "model": train.properties.ModelArtifacts.S3ModelArtifacts,
        "train": output_of(prepare, "train"),
        "test": output_of(prepare, "test"),
        "champion": parameters.champion,
    }
    return processing_step(
        jobs,
        "Evaluate",
        config.for_step("Evaluate"),
        processor=jobs.processor(config.compute.evaluate),
        inputs=[folder(name, uri) for name, uri in sources.items()],
        paths={name: name for name in sources},
        more=parameters.bound_argument(),
        outputs=("evaluation",),
        title="Evaluate model",
        description="Measures the model on the test split, beside the baselines and the champion.",
        reports=[report],
    )
