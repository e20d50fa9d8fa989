"""The DataZone domains can be asked, know the configured profiles, and let the functions ask."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from generator.catalog import plain
from generator.doctor.accounts import Absent, AwsPlace
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, Unchecked, ok, problem, unknown, warning
from generator.errors import GeneratorError
from generator.infrastructure.functions import SEEDING


def domains(examination: Examination) -> Iterator[Found]:
    """Each configured domain is available."""
    place = examination.governance
    known = _domains(examination)
    if not known:
        yield problem(
            f"{place.account} {place.region} has no domain",
            "create one in the console of Amazon SageMaker, or correct governance",
        )
    for domain in known:
        try:
            found = place.ask("datazone", "get_domain", identifier=domain)
        except Absent:
            yield problem(
                f"{place.account} {place.region} has no domain {domain}",
                "correct governance.domains: aws datazone list-domains shows the ids",
            )
            continue
        if found["status"] != "AVAILABLE":
            yield problem(f"the domain {domain} is {found['status']}", "repair it in the console")
        else:
            yield ok(f"the domain {found.get('name', domain)} ({domain}) is available")


def profiles(examination: Examination) -> Iterator[Found]:
    """The profiles that get repositories exist, under names that DataZone knows."""
    place = examination.governance
    wanted = _wanted_profiles(examination)
    named = bool(examination.config.profiles)
    there: dict[str, dict[str, str]] = {}
    for domain in _domains(examination):
        found = place.pages("datazone", "list_project_profiles", "items", domainIdentifier=domain)
        there |= {plain(one["name"]): one for one in found}
    names = [one["name"] for one in there.values()]
    known = [name for name in wanted if plain(name) in there]
    for name in wanted if named else []:
        found_one = there.get(plain(name))
        if found_one is None:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            yield problem(
                f"no domain has the project profile {name!r}",
                f"{hint}Correct [profiles], or create it in the domain's console; there are"
                f" {', '.join(sorted(names)) or 'none that you may see'}",
            )
        elif found_one.get("status", "ENABLED") != "ENABLED":
            yield warning(f"the project profile {name!r} is disabled", "enable it in the console")
    if known:
        yield ok(f"profiles with repositories: {', '.join(known)}")
    elif not named:
        yield problem(
            "no template answers to any of the domain's project profiles:"
            f" {', '.join(sorted(names)) or 'none that you may see'}",
            "list them in [profiles] with the template of each, or create one of:"
            f" {', '.join(wanted)}",
        )


def members(examination: Examination) -> Iterator[Found]:
    """The roles of the functions are users of each domain, or DataZone refuses them."""
    place = examination.governance
    for spec in SEEDING:
        name = examination.names(spec.name)
        try:
            role = examination.shared.ask(
                "lambda", "get_function_configuration", FunctionName=name
            )["Role"]
        except Absent:
            yield unknown(f"{name} is not deployed yet", "a deployed control plane")
            return
        for domain in _domains(examination):
            yield _membership(place, domain, name, role)


def _membership(place: AwsPlace, domain: str, name: str, role: str) -> Found:
    try:
        found = place.ask(
            "datazone", "get_user_profile", domainIdentifier=domain, userIdentifier=role, type="IAM"
        )
    except Absent:
        found = {"status": "NOT_ASSIGNED"}
    if found.get("status") in {"ASSIGNED", "ACTIVATED"}:
        return ok(f"{name} is a user of {domain}")
    return problem(
        f"the role of {name} is no user of the domain {domain}",
        f"aws datazone create-user-profile --domain-identifier {domain} --user-identifier {role}"
        " --user-type IAM_ROLE",
    )


def _domains(examination: Examination) -> list[str]:
    """Return the configured domains; else those of the governance account."""
    configured = examination.config.governance.domains
    if configured:
        return list(configured)
    found = examination.governance.pages("datazone", "list_domains", "items")
    return [one["id"] for one in found]


def _wanted_profiles(examination: Examination) -> list[str]:
    config = examination.config
    if config.profiles:
        return list(config.profiles)
    try:
        catalog = examination.catalog()
    except GeneratorError:
        raise Unchecked("the templates, and so their profiles, are not known: see there") from None
    return [name for template in catalog.templates for name in template.profiles]
