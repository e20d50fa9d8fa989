"""One environment per stage, with the reviewers of those stages that need an approval.

What people set on an environment stays: reviewers are added, never taken away. GitHub drops
reviewers who cannot read the repository without a word, so its answer is compared with what was
asked for; where a reviewer is missing in the end, the result says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from generator.config.model import Reviewer
from generator.github import plans
from generator.github.reviewers import Identity, identify, let_read
from generator.github.transport import Api, repository_path

# GitHub's limit.
MOST_REVIEWERS = 6


@dataclass(frozen=True)
class WantedEnvironment:
    """An environment, and who must approve its deployments. They may not approve their own when
    `prevent_self_review` is set.
    """

    name: str
    reviewers: tuple[Reviewer, ...] = ()
    prevent_self_review: bool = False


@dataclass(frozen=True)
class EnvironmentStanding:
    """Where an environment stands. `note` says what is not as it was wanted, and why."""

    name: str
    state: Literal["created", "updated", "unchanged", "unavailable"]
    note: str | None = None


def ensure_environments(
    api: Api, repository: str, wanted: Sequence[WantedEnvironment]
) -> tuple[EnvironmentStanding, ...]:
    """Make `repository` have the environments, in one call each; none for those that are there.

    Raises UnknownReviewer, and what Api.request raises.
    """
    path = repository_path(repository, "environments")
    found = {env["name"].casefold(): env for env in api.pages(path, "environments")}
    return tuple(_ensure(api, repository, one, found.get(one.name.casefold())) for one in wanted)


def _ensure(
    api: Api, repository: str, wanted: WantedEnvironment, found: dict[str, Any] | None
) -> EnvironmentStanding:
    organization = repository.split("/")[0]
    needed = [identify(api, organization, reviewer) for reviewer in wanted.reviewers]
    missing = _missing(needed, found)
    if found is not None and not missing:
        return EnvironmentStanding(wanted.name, "unchanged")
    state: Literal["created", "updated"] = "updated" if found else "created"
    if len(_reviewers(found)) + len(missing) > MOST_REVIEWERS:
        note = f"{_names(missing)} cannot be added: {MOST_REVIEWERS} reviewers are the most"
        return EnvironmentStanding(wanted.name, "unchanged", note)
    path = repository_path(repository, "environments", wanted.name)
    body = _body(wanted, found, missing)
    try:
        missing = _missing(needed, api.request("PUT", path, body).body)
    except plans.Refusals as refusal:
        if not plans.is_not_offered(refusal):
            raise
        return _without_reviewers(api, path, wanted, found, state)
    teams = [one for one in missing if one.kind == "Team"]
    if teams:
        for team in teams:
            let_read(api, organization, team, repository)
        missing = _missing(needed, api.request("PUT", path, body).body)
    if not missing:
        return EnvironmentStanding(wanted.name, state)
    note = f"{_names(missing)} cannot review {wanted.name}: give them read access to {repository}"
    return EnvironmentStanding(wanted.name, state, note)


def _without_reviewers(
    api: Api,
    path: str,
    wanted: WantedEnvironment,
    found: dict[str, Any] | None,
    state: Literal["created", "updated"],
) -> EnvironmentStanding:
    """GitHub refuses a rule that the plan lacks, though it has made the environment by then."""
    note = (
        f"{wanted.name} deploys without an approval: this account's plan has no required"
        " reviewers for private repositories (GitHub Enterprise has)"
    )
    if found is not None:
        return EnvironmentStanding(wanted.name, "unchanged", note)
    if api.find(path) is None:
        try:
            api.request("PUT", path, {})
        except plans.Refusals as refusal:
            if not plans.is_not_offered(refusal):
                raise
            note = f"{wanted.name} has no environment: this account's plan has none"
            return EnvironmentStanding(wanted.name, "unavailable", note)
    return EnvironmentStanding(wanted.name, state, note)


def _body(
    wanted: WantedEnvironment, found: dict[str, Any] | None, missing: Sequence[Identity]
) -> dict[str, Any]:
    """Return what to put: all there is, and what is missing. GitHub resets what is left out."""
    if found is None and not missing:
        return {}
    reviewers = [*_reviewers(found), *[(one.kind, one.id) for one in missing]]
    waits = [rule["wait_timer"] for rule in _rules(found, "wait_timer")]
    alone = [rule["prevent_self_review"] for rule in _rules(found, "prevent_self_review")]
    body: dict[str, Any] = {"reviewers": [{"type": kind, "id": id} for kind, id in reviewers]}
    if waits:
        body["wait_timer"] = waits[0]
    if any(alone) or wanted.prevent_self_review:
        body["prevent_self_review"] = True
    if found and found.get("deployment_branch_policy"):
        body["deployment_branch_policy"] = found["deployment_branch_policy"]
    return body


def _rules(found: dict[str, Any] | None, member: str) -> list[dict[str, Any]]:
    rules = (found or {}).get("protection_rules") or []
    return [rule for rule in rules if member in rule]


def _reviewers(found: dict[str, Any] | None) -> list[tuple[str, int]]:
    return [
        (reviewer["type"], reviewer["reviewer"]["id"])
        for rule in _rules(found, "reviewers")
        for reviewer in rule["reviewers"]
    ]


def _missing(needed: Sequence[Identity], found: dict[str, Any] | None) -> list[Identity]:
    present = set(_reviewers(found))
    return [one for one in needed if (one.kind, one.id) not in present]


def _names(reviewers: Sequence[Identity]) -> str:
    return ", ".join(f"{one.kind.lower()} {one.name}" for one in reviewers)
