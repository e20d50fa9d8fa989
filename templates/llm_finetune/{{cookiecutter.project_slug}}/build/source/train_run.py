"""A whole training run: what it depends on, its stages, and the model directory that it leaves."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from source import checkpoints, distributed, hardware
from source.base_model import (
    BaseModel,
    BaseModelUnusable,
    base_folder,
    describe,
    leave_hub,
    load_tokenizer,
)
from source.cost import Cost, Spent, cost_of
from source.hardware import Execution, Hardware
from source.model_files import write_directory, write_weights
from source.settings import read_document
from source.train_data import TrainingData
from source.train_settings import (
    ModelSettings,
    TrainSettings,
    model_settings,
    registered_weights,
    train_settings,
)
from source.train_stages import Plan, StageResult, run_stage

LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers")


@dataclass(frozen=True)
class Folders:
    """Where the step reads and writes."""

    train: Path
    validation: Path
    preferences: Path
    base: Path
    model_dir: Path
    output_data_dir: Path
    checkpoints: Path


@dataclass(frozen=True)
class Run:
    """Everything that a run depends on, settled before a library of training is imported."""

    model: ModelSettings
    settings: TrainSettings
    weights: str
    prices: Mapping[str, float]
    base: BaseModel
    base_folder: Path
    data: TrainingData
    machine: Hardware
    execution: Execution

    @property
    def fingerprint(self) -> str:
        """What checkpoints must have been made with to be continued; the main process knows it."""
        return checkpoints.fingerprint(
            asdict(self.model),
            asdict(self.settings),
            self.base.as_dict(),
            self.data.as_dict(),
            asdict(self.execution),
            checkpoints.code_digest(),
            {name: version(name) for name in LIBRARIES},
            distributed.world_size(),
        )


def run(folders: Folders, settings: Path) -> None:
    """Train. Raises `Interrupted` after SIGTERM, `UserError` for what a person can put right."""
    began = time.monotonic()
    plan_of_run = settle(folders, read_document(settings))
    main = distributed.is_main()
    # Every machine has a checkpoint directory of its own.
    first_on_node = os.environ.get("LOCAL_RANK", "0") == "0"
    interruption = checkpoints.Interruption()
    with (
        interruption.watched(),
        distributed.process_group(plan_of_run.machine.device),
        _cache() as cache,
    ):
        if main:
            _announce(plan_of_run)
        fingerprint = distributed.agreed(plan_of_run.fingerprint)
        if first_on_node:
            checkpoints.open_directory(folders.checkpoints, fingerprint)
        distributed.wait_for_everyone()
        before = Spent.before(folders.checkpoints)

        def spent() -> Spent:
            return before.plus(time.monotonic() - began)

        def saved() -> None:
            if main:
                spent().save(folders.checkpoints)

        with _tracked(main):
            results, trained = _stages(plan_of_run, folders, cache, interruption, saved)
            if main:
                cost = cost_of(spent(), plan_of_run.prices)
                _write(plan_of_run, folders, results, trained, cost)
        distributed.wait_for_everyone()
        if first_on_node:
            checkpoints.finish(folders.checkpoints, fingerprint)
        distributed.wait_for_everyone()


def settle(folders: Folders, document: Mapping[str, Any]) -> Run:
    """Read and check everything that a run depends on. Raises `UserError`."""
    model, settings = model_settings(document), train_settings(document)
    folder = base_folder(model, folders.base)
    leave_hub()
    # Reading all weights for their digest is work for one process.
    base = describe(model, folder, digest=distributed.is_main())
    if base.context is not None and model.max_length > base.context:
        raise BaseModelUnusable(
            f"model.max_length: {model.max_length} tokens, but {model.source} has a context of "
            f"{base.context}; lower it to that"
        )
    data = TrainingData.look_at(folders.train, folders.validation, folders.preferences)
    data.require(settings.stages)
    machine = hardware.detect()
    return Run(
        model=model,
        settings=settings,
        weights=registered_weights(document),
        prices=dict(document.get("prices") or {}),
        base=base,
        base_folder=folder,
        data=data,
        machine=machine,
        execution=hardware.resolve(settings, machine, model.max_length),
    )


def _stages(
    planned: Run,
    folders: Folders,
    cache: Path,
    interruption: checkpoints.Interruption,
    saved: Callable[[], None],
) -> tuple[list[StageResult], Path]:
    """Run the stages in their order; the results, and where the last one's weights are."""
    _quiet()
    hardware.use_threads_for(_hidden_size(planned.base_folder))
    world = distributed.world_size()
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    plan = Plan(
        settings=planned.settings,
        execution=planned.execution,
        strategy=distributed.strategy(
            planned.settings, planned.execution, planned.machine, planned.base.parameters, world
        ),
        base=planned.base_folder,
        max_length=planned.model.max_length,
        checkpoints=folders.checkpoints,
        cache=cache,
        main=distributed.is_main(),
        node=int(os.environ.get("GROUP_RANK", "0")),
        nodes=world // local,
        first_on_node=local_rank == 0,
        local_rank=local_rank,
    )
    tokenizer = load_tokenizer(planned.base_folder)
    results: list[StageResult] = []
    weights: Path | None = None
    for stage in planned.settings.stages:
        result, weights = run_stage(
            stage, plan, planned.data, tokenizer, interruption, weights, saved
        )
        results.append(result)
    assert weights is not None
    return results, weights


