"""What the reference asks GitHub's REST interface for: a repository, and 15 secrets on another one.

Arguments: the interface's address, the organization, the new repository, the one with the secrets.
The token comes from the environment. Each secret is two calls: the key to seal it with, and itself.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from typing import Any

import urllib3
from nacl.public import PublicKey, SealedBox

from generator.remotes import TOKEN_VARIABLE

# As the reference names them (FACTS of a project, none of them a secret).
NAMES = (
    "SAGEMAKER_DOMAIN_ARN",
    "SAGEMAKER_SPACE_ARN",
    "SAGEMAKER_PIPELINE_ROLE_ARN",
    "SAGEMAKER_PROJECT_NAME",
    "SAGEMAKER_PROJECT_ID",
    "OIDC_ROLE_GITHUB_WORKFLOW",
    "AMAZON_DATAZONE_DOMAIN",
    "AMAZON_DATAZONE_SCOPENAME",
    "AMAZON_DATAZONE_PROJECT",
    "REGION",
    "ARTIFACT_BUCKET",
    "MODEL_PACKAGE_GROUP_NAME",
    "GLUE_DATABASE",
    "GLUE_TABLE",
    "DEPLOY_ACCOUNT",
)


def main() -> None:
    """Make the calls; a refusal ends with an exception."""
    api, organization, repository, with_secrets = sys.argv[1:]
    pool = urllib3.PoolManager(headers={"Authorization": f"Bearer {os.environ[TOKEN_VARIABLE]}"})

    def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = pool.request(method, f"{api}{path}", json=body)
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status}")
        return answer.json() if answer.data else None

    name = repository.split("/")[1]
    call("POST", f"/orgs/{organization}/repos", {"name": name, "private": True})
    for secret in NAMES:
        path = f"/repos/{with_secrets}/actions/secrets"
        key = call("GET", f"{path}/public-key")
        box = SealedBox(PublicKey(base64.b64decode(key["key"])))
        sealed = base64.b64encode(box.encrypt(json.dumps(secret).encode())).decode()
        call("PUT", f"{path}/{secret}", {"encrypted_value": sealed, "key_id": key["key_id"]})


if __name__ == "__main__":
    main()
