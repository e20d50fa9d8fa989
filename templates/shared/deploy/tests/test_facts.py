"""The project's facts: what is read, what is refused, what stands in for what is null."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.errors import ConfigurationError
from components.settings import Settings, load_settings

LOCAL: dict[str, Any] = {
    "project": {"id": None, "slug": "house-prices", "name": "House prices", "owner": "ml-team"},
    "aws": {"account_id": None, "region": "eu-west-1"},
    "storage": {"bucket": None, "prefix": None},
    "stages": {stage: {"account_id": None, "region": None} for stage in ("dev", "test", "prod")},
    "tags": {},
    "mlflow": {"tracking_arn": None},
}
CLOUD = LOCAL | {
    "project": LOCAL["project"] | {"id": "c1d2_e3", "domain_id": "dzd-1", "scope_name": "dev"},
    "aws": {"account_id": "111122223333", "region": "eu-west-1"},
    "storage": {"bucket": "shared", "prefix": "/domain/project/"},
    "stages": {
        "dev": {"account_id": "111122223333", "region": None},
        "test": {"account_id": "222233334444", "region": "us-east-1"},
        "prod": {"account_id": None, "region": None},
    },
    "tags": {"cost-centre": "42"},
}


def read(tmp_path: Path, facts: object) -> Settings:
    file = tmp_path / "cicd-config.json"
    file.write_text(facts if isinstance(facts, str) else json.dumps(facts))
    return load_settings(file)


def test_null_facts_have_documented_placeholders(tmp_path: Path) -> None:
    settings = read(tmp_path, LOCAL)
    assert settings.placeholders("dev") == {
        "stages.dev.account_id": "000000000000",
        "storage.bucket": "local-artifacts",
        "storage.prefix": "house-prices",
    }
    assert settings.account("dev") == "000000000000"
    assert settings.artifacts() == ("local-artifacts", "house-prices")
    assert settings.known_accounts() == set()


def test_facts_are_used_where_they_exist(tmp_path: Path) -> None:
    settings = read(tmp_path, CLOUD)
    assert settings.placeholders("dev") == {}
    assert set(settings.placeholders("prod")) == {"stages.prod.account_id"}
    assert (settings.account("test"), settings.region("test")) == ("222233334444", "us-east-1")
    assert settings.region("dev") == "eu-west-1", "the project's, where the stage names none"
    assert settings.artifacts() == ("shared", "domain/project")
    assert settings.known_accounts() == {"111122223333", "222233334444"}


def test_who_builds_and_where_runs_are_tracked_may_be_unknown(tmp_path: Path) -> None:
    assert read(tmp_path, LOCAL).mlflow.tracking_arn is None
    assert read(tmp_path, LOCAL).sagemaker.pipeline_role_arn is None
    role = "arn:aws:iam::111122223333:role/service-role/datazone_usr_role_1"
    server = "arn:aws:sagemaker:eu-west-1:111122223333:mlflow-app/app-1A2B"
    facts = {"sagemaker": {"pipeline_role_arn": role}, "mlflow": {"tracking_arn": server}}
    settings = read(tmp_path, CLOUD | facts)
    assert settings.sagemaker.pipeline_role_arn == role
    assert settings.mlflow.tracking_arn == server


def test_names_come_from_the_project_id_or_else_the_slug(tmp_path: Path) -> None:
    local, cloud = read(tmp_path, LOCAL), read(tmp_path, CLOUD)
    assert local.model_package_group == "aiops-house-prices-models"
    assert local.endpoint_name("prod") == "aiops-house-prices-prod"
    assert local.stack_name("prod") == "aiops-house-prices-prod-endpoint"
    # An underscore is no part of a SageMaker name; the hash keeps c1d2_e3 and c1d2-e3 apart.
    assert cloud.model_package_group == "aiops-c1d2-e3-8a4dc5-models"


def test_tags_say_which_project_and_stage(tmp_path: Path) -> None:
    assert read(tmp_path, CLOUD).resource_tags("test") == {
        "sagemaker:project-id": "c1d2_e3",
        "sagemaker:project-name": "House prices",
        "AmazonDataZoneDomain": "dzd-1",
        "AmazonDataZoneProject": "c1d2_e3",
        "AmazonDataZoneScopeName": "dev",
        "stage": "test",
        "cost-centre": "42",
    }
    assert set(read(tmp_path, LOCAL).resource_tags("dev")) == {"sagemaker:project-name", "stage"}


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ("{", "is not valid JSON"),
        ({}, "project is missing"),
        (LOCAL | {"aws": {"account_id": "12", "region": "eu-west-1"}}, "aws.account_id is '12'"),
        (LOCAL | {"aws": {"account_id": 111122223333, "region": "eu-west-1"}}, "in quotes"),
        (LOCAL | {"aws": {"account_id": None, "region": "Europe"}}, "aws.region is 'Europe'"),
        (LOCAL | {"stages": {"dev": {"account_id": "1"}}}, "stages.dev.account_id is '1'"),
        (LOCAL | {"stages": {"staging": {}}}, "staging"),
        (LOCAL | {"mlflow": {"tracking_arn": "http://x"}}, "mlflow.tracking_arn is 'http://x'"),
        (LOCAL | {"sagemaker": {"pipeline_role_arn": "me"}}, "pipeline_role_arn is 'me'"),
    ],
)
def test_wrong_facts_are_named(tmp_path: Path, facts: object, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(tmp_path, facts)
    assert message in str(error.value)
    assert "cicd-config.json" in str(error.value)


def test_a_missing_file_says_where_to_stand(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="from the root of the repository"):
        load_settings(tmp_path / "cicd-config.json")
