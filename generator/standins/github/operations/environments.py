"""Deployment environments, as far as the account's plan has their rules."""

from __future__ import annotations

from typing import Any

from generator.standins.github.errors import Refusal, not_found
from generator.standins.github.operations.accounts import shown_account, shown_team
from generator.standins.github.operations.call import Call, Reply, plays
from generator.standins.github.state import Environment, Repository

MOST_REVIEWERS = 6
NOT_IN_PLAN = (
    "Failed to create the environment protection rule. Please ensure the billing plan supports"
    " the required reviewers protection rule."
)


def environment_of(call: Call, repository: Repository) -> Environment:
    """Return the environment in the path; names differ by more than their case."""
    found = repository.environments.get(call.arguments["environment_name"].lower())
    if found is None:
        raise not_found()
    return found


@plays("repos/get-all-environments", "actions:read")
def _get_all(call: Call) -> Reply:
    repository = call.repository()
    found = list(repository.environments.values())
    shown = [_shown(call, repository, environment) for environment in call.page(found)]
    return 200, {"total_count": len(found), "environments": shown}


@plays("repos/get-environment", "actions:read")
def _get(call: Call) -> Reply:
    repository = call.repository()
    return 200, _shown(call, repository, environment_of(call, repository))


@plays("repos/create-or-update-environment", "administration:write")
def _put(call: Call) -> Reply:
    repository = call.repository()
    name = call.arguments["environment_name"]
    wanted = call.body or {}
    reviewers = [(one["type"], one["id"]) for one in wanted.get("reviewers") or []]
    if len(reviewers) > MOST_REVIEWERS:
        raise Refusal(422, "Validation Failed", ["reviewers: at most 6 are possible"])
    environment = repository.environments.setdefault(
        name.lower(), Environment(call.hub.next_id(), name)
    )
    rules = {"reviewers", "wait_timer", "prevent_self_review"} & set(wanted)
    if rules and repository.private and repository.owner.plan != "enterprise":
        raise Refusal(422, NOT_IN_PLAN)  # GitHub has made the environment by now
    if wanted.get("prevent_self_review") and not reviewers:
        raise Refusal(422, "Required reviewers must have at least one reviewer.")
    # What is left out is reset; who cannot read the repository is left out without a word.
    environment.reviewers = [one for one in reviewers if _can_read(call, repository, *one)]
    environment.wait_timer = wanted.get("wait_timer") or 0
    environment.prevent_self_review = bool(wanted.get("prevent_self_review"))
    environment.branch_policy = wanted.get("deployment_branch_policy")
    return 200, _shown(call, repository, environment)


def _can_read(call: Call, repository: Repository, kind: str, id: int) -> bool:
    if kind == "Team":
        return id in repository.readers
    return any(
        account.id == id and account.kind == "User" and account.login not in call.hub.strangers
        for account in call.hub.accounts.values()
    )


def _shown(call: Call, repository: Repository, environment: Environment) -> dict[str, Any]:
    place = f"repos/{repository.full_name}/environments/{environment.name}"
    rules: list[dict[str, Any]] = []
    if environment.wait_timer:
        rules.append({"type": "wait_timer", "wait_timer": environment.wait_timer})
    if environment.reviewers:
        rules.append(
            {
                "type": "required_reviewers",
                "prevent_self_review": environment.prevent_self_review,
                "reviewers": [_reviewer(call, repository, *one) for one in environment.reviewers],
            }
        )
    if environment.branch_policy:
        rules.append({"type": "branch_policy"})
    numbered = [
        {"id": environment.id * 10 + number, "node_id": f"GA_{environment.id}_{number}", **rule}
        for number, rule in enumerate(rules)
    ]
    return {
        "id": environment.id,
        "name": environment.name,
        "url": f"{call.api}/{place}",
        "html_url": f"{call.hub.url}/{repository.full_name}/deployments",
        "protection_rules": numbered,
        "deployment_branch_policy": environment.branch_policy,
    }


def _reviewer(call: Call, repository: Repository, kind: str, id: int) -> dict[str, Any]:
    if kind == "Team":
        team = next(team for team in repository.owner.teams.values() if team.id == id)
        return {"type": kind, "reviewer": shown_team(call, repository.owner, team)}
    account = next(account for account in call.hub.accounts.values() if account.id == id)
    return {"type": kind, "reviewer": shown_account(call, account)}
