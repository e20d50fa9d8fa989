"""Who owns the deploy repositories, what their plan has, and the people who approve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.config.model import GitHub
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, ok, problem, unknown, warning
from generator.github.errors import GitHubRefused, UnknownReviewer
from generator.github.reviewers import identify

# For private repositories, by GitHub's table of plans. Paid personal accounts count as a team.
RULESETS = {"pro", "team", "business", "business_plus", "enterprise"}
REQUIRED_REVIEWERS = {"enterprise", "business_plus"}


def owner(examination: Examination) -> Iterator[Found]:
    """The owner exists, is of the kind that is configured, and the token can act for it."""
    github, there = examination.config.github, examination.github()
    if github.owner_kind == "user":
        yield _user(github, there.kind, _caller(examination) if there.kind == "token" else None)
        return
    if there.api.find(f"/orgs/{github.owner}") is None:
        yield problem(
            f"{github.api_url} has no organization {github.owner} that the token may see",
            "correct github.organization; for a person's account write github.user",
        )
        return
    yield ok(f"the organization {github.owner} is there")


def plan(examination: Examination) -> Iterator[Found]:
    """The plan has what the configuration asks for; GitHub has less for private repositories."""
    github = examination.config.github
    found = _account(examination)
    name = (found.get("plan") or {}).get("name") if found else None
    if github.visibility == "public":
        yield ok("public repositories have rulesets and required reviewers with every plan")
        return
    if name is None:
        yield unknown(
            f"GitHub does not show the plan of {github.owner}",
            "organization_plan: read" if github.owner_kind == "organization" else "plan: read",
        )
        return
    lacks = list(_lacks(github, name))
    yield from lacks
    if not lacks:
        yield ok(f"the plan {name!r} has all that is configured")


def reviewers(examination: Examination) -> Iterator[Found]:
    """Everybody who must approve is known to GitHub."""
    github, api = examination.config.github, examination.github().api
    if not any(github.reviewers.values()):
        yield ok("none are configured: every stage is deployed with nobody asked")
    for stage, people in github.reviewers.items():
        for person in people:
            try:
                known = identify(api, github.owner, person)
            except UnknownReviewer as error:
                yield problem(f"{stage}: {error}", f"correct github.reviewers.{stage}")
            except GitHubRefused as error:
                yield unknown(f"{stage}: {error}", "members: read")
            else:
                yield ok(f"{stage}: {known.kind.lower()} {known.name}")


def _lacks(github: GitHub, plan: str) -> Iterator[Found]:
    plan = plan.casefold()
    if github.visibility == "internal" and plan not in REQUIRED_REVIEWERS:
        yield problem(
            f"github.visibility is internal, and the plan {plan!r} has no internal repositories",
            'write github.visibility = "private", or move to GitHub Enterprise',
        )
    if any(github.reviewers.values()) and plan not in REQUIRED_REVIEWERS:
        yield warning(
            f"the plan {plan!r} has no required reviewers for private repositories: every stage"
            " deploys with nobody asked",
            "move to GitHub Enterprise, or remove [github.reviewers] so that nobody relies on it",
        )
    if github.protect_default_branch and plan not in RULESETS:
        yield warning(
            f"the plan {plan!r} has no rulesets for private repositories: default branches stay"
            " unprotected",
            "move to GitHub Team, or write github.protect_default_branch = false",
        )


def _user(github: GitHub, kind: str, caller: dict[str, Any] | None) -> Found:
    if kind == "app":
        return problem(
            f"a GitHub App cannot create repositories of the user {github.owner}",
            f'store a fine-grained token of {github.owner} and write github.auth = "token", or use'
            " an organization",
        )
    login = str(caller and caller.get("login"))
    if login.casefold() != github.owner.casefold():
        return problem(
            f"the token belongs to {login}, who cannot create repositories of {github.owner}",
            f"store a token of {github.owner}, or correct github.user",
        )
    return ok(f"the token is one of {login}")


def _caller(examination: Examination) -> dict[str, Any]:
    found: dict[str, Any] = examination.github().api.get("/user")
    return found


def _account(examination: Examination) -> dict[str, Any] | None:
    there, github = examination.github(), examination.config.github
    if github.owner_kind == "organization":
        found: dict[str, Any] | None = there.api.find(f"/orgs/{github.owner}")
        return found
    return _caller(examination) if there.kind == "token" else None
