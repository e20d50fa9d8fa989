"""What a sound configuration is understood to mean, and that the example and the page are whole."""

from __future__ import annotations

import dataclasses
import random
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from documentation.pages import DOCS, blocks, codes, rows

from config.files import MINIMAL, edited, problems, read
from generator.config import Config, ConfigError, example, load
from generator.config.model import NOTHING, Reviewer, Stage, TemplateSource, Tenant, Wait

PAGE = DOCS / "commands" / "aiops-config.md"
GITHUB = 'token_secret = "aiops/github"\n'


def with_text(text: str, folder: Path) -> Config:
    return read(edited((GITHUB, GITHUB + text)), folder)


def test_defaults(tmp_path: Path) -> None:
    config = read(MINIMAL, tmp_path)
    github = config.github
    assert (github.api_url, github.git_url) == ("https://api.github.com", "https://github.com")
    assert (github.owner, github.owner_kind, github.auth) == ("acme-ml", "organization", "app")
    assert github.deploy_repository == "{project_id}-{domain_id}-deploy-repo"
    assert (github.visibility, github.repo_layout) == ("private", "separate")
    assert github.protect_default_branch is True
    assert (github.secret_keys, config.reserve_concurrency) == ((), True)
    assert (github.topics, dict(github.reviewers), dict(github.secrets)) == ((), {}, {})
    assert config.governance.domains == ("dzd_4q7x2m9k1b3c5d",)
    assert config.governance.organization_id is None
    assert config.wait == Wait(60, 15, 120, 1.5)
    assert (config.naming.prefix, config.naming.build_role, config.naming.deploy_role) == (
        "aiops", None, None,
    )  # fmt: skip
    assert (config.deletion, config.templates, config.oidc_provider_arns) == ("archive", None, ())
    assert (config.tenants, config.notifications.emails, config.notifications.topic_arn) == (
        (), (), None,
    )  # fmt: skip
    for mapping in (config.profiles, config.answers, config.tags, config.joining):
        assert dict(mapping) == {}


