"""The schema of what the endpoint may call: models on Amazon Bedrock, an embedding endpoint."""

import re
from typing import Annotated, Self

from pydantic import Field, model_validator

from components.config_section import Section
from components.settings import REGION_PATTERN

Region = Annotated[str, Field(pattern=REGION_PATTERN)]

# Prefixes of the inference profiles that AWS defines: one for each geography.
_GEOGRAPHIES = ("apac", "au", "ca", "eu", "global", "jp", "us", "us-gov")
_MODEL = r"[a-z0-9-]+\.[a-zA-Z0-9.:_-]+"
_OWN = (
    r"arn:aws[a-z-]*:bedrock:[a-z0-9-]+:[0-9]{12}:"
    r"(application-inference-profile|provisioned-model|imported-model|custom-model-deployment)"
    r"/[A-Za-z0-9._:-]+"
)
_PROFILE_ARN = ":application-inference-profile/"


class BedrockModel(Section):
    """A model on Amazon Bedrock, by the id that the build repository's configuration gives it."""

    id: str = Field(
        pattern=f"^({_MODEL}|{_OWN})$",
        description="the id of a model, of an inference profile, or the ARN of one of your own",
    )
    region: Region | None = Field(None, description="the Region that is asked, or null")
    profile_regions: list[Region] = Field(
        default_factory=list,
        description="the Regions that an inference profile sends requests to, or []",
    )
    profile_model: str | None = Field(
        None,
        pattern=f"^{_MODEL}$",
        description="the id of the model behind an inference profile of your own, or null",
    )

    @property
    def is_arn(self) -> bool:
        """Whether it is named by its ARN: something of the account's own."""
        return self.id.startswith("arn:")

    @property
    def is_profile(self) -> bool:
        """Whether it is an inference profile, which passes requests on to a model."""
        return self.geography is not None or _PROFILE_ARN in self.id

    @property
    def geography(self) -> str | None:
        """The prefix of an inference profile that AWS defines."""
        prefix = re.match(r"([a-z-]+)\.[a-z0-9-]+\.", self.id)
        return prefix[1] if prefix and prefix[1] in _GEOGRAPHIES else None

    @property
    def foundation_model(self) -> str:
        """The id of the model itself. Only for what is no ARN, and for profiles."""
        if self.profile_model is not None:
            return self.profile_model
        return self.id.removeprefix(f"{self.geography}.") if self.geography else self.id

    @model_validator(mode="after")
    def _profile_is_complete(self) -> Self:
        if self.is_profile and not self.profile_regions:
            raise ValueError(
                f"{self.id} is an inference profile, but profile_regions is empty; list the Regions"
                f" that it sends requests to: aws bedrock get-inference-profile"
                f" --inference-profile-identifier {self.id}"
            )
        if not self.is_profile and (self.profile_regions or self.profile_model):
            raise ValueError(
                f"{self.id} is no inference profile, so profile_regions and profile_model say"
                " nothing; remove them"
            )
        if _PROFILE_ARN in self.id and self.profile_model is None:
            raise ValueError(
                f"{self.id} does not tell which model is behind it; name it in profile_model"
            )
        return self


class ModelsSection(Section):
    """What the endpoint may call, and nothing else."""

    answers: list[BedrockModel] = Field(
        description="the models that write answers (generation.model_id), or []"
    )
    embedding: BedrockModel | None = Field(
        description="the model that embeds questions (embedding.model), or null"
    )
    embedding_endpoint: str | None = Field(
        pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$",
        description="the name of the SageMaker endpoint that embeds questions, or null",
    )
    reranker: BedrockModel | None = Field(
        description="the model that orders passages (retrieval.reranker_model), or null"
    )

    @property
    def on_bedrock(self) -> bool:
        """Whether anything on Amazon Bedrock is called."""
        return bool(self.answers or self.embedding or self.reranker)

    @property
    def any(self) -> bool:
        """Whether anything is called at all."""
        return self.on_bedrock or self.embedding_endpoint is not None

    @model_validator(mode="after")
    def _one_encoder(self) -> Self:
        if self.embedding is not None and self.embedding_endpoint is not None:
            raise ValueError(
                f"embedding is {self.embedding.id} and embedding_endpoint is"
                f" {self.embedding_endpoint}: an index has one encoder; set the other to null"
            )
        return self
