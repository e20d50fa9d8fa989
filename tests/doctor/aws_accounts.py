"""AWS accounts that answer the doctor: botocore clients whose requests never leave the process.

botocore checks every request against the service's model, and every answer is checked here, so
that nothing is asked or answered that the service does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.exceptions import NoCredentialsError
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from generator.aws import _service_models

Document = dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """An error that a service answers."""

    code: str
    message: str = "refused"


Reply = Callable[[OperationModel, Document], tuple[AWSResponse, Document]]
# What an operation answers in an account; a function is given the request's parameters.
Answer = Document | Refused | Callable[[Document], Document | Refused]


@dataclass(frozen=True)
class Asked:
    """One request: who was asked what."""

    account: str
    region: str
    operation: str
    parameters: Document


@dataclass
class AwsAccounts:
    """answers: "service:Operation" -> what it answers, or by account before that.

    credentials: profile -> its account; None for the environment's own.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    by_account: dict[tuple[str, str], Answer] = field(default_factory=dict)
    credentials: dict[str | None, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def make_client(self, service: str, region: str | None, profile: str | None) -> Any:
        """Return a client whose requests are answered here."""
        client, deliver = _client(service, region, profile)
        deliver(lambda model, given: self._answer(service, model, region or "", profile, given))
        return client

    def _answer(
        self,
        service: str,
        model: OperationModel,
        region: str,
        profile: str | None,
        given: Document,
    ) -> tuple[AWSResponse, Document]:
        operation = f"{service}:{model.name}"
        assert re.match(r"Get|List|Describe", model.name), f"{operation} might change something"
        if profile not in self.credentials:
            raise NoCredentialsError
        account = self.credentials[profile]
        self.asked.append(Asked(account, region, operation, given))
        if operation == "sts:GetCallerIdentity":
            found: Answer = {"Account": account}
        else:
            found = self.by_account.get((account, operation), self.answers[operation])
        if callable(found):
            found = found(given)
        if isinstance(found, Refused):
            error = {"Code": found.code, "Message": found.message}
            return _http(400), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
        report = ParamValidator().validate(found, model.output_shape)
        assert not report.has_errors(), f"{operation}: {report.generate_report()}"
        return _http(200), deepcopy(found)


@cache
def _client(
    service: str, region: str | None, profile: str | None
) -> tuple[Any, Callable[[Reply], None]]:
    """A client, kept for all tests since it takes long to make, and how to say who answers it."""
    session = botocore.session.Session()
    session.register_component("data_loader", _service_models())
    client = session.create_client(
        service,
        region_name=region,
        aws_access_key_id="stand-in",
        aws_secret_access_key="stand-in",
    )
    given: Document = {}
    replies: list[Reply] = []

    def remember(params: Document, **_: object) -> None:
        given.clear()
        given.update(params)

    def answer(model: OperationModel, **_: object) -> tuple[AWSResponse, Document]:
        return replies[-1](model, dict(given))

    client.meta.events.register("before-parameter-build", remember)
    client.meta.events.register("before-call", answer)
    return client, replies.append


def _http(status: int) -> AWSResponse:
    return AWSResponse("https://stand-in", status, {}, None)


def policy(*statements: Document) -> str:
    """A resource policy as services return it."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
