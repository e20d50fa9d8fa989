"""What an endpoint may do with the vector store, and which stages can reach one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage_example import role_statements, settings, synthesized
from store_example import CLOSED, CLUSTER, NETWORK, PUBLIC, store_values
from template_reading import found, plain

from components.errors import ConfigurationError
from stacks.vector_store.config import load_vector_store, store_name

ROOT = Path(__file__).parent.parent
NAME = store_name(settings())
HOME = {"account_id": "111122223333", "region": "eu-west-1"}
ELSEWHERE = {
    "stages": {
        "dev": HOME,
        "test": HOME,
        "prod": {"account_id": "444455556666", "region": "eu-west-1"},
    }
}
Choose = Callable[..., None]


@pytest.fixture
def choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Choose:
    """Work in a copy of this repository's configuration that has another store."""
    (tmp_path / "config").mkdir()
    for name in ("cdk.json", "cicd-config.json"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)

    def write(kind: str | None, **sections: Any) -> None:
        text = yaml.safe_dump(store_values(kind, **sections))
        (tmp_path / "config" / "vector_store.yaml").write_text(text, encoding="utf-8")

    return write


def test_without_a_store_there_is_nothing_to_read(choose: Choose) -> None:
    choose(None)
    template = synthesized(facts=ELSEWHERE)
    assert not found(template, "::AccessPolicy")
    assert not any("Vectors" in sid for sid in role_statements(template))


def test_a_collection_is_searched_and_not_written(choose: Choose) -> None:
    choose("opensearch", opensearch=PUBLIC)
    template = synthesized()
    statement = role_statements(template)["SearchVectors"]
    assert statement["Action"] == "aoss:APIAccessAll"
    assert statement["Resource"] == {"Fn::ImportValue": f"{NAME}-CollectionArn"}
    (policy,) = found(template, "::AccessPolicy")
    (access,) = json.loads(plain(policy["Policy"]))
    (rule,) = access["Rules"]
    assert rule["Permission"] == ["aoss:DescribeIndex", "aoss:ReadDocument"]
    (role,) = (
        name for name, each in template["Resources"].items() if each["Type"] == "AWS::IAM::Role"
    )
    assert access["Principal"] == [f"<{role}.Arn>"]
    assert policy["Name"] == f"{NAME}-prod"


def test_the_endpoint_waits_until_the_collection_lets_it_in(choose: Choose) -> None:
    choose("opensearch", opensearch=PUBLIC)
    resources = synthesized()["Resources"]
    (policy,) = (name for name in resources if resources[name]["Type"].endswith("::AccessPolicy"))
    (endpoint,) = (
        each for each in resources.values() if each["Type"] == "AWS::SageMaker::Endpoint"
    )
    assert policy in endpoint["DependsOn"]


def test_a_closed_collection_needs_an_endpoint_in_the_network(choose: Choose) -> None:
    choose("opensearch", opensearch=CLOSED)
    with pytest.raises(ConfigurationError, match=r"endpoint\.vpc in config/prod\.yaml is null"):
        synthesized()
    assert "SearchVectors" in role_statements(synthesized({"endpoint.vpc": NETWORK}))


def test_a_vector_bucket_is_searched_from_any_account(choose: Choose) -> None:
    choose("s3vectors")
    statements = role_statements(synthesized(facts=ELSEWHERE))
    indexes = f"arn:aws:s3vectors:eu-west-1:111122223333:bucket/{NAME}/index/*"
    assert statements["SearchVectors"]["Resource"] == indexes
    assert set(statements["SearchVectors"]["Action"]) == {
        *("s3vectors:GetIndex", "s3vectors:GetVectors", "s3vectors:QueryVectors")
    }
    decrypting = statements["DecryptVectors"]
    assert decrypting["Action"] == "kms:Decrypt"
    assert decrypting["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{NAME}-vectors"}
    }


def test_a_cluster_is_asked_with_its_secret(choose: Choose) -> None:
    choose("pgvector", pgvector=CLUSTER)
    statements = role_statements(synthesized())
    assert statements["SearchVectors"]["Action"] == "rds-data:ExecuteStatement"
    parts = {sid: statements[sid]["Resource"] for sid in ("SearchVectors", "ReadSecret")}
    assert parts == {
        "SearchVectors": {"Fn::ImportValue": f"{NAME}-ClusterArn"},
        "ReadSecret": {"Fn::ImportValue": f"{NAME}-SecretArn"},
    }


@pytest.mark.parametrize(
    ("kind", "sections"),
    [("opensearch", {"opensearch": PUBLIC}), ("pgvector", {"pgvector": CLUSTER})],
)
def test_a_stage_that_cannot_reach_the_store_is_refused(
    choose: Choose, kind: str, sections: dict[str, Any]
) -> None:
    choose(kind, **sections)
    with pytest.raises(ConfigurationError, match=f"but the {kind} store is in account") as caught:
        synthesized(facts=ELSEWHERE)
    assert "kind: s3vectors" in str(caught.value)


def test_the_file_of_this_project_is_complete() -> None:
    assert load_vector_store(ROOT / "config").kind in (None, "opensearch", "s3vectors", "pgvector")


def test_an_unknown_key_is_named(choose: Choose) -> None:
    choose("s3vectors", bucket="ours")
    with pytest.raises(ConfigurationError, match=r"vector_store\.yaml: bucket .* not a known key"):
        load_vector_store()
