"""The section `compute`: machines, limits and protection of the jobs and of the endpoint."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.compute import InstanceType, Job, JobLimits


class EmbeddingJob(Job):
    """The machines that embed; each gets some of the files of documents, of which there are 16."""

    instance_count: Annotated[int, Field(ge=1, le=16)] = 1


class Machines(JobLimits):
    """Machines, limits and protection of the jobs, and where the index may be deployed."""

    ingest: Job = Job()
    embed: EmbeddingJob = EmbeddingJob()
    index: Job = Job()
    evaluate: Job = Job()
    serving_image: str | None = None
    inference_instance_types: Annotated[tuple[InstanceType, ...], Field(min_length=1)] = (
        "ml.m5.large",
    )
