"""AWS as a deployment asks it: whose credentials these are, and which bootstrap an account has."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler

from generator.standins.loopback import LoopbackServer

_IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::{account}:user/ana</Arn><UserId>A</UserId>
<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
_EXPIRED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Code>ExpiredToken
</Code><Message>The security token included in the request is expired</Message></Error>
</ErrorResponse>"""


class AccountServer(LoopbackServer):
    """One account. bootstrap: the version of the CDK's in every region; None for none."""

    def __init__(self, account: str, bootstrap: int | None = 30, *, expired: bool = False) -> None:
        self.account, self.bootstrap, self.expired = account, bootstrap, expired
        self.regions: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to be signed in here."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self.url,
        }

    def handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("X-Amz-Target") == "AmazonSSM.GetParameter":
                    # The region that the request is signed for.
                    server.regions.append(self.headers["Authorization"].split("/")[2])
                    self._parameter()
                elif server.expired:
                    self._answer(403, _EXPIRED)
                else:
                    self._answer(200, _IDENTITY.format(account=server.account))

            def _parameter(self) -> None:
                if server.bootstrap is None:
                    self._answer(400, json.dumps({"__type": "ParameterNotFound"}))
                else:
                    value = {"Name": "x", "Value": str(server.bootstrap)}
                    self._answer(200, json.dumps({"Parameter": value}))

            def _answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        return Handler
