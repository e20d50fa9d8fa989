"""The AWS accounts as the doctor may see them: which credentials belong to which, and questions.

Only reading calls are made. A question that is refused becomes `Unchecked` with the permission that
it takes; one about something that is not there becomes `Absent`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

from generator import aws
from generator.config.model import Place
from generator.doctor.findings import Unchecked
from generator.errors import GeneratorError, shown

Answer = dict[str, Any]
# service, region, profile -> a client
MakeClient = Callable[[str, str | None, str | None], Any]

# What services answer about something that they do not have (their API references).
ABSENT = {
    "AWS.SimpleQueueService.NonExistentQueue",
    "ExecutionDoesNotExist",
    "NoSuchEntity",
    "NotFound",
    "NotFoundException",
    "ParameterNotFound",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
    "TrailNotFoundException",
}
# To credentials that are none, or were some once.
UNUSABLE = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
DENIED = ("AccessDenied", "AuthorizationError", "Unauthorized", "OperationNotPermitted")
# Where the name in IAM's policies is not botocore's.
IAM_PREFIX = {"stepfunctions": "states"}
# A list that is longer is not looked at to its end.
MOST_PAGES = 20


class Absent(GeneratorError):
    """The account has no such thing."""


class NoCredentials(Unchecked):
    """There is nothing to ask the account with."""


@dataclass(frozen=True)
class Identities:
    """known: account -> its profile. failed: profile -> why it cannot be used.

    The profile None is the environment's own credentials.
    """

    known: Mapping[str, str | None]
    failed: Mapping[str | None, str]


@dataclass(frozen=True)
class AwsPlace:
    """One account in one region, asked with the credentials that belong to it, if there are any."""

    account: str
    region: str
    accounts: Accounts

    def ask(self, service: str, operation: str, **parameters: Any) -> Answer:
        """Return the answer to one reading call. Raises Absent or Unchecked."""
        client = self.accounts.client(service, self.region, self.account)
        return _asked(client, service, operation, parameters)

    def pages(self, service: str, operation: str, member: str, **parameters: Any) -> Iterator[Any]:
        """Yield the items of a list that has NextToken or nextToken. Raises what `ask` raises."""
        for _ in range(MOST_PAGES):
            answer = self.ask(service, operation, **parameters)
            yield from answer.get(member, [])
            token = next((name for name in ("NextToken", "nextToken") if answer.get(name)), None)
            if token is None:
                return
            parameters[token] = answer[token]


class Accounts:
    """Credentials by the account that they belong to.

    profiles: of the AWS configuration; the environment's own credentials are always looked at.
    region: where it is asked whose credentials they are.
    """

    def __init__(
        self, profiles: Sequence[str], region: str, make_client: MakeClient = aws.client
    ) -> None:
        self._profiles = (None, *profiles)
        self._region = region
        self._make_client = cache(make_client)

    def at(self, place: Place) -> AwsPlace:
        """Return a place of the configuration, to be asked."""
        return AwsPlace(place.account, place.region, self)

    def profile_of(self, account: str) -> str | None:
        """Return the profile for `account`; None for the environment's own credentials.

        Raises NoCredentials when none are this account's.
        """
        if account not in self.identities.known:
            raise NoCredentials(f"no credentials of account {account}")
        return self.identities.known[account]

    def client(self, service: str, region: str, account: str) -> Callable[[], Any]:
        """Return what gives the client of `account`. Raises NoCredentials."""
        profile = self.profile_of(account)
        return partial(self._make_client, service, region, profile)

    @cached_property
    def identities(self) -> Identities:
        """Which accounts all the credentials belong to; each is asked for once."""
        known: dict[str, str | None] = {}
        failed: dict[str | None, str] = {}
        for profile in self._profiles:
            try:
                client = partial(self._make_client, "sts", self._region, profile)
                answer = _asked(client, "sts", "get_caller_identity", {})
            except (Unchecked, Absent) as error:
                failed[profile] = str(error)
            else:
                known.setdefault(answer["Account"], profile)
        return Identities(known, failed)


def _asked(
    client: Callable[[], Any], service: str, operation: str, parameters: Mapping[str, Any]
) -> Answer:
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    problem: GeneratorError
    try:
        answer: Answer = getattr(client(), operation)(**parameters)
        return answer
    except NoCredentialsError:
        problem = Unchecked("there are no AWS credentials", "sign in, for example: aws sso login")
    except ClientError as error:
        problem = _refusal(service, error)
    except BotoCoreError as error:
        problem = Unchecked(shown(str(error), 300)[1:-1])
    # Raised out here, so that no library's frame hangs on the error.
    raise problem


def _refusal(service: str, error: Any) -> GeneratorError:
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "unknown")), shown(said.get("Message", ""), 200)
    action = f"{IAM_PREFIX.get(service, service)}:{error.operation_name}"
    if code in ABSENT:
        return Absent(f"{action}: {message}")
    if code in UNUSABLE:
        return Unchecked(f"AWS does not take the credentials ({code}): {message}", "sign in again")
    if code.startswith(DENIED):
        return Unchecked(f"{action} was refused: {message}", action)
    return Unchecked(f"{action}: {code}: {message}")
