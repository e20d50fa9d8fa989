"""The pipeline: Ingest, Embed, Index, Evaluate, a quality gate, and registration or a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep

from mlops.compile_sdk import Build
from pipeline.config import PipelineConfig, load_config
from pipeline.configuration import CONFIG_FILE
from pipeline.images import default_image
from pipeline.inputs import EMBEDDED, INGESTED, Inputs, pipeline_inputs
from pipeline.jobs import Jobs, folder, output_of
from pipeline.package import Evidence
from pipeline.parameters import CommonParameters, common_parameters
from pipeline.processing import processing_step
from pipeline.quality_gate import evaluation_file, quality_gate
from pipeline.registration import register

DOCUMENTS, MANIFEST, ENCODER = "documents", "manifest", "encoder"
CHUNKS, VECTORS, COUNTS = "chunks", "vectors", "embedded"
PACKAGE = "package"
GATE_CHECKS = ("bound", "bm25", "dense", "answers", "champion", "latency")
# What the endpoint and the job that watches it run; the step copies it, and does not import it.
SERVING = ("source.serving_app", "source.inference", "source.monitor")


def build_pipeline(build: Build) -> Pipeline:
    """The pipeline of this repository, from `config/pipeline.yaml` and `cicd-config.json`."""
    config = load_config(build.root / CONFIG_FILE)
    region = build.settings.region
    jobs = Jobs(build, config.compute, lambda _: default_image(region))
    inputs = pipeline_inputs(build, config)
    parameters = common_parameters(build, None, config.gate.bound)
    ingest = _ingest(jobs, config, inputs)
    embed = _embed(jobs, config, inputs, ingest)
    index = _index(jobs, config, inputs, ingest, embed)
    report = evaluation_file()
    evaluate = _evaluate(jobs, config, inputs, index, parameters, report)
    registered = register(
        jobs,
        config,
        output_of(index, PACKAGE),
        evaluate,
        report,
        Evidence(output_of(evaluate, "evaluation")),
        parameters,
        inputs.documents.version,
    )
    return Pipeline(
        name=build.settings.pipeline_name,
        parameters=[*inputs.parameters, *parameters.listed()],
        steps=[
            ingest,
            embed,
            index,
            evaluate,
            quality_gate(evaluate, report, GATE_CHECKS, registered),
        ],
        sagemaker_session=build.session,
        # MLflow tracks the runs; without this the SDK asks for SageMaker Experiments as well.
        pipeline_experiment_config=None,
    )


def _ingest(jobs: Jobs, config: PipelineConfig, inputs: Inputs) -> ProcessingStep:
    # The data's version is in the environment so that new documents behind an unchanged address
    # are not mistaken for those that an earlier execution has read.
    processor = jobs.processor(config.compute.ingest, {"DATA_VERSION": inputs.documents.version})
    read = [
        inputs.documents.input,
        *inputs.given_encoder(),
        *inputs.of_previous(INGESTED),
    ]
    paths = {"input": "data", "previous": "previous"}
    paths |= {"encoder": "encoder"} if inputs.encoder else {}
    return processing_step(
        jobs,
        "Ingest",
        config.for_step("Ingest"),
        processor=processor,
        inputs=read,
        paths=paths,
        outputs=(DOCUMENTS, MANIFEST, ENCODER, "reports"),
        title="Ingest documents",
        description="Reads and checks the documents, and says what has changed.",
    )


def _embed(
    jobs: Jobs, config: PipelineConfig, inputs: Inputs, ingest: ProcessingStep
) -> ProcessingStep:
    cluster = config.compute.embed
    read = [
        folder(DOCUMENTS, output_of(ingest, DOCUMENTS), dealt_out=cluster.instance_count > 1),
        folder(ENCODER, output_of(ingest, ENCODER)),
        *inputs.of_previous(EMBEDDED),
    ]
    return processing_step(
        jobs,
        "Embed",
        config.for_step("Embed"),
        processor=jobs.processor(cluster, instance_count=cluster.instance_count),
        inputs=read,
        paths={name: name for name in (DOCUMENTS, ENCODER, "previous")},
        outputs=(CHUNKS, VECTORS, COUNTS),
        title="Cut and embed",
        description="Cuts documents into passages and embeds those that are new.",
    )


def _index(
    jobs: Jobs,
    config: PipelineConfig,
    inputs: Inputs,
    ingest: ProcessingStep,
    embed: ProcessingStep,
) -> ProcessingStep:
    sources: Mapping[str, Any] = {
        **{name: output_of(ingest, name) for name in (DOCUMENTS, MANIFEST, ENCODER)},
        **{name: output_of(embed, name) for name in (CHUNKS, VECTORS, COUNTS)},
        "prompts": inputs.prompts,
        "questions": inputs.questions,
    }
    return processing_step(
        jobs,
        "Index",
        config.for_step("Index"),
        processor=jobs.processor(config.compute.index),
        inputs=[folder(name, uri) for name, uri in sources.items()],
        paths={name: name for name in sources},
        outputs=(PACKAGE,),
        title="Build the index",
        description="Makes the package: index, encoder, prompts, settings and serving code.",
        also=SERVING,
    )


def _evaluate(
    jobs: Jobs,
    config: PipelineConfig,
    inputs: Inputs,
    index: ProcessingStep,
    parameters: CommonParameters,
    report: PropertyFile,
) -> ProcessingStep:
    sources: Mapping[str, Any] = {
        PACKAGE: output_of(index, PACKAGE),
        "questions": inputs.questions,
        "champion": parameters.champion,
    }
    return processing_step(
        jobs,
        "Evaluate",
        config.for_step("Evaluate"),
        processor=jobs.processor(config.compute.evaluate),
        inputs=[folder(name, uri) for name, uri in sources.items()],
        paths={name: name for name in sources},
        more=parameters.bound_argument(),
        outputs=("evaluation",),
        title="Evaluate the index",
        description="Asks questions of the index, of each way alone, and of the approved one.",
        reports=[report],
    )
