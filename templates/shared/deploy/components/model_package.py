"""The one input of a deployment: the ARN of a registered model version."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from components.errors import ConfigurationError
from components.settings import PLACEHOLDER_ACCOUNT

_PATTERN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):sagemaker:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12})"
    r":model-package/(?P<group>[A-Za-z0-9](?:-*[A-Za-z0-9]){0,62})/(?P<version>[1-9][0-9]{0,8})"
)
# The placeholder of a stack that names its package's folder, and an adapter's file in there.
ARTIFACT = "artifact_uri"
ADAPTER_ARCHIVE = "adapter.tar.gz"
_EXAMPLE = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/aiops-example-models/3"


@dataclass(frozen=True)
class ModelPackage:
    """A model package ARN, taken apart."""

    arn: str
    region: str
    account: str
    group: str
    version: int

    @classmethod
    def parse(cls, arn: str) -> "ModelPackage":
        """Take an ARN apart; raises ConfigurationError when it names no model version."""
        match = _PATTERN.fullmatch(arn)
        if match is None:
            raise ConfigurationError(f"model_package_arn is {arn!r}: {_reason(arn)}")
        return cls(
            arn=arn,
            region=match["region"],
            account=match["account"],
            group=match["group"],
            version=int(match["version"]),
        )

    def check(self, *, stage: str, region: str, accounts: Iterable[str]) -> None:
        """Refuse a package that the stage cannot use.

        SageMaker creates a model only from a package in the endpoint's own Region. ``accounts``
        are those allowed to provide packages; when none is known, any is accepted. A version of
        a local registry is accepted, too: it can be synthesized, and is never deployed.
        """
        if self.region != region:
            raise ConfigurationError(
                f"model_package_arn is in Region {self.region!r} but stage {stage!r} is in"
                f" {region!r} ({self.arn}); use a package registered in {region}, or correct"
                f" stages.{stage}.region in cicd-config.json"
            )
        allowed = sorted(set(accounts))
        if allowed and self.account not in (*allowed, PLACEHOLDER_ACCOUNT):
            raise ConfigurationError(
                f"model_package_arn belongs to account {self.account!r}, but stage {stage!r}"
                f" takes packages from {', '.join(allowed)} only ({self.arn}); if that registry is"
                f" meant, add the account to model_packages.accounts in config/{stage}.yaml"
            )


def _reason(arn: str) -> str:
    if not arn:
        return f"it is empty; use the ARN of a model version, such as {_EXAMPLE}"
    if ":model-package-group/" in arn:
        return f"that is a group; use the ARN of one version in it, such as {_EXAMPLE}"
    if ":model-package/" in arn and not re.search(r"/[1-9][0-9]*$", arn):
        return f"the version number at the end is missing; use an ARN such as {_EXAMPLE}"
    return f"that is not a model package ARN; use one such as {_EXAMPLE}"
