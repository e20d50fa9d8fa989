"""Training: what it leaves, that it learns, stages and tunings, and mistakes that are explained."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pytest
from tuning import STEPS, Tuning

from mlops.errors import CommandError
from source import hardware
from source.base_model import BaseModelUnusable, load_model
from source.errors import UserError
from source.exits import StepFailed
from source.hardware import Execution
from source.model_files import ModelUnusable, load_tuned
from source.train_progress import Diverged, Progress
from source.train_run import settle

# All of these import the training libraries, which takes seconds: one process pays for it.
pytestmark = pytest.mark.xdist_group("train")


def test_it_leaves_an_adapter_that_anyone_can_lay_over_the_base(tuned: Tuning) -> None:
    files = {path.relative_to(tuned.model).as_posix() for path in tuned.model.rglob("*")}
    assert {name for name in files if not name.startswith("code/")} == {
        "adapter",
        "adapter.tar.gz",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
        "code",
        "metadata.json",
        "tokenizer",
        "tokenizer/chat_template.jinja",
        "tokenizer/tokenizer.json",
        "tokenizer/tokenizer_config.json",
    }
    assert "code/app.py" in files and "code/source/serving_app.py" in files
    assert not {"code/source/train.py", "code/source/evaluate.py"} & files
    config = json.loads((tuned.model / "adapter/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "models/tiny"
    assert "q_proj" in config["target_modules"]
    assert all(path.stat().st_mode & 0o044 for path in tuned.model.rglob("*") if path.is_file())
    with tarfile.open(tuned.model / "adapter.tar.gz") as archive:
        assert set(archive.getnames()) == {"adapter_config.json", "adapter_model.safetensors"}


def test_the_metadata_say_what_it_was_made_of(tuned: Tuning) -> None:
    metadata = tuned.metadata
    base = metadata["base"]
    assert (base["source"], base["licence"]) == ("models/tiny", "cc0-1.0")
    assert base["architecture"] == "Qwen3ForCausalLM"
    assert base["parameters"] > 300_000 and len(base["sha256"]) == 64
    assert (metadata["method"], metadata["tuning"], metadata["weights"]) == (
        "sft",
        "lora",
        "adapter",
    )
    assert metadata["data"]["train"]["rows"] == 64
    assert metadata["versions"]["trl"] == "1.16.0"
    assert metadata["stages"][0]["steps"] == STEPS


def test_it_learns(tuned: Tuning) -> None:
    learnt, held_out = tuned.curve("sft", "train_loss"), tuned.curve("sft", "validation_loss")
    assert len(learnt) == STEPS
    assert learnt[-1] < 0.3 * learnt[0]
    assert held_out[-1] < 0.6 * held_out[0]
    assert tuned.stage("sft")["tokens_per_second"] > 0


def test_curves_figures_and_cost_are_tracked(tuned: Tuning, tracking: str) -> None:
    client = mlflow.MlflowClient(tracking)
    runs = [
        run
        for experiment in client.search_experiments()
        for run in client.search_runs([experiment.experiment_id], order_by=["start_time ASC"])
        if run.data.tags.get("step") == "Train"
    ]
    run = next(run for run in runs if run.data.metrics.get("steps") == STEPS)
    assert len(client.get_metric_history(run.info.run_id, "sft.train_loss")) == STEPS
    assert run.data.metrics["validation_loss"] == pytest.approx(
        tuned.curve("sft", "validation_loss")[-1]
    )
    for name in ("tokens_per_second", "peak_memory_gib", "seconds"):
        assert run.data.metrics[name] > 0
    assert run.data.params["lora.rank"] == "16"
    artifacts = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert {"history.json", "cost.json", "metadata.json"} <= artifacts


def test_when_it_is_done_no_checkpoint_is_left(tuned: Tuning) -> None:
    assert [path.name for path in tuned.checkpoints.iterdir()] == ["run.json"]
    assert json.loads((tuned.checkpoints / "run.json").read_text())["finished"] is True


def test_it_stops_early_and_keeps_the_best(tuning: Tuning) -> None:
    tuning.run(
        {
            # So fast that what was learnt is soon lost again.
            "learning_rate": 0.2,
            "epochs": 6,
            "checkpoint_steps": 2,
            "early_stopping": {"patience": 2, "min_improvement": 0.0},
        }
    )
    stage, losses = tuning.stage("sft"), tuning.curve("sft", "validation_loss")
    assert stage["stopped_early"] and stage["steps"] < 6 * 8
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 2
    assert tuning.metadata["stages"][0]["validation_loss"] == min(losses)


def test_full_tuning_writes_a_model_of_its_own(tuning: Tuning, tiny: Path) -> None:
    tuning.run({"tuning": "full", "epochs": 1, "learning_rate": 0.003})
    assert (tuning.model / "model/model.safetensors").is_file()
    assert (tuning.model / "model/tokenizer.json").is_file()
    assert not (tuning.model / "adapter").exists()
    assert tuning.metadata["weights"] == "model"
    assert tuning.stage("sft")["trainable_parameters"] == tuning.metadata["base"]["parameters"]
    model, _ = load_tuned(tuning.model, None)
    before = dict(load_model(tiny).named_parameters())
    assert all(not value.equal(before[name]) for name, value in model.named_parameters())


def test_merged_weights_answer_as_the_adapter_does(tuned: Tuning, tuning: Tuning) -> None:
    import torch

    tuning.run(register={"weights": "merged"})
    assert not (tuning.model / "adapter").exists()
    merged, tokenizer = load_tuned(tuning.model, None)
    laid_over, _ = load_tuned(tuned.model, tuned.base)
    ids = torch.tensor([tokenizer("Amina wants the red coat.")["input_ids"]])
    with torch.inference_mode():
        difference = (merged(ids).logits - laid_over(ids).logits).abs().max()
    assert difference < 1e-4


def test_preferences_widen_the_margin(tuning: Tuning) -> None:
    tuning.run(
        {
            "method": "sft+dpo",
            "epochs": 1,
            "dpo": {"beta": 0.1, "learning_rate": 0.003, "epochs": 2},
        }
    )
    margins = tuning.curve("dpo", "validation_dpo_margin")
    first = tuning.curve("dpo", "dpo_margin")[0]
    assert first == pytest.approx(0.0, abs=1e-6)
    assert margins[-1] > margins[0] > 0
    assert margins[-1] > 0.5
    assert tuning.curve("dpo", "validation_dpo_accuracy")[-1] > 0.9
    assert [stage["stage"] for stage in tuning.metadata["stages"]] == ["sft", "dpo"]
    assert (
        tuning.stage("dpo")["trainable_parameters"] == tuning.stage("sft")["trainable_parameters"]
    )


def test_preferences_alone_train_every_weight(tuning: Tuning) -> None:
    tuning.run(
        {
            "method": "dpo",
            "tuning": "full",
            "dpo": {"beta": 0.1, "learning_rate": 0.0003, "epochs": 1},
        }
    )
    assert tuning.curve("dpo", "dpo_margin")[0] == pytest.approx(0.0, abs=1e-6)
    assert tuning.curve("dpo", "validation_dpo_margin")[-1] > 0


def test_what_a_laptop_cannot_do_is_said(tuning: Tuning, capfd: pytest.CaptureFixture[str]) -> None:
    tuning.run({"tuning": "qlora", "epochs": 0.25, "precision": "bf16"})
    printed = capfd.readouterr().out
    assert "ignored here: train.tuning qlora: CPU has no 4-bit kernels" in printed
    assert "ignored here: train.precision bf16: CPU computes no bfloat16" in printed
    assert len(tuning.metadata["execution"]["ignored"]) == 3
    # SageMaker's metric definitions look for these.
    for name in ("train_loss", "validation_loss", "tokens_per_second", "peak_memory_gib"):
        assert f"\n{name}=" in printed


@pytest.mark.parametrize(("kind", "method"), [("lora", "sft+dpo"), ("full", "sft")])
def test_what_a_gpu_would_run_learns_too(
    kind: str, method: str, tuning: Tuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """16-bit arithmetic, packed rows and activations computed twice, on this machine's CPU."""
    as_on_a_gpu = Execution("cpu", "bf16", "sdpa", False, True, True, "adamw_torch", ())
    monkeypatch.setattr(hardware, "resolve", lambda *_: as_on_a_gpu)
    rate = 0.01 if kind == "lora" else 0.003
    tuning.run(
        {
            "method": method,
            "tuning": kind,
            "learning_rate": rate,
            "batch_size": 2,
            "packing": True,
            "dpo": {"learning_rate": rate / 10},
        }
    )
    losses = tuning.curve("sft", "train_loss")
    assert losses[-1] < 0.5 * losses[0]
    assert len(losses) < STEPS * 4  # steps of single rows would be so many
    if method == "sft+dpo":
        assert tuning.curve("dpo", "validation_dpo_margin")[-1] > 0


