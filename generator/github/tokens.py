"""Where tokens come from: the environment of a laptop, or a secret in AWS Secrets Manager.

The secret is JSON with the key `token` (a fine-grained token), or with the keys `app_id`,
`installation_id` and `private_key` of a GitHub App. It is read when it is needed first, and again
after GitHub refused what it held, so that a rotated secret needs no restart.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from generator import aws
from generator.errors import shown
from generator.github.concealed import Concealed
from generator.github.errors import GitHubUnavailable, TokenUnusable
from generator.remotes import TOKEN_VARIABLE, TokenProvider

if TYPE_CHECKING:
    from generator.github.clock import Clock
    from generator.github.http import Http
    from generator.github.instance import Instance

APP_KEYS = ("app_id", "installation_id", "private_key")
# Answers of Secrets Manager after which asking again may help.
PASSING = {"InternalServiceError", "ThrottlingException", "RequestTimeout", "ServiceUnavailable"}


class TokenSource(Protocol):
    """Gives the token for the next request."""

    def token(self) -> Concealed:
        """Return a token that is valid now. Raises TokenUnusable, or what reading it raises."""

    def renew(self) -> None:
        """Forget the token: GitHub refused it."""


class ReadTokens:
    """A token that is read from somewhere, once, and again after it was refused."""

    def __init__(self, read: Callable[[], Concealed]) -> None:
        self._read = read
        self._kept: Concealed | None = None

    def token(self) -> Concealed:
        """Return the token, as it was read."""
        if self._kept is None:
            self._kept = self._read()
        return self._kept

    def renew(self) -> None:
        """Read again when asked next."""
        self._kept = None


def git_password(tokens: TokenSource) -> TokenProvider:
    """Return what `generator.remotes.git_base` takes: git pushes with the same token."""
    return lambda: tokens.token().reveal()


def environment_tokens() -> TokenSource:
    """Return the tokens of a person at a laptop: AIOPS_GIT_TOKEN."""

    def read() -> Concealed:
        return _usable(Concealed(os.environ.get(TOKEN_VARIABLE, "")), TOKEN_VARIABLE)

    return ReadTokens(read)


def secret_tokens(
    secret_id: str,
    instance: Instance,
    *,
    client: Any = None,
    http: Http | None = None,
    clock: Clock | None = None,
) -> TokenSource:
    """Return the tokens that a secret of Secrets Manager holds; `secret_id` is its ARN or name.

    client: a botocore client; by default one for the ARN's region. Nothing is asked yet.
    """
    return SecretTokens(lambda: _read_secret(client or _client(secret_id), secret_id)).over(
        instance, http, clock
    )


class SecretTokens:
    """Tokens by what `read` gives: the secret's document."""

    def __init__(self, read: Callable[[], Mapping[str, Concealed]]) -> None:
        self._read = read
        self._source: TokenSource | None = None

    def over(self, instance: Instance, http: Http | None, clock: Clock | None) -> SecretTokens:
        """Say where a GitHub App exchanges its key for tokens."""
        self._exchange = (instance, http, clock)
        return self

    def token(self) -> Concealed:
        """Return the secret's token, or one for the installation of its App."""
        if self._source is None:
            self._source = self._made_from(self._read())
        return self._source.token()

    def renew(self) -> None:
        """Read the secret again when asked next."""
        self._source = None

    def _made_from(self, document: Mapping[str, Concealed]) -> TokenSource:
        if "token" in document:
            return ReadTokens(lambda: document["token"])
        from generator.github.app import AppTokens, app_key

        return AppTokens(app_key(*[document[name] for name in APP_KEYS]), *self._exchange)


def _usable(given: Concealed, where: str) -> Concealed:
    """Return the token `given` unless no header could carry it."""
    token = Concealed(given.reveal().strip())
    if not token.reveal():
        raise TokenUnusable(f"{where} holds no token: store one that GitHub gave")
    if not re.fullmatch(r"[!-~]+", token.reveal()):
        raise TokenUnusable(f"{where} holds something that is no token: store it again")
    return token


def read_document(text: Concealed, secret_id: str) -> dict[str, Concealed]:
    """Return the members that count of a secret's JSON. TokenUnusable says what is missing."""
    document = _members(text)
    if document is None:
        raise TokenUnusable(
            f"the secret {secret_id} is no JSON object; write"
            ' {"token": "..."}, or app_id, installation_id and private_key'
        )
    if "token" in document:
        return {"token": _usable(document["token"], f"the secret {secret_id}")}
    missing = [name for name in APP_KEYS if name not in document]
    if missing:
        raise TokenUnusable(
            f"the secret {secret_id} has no token, and of a GitHub App it lacks"
            f" {', '.join(missing)}"
        )
    return {name: document[name] for name in APP_KEYS}


def _members(text: Concealed) -> dict[str, Concealed] | None:
    """Return the members of a JSON object that are not empty; None for anything else."""
    try:
        document = json.loads(text.reveal())
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    return {name: Concealed(str(value)) for name, value in document.items() if value}


def _read_secret(client: Any, secret_id: str) -> dict[str, Concealed]:
    from botocore.exceptions import BotoCoreError, ClientError

    problem: Exception
    try:
        answer = client.get_secret_value(SecretId=secret_id)
        text = Concealed(answer.pop("SecretString"))
        return read_document(text, secret_id)
    except KeyError:
        raise TokenUnusable(f"the secret {secret_id} is binary: store JSON text") from None
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        said = shown(error.response.get("Error", {}).get("Message", ""), 200)
        if code in PASSING:
            problem = GitHubUnavailable(f"the secret {secret_id} cannot be read: {code}: {said}")
        else:
            problem = TokenUnusable(
                f"the secret {secret_id} cannot be read: {code}: {said}; it must exist, and the"
                " role needs secretsmanager:GetSecretValue on it (and kms:Decrypt on its key)"
            )
    except BotoCoreError as error:
        problem = GitHubUnavailable(
            f"the secret {secret_id} cannot be read: {shown(str(error), 200)}"
        )
    raise problem


def _client(secret_id: str) -> Any:
    parts = secret_id.split(":")
    return aws.client("secretsmanager", parts[3] if len(parts) > 3 else None)
