"""Which permissions the GitHub App, or the fine-grained token, must have, and what each is for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

NEEDED: Mapping[str, tuple[str, str]] = {
    "actions": ("write", "start workflows, find their runs, list environments"),
    "administration": ("write", "create and archive repositories, environments and rulesets"),
    "contents": ("write", "push the repositories' files"),
    "issues": ("write", "open the issue about a deleted project"),
    "metadata": ("read", "see repositories"),
    "pull_requests": ("write", "open the pull request from aiops/seed"),
    "workflows": ("write", "push files below .github/workflows"),
}
# Only for what not every organisation configures.
OPTIONAL: Mapping[str, tuple[str, str]] = {
    "actions_variables": ("write", "set the variables that workflows need"),
    "environments": ("write", "set secrets and variables of environments"),
    "members": ("read", "find the teams that review deployments"),
    "secrets": ("write", "store the secrets that an administrator lists"),
}
LEVELS = ("read", "write", "admin")


def lacking(granted: Mapping[str, str], also: Collection[str] = ()) -> tuple[str, ...]:
    """Return what is missing of what is needed, each as "permission: level, to ...".

    granted: permission -> level. also: those of the OPTIONAL ones that are needed here.
    """
    needed = {**NEEDED, **{name: OPTIONAL[name] for name in also}}
    return tuple(
        f"{name}: {level}, to {purpose}"
        for name, (level, purpose) in needed.items()
        if _rank(granted.get(name)) < _rank(level)
    )


def _rank(level: str | None) -> int:
    return LEVELS.index(level) if level in LEVELS else -1
