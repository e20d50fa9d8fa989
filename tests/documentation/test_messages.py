"""Messages that a page quotes are messages of ours."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest
from conftest import CHECKOUT

from documentation.pages import DOCS, codes, name_of, pages, tables

# One worker: what is set up for a session is set up once.
pytestmark = pytest.mark.xdist_group("documentation")


@cache
def messages() -> tuple[str, ...]:
    """Every text in our sources; what is filled in stands as `…`."""
    found = []
    for folder in ("generator", "hooks", "templates"):
        for source in (CHECKOUT / folder).rglob("*.py"):
            if source.relative_to(CHECKOUT).parts[:2] == ("generator", "templates"):
                continue
            for node in ast.walk(ast.parse(source.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
                elif isinstance(node, ast.JoinedStr):
                    found.append("".join(shown(part) for part in node.values))
    for pattern in ("Makefile", "*.yml"):
        found += [path.read_text() for path in (CHECKOUT / "templates" / "shared").rglob(pattern)]
    return tuple(found)


def shown(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "…"


def documented_messages() -> list[tuple[str, str]]:
    return [
        (name_of(page), message)
        for page in pages()
        for table in tables(page)
        for row in table
        for message in codes(row.get("you see", ""))
    ]


@pytest.mark.parametrize(("page", "message"), documented_messages())
def test_the_message_is_one_of_ours(page: str, message: str) -> None:
    pattern = re.compile(".*".join(map(re.escape, re.split(r" ?… ?", message))), re.DOTALL)
    assert any(pattern.search(text) for text in messages())


def test_operations_covers_every_part() -> None:
    page = (DOCS / "operations.md").read_text()
    for part in ("The generator", "A local run", "The pipeline in the cloud", "A deployment",
                 "Going back", "The smoke test"):  # fmt: skip
        assert f"## {part}" in page
