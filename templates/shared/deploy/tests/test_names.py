"""Names: the same for the same inputs, different for different ones, never too long."""

import re

import botocore.session
import pytest

from components.errors import ConfigurationError
from components.image_registries import (
    ALGORITHM_ACCOUNTS,
    DEEP_LEARNING_ACCOUNTS,
    registry_account,
)
from components.instance_types import INSTANCE_TYPE_PATTERN, vcpus
from components.model_package import ModelPackage
from components.naming import bounded, clean, digest

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/aiops-example-models/3"


def test_a_hash_depends_on_content_and_not_on_order() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert re.fullmatch(r"[0-9a-f]{10}", digest("x"))


@pytest.mark.parametrize("text", ["abc", "a-b", "a--b", "A1"])
def test_a_clean_text_stays(text: str) -> None:
    assert clean(text) == text


def test_other_texts_become_clean_and_stay_apart() -> None:
    texts = ["a_b", "a-b", "a.b", "a-", "-a", "a", "ä", "_", "-"]
    names = {clean(text) for text in texts}
    assert len(names) == len(texts)
    assert all(re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name) for name in names)


def test_a_name_that_fits_is_only_joined() -> None:
    assert bounded("aiops", "x", "dev") == "aiops-x-dev"
    assert bounded("a" * 59, "dev") == "a" * 59 + "-dev"


def test_a_long_name_keeps_its_end_and_its_difference() -> None:
    one, other = (bounded("a" * 70, letter, "prod") for letter in "xy")
    assert one != other
    assert len(one) <= 63 and one.endswith("-prod")


def test_every_hosting_instance_type_has_a_size() -> None:
    model = botocore.session.Session().get_service_model("sagemaker")
    types = model.shape_for("ProductionVariantInstanceType").enum
    assert len(types) > 200
    for instance_type in types:
        assert re.fullmatch(INSTANCE_TYPE_PATTERN, instance_type)
        assert vcpus(instance_type) >= 1


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        ("ml.m5.large", 2),
        ("ml.m5.xlarge", 4),
        ("ml.c5.18xlarge", 72),
        ("ml.g5.48xlarge", 192),
        ("ml.t2.medium", 2),
        ("ml.c8g.medium", 1),
        ("ml.c4.8xlarge", 36),
    ],
)
def test_sizes(instance_type: str, expected: int) -> None:
    assert vcpus(instance_type) == expected


@pytest.mark.parametrize(
    ("repository", "accounts"),
    [("sagemaker-xgboost", ALGORITHM_ACCOUNTS), ("vllm", DEEP_LEARNING_ACCOUNTS)],
)
def test_images_come_from_aws_unless_the_stage_says_otherwise(
    repository: str, accounts: dict[str, str]
) -> None:
    def account(region: str, override: str | None) -> str:
        return registry_account(region=region, repository=repository, override=override)

    assert account("eu-west-1", None) == accounts["eu-west-1"]
    assert account("xx-new-1", "111122223333") == "111122223333"
    with pytest.raises(ConfigurationError, match=r"container\.account"):
        account("xx-new-1", None)


def test_a_model_package_arn_is_taken_apart() -> None:
    package = ModelPackage.parse(ARN)
    assert (package.region, package.account) == ("eu-west-1", "111122223333")
    assert (package.group, package.version) == ("aiops-example-models", 3)
    assert ModelPackage.parse(ARN.replace("arn:aws:", "arn:aws-us-gov:")).version == 3


@pytest.mark.parametrize(
    ("arn", "reason"),
    [
        ("", "it is empty"),
        ("latest", "not a model package ARN"),
        (ARN.replace("model-package", "model-package-group").rsplit("/", 1)[0], "that is a group"),
        (ARN.rsplit("/", 1)[0], "version number at the end is missing"),
        (f"{ARN.rsplit('/', 1)[0]}/0", "version number at the end is missing"),
        (f"{ARN}\n", "not a model package ARN"),
        (f"{ARN};id", "version number at the end is missing"),
        (f" {ARN}", "not a model package ARN"),
        ("arn:aws:s3:::bucket/model-package/x/1", "not a model package ARN"),
    ],
)
def test_what_is_no_model_version_is_refused(arn: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        ModelPackage.parse(arn)
    assert reason in str(error.value)
    assert repr(arn) in str(error.value)


def test_a_package_of_another_region_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"Region 'eu-west-1' but stage 'prod' is in 'us-"):
        ModelPackage.parse(ARN).check(stage="prod", region="us-east-1", accounts=())


def test_a_package_of_an_unknown_account_is_refused() -> None:
    package = ModelPackage.parse(ARN)
    package.check(stage="dev", region="eu-west-1", accounts=())
    package.check(stage="dev", region="eu-west-1", accounts={"111122223333"})
    local = ModelPackage.parse(ARN.replace("111122223333", "000000000000"))
    local.check(stage="dev", region="eu-west-1", accounts={"222233334444"})
    with pytest.raises(ConfigurationError, match=r"'111122223333'.*222233334444.*config/dev.yaml"):
        package.check(stage="dev", region="eu-west-1", accounts={"222233334444"})
