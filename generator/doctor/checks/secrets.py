"""The secrets that the configuration names are there, can be read, and hold what they should."""

from __future__ import annotations

from collections.abc import Iterator

from generator.doctor.accounts import Absent
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, Unchecked, ok, problem
from generator.doctor.token_secret import place_of, read_text
from generator.github.errors import TokenUnusable

AWS_KEY = "alias/aws/secretsmanager"
_FORMS = {
    "app": '{"app_id": "...", "installation_id": "...", "private_key": "..."}',
    "token": '{"token": "..."}',
}


def token_secret(examination: Examination) -> Iterator[Found]:
    """The secret with GitHub's token holds what github.auth says."""
    github = examination.config.github
    secret = github.token_secret
    write = f"aws secretsmanager put-secret-value --secret-id {secret} --secret-string file://secret.json"
    form = f"with {_FORMS[github.auth]} in secret.json"
    try:
        found = examination.token()
    except Absent:
        yield problem(
            f"there is no secret {secret}",
            "create it: aws secretsmanager create-secret"
            f" --name {_name(secret)} --secret-string file://secret.json, {form}; then write its"
            " ARN as github.token_secret",
        )
        return
    except TokenUnusable as error:
        yield problem(str(error), f"{write}, {form}")
        return
    kind = "token" if "token" in found else "app"
    if kind == github.auth:
        yield ok(f"{secret} holds {'a token' if kind == 'token' else 'the key of a GitHub App'}")
    else:
        yield problem(
            f'github.auth = "{github.auth}", but {secret} is of the kind "{kind}"',
            f'write github.auth = "{kind}", or: {write}, {form}',
        )


def listed_secrets(examination: Examination) -> Iterator[Found]:
    """Each secret that is copied to GitHub is there and holds text."""
    if not examination.config.github.secrets:
        yield ok("none are configured")
    for name, arn in sorted(examination.config.github.secrets.items()):
        advice = f"store its text in {arn}, or remove github.secrets.{name}"
        try:
            read_text(arn, place_of(arn, examination.config, examination.accounts))
        except Absent:
            yield problem(f"{name}: there is no secret {arn}", advice)
        except TokenUnusable as error:
            yield problem(f"{name}: {error}", advice)
        except Unchecked as error:
            raise Unchecked(f"{name}: {error}", error.needs) from None
        else:
            yield ok(f"{name}: {arn} holds text")


def secret_keys(examination: Examination) -> Iterator[Found]:
    """The functions may use the keys that secrets are encrypted with, where it is not AWS's own."""
    config = examination.config
    for secret in sorted({config.github.token_secret, *config.github.secrets.values()}):
        place = place_of(secret, config, examination.accounts)
        try:
            answer = place.ask("secretsmanager", "describe_secret", SecretId=secret)
        except Absent:
            continue  # said of the secret itself
        key = answer.get("KmsKeyId")
        if key in (None, AWS_KEY):
            yield ok(f"{secret} is encrypted with AWS's own key")
        elif any(arn == key or arn.endswith(f"/{key}") for arn in config.github.secret_keys):
            yield ok(f"{secret} is encrypted with {key}, which the functions may use")
        else:
            yield problem(
                f"{secret} is encrypted with {key}, which the functions may not use",
                "add the key's ARN to github.secret_keys, then deploy: make deploy",
            )


def _name(secret: str) -> str:
    """The name in a secret's ARN, without the six characters that AWS adds."""
    return secret.split(":")[6].rpartition("-")[0] if secret.startswith("arn:") else secret
