"""`config/pipeline.yaml`: what it gives each step, and what it says about every mistake."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pipeline_project import load, refusal
from sample_project import REVISION

from source.data_settings import DataSettings, SplitSettings, data_settings, split_settings
from source.evaluate_settings import (
    EvaluateSettings,
    GateSettings,
    evaluate_settings,
    gate_settings,
)
from source.train_settings import (
    ModelSettings,
    TrainSettings,
    model_settings,
    registered_weights,
    train_settings,
)

HUB = {"source": "acme/base-8b", "revision": REVISION}
GPU = {"instance_type": "ml.g6.12xlarge"}


def test_steps_get_what_they_read_and_nothing_else(tmp_path: Path) -> None:
    config = load(tmp_path)
    given = {step: config.for_step(step) for step in ("Prepare", "Train", "Evaluate")}
    assert {step: set(sections) for step, sections in given.items()} == {
        "Prepare": {"data", "split", "model"},
        "Train": {"model", "train", "register", "prices"},
        "Evaluate": {"model", "evaluate", "gate"},
    }
    assert not {"source", "query", "preferences"} & set(given["Prepare"]["data"])
    assert "bound" not in given["Evaluate"]["gate"]


def test_what_is_left_out_has_the_steps_own_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, model={}, gate={})
    assert data_settings(config.for_step("Prepare")) == DataSettings()
    assert split_settings(config.for_step("Prepare")) == SplitSettings()
    assert model_settings(config.for_step("Train")) == ModelSettings()
    assert train_settings(config.for_step("Train")) == TrainSettings()
    assert gate_settings(config.for_step("Evaluate")) == GateSettings()
    assert evaluate_settings(config.for_step("Evaluate")) == EvaluateSettings()


def test_steps_understand_what_they_are_given(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        data={"source": "d.parquet", "columns": {"prompt": "q"}, "shape": "prompt_completion"},
        model=HUB,
        train={
            "method": "sft",
            "early_stopping": {"patience": 2},
            "lora": {"target_modules": ["q_proj"]},
        },
        evaluate={"judge": {"model_id": "m", "rubric": "r"}, "suite": ["arc_easy"]},
        register={"weights": "adapter"},
        compute={"train": {"usd_per_hour": 1.25, **GPU}},
    )
    assert dict(data_settings(config.for_step("Prepare")).columns) == {"prompt": "q"}
    train = config.for_step("Train")
    assert asdict(model_settings(train)) == config.model.model_dump()
    assert train_settings(train).lora.target_modules == ("q_proj",)
    assert train_settings(train).early_stopping is not None
    assert registered_weights(train) == "adapter"
    assert train["prices"] == {"ml.g6.12xlarge": 1.25}
    judge = evaluate_settings(config.for_step("Evaluate")).judge
    assert judge is not None
    assert judge.model_id == "m"


def test_modules_that_only_settings_name_are_found(tmp_path: Path) -> None:
    evaluate = {
        "metrics": ["f1", "source.scores:politeness"],
        "general_set": "source.exam:QUESTIONS",
        "safety_set": None,
        "suite": ["arc_easy", "source.tasks:OURS"],
    }
    config = load(tmp_path, evaluate=evaluate, gate={"metric": "source.scores:politeness"})
    assert config.own_modules() == ("source.exam", "source.scores", "source.tasks")


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        # Keys and values.
        ({"data": {"source": "d.jsonl", "shap": "auto"}}, "did you mean 'shape'?"),
        ({"data": {"source": "d.csv"}}, "data.source: 'd.csv'; use a .jsonl or .parquet file"),
        ({"data": {"source": "../d.jsonl"}}, "use a path inside the repository"),
        ({"data": {"source": "d.jsonl", "max_bad_share": 1.5}}, "data.max_bad_share: 1.5 is wrong"),
        ({"split": {"test": 0.9}}, "split.test: 0.9 is wrong"),
        ({"train": {"lora": {"target_modules": "all-linear"}}}, "is not a list; write [all-"),
        ({"train": {"lora": {"target_modules": ["all-linear"]}}}, "name the projections"),
        ({"train": {"method": "ppo"}}, "train.method: 'ppo' is wrong; input should be"),
        ({"train": {"learning_rate": 0}}, "train.learning_rate: 0 is wrong"),
        ({"evaluate": {"metrics": ["bleu"]}}, "use exact_match, f1, rouge_l, json_validity"),
        ({"evaluate": {"general_set": "exam.txt"}}, "write source.<module>:<NAME>, or null"),
        ({"gate": {"metric": "accuracy"}}, "gate.metric: 'accuracy'; use exact_match, f1"),
        ({"register": {"weight": "merged"}}, "weight: unknown key; did you mean 'weights'?"),
        ({"regster": {}}, "regster: unknown key; did you mean 'register'?"),
        ({"compute": {"train": {"instances": 2}}}, "compute.train.instances: unknown key"),
        # The base model.
        ({"model": {"source": "acme/base-8b"}}, "revision is missing: acme/base-8b can change"),
        ({"model": {"source": "acme/base-8b", "revision": "main"}}, "'main' is not a commit of 40"),
        ({"model": {"source": "models/tiny", "revision": REVISION}}, "set revision to null"),
        ({"model": {"source": "s3://models"}}, "write s3://bucket/prefix/"),
        ({"model": {"source": "models/../secrets"}}, "use a folder inside models/"),
        ({"model": {"source": "base"}}, "use a folder such as models/tiny, s3://bucket/prefix/"),
        # Sections that contradict each other.
        ({"train": {"method": "sft+dpo"}}, "sft+dpo needs data.preferences"),
        (
            {"data": {"source": "d.jsonl", "preferences": "p.jsonl"}},
            "train.method sft does not read it",
        ),
        (
            {"data": {"source": "d.jsonl", "shape": "messages"}, "train": {"method": "dpo"}},
            "set data.shape to preference",
        ),
        ({"data": {"source": "d.jsonl", "shape": "preference"}}, "is for train.method dpo"),
        ({"train": {"tuning": "qlora"}}, "train.tuning qlora needs GPUs and compute.train"),
        ({"train": {"distributed": "fsdp"}}, "train.distributed fsdp needs GPUs"),
        (
            {"compute": {"train": {"instance_count": 2}}},
            "compute.train.instance_count above 1 needs GPUs",
        ),
        (
            {
                "train": {"distributed": "fsdp"},
                "compute": {"train": {"instance_type": "ml.g6.xlarge"}},
            },
            "has nothing to shard on the one GPU of ml.g6.xlarge",
        ),
        (
            {"train": {"tuning": "qlora", "distributed": "fsdp"}, "compute": {"train": GPU}},
            "fsdp cannot shard the 4-bit weights",
        ),
        (
            {"train": {"precision": "fp32", "attention": "flash_attention_2"}},
            "takes 16-bit numbers and precision is fp32",
        ),
        (
            {"train": {"tuning": "full"}, "register": {"weights": "adapter"}},
            "set register.weights to merged",
        ),
        (
            {"register": {"inference_instance_types": ["ml.g6.xlarge", "ml.m5.large"]}},
            "has ml.m5.large, and the serving container needs a GPU",
        ),
        (
            {"compute": {"train": {"spot": True, "max_runtime_minutes": 9, "max_wait_minutes": 5}}},
            "max_wait_minutes (5) includes the run itself",
        ),
        (
            {"model": HUB, "compute": {"image": "own:1", "network": {"isolated": True}}},
            "cannot read acme/base-8b from the Hub: copy the model to S3",
        ),
        (
            {
                "evaluate": {"judge": {"model_id": "m", "rubric": "r"}},
                "compute": {"image": "own:1", "network": {"isolated": True}},
            },
            "evaluate.judge cannot be asked",
        ),
    ],
)
def test_mistakes_name_the_key_the_value_and_the_fix(
    tmp_path: Path, sections: dict[str, Any], message: str
) -> None:
    assert message in refusal(tmp_path, **sections)


@pytest.mark.parametrize(
    "sections",
    [
        {"train": {"tuning": "qlora"}, "compute": {"train": {"instance_type": "ml.g6.xlarge"}}},
        {"train": {"tuning": "full", "distributed": "fsdp"}, "compute": {"train": GPU}},
        {"train": {"method": "dpo"}, "data": {"source": "p.jsonl", "shape": "preference"}},
        {"model": HUB},
        {"gate": {"metric": "perplexity", "bound": 12}},
    ],
)
def test_what_fits_together_is_accepted(tmp_path: Path, sections: dict[str, Any]) -> None:
    assert load(tmp_path, **sections)
