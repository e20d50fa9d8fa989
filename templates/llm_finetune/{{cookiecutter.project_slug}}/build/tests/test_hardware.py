"""What a machine honours of the settings, and how the work is divided: decided, not run, here."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from source.distributed import ClusterUnknown, Launch, launch_plan, launched, strategy
from source.hardware import Execution, Hardware, detect, resolve
from source.train_settings import LoraSettings, TrainSettings
from source.trainer_arguments import common_arguments, dpo_arguments, sft_arguments

H100 = Hardware("cuda", 8, "NVIDIA H100 80GB HBM3", 79.6, (9, 0), True, True)
T4 = Hardware("cuda", 1, "Tesla T4", 14.6, (7, 5), False, True)
PLAIN_H100 = dataclasses.replace(H100, flash_attention=False, quantisation=False)
CPU = Hardware("cpu", 1, "CPU", 16.0, None, False, False)


@pytest.mark.parametrize(
    ("hardware", "train", "precision", "attention", "quantise", "ignored"),
    [
        (H100, {}, "bf16", "flash_attention_2", False, []),
        (H100, {"tuning": "qlora"}, "bf16", "flash_attention_2", True, []),
        (H100, {"precision": "fp32"}, "fp32", "sdpa", False, []),
        (H100, {"attention": "eager"}, "bf16", "eager", False, []),
        (
            H100,
            {"precision": "fp32", "attention": "flash_attention_2"},
            "fp32",
            "sdpa",
            False,
            ["attention flash_attention_2: it takes 16-bit numbers"],
        ),
        (
            PLAIN_H100,
            {"attention": "flash_attention_2", "tuning": "qlora"},
            "bf16",
            "sdpa",
            False,
            ["flash_attention_2: the package flash-attn is not", "bitsandbytes is not installed"],
        ),
        (
            T4,
            {"precision": "bf16", "tuning": "qlora"},
            "fp32",
            "sdpa",
            True,
            ["precision bf16: Tesla T4 computes no bfloat16, so fp32 is used"],
        ),
        (
            CPU,
            {"precision": "bf16", "tuning": "qlora", "attention": "flash_attention_2"},
            "fp32",
            "sdpa",
            False,
            [
                "attention flash_attention_2: CPU cannot run it, so sdpa is used",
                "precision bf16: CPU computes no bfloat16",
                "tuning qlora: CPU has no 4-bit kernels, so the adapter is trained on unquantised",
                "gradient_checkpointing: CPU has no GPU memory to save",
            ],
        ),
    ],
)
def test_a_machine_runs_what_it_can_and_says_what_it_ignores(
    hardware: Hardware,
    train: dict[str, Any],
    precision: str,
    attention: str,
    quantise: bool,
    ignored: list[str],
) -> None:
    execution = resolve(TrainSettings(**train), hardware, 1024)
    assert (execution.precision, execution.attention, execution.quantise) == (
        precision,
        attention,
        quantise,
    )
    assert execution.device == hardware.device
    assert len(execution.ignored) == len(ignored), execution.ignored
    for said, words in zip(execution.ignored, ignored, strict=True):
        assert words in said


def test_rows_are_padded_where_packing_would_cost_more() -> None:
    settings = TrainSettings(packing=True, batch_size=8)
    assert resolve(settings, H100, 4096).packing
    assert resolve(settings, PLAIN_H100, 1024).packing
    execution = resolve(settings, PLAIN_H100, 4096)
    assert not execution.packing
    assert "train.packing: without FlashAttention a packed batch of 32768" in execution.ignored[0]
    assert not resolve(TrainSettings(packing=False), PLAIN_H100, 4096).ignored


def test_this_machine_is_described() -> None:
    found = detect()
    assert found.device in ("cpu", "cuda")
    assert found.memory_gib > 0 and found.devices >= 1


def on(hardware: Hardware, **train: Any) -> Execution:
    return resolve(TrainSettings(**train), hardware, 1024)


@pytest.mark.parametrize(
    ("train", "parameters", "world", "expected"),
    [
        ({}, 8e9, 1, "none"),
        # 16 GB of weights beside each other on 80 GB each; 140 GB do not fit.
        ({}, 8e9, 8, "ddp"),
        ({}, 70e9, 8, "fsdp"),
        ({"tuning": "qlora"}, 70e9, 8, "ddp"),
        ({"tuning": "full", "learning_rate": 1e-5}, 1e9, 2, "fsdp"),
        ({"tuning": "full", "distributed": "ddp"}, 1e9, 2, "ddp"),
        ({"distributed": "fsdp"}, 1e9, 16, "fsdp"),
    ],
)
def test_auto_divides_what_does_not_fit(
    train: dict[str, Any], parameters: float, world: int, expected: str
) -> None:
    settings, execution = TrainSettings(**train), on(H100, **train)
    assert strategy(settings, execution, H100, int(parameters), world) == expected


def test_processes_of_a_cpu_hold_copies() -> None:
    settings = TrainSettings(tuning="full", distributed="fsdp")
    assert strategy(settings, on(CPU), CPU, 1000, 2) == "ddp"


def test_sharding_is_asked_of_transformers_in_its_own_words(tmp_path: Path) -> None:
    """On a CPU the arguments are as far as it goes: they are parsed as on a GPU."""
    from trl import SFTConfig

    settings = TrainSettings(tuning="full")
    arguments = common_arguments(settings, on(H100), "fsdp", tmp_path, stops_early=True)
    assert arguments["bf16"] and arguments["optim"] == "adamw_torch_fused"
    # Instead of FSDP's own, the weights would be gathered twice.
    assert arguments["activation_checkpointing"] is False
    assert arguments["fsdp_config"]["activation_checkpointing"] is True
    parsed = SFTConfig(
        **(arguments | {"use_cpu": True, "bf16": False, "optim": "adamw_torch"}),
        **sft_arguments(settings, on(H100), 2048),
    )
    plugin = parsed.fsdp_plugin_args
    assert plugin["fsdp_version"] == 2 and plugin["reshard_after_forward"] is True
    assert plugin["state_dict_type"] == "FULL_STATE_DICT"
    assert plugin["activation_checkpointing"] is True


def test_settings_reach_the_trainer(tmp_path: Path) -> None:
    settings = TrainSettings(
        epochs=2,
        learning_rate=3e-4,
        batch_size=4,
        gradient_accumulation=8,
        warmup_share=0.1,
        weight_decay=0.05,
        seed=99,
        checkpoint_steps=70,
        completion_only=False,
    )
    execution = on(H100, gradient_checkpointing=True)
    found = common_arguments(settings, execution, "ddp", tmp_path, stops_early=False)
    found |= sft_arguments(settings, execution, 2048)
    expected = {
        "num_train_epochs": 2,
        "learning_rate": 3e-4,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 8,
        "warmup_steps": 0.1,
        "weight_decay": 0.05,
        "seed": 99,
        "data_seed": 99,
        "save_steps": 70,
        "eval_steps": 70,
        "completion_only_loss": False,
        "packing": True,
        "eval_packing": False,
        "max_length": 2048,
        "activation_checkpointing": True,
        "ddp_find_unused_parameters": False,
        "report_to": "none",
    }
    assert {name: found[name] for name in expected} == expected
    assert "load_best_model_at_end" not in found
    preferences = dpo_arguments(settings, 2048)
    assert preferences["beta"] == 0.1 and preferences["precompute_ref_log_probs"] is False
    assert dpo_arguments(TrainSettings(tuning="full"), 64)["precompute_ref_log_probs"] is True


def test_four_bits_are_asked_for_as_the_library_wants_it() -> None:
    import torch

    from source.lora import four_bit

    found = four_bit()
    assert found.load_in_4bit and found.bnb_4bit_quant_type == "nf4"
    assert found.bnb_4bit_compute_dtype is torch.bfloat16


def test_one_device_needs_no_launcher() -> None:
    assert launch_plan({}, 1) is None
    assert launch_plan({"SM_HOSTS": '["algo-1"]', "SM_NUM_GPUS": "0"}, 1) is None


def test_processes_that_torchrun_has_started_start_nothing() -> None:
    environment = {"RANK": "3", "WORLD_SIZE": "16", "SM_NUM_GPUS": "8"}
    assert launched(environment)
    assert launch_plan(environment, 8) is None


def test_one_machine_of_several_gpus() -> None:
    launch = launch_plan({"SM_NUM_GPUS": "4", "SM_HOSTS": '["algo-1"]'}, 1)
    assert launch == Launch(1, 0, 4, "algo-1", None)
    command = launch.command("source.train", ["--settings", "s.json"])
    assert command[1:] == [
        *("-m", "torch.distributed.run", "--nnodes=1", "--standalone", "--nproc-per-node=4"),
        *("-m", "source.train", "--settings", "s.json"),
    ]


def test_several_machines_meet_at_the_first() -> None:
    environment = {
        "SM_HOSTS": '["algo-2", "algo-1"]',
        "SM_CURRENT_HOST": "algo-2",
        "SM_NUM_GPUS": "8",
        "SM_NETWORK_INTERFACE_NAME": "eth0",
    }
    launch = launch_plan(environment, 1)
    assert launch == Launch(2, 1, 8, "algo-1", "eth0")
    command = launch.command("source.train", [])
    assert {"--nnodes=2", "--node-rank=1", "--master-addr=algo-1"} <= set(command)
    changed = launch.environment(Path("/code"), {"PYTHONPATH": "/more", "OMP_NUM_THREADS": "3"})
    assert changed["NCCL_SOCKET_IFNAME"] == changed["GLOO_SOCKET_IFNAME"] == "eth0"
    assert changed["PYTHONPATH"].startswith("/code") and changed["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"SM_HOSTS": "algo-1"}, "SM_HOSTS: 'algo-1' is not a JSON list"),
        (
            {"SM_HOSTS": '["algo-1"]', "SM_CURRENT_HOST": "algo-9"},
            "SM_CURRENT_HOST: 'algo-9' is not among SM_HOSTS",
        ),
    ],
)
def test_a_cluster_that_makes_no_sense_is_explained(
    environment: dict[str, str], words: str
) -> None:
    with pytest.raises(ClusterUnknown, match=words):
        launch_plan(environment, 1)


def test_projections_of_other_families_can_be_named() -> None:
    assert LoraSettings(target_modules=("query_key_value",)).target_modules
    with pytest.raises(ValueError, match="name the projections"):
        LoraSettings(target_modules=("all-linear",))
