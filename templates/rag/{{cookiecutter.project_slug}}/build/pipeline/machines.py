"""The section `compute`: machines, limits and protection of the jobs and of the endpoint."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.compute import InstanceType, Job, JobLimits

# Ingest writes the documents to at most so many files; a machine more would have nothing to do.
MOST_FILES = 16


class EmbeddingJob(Job):
    """The machines that embed; each gets a part of the documents."""

    instance_count: Annotated[int, Field(ge=1, le=MOST_FILES)] = 1


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
