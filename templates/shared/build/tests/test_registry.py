"""The model registry: the same behaviour in files on this machine and in SageMaker."""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from conftest import GROUP, Project
from moto import mock_aws

from mlops.__main__ import main
from mlops.registry import Registry, RegistryError, package_name
from mlops.registry_local import LocalRegistry
from mlops.registry_sagemaker import SageMakerRegistry

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/model:1"
ACCOUNT = "123456789012"


def request(group: str = GROUP, **changes: Any) -> dict[str, Any]:
    """A CreateModelPackage request as the pipeline makes it."""
    return {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        "CustomerMetadataProperties": {"git_sha": "0f3c2a1"},
        **changes,
    }


@pytest.fixture(params=["local", "sagemaker"])
def registry(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Registry]:
    """Each of the two homes, empty."""
    if request.param == "local":
        yield LocalRegistry(tmp_path, "eu-west-1", ACCOUNT)
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with mock_aws():
        yield SageMakerRegistry.connect("eu-west-1")


def test_an_unknown_group_has_no_packages(registry: Registry) -> None:
    assert registry.list(GROUP) == []
    assert registry.latest_approved(GROUP) is None


def test_packages_are_versions_of_their_group(registry: Registry) -> None:
    registry.ensure_group(GROUP, {"team": "risk"})
    created = [registry.create(request()) for _ in range(3)]
    assert [package.version for package in created] == [1, 2, 3]
    assert [package.version for package in registry.list(GROUP)] == [3, 2, 1]
    first = registry.describe(created[0].arn)
    assert first.approval == "PendingManualApproval"
    assert first.model_data == "s3://bucket/model.tar.gz"
    assert first.details["CustomerMetadataProperties"] == {"git_sha": "0f3c2a1"}


def test_the_newest_approved_package_is_the_champion(registry: Registry) -> None:
    registry.ensure_group(GROUP, {})
    first, second, third = (registry.create(request()) for _ in range(3))
    registry.set_approval(second.arn, "Approved", None)
    registry.set_approval(first.arn, "Approved", "the first approved last")
    champion = registry.latest_approved(GROUP)
    assert champion is not None and champion.arn == second.arn
    assert champion.model_data == "s3://bucket/model.tar.gz"
    registry.set_approval(second.arn, "Rejected", None)
    champion = registry.latest_approved(GROUP)
    assert champion is not None and champion.arn == first.arn
    assert registry.describe(third.arn).approval == "PendingManualApproval"


def test_an_approval_says_why(registry: Registry) -> None:
    registry.ensure_group(GROUP, {})
    package = registry.create(request())
    sent: list[dict[str, Any]] = []
    if isinstance(registry, SageMakerRegistry):
        registry._client.meta.events.register(
            "provide-client-params.sagemaker.UpdateModelPackage",
            lambda params, **_: sent.append(params),
        )
    changed = registry.set_approval(package.arn, "Approved", "passed the review")
    assert changed.approval == "Approved"
    # moto forgets the description, and the metadata with every update: look at what was sent.
    (kept,) = sent or [dict(changed.details)]
    assert kept["ApprovalDescription"] == "passed the review"
    assert sent or kept["CustomerMetadataProperties"] == {"git_sha": "0f3c2a1"}


def test_an_absent_package_is_named(registry: Registry) -> None:
    arn = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/{GROUP}/7"
    with pytest.raises(RegistryError, match=f"{GROUP}/7"):
        registry.describe(arn)
    with pytest.raises(RegistryError, match=f"{GROUP}/7"):
        registry.set_approval(arn, "Approved", None)


def test_what_is_no_package_is_refused(registry: Registry) -> None:
    for arn in (
        "latest",
        "arn:aws:sagemaker:eu-west-1:123456789012:model-package/group",
        "arn:aws:sagemaker:eu-west-1:123456789012:model-package/../1",
        "arn:aws:s3:::bucket/key/1",
        "",
    ):
        with pytest.raises(RegistryError, match="is not a model package"):
            registry.describe(arn)


