"""Protects the default branch by a ruleset: no deletion, no rewriting, changes by pull request.

Rulesets of private repositories need a paid plan. Where there is none, the result says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from generator.github import plans
from generator.github.transport import Api, repository_path

NAME = "aiops: default branch"


@dataclass(frozen=True)
class Protection:
    """Whether the default branch is protected. `note` says why it is not."""

    state: Literal["created", "unchanged", "unavailable"]
    note: str | None = None


def protect_default_branch(api: Api, repository: str, approvals: int = 1) -> Protection:
    """Give `repository` our ruleset unless it has one of that name, which people may have changed.

    approvals: how many a pull request needs. Call it after the first push: nothing is pushed past
    it. Raises what Api.request raises.
    """
    path = repository_path(repository, "rulesets")
    state: Literal["created", "unchanged"] = "unchanged"

    def look() -> Any | None:
        found = api.pages(path, includes_parents="false")
        return next((ruleset for ruleset in found if ruleset["name"] == NAME), None)

    def act() -> Any:
        nonlocal state
        state = "created"
        return api.request("POST", path, _ruleset(approvals)).body

    try:
        api.once(look, act)
    except plans.Refusals as refusal:
        if not plans.is_not_offered(refusal):
            raise
        note = (
            "the default branch is not protected: this account's plan has no rulesets for"
            f" private repositories ({refusal})"
        )
        return Protection("unavailable", note)
    return Protection(state)


def _ruleset(approvals: int) -> dict[str, Any]:
    reviews = {
        "required_approving_review_count": approvals,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    return {
        "name": NAME,
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {"type": "pull_request", "parameters": reviews},
        ],
    }
