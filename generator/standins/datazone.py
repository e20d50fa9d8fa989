"""Amazon DataZone for one project, on this machine: what `generator.datazone` asks it.

Change the documents in `records` to stand for another project or another state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.request import parse
from generator.standins.awsmodel import ModelServer, Operation, ServiceError
from generator.standins.records import Records, records_of
from generator.standins.shapes import Document


class DataZoneStandIn(ModelServer):
    """The server. `environment` is what a process needs in order to ask it."""

    def __init__(self, records: Records, region: str) -> None:
        self.records = records
        self.region = region
        super().__init__("datazone", _operations(records))

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables that lead boto3 here, with credentials for nothing."""
        return {
            "AWS_ENDPOINT_URL_DATAZONE": self.url,
            "AWS_ACCESS_KEY_ID": "stand-in",
            "AWS_SECRET_ACCESS_KEY": "stand-in",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def stand_in(
    event: object, name: str = "House prices", profile: str = "Regression"
) -> DataZoneStandIn:
    """Return a stand-in that knows the project of a CreateProject event (parsed JSON)."""
    request = parse(event)
    return DataZoneStandIn(records_of(request, name, profile), request.region)


SUMMARY_ONLY = {"provisionedResources", "environmentBlueprintId", "lastDeployment"}


def _operations(records: Records) -> dict[str, Operation]:
    """What each call answers from `records` at the time of the call."""

    def in_domain(asked: Document) -> None:
        if asked["domainIdentifier"] != records.project["domainId"]:
            raise ServiceError("AccessDeniedException", "not a member of this domain")

    def one(known: list[Document], asked: Document, kind: str) -> Document:
        in_domain(asked)
        for document in known:
            if document["id"] == asked["identifier"]:
                return document
        raise ServiceError("ResourceNotFoundException", f"no {kind} {asked['identifier']}")

    def page(known: list[Document], asked: Document) -> Document:
        in_domain(asked)
        mine = [item for item in known if item["projectId"] == asked["projectIdentifier"]]
        start = int(asked.get("nextToken", "0"))
        end = start + min(asked.get("maxResults", records.page_size), records.page_size)
        more = {"nextToken": str(end)} if end < len(mine) else {}
        return {"items": mine[start:end], **more}

    def list_environments(asked: Document) -> Document:
        answer = page(records.environments, asked)
        answer["items"] = [_summary(environment) for environment in answer["items"]]
        return answer

    return {
        "GetProject": lambda asked: one([records.project], asked, "project"),
        "GetProjectProfile": lambda asked: one([records.profile], asked, "project profile"),
        "GetEnvironment": lambda asked: one(records.environments, asked, "environment"),
        "ListEnvironments": list_environments,
        "ListConnections": lambda asked: page(records.connections, asked),
    }


def _summary(environment: Mapping[str, Any]) -> Document:
    return {name: value for name, value in environment.items() if name not in SUMMARY_ONLY}
