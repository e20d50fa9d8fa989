"""Where tokens come from, how long they are kept, and what is said when there is none."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from generator.github.app import AppTokens, app_key
from generator.github.concealed import Concealed
from generator.github.errors import GitHubUnavailable, TokenUnusable
from generator.github.permissions import NEEDED, OPTIONAL, lacking
from generator.github.tokens import environment_tokens, git_password, secret_tokens
from generator.github.transport import Api
from generator.remotes import TOKEN_VARIABLE, git_base
from generator.repositories import Seed, seed
from generator.standins.github.access import EVERYTHING

from .stage import CANARY, ORGANIZATION, Stage, everything_said, no_secret

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:github-a1b2c3"
NAME = f"{ORGANIZATION}/deploy"
APP, INSTALLATION = "12345", 678


@cache
def key_pair(number: int = 0) -> tuple[str, Any]:
    """An App's private key as GitHub gives it (PEM), and its public half."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem.decode(), key.public_key()


def app_document(**changed: object) -> str:
    members = {"app_id": APP, "installation_id": INSTALLATION, "private_key": key_pair()[0]}
    return json.dumps({**members, **changed})


class Vault:
    """Secrets Manager with one secret; its answers are checked against botocore's model."""

    def __init__(self) -> None:
        self.client = botocore.session.Session().create_client(
            "secretsmanager",
            region_name="eu-west-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        self.stub = Stubber(self.client)
        self.stub.activate()

    def holds(self, text: str) -> None:
        answer = {"ARN": SECRET, "Name": "github", "SecretString": text}
        self.stub.add_response("get_secret_value", answer, {"SecretId": SECRET})

    def refuses(self, code: str) -> None:
        self.stub.add_client_error("get_secret_value", code, "in its words")


@pytest.fixture
def vault() -> Iterator[Vault]:
    vault = Vault()
    yield vault
    vault.stub.assert_no_pending_responses()


def by_secret(stage: Stage, vault: Vault) -> Api:
    tokens = secret_tokens(SECRET, stage.place, client=vault.client, clock=stage.clock)
    return Api(stage.place, tokens, clock=stage.clock)


@pytest.fixture
def app(stage: Stage) -> Stage:
    stage.hub.create_repository(NAME)
    stage.hub.add_app(APP, key_pair()[1], {INSTALLATION: ORGANIZATION})
    return stage


def app_tokens(stage: Stage) -> AppTokens:
    key = app_key(Concealed(APP), Concealed(str(INSTALLATION)), Concealed(key_pair()[0]))
    return AppTokens(key, stage.place, clock=stage.clock)


def test_a_token_from_the_environment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, f" {CANARY}\n")
    api = Api(stage.place, environment_tokens(), clock=stage.clock)
    assert api.get("/user")["login"] == "ann"


@pytest.mark.parametrize("value", ["", "  ", "two words", "tok\nen", "tök"])
def test_what_is_no_token_is_told(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, value)
    with pytest.raises(TokenUnusable, match=TOKEN_VARIABLE):
        environment_tokens().token()


def test_a_token_from_the_secret_is_read_once(stage: Stage, vault: Vault) -> None:
    vault.holds(json.dumps({"token": CANARY, "comment": "by the administrator"}))
    api = by_secret(stage, vault)
    for _ in range(3):
        api.get("/user")


def test_a_rotated_secret_is_read_again(stage: Stage, vault: Vault) -> None:
    vault.holds(json.dumps({"token": "revoked"}))
    vault.holds(json.dumps({"token": CANARY}))
    assert by_secret(stage, vault).get("/user")["login"] == "ann"


def test_a_secret_that_becomes_an_app_is_read_again(app: Stage, vault: Vault) -> None:
    vault.holds(json.dumps({"token": "revoked"}))
    vault.holds(app_document())
    assert by_secret(app, vault).get(f"/repos/{NAME}")["full_name"] == NAME


