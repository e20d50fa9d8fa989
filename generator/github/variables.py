"""Sets variables of workflows: only for what one needs before it has checked out the code."""

from __future__ import annotations

from collections.abc import Mapping

from generator.github.errors import GitHubInvalid
from generator.github.transport import Api, repository_path


def set_variables(
    api: Api, repository: str, values: Mapping[str, str], environment: str | None = None
) -> tuple[str, ...]:
    """Make the variables of the repository, or of one environment, have `values`.

    Returns the names of those that were not so before. Raises what Api.request raises.
    """
    if not values:
        return ()
    scope = ["environments", environment] if environment else ["actions"]
    path = repository_path(repository, *scope, "variables")
    found = {one["name"]: one["value"] for one in api.pages(path, "variables")}
    changed = {
        name.upper(): value
        for name, value in sorted(values.items())
        if found.get(name.upper()) != value
    }
    for name, value in changed.items():
        if name not in found and _created(api, path, name, value):
            continue
        api.request("PATCH", f"{path}/{name}", {"name": name, "value": value})
    return tuple(changed)


def _created(api: Api, path: str, name: str, value: str) -> bool:
    """Create a variable; False when there is one already, with whatever value."""
    try:
        # Repeated after a lost answer, this finds what it made before: 409.
        api.request("POST", path, {"name": name, "value": value}, repeatable=True)
    except GitHubInvalid:
        if api.find(f"{path}/{name}") is None:
            raise
        return False
    return True
