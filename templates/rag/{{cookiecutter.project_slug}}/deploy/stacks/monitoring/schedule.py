"""When the monitoring jobs start, and what the scheduler may do to start them."""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from stacks.monitoring.role import MonitoringRole


def schedule_jobs(
    scope: Construct,
    *,
    endpoint_name: str,
    job_prefix: str,
    expression: str,
    request: Mapping[str, object],
    job_role: MonitoringRole,
    tagged: bool,
) -> scheduler.CfnScheduleGroup:
    """A schedule that sends ``request``, in a group of its own, which is returned: its metrics
    tell whether the jobs start. Who starts jobs that are ``tagged`` must be allowed to tag."""
    stack = Stack.of(scope)
    group = scheduler.CfnScheduleGroup(scope, "Group", name=job_prefix)
    role = _starter(scope, endpoint_name=endpoint_name, job_prefix=job_prefix)
    permissions = iam.Policy(scope, "StarterPermissions", roles=[role])
    started = ["sagemaker:CreateProcessingJob", *(["sagemaker:AddTags"] if tagged else [])]
    permissions.add_statements(
        iam.PolicyStatement(sid="StartJobs", actions=started, resources=[job_role.jobs]),
        iam.PolicyStatement(
            sid="PassTheJobsRole",
            actions=["iam:PassRole"],
            resources=[job_role.role.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    )
    job_role.accept_job_names(permissions)
    schedule = scheduler.CfnSchedule(
        scope,
        "Schedule",
        name=job_prefix,
        group_name=group.ref,
        description=f"Looks at what {endpoint_name} is asked",
        schedule_expression=expression,
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
    schedule.node.add_dependency(permissions, job_role.permissions)
    return group


def _starter(scope: Construct, *, endpoint_name: str, job_prefix: str) -> iam.Role:
    """The role that the scheduler takes for this group only."""
    stack = Stack.of(scope)
    groups = f"arn:{stack.partition}:scheduler:{stack.region}:{stack.account}:schedule-group"
    return iam.Role(
        scope,
        "Starter",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com",
            conditions={
                "StringEquals": {
                    "aws:SourceAccount": stack.account,
                    "aws:SourceArn": f"{groups}/{job_prefix}",
                }
            },
        ),
        description=f"Starts the monitoring jobs of {endpoint_name}",
    )
