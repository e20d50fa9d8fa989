"""The roles of a project's workflows: who may have them, and where they end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.infrastructure.project_roles import FILE_NAME, template
from infrastructure.templates import Statement, listed, statements

pytestmark = pytest.mark.xdist_group("infrastructure")

ISSUER = "token.actions.githubusercontent.com"
# Of all resources that a role may reach, those that do not name the project, and why.
OF_NO_PROJECT = {
    "SeeWhyAStepFailed": "SageMaker names the jobs of all pipelines alike",
    "DeployWithTheCdk": "the roles of the CDK's bootstrap belong to the account",
    "SeeItsAlarms": "CloudWatch lists alarms of an account, or none",
    "ListTheProjectsPrefix": "a bucket is listed as a whole; the condition holds the prefix",
    "GiveThePipelineItsRole": "the pipeline role is a parameter",
}


@pytest.fixture(scope="session")
def roles() -> dict[str, dict[str, Any]]:
    resources = template(ISSUER)["Resources"]
    return {name: resource["Properties"] for name, resource in resources.items()}


def allowed(roles: dict[str, dict[str, Any]]) -> Iterator[Statement]:
    for name, role in roles.items():
        (policy,) = role["Policies"]
        yield from statements(name, policy["PolicyDocument"])


@pytest.mark.parametrize(
    ("role", "repository"), [("BuildRole", "BuildRepository"), ("DeployRole", "DeployRepository")]
)
def test_each_role_trusts_one_repository_in_one_environment(
    roles: dict[str, dict[str, Any]], role: str, repository: str
) -> None:
    (trust,) = roles[role]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert list(trust["Principal"]) == ["Federated"]
    assert trust["Principal"]["Federated"]["Fn::Sub"].endswith(f":oidc-provider/{ISSUER}")
    # Exactly equal, so that no other repository, branch or pull request is let in.
    assert trust["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": {"Fn::Sub": f"repo:${{{repository}}}:environment:${{Stage}}"},
        }
    }


def test_where_both_are_one_repository_each_role_trusts_it_in_its_environment(
    roles: dict[str, dict[str, Any]],
) -> None:
    """As cicd-config.json gives the parameters: both name the one repository."""
    given = {"BuildRepository": "acme-ml/house", "DeployRepository": "acme-ml/house"}
    for stage in ("dev", "prod"):
        for role in roles.values():
            (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
            subject = trust["Condition"]["StringEquals"][f"{ISSUER}:sub"]["Fn::Sub"]
            for name, value in {**given, "Stage": stage}.items():
                subject = subject.replace(f"${{{name}}}", value)
            assert subject == f"repo:acme-ml/house:environment:{stage}"


def test_parameters_cannot_widen_what_is_trusted_or_reached() -> None:
    parameters = template(ISSUER)["Parameters"]
    refused = {
        "BuildRepository": ("*", "acme", "acme/*", "acme/re?o", "acme/x:environment:prod", "a/b c"),
        "Prefix": ("*", "", "/", "p1/", "/p1", "p1/*", "p?", "p1//x"),
        "Bucket": ("*", "", "buck?t", "bucket/*"),
        "ModelPackageGroup": ("*", "aiops-", "aiops-*", "models"),
        "EndpointName": ("*", "aiops-", "aiops-*", "churn"),
        "PipelineName": ("*", "githubactions-*", "churn"),
        "PipelineRoleArn": ("*", "arn:aws:iam::111122223333:role/*"),
    }
    refused["DeployRepository"] = (*refused["BuildRepository"], "")
    for name, widening in refused.items():
        for value in widening:
            assert not re.fullmatch(parameters[name]["AllowedPattern"], value), (name, value)
    assert parameters["Stage"]["AllowedValues"] == ["dev", "test", "prod"]
    assert re.fullmatch(parameters["Prefix"]["AllowedPattern"], "dzd_1/p1/dev")
    assert re.fullmatch(parameters["BuildRepository"]["AllowedPattern"], "acme-ml/house.prices_1")


def test_roles_end_where_the_project_ends(roles: dict[str, dict[str, Any]]) -> None:
    own = re.compile(r"\$\{(PipelineName|ModelPackageGroup|EndpointName|Bucket\}/\$\{Prefix)\}")
    seen = set()
    for statement in allowed(roles):
        sid = statement.content["Sid"]
        assert not [action for action in statement.actions if "*" in action], sid
        for resource in statement.resources:
            if not own.search(json.dumps(resource)):
                assert sid in OF_NO_PROJECT, (sid, resource)
                seen.add(sid)
    assert seen == set(OF_NO_PROJECT), "a reason that is no longer needed"


def test_the_bucket_is_listed_and_roles_are_passed_under_a_condition(
    roles: dict[str, dict[str, Any]],
) -> None:
    by_sid = {each.content["Sid"]: each.content for each in allowed(roles)}
    assert by_sid["ListTheProjectsPrefix"]["Condition"] == {
        "StringLike": {"s3:prefix": [{"Fn::Sub": "${Prefix}"}, {"Fn::Sub": "${Prefix}/*"}]}
    }
    assert by_sid["GiveThePipelineItsRole"]["Resource"] == [{"Ref": "PipelineRoleArn"}]
    assert by_sid["GiveThePipelineItsRole"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}
    }
    reached = by_sid["DeployWithTheCdk"]
    assert listed(reached["Action"]) == ["sts:AssumeRole"]
    assert not [role for role in reached["Resource"] if "cfn-exec" in role["Fn::Sub"]]


def test_it_is_written_beside_the_stacks_for_the_configured_github(assemblies: Path) -> None:
    written = json.loads((assemblies / "full" / FILE_NAME).read_text())
    assert written == template(ISSUER)
