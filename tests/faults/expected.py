"""Every call that leaves us, by the chain that is played for it: for a person to review.

A call that is made and not listed is a failure, and so is one that is listed and not made any more.
`x2` stands for the first and the second one in one go of a step. A call that several chains make is
listed, and played, in the first of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.faults.wire import Call

LINE = re.compile(r"(?P<step>[a-z_ ]+): (?P<service>\w+) (?P<operation>.+?)(?: x(?P<count>\d))?")
EXPECTED = {
    "project": """
        state machine: events putEvents
        state machine: lambda invoke describe
        state machine: lambda invoke seed_build
        state machine: lambda invoke seed_deploy
        state machine: sns publish
        describe: datazone GetProject
        describe: datazone GetProjectProfile
        seed_build: datazone GetEnvironment x2
        seed_build: datazone GetProject
        seed_build: datazone GetProjectProfile
        seed_build: datazone ListConnections
        seed_build: datazone ListEnvironments
        seed_build: git receive-pack
        seed_build: git receive-pack-advertisement
        seed_build: git upload-pack
        seed_build: git upload-pack-advertisement
        seed_build: github apps/create-installation-access-token
        seed_build: secretsmanager GetSecretValue
        seed_deploy: datazone GetEnvironment x2
        seed_deploy: datazone GetProject
        seed_deploy: datazone GetProjectProfile
        seed_deploy: datazone ListConnections
        seed_deploy: datazone ListEnvironments
        seed_deploy: git receive-pack
        seed_deploy: git receive-pack-advertisement
        seed_deploy: github actions/create-or-update-repo-secret
        seed_deploy: github actions/get-repo-public-key
        seed_deploy: github apps/create-installation-access-token
        seed_deploy: github repos/create-in-org
        seed_deploy: github repos/create-or-update-environment x3
        seed_deploy: github repos/create-repo-ruleset
        seed_deploy: github repos/get
        seed_deploy: github repos/get-all-environments
        seed_deploy: github repos/get-repo-rulesets
        seed_deploy: github repos/replace-all-topics
        seed_deploy: github teams/get-by-name
        seed_deploy: github users/get-by-username
        seed_deploy: secretsmanager GetSecretValue x2
    """,
    "pull request": """
        seed_build: github pulls/create
        seed_build: github pulls/list
    """,
    "person": """
        seed_deploy: github repos/create-for-authenticated-user
        seed_deploy: github users/get-authenticated
    """,
    "monorepo": """
        seed_deploy: git upload-pack
        seed_deploy: git upload-pack-advertisement
        seed_deploy: github repos/create-or-update-environment x4
        seed_deploy: github repos/get-content x2
        seed_deploy: github teams/add-or-update-repo-permissions-in-org
    """,
    "templates": """
        describe: git upload-pack x3
        describe: git upload-pack-advertisement x2
        describe: github apps/create-installation-access-token
        describe: secretsmanager GetSecretValue
        seed_build: git upload-pack x2
        seed_build: git upload-pack-advertisement x2
    """,
    "approval": """
        approval: github actions/create-workflow-dispatch
        approval: github actions/list-workflow-runs
        approval: github apps/create-installation-access-token
        approval: github repos/get
        approval: github repos/get-content
        approval: sagemaker DescribeModelPackage
        approval: sagemaker DescribeModelPackageGroup
        approval: sagemaker ListTags
        approval: sagemaker UpdateModelPackage
        approval: secretsmanager GetSecretValue
    """,
    "deletion": """
        deletion: github actions/get-workflow
        deletion: github apps/create-installation-access-token
        deletion: github issues/create
        deletion: github issues/list-for-repo
        deletion: github repos/get x4
        deletion: github repos/get-content x3
        deletion: github repos/update x2
        deletion: secretsmanager GetSecretValue
    """,
    "one deletion": """
        deletion: github search/repos
    """,
    "clean-up": """
        deletion: github actions/create-workflow-dispatch
        deletion: github actions/list-workflow-runs
    """,
}


def listed(chain: str) -> set[Call]:
    """Return the calls that are listed for a chain."""
    calls = set()
    for line in EXPECTED[chain].strip().splitlines():
        found = LINE.fullmatch(line.strip())
        if found is None:
            raise ValueError(f"{line.strip()!r} is no line of a call")
        for number in range(1, int(found["count"] or 1) + 1):
            calls.add(Call(found["step"], found["service"], found["operation"], number))
    return calls


def listed_before(chain: str) -> set[Call]:
    """Return the calls that are listed for the chains before this one."""
    names = list(EXPECTED)
    return {call for name in names[: names.index(chain)] for call in listed(name)}


def surprises(chain: str, made: Iterable[Call]) -> list[str]:
    """Return what is wrong with the calls that a chain made."""
    found, before = set(made), listed_before(chain)
    new = sorted(found - before - listed(chain))
    gone = sorted(listed(chain) - before - found)
    place = f"under {chain!r} in tests/faults/expected.py"
    return [
        *(f"{call.step}: {call} is new: list it {place}" for call in new),
        *(f"{call.step}: {call} is not made any more: remove it {place}" for call in gone),
    ]
