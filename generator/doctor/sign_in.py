"""Signs in to GitHub as the control plane does: with the secret, or else with a person's token."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from generator.config.model import GitHub
from generator.doctor.findings import Unchecked
from generator.github.app import AppTokens, app_key
from generator.github.clock import Clock
from generator.github.concealed import Concealed
from generator.github.errors import GitHubRateLimited, GitHubUnavailable
from generator.github.instance import Instance, instance
from generator.github.limits import RateLimit, rate_limit
from generator.github.tokens import APP_KEYS, ReadTokens, TokenSource, environment_tokens
from generator.github.transport import Api
from generator.remotes import TOKEN_VARIABLE

# Seconds for all that is asked of GitHub before it is given up.
PATIENCE = 60.0


@dataclass(frozen=True)
class SignIn:
    """GitHub has taken the token. source: where it was read. left: calls that it may still make.

    permissions: what the App's installation was granted; None for a token, which does not say.
    """

    api: Api
    kind: Literal["app", "token"]
    source: str
    left: RateLimit
    permissions: Mapping[str, str] | None


def sign_in(
    github: GitHub, document: Callable[[], Mapping[str, Concealed]], clock: Clock | None = None
) -> SignIn:
    """Return the way to GitHub. document: reads the secret; AIOPS_GIT_TOKEN serves without it.

    Raises Unchecked when neither is at hand or GitHub is away, InputError when GitHub refuses.
    """
    where = instance(github.git_url, github.api_url)
    tokens, source = _tokens(github, where, document, clock)
    api = Api(where, tokens, clock=clock).within(PATIENCE)
    try:
        left = rate_limit(api)
    except (GitHubUnavailable, GitHubRateLimited) as error:
        raise Unchecked(str(error), f"an answer of {github.api_url}") from None
    if isinstance(tokens, AppTokens):
        return SignIn(api, "app", source, left, tokens.permissions)
    return SignIn(api, "token", source, left, None)


def _tokens(
    github: GitHub,
    where: Instance,
    document: Callable[[], Mapping[str, Concealed]],
    clock: Clock | None,
) -> tuple[TokenSource, str]:
    """Return what gives tokens, and where it was read."""
    try:
        found = document()
    except Unchecked as error:
        if not os.environ.get(TOKEN_VARIABLE):
            needs = f"{error.needs or 'access to the secret'}; or a token in {TOKEN_VARIABLE}"
            raise Unchecked(f"there is no token to ask with: {error}", needs) from None
        return environment_tokens(), TOKEN_VARIABLE
    source = f"the secret {github.token_secret}"
    if "token" in found:
        token = found["token"]
        return ReadTokens(lambda: token), source
    return AppTokens(app_key(*[found[name] for name in APP_KEYS]), where, clock=clock), source
