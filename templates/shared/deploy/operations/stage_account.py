"""Access to the AWS account of a stage, refused while the project's facts are incomplete."""

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from components.errors import ConfigurationError
from components.settings import SETTINGS_FILE, Settings, Stage

_MEANINGS = {
    "account_id": "the 12-digit id, in quotes, of the account to deploy to",
    "bucket": "the bucket that holds the project's model artifacts",
    "prefix": "the project's own prefix in that bucket",
}


def require_facts(settings: Settings, stage: Stage) -> None:
    """Raise ConfigurationError that names every fact that a deployment lacks."""
    missing = settings.placeholders(stage)
    if missing:
        lines = "\n".join(f"  {key}: {_MEANINGS[key.rsplit('.')[-1]]}" for key in missing)
        raise ConfigurationError(
            f"stage {stage!r} cannot be reached: {SETTINGS_FILE} says null for\n{lines}\n"
            "Fill these in and commit the file; none of them is a secret."
        )


def connect(settings: Settings, stage: Stage) -> boto3.Session:
    """A session in the stage's account and Region.

    Raises ConfigurationError when facts are missing, when there are no valid credentials, or
    when they belong to another account: a stack that "does not exist" there says nothing.
    """
    require_facts(settings, stage)
    session = boto3.Session(region_name=settings.region(stage))
    try:
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise ConfigurationError(
            f"no valid AWS credentials for stage {stage!r}: {error}; sign in to account"
            f" {settings.account(stage)} first, for example with `aws sso login`"
        ) from None
    if account != settings.account(stage):
        raise ConfigurationError(
            f"the AWS credentials belong to account {account}, but stage {stage!r} is account"
            f" {settings.account(stage)}; sign in to that one"
        )
    return session
