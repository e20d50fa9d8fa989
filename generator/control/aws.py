"""What AWS services refuse, as errors that say what to do; and the secrets that are copied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from generator import aws
from generator.errors import GeneratorError, InputError, shown
from generator.github.concealed import Concealed

# What services answer when asking again may help (their API references).
PASSING = {
    "ConflictException",
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "RequestTimeout",
    "ServiceUnavailable",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


class SecretsUnavailable(GeneratorError):
    """Secrets Manager did not answer usefully, after botocore's own retries."""


class SecretUnusable(InputError):
    """A secret that the configuration names cannot be read, or holds no text."""


@contextmanager
def explained(
    unavailable: type[GeneratorError], refused: type[InputError], needed: str
) -> Iterator[None]:
    """Turn botocore's errors into ours; `needed` names the permission and what must exist."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    problem: GeneratorError
    try:
        yield
        return
    except NoCredentialsError:
        problem = refused(f"there are no AWS credentials; {needed}")
    except ClientError as error:
        answer = error.response.get("Error", {})
        code, said = answer.get("Code", "unknown"), shown(answer.get("Message", ""), 200)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        what = f"{error.operation_name}: {code}: {said}"
        passing = code in PASSING or status >= 500 or status == 429
        problem = unavailable(what) if passing else refused(f"{what}; {needed}")
    except BotoCoreError as error:
        problem = unavailable(shown(str(error), 300)[1:-1])
    raise problem


def read_secret(arn: str) -> Concealed:
    """Return the text of a secret. Raises SecretsUnavailable or SecretUnusable."""
    parts = arn.split(":")
    region = parts[3] if len(parts) > 3 else None
    needed = (
        f"the secret {arn} must exist, and the role needs secretsmanager:GetSecretValue on it"
        " (and kms:Decrypt on its key)"
    )
    with explained(SecretsUnavailable, SecretUnusable, needed):
        answer = aws.client("secretsmanager", region).get_secret_value(SecretId=arn)
    text = answer.pop("SecretString", None)
    if not text:
        raise SecretUnusable(f"the secret {arn} is binary or empty: store text")
    return Concealed(text)
