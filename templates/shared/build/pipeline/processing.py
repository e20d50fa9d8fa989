"""A step of the pipeline that runs code of this repository in a processing job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sagemaker.core.shapes import ProcessingInput
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.steps import ProcessingStep

from pipeline.jobs import INPUT, OUTPUT, SETTINGS, Jobs, folder, step_arguments
from pipeline.retries import job_retries


def processing_step(
    jobs: Jobs,
    name: str,
    settings: Mapping[str, Any],
    *,
    processor: Any,
    inputs: Sequence[ProcessingInput],
    paths: Mapping[str, str],
    outputs: Sequence[str],
    title: str,
    description: str,
    more: Sequence[Any] = (),
    also: Sequence[str] = (),
    reports: Sequence[PropertyFile] = (),
) -> ProcessingStep:
    """The step that runs `source.<name>:main` with these settings.

    `paths` maps arguments to folders of inputs, `more` are further arguments, `also` modules that
    the step's code does not import and carries nevertheless.
    """
    code = jobs.build.stage_step(f"source.{name.lower()}:main", settings, also=also)
    given = {argument: f"{INPUT}/{place}" for argument, place in paths.items()}
    arguments = processor.run(
        inputs=[folder("code", code), *inputs],
        outputs=jobs.outputs(name, outputs),
        arguments=[*step_arguments(**given, output=OUTPUT, settings=SETTINGS), *more],
    )
    return ProcessingStep(
        name,
        step_args=arguments,
        display_name=title,
        description=description,
        property_files=list(reports) or None,
        cache_config=jobs.cache,
        retry_policies=job_retries(),
    )
