"""What the accounts need before anything is deployed: the CDK's bootstrap, GitHub's provider."""

from __future__ import annotations

from collections.abc import Iterator

from generator.config.model import Config, Place
from generator.doctor.accounts import Absent, AwsPlace, NoCredentials
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, Unchecked, ok, problem, unknown

# What the CDK of the stacks asks for, and where its bootstrap says what it is.
BOOTSTRAP_VERSION = 6
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
AUDIENCE = "sts.amazonaws.com"


def bootstrap(examination: Examination) -> Iterator[Found]:
    """Every place that something is deployed to is bootstrapped for the CDK."""
    unseen: list[str] = []
    for place in dict.fromkeys((examination.shared, examination.governance, *examination.stages())):
        where = f"aws://{place.account}/{place.region}"
        try:
            answer = place.ask("ssm", "get_parameter", Name=BOOTSTRAP)
        except Absent:
            yield problem(f"{where} is not bootstrapped for the CDK", f"cdk bootstrap {where}")
        except NoCredentials:
            unseen.append(where)
        except Unchecked as error:
            yield unknown(f"{where}: {error}", error.needs)
        else:
            version = int(answer["Parameter"]["Value"])
            if version < BOOTSTRAP_VERSION:
                yield problem(f"the bootstrap of {where} is old", f"cdk bootstrap {where}")
            else:
                yield ok(f"{where} is bootstrapped, version {version}")
    yield from _unseen(unseen)


def provider(examination: Examination) -> Iterator[Found]:
    """Accounts with stages trust GitHub's tokens, for the audience of AWS."""
    issuer = examination.config.github.oidc_issuer
    unseen: list[str] = []
    for place in _one_of_each_account(examination):
        arn = f"arn:{_partition(place)}:iam::{place.account}:oidc-provider/{issuer}"
        try:
            found = place.ask("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
        except Absent:
            yield problem(
                f"{place.account} has no OpenID Connect provider of {issuer}",
                _how_to_make(examination.config, place, arn),
            )
        except NoCredentials:
            unseen.append(place.account)
        except Unchecked as error:
            yield unknown(f"{place.account}: {error}", error.needs)
        else:
            if AUDIENCE in found.get("ClientIDList", []):
                yield ok(f"{arn} is there")
            else:
                yield problem(
                    f"{arn} does not take tokens for {AUDIENCE}",
                    "aws iam add-client-id-to-open-id-connect-provider"
                    f" --open-id-connect-provider-arn {arn} --client-id {AUDIENCE}",
                )
    yield from _unseen(unseen)


def _unseen(places: list[str]) -> Iterator[Found]:
    if places:
        yield unknown(f"no credentials of {', '.join(places)}")


def _how_to_make(config: Config, place: AwsPlace, arn: str) -> str:
    if arn in config.oidc_provider_arns:
        return "remove it from oidc.existing, then deploy: make deploy"
    return f"deploy the stack {config.naming.prefix}-github-identity-{place.account}: make deploy"


def _one_of_each_account(examination: Examination) -> list[AwsPlace]:
    by_account: dict[str, AwsPlace] = {}
    for place in (examination.shared, *examination.stages()):
        by_account.setdefault(place.account, place)
    return list(by_account.values())


def _partition(place: AwsPlace) -> str:
    return Place(place.account, place.region).partition
