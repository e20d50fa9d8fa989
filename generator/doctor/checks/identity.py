"""Which of the configured accounts the doctor has credentials of."""

from __future__ import annotations

from collections.abc import Iterator

from generator.doctor.examination import Examination
from generator.doctor.findings import Found, ok, unknown, warning


def identity(examination: Examination) -> Iterator[Found]:
    """Say whose credentials there are: what is said of the accounts depends on it."""
    roles, there = _roles(examination), examination.accounts.identities
    for account, names in roles.items():
        if account in there.known:
            profile = there.known[account]
            whose = f"profile {profile}" if profile else "the environment's credentials"
            yield ok(f"{account} ({names}): {whose}")
    for unusable, why in there.failed.items():
        if unusable is not None:
            yield warning(f"the profile {unusable} cannot be used: {why}", "sign in with it")
    missing = {account: names for account, names in roles.items() if account not in there.known}
    if missing:
        own = there.failed.get(None)
        listed = ", ".join(f"{account} ({names})" for account, names in missing.items())
        others = ", ".join(account for account in there.known if account not in roles)
        hint = f"; {own}" if own else f"; there are those of {others}" if others else ""
        yield unknown(
            f"no credentials of {listed}{hint}",
            "one profile for each of these accounts: aiops doctor --profile NAME --profile NAME",
        )


def _roles(examination: Examination) -> dict[str, str]:
    """Return what each account is for."""
    config = examination.config
    found = [
        (config.governance.account, "governance"),
        (config.shared_services.account, "shared services"),
        *(
            (place.account, f"{tenant.name} {stage}")
            for tenant in config.tenants
            for stage, place in tenant.stages.items()
        ),
    ]
    roles: dict[str, list[str]] = {}
    for account, role in found:
        roles.setdefault(account, []).append(role)
    return {account: ", ".join(names) for account, names in roles.items()}
