"""The pages build into a site that is whole and needs no other server; their code can be read."""

from __future__ import annotations

import html
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import CHECKOUT, run

from documentation.pages import DOCS, blocks, name_of, pages

# One worker: what is set up for a session is set up once.
pytestmark = pytest.mark.xdist_group("documentation")

DATA_LANGUAGES = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}

every_page = pytest.mark.parametrize("page", pages(), ids=name_of)


@cache
def site_configuration() -> dict[str, Any]:
    return dict(yaml.safe_load((CHECKOUT / "mkdocs.yml").read_text()))


def leaves(navigation: object) -> Iterator[str]:
    """The pages that a navigation names."""
    if isinstance(navigation, str):
        yield navigation
    elif isinstance(navigation, Mapping):
        for below in navigation.values():
            yield from leaves(below)
    elif isinstance(navigation, list):
        for below in navigation:
            yield from leaves(below)


def test_every_page_is_in_the_navigation() -> None:
    assert sorted(leaves(site_configuration()["nav"])) == sorted(map(name_of, pages()))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. `--strict` makes a dead link or anchor an error."""
    folder = tmp_path_factory.mktemp("site")
    done = run("mkdocs", "build", "--strict", "--quiet", "--site-dir", folder, cwd=CHECKOUT)
    assert done.returncode == 0, done.stdout
    return folder


def test_every_page_is_built_and_its_links_lead_somewhere(site: Path) -> None:
    for page in pages():
        built = site / Path(name_of(page)).with_suffix(".html")
        article = re.search(r"<article.*</article>", built.read_text(), re.DOTALL)
        assert article, built.name
        for link in re.findall(r'(?:href|src)="([^"]+)"', article[0]):
            file, _, anchor = html.unescape(link).partition("#")
            if re.match(r"[a-z]+:", file):
                continue
            target = (built.parent / file).resolve() if file else built
            assert target.is_file(), f"{name_of(page)}: {link}"
            assert not anchor or f'id="{anchor}"' in target.read_text(), f"{name_of(page)}: {link}"


def test_the_site_needs_no_other_server(site: Path) -> None:
    loaded = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["']?(https?:)?//""")
    for page in site.rglob("*.html"):
        assert not loaded.search(page.read_text()), page.name


def test_pictures_are_small() -> None:
    for picture in (DOCS / "images").iterdir():
        assert picture.stat().st_size < 150_000, picture.name


@every_page
def test_code_blocks_can_be_read_by_what_they_are_for(page: Path) -> None:
    for block in blocks(page):
        where = f"{block.page.name}:{block.line}"
        if block.language == "python":
            compile(block.text, where, "exec")
        elif block.language in DATA_LANGUAGES:
            assert DATA_LANGUAGES[block.language](block.text) is not None, where
        else:
            assert block.language in {"console", "text"}, f"{where}: what is {block.language!r}?"


@every_page
def test_pages_say_nothing_of_other_machines(page: Path) -> None:
    text = page.read_text()
    assert not re.search(r"/tmp/|/root/|file:///", text)
