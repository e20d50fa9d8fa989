"""The store's own stack: who gets in, who writes, and that everything is encrypted and kept."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_cdk.assertions import Template
from stage_example import settings
from store_example import CLOSED, CLUSTER, PUBLIC, store_values
from template_reading import found, plain

from components.application import new_app
from components.errors import ConfigurationError
from components.settings import Settings
from stacks.vector_store.config import VectorStoreConfig, store_name
from stacks.vector_store.stack import VectorStoreStack

ROLE = "arn:aws:iam::111122223333:role/service-role/datazone_usr_role"
OTHER = {"account_id": "444455556666", "region": "eu-west-1"}
Make = Callable[..., dict[str, Any]]


def project(**facts: Any) -> Settings:
    return settings(sagemaker={"pipeline_role_arn": ROLE}, **facts)


NAME = store_name(project())


def config(kind: str | None, **sections: Any) -> VectorStoreConfig:
    return VectorStoreConfig.model_validate(store_values(kind, **sections))


@pytest.fixture
def synthesized(tmp_path: Path) -> Make:
    """The template of a store, having passed the security rules."""

    def make(kind: str, facts: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
        app = new_app(tmp_path / "out")
        store = config(kind, **sections)
        stack = VectorStoreStack(app, settings=project(**(facts or {})), config=store)
        app.synth()
        template: dict[str, Any] = Template.from_stack(stack).to_json()
        return template

    return make


def policies(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """The policies of OpenSearch Serverless as JSON, by their type."""
    return {each["Type"]: json.loads(plain(each["Policy"])) for each in found(template, kind)}


def writing(template: dict[str, Any]) -> dict[str, Any]:
    """The statements of the pipeline's role by their sid."""
    (policy,) = found(template, "::IAM::Policy")
    assert policy["Roles"] == ["datazone_usr_role"]
    return {each["Sid"]: plain(each) for each in policy["PolicyDocument"]["Statement"]}


def key_name(template: dict[str, Any]) -> str:
    (name,) = (
        name for name, each in template["Resources"].items() if each["Type"].endswith("KMS::Key")
    )
    assert template["Resources"][name]["Properties"]["EnableKeyRotation"] is True
    return str(name)


def test_a_collection_is_encrypted_and_reached_through_its_vpc(synthesized: Make) -> None:
    template = synthesized("opensearch", opensearch=CLOSED)
    (collection,) = found(template, "::Collection")
    assert (collection["Type"], collection["StandbyReplicas"]) == ("VECTORSEARCH", "ENABLED")
    security = policies(template, "::SecurityPolicy")
    resource = {"ResourceType": "collection", "Resource": [f"collection/{NAME}"]}
    assert security["encryption"] == {
        "Rules": [resource],
        "AWSOwnedKey": False,
        "KmsARN": f"<{key_name(template)}.Arn>",
    }
    (network,) = security["network"]
    assert network["AllowFromPublic"] is False
    (endpoint,) = (
        name for name, each in template["Resources"].items() if "VpcEndpoint" in each["Type"]
    )
    assert network["SourceVPCEs"] == [f"<{endpoint}.Id>"]
    assert found(template, "::VpcEndpoint")[0]["VpcId"] == CLOSED["vpc"]["vpc_id"]


def test_a_collection_has_its_policies_before_it_is_made(synthesized: Make) -> None:
    resources = synthesized("opensearch", opensearch=CLOSED)["Resources"]
    (collection,) = (each for each in resources.values() if each["Type"].endswith("::Collection"))
    waited = {resources[name]["Properties"]["Type"] for name in collection["DependsOn"]}
    assert waited == {"encryption", "network"}


def test_a_public_collection_is_a_choice(synthesized: Make) -> None:
    template = synthesized("opensearch", opensearch=PUBLIC)
    (network,) = policies(template, "::SecurityPolicy")["network"]
    assert network["AllowFromPublic"] is True and "SourceVPCEs" not in network
    assert not found(template, "::VpcEndpoint")


def test_the_pipeline_alone_writes_to_a_collection(synthesized: Make) -> None:
    template = synthesized("opensearch", opensearch=CLOSED)
    (access,) = policies(template, "::AccessPolicy")["data"]
    assert access["Principal"] == [ROLE]
    (rule,) = access["Rules"]
    assert rule["Resource"] == [f"index/{NAME}/*"]
    assert {"aoss:WriteDocument", "aoss:CreateIndex"} <= set(rule["Permission"])
    assert not any("*" in each for each in rule["Permission"])
    (statement,) = writing(template).values()
    assert statement["Action"] == "aoss:APIAccessAll"
    assert statement["Resource"].endswith(".Arn>")


