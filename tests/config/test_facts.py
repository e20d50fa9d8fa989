"""What the configuration adds to a project: in its facts, and in the files that are committed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT, TEMPLATES, run

from config.files import MINIMAL, edited, read
from generator.catalog import Catalog, UnknownProfile, UnknownTemplate, load
from generator.config import Config
from generator.config.facts import (
    ProjectElsewhere,
    answers_from_config,
    facts_from_config,
    template_for,
)
from generator.config.joining import JoinsProject
from generator.create import ProjectPlan, create_project, plan_project
from generator.facts import FACT_PATTERNS, ProjectFacts, leaves, only_declared_stages
from generator.patterns import matches
from generator.remotes import git_base
from generator.standins.datazone import DataZoneStandIn, stand_in

EVENT: dict[str, Any] = json.loads(
    (CHECKOUT / "generator" / "events" / "create_project.json").read_text()
)
PROJECT, DOMAIN = "c1d2e3f4g5h6i7", "dzd_4q7x2m9k1b3c5d"
UNIT = "9rootunit00001"  # where the stand-in puts the project
GITHUB = 'token_secret = "aiops/github"\n'
FACTS = ProjectFacts(
    project_id=PROJECT,
    name="House prices",
    profile="Regression",
    domain_id=DOMAIN,
    account_id="111122223333",
    region="eu-west-1",
    build_repository="other-org/house-prices",
    deploy_repository="other-org/x",
    default_branch="main",
    pipeline_role_arn="arn:aws:iam::111122223333:role/x",
    bucket="bucket",
    prefix="a/b",
    domain_unit_id=UNIT,
)
TENANTS = """\
[naming]
build_role = "ml/{project_id}-{stage}-build"
deploy_role = "{tenant}-{project_id}-{stage}"
[tenants.by-unit]
domain_units = ["9rootunit00001"]
dev = { account = "111122223333", region = "eu-west-1" }
test = { account = "444455556666", region = "eu-west-2" }
prod = { account = "555566667777", region = "eu-central-1", deploy_role = "live/{project_id}" }
[tenants.by-profile]
profiles = ["Regression"]
test = { account = "666677778888", region = "eu-west-1" }
[tenants.default]
"""


def configured(text: str, folder: Path) -> Config:
    return read(edited((GITHUB, GITHUB + text)), folder)


def stages(config: Config, **changes: str | None) -> dict[str, Any]:
    return {
        stage: tuple(vars(facts).values())
        for stage, facts in facts_from_config(config, replace(FACTS, **changes)).stages.items()
    }


def test_every_stage_of_the_tenant(tmp_path: Path) -> None:
    config = configured(TENANTS, tmp_path)
    role = "arn:aws:iam::{}:role/{}".format
    assert stages(config) == {
        "dev": ("111122223333", "eu-west-1", role("111122223333", f"ml/{PROJECT}-dev-build"),
                role("111122223333", f"by-unit-{PROJECT}-dev")),
        "test": ("444455556666", "eu-west-2", role("444455556666", f"ml/{PROJECT}-test-build"),
                 role("444455556666", f"by-unit-{PROJECT}-test")),
        "prod": ("555566667777", "eu-central-1", role("555566667777", f"ml/{PROJECT}-prod-build"),
                 role("555566667777", f"live/{PROJECT}")),
    }  # fmt: skip


def test_dev_is_where_the_project_is(tmp_path: Path) -> None:
    config = configured(TENANTS, tmp_path)
    found = stages(config, domain_unit_id="another", account_id="999988887777")
    assert list(found) == ["dev", "test"]
    assert found["dev"] == (
        "999988887777",
        "eu-west-1",
        f"arn:aws:iam::999988887777:role/ml/{PROJECT}-dev-build",
        f"arn:aws:iam::999988887777:role/by-profile-{PROJECT}-dev",
    )


def test_a_project_that_is_not_in_the_tenants_account_is_refused(tmp_path: Path) -> None:
    config = configured(TENANTS, tmp_path)
    for changes, where in (
        ({"account_id": "999988887777"}, "account 999988887777, eu-west-1"),
        ({"region": "eu-west-3"}, "account 111122223333, eu-west-3"),
    ):
        with pytest.raises(ProjectElsewhere) as raised:
            stages(config, **changes)
        assert str(raised.value) == (
            f"project {PROJECT} is in {where}, but tenants.by-unit.dev says 111122223333,"
            " eu-west-1; correct the configuration, leave dev out of it, or create the project in"
            f" the tenant's account (it belongs to this tenant by its domain unit {UNIT})"
        )


def test_without_a_tenant_only_dev_is_known(tmp_path: Path) -> None:
    config = configured(TENANTS[: TENANTS.index("[tenants.by-unit]")], tmp_path)
    build = f"arn:aws:iam::111122223333:role/ml/{PROJECT}-dev-build"
    # The pattern of the deploy role asks for a tenant that there is not.
    assert stages(config) == {"dev": ("111122223333", "eu-west-1", build, None)}
    assert stages(read(MINIMAL, tmp_path)) == {"dev": ("111122223333", "eu-west-1", None, None)}


def test_other_partitions(tmp_path: Path) -> None:
    china = edited(
        ('region = "eu-west-1"\ndomains', 'region = "cn-north-1"\ndomains'),
        ('region = "eu-west-1"\n\n[git', 'region = "cn-north-1"\n\n[git'),
        (GITHUB, GITHUB + '[naming]\nbuild_role = "{project_id}"\n'),
    )
    found = stages(read(china, tmp_path), region="cn-north-1")
    assert found["dev"][2] == f"arn:aws-cn:iam::111122223333:role/{PROJECT}"


def test_the_deploy_repository_and_tags(tmp_path: Path) -> None:
    config = configured(
        'deploy_repository = "deploy.{project_id}"\n[tags]\nCostCenter = "ml"\n', tmp_path
    )
    facts = facts_from_config(config, FACTS)
    assert facts.deploy_repository == f"acme-ml/deploy.{PROJECT}"
    assert facts.build_repository == "other-org/house-prices"
    tags = facts.mapping()["tags"]
    assert isinstance(tags, dict)
    assert tags["CostCenter"] == "ml"
    assert tags["sagemaker:project-id"] == PROJECT


def test_facts_are_facts_whatever_the_ids(tmp_path: Path) -> None:
    """The longest and oddest ids give repositories and roles that pass the templates' checks."""
    config = configured(TENANTS.replace("by-unit", "t" * 22), tmp_path)
    for project in ("p" * 36, "-" * 36, "_", "-"):
        for domain in ("dzd_" + "d" * 36, "dzd--"):
            facts = facts_from_config(
                config, replace(FACTS, project_id=project, domain_id=domain, domain_unit_id=UNIT)
            )
            for path, value in leaves(
                {key: value for key, value in facts.mapping().items() if key != "tags"}
            ):
                assert matches(FACT_PATTERNS[path], value), (path, value)


