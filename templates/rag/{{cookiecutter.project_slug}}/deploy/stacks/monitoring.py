"""A job on a schedule that looks at what people asked the endpoint, and tells when it is too odd.

It runs the code that the package brings (source/monitor.py of the build repository) on the data
that the endpoint captured. It fails when a bound is exceeded, and each failure is announced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from constructs import Construct
from pydantic import Field

from components.config_section import Section
from components.data_capture import DataCapture
from components.execution_role import Grant, ModelArtifacts
from components.instance_types import INSTANCE_TYPE_PATTERN
from components.naming import SAGEMAKER_NAME_LIMIT, bounded
from components.stage_config import VpcConfig
from stacks.monitoring_role import MonitoringRole

# The longest id that the scheduler may give an execution, which ends the job's name.
_EXECUTION_ID_LENGTH = 36
_PACKAGE = "/opt/ml/processing/input/package"
_RUN = f'cd {_PACKAGE}/code && {{install}}exec python3 -m source.monitor "$@"'
_INSTALL = "python3 -m pip install --quiet --requirement requirements.txt && "
_AT = "<aws.scheduler.scheduled-time>"


class MonitoringSection(Section):
    """When the job runs, and on what. Its bounds are in the package."""

    schedule: str = Field(
        pattern=r"^(cron|rate)\([^()]+\)$",
        description="when, in UTC, such as cron(0 6 ? * MON *) or rate(7 days)",
    )
    instance_type: str = Field(
        pattern=INSTANCE_TYPE_PATTERN, description="an instance type such as ml.m5.large"
    )
    volume_gb: int = Field(ge=1, le=1024, description="1 to 1024 GB for package and captured data")
    max_runtime_minutes: int = Field(ge=5, le=1440, description="5 to 1440 minutes")
    image_tag: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$",
        description="the tag of the image in container.repository",
    )


@dataclass(frozen=True)
class JobImage:
    """The image of the job. With ``complete`` it has what the package's code imports."""

    account: str
    repository: str
    complete: bool = False


