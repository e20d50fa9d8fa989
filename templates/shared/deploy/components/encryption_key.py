"""The key that encrypts everything the endpoint keeps: volumes, captured data, logs, alerts."""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class EncryptionKey(Construct):
    """A customer-managed key, rotated yearly and kept when the stack is deleted.

    It is kept because the captured data outlives the stack and would be unreadable without it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, endpoint_name: str, log_group_name: str
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.key = kms.Key(
            self,
            "Key",
            alias=f"alias/{endpoint_name}",
            description=f"Data of the endpoint {endpoint_name}",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        # In a key policy "*" means this key.
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogGroupOfTheEndpoint",
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={
                    "ArnEquals": {
                        "kms:EncryptionContext:aws:logs:arn": (
                            f"arn:{stack.partition}:logs:{stack.region}:{stack.account}"
                            f":log-group:{log_group_name}"
                        )
                    }
                },
            )
        )