UNUSABLE = {
    "not JSON": (CANARY, "is no JSON object"),
    "a list": (f'["{CANARY}"]', "is no JSON object"),
    "another key": (f'{{"github": "{CANARY}"}}', "has no token, and of a GitHub App it lacks app"),
    "an empty token": ('{"token": ""}', "has no token"),
    "a token with a line": (json.dumps({"token": f"{CANARY}\nx"}), "that is no token"),
    "half an app": (json.dumps({"app_id": 1, "private_key": CANARY}), "lacks installation_id$"),
    "an app without a number": (
        app_document(installation_id=f"{CANARY}!"),
        "installation_id is not a number",
    ),
    "an app with a name": (app_document(app_id="my app"), "app_id is neither"),
    "an app without a key": (app_document(private_key=CANARY), "private_key is no RSA key"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_secret_that_cannot_be_used_is_told(stage: Stage, vault: Vault, case: str) -> None:
    text, said = UNUSABLE[case]
    vault.holds(text)
    with pytest.raises(TokenUnusable, match=said) as raised:
        by_secret(stage, vault).get("/user")
    no_secret(everything_said(raised.value))


@pytest.mark.parametrize(
    ("code", "error"),
    {
        "AccessDeniedException": TokenUnusable,
        "ResourceNotFoundException": TokenUnusable,
        "DecryptionFailure": TokenUnusable,
        "ThrottlingException": GitHubUnavailable,
        "InternalServiceError": GitHubUnavailable,
    }.items(),
)
def test_a_secret_that_cannot_be_read_is_told(
    stage: Stage, vault: Vault, code: str, error: type[Exception]
) -> None:
    vault.refuses(code)
    with pytest.raises(error, match=f"{SECRET} cannot be read: {code}: 'in its words'"):
        by_secret(stage, vault).get("/user")


def test_an_app_exchanges_its_key_once_an_hour(app: Stage) -> None:
    tokens = app_tokens(app)
    first = tokens.token()
    app.clock.sleep(3299)
    assert tokens.token() is first
    app.clock.sleep(2)
    second = tokens.token()
    assert second != first
    assert [entry.operation for entry in app.hub.journal.entries] == [
        "apps/create-installation-access-token"
    ] * 2
    assert tokens.permissions == EVERYTHING


def test_an_app_works_over_hours(app: Stage) -> None:
    api = Api(app.place, app_tokens(app), clock=app.clock)
    for _ in range(5):
        assert api.get(f"/repos/{NAME}")["full_name"] == NAME
        app.clock.sleep(1800)
    assert {entry.status for entry in app.hub.journal.entries} == {200, 201}


def test_a_revoked_installation_token_is_replaced(app: Stage) -> None:
    api = Api(app.place, app_tokens(app), clock=app.clock)
    api.get(f"/repos/{NAME}")
    del app.hub.tokens[api.tokens.token().reveal()]
    assert api.get(f"/repos/{NAME}")["full_name"] == NAME


def test_a_key_with_written_out_line_breaks_and_a_client_id(app: Stage, vault: Vault) -> None:
    app.hub.add_app("Iv23liABC", key_pair()[1], {INSTALLATION: ORGANIZATION})
    key = key_pair()[0].strip().replace("\n", "\\n")
    vault.holds(app_document(private_key=key, app_id="Iv23liABC", installation_id="678\n"))
    assert by_secret(app, vault).get(f"/repos/{NAME}")["full_name"] == NAME


def test_an_app_that_is_not_installed_is_told(app: Stage, vault: Vault) -> None:
    vault.holds(app_document(installation_id=1))
    with pytest.raises(TokenUnusable, match="has no installation 1: install it"):
        by_secret(app, vault).get(f"/repos/{NAME}")


def test_a_key_of_another_app_is_told(app: Stage, vault: Vault) -> None:
    vault.holds(app_document(private_key=key_pair(1)[0]))
    with pytest.raises(TokenUnusable, match="does not take the key of the App 12345"):
        by_secret(app, vault).get(f"/repos/{NAME}")


def test_a_clock_that_is_off_by_less_than_a_minute_does_no_harm(app: Stage) -> None:
    app.hub.now = lambda: app.clock.now() - 55
    assert app_tokens(app).token().reveal().startswith("ghs_")


def test_git_pushes_with_the_same_token(app: Stage) -> None:
    from generator.files import PLAIN, File

    wanted = Seed("deploy", NAME, "p", "main", {"x": File(PLAIN, b"x")}, "Add x", 1)
    tokens = app_tokens(app)
    seed(git_base(app.hub.url, git_password(tokens)).remote(NAME), wanted)
    assert list(app.hub.state()[NAME]["heads"]) == ["main"]
    assert app.hub.traces(tokens.token().reveal()) == []


def test_permissions_that_are_missing_are_named() -> None:
    assert lacking({**EVERYTHING}) == ()
    assert lacking({**EVERYTHING, "contents": "read"}) == (
        "contents: write, to push the repositories' files",
    )
    assert lacking({}, also=["secrets"])[-1].startswith("secrets: write")
    assert len(lacking({})) == len(NEEDED)
    assert set(EVERYTHING) == set(NEEDED) | set(OPTIONAL)


def test_concealed_text_does_not_show() -> None:
    hidden = Concealed(CANARY)
    for shown in (repr(hidden), str(hidden), f"{hidden}", repr([hidden]), repr({"a": hidden})):
        no_secret(shown)
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(hidden)
    assert hidden == Concealed(CANARY)
    assert len({hidden, Concealed(CANARY)}) == 1
    assert hidden.within(f"a {CANARY} b") == "a *** b"


def test_times_of_expiry_are_those_of_github(app: Stage) -> None:
    tokens = app_tokens(app)
    tokens.token()
    (token,) = [one for one in app.hub.tokens.values() if one.kind == "app"]
    assert token.expires_at == app.clock.now() + 3600
    assert datetime.fromtimestamp(token.expires_at, UTC).year == 2027
