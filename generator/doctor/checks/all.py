"""All checks, in the order of a project's way: configuration, GitHub, accounts, domain, service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from generator.doctor.checks import (
    bus,
    domain,
    executions,
    foundations,
    functions,
    github_owner,
    github_token,
    identity,
    machine,
    notifications,
    queues,
    rules,
    secrets,
    templates,
    trail,
)
from generator.doctor.examination import Examination
from generator.doctor.findings import Found


@dataclass(frozen=True)
class Check:
    """One thing that is looked at, and how."""

    area: str
    name: str
    look: Callable[[Examination], Iterator[Found]]


CHECKS = (
    Check("Configuration", "templates", templates.templates),
    Check("AWS accounts", "credentials", identity.identity),
    Check("AWS accounts", "CDK bootstrap", foundations.bootstrap),
    Check("AWS accounts", "GitHub's provider", foundations.provider),
    Check("GitHub", "secret of the token", secrets.token_secret),
    Check("GitHub", "keys of secrets", secrets.secret_keys),
    Check("GitHub", "token", github_token.signing_in),
    Check("GitHub", "permissions", github_token.permissions),
    Check("GitHub", "repositories", github_token.installation),
    Check("GitHub", "calls left", github_token.calls_left),
    Check("GitHub", "owner", github_owner.owner),
    Check("GitHub", "plan", github_owner.plan),
    Check("GitHub", "reviewers", github_owner.reviewers),
    Check("GitHub", "secrets", secrets.listed_secrets),
    Check("Domain", "domains", domain.domains),
    Check("Domain", "project profiles", domain.profiles),
    Check("Domain", "users", domain.members),
    Check("Governance account", "CloudTrail trail", trail.trail),
    Check("Governance account", "event rule", rules.forwarding),
    Check("Governance account", "undelivered events", queues.forwarding_letters),
    Check("Governance account", "notifications", notifications.forwarding_topic),
    Check("Governance account", "alarms", notifications.forwarding_alarms),
    Check("Control plane", "event bus", bus.bus),
    Check("Control plane", "event rules", rules.receiving),
    Check("Control plane", "state machines", machine.machines),
    Check("Control plane", "failed projects", executions.executions),
    Check("Control plane", "functions", functions.functions),
    Check("Control plane", "concurrency", functions.concurrency),
    Check("Control plane", "undelivered events", queues.letters),
    Check("Control plane", "notifications", notifications.topic),
    Check("Control plane", "alarms", notifications.alarms),
)
