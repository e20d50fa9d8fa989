"""The pipeline: Prepare, Train, Evaluate, a quality gate, and registration or a clear failure."""

from __future__ import annotations

from typing import Any

from sagemaker.core.workflow.conditions import ConditionLessThanOrEqualTo
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterString
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep

from mlops.compile_sdk import Build
from pipeline.config import CONFIG_FILE, load_config
from pipeline.jobs import CODE, Jobs, folder
from pipeline.registration import Evidence, register_step
from pipeline.retries import job_retries
from pipeline.table import Table, table

INPUT, OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"
PREPARED = ("train", "validation", "test", "schema", "baseline", "reports")
GATE_CHECKS = ("bound", "mean", "linear", "champion")
NO_CHAMPION = {"champion.json": b'{"model_package_arn": null}\n'}


def build_pipeline(build: Build) -> Pipeline:
    """The pipeline of this repository, from `config/pipeline.yaml` and `cicd-config.json`."""
    config = load_config(build.root / CONFIG_FILE)
    jobs = Jobs(build, config)
    data = table(build, config)
    instance_type = ParameterString(
        "TrainInstanceType", default_value=config.compute.train.instance_type
    )
    champion = ParameterString(
        "ChampionUri", default_value=build.stage_files(NO_CHAMPION, "champion")
    )
    approval = ParameterString(
        "ModelApprovalStatus",
        default_value="PendingManualApproval",
        enum_values=["PendingManualApproval", "Approved"],
    )
    # Goes to the registration only: in an earlier step every commit would repeat the work.
    git_sha = ParameterString("GitSha", default_value="uncommitted")
    parameters = [*data.parameters, champion, instance_type, approval, git_sha]
    bound = None
    if config.gate.bound is not None:
        bound = ParameterFloat("MetricBound", default_value=config.gate.bound)
        parameters.append(bound)

    prepare = _prepare(jobs, data)
    train = _train(jobs, prepare, instance_type)
    report = PropertyFile("Evaluation", output_name="evaluation", path="evaluation.json")
    evaluate = _evaluate(jobs, prepare, train, champion, bound, report)
    register = register_step(
        jobs,
        Evidence(
            model=train.properties.ModelArtifacts.S3ModelArtifacts,
            evaluation=_output(evaluate, "evaluation"),
            baseline=_output(prepare, "baseline"),
        ),
        approval,
        git_sha,
        data.version,
    )
    return Pipeline(
        name=build.settings.pipeline_name,
        parameters=parameters,
        steps=[prepare, train, evaluate, _quality_gate(evaluate, report, register)],
        sagemaker_session=build.session,
        # MLflow tracks the runs; without this the SDK asks for SageMaker Experiments as well.
        pipeline_experiment_config=None,
    )


def _prepare(jobs: Jobs, data: Table) -> ProcessingStep:
    code = jobs.build.stage_step("source.prepare:main", jobs.config.for_step("Prepare"))
    # The data's version is in the environment so that new data behind an unchanged address is
    # not mistaken for the data that an earlier execution has prepared.
    processor = jobs.processor(jobs.config.compute.prepare, {"DATA_VERSION": data.version})
    arguments = processor.run(
        inputs=[folder("code", code), data.input],
        outputs=jobs.outputs("Prepare", PREPARED),
        arguments=_arguments(
            input=f"{INPUT}/data", output=OUTPUT, settings=f"{CODE}/settings.json"
        ),
    )
    return ProcessingStep(
        "Prepare",
        step_args=arguments,
        display_name="Prepare data",
        description="Checks the table, splits it, and describes the training data.",
        cache_config=jobs.cache,
        retry_policies=job_retries(),
    )


def _train(jobs: Jobs, prepare: ProcessingStep, instance_type: Any) -> TrainingStep:
    code = jobs.build.stage_step(
        "source.train:main", jobs.config.for_step("Train"), also=["source.inference"]
    )
    trainer = jobs.trainer(
        jobs.config.compute.train,
        instance_type,
        code,
        output=jobs.output_uri("Train"),
        inputs={name: _output(prepare, name) for name in ("train", "validation", "schema")},
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
    prepare: ProcessingStep,
    train: TrainingStep,
    champion: ParameterString,
    bound: ParameterFloat | None,
    report: PropertyFile,
) -> ProcessingStep:
    code = jobs.build.stage_step("source.evaluate:main", jobs.config.for_step("Evaluate"))
    paths = {name: f"{INPUT}/{name}" for name in ("model", "train", "test", "champion")}
    arguments = _arguments(**paths, output=OUTPUT, settings=f"{CODE}/settings.json")
    if bound is not None:
        arguments += ["--bound", bound.to_string()]
    processor = jobs.processor(jobs.config.compute.evaluate)
    step_arguments = processor.run(
        inputs=[
            folder("code", code),
            folder("model", train.properties.ModelArtifacts.S3ModelArtifacts),
            folder("train", _output(prepare, "train")),
            folder("test", _output(prepare, "test")),
            folder("champion", champion),
        ],
        outputs=jobs.outputs("Evaluate", ("evaluation",)),
        arguments=arguments,
    )
    return ProcessingStep(
        "Evaluate",
        step_args=step_arguments,
        display_name="Evaluate model",
        description="Measures the model on the test split, beside the baselines and the champion.",
        property_files=[report],
        cache_config=jobs.cache,
        retry_policies=job_retries(),
    )


def _quality_gate(evaluate: ProcessingStep, report: PropertyFile, register: Any) -> ConditionStep:
    def read(path: str) -> JsonGet:
        return JsonGet(step_name=evaluate.name, property_file=report, json_path=path)

    failed = FailStep(
        "QualityGateFailed",
        error_message=Join(on=" ", values=["Not registered:", read("gate.message")]),
        display_name="Not registered",
        description="Ends the execution with what the model misses, and by how much.",
    )
    # `excess` is how far a check is missed, in the metric's own direction; 0 or less holds.
    conditions = [
        ConditionLessThanOrEqualTo(left=read(f"gate.checks.{check}.excess"), right=0.0)
        for check in GATE_CHECKS
    ]
    return ConditionStep(
        "QualityGate",
        conditions=conditions,
        if_steps=[register],
        else_steps=[failed],
        display_name="Quality gate",
        description="Registers the model only when every check of the evaluation holds.",
    )


def _output(step: ProcessingStep, name: str) -> Any:
    """Where the step wrote `name`: after a cache hit, where the earlier execution wrote it."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def _arguments(**values: str) -> list[Any]:
    return [part for name, value in values.items() for part in (f"--{name}", value)]