def test_packed_rows_do_not_see_each_other(tiny: Path) -> None:
    import torch
    from datasets import Dataset
    from trl.data_utils import pack_dataset
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    lengths = (11, 7, 5)
    rows = [[3 + (7 * row + place) % 200 for place in range(n)] for row, n in enumerate(lengths)]
    table = Dataset.from_list([{"input_ids": row, "labels": row} for row in rows])
    packed = pack_dataset(table, 64, "bfd")
    assert len(packed) == 1
    batch = DataCollatorForLanguageModeling(0, padding_free=True)(list(packed))
    batch.pop("labels")
    model = load_model(tiny).eval()
    order = [list(map(int, part)) for part in batch["input_ids"][0].split(packed[0]["seq_lengths"])]
    with torch.inference_mode():
        together = model(**batch, use_cache=False).logits[0]
        apart = torch.cat([model(torch.tensor([row])).logits[0] for row in order])
    assert sorted(order) == sorted(rows)
    assert torch.allclose(together, apart, atol=1e-4)


def test_a_loss_that_is_no_number_ends_the_run() -> None:
    class State:
        global_step, max_steps = 7, 10

    progress = Progress("sft", main=False)
    with pytest.raises(Diverged, match="train_loss is nan at step 7 of stage sft: lower its learn"):
        progress.on_log(None, State(), None, logs={"loss": float("nan")})