def test_groups_get_their_tags_in_sagemaker(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with mock_aws():
        registry = SageMakerRegistry.connect("eu-west-1")
        registry.ensure_group(GROUP, {"sagemaker:project-id": "p1"})
        registry.ensure_group(GROUP, {"ignored": "it is there"})
        client = boto3.client("sagemaker", region_name="eu-west-1")
        arn = client.describe_model_package_group(ModelPackageGroupName=GROUP)[
            "ModelPackageGroupArn"
        ]
        assert client.list_tags(ResourceArn=arn)["Tags"] == [
            {"Key": "sagemaker:project-id", "Value": "p1"}
        ]


@pytest.mark.parametrize("group", ["has_underscore", "-leading", "trailing-", "x" * 64, "a/../b"])
def test_a_group_name_that_sagemaker_refuses_is_refused_here(group: str, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="is not a group's name"):
        LocalRegistry(tmp_path, "eu-west-1", ACCOUNT).create(request(group))
    assert list(tmp_path.iterdir()) == []


def test_the_longest_group_name_is_taken(tmp_path: Path) -> None:
    package = LocalRegistry(tmp_path, "eu-west-1", ACCOUNT).create(request("x" * 63))
    assert package_name(package.arn).group == "x" * 63


def test_an_unknown_status_is_refused(tmp_path: Path) -> None:
    registry = LocalRegistry(tmp_path, "eu-west-1", ACCOUNT)
    with pytest.raises(RegistryError, match="'approved' is not one of Approved"):
        registry.create(request(ModelApprovalStatus="approved"))


def create_many(root: Path) -> list[int]:
    registry = LocalRegistry(root, "eu-west-1", ACCOUNT)
    return [registry.create(request()).version for _ in range(15)]


def test_versions_are_given_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3) as pool:
        versions = [v for part in pool.map(create_many, [tmp_path] * 3) for v in part]
    assert sorted(versions) == list(range(1, 46))
    assert {p.name for p in (tmp_path / GROUP).iterdir()} == {
        "group.json",
        *(f"{v}.json" for v in versions),
    }


def test_the_shape_is_that_of_sagemaker(tmp_path: Path) -> None:
    from botocore.validate import ParamValidator

    from mlops.check import service_model

    registry = LocalRegistry(tmp_path, "eu-west-1", ACCOUNT)
    package = registry.create(request(Tags=[{"Key": "team", "Value": "risk"}]))
    registry.set_approval(package.arn, "Approved", "fine")
    details = dict(registry.describe(package.arn).details)
    shape = service_model().shape_for("DescribeModelPackageOutput")
    assert not ParamValidator().validate(details, shape).has_errors()
    assert "Tags" not in details


def test_the_command_lists_shows_and_approves(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["registry", "list"]) == 0
    assert "has no package yet" in capsys.readouterr().err
    assert project.run() == 0
    arn = project.last_run()["model_package_arn"]
    capsys.readouterr()

    assert main(["registry", "approve", arn, "--note", "ok"]) == 0
    assert capsys.readouterr().out == f"Approved: {arn}\n"
    assert main(["registry", "show", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["ApprovalDescription"] == "ok"
    assert main(["registry", "list"]) == 0
    listed = capsys.readouterr().out
    assert arn in listed and "Approved" in listed
    assert main(["registry", "reject", "1"]) == 0
    assert json.loads(project.packages()[0].read_text())["ModelApprovalStatus"] == "Rejected"
    assert main(["registry", "list", "--json"]) == 0
    assert main(["registry", "approve", "9"]) == 1
    assert "has no version 9" in capsys.readouterr().err


def test_the_cloud_needs_its_facts(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["registry", "list", "--cloud"]) != 0
    assert "aws.account_id" in capsys.readouterr().err
