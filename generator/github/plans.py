"""What an account's plan does not offer: GitHub says so in words, which differ by feature."""

from __future__ import annotations

from generator.github.errors import GitHubInvalid, GitHubMissing, GitHubRefused

WORDS = ("upgrade to github", "billing plan")
Refusals = (GitHubInvalid, GitHubMissing, GitHubRefused)


def is_not_offered(refusal: Exception) -> bool:
    """Whether GitHub refused because of the plan, or has no such feature at all."""
    if isinstance(refusal, GitHubMissing):
        return True
    return any(words in str(refusal).lower() for words in WORDS)
