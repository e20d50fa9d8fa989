"""Where alarms are announced."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from components.stage_config import NotificationsSection


def alarms_of(scope: Construct, endpoint_name: str) -> dict[str, dict[str, str]]:
    """The policy condition that a request comes from an alarm of this endpoint."""
    stack = Stack.of(scope)
    alarms = f"arn:{stack.partition}:cloudwatch:{stack.region}:{stack.account}:alarm"
    return {
        "StringEquals": {"aws:SourceAccount": stack.account},
        "ArnLike": {"aws:SourceArn": f"{alarms}:{endpoint_name}-*"},
    }


class Notifications(Construct):
    """An encrypted topic that accepts encrypted connections only, and its e-mail readers."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        config: NotificationsSection,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsPublishToTheEncryptedTopic",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions=alarms_of(self, endpoint_name),
            )
        )
        self.topic = sns.Topic(
            self,
            "Topic",
            display_name=f"Alarms of {endpoint_name}",
            master_key=key,
            enforce_ssl=True,
        )
        # A topic with a policy of its own loses the default one that lets alarms of the account
        # in: without this statement they would be dropped silently.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfTheEndpoint",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=alarms_of(self, endpoint_name),
            )
        )
        for address in sorted(set(config.emails)):
            self.topic.add_subscription(subscriptions.EmailSubscription(address))