class Monitoring(Construct):
    """Schedule, job role and announcement of failures. Reports go to ``uri``."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        config: MonitoringSection,
        capture: DataCapture,
        package_uri: str,
        artifacts: ModelArtifacts,
        image: JobImage,
        key: kms.Key,
        topic: sns.Topic,
        tags: Mapping[str, str],
        vpc: VpcConfig | None = None,
        grants: Sequence[Grant] = (),
    ) -> None:
        """``package_uri`` is the folder of the deployed package in S3. ``grants`` are what its
        encoder needs, when it calls a model."""
        super().__init__(scope, construct_id)
        self._stack = Stack.of(self)
        self._name = endpoint_name
        self.job_prefix = bounded(
            endpoint_name, "mon", limit=SAGEMAKER_NAME_LIMIT - 1 - _EXECUTION_ID_LENGTH
        )
        reports = f"monitoring/{endpoint_name}"
        self.uri = capture.bucket.s3_url_for_object(reports)
        self.job_role = MonitoringRole(
            self,
            "Job",
            endpoint_name=endpoint_name,
            job_prefix=self.job_prefix,
            capture=capture,
            reports=reports,
            artifacts=artifacts,
            image_account=image.account,
            image_repository=image.repository,
            key=key,
            grants=grants,
            in_vpc=vpc is not None,
        )
        request = self._request(config, capture, package_uri, image, key, tags, vpc)
        group = self._schedule(config, request, tags)
        self._tell_of_failed_jobs(topic, key)
        self._tell_of_jobs_that_do_not_start(group, topic)

    def _request(
        self,
        config: MonitoringSection,
        capture: DataCapture,
        package_uri: str,
        image: JobImage,
        key: kms.Key,
        tags: Mapping[str, str],
        vpc: VpcConfig | None,
    ) -> dict[str, object]:
        """The request of CreateProcessingJob."""
        stack = self._stack
        registry = f"{image.account}.dkr.ecr.{stack.region}.{stack.url_suffix}"
        request: dict[str, object] = {
            "ProcessingJobName": f"{self.job_prefix}-<aws.scheduler.execution-id>",
            "RoleArn": self.job_role.role.role_arn,
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
                    *("--capture", capture.uri),
                    *("--output", "/opt/ml/processing/output"),
                    *("--report", self.uri),
                    *("--until", _AT),
                ],
            },
            "ProcessingInputs": [
                {
                    "InputName": "package",
                    "S3Input": {
                        # Without the slash, every folder that begins alike would come along.
                        "S3Uri": f"{package_uri.rstrip('/')}/",
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
                    "VolumeKmsKeyId": key.key_arn,
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": config.max_runtime_minutes * 60},
            "Environment": {"PROJECT_NAME": self._name, "AWS_DEFAULT_REGION": stack.region},
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

    def _schedule(
        self, config: MonitoringSection, request: dict[str, object], tags: Mapping[str, str]
    ) -> scheduler.CfnScheduleGroup:
        """A schedule in a group of its own, whose metrics tell whether the jobs start."""
        stack = self._stack
        group = scheduler.CfnScheduleGroup(self, "Group", name=self.job_prefix)
        groups = f"arn:{stack.partition}:scheduler:{stack.region}:{stack.account}:schedule-group"
        role = iam.Role(
            self,
            "Starter",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": stack.account,
                        "aws:SourceArn": f"{groups}/{self.job_prefix}",
                    }
                },
            ),
            description=f"Starts the monitoring jobs of {self._name}",
        )
        permissions = iam.Policy(self, "StarterPermissions", roles=[role])
        jobs = self.job_role.jobs
        started = ["sagemaker:CreateProcessingJob", *(["sagemaker:AddTags"] if tags else [])]
        permissions.add_statements(
            iam.PolicyStatement(sid="StartJobs", actions=started, resources=[jobs]),
            iam.PolicyStatement(
                sid="PassTheJobsRole",
                actions=["iam:PassRole"],
                resources=[self.job_role.role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
        )
        self.job_role.accept_job_names(permissions)
        schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            name=self.job_prefix,
            group_name=group.ref,
            description=f"Looks at what {self._name} is asked",
            schedule_expression=config.schedule,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=f"arn:{stack.partition}:scheduler:::aws-sdk:sagemaker:createProcessingJob",
                role_arn=role.role_arn,
                input=stack.to_json_string(request),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=5
                ),
            ),
        )
        # A schedule that fires before its role may do anything would fail once.
        schedule.node.add_dependency(permissions, self.job_role.permissions)
        return group

    def _tell_of_failed_jobs(self, topic: sns.Topic, key: kms.Key) -> None:
        """Let events of failed jobs reach the topic."""
        service = iam.ServicePrincipal("events.amazonaws.com")
        # AWS documents both statements without conditions: an event that lacks what a condition
        # asks for would be dropped without a word.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EventsPublishToTheEncryptedTopic",
                principals=[service],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
            )
        )
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="FailedMonitoringJobs",
                principals=[service],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
            )
        )
        # The job says itself which bound was exceeded; when it never ran, SageMaker says why. Two
        # rules, because a message cannot be made from what an event may lack.
        self._rule("Failed", "failed", "ExitMessage", {}, topic)
        self._rule("Broken", "broken", "FailureReason", {"ExitMessage": [{"exists": False}]}, topic)

    def _rule(
        self,
        construct_id: str,
        name: str,
        reason: str,
        condition: Mapping[str, object],
        topic: sns.Topic,
    ) -> None:
        """Tell the topic of failed jobs whose event has ``reason``, and meets ``condition``."""
        events.CfnRule(
            self,
            construct_id,
            name=f"{self._name}-monitoring-{name}",
            description=f"A monitoring job of {self._name} failed, or found a bound exceeded",
            event_pattern={
                "source": ["aws.sagemaker"],
                "detail-type": ["SageMaker Processing Job State Change"],
                "detail": {
                    "ProcessingJobName": [{"prefix": f"{self.job_prefix}-"}],
                    "ProcessingJobStatus": ["Failed"],
                    reason: [{"exists": True}],
                    **condition,
                },
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="topic",
                    arn=topic.topic_arn,
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map={
                            "job": "$.detail.ProcessingJobName",
                            "reason": f"$.detail.{reason}",
                        },
                        # Without quotes around them, values are put in as JSON, quotes and all.
                        input_template=(
                            f'{{"endpoint": "{self._name}", "job": <job>, "reason": <reason>}}'
                        ),
                    ),
                )
            ],
        )

    def _tell_of_jobs_that_do_not_start(
        self, group: scheduler.CfnScheduleGroup, topic: sns.Topic
    ) -> None:
        """No quota, no image, no permission: otherwise silence would look like good news."""
        alarm = cloudwatch.Alarm(
            self,
            "NotStarted",
            alarm_name=f"{self._name}-monitoring-not-started",
            alarm_description=f"{self._name}: a monitoring job could not be started",
            metric=cloudwatch.Metric(
                namespace="AWS/Scheduler",
                metric_name="TargetErrorCount",
                dimensions_map={"ScheduleGroup": group.ref},
                statistic="Sum",
            ),
            threshold=0,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(topic))
