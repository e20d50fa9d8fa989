"""The section `monitoring` of config/<stage>.yaml."""

from pydantic import Field

from components.config_section import Section
from components.instance_types import INSTANCE_TYPE_PATTERN


class MonitoringSection(Section):
    """When the job runs, and on what. Its bounds are in the package."""

    schedule: str = Field(
        pattern=r"^(cron|rate)\([^()]+\)$",
        description="when, in UTC, such as cron(0 6 ? * MON *) or rate(7 days)",
    )
    instance_type: str = Field(
        pattern=INSTANCE_TYPE_PATTERN, description="an instance type such as ml.m5.large"
    )
    volume_gb: int = Field(ge=1, le=1024, description="1 to 1024 GB for package and captured data")
    max_runtime_minutes: int = Field(ge=5, le=1440, description="5 to 1440 minutes")
    image_tag: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$",
        description="the tag of the image in container.repository",
    )
