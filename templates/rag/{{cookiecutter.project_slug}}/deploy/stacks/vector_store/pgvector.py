"""An Aurora PostgreSQL cluster for pgvector, which only the Data API reaches.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html
"""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from constructs import Construct

from components.sagemaker_role import Grant
from stacks.vector_store.config import PgvectorSection

CLUSTER_EXPORT, SECRET_EXPORT, KEY_EXPORT = "ClusterArn", "SecretArn", "KeyArn"
READ = ("rds-data:ExecuteStatement",)
_WRITE = (*READ, "rds-data:BatchExecuteStatement")
# Nobody connects to it: the Data API does not come through the network.
_PORT = 5433


class VectorCluster(Construct):
    """A serverless cluster in subnets of one's own; RDS makes and rotates its secret."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        config: PgvectorSection,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        subnets = rds.CfnDBSubnetGroup(
            self,
            "Subnets",
            db_subnet_group_name=name,
            db_subnet_group_description=f"Where {name} is",
            subnet_ids=config.subnet_ids,
        )
        closed = ec2.CfnSecurityGroup(
            self,
            "Closed",
            group_description=f"{name}: nothing goes in or out",
            vpc_id=config.vpc_id,
            # Without any rule AWS would add one that lets everything out.
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="-1", cidr_ip="127.0.0.1/32", description="Nowhere"
                )
            ],
        )
        self.cluster = rds.CfnDBCluster(
            self,
            "Cluster",
            db_cluster_identifier=name,
            engine="aurora-postgresql",
            engine_version=config.engine_version,
            database_name=config.database,
            master_username="postgres",
            manage_master_user_password=True,
            master_user_secret=rds.CfnDBCluster.MasterUserSecretProperty(kms_key_id=key.key_arn),
            enable_http_endpoint=True,
            enable_iam_database_authentication=True,
            serverless_v2_scaling_configuration=(
                rds.CfnDBCluster.ServerlessV2ScalingConfigurationProperty(
                    min_capacity=config.min_capacity, max_capacity=config.max_capacity
                )
            ),
            port=_PORT,
            db_subnet_group_name=subnets.ref,
            vpc_security_group_ids=[closed.attr_group_id],
            storage_encrypted=True,
            kms_key_id=key.key_arn,
            backup_retention_period=config.backup_days,
            copy_tags_to_snapshot=True,
            deletion_protection=config.deletion_protection,
        )
        self.cluster.apply_removal_policy(RemovalPolicy.SNAPSHOT)
        rds.CfnDBInstance(
            self,
            "Instance",
            db_cluster_identifier=self.cluster.ref,
            db_instance_class="db.serverless",
            engine="aurora-postgresql",
            publicly_accessible=False,
            auto_minor_version_upgrade=True,
        )
        arn = self.cluster.attr_db_cluster_arn
        secret = self.cluster.attr_master_user_secret_secret_arn
        self.writing = [
            Grant("WriteVectors", _WRITE, [arn]),
            Grant("ReadSecret", ["secretsmanager:GetSecretValue"], [secret]),
            Grant("DecryptSecret", ["kms:Decrypt"], [key.key_arn]),
        ]
        self.exports = {CLUSTER_EXPORT: arn, SECRET_EXPORT: secret, KEY_EXPORT: key.key_arn}
        self.index_section = {
            "store": "pgvector",
            "name": "passages",
            "region": Stack.of(self).region,
            "cluster_arn": arn,
            "secret_arn": secret,
            "database": config.database,
        }
