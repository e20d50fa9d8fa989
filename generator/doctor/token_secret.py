"""Secrets of AWS Secrets Manager, read as the control plane reads them."""

from __future__ import annotations

from generator.config.model import Config, Place
from generator.doctor.accounts import Accounts, AwsPlace
from generator.github.concealed import Concealed
from generator.github.errors import TokenUnusable
from generator.github.tokens import read_document


def place_of(secret_id: str, config: Config, accounts: Accounts) -> AwsPlace:
    """Return where a secret is, by its ARN; one known by name is in the shared-services account."""
    parts = secret_id.split(":")
    if len(parts) < 7:
        return accounts.at(config.shared_services)
    return accounts.at(Place(account=parts[4], region=parts[3]))


def read_text(secret_id: str, place: AwsPlace) -> Concealed:
    """Return a secret's text. Raises Absent, Unchecked, or TokenUnusable when it is not text."""
    answer = place.ask("secretsmanager", "get_secret_value", SecretId=secret_id)
    text = answer.pop("SecretString", None)
    if not text:
        raise TokenUnusable(f"the secret {secret_id} is binary or empty: store text")
    return Concealed(text)


def read_token(config: Config, accounts: Accounts) -> dict[str, Concealed]:
    """Return the members that count of the secret with the token: `token`, or an App's keys."""
    secret_id = config.github.token_secret
    return read_document(read_text(secret_id, place_of(secret_id, config, accounts)), secret_id)