def test_nothing_in_it_can_be_changed(tmp_path: Path) -> None:
    config = with_text('[tags]\na = "b"\n[tenants.t]\nprofiles = ["x"]\n', tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.deletion = "keep"  # type: ignore[misc]
    for mapping in (config.tags, config.tenants[0].stages, config.github.secrets, NOTHING):
        with pytest.raises(TypeError):
            mapping["x"] = "y"  # type: ignore[index]


@pytest.mark.parametrize(
    ("api", "git", "issuer"),
    [
        ("https://api.github.com", "https://github.com", "token.actions.githubusercontent.com"),
        ("https://api.acme.ghe.com/", "https://acme.ghe.com", "token.actions.acme.ghe.com"),
        (
            "https://github.example.com/api/v3",
            "https://github.example.com",
            "github.example.com/_services/token",
        ),
        ("http://127.0.0.1:8123/api/v3", "http://127.0.0.1:8123", "127.0.0.1/_services/token"),
    ],
)
def test_what_follows_from_the_address_of_the_api(
    api: str, git: str, issuer: str, tmp_path: Path
) -> None:
    provider = f"arn:aws:iam::222233334444:oidc-provider/{issuer}"
    config = with_text(f'api_url = "{api}"\n[oidc]\nexisting = ["{provider}"]', tmp_path)
    assert config.github.git_url == git
    assert config.github.oidc_issuer == issuer
    assert config.oidc_provider_arns == (provider,)


def test_reviewers_are_users_and_teams(tmp_path: Path) -> None:
    config = with_text('[github.reviewers]\nprod = ["@Acme-ML/gov", "ana", "@bo"]', tmp_path)
    assert dict(config.github.reviewers) == {
        "prod": (Reviewer("team", "gov"), Reviewer("user", "ana"), Reviewer("user", "bo"))
    }


def test_patterns_of_roles_are_inherited(tmp_path: Path) -> None:
    config = with_text(
        '[naming]\nbuild_role = "n-{project_id}-{stage}"\ndeploy_role = "o-{project_id}-{stage}"\n'
        '[tenants.a]\nprofiles = ["x"]\ndeploy_role = "t-{project_id}-{stage}"\n'
        'test = { account = "444455556666", region = "eu-west-1", build_role = "s-{project_id}" }\n'
        'prod = { account = "444455556666", region = "eu-west-1" }\n',
        tmp_path,
    )
    (tenant,) = config.tenants
    deploy = "t-{project_id}-{stage}"
    assert tenant == Tenant(
        "a",
        (),
        ("x",),
        "n-{project_id}-{stage}",
        deploy,
        {
            "test": Stage("444455556666", "eu-west-1", "s-{project_id}", deploy),
            "prod": Stage("444455556666", "eu-west-1", "n-{project_id}-{stage}", deploy),
        },
    )


def test_whose_project_it_is(tmp_path: Path) -> None:
    """By domain unit, then by profile, then the default."""
    text = (
        '[tenants.default]\n[tenants.by_profile]\nprofiles = ["ML X"]\n'
        '[tenants.by-unit]\ndomain_units = ["u1"]\n'
    ).replace("by_profile", "by-profile")
    config = with_text(text, tmp_path)

    def whose(unit: str | None, profile: str, given: Config = config) -> str | None:
        tenant = given.tenant_of(unit, profile)
        return tenant.name if tenant else None

    assert whose("u1", "ML X") == "by-unit"
    assert whose("u2", "ml-x") == "by-profile"
    assert whose(None, "ml x") == "by-profile"
    assert whose("u2", "other") == "default"
    without = with_text(text.replace("[tenants.default]\n", ""), tmp_path)
    assert whose("u2", "other", without) is None


def test_templates_are_pinned_by_tag_or_commit(tmp_path: Path) -> None:
    text = '[templates]\nrepository = "https://github.com/acme-ml/t.git/"\nref = "{}"\n'
    tag = with_text(text.format("v1.4.0"), tmp_path).templates
    assert tag == TemplateSource("https://github.com/acme-ml/t.git", "v1.4.0", "templates")
    assert not tag.is_commit
    commit = with_text(text.format("0123456789" * 4), tmp_path).templates
    assert commit is not None
    assert commit.is_commit


# ------------------------------------------------------------------ the example and the page


def test_the_example_passes(tmp_path: Path) -> None:
    assert problems(example(), tmp_path) == []


def test_the_example_passes_with_all_that_is_commented_out(tmp_path: Path) -> None:
    text = re.sub(r"^# (\[templates\]|(?:repository|ref|folder) = )", r"\1", example(), flags=re.M)
    assert text != example()
    assert read(text, tmp_path).templates is not None


def known_keys(folder: Path) -> set[str]:
    """Every key that is read, as messages about an unknown key list them."""
    tables = ["governance", "shared_services", "github", "github.reviewers", "tenants.t",
              "tenants.t.dev", "naming", "joining", "wait", "functions", "templates",
              "notifications", "deletion", "oidc"]  # fmt: skip
    text = "qqqqqqqq = 1\n" + "".join(f"[{table}]\nqqqqqqqq = 1\n" for table in tables)
    found = set()
    for problem in problems(text, folder):
        if listed := re.search(r": (\S*)qqqqqqqq: .*known are (.*)", problem):
            found |= {f"{listed[1]}{key}" for key in listed[2].split(", ")}
    return found


def test_every_key_is_in_the_example_and_on_the_page(tmp_path: Path) -> None:
    known = known_keys(tmp_path)
    assert len(known) > 50
    text = re.sub(r"^# (\[templates\]|(?:repository|ref|folder) = )", r"\1", example(), flags=re.M)
    shown = {re.sub(r"tenants\.[a-z]+", "tenants.t", key) for key in keys(tomllib.loads(text))}
    # The example's organization is not owned by a user; these follow from others.
    elsewhere = {"github.user", "tenants.t.build_role", "tenants.t.dev.build_role",
                 "tenants.t.dev.deploy_role", "github.reviewers.dev"}  # fmt: skip
    assert known - elsewhere - shown == set()
    documented = {code for row in rows(PAGE, "key") for code in codes(row["key"])}
    patterns = {re.sub(r"<stage>", "dev", re.sub(r"tenants\.<name>", "tenants.t", code))
                for code in documented}  # fmt: skip
    whole = {key for key in known if any(other.startswith(f"{key}.") for other in known)}
    inherited = {"tenants.t.dev.build_role", "tenants.t.dev.deploy_role"}
    stages = {"tenants.t.test", "tenants.t.prod"}
    sections = {"profiles", "answers", "tags", "github.secrets", "tenants", "tenants.t"}
    assert known - whole - inherited - stages - sections - patterns == set()


def keys(table: dict[str, Any], above: str = "") -> set[str]:
    found = set()
    for key, value in table.items():
        found.add(f"{above}{key}")
        if isinstance(value, dict):
            found |= keys(value, f"{above}{key}.")
    return found


def test_the_page_shows_what_the_check_says(tmp_path: Path) -> None:
    (wrong,) = [block.text for block in blocks(PAGE, "toml") if "[governance]" in block.text]
    (message,) = [block.text for block in blocks(PAGE, "text") if "wrong.toml" in block.text]
    header, *expected = message.strip().split("\n")
    assert header == "aiops: wrong.toml cannot be used; nothing was done:"
    assert [line.removeprefix("  wrong.toml:") for line in expected] == problems(wrong, tmp_path)


def test_templates_on_the_page_can_be_configured(tmp_path: Path) -> None:
    (text,) = [block.text for block in blocks(PAGE, "toml") if block.text.startswith("[templates]")]
    assert with_text(text, tmp_path).templates is not None


# ------------------------------------------------------------------ files that are none


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for name, content, said in (
        ("missing", None, "it cannot be read: No such file or directory; `aiops config example"
         " FILE` writes one"),
        ("latin", b'a = "x"\nb = "\xe4"', "this line is not UTF-8"),
        ("large", b"#" * (256 * 1024 + 1), "it is larger than 256 KiB"),
        ("deep", b"a = " + b"[" * 5000 + b"]" * 5000, "this is not TOML that can be read: it is"
         " nested too deeply"),
    ):  # fmt: skip
        file = tmp_path / name
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ConfigError) as raised:
            load(file)
        line = 2 if name == "latin" else 1
        assert str(raised.value).split("\n")[1:] == [f"  {file}:{line}: {said}"]
    with pytest.raises(ConfigError, match="it cannot be read: Is a directory"):
        load(tmp_path)


VALUES = ["1", "-1.5", "true", '""', '"x"', "[]", "[[1]]", "{}", "{ a = 1 }", "nan", "1979-05-27",
          '"{project_id}"', '["x", 1]', '[{ x = [] }]', '"\\u0000"']  # fmt: skip


def test_whatever_stands_there_is_understood_or_refused(tmp_path: Path) -> None:
    """Values of the example replaced at random: no exception but ours, and each with a line."""
    for seed in range(150):
        choose = random.Random(seed)
        lines = example().split("\n")
        for number in choose.sample(range(len(lines)), 25):
            key, equals, _ = lines[number].partition(" = ")
            if equals and "{" not in lines[number]:
                lines[number] = f"{key} = {choose.choice(VALUES)}"
        try:
            config = read("\n".join(lines), tmp_path)
        except ConfigError as error:
            assert all(1 <= problem.line <= len(lines) for problem in error.problems), seed
            assert all(one.key is None or re.match(r"[a-z]", one.key) for one in error.problems)
        else:
            assert isinstance(config, Config)