def _write(
    planned: Run, folders: Folders, results: list[StageResult], trained: Path, cost: Cost
) -> None:
    """The model directory, history.json, cost.json, the metric lines and MLflow."""
    folders.model_dir.mkdir(parents=True, exist_ok=True)
    form = write_weights(
        folders.model_dir,
        trained,
        planned.base_folder,
        planned.base,
        tuning=planned.settings.tuning,
        weights=planned.weights,
        dtype=_published_dtype(planned),
    )
    tokenizer = load_tokenizer(planned.base_folder)
    write_directory(folders.model_dir, tokenizer, _metadata(planned, results, form))
    folders.output_data_dir.mkdir(parents=True, exist_ok=True)
    history = {"stages": {result.stage: asdict(result) for result in results}}
    for name, document in (("history.json", history), ("cost.json", cost.as_dict())):
        text = json.dumps(document, indent=1) + "\n"
        (folders.output_data_dir / name).write_text(text, encoding="utf-8")
    values = _summary(results, cost)
    # SageMaker reads the metrics of the training job from these lines.
    for name, value in values.items():
        print(f"{name}={value:.6g}", flush=True)
    _log(planned, values, folders)


def _summary(results: list[StageResult], cost: Cost) -> dict[str, float]:
    """The figures of the run: losses of the supervised stage, margins of preferences."""
    found: dict[str, float | None] = {}
    for result in results:
        if result.stage == "dpo":
            found["dpo_margin"] = result.last("validation_dpo_margin") or result.last("dpo_margin")
            found["dpo_accuracy"] = result.last("validation_dpo_accuracy") or result.last(
                "dpo_accuracy"
            )
        else:
            found["train_loss"] = result.last("train_loss")
            found["validation_loss"] = result.validation_loss
    found |= {
        "steps": sum(result.steps for result in results),
        "tokens_per_second": results[0].tokens_per_second,
        "peak_memory_gib": max(result.peak_memory_gib for result in results),
        "seconds": cost.seconds,
        "cost_usd": cost.usd,
    }
    return {name: float(value) for name, value in found.items() if value is not None}


def _metadata(planned: Run, results: list[StageResult], form: str) -> dict[str, Any]:
    """What anyone who finds the model must know to use, judge or repeat it."""
    settings = asdict(planned.settings)
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "base": planned.base.as_dict(),
        "method": planned.settings.method,
        "tuning": planned.settings.tuning,
        "weights": form,
        "max_length": planned.model.max_length,
        "data": planned.data.as_dict(),
        "seed": planned.settings.seed,
        "settings": settings,
        "execution": asdict(planned.execution),
        "hardware": {"name": planned.machine.name, "processes": distributed.world_size()},
        "stages": [
            {key: value for key, value in asdict(result).items() if key != "curves"}
            | {"validation_loss": result.validation_loss}
            for result in results
        ],
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
    }


def _log(planned: Run, values: Mapping[str, float], folders: Folders) -> None:
    import mlflow

    settings = asdict(planned.settings)
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        nested = value if isinstance(value, dict) else {None: value}
        flat |= {f"{key}.{inner}" if inner else key: item for inner, item in nested.items()}
    base = planned.base
    mlflow.log_params(
        {
            "base": base.source,
            "base_revision": base.revision or base.sha256,
            "base_licence": base.licence,
            "base_parameters": base.parameters,
            "device": planned.machine.name,
            **{name: getattr(planned.execution, name) for name in ("precision", "attention")},
            **{f"rows_{name}": part["rows"] for name, part in planned.data.as_dict().items()},
            **flat,
        }
    )
    mlflow.log_metrics(dict(values))
    for name in ("history.json", "cost.json"):
        mlflow.log_artifact(str(folders.output_data_dir / name))
    mlflow.log_artifact(str(folders.model_dir / "metadata.json"))


def _announce(planned: Run) -> None:
    base, execution = planned.base, planned.execution
    print(
        f"{base.source} ({base.architecture}, {base.parameters / 1e6:,.1f} million parameters, "
        f"licence {base.licence}): {planned.settings.method}, {planned.settings.tuning}, on "
        f"{planned.machine.name} in {execution.precision} with {execution.attention}"
    )
    for reason in execution.ignored:
        print(f"ignored here: {reason}")
    print(end="", flush=True)


def _quiet() -> None:
    """Leave out what the libraries say to each other: deprecations, and arguments that differ from
    a checkpoint's only in how they are written."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|trl)\.")


@contextlib.contextmanager
def _tracked(main: bool) -> Iterator[None]:
    """One process tells MLflow."""
    if not main:
        yield
        return
    from mlops.tracking import step_run

    with step_run("Train"):
        yield


@contextlib.contextmanager
def _cache() -> Iterator[Path]:
    """A folder for tables that all processes of this machine share; it goes with the run."""
    # The port of the group's meeting is the same in all its processes, and free for no other.
    group = os.environ.get("MASTER_PORT", "0") if distributed.launched() else str(os.getpid())
    folder = Path(tempfile.gettempdir()) / f"rows-{group}"
    try:
        yield folder
    finally:
        if os.environ.get("LOCAL_RANK", "0") == "0":
            shutil.rmtree(folder, ignore_errors=True)


def _hidden_size(folder: Path) -> int:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return int(config.get("text_config", config).get("hidden_size", hardware.SMALL_HIDDEN_SIZE))


def _published_dtype(planned: Run) -> str:
    """Merged and whole weights are written as the base was, in bfloat16 where it was 16-bit."""
    config = json.loads((planned.base_folder / "config.json").read_text(encoding="utf-8"))
    text = config.get("text_config", config)
    given = str(config.get("dtype") or text.get("dtype") or config.get("torch_dtype") or "float32")
    return "bfloat16" if given in ("bfloat16", "float16") else "float32"