@pytest.mark.parametrize(
    ("train", "model", "words"),
    [
        ({"lora": {"target_modules": ["q_proj", "c_attn"]}}, {}, "has no c_attn; its linear"),
        ({}, {"max_length": 4096}, "max_length: 4096 tokens, but models/tiny has a context of 512"),
        ({"tuning": "qlora", "distributed": "fsdp"}, {}, "fsdp cannot shard the 4-bit weights"),
        ({"epochs": 0}, {}, "train.epochs: 0; use a positive number"),
        ({"optimiser": "sgd"}, {}, "train: unknown ['optimiser']; the keys are attention,"),
        ({"lora": {"rnk": 4}}, {}, "train.lora: unknown ['rnk']"),
        ({}, {"source": "Qwen/Qwen3-8B"}, "model.revision: missing; Qwen/Qwen3-8B can change"),
        ({}, {"source": "Qwen/Qwen3-8B", "revision": "main"}, "'main' is not a commit of 40"),
    ],
)
def test_settings_that_cannot_be_used_are_explained(
    train: dict[str, Any], model: dict[str, Any], words: str, tuning: Tuning
) -> None:
    settings = {"source": "models/tiny", "max_length": 64} | model
    with pytest.raises(UserError) as raised:
        tuning.run(train, model=settings)
    assert words in str(raised.value)


def test_only_what_depends_on_the_same_goes_on(tuned: Tuning, tmp_path: Path) -> None:
    """Checkpoints belong to a fingerprint: of settings, base model, rows and code."""
    document = json.loads(tuned.settings().read_text())
    folders = tuned.folders
    same = settle(folders, document).fingerprint
    elsewhere = replace(folders, model_dir=tmp_path, checkpoints=tmp_path)
    assert settle(elsewhere, document).fingerprint == same
    other_rows = replace(folders, train=folders.validation)
    other_seed = document | {"train": document["train"] | {"seed": 18}}
    other_length = document | {"model": document["model"] | {"max_length": 65}}
    changed = [
        settle(other_rows, document),
        settle(folders, other_seed),
        settle(folders, other_length),
    ]
    assert len({same, *(run.fingerprint for run in changed)}) == 4


def test_a_stage_without_rows_is_explained(tuning: Tuning, tmp_path: Path) -> None:
    settings = json.loads(tuning.settings({"method": "dpo"}).read_text())
    empty = Tuning(tmp_path / "nothing", tuning.base, tmp_path).folders
    with pytest.raises(StepFailed, match=r"stage dpo, but .*preferences/train.jsonl has no rows"):
        settle(empty, settings)


def test_a_model_directory_that_lacks_something_says_what(tuned: Tuning, tmp_path: Path) -> None:
    with pytest.raises(BaseModelUnusable, match="the tokenizer cannot be loaded"):
        load_tuned(tmp_path, None)
    with pytest.raises(ModelUnusable, match="an adapter needs its base model"):
        load_tuned(tuned.model, None)
    assert not issubclass(ModelUnusable, CommandError)
