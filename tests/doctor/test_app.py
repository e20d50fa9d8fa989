"""A GitHub App says what it may and what it sees; both are compared with what is needed."""

from __future__ import annotations

import json

import pytest

from generator.doctor.findings import Status
from generator.standins.github.access import EVERYTHING
from tests.doctor.world import TOKEN_ARN, World
from tests.github_rest.test_tokens import INSTALLATION, key_pair

ID = "12345"


@pytest.fixture
def app(outside: World) -> World:
    """The organization with an App instead of a token."""
    private, public = key_pair()
    permissions = {**EVERYTHING, "organization_plan": "read"}
    outside.github.add_app(ID, public, {INSTALLATION: "acme-ml"}, permissions)
    outside.secrets[TOKEN_ARN] = json.dumps(
        {"app_id": ID, "installation_id": INSTALLATION, "private_key": private}
    )
    outside.configure('auth = "token"', 'auth = "app"')
    return outside


def test_all_is_well(app: World) -> None:
    app.look()
    assert {one.found.status for one in app.findings} == {Status.OK}
    (token,) = app.of("GitHub", "token")
    assert "takes the GitHub App" in token.found.what


def test_each_permission_that_is_missing_is_named_with_its_place(app: World) -> None:
    app.github.apps[ID].permissions = {
        name: "read" if name in {"contents", "secrets"} else level
        for name, level in EVERYTHING.items()
        if name != "members"
    }
    app.look()
    found = [one.found for one in app.of("GitHub", "permissions")]
    assert [one.status for one in found] == [Status.PROBLEM] * 3
    assert [one.what.split("lacks ")[1].split(",")[0] for one in found] == [
        "contents: write",
        "secrets: write",
        "members: read",
    ]
    places = [(one.advice or "").split(", ")[2].split(";")[0] for one in found]
    assert places == [
        "Repository permissions",
        "Repository permissions",
        "Organization permissions",
    ]


def test_optional_permissions_are_not_asked_for_without_need(app: World) -> None:
    app.configure('prod = ["@acme-ml/governance", "@octocat"]', 'prod = ["@octocat"]')
    granted = dict(EVERYTHING)
    for name in ("members", "environments", "actions_variables"):
        del granted[name]
    app.github.apps[ID].permissions = granted
    app.look()
    assert [one.found.status for one in app.of("GitHub", "permissions")] == [Status.OK]


def test_an_app_on_chosen_repositories_is_warned_of(app: World) -> None:
    app.github.selection = "selected"
    app.github.create_repository("acme-ml/one")
    app.look()
    (found,) = app.of("GitHub", "repositories")
    assert found.found.status is Status.WARNING
    assert "installed on 1 chosen repositories" in found.found.what
    assert "All repositories" in (found.found.advice or "")


def test_an_app_that_is_not_installed(app: World) -> None:
    app.github.apps[ID].installations.clear()
    app.look()
    (token,) = app.of("GitHub", "token")
    assert token.found.status is Status.PROBLEM
    assert "has no installation 678: install it" in token.found.what


def test_an_app_cannot_serve_a_user(app: World) -> None:
    app.configure('organization = "acme-ml"', 'user = "octocat"')
    app.configure('prod = ["@acme-ml/governance", "@octocat"]', 'prod = ["@octocat"]')
    app.look()
    (owner,) = app.of("GitHub", "owner")
    assert owner.found.status is Status.PROBLEM
    assert "cannot create repositories of the user octocat" in owner.found.what


@pytest.mark.parametrize(("user", "status"), [("octocat", "ok"), ("ann", "problem")])
def test_a_token_serves_its_own_user(outside: World, user: str, status: str) -> None:
    outside.configure('organization = "acme-ml"', f'user = "{user}"')
    outside.configure('prod = ["@acme-ml/governance", "@octocat"]', 'prod = ["@octocat"]')
    outside.look()
    (owner,) = outside.of("GitHub", "owner")
    assert owner.found.status == status
