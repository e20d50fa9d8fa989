"""The base of every section of config/<stage>.yaml."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping in which an unknown key is an error and nothing is converted silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
