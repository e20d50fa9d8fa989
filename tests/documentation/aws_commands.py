"""Checks commands of the AWS command line by botocore's models: service, operation, options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import ServiceModel

# Of every command.
GLOBAL = {"--profile", "--region", "--output", "--query", "--cli-binary-format"}
# What the command line has beside the services' operations, with its options.
OWN: dict[tuple[str, str], set[str]] = {
    ("configure", "sso"): set(),
    ("configure", "export-credentials"): {"--format"},
    ("sso", "login"): set(),
    ("logs", "tail"): {"--since", "--follow", "--format"},
    ("s3", "mb"): set(),
    ("cloudformation", "deploy"): {
        "--template-file",
        "--stack-name",
        "--capabilities",
        "--parameter-overrides",
    },
}
# Services whose commands are not called as botocore calls them.
NAMES = {"s3api": "s3"}
# Options that the command line calls otherwise than the service does.
RENAMED = {("sns", "subscribe"): {"--notification-endpoint": "--endpoint"}}
# Operands, by the command that takes them.
OPERANDS = {("lambda", "invoke"): 1, ("s3", "mb"): 1}


def problems(words: Sequence[str], *, whole: bool = True) -> list[str]:
    """Return what the command line would refuse in `aws ...`; whole: nothing may be missing."""
    if len(words) < 3:
        return ["which service and which operation?"]
    command = (words[1], words[2])
    given = {word.partition("=")[0] for word in words[3:] if word.startswith("--")} - GLOBAL
    if command in OWN:
        return [f"{option} is no option" for option in sorted(given - OWN[command])]
    operation = _operations(words[1]).get(words[2])
    if operation is None:
        return [f"there is no command aws {' '.join(command)}"]
    given = {RENAMED.get(command, {}).get(option, option) for option in given}
    shape = _model(words[1]).operation_model(operation).input_shape
    members = dict(shape.members) if shape else {}
    known = {option_of(name) for name in members}
    flags = {option_of(name) for name, one in members.items() if one.type_name == "boolean"}
    # What can be switched on can be switched off.
    off = {f"--no-{flag.removeprefix('--')}": flag for flag in flags}
    given = {off.get(option, option) for option in given}
    found = [f"{option} is no option" for option in sorted(given - known)]
    required = {option_of(name) for name in (shape.required_members if shape else ())}
    if whole and required - given and command not in OPERANDS:
        found.append(f"{', '.join(sorted(required - given))} is required")
    return found


def option_of(member: str) -> str:
    return f"--{xform_name(member, '-')}"


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.Session().get_service_model(NAMES.get(service, service))


@cache
def _operations(service: str) -> dict[str, str]:
    """Command -> operation."""
    try:
        return {xform_name(name, "-"): name for name in _model(service).operation_names}
    except UnknownServiceError:
        return {}


def commands_in(text: str) -> list[str]:
    """The aws commands that stand in running text, each up to what ends it."""
    return re.findall(r"\baws [a-z0-9-]+ [a-z0-9-]+(?: --[a-z0-9-]+(?: [^\s;,()`]+)?)*", text)
