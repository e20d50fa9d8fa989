"""What the pipeline's jobs have in common: image, machine, network, encryption, tags, retries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sagemaker.core import image_uris
from sagemaker.core.network import NetworkConfig
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import CacheConfig
from sagemaker.train.configs import (
    Compute,
    InputData,
    MetricDefinition,
    Networking,
    OutputDataConfig,
    SourceCode,
    StoppingCondition,
    Tag,
)

from mlops.compile_sdk import Build, DatasetProcessor, OfflineModelTrainer
from pipeline.compute import Job, TrainingJob
from pipeline.config import PipelineConfig

IMAGE_FRAMEWORK, IMAGE_VERSION = "xgboost", "3.2-0"
METRICS = ("rmse", "mae", "r2")

CODE = "/opt/ml/processing/input/code"
# Installs what the image lacks, then hands over to the step with the job's arguments.
START = f'cd {CODE} && {{install}}exec python3 entry.py "$@"'
INSTALL = "python3 install_requirements.py requirements.txt && "


@dataclass(frozen=True)
class Jobs:
    """Makes the jobs of one pipeline from `config/pipeline.yaml` and `cicd-config.json`."""

    build: Build
    config: PipelineConfig

    @cached_property
    def image(self) -> str:
        """The one image that prepares, trains, evaluates and serves."""
        if self.config.compute.image is not None:
            return self.config.compute.image
        region = self.build.settings.region
        return str(image_uris.retrieve(IMAGE_FRAMEWORK, region, version=IMAGE_VERSION))

    @property
    def cache(self) -> CacheConfig:
        """Reuse of a step's result while its code, settings, arguments and inputs are the same."""
        days = self.config.compute.cache_days
        return CacheConfig(enable_caching=days > 0, expire_after=f"P{days}D" if days else None)

    def processor(self, job: Job, environment: Mapping[str, Any] | None = None) -> DatasetProcessor:
        """A job that runs a step's bundle, which must be its input `code`."""
        compute = self.config.compute
        return DatasetProcessor(
            role=self.build.settings.role_arn,
            image_uri=self.image,
            entrypoint=[
                "/bin/bash",
                "-c",
                START.format(install="" if compute.network.isolated else INSTALL),
                "step",
            ],
            instance_count=1,
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
        output: Any,
        inputs: Mapping[str, Any],
    ) -> OfflineModelTrainer:
        """A training job for the bundle at `code`; `inputs` maps channels to S3 URIs."""
        compute = self.config.compute
        isolated = compute.network.isolated
        trainer: OfflineModelTrainer = OfflineModelTrainer(
            training_image=self.image,
            role=self.build.settings.role_arn,
            sagemaker_session=self.build.session,
            base_job_name=self.build.settings.pipeline_name,
            source_code=SourceCode(
                source_dir=f"{code}/",  # the SDK takes a URI for a folder by its slash
                entry_script="entry.py",
                requirements=None if isolated else "requirements.txt",
            ),
            compute=Compute(
                instance_type=instance_type,
                instance_count=1,
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
            output_data_config=OutputDataConfig(s3_output_path=output, kms_key_id=compute.kms_key),
            environment=self._environment(),
            tags=[Tag(key=key, value=value) for key, value in self._tags()],
            input_data_config=[
                InputData(channel_name=channel, data_source=uri) for channel, uri in inputs.items()
            ],
        )
        trainer.with_metric_definitions(
            [MetricDefinition(name=name, regex=rf"\b{name}=([-+0-9.eE]+)") for name in METRICS]
        )
        return trainer

    def output_uri(self, *parts: str) -> Join:
        """Where one execution writes. Never an input: later steps refer to step properties.

        The execution's id in an input would differ each time and defeat step caching.
        """
        area = self.build.settings.s3_uri("runs")
        return Join(on="/", values=[area, ExecutionVariables.PIPELINE_EXECUTION_ID, *parts])

    def outputs(self, step: str, names: tuple[str, ...]) -> list[ProcessingOutput]:
        """Folders below /opt/ml/processing/output that are kept when the job ends."""
        return [
            ProcessingOutput(
                output_name=name,
                s3_output=ProcessingS3Output(
                    s3_uri=self.output_uri(step, name),
                    local_path=f"/opt/ml/processing/output/{name}",
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
        if settings.mlflow.tracking_arn and not self.config.compute.network.isolated:
            environment["MLFLOW_TRACKING_URI"] = settings.mlflow.tracking_arn
        if self.config.compute.package_repository:
            environment["CA_REPOSITORY_ARN"] = self.config.compute.package_repository
        return environment

    def _tags(self) -> list[tuple[str, str]]:
        return sorted(self.build.settings.resource_tags.items())


def folder(name: str, uri: Any) -> ProcessingInput:
    """An input that a processing job finds below /opt/ml/processing/input/<name>."""
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=f"/opt/ml/processing/input/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
        ),
    )
