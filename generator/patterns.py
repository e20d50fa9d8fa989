"""What each kind of value that comes from outside may look like: allow-lists, matched in full.

Nothing here admits braces, quotes, control characters or anything but ASCII, so a value that
passes is inert in a template, in YAML, in JSON and in a shell.
"""

from __future__ import annotations

import re

ACCOUNT = r"[0-9]{12}"
REGION = r"[a-z]{2}(?:-[a-z]+){1,2}-[0-9]"
PARTITION = r"aws(?:-[a-z]+)*"
# DataZone's own patterns (its API reference), without letters beyond ASCII.
PROJECT_ID = r"[A-Za-z0-9_-]{1,36}"
DOMAIN_ID = r"dzd[-_][A-Za-z0-9_-]{1,36}"
DOMAIN_UNIT_ID = r"[a-z0-9_-]{1,256}"
NAME = r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}"
SCOPE = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
# GitHub: an owner and a repository; "." and ".." would climb out of a folder of repositories.
REPOSITORY = (
    r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,37}[A-Za-z0-9])?/(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}"
)
# The part of git's check-ref-format that needs no quoting anywhere.
BRANCH = r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)|[./]$))[A-Za-z0-9][A-Za-z0-9._/-]{0,99}"
ROLE_ARN = rf"arn:{PARTITION}:iam::{ACCOUNT}:role/[A-Za-z0-9+=,.@_/-]{{1,512}}"
SAGEMAKER_DOMAIN_ARN = rf"arn:{PARTITION}:sagemaker:{REGION}:{ACCOUNT}:domain/d-[a-z0-9-]{{1,61}}"
SAGEMAKER_DOMAIN_ID = r"d-[a-z0-9-]{1,61}"
MLFLOW_ARN = (
    rf"arn:{PARTITION}:sagemaker:{REGION}:{ACCOUNT}"
    r":(?:mlflow-tracking-server|mlflow-app)/[A-Za-z0-9][A-Za-z0-9-]{0,255}"
)
CONNECTION_ARN = (
    rf"arn:{PARTITION}:(?:codeconnections|codestar-connections):{REGION}:{ACCOUNT}"
    r":connection/[a-f0-9-]{36}"
)
BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
PREFIX = (
    r"(?=.{1,512}$)(?!.*(?:^|/)\.{1,2}(?:/|$))"
    r"[A-Za-z0-9!_.*()=-]+(?:/[A-Za-z0-9!_.*()=-]+){0,31}"
)
GLUE_DATABASE = r"[A-Za-z0-9_-]{1,255}"
ATHENA_WORKGROUP = r"[A-Za-z0-9._-]{1,128}"
TAG_KEY = r"(?!aws:)[A-Za-z0-9][A-Za-z0-9 .:/=+@_-]{0,127}"
TAG_VALUE = r"[A-Za-z0-9 .:/=+@_-]{0,256}"


def matches(pattern: str, value: object) -> bool:
    """Whether `value` is text that matches `pattern` from its first to its last character."""
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
