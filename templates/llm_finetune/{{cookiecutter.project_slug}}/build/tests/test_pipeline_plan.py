"""`make plan`: the memory of a tuning, the machines that have it, and what it says to mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from sample_project import CONFIG, REVISION

from pipeline.accelerators import ACCELERATORS, BY_TYPE, gpu_count, has_gpu
from pipeline.memory import GIB, estimate
from pipeline.model_shape import TYPICAL, read_shape, typical_shape
from pipeline.plan import USABLE, main, placements
from pipeline.training_config import Train

EIGHT = typical_shape(8_000_000_000)
# As its own config.json has it.
LLAMA = {
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
    "max_position_embeddings": 8192,
}


def train(**keys: Any) -> Train:
    return Train.model_validate({"batch_size": 1, **keys})


def config_json(folder: Path, **keys: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(LLAMA | keys), encoding="utf-8")
    return path


def test_weights_are_counted_as_the_architecture_has_them(tmp_path: Path) -> None:
    """8,030,261,248 is what the weights of this shape, Llama 3's 8B, add up to."""
    assert read_shape(config_json(tmp_path)).parameters == 8_030_261_248
    tied = read_shape(config_json(tmp_path, tie_word_embeddings=True)).parameters
    assert 8_030_261_248 - tied == 128_256 * 4096


def test_a_shape_may_stand_one_level_deeper(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"text_config": LLAMA, "vision_config": {}}), encoding="utf-8")
    assert read_shape(tmp_path).layers == 32


def test_an_adapter_has_two_thin_matrices_a_projection() -> None:
    """4096 x 4096 and 4096 x 1024, rank 16, 32 layers."""
    assert EIGHT.adapter(16, ("q_proj", "v_proj")) == 32 * 16 * (8192 + 5120)


def test_full_tuning_takes_sixteen_bytes_a_weight() -> None:
    memory = estimate(EIGHT, train(tuning="full"), 512)
    kept = (memory.weights + memory.gradients + memory.optimizer) * GIB
    assert kept == pytest.approx(16 * 8e9)


def test_an_adapter_takes_the_weights_and_little_more() -> None:
    lora = estimate(EIGHT, train(), 512)
    assert lora.weights * GIB == pytest.approx(2 * 8e9, rel=0.02)
    assert lora.gradients + lora.optimizer < 0.05 * lora.weights
    qlora = estimate(EIGHT, train(tuning="qlora"), 512)
    assert qlora.weights < 0.4 * lora.weights


def test_sharding_divides_what_is_kept_and_not_what_is_computed() -> None:
    alone, shared = (estimate(EIGHT, train(tuning="full"), 512, shards=n) for n in (1, 8))
    assert shared.optimizer == pytest.approx(alone.optimizer / 8)
    assert shared.activations == alone.activations
    assert shared.logits == alone.logits


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"batch_size": 1}, {"batch_size": 2}),
        ({"gradient_checkpointing": True}, {"gradient_checkpointing": False}),
        ({"method": "sft"}, {"method": "dpo"}),
        ({"attention": "sdpa"}, {"attention": "eager"}),
        ({"precision": "bf16"}, {"precision": "fp32"}),
        ({"lora": {"rank": 8}}, {"lora": {"rank": 64}}),
    ],
)
def test_what_takes_more_memory(less: dict[str, Any], more: dict[str, Any]) -> None:
    assert estimate(EIGHT, train(**less), 1024).total < estimate(EIGHT, train(**more), 1024).total


def test_longer_rows_take_more() -> None:
    assert estimate(EIGHT, train(), 512).total < estimate(EIGHT, train(), 4096).total


def test_machines_that_fit_come_by_price() -> None:
    found = placements(EIGHT, train(tuning="qlora"), 1024)
    assert [item.price for item in found] == sorted(item.price for item in found)
    assert all(item.used <= USABLE for item in found)
    assert found[0].gpus == 1
    machines = {item.machine.instance_type for item in found}
    missing = {machine.instance_type for machine in ACCELERATORS} - machines
    for name in missing:
        memory = estimate(EIGHT, train(tuning="qlora"), 1024, bf16=BY_TYPE[name].bf16)
        assert memory.total > USABLE * BY_TYPE[name].memory_gib


