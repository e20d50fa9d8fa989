"""The credentials of this shell, for steps that call AWS: a model on Bedrock, an endpoint."""

from collections.abc import Mapping

import boto3
from botocore.exceptions import BotoCoreError

from mlops.errors import CommandError

# How botocore puts it that a step called AWS without any.
_MISSING = "Unable to locate credentials"


def shell_credentials() -> Mapping[str, str]:
    """Variables with what this shell's profile, keys or single sign-on give.

    They are read once: what expires after an hour ends a run that takes longer. Raises
    CommandError when there are none.
    """
    try:
        found = boto3.Session().get_credentials()
        keys = found.get_frozen_credentials() if found else None
    except BotoCoreError as error:
        raise CommandError(f"--aws-credentials: {error}", exit_code=2) from error
    if keys is None or not keys.access_key or not keys.secret_key:
        raise CommandError(
            "--aws-credentials: this shell has none; run aws configure or aws sso login, or leave "
            "the option out when no step calls AWS",
            exit_code=2,
        )
    variables = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
    return variables | ({"AWS_SESSION_TOKEN": keys.token} if keys.token else {})


def advice(last_words: str) -> str:
    """What to add to the failure of a step that lacked credentials; nothing for another one."""
    if _MISSING not in last_words:
        return ""
    return (
        ". A local run gives its steps no credentials unless it is told to: "
        'make run ARGS="--aws-credentials"'
    )
