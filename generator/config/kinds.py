"""What a value in `aiops.toml` may look like, and how a person is told what it should be."""

from __future__ import annotations

from dataclasses import dataclass

from generator import patterns


@dataclass(frozen=True)
class Kind:
    """A text that matches `pattern` in full; `fix` says in the imperative what to write.

    hidden: a wrong value is not shown, as it may be a secret in the wrong place.
    """

    pattern: str
    fix: str
    hidden: bool = False

    def admits(self, text: str) -> bool:
        """Whether `text` is of this kind."""
        return patterns.matches(self.pattern, text)


ACCOUNT = Kind(patterns.ACCOUNT, 'write the 12 digits of an AWS account, such as "111122223333"')
REGION = Kind(patterns.REGION, 'write an AWS region, such as "eu-west-1"')
DOMAIN = Kind(patterns.DOMAIN_ID, 'write the id of a DataZone domain, such as "dzd_4q7x2m9k1b3c5d"')
DOMAIN_UNIT = Kind(patterns.DOMAIN_UNIT_ID, "write the id of a domain unit, not its name")
ORGANIZATION_ID = Kind(
    r"o-[a-z0-9]{10,32}", 'write the id of the AWS organization, such as "o-a1b2c3d4e5"'
)
# An owner on GitHub; see patterns.REPOSITORY.
OWNER = Kind(
    r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,37}[A-Za-z0-9])?",
    'write its name as in its address on GitHub, such as "acme-ml"',
)
ADDRESS = Kind(
    r"https?://(?:[A-Za-z0-9.-]{1,253}|\[::1\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._-]+)*/?",
    'write an address without user and query, such as "https://github.example.com/api/v3"',
)
PATTERN = Kind(r"[!-~]{1,300}", "write one line of ASCII without spaces")
QUESTION = Kind(r"[a-z][a-z0-9_]*", "write the name of a template's question")
SECRET_ARN = Kind(
    rf"arn:{patterns.PARTITION}:secretsmanager:{patterns.REGION}:{patterns.ACCOUNT}"
    r":secret:[A-Za-z0-9/_+=.@-]{1,512}",
    "write the ARN of a secret in AWS Secrets Manager, never a secret's value",
    hidden=True,
)
# Not 32 and more hexadecimal digits: that is how many tokens look, and no secret's name.
SECRET = Kind(
    rf"{SECRET_ARN.pattern}|(?!arn:)(?![0-9A-Fa-f]{{32,}}$)[A-Za-z0-9/_+=.@-]{{1,512}}",
    "write the ARN or the name of a secret in AWS Secrets Manager, never a secret's value",
    hidden=True,
)
KMS_KEY = Kind(
    rf"arn:{patterns.PARTITION}:kms:{patterns.REGION}:{patterns.ACCOUNT}:key/[A-Za-z0-9-]{{1,64}}",
    "write the ARN of a KMS key, with :key/ in it; an alias does not do",
)
GITHUB_SECRET_NAME = Kind(
    r"(?!(?i:GITHUB_))[A-Za-z_][A-Za-z0-9_]{0,254}",
    "a GitHub secret is named with letters, digits and _, and does not start with GITHUB_",
)
# GitHub's documentation: lower-case letters, digits and hyphens, at most 50 characters.
TOPIC = Kind(
    r"[a-z0-9][a-z0-9-]{0,49}",
    "write a topic of at most 50 lower-case letters, digits and hyphens",
)
REVIEWER = Kind(
    r"@?[A-Za-z0-9](?:[A-Za-z0-9_-]{0,37}[A-Za-z0-9])?(?:/[a-z0-9_](?:[a-z0-9_-]{0,98}[a-z0-9_])?)?",
    'write a user, such as "@octocat", or a team, such as "@acme-ml/governance"',
)
PROFILE = Kind(
    r"(?=.*\w)[^\x00-\x1f{}]{1,64}", "write the name of a project profile, at most 64 characters"
)
TEMPLATE = Kind(r"[a-z][a-z0-9_]*", 'write the name of a template, such as "regression"')
ANSWER = Kind(r"[ -z|~]{0,1024}", "write one line of ASCII without braces")
TENANT = Kind(
    r"[a-z](?:[a-z0-9-]{0,22}[a-z0-9])?",
    "name a tenant with at most 24 lower-case letters, digits and hyphens",
)
PREFIX = Kind(
    r"[a-z](?:[a-z0-9-]{0,14}[a-z0-9])?",
    "write at most 16 lower-case letters, digits and hyphens, starting with a letter",
)
GIT_REF = Kind(patterns.BRANCH, 'write a tag, such as "v1.4.0", or all 40 digits of a commit')
FOLDER = Kind(
    r"(?=.{1,200}$)(?!.*(?:^|/)\.{1,2}(?:/|$))[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*|\.",
    'write a folder inside the repository, such as "templates"',
)
EMAIL = Kind(
    r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
    'write an e-mail address, such as "ml-platform@example.com"',
)
TOPIC_ARN = Kind(
    rf"arn:{patterns.PARTITION}:sns:{patterns.REGION}:{patterns.ACCOUNT}:[A-Za-z0-9_-]{{1,256}}",
    "write the ARN of a standard SNS topic",
)
OIDC_PROVIDER = Kind(
    rf"arn:{patterns.PARTITION}:iam::{patterns.ACCOUNT}:oidc-provider/[A-Za-z0-9./_-]{{1,255}}",
    "write the ARN of the OIDC provider that an account has already",
)
TAG_KEY = Kind(
    patterns.TAG_KEY,
    "a tag's key has at most 128 letters, digits, spaces and . : / = + @ _ -, and does not"
    " start with aws:",
)
TAG_VALUE = Kind(
    patterns.TAG_VALUE,
    "write a tag's value: at most 256 letters, digits, spaces and . : / = + @ _ -",
)
NAME_END = Kind(
    r"[ _-][A-Za-z0-9 _-]{1,31}",
    'write how such a project\'s name ends, with its separator, such as "-test"',
)