def test_templates_by_the_configurations_profiles(tmp_path: Path) -> None:
    catalog = load(TEMPLATES)
    config = configured('[profiles]\n"Fraud scoring" = "regression"\nRAG = "nothing"', tmp_path)
    assert template_for(config, catalog, "fraud_SCORING").name == "regression"
    with pytest.raises(UnknownProfile) as raised:
        template_for(config, catalog, "Regression")
    assert str(raised.value) == (
        "the configuration has no project profile 'Regression'; it has 'Fraud scoring', 'RAG'"
    )
    with pytest.raises(UnknownTemplate, match="there is no template 'nothing'"):
        template_for(config, catalog, "rag")
    assert template_for(read(MINIMAL, tmp_path), catalog, "ML Regression").name == "regression"


def test_stages_that_a_template_does_not_know_are_left_out(tmp_path: Path) -> None:
    facts = facts_from_config(configured(TENANTS, tmp_path), FACTS).mapping()
    declared = {"stages": {"dev": {"account_id": None}, "prod": {"region": None, "x": None}}}
    assert only_declared_stages(facts, declared)["stages"] == {
        "dev": {"account_id": "111122223333"},
        "test": {},
        "prod": {"region": "eu-central-1"},
    }
    assert {**only_declared_stages(facts, declared), "stages": facts["stages"]} == facts


