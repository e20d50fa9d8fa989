"""What an endpoint's monitoring is made of: the job's role, its schedule, and who hears of it."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from components.data_capture import DataCapture
from components.sagemaker_role import Grant, ModelArtifacts
from components.stage_config import VpcConfig
from stacks.monitoring.announcements import announce_failed_jobs, announce_jobs_that_do_not_start
from stacks.monitoring.job import JobData, JobImage, job_prefix, job_request
from stacks.monitoring.role import MonitoringRole
from stacks.monitoring.schedule import schedule_jobs
from stacks.monitoring.section import MonitoringSection


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
        prefix = job_prefix(endpoint_name)
        reports = f"monitoring/{endpoint_name}"
        self.uri = capture.bucket.s3_url_for_object(reports)
        job_role = MonitoringRole(
            self,
            "Job",
            endpoint_name=endpoint_name,
            job_prefix=prefix,
            capture=capture,
            reports=reports,
            artifacts=artifacts,
            image_account=image.account,
            image_repository=image.repository,
            key=key,
            grants=grants,
            in_vpc=vpc is not None,
        )
        request = job_request(
            Stack.of(self),
            endpoint_name=endpoint_name,
            config=config,
            data=JobData(package=package_uri, capture=capture.uri, reports=self.uri),
            image=image,
            role_arn=job_role.role.role_arn,
            key_arn=key.key_arn,
            tags=tags,
            vpc=vpc,
        )
        group = schedule_jobs(
            self,
            endpoint_name=endpoint_name,
            job_prefix=prefix,
            expression=config.schedule,
            request=request,
            job_role=job_role,
            tagged=bool(tags),
        )
        announce_failed_jobs(
            self, endpoint_name=endpoint_name, job_prefix=prefix, topic=topic, key=key
        )
        announce_jobs_that_do_not_start(
            self, endpoint_name=endpoint_name, group=group.ref, topic=topic
        )
