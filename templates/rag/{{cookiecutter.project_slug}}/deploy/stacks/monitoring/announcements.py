"""Who hears of monitoring jobs that fail, find a bound exceeded, or do not start: the topic."""

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct


def announce_failed_jobs(
    scope: Construct, *, endpoint_name: str, job_prefix: str, topic: sns.Topic, key: kms.Key
) -> None:
    """Let events of failed jobs reach the topic, which ``key`` encrypts."""
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
    never_ran = {"ExitMessage": [{"exists": False}]}
    for name, reason, condition in (
        ("Failed", "ExitMessage", {}),
        ("Broken", "FailureReason", never_ran),
    ):
        events.CfnRule(
            scope,
            name,
            name=f"{endpoint_name}-monitoring-{name.lower()}",
            description=f"A monitoring job of {endpoint_name} failed, or found a bound exceeded",
            event_pattern=_failed(job_prefix, reason, condition),
            targets=[_message(endpoint_name, reason, topic)],
        )


def announce_jobs_that_do_not_start(
    scope: Construct, *, endpoint_name: str, group: str, topic: sns.Topic
) -> None:
    """No quota, no image, no permission: otherwise silence would look like good news.

    ``group`` is the name of the schedule's group.
    """
    alarm = cloudwatch.Alarm(
        scope,
        "NotStarted",
        alarm_name=f"{endpoint_name}-monitoring-not-started",
        alarm_description=f"{endpoint_name}: a monitoring job could not be started",
        metric=cloudwatch.Metric(
            namespace="AWS/Scheduler",
            metric_name="TargetErrorCount",
            dimensions_map={"ScheduleGroup": group},
            statistic="Sum",
        ),
        threshold=0,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    alarm.add_alarm_action(actions.SnsAction(topic))


def _failed(job_prefix: str, reason: str, condition: Mapping[str, object]) -> dict[str, object]:
    """The events of failed jobs that have ``reason``, and meet ``condition``."""
    return {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Processing Job State Change"],
        "detail": {
            "ProcessingJobName": [{"prefix": f"{job_prefix}-"}],
            "ProcessingJobStatus": ["Failed"],
            reason: [{"exists": True}],
            **condition,
        },
    }


def _message(endpoint_name: str, reason: str, topic: sns.Topic) -> events.CfnRule.TargetProperty:
    """What the topic is told: endpoint, job, and what the event has under ``reason``."""
    return events.CfnRule.TargetProperty(
        id="topic",
        arn=topic.topic_arn,
        input_transformer=events.CfnRule.InputTransformerProperty(
            input_paths_map={
                "job": "$.detail.ProcessingJobName",
                "reason": f"$.detail.{reason}",
            },
            # Without quotes around them, values are put in as JSON, quotes and all.
            input_template=f'{{"endpoint": "{endpoint_name}", "job": <job>, "reason": <reason>}}',
        ),
    )
