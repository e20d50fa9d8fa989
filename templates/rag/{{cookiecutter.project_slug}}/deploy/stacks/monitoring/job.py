"""What SageMaker is asked for when a monitoring job starts: the request of CreateProcessingJob."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Stack

from components.naming import SAGEMAKER_NAME_LIMIT, bounded
from components.stage_config import VpcConfig
from stacks.monitoring.section import MonitoringSection

# The longest id that the scheduler may give an execution, which ends the job's name.
_EXECUTION_ID_LENGTH = 36
_PACKAGE = "/opt/ml/processing/input/package"
_RUN = f'cd {_PACKAGE}/code && {{install}}exec python3 -m source.monitor "$@"'
_INSTALL = "python3 -m pip install --quiet --requirement requirements.txt && "
_AT = "<aws.scheduler.scheduled-time>"


@dataclass(frozen=True)
class JobImage:
    """The image of the job. With ``complete`` it has what the package's code imports."""

    account: str
    repository: str
    complete: bool = False


@dataclass(frozen=True)
class JobData:
    """S3 addresses of what a job reads, the deployed package and the capture, and writes."""

    package: str
    capture: str
    reports: str


def job_prefix(endpoint_name: str) -> str:
    """What the names of all jobs of an endpoint begin with."""
    return bounded(endpoint_name, "mon", limit=SAGEMAKER_NAME_LIMIT - 1 - _EXECUTION_ID_LENGTH)


def job_request(
    stack: Stack,
    *,
    endpoint_name: str,
    config: MonitoringSection,
    data: JobData,
    image: JobImage,
    role_arn: str,
    key_arn: str,
    tags: Mapping[str, str],
    vpc: VpcConfig | None,
) -> dict[str, object]:
    """The request; the scheduler fills in the execution's id and the time it was due."""
    registry = f"{image.account}.dkr.ecr.{stack.region}.{stack.url_suffix}"
    request: dict[str, object] = {
        "ProcessingJobName": f"{job_prefix(endpoint_name)}-<aws.scheduler.execution-id>",
        "RoleArn": role_arn,
        "AppSpecification": {
            "ImageUri": f"{registry}/{image.repository}:{config.image_tag}",
            "ContainerEntrypoint": [
                "/bin/bash",
                "-c",
                _RUN.format(install="" if image.complete else _INSTALL),
                "monitor",
            ],
            "ContainerArguments": [
                *("--package", _PACKAGE),
                *("--capture", data.capture),
                *("--output", "/opt/ml/processing/output"),
                *("--report", data.reports),
                *("--until", _AT),
            ],
        },
        "ProcessingInputs": [
            {
                "InputName": "package",
                "S3Input": {
                    # Without the slash, every folder that begins alike would come along.
                    "S3Uri": f"{data.package.rstrip('/')}/",
                    "LocalPath": _PACKAGE,
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": config.instance_type,
                "VolumeSizeInGB": config.volume_gb,
                "VolumeKmsKeyId": key_arn,
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": config.max_runtime_minutes * 60},
        "Environment": {"PROJECT_NAME": endpoint_name, "AWS_DEFAULT_REGION": stack.region},
        "Tags": [{"Key": name, "Value": value} for name, value in sorted(tags.items())],
    }
    if vpc is not None:
        request["NetworkConfig"] = {
            "VpcConfig": {
                "Subnets": vpc.subnet_ids,
                "SecurityGroupIds": vpc.security_group_ids,
            }
        }
    return request