def test_a_vector_bucket_is_written_by_the_pipeline_alone(synthesized: Make) -> None:
    template = synthesized("s3vectors")
    (bucket,) = found(template, "::VectorBucket")
    assert bucket["EncryptionConfiguration"]["SseType"] == "aws:kms"
    assert bucket["VectorBucketName"] == NAME
    (policy,) = found(template, "::VectorBucketPolicy")
    (denial,) = policy["Policy"]["Statement"]
    assert denial["Effect"] == "Deny"
    assert set(denial["Action"]) == {"s3vectors:PutVectors", "s3vectors:DeleteVectors"}
    assert denial["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": ROLE}}
    indexes = f"arn:aws:s3vectors:eu-west-1:111122223333:bucket/{NAME}/index/*"
    statements = writing(template)
    assert statements["WriteVectors"]["Resource"] == indexes
    assert "s3vectors:CreateIndex" in statements["WriteVectors"]["Action"]
    assert set(statements["EncryptVectors"]["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_a_vector_bucket_keeps_its_indexes_up_with_the_key(synthesized: Make) -> None:
    template = synthesized("s3vectors")
    policy = template["Resources"][key_name(template)]["Properties"]["KeyPolicy"]
    (indexing,) = (each for each in policy["Statement"] if "Service" in each["Principal"])
    assert indexing["Principal"]["Service"] == "indexing.s3vectors.amazonaws.com"
    assert indexing["Action"] == "kms:Decrypt"
    assert indexing["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}


def test_stages_of_other_accounts_read_a_vector_bucket_and_no_more(synthesized: Make) -> None:
    home = {"account_id": "111122223333", "region": "eu-west-1"}
    template = synthesized("s3vectors", {"stages": {"dev": home, "test": OTHER, "prod": OTHER}})
    (policy,) = found(template, "::VectorBucketPolicy")
    (reading,) = (each for each in policy["Policy"]["Statement"] if each["Effect"] == "Allow")
    assert set(reading["Action"]) == {
        *("s3vectors:GetIndex", "s3vectors:GetVectors", "s3vectors:QueryVectors")
    }
    assert plain(reading["Principal"])["AWS"] == "arn:aws:iam::444455556666:root"
    assert reading["Condition"]["StringEquals"] == {
        "aws:PrincipalTag/sagemaker:project-name": project().project.name,
        "aws:PrincipalTag/stage": ["test", "prod"],
    }
    key = template["Resources"][key_name(template)]["Properties"]["KeyPolicy"]["Statement"]
    (decrypting,) = (each for each in key if each.get("Sid") == reading["Sid"])
    assert decrypting["Action"] == "kms:Decrypt"
    assert decrypting["Condition"] == reading["Condition"]


def test_a_cluster_is_encrypted_closed_and_protected(synthesized: Make) -> None:
    template = synthesized("pgvector", pgvector=CLUSTER)
    (cluster,) = found(template, "::DBCluster")
    key = {"Fn::GetAtt": [key_name(template), "Arn"]}
    assert cluster["StorageEncrypted"] is True and cluster["KmsKeyId"] == key
    assert cluster["EnableHttpEndpoint"] is True
    assert cluster["ManageMasterUserPassword"] is True, "RDS makes the secret and rotates it"
    assert cluster["MasterUserSecret"]["KmsKeyId"] == key
    assert "MasterUserPassword" not in cluster
    assert cluster["DeletionProtection"] is True
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 4}
    (group,) = found(template, "::SecurityGroup")
    assert "SecurityGroupIngress" not in group, "the Data API does not come through the network"
    assert [each["CidrIp"] for each in group["SecurityGroupEgress"]] == ["127.0.0.1/32"]
    (instance,) = found(template, "::DBInstance")
    assert instance["PubliclyAccessible"] is False
    kept = next(each for each in template["Resources"].values() if "DBCluster" in each["Type"])
    assert kept["DeletionPolicy"] == "Snapshot"


def test_the_pipeline_reaches_one_cluster_and_its_secret(synthesized: Make) -> None:
    statements = writing(synthesized("pgvector", pgvector=CLUSTER))
    assert set(statements["WriteVectors"]["Action"]) == {
        *("rds-data:ExecuteStatement", "rds-data:BatchExecuteStatement")
    }
    assert statements["WriteVectors"]["Resource"].endswith(".DBClusterArn>")
    assert statements["ReadSecret"]["Resource"].endswith(".MasterUserSecret.SecretArn>")


@pytest.mark.parametrize(
    ("kind", "sections", "fields"),
    [
        ("opensearch", {"opensearch": CLOSED}, {"endpoint"}),
        ("s3vectors", {}, {"bucket"}),
        ("pgvector", {"pgvector": CLUSTER}, {"cluster_arn", "secret_arn", "database"}),
    ],
)
def test_the_stack_says_what_the_build_repository_needs(
    synthesized: Make, kind: str, sections: dict[str, Any], fields: set[str]
) -> None:
    template = synthesized(kind, **sections)
    section = yaml.safe_load(plain(template["Outputs"]["IndexSection"]["Value"]))["index"]
    assert set(section) == {"store", "name", "region", *fields}
    assert section["store"] == kind


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "opensearch"}, "kind is opensearch, but the section opensearch is null"),
        ({"kind": "pgvector"}, "kind is pgvector, but the section pgvector is null"),
        ({"kind": "faiss"}, "Input should be"),
        ({"opensearch": CLOSED | {"public": True}}, "public is true and vpc is given"),
        ({"opensearch": CLOSED | {"vpc": None}}, "public is false and vpc is null"),
        ({"pgvector": CLUSTER | {"min_capacity": 8}}, "max_capacity is 4, below min_capacity 8"),
        ({"pgvector": CLUSTER | {"subnet_ids": ["subnet-0a1b2c3d"]}}, "at least 2 items"),
        ({"pgvector": CLUSTER | {"max_capacity": 1.3}}, "multiple of 0.5"),
    ],
)
def test_what_could_not_be_made_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config(**({"kind": None} | values))


def test_a_pipeline_of_another_account_is_refused() -> None:
    elsewhere = settings(sagemaker={"pipeline_role_arn": ROLE}, stages={"dev": OTHER})
    with pytest.raises(ConfigurationError, match="pipelines must run there, too"):
        VectorStoreStack(new_app(), settings=elsewhere, config=config("s3vectors"))


@pytest.mark.parametrize(
    "identifier", ["short", "Upper", "a--b", "a" * 36, "4f0c6b9e-1111-4222-8333-0123456789ab"]
)
def test_names_suit_every_store(identifier: str) -> None:
    known = settings(project={**settings().project.model_dump(), "id": identifier})
    name = store_name(known)
    assert name == name.lower() and len(name) <= 27 and "--" not in name
    other = settings(project={**settings().project.model_dump(), "id": f"{identifier}x"})
    assert store_name(other) != name
