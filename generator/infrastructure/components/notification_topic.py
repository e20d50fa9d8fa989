"""Where people are told: a topic of the organization's own, or an encrypted one made here.

Alarms tell topics of their own account and region only: where governance is elsewhere, it has a
topic of its own, with the same readers.
"""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from generator.config.model import Config, Place
from generator.infrastructure.components.logged_machine import Allowed
from generator.infrastructure.names import Names, names_of, topic_arn


class NotificationTopic(Construct):
    """The topic with its readers."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, place: Place
    ) -> None:
        super().__init__(scope, construct_id)
        names = names_of(config)
        self._place = place
        self.arn = topic_arn(config, place)
        self._key_arn: str | None = None
        if self.arn == config.notifications.topic_arn:
            self.topic: sns.ITopic = sns.Topic.from_topic_arn(self, "Topic", self.arn)
        else:
            self.topic = self._own(names)
        for address in sorted(set(config.notifications.emails)):
            self.topic.add_subscription(subscriptions.EmailSubscription(address))

    def publishing(self) -> list[Allowed]:
        """Return what a publisher must be allowed: with a topic of ours also to use its key."""
        allowed = [Allowed("Notify", ["sns:Publish"], [self.arn])]
        if self._key_arn:
            actions = ["kms:Decrypt", "kms:GenerateDataKey"]
            allowed.append(Allowed("EncryptNotifications", actions, [self._key_arn]))
        return allowed

    def _own(self, names: Names) -> sns.Topic:
        key = kms.Key(
            self,
            "Key",
            alias=f"alias/{names.topic}",
            description="What is told about projects and alarms",
            enable_key_rotation=True,
            # Nothing outlives the stack that only this key could read.
            removal_policy=RemovalPolicy.DESTROY,
        )
        self._key_arn = key.key_arn
        # In a key's policy "*" means this key.
        key.add_to_resource_policy(
            self._for_alarms("AlarmsEncrypt", ["kms:Decrypt", "kms:GenerateDataKey"], "*", names)
        )
        topic = sns.Topic(
            self,
            "Topic",
            topic_name=names.topic,
            display_name="AIOps projects",
            master_key=key,
            enforce_ssl=True,
        )
        # A topic with a policy of its own loses the default one that lets alarms of the account
        # in: without this statement they would be dropped silently.
        topic.add_to_resource_policy(
            self._for_alarms("AlarmsPublish", ["sns:Publish"], topic.topic_arn, names)
        )
        return topic

    def _for_alarms(
        self, sid: str, actions: list[str], resource: str, names: Names
    ) -> iam.PolicyStatement:
        alarms = names.arn("cloudwatch", f"alarm:{names.prefix}-*", self._place)
        return iam.PolicyStatement(
            sid=sid,
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=actions,
            resources=[resource],
            conditions={
                "StringEquals": {"aws:SourceAccount": self._place.account},
                "ArnLike": {"aws:SourceArn": alarms},
            },
        )
