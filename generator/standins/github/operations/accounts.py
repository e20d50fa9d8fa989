"""People, organizations and teams; the caller itself, and how many requests it has left."""

from __future__ import annotations

from typing import Any

from generator.standins.github.access import limit_headers
from generator.standins.github.errors import not_found
from generator.standins.github.operations.call import Call, Reply, plays
from generator.standins.github.state import Account, Team


def shown_account(call: Call, account: Account) -> dict[str, Any]:
    """Return an account as GitHub shows it."""
    return {
        "login": account.login,
        "id": account.id,
        "type": account.kind,
        "url": f"{call.api}/users/{account.login}",
        "html_url": f"{call.hub.url}/{account.login}",
    }


def shown_team(call: Call, organization: Account, team: Team) -> dict[str, Any]:
    """Return a team as GitHub shows it."""
    return {
        "id": team.id,
        "slug": team.slug,
        "name": team.slug,
        "url": f"{call.api}/organizations/{organization.id}/team/{team.id}",
    }


@plays("users/get-authenticated", "metadata:read")
def _get_caller(call: Call) -> Reply:
    call.check_permission()
    return 200, shown_account(call, call.hub.account(call.caller.login))


@plays("users/get-by-username", "metadata:read")
def _get_user(call: Call) -> Reply:
    return 200, shown_account(call, call.hub.account(call.arguments["username"]))


@plays("orgs/get", "metadata:read")
def _get_organization(call: Call) -> Reply:
    account = _organization(call)
    shown = {**shown_account(call, account), "url": f"{call.api}/orgs/{account.login}"}
    # Only who may see the plan is shown it.
    if call.caller.may("organization_plan:read"):
        shown["plan"] = {"name": account.plan, "space": 1, "private_repos": 1}
    return 200, shown


@plays("teams/get-by-name", "members:read")
def _get_team(call: Call) -> Reply:
    organization, team = _team(call)
    return 200, {
        **shown_team(call, organization, team),
        "organization": {"login": organization.login, "type": "Organization"},
    }


@plays("teams/add-or-update-repo-permissions-in-org", "administration:write")
def _let_team_read(call: Call) -> Reply:
    _, team = _team(call)
    call.repository().readers.add(team.id)
    return 204, None


@plays("rate-limit/get", "metadata:read")
def _get_rate_limit(call: Call) -> Reply:
    headers = limit_headers(call.caller, call.hub.limit, call.hub.now())
    rate = {
        name: int(headers[f"x-ratelimit-{name}"])
        for name in ("limit", "remaining", "used", "reset")
    }
    return 200, {"resources": {"core": rate, "search": rate}, "rate": rate}


def _organization(call: Call) -> Account:
    account = call.hub.account(call.arguments["org"])
    if account.kind != "Organization":
        raise not_found()
    return account


def _team(call: Call) -> tuple[Account, Team]:
    organization = _organization(call)
    call.check_permission()
    team = organization.teams.get(call.arguments["team_slug"])
    if team is None or organization.login.lower() not in call.caller.owners:
        raise not_found()
    return organization, team
