"""A vector collection of OpenSearch Serverless: encrypted, and open to those who are named.

https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-security.html
"""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_opensearchserverless as aoss
from constructs import Construct

from components.sagemaker_role import Grant
from stacks.vector_store.config import OpenSearchSection

COLLECTION_EXPORT = "CollectionArn"
# An index is made, filled, replaced and compared by the pipeline; endpoints only search it.
WRITE = (
    *("aoss:CreateIndex", "aoss:UpdateIndex", "aoss:DeleteIndex", "aoss:DescribeIndex"),
    *("aoss:ReadDocument", "aoss:WriteDocument"),
)
READ = ("aoss:DescribeIndex", "aoss:ReadDocument")


class DataAccess(Construct):
    """Who may do what with the indexes of a collection, beside IAM."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        policy_name: str,
        collection: str,
        principal: str,
        permissions: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        rule = {
            "ResourceType": "index",
            "Resource": [f"index/{collection}/*"],
            "Permission": list(permissions),
        }
        self.policy = aoss.CfnAccessPolicy(
            self,
            "Policy",
            name=policy_name,
            type="data",
            policy=Stack.of(self).to_json_string([{"Rules": [rule], "Principal": [principal]}]),
        )


class Collection(Construct):
    """The collection, with one policy each for encryption, network and the pipeline's access."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        config: OpenSearchSection,
        key: kms.IKey,
        pipeline_role_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        collection = {"ResourceType": "collection", "Resource": [f"collection/{name}"]}
        encryption = aoss.CfnSecurityPolicy(
            self,
            "Encryption",
            name=name,
            type="encryption",
            policy=stack.to_json_string(
                {"Rules": [collection], "AWSOwnedKey": False, "KmsARN": key.key_arn}
            ),
        )
        access: dict[str, object] = {"Rules": [collection], "AllowFromPublic": config.public}
        if config.vpc is not None:
            endpoint = aoss.CfnVpcEndpoint(
                self,
                "VpcEndpoint",
                name=name,
                vpc_id=config.vpc.vpc_id,
                subnet_ids=config.vpc.subnet_ids,
                security_group_ids=config.vpc.security_group_ids,
            )
            access["SourceVPCEs"] = [endpoint.attr_id]
        network = aoss.CfnSecurityPolicy(
            self, "Network", name=name, type="network", policy=stack.to_json_string([access])
        )
        self.collection = aoss.CfnCollection(
            self,
            "Collection",
            name=name,
            type="VECTORSEARCH",
            description="Vectors of the indexes that the pipeline builds",
            standby_replicas="ENABLED" if config.standby_replicas else "DISABLED",
        )
        # It takes its encryption from the policy that is there when it is made.
        self.collection.add_resource_dependency(encryption)
        self.collection.add_resource_dependency(network)
        DataAccess(
            self,
            "Writers",
            policy_name=name,
            collection=name,
            principal=pipeline_role_arn,
            permissions=WRITE,
        )
        self.writing = [Grant("WriteVectors", ["aoss:APIAccessAll"], [self.collection.attr_arn])]
        self.exports = {COLLECTION_EXPORT: self.collection.attr_arn}
        self.index_section = {
            "store": "opensearch",
            "name": "passages",
            "region": stack.region,
            "endpoint": self.collection.attr_collection_endpoint,
        }
