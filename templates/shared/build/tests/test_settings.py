"""`cicd-config.json`: names that follow from it, facts that are absent, mistakes in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mlops.errors import CommandError
from mlops.settings import (
    FACTS,
    MissingSettingsError,
    Settings,
    load_settings,
    resource_name,
)

SERVICE_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


def document(**sections: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "role": "build",
        "template": {"name": "regression", "version": "1.2.3", "answers": {"metric": "rmse"}},
        "project": {
            "name": "House prices",
            "slug": "house-prices",
            "description": "Predicts house prices",
            "owner": "ml-team@example.com",
        },
        "aws": {"region": "eu-west-1", "account_id": None},
    } | sections


def write(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "cicd-config.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_repository_s_own_file_is_valid() -> None:
    settings = load_settings()
    assert settings.pipeline_name.startswith("githubactions-")


def test_a_project_on_a_laptop_has_placeholders() -> None:
    settings = Settings.model_validate(document())
    assert settings.is_local
    assert settings.account_id == "000000000000"
    assert settings.role_arn == "arn:aws:iam::000000000000:role/local"
    assert settings.s3_uri("runs", "1") == "s3://local-artifacts/house-prices/runs/1"
    assert settings.pipeline_name == "githubactions-house-prices"
    assert settings.model_package_group == "aiops-house-prices-models"
    assert settings.resource_tags == {
        "sagemaker:project-name": "House prices",
        "aiops:template": "regression",
    }


def test_a_project_in_the_cloud_uses_its_facts() -> None:
    role = "arn:aws:iam::123456789012:role/service-role/pipeline"
    settings = Settings.model_validate(
        document(
            project=document()["project"] | {"id": "abc123", "domain_id": "dzd_1"},
            aws={"region": "us-gov-west-1", "account_id": "123456789012"},
            sagemaker={"pipeline_role_arn": role},
            storage={"bucket": "shared", "prefix": "/domain/project/"},
            github={"deploy_repository": "acme-ml/abc123-deploy-repo"},
            tags={"cost-centre": "42"},
        )
    )
    assert not settings.is_local
    assert settings.role_arn == role
    assert settings.s3_uri() == "s3://shared/domain/project"
    assert settings.model_package_group == "aiops-abc123-models"
    assert settings.resource_tags == {
        "sagemaker:project-id": "abc123",
        "sagemaker:project-name": "House prices",
        "AmazonDataZoneDomain": "dzd_1",
        "AmazonDataZoneProject": "abc123",
        "aiops:template": "regression",
        "aiops:deploy-repository": "acme-ml/abc123-deploy-repo",
        "cost-centre": "42",
    }


def test_require_names_every_missing_fact_and_where_to_find_it() -> None:
    settings = Settings.model_validate(document(storage={"bucket": "shared", "prefix": ""}))
    settings.require("storage.bucket", "aws.region")
    with pytest.raises(MissingSettingsError) as caught:
        settings.require("storage.bucket", "storage.prefix", "project.id", purpose="A test")
    text = str(caught.value)
    assert caught.value.keys == ("storage.prefix", "project.id")
    assert caught.value.exit_code == 2
    assert text.startswith("A test needs 2 values that cicd-config.json leaves null")
    for key in caught.value.keys:
        assert f"{key}: {FACTS[key][0]}" in text
        assert FACTS[key][1] in text
    assert "storage.bucket" not in text


def test_every_documented_fact_exists() -> None:
    settings = Settings.model_validate(document())
    for key in FACTS:
        if key != "aws.region":
            with pytest.raises(MissingSettingsError):
                settings.require(key)


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("plain", False),
        ("with-hyphen", False),
        ("under_score", True),
        ("-leading", False),
        ("trailing-", False),
        ("_", True),
        ("x" * 36, False),
        ("_" * 36, True),
        ("x" * 60, True),
    ],
)
def test_names_fit_the_service(key: str, changed: bool) -> None:
    name = resource_name("aiops-", key, "-models")
    assert SERVICE_NAME.fullmatch(name), name
    assert (name != f"aiops-{key}-models") == changed


def test_names_of_different_projects_stay_apart() -> None:
    keys = ["a_b", "a-b", "a__b", "_a-b", "a_b_"]
    assert len({resource_name("aiops-", key, "-models") for key in keys}) == len(keys)
    # A pipeline's name ends with the key, where the service allows no hyphen.
    assert resource_name("githubactions-", "a-") != "githubactions-a-"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (document(aws={"region": "Ireland"}), "aws.region"),
        (document(aws={"region": "eu-west-1", "account_id": "12"}), "aws.account_id"),
        (document(sagemaker={"pipeline_role_arn": "role"}), "sagemaker.pipeline_role_arn"),
        (document(storage={"bucket": "Not A Bucket"}), "'Not A Bucket'"),
        (document(storage={"buckt": "b"}), "storage.buckt"),
        (document(role="deploy"), "role"),
        (document(schema_version=2), "schema_version"),
        ([], "(top level)"),
    ],
)
def test_mistakes_name_the_key_and_the_value(tmp_path: Path, content: object, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(CommandError, match="is not valid") as caught:
        load_settings(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_files_that_are_absent_or_torn_are_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="run the command from the repository's root"):
        load_settings(tmp_path / "absent.json")
    (tmp_path / "torn.json").write_text('{"aws": ', encoding="utf-8")
    with pytest.raises(CommandError, match=r"is not JSON: .* line 1"):
        load_settings(tmp_path / "torn.json")
