"""The page about `aiops doctor` lists every check, and every permission that it takes."""

from __future__ import annotations

import ast
import re

from conftest import CHECKOUT

from documentation.pages import DOCS, codes, rows
from generator.doctor.accounts import IAM_PREFIX
from generator.doctor.checks.all import CHECKS

PAGE = DOCS / "commands" / "aiops-doctor.md"


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
