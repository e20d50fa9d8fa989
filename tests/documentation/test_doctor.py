"""The page about `aiops doctor` lists every check, and every permission that it takes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from conftest import CHECKOUT

from documentation.pages import DOCS, blocks, codes, commands_of, rows
from generator.config import load
from generator.doctor.accounts import IAM_PREFIX
from generator.doctor.checks.all import CHECKS

PAGE = DOCS / "commands" / "aiops-doctor.md"
GUIDE = DOCS / "people" / "administrator.md"


def questions() -> set[str]:
    """Every call that the sources make, as a policy names it."""
    found = set()
    for source in (CHECKOUT / "generator" / "doctor").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            words = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
            if node.func.attr in ("ask", "pages") and len(words) == 2:
                service, operation = map(str, words)
                found.add(f"{IAM_PREFIX.get(service, service)}:{camel(operation)}")
    return found


def camel(operation: str) -> str:
    words = "".join(word.capitalize() for word in operation.split("_"))
    return words.replace("OpenIdConnect", "OpenIDConnect")


def test_every_check_is_listed_in_order() -> None:
    listed = [(row["area"], row["check"]) for row in rows(PAGE, "area", "check")]
    assert listed == [("Configuration", "file"), *((one.area, one.name) for one in CHECKS)]


def test_every_permission_is_listed() -> None:
    listed = {
        code
        for row in rows(PAGE, "area", "asks")
        for code in codes(row["asks"])
        if re.fullmatch(r"[a-z]+:[A-Z]\w+", code)
    }
    assert listed == questions() | {"sts:GetCallerIdentity"}


def test_every_permission_on_github_is_listed_with_its_place() -> None:
    from generator.doctor.checks.github_token import OF_ORGANIZATION
    from generator.github.permissions import NEEDED, OPTIONAL

    listed = {codes(row["id"])[0]: row for row in rows(GUIDE, "permission on GitHub's page", "id")}
    wanted = {name: level for name, (level, _) in {**NEEDED, **OPTIONAL}.items()}
    wanted["organization_plan"] = "read"
    assert set(listed) == {f"{name}: {level}" for name, level in wanted.items()}
    for name, level in wanted.items():
        row = listed[f"{name}: {level}"]
        assert row["of"] == ("organization" if name in OF_ORGANIZATION else "repository"), name
        assert row["access"] == ("Read and write" if level == "write" else "Read-only"), name
        assert row["needed"].startswith("always") == (name in NEEDED), name


def test_the_least_configuration_can_be_used(tmp_path: Path) -> None:
    (least,) = [block for block in blocks(GUIDE, "toml") if "[governance]" in block.text]
    file = tmp_path / "aiops.toml"
    file.write_text(least.text)
    assert load(file).github.owner == "acme-ml"


def test_the_command_for_a_projects_roles_gives_every_parameter_that_is_needed() -> None:
    from generator.infrastructure.project_roles import template

    (command,) = [one for one in commands_of(GUIDE) if "--parameter-overrides" in one.text]
    given = {word.partition("=")[0] for word in command.words if re.match(r"[A-Z]\w+=", word)}
    known = template("token.actions.githubusercontent.com")["Parameters"]
    assert given <= set(known)
    assert {name for name, one in known.items() if "Default" not in one} <= given
    values = dict(word.split("=", 1) for word in command.words if re.match(r"[A-Z]\w+=", word))
    for name, value in values.items():
        assert re.fullmatch(known[name].get("AllowedPattern", ".*"), value), name
