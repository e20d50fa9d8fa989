"""`config/pipeline.yaml`, checked: what a data scientist may set, and what each step is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipeline.accelerators import gpu_count, has_gpu
from pipeline.compute import Compute, TrainingJob
from pipeline.configuration import CONFIG_FILE, read_config
from pipeline.evaluation_config import OWN, Evaluate, Gate, Register
from pipeline.section import Section
from pipeline.sources import check_source, source_kind
from pipeline.training_config import Model, Share, Train

SUFFIXES = (".jsonl", ".parquet")

Shape = Literal["auto", "messages", "prompt_completion", "instruction", "preference"]


class Data(Section):
    """The rows: where they are, what they look like, and how many may be wrong."""

    source: str
    query: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    shape: Shape = "auto"
    columns: Mapping[str, str] = Field(default_factory=dict)
    preferences: str | None = None
    system_prompt: str | None = None
    max_bad_share: Share = 0.01
    deduplicate: bool = True
    minimum_rows: Annotated[int, Field(ge=1)] = 100
    max_truncated_share: Share = 0.05

    @field_validator("source", "preferences")
    @classmethod
    def _known_source(cls, source: str | None) -> str | None:
        return None if source is None else check_source(source, SUFFIXES)

    @model_validator(mode="after")
    def _query_has_a_catalog(self) -> Self:
        if self.query is not None and source_kind(self.source) != "athena":
            raise ValueError(
                f"query goes with an athena:// source only, and source is {self.source!r}: "
                "set query to null"
            )
        return self


class Split(Section):
    """Shares of the rows for validation and test; the rest trains."""

    validation: Annotated[float, Field(ge=0.01, le=0.45)] = 0.1
    test: Annotated[float, Field(ge=0.01, le=0.45)] = 0.2
    salt: str = "1"
    group_by: str | None = None


class TrainingCluster(TrainingJob):
    """The machines of the training job."""

    instance_count: Annotated[int, Field(ge=1, le=64)] = 1
    usd_per_hour: Annotated[float, Field(gt=0)] | None = None


class Machines(Compute):
    """Machines, limits and protection of the jobs in the cloud."""

    train: TrainingCluster = TrainingCluster()

    @property
    def trains_on_gpus(self) -> bool:
        """Whether the training machines have GPUs."""
        return has_gpu(self.train.instance_type)

    @property
    def training_gpus(self) -> int | None:
        """GPUs of all training machines together; None when their number is not known."""
        count = gpu_count(self.train.instance_type)
        return None if count is None else count * self.train.instance_count


class PipelineConfig(Section):
    """The whole of `config/pipeline.yaml`."""

    data: Data
    split: Split = Split()
    model: Model = Model()
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    gate: Gate = Gate()
    register_: Annotated[Register, Field(alias="register")] = Register()
    compute: Machines = Machines()

    @model_validator(mode="after")
    def _preferences_fit_the_method(self) -> Self:
        data, method = self.data, self.train.method
        if method == "sft+dpo" and data.preferences is None:
            raise ValueError(
                "train.method sft+dpo needs data.preferences, a second source with chosen and "
                "rejected answers: name one, or use method sft"
            )
        if method != "sft+dpo" and data.preferences is not None:
            raise ValueError(
                f"data.preferences is {data.preferences!r} and train.method {method} does not "
                "read it: use method sft+dpo, or set data.preferences to null"
            )
        if method == "dpo" and data.shape not in ("auto", "preference"):
            raise ValueError(
                f"train.method dpo learns from preferences and data.shape is {data.shape}: set "
                "data.shape to preference"
            )
        if method != "dpo" and data.shape == "preference":
            raise ValueError(
                f"data.shape preference is for train.method dpo, which is {method}: use method "
                "dpo, or name the rows with one answer in data.source and these in "
                "data.preferences"
            )
        return self

    @model_validator(mode="after")
    def _machines_fit_the_tuning(self) -> Self:
        train, compute = self.train, self.compute
        machine = compute.train.instance_type
        if not compute.trains_on_gpus:
            wanted = {
                "train.tuning qlora": train.tuning == "qlora",
                "train.distributed fsdp": train.distributed == "fsdp",
                "compute.train.instance_count above 1": compute.train.instance_count > 1,
            }
            for what, asked in wanted.items():
                if asked:
                    raise ValueError(
                        f"{what} needs GPUs and compute.train.instance_type is {machine}: use a "
                        "type that `make plan` names, or another setting"
                    )
        elif train.distributed == "fsdp" and compute.training_gpus == 1:
            raise ValueError(
                f"train.distributed fsdp has nothing to shard on the one GPU of {machine}: use "
                "auto, a machine with several GPUs, or a higher compute.train.instance_count"
            )
        return self

    @model_validator(mode="after")
    def _the_rest_fits_too(self) -> Self:
        if self.train.tuning == "full" and self.register_.weights == "adapter":
            raise ValueError(
                "register.weights adapter: train.tuning full changes every weight and makes no "
                "adapter; set register.weights to merged"
            )
        if self.model.on_hub and self.compute.network.isolated:
            raise ValueError(
                f"compute.network.isolated is true, so the jobs cannot read {self.model.source} "
                "from the Hub: copy the model to S3 and name s3://bucket/prefix/ in model.source"
            )
        if self.evaluate.judge is not None and self.compute.network.isolated:
            raise ValueError(
                "compute.network.isolated is true, so evaluate.judge cannot be asked: set it to "
                "null"
            )
        return self

    def for_step(self, step: Literal["Prepare", "Train", "Evaluate"]) -> dict[str, Any]:
        """The keys that the step reads, nested as in the file; becomes its `settings.json`.

        A step is not given what it does not read, so that editing that does not repeat it: not
        the data's address, which is an input, nor the gate's bound, which is an argument.
        """
        model = self.model.model_dump(mode="json")
        if step == "Prepare":
            data = self.data.model_dump(mode="json", exclude={"source", "query", "preferences"})
            return {
                "data": data,
                "split": self.split.model_dump(mode="json"),
                "model": model,
            }
        if step == "Train":
            cluster = self.compute.train
            price = cluster.usd_per_hour
            return {
                "model": model,
                "train": self.train.model_dump(mode="json"),
                "register": {"weights": self.register_.weights},
                "prices": {} if price is None else {cluster.instance_type: price},
            }
        return {
            "model": model,
            "evaluate": self.evaluate.model_dump(mode="json"),
            "gate": self.gate.model_dump(mode="json", exclude={"bound"}),
        }

    def own_modules(self) -> tuple[str, ...]:
        """Modules of this repository that the evaluation names, and nothing imports."""
        evaluate = self.evaluate
        named = [
            evaluate.general_set,
            evaluate.safety_set,
            *evaluate.metrics,
            *evaluate.suite,
            self.gate.metric,
        ]
        found = {match["module"] for name in named if name and (match := OWN.fullmatch(name))}
        return tuple(sorted(found))


def load_config(path: Path = CONFIG_FILE) -> PipelineConfig:
    """Read and check `path`; raises `ConfigError` with every problem at once."""
    return read_config(path, PipelineConfig)
