"""Secrets and variables, of a repository and of its environments."""

from __future__ import annotations

import re
from typing import Any

from generator.standins.github.errors import Refusal, not_found
from generator.standins.github.operations.call import Call, Reply, plays
from generator.standins.github.operations.environments import environment_of
from generator.standins.github.state import Vault

NAME = r"(?!GITHUB_)[A-Z_][A-Z0-9_]*"
MOST_SECRETS, SECRET_BYTES = 100, 48 * 1024


def _vault(call: Call) -> Vault:
    repository = call.repository()
    if "environment_name" in call.arguments:
        return environment_of(call, repository).vault
    return repository.vault


@plays("actions/get-repo-public-key", "secrets:read")
@plays("actions/get-environment-public-key", "environments:read")
def _get_public_key(call: Call) -> Reply:
    return 200, _vault(call).public_key


@plays("actions/list-repo-secrets", "secrets:read")
@plays("actions/list-environment-secrets", "environments:read")
def _list_secrets(call: Call) -> Reply:
    names = sorted(_vault(call).secrets)
    return 200, {"total_count": len(names), "secrets": [{"name": n} for n in call.page(names)]}


@plays("actions/create-or-update-repo-secret", "secrets:write")
@plays("actions/create-or-update-environment-secret", "environments:write")
def _put_secret(call: Call) -> Reply:
    vault = _vault(call)
    name = _name(call.arguments["secret_name"])
    if len(vault.secrets) >= MOST_SECRETS and name not in vault.secrets:
        raise Refusal(422, "A repository can have 100 secrets")
    is_new = vault.store(name, call.body["encrypted_value"], call.body["key_id"])
    if len(vault.secrets[name].encode()) > SECRET_BYTES:
        del vault.secrets[name]
        raise Refusal(422, "Secret values can have 48 KB")
    return (201, {}) if is_new else (204, None)


@plays("actions/list-repo-variables", "actions_variables:read")
@plays("actions/list-environment-variables", "environments:read")
def _list_variables(call: Call) -> Reply:
    found = [_shown(*one) for one in sorted(_vault(call).variables.items())]
    return 200, {"total_count": len(found), "variables": call.page(found)}


@plays("actions/get-repo-variable", "actions_variables:read")
@plays("actions/get-environment-variable", "environments:read")
def _get_variable(call: Call) -> Reply:
    vault, name = _vault(call), call.arguments["name"].upper()
    if name not in vault.variables:
        raise not_found()
    return 200, _shown(name, vault.variables[name])


@plays("actions/create-repo-variable", "actions_variables:write")
@plays("actions/create-environment-variable", "environments:write")
def _create_variable(call: Call) -> Reply:
    vault, name = _vault(call), _name(call.body["name"])
    if name in vault.variables:
        raise Refusal(409, "Already exists - Variable already exists")
    vault.variables[name] = call.body["value"]
    return 201, {}


@plays("actions/update-repo-variable", "actions_variables:write")
@plays("actions/update-environment-variable", "environments:write")
def _update_variable(call: Call) -> Reply:
    vault, name = _vault(call), call.arguments["name"].upper()
    if name not in vault.variables:
        raise not_found()
    value = call.body.get("value", vault.variables.pop(name))
    vault.variables[_name(call.body.get("name", name))] = value
    return 204, None


def _name(given: str) -> str:
    if not re.fullmatch(NAME, given.upper()):
        raise Refusal(422, "Names are made of A-Z, 0-9 and _, and begin with no digit or GITHUB_")
    return given.upper()


def _shown(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": value}
