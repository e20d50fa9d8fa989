"""Who and what there is, and the `aiops.toml` that says so. PAGER and PERSONAL are canaries."""

from __future__ import annotations

SECRET = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:aiops"
TOKEN_SECRET, PAGER_SECRET = f"{SECRET}/github-a1b2c3", f"{SECRET}/pager-d4e5f6"
PAGER = "pager-canary-7f3e9a+never/to be seen"
PERSONAL = "github_pat_canary7f3e9anevertobeseen"
APP, INSTALLATION = "12345", 678
ORGANIZATION, PERSON = "acme-ml", "ann"
BUILD = f"{ORGANIZATION}/house-prices-build"

CONFIGURATION = """
[governance]
account = "111122223333"
region = "eu-west-1"
domains = ["{domain}"]

[shared_services]
account = "222233334444"
region = "eu-west-1"

[github]
{owner}
topics = ["aiops"]
token_secret = "{token_secret}"
api_url = "{url}"
git_url = "{url}"

[github.reviewers]
prod = {reviewers}

[github.secrets]
PAGER_WEBHOOK = "{pager}"
"""
