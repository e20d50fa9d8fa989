"""Which of our errors pass by themselves: only these are retried, by the names of their classes.

| cause                                               | class                | running again     |
|-----------------------------------------------------|----------------------|-------------------|
| DataZone throttles, fails or cannot be reached      | DataZoneUnavailable  | helps             |
| the git server fails or cannot be reached           | RemoteUnavailable    | helps             |
| somebody pushes while we look                       | BranchMoved          | helps             |
| GitHub, or the secret with its token, is away       | GitHubUnavailable    | helps             |
| GitHub's limits of calls are used up                | GitHubRateLimited    | helps, later      |
| the registry throttles, fails or cannot be reached  | RegistryUnavailable  | helps             |
| a secret's store fails or cannot be reached         | SecretsUnavailable   | helps             |
| GitHub does not show yet what was just made, or     | GitHubMissing,       | may help: tried   |
| nobody made it, or the token may not see it         | RepositoryMissing    | for a short while |
| everything else                                     | its own              | does not help     |

The state machine retries by name. A Lambda function that events call directly (approvals,
deletions) is called again for every error and dead-lettered then: there, names do not count.
"""

from __future__ import annotations

# Names, not classes: the state machine is built where git and AWS clients are not installed.
TRANSIENT = (
    "BranchMoved",
    "DataZoneUnavailable",
    "GitHubRateLimited",
    "GitHubUnavailable",
    "RegistryUnavailable",
    "RemoteUnavailable",
    "SecretsUnavailable",
)
# As a rule somebody must correct something: no reason for a long wait.
PERHAPS_NEW = ("GitHubMissing", "RepositoryMissing")