# ------------------------------------------------------------------ the whole way


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ProjectPlan]:
    def planned(
        config: Config,
        change: Callable[[DataZoneStandIn], object] = lambda datazone: None,
        catalog: Catalog | None = None,
        **answers: str,
    ) -> ProjectPlan:
        with stand_in(EVENT) as datazone:
            change(datazone)
            for name, value in datazone.environment.items():
                monkeypatch.setenv(name, value)
            return plan_project(EVENT, catalog or load(TEMPLATES), answers, config=config)

    return planned


def test_it_is_committed(plan: Callable[..., ProjectPlan], tmp_path: Path) -> None:
    text = TENANTS + (
        '[profiles]\n"Regression" = "regression"\n[tags]\nCostCenter = "ml"\n'
        '[answers.regression]\nmetric = "mae"\nmetric_bound = "7"\nowner = "team"\n'
    )
    config = configured(text, tmp_path)
    planned = plan(config, metric_bound="9")
    created = create_project(planned, git_base(str(tmp_path / "git")))
    assert created.repositories[1].name == f"acme-ml/{PROJECT}-{DOMAIN}-deploy-repo"
    for role in ("build", "deploy"):
        committed = json.loads(planned.rendering.repositories[role]["cicd-config.json"].content)
        assert committed["stages"]["prod"] == {
            "account_id": "555566667777",
            "region": "eu-central-1",
            "deploy_role_arn": f"arn:aws:iam::555566667777:role/live/{PROJECT}",
        }
        assert committed["stages"]["dev"]["build_role_arn"].endswith(f"/ml/{PROJECT}-dev-build")
        assert committed["tags"]["CostCenter"] == "ml"
        answers = committed["template"]["answers"]
        assert (answers["metric"], answers["owner"]) == ("mae", "team")
        assert answers["metric_bound"] == "9", "what is given beats the configuration"
    assert [fact for fact in planned.missing if fact.startswith("stages.")] == []


def test_what_is_not_configured_is_named(plan: Callable[..., ProjectPlan], tmp_path: Path) -> None:
    planned = plan(configured("[tenants.default]\n", tmp_path))
    assert {"stages.test.account_id", "stages.dev.build_role_arn"} <= set(planned.missing)
    assert "stages.dev.account_id" not in planned.missing


def test_answers_are_for_the_questions_that_are_asked(tmp_path: Path) -> None:
    template = load(TEMPLATES).named("regression")
    config = configured('repo_layout = "monorepo"\n[answers.other]\nx = "y"', tmp_path)
    asked = template.question("repo_layout") is not None
    assert answers_from_config(config, template) == ({"repo_layout": "monorepo"} if asked else {})


def test_the_command_line_takes_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "aiops.toml").write_text(edited((GITHUB, GITHUB + TENANTS)))
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT))
    command = ["create", "--event", event, "--git-base", "git", "--config", "aiops.toml"]
    with stand_in(EVENT) as datazone:
        environment = {"PYTHONPATH": str(CHECKOUT), **datazone.environment}
        done = run("aiops", *command, "--json", cwd=tmp_path, **environment)
        refused = run("aiops", *command[:-1], "missing.toml", cwd=tmp_path, **environment)
    assert done.returncode == 0, done.stdout
    document = json.loads(done.stdout)
    assert document["repositories"][1]["name"] == f"acme-ml/{PROJECT}-{DOMAIN}-deploy-repo"
    assert not [fact for fact in document["missing"] if fact.startswith("stages.")]
    assert refused.returncode == 2
    assert "missing.toml:1: it cannot be read" in refused.stdout


def test_a_stage_of_another_project_gets_no_repositories(
    plan: Callable[..., ProjectPlan], tmp_path: Path
) -> None:
    config = configured('[joining]\nprod = ["-prod"]\n', tmp_path)

    def named(datazone: DataZoneStandIn) -> None:
        datazone.records.project["name"] = "House prices-prod"

    with pytest.raises(JoinsProject, match="joins the project 'House prices' as its stage prod"):
        plan(config, named)
    assert plan(config).facts.name == "House prices"
