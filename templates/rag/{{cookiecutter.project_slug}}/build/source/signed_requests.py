"""Sends JSON requests that are signed with the job's or endpoint's own credentials."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from source.errors import UserError

TIMEOUT = 60
ATTEMPTS = 4
RETRIED = frozenset((429, 502, 503, 504))


class RequestFailed(UserError):
    """A service could not be reached, or there are no credentials."""


def signed_sender(
    endpoint: str, service: str, region: str | None
) -> Callable[[str, str, str | None], tuple[int, dict[str, Any]]]:
    """What sends a method, path and body to an endpoint, and gives status and answer.

    Raises `RequestFailed` when it is called.
    """
    import boto3
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session

    session = boto3.Session(region_name=region)
    http = URLLib3Session(timeout=TIMEOUT)

    def send(method: str, path: str, body: str | None) -> tuple[int, dict[str, Any]]:
        credentials = session.get_credentials()
        if credentials is None or session.region_name is None:
            raise RequestFailed(f"{endpoint}: there are no AWS credentials, or no region")
        content = (body or "").encode()
        # OpenSearch Serverless asks for the hash of the body in a header.
        headers = {
            "content-type": "application/x-ndjson"
            if path.endswith("/_bulk")
            else "application/json",
            "x-amz-content-sha256": hashlib.sha256(content).hexdigest(),
        }
        status, answer = 0, b""
        for _ in range(ATTEMPTS):
            request = AWSRequest(
                method=method, url=endpoint.rstrip("/") + path, data=content, headers=headers
            )
            SigV4Auth(credentials.get_frozen_credentials(), service, session.region_name).add_auth(
                request
            )
            try:
                response = http.send(request.prepare())
            except BotoCoreError as error:
                raise RequestFailed(f"{endpoint}: {error}") from error
            status, answer = response.status_code, response.content
            if status not in RETRIED:
                break
        return status, _parsed(answer)

    return send


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        return {"error": content[:500].decode("utf-8", "replace")}
    return found if isinstance(found, dict) else {"error": found}
