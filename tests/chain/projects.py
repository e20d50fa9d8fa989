"""The projects that the scenes play with, and the events that tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.generator.generator_stage import DOMAIN, changed, read_event

Document = dict[str, Any]
OTHER_PROFILE = "Generative AI application development"


@dataclass(frozen=True)
class Project:
    """A project in Unified Studio. build: the repository that its user has chosen."""

    id: str
    name: str
    build: str
    profile: str = "Regression"

    @property
    def deploy(self) -> str:
        """The repository that the control plane makes for it."""
        return f"acme-ml/{self.id}-{DOMAIN}-deploy-repo"

    @property
    def created(self) -> Document:
        """The event that CloudTrail raises when it was created."""
        event = changed(read_event(), "detail.responseElements.id", self.id)
        parameters = "detail.requestParameters.userParameters.0.environmentParameters"
        return changed(event, f"{parameters}.1.value", self.build)

    @property
    def refused(self) -> Document:
        """The event that CloudTrail raises when nobody was allowed to create it."""
        return read_event("create_project_denied.json")

    @property
    def deleted(self) -> Document:
        """The event that CloudTrail raises when it was deleted."""
        asked = {"domainIdentifier": DOMAIN, "identifier": self.id}
        event = changed(read_event(), "detail.eventName", "DeleteProject")
        event = changed(event, "detail.requestParameters", asked)
        return changed(event, "detail.responseElements", None)


HOUSES = Project("c1d2e3f4g5h6i7", "House prices", "acme-ml/house-prices-build")
CHURN = Project("k1l2m3n4o5p6q7", "Churn", "acme-ml/churn-build")
BROKEN = Project("r1s2t3u4v5w6x7", "Broken", "acme-ml/broken-build")
CHATBOT = Project("y1z2a3b4c5d6e7", "Chatbot", "acme-ml/chatbot-build", OTHER_PROFILE)