def test_what_no_gpu_holds_is_sharded() -> None:
    found = placements(EIGHT, train(tuning="full"), 1024)
    assert found[0].strategy == "fsdp"
    assert found[0].gpus > 1
    seventy = placements(typical_shape(70_000_000_000), train(tuning="full"), 4096)
    assert seventy
    assert all(item.strategy == "fsdp" for item in seventy)


def test_several_machines_are_asked_where_one_is_too_small() -> None:
    found = placements(typical_shape(180_000_000_000), train(tuning="full"), 1024)
    assert {item.machines for item in found} != {1}


def test_four_bit_weights_are_never_sharded() -> None:
    huge = typical_shape(70_000_000_000)
    assert {item.strategy for item in placements(huge, train(tuning="qlora"), 512)} <= {
        "ddp",
        "one GPU",
    }


def test_the_configured_strategy_is_kept() -> None:
    kept = train(tuning="full", distributed="fsdp")
    small = placements(TYPICAL[0], kept, 512)
    assert {item.strategy for item in small if item.gpus > 1} == {"fsdp"}


def test_machines_are_known_by_their_family_too() -> None:
    assert has_gpu("ml.g6.xlarge") and has_gpu("ml.p6-b200.48xlarge") and has_gpu("ml.g9.xlarge")
    assert not has_gpu("ml.m5.large") and not has_gpu("ml.c7g.large")
    assert (gpu_count("ml.g6.12xlarge"), gpu_count("ml.m5.large"), gpu_count("ml.g9.large")) == (
        4,
        0,
        None,
    )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and the base model's config.json."""
    (tmp_path / "config").mkdir()
    (tmp_path / "models/base").mkdir(parents=True)
    config_json(tmp_path / "models/base")
    configure(tmp_path, model={"source": "models/base", "max_length": 2048})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def configure(root: Path, **sections: Any) -> None:
    text = yaml.safe_dump(CONFIG | sections)
    (root / "config/pipeline.yaml").write_text(text, encoding="utf-8")


def test_the_configured_tuning_is_planned(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "8.03 billion parameters, sft, lora, 8 rows of 2048 tokens a GPU" in said
    cheapest = placements(read_shape(repository / "models/base"), Train.model_validate({}), 2048)[
        0
    ].machine.instance_type
    assert f"compute: {{train: {{instance_type: {cheapest}}}}}" in said
    served = yaml.safe_load(said.partition("of the deploy repository:\n")[2])
    assert served["model"] == {
        "parameters_millions": 8030.26,
        "bytes_per_parameter": 2,
        "layers": 32,
        "attention_heads": 32,
        "key_value_heads": 8,
        "head_size": 128,
        "longest_context_tokens": 8192,
    }


def test_what_it_says_can_be_pasted(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines for config/pipeline.yaml are valid there."""
    assert main(["--tuning", "full", "--batch-size", "2", "--length", "1024"]) == 0
    said = capsys.readouterr().out
    pasted = said.partition("For config/pipeline.yaml:\n")[2].partition("\n\n")[0]
    sections = yaml.safe_load(pasted)
    assert sections["train"]["tuning"] == "full"
    assert sections["train"]["batch_size"] == 2
    configure(
        repository,
        train=sections["train"],
        compute=sections["compute"],
        model={"source": "models/base", **sections["model"]},
    )
    assert main([]) == 0


def test_what_fits_nowhere_fails_with_a_way_out(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = ["--parameters", "900", "--tuning", "full", "--batch-size", "64", "--length", "8192"]
    assert main(question) == 1
    assert "lower --batch-size or --length, or use --tuning lora" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--parameters", "0"], "--parameters: 0.0 is not a positive number"),
        (["--length", "-1"], "--length: -1 is not a positive number"),
        (["--length", "100000"], "do not fit the model's context of 8192"),
        (["--parameters", "90000"], "unlike any model that is known here"),
        (["--config", "absent.json"], "cannot read absent.json"),
    ],
)
def test_questions_without_an_answer(
    repository: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_model_that_is_elsewhere_has_to_be_described(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(repository, model={"source": "acme/base-8b", "revision": REVISION})
    assert main([]) == 2
    assert "give it with --config FILE, or state the model's size" in capsys.readouterr().err
    assert main(["--parameters", "8"]) == 0


def test_a_configuration_of_another_kind_is_refused(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = repository / "other.json"
    other.write_text('{"n_head": 12, "n_embd": 768}', encoding="utf-8")
    assert main(["--config", str(other)]) == 2
    assert "has no 'num_attention_heads'" in capsys.readouterr().err
