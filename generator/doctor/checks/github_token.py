"""GitHub takes the token, and the token may do what is needed, for long enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from generator.doctor.examination import Examination
from generator.doctor.findings import Found, ok, problem, unknown, warning
from generator.errors import InputError
from generator.github.errors import GitHubMissing
from generator.github.permissions import NEEDED, OPTIONAL, lacking
from generator.github.transport import Api

# About ten projects' worth.
FEW_CALLS = 250
# Time to make a new token without hurry.
SOON = timedelta(days=14)
EXPIRATION = "github-authentication-token-expiration"
# What GitHub calls a permission of a whole organization; all others are of repositories.
OF_ORGANIZATION = {"members", "organization_plan"}


def signing_in(examination: Examination) -> Iterator[Found]:
    """The token is accepted; says whether it is the control plane's own."""
    api = examination.config.github.api_url
    try:
        there = examination.sign_in()
    except InputError as error:
        yield problem(
            str(error),
            "store a valid one; the administrator's guide says how to make it",
        )
        return
    if there.kind == "app":
        yield ok(f"{api} takes the GitHub App of {there.source}")
        return
    ends = _end(there.api)
    what = f"{api} takes the token of {there.source}"
    if ends is None:
        yield ok(what)
    elif ends - datetime.now(UTC) > SOON:
        yield ok(f"{what} until {ends:%Y-%m-%d}")
    else:
        yield warning(
            f"{what} until {ends:%Y-%m-%d} only",
            "make a new one on the token's page (Regenerate token) and store it, or change to a"
            " GitHub App, whose key does not expire",
        )


def _end(api: Api) -> datetime | None:
    """Return when a token expires; GitHub says so of fine-grained ones. It counts no such call."""
    try:
        said = api.request("GET", "/rate_limit").headers.get(EXPIRATION, "")
    except GitHubMissing:  # an Enterprise Server without limits
        return None
    try:
        return datetime.strptime(said.replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None


def permissions(examination: Examination) -> Iterator[Found]:
    """The App was granted what is needed; a token does not say what it may."""
    there, wanted = examination.github(), _wanted(examination)
    if there.permissions is None:
        listed = ", ".join(f"{name}: {level}" for name, level in _levels(wanted).items())
        yield unknown(
            "GitHub does not tell what a fine-grained token may",
            f"on the token's page, these permissions: {listed}",
        )
        return
    missing = lacking(there.permissions, wanted)
    for permission in missing:
        scope = "Organization" if permission.split(":")[0] in OF_ORGANIZATION else "Repository"
        yield problem(
            f"the GitHub App lacks {permission}",
            f"grant it on the App's page, Permissions & events, {scope} permissions; then an owner"
            " must accept it on the installation's page",
        )
    if not missing:
        yield ok(f"the GitHub App has all {len(NEEDED) + len(wanted)} permissions")


def installation(examination: Examination) -> Iterator[Found]:
    """An App that is installed on chosen repositories does not see the next project's."""
    there = examination.github()
    if there.kind == "token":
        yield ok("a token sees the repositories that were chosen for it: choose all of the owner")
        return
    answer = there.api.get("/installation/repositories", per_page=1)
    if answer.get("repository_selection") == "all":
        yield ok("the App is installed on all repositories")
        return
    yield warning(
        f"the App is installed on {answer['total_count']} chosen repositories: it will not see the"
        " build repositories of new projects",
        "on the installation's page, choose All repositories",
    )


def calls_left(examination: Examination) -> Iterator[Found]:
    """GitHub allows enough calls for the next projects."""
    left = examination.github().left
    if not left.limit:
        yield ok("this GitHub has no limit of calls")
        return
    again = datetime.fromtimestamp(left.resets_at, UTC)
    what = f"{left.remaining} of {left.limit} calls are left until {again:%H:%M} UTC"
    if left.remaining >= FEW_CALLS:
        yield ok(what)
    else:
        yield warning(what, "wait; if it happens again, see what else uses the same App or token")


def _wanted(examination: Examination) -> list[str]:
    """Return the optional permissions that this configuration needs."""
    github = examination.config.github
    reviewers = [one for stage in github.reviewers.values() for one in stage]
    wanted = ["secrets"] if github.secrets else []
    return wanted + (["members"] if any(one.kind == "team" for one in reviewers) else [])


def _levels(wanted: list[str]) -> dict[str, str]:
    described = {**NEEDED, **{name: OPTIONAL[name] for name in wanted}}
    return {name: level for name, (level, _) in described.items()}
