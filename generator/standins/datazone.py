"""Amazon DataZone for some projects, on this machine: what `generator.datazone` asks it.

Change the documents in `records` to stand for another project or another state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from generator.request import parse
from generator.standins.awsmodel import ModelServer, Operation, ServiceError
from generator.standins.records import Records, records_of
from generator.standins.shapes import Document


class DataZoneStandIn(ModelServer):
    """The server. `environment` is what a process needs in order to ask it.

    others: documents of more projects of the same domain, whose ids differ.
    """

    def __init__(self, records: Records, region: str, others: Sequence[Records] = ()) -> None:
        self.records = records
        self.others = list(others)
        self.region = region
        super().__init__("datazone", _operations(self))

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


def _operations(server: DataZoneStandIn) -> dict[str, Operation]:
    """What each call answers from the server's records at the time of the call."""

    def known() -> list[Records]:
        return [server.records, *server.others]

    def in_domain(asked: Document) -> None:
        if asked["domainIdentifier"] != server.records.project["domainId"]:
            raise ServiceError("AccessDeniedException", "not a member of this domain")

    def one(found: Iterable[Document], asked: Document, kind: str) -> Document:
        in_domain(asked)
        for document in found:
            if document["id"] == asked["identifier"]:
                return document
        raise ServiceError("ResourceNotFoundException", f"no {kind} {asked['identifier']}")

    def page(found: Iterable[Document], asked: Document) -> Document:
        in_domain(asked)
        mine = [item for item in found if item["projectId"] == asked["projectIdentifier"]]
        most = server.records.page_size
        start = int(asked.get("nextToken", "0"))
        end = start + min(asked.get("maxResults", most), most)
        more = {"nextToken": str(end)} if end < len(mine) else {}
        return {"items": mine[start:end], **more}

    def environments() -> list[Document]:
        return [environment for records in known() for environment in records.environments]

    def connections() -> list[Document]:
        return [connection for records in known() for connection in records.connections]

    def list_environments(asked: Document) -> Document:
        answer = page(environments(), asked)
        answer["items"] = [_summary(environment) for environment in answer["items"]]
        return answer

    return {
        "GetProject": lambda asked: one((each.project for each in known()), asked, "project"),
        "GetProjectProfile": lambda asked: one(
            (each.profile for each in known()), asked, "project profile"
        ),
        "GetEnvironment": lambda asked: one(environments(), asked, "environment"),
        "ListEnvironments": list_environments,
        "ListConnections": lambda asked: page(connections(), asked),
    }


def _summary(environment: Mapping[str, Any]) -> Document:
    return {name: value for name, value in environment.items() if name not in SUMMARY_ONLY}
