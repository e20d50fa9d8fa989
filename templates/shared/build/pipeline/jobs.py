"""What the pipeline's jobs have in common: image, machine, network, encryption, tags, retries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker.core.network import NetworkConfig
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep
from sagemaker.train.configs import (
    CheckpointConfig,
    InputData,
    MetricDefinition,
    Networking,
    OutputDataConfig,
    SourceCode,
    StoppingCondition,
    Tag,
)
from sagemaker.train.configs import Compute as TrainingCompute
from sagemaker.train.distributed import DistributedConfig

from mlops.compile_sdk import Build, DatasetProcessor, OfflineModelTrainer
from pipeline.compute import Job, JobLimits, TrainingJob

INPUT, OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"
CODE = f"{INPUT}/code"
SETTINGS = f"{CODE}/settings.json"
# Installs what the image lacks, then hands over to the step with the job's arguments.
START = f'cd {CODE} && {{install}}exec python3 entry.py "$@"'
INSTALL = "python3 install_requirements.py requirements.txt && "


@dataclass(frozen=True)
class Training:
    """What training jobs of some pipelines need beyond code and channels.

    `metrics` maps a metric's name to the regular expression that finds its value in the log.
    With `compressed` off the model is a folder in S3 instead of a model.tar.gz.
    """

    metrics: Mapping[str, str]
    instance_count: int = 1
    distributed: DistributedConfig | None = None
    checkpoints: Any = None
    compressed: bool = True


@dataclass(frozen=True)
class Jobs:
    """Makes the jobs of one pipeline from `config/pipeline.yaml` and `cicd-config.json`.

    `default_image` names the image for an instance type, where the configuration names none.
    """

    build: Build
    compute: JobLimits
    default_image: Callable[[str], str]

    def image(self, instance_type: str) -> str:
        """The image of a job on this machine."""
        return self.compute.image or self.default_image(instance_type)

    @property
    def cache(self) -> CacheConfig:
        """Reuse of a step's result while its code, settings, arguments and inputs are the same."""
        days = self.compute.cache_days
        return CacheConfig(enable_caching=days > 0, expire_after=f"P{days}D" if days else None)

    def processor(
        self,
        job: Job,
        environment: Mapping[str, Any] | None = None,
        *,
        instance_count: int = 1,
    ) -> DatasetProcessor:
        """A job that runs a step's bundle, which must be its input `code`.

        Each of several instances runs it on its part of the inputs that are dealt out.
        """
        compute = self.compute
        return DatasetProcessor(
            role=self.build.settings.role_arn,
            image_uri=self.image(job.instance_type),
            entrypoint=[
                "/bin/bash",
                "-c",
                START.format(install="" if compute.network.isolated else INSTALL),
                "step",
            ],
            instance_count=instance_count,
            instance_type=job.instance_type,
            volume_size_in_gb=job.volume_gb,
            volume_kms_key=compute.kms_key,
            output_kms_key=compute.kms_key,
            max_runtime_in_seconds=job.max_runtime_minutes * 60,
            sagemaker_session=self.build.session,
            env=self._environment() | dict(environment or {}),
            tags=[{"Key": key, "Value": value} for key, value in self._tags()],
            network_config=NetworkConfig(
                enable_network_isolation=compute.network.isolated,
                subnets=list(compute.network.subnets) or None,
                security_group_ids=list(compute.network.security_group_ids) or None,
            ),
        )

    def trainer(
        self,
        job: TrainingJob,
        instance_type: Any,
        code: str,
        inputs: Mapping[str, Any],
        training: Training,
    ) -> OfflineModelTrainer:
        """A training job for the bundle at `code`; `inputs` maps channels to S3 URIs."""
        compute = self.compute
        isolated = compute.network.isolated
        trainer: OfflineModelTrainer = OfflineModelTrainer(
            training_image=self.image(job.instance_type),
            role=self.build.settings.role_arn,
            sagemaker_session=self.build.session,
            base_job_name=self.build.settings.pipeline_name,
            source_code=SourceCode(
                source_dir=f"{code}/",  # the SDK takes a URI for a folder by its slash
                entry_script="entry.py",
                requirements=None if isolated else "requirements.txt",
            ),
            distributed=training.distributed,
            compute=TrainingCompute(
                instance_type=instance_type,
                instance_count=training.instance_count,
                volume_size_in_gb=job.volume_gb,
                volume_kms_key_id=compute.kms_key,
                enable_managed_spot_training=job.spot,
            ),
            stopping_condition=StoppingCondition(
                max_runtime_in_seconds=job.max_runtime_minutes * 60,
                **({"max_wait_time_in_seconds": job.max_wait_minutes * 60} if job.spot else {}),
            ),
            networking=Networking(
                subnets=list(compute.network.subnets) or None,
                security_group_ids=list(compute.network.security_group_ids) or None,
                enable_network_isolation=isolated,
            ),
            output_data_config=OutputDataConfig(
                s3_output_path=self.output_uri("Train"),
                kms_key_id=compute.kms_key,
                compression_type=None if training.compressed else "NONE",
            ),
            checkpoint_config=(
                None
                if training.checkpoints is None
                else CheckpointConfig(s3_uri=training.checkpoints)
            ),
            environment=self._environment(),
            tags=[Tag(key=key, value=value) for key, value in self._tags()],
            input_data_config=[
                InputData(channel_name=channel, data_source=uri) for channel, uri in inputs.items()
            ],
        )
        trainer.with_metric_definitions(
            [MetricDefinition(name=name, regex=regex) for name, regex in training.metrics.items()]
        )
        return trainer

    def output_uri(self, *parts: str) -> Join:
        """Where one execution writes. Never an input: later steps refer to step properties.

        The execution's id in an input would differ each time and defeat step caching.
        """
        area = self.build.settings.s3_uri("runs")
        return Join(on="/", values=[area, ExecutionVariables.PIPELINE_EXECUTION_ID, *parts])

    def outputs(self, step: str, names: Sequence[str]) -> list[ProcessingOutput]:
        """Folders below /opt/ml/processing/output that are kept when the job ends."""
        return [
            ProcessingOutput(
                output_name=name,
                s3_output=ProcessingS3Output(
                    s3_uri=self.output_uri(step, name),
                    local_path=f"{OUTPUT}/{name}",
                    s3_upload_mode="EndOfJob",
                ),
            )
            for name in names
        ]

    def _environment(self) -> dict[str, str]:
        # Only what stays the same between executions: this is part of the cache's key.
        settings = self.build.settings
        environment = {
            "MLFLOW_EXPERIMENT_NAME": settings.pipeline_name,
            "PROJECT_NAME": settings.project.slug,
            "TEMPLATE_NAME": settings.template.name,
            "TEMPLATE_VERSION": settings.template.version,
        }
        if settings.mlflow.tracking_arn and not self.compute.network.isolated:
            environment["MLFLOW_TRACKING_URI"] = settings.mlflow.tracking_arn
        if self.compute.package_repository:
            environment["CA_REPOSITORY_ARN"] = self.compute.package_repository
        return environment

    def _tags(self) -> list[tuple[str, str]]:
        return sorted(self.build.settings.resource_tags.items())


def metric_line(name: str) -> str:
    """The regular expression that finds the value in a log line with `<name>=<value>`."""
    return rf"\b{name}=([-+0-9.eE]+)"


def folder(
    name: str, uri: Any, *, place: str | None = None, dealt_out: bool = False
) -> ProcessingInput:
    """An input that a processing job finds below /opt/ml/processing/input/<place or name>.

    Dealt out, each instance of the job gets other objects of it; else each gets all.
    """
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=f"{INPUT}/{place or name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="ShardedByS3Key" if dealt_out else "FullyReplicated",
        ),
    )


def output_of(step: ProcessingStep, name: str) -> Any:
    """Where the step wrote `name`: after a cache hit, where the earlier execution wrote it."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def step_arguments(**values: str) -> list[Any]:
    """`--name value` for each of the values."""
    return [part for name, value in values.items() for part in (f"--{name}", value)]
