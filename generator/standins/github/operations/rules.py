"""Rulesets, by which a branch takes no pushes; private repositories need a paid plan for them."""

from __future__ import annotations

from typing import Any

from generator.standins.github.errors import Refusal
from generator.standins.github.operations.call import Call, Reply, plays
from generator.standins.github.state import Repository

NOT_IN_PLAN = "Upgrade to GitHub Pro or make this repository public to enable this feature."


def protected_branches(repository: Repository) -> list[str]:
    """Return the branches that take changes by pull request only."""
    protected = []
    for ruleset in repository.rulesets:
        rules = {rule["type"] for rule in ruleset.get("rules", [])}
        if ruleset["enforcement"] == "active" and "pull_request" in rules:
            names = ruleset.get("conditions", {}).get("ref_name", {}).get("include", [])
            protected += [
                repository.default_branch if name == "~DEFAULT_BRANCH" else name[11:]
                for name in names
                if name == "~DEFAULT_BRANCH" or name.startswith("refs/heads/")
            ]
    return protected


@plays("repos/get-repo-rulesets", "metadata:read")
def _get_all(call: Call) -> Reply:
    repository = _repository(call)
    members = {"id", "name", "target", "source_type", "source", "enforcement"}
    listed = [
        {name: value for name, value in _shown(repository, ruleset).items() if name in members}
        for ruleset in repository.rulesets
    ]
    return 200, call.page(listed)


@plays("repos/create-repo-ruleset", "administration:write")
def _create(call: Call) -> Reply:
    repository = _repository(call)
    if call.body["name"] in {ruleset["name"] for ruleset in repository.rulesets}:
        raise Refusal(422, "Validation Failed", ["Name must be unique"])
    ruleset = {"id": call.hub.next_id(), "target": "branch", **call.body}
    repository.rulesets.append(ruleset)
    return 201, _shown(repository, ruleset)


def _repository(call: Call) -> Repository:
    repository = call.repository()
    if repository.private and repository.owner.plan == "free":
        raise Refusal(403, NOT_IN_PLAN)
    return repository


def _shown(repository: Repository, ruleset: dict[str, Any]) -> dict[str, Any]:
    return {**ruleset, "source_type": "Repository", "source": repository.full_name}
