"""Models, contexts and copies that fit on an instance, and those that are refused with figures."""

import pytest
from model_example import stage_config
from pydantic import ValidationError

from stacks.accelerators import INSTANCES
from stacks.cost import estimate


def refusal(changes: dict[str, object]) -> str:
    with pytest.raises(ValidationError) as error:
        stage_config(changes)
    return str(error.value)


def test_an_eight_billion_model_fits_on_a_large_gpu() -> None:
    config = stage_config()
    # 16 GB of weights, and 144 KiB for each token: 36 layers x 8 heads x 128 x 2 x 2 bytes.
    assert config.model.weights_gib == pytest.approx(14.9, abs=0.05)
    assert config.model.cache_gib(1) * 1024**2 == pytest.approx(144)
    room = 44.0 * 0.9 - 2.0 - config.model.weights_gib
    assert config.tokens_in_memory == int(room * 1024**2 / 144)


def test_the_same_model_leaves_no_room_on_a_small_gpu() -> None:
    message = refusal({"endpoint.instance_type": "ml.g6.2xlarge", "engine.context_tokens": 40960})
    assert "1 x L4 with 22 GiB each hold the weights (14.9 GiB)" in message
    assert "fewer than engine.context_tokens 40960" in message


def test_weights_larger_than_the_gpu_are_refused() -> None:
    message = refusal({"model.parameters_millions": 70000})
    assert "(130.4 GiB) and 0 tokens" in message


def test_four_gpus_hold_what_one_does_not() -> None:
    config = stage_config(
        {
            "model.parameters_millions": 70000,
            "model.layers": 80,
            "model.attention_heads": 64,
            "endpoint.instance_type": "ml.g6e.12xlarge",
            "copies.gpus": 4,
        }
    )
    assert config.tokens_in_memory > 8192
    assert config.copies_per_instance == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"endpoint.instance_type": "ml.m5.large"}, "ml.m5.large, which has no GPU"),
        ({"copies.gpus": 4}, "copies.gpus is 4, but ml.g6e.2xlarge has 1"),
        (
            {"endpoint.instance_type": "ml.g6e.12xlarge", "copies.gpus": 3},
            "key-value heads cannot be spread evenly",
        ),
        (
            {
                "endpoint.instance_type": "ml.p5.48xlarge",
                "copies.gpus": 8,
                "model.attention_heads": 28,
                "model.key_value_heads": 4,
            },
            "no divisor of the model's 28 attention heads",
        ),
        ({"model.attention_heads": 30}, "no multiple of key_value_heads 8"),
        ({"copies.vcpus": 9}, "one copy takes 9 vCPUs"),
        ({"copies.memory_mib": 70000}, "70000 MiB, but ml.g6e.2xlarge has 8 and 65536"),
        ({"engine.context_tokens": 50000}, "the model was made for 40960"),
        ({"copies.max": 7}, "copies.max is 7, but 6 instances hold 6"),
        ({"copies.max": 1}, "max is 1, below min 2"),
        ({"copies.concurrent_requests": 33}, "more than the engine answers at the same time (32)"),
        ({"copies.min": 0}, "idle instances cost money for nothing"),
        ({"endpoint.max_instances": 1}, "max_instances is 1, below min_instances 2"),
        ({"rollout.batch_wait_seconds": 60}, "needs 3 bad minutes before it can roll back"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_work_is_refused_with_the_reason(
    changes: dict[str, object], message: str
) -> None:
    if "endpoint.min_instances" not in changes and "endpoint.max_instances" in changes:
        changes = changes | {"endpoint.min_instances": 2}
    assert message in refusal(changes if "copies.min" not in changes else _idle(changes))


def _idle(changes: dict[str, object]) -> dict[str, object]:
    return changes | {"endpoint.min_instances": 1}


def test_small_copies_share_an_instance() -> None:
    config = stage_config(
        {
            "endpoint.instance_type": "ml.g6e.12xlarge",
            "copies.vcpus": 8,
            "copies.memory_mib": 65536,
            "copies.max": 24,
        }
    )
    assert config.copies_per_instance == 4
    assert stage_config({"endpoint.instance_type": "ml.g6e.12xlarge"}).copies_per_instance == 4


def test_every_instance_type_has_gpus_and_memory() -> None:
    assert all(each.count >= 1 and each.gpu_memory_gib > 20 for each in INSTANCES.values())
    assert INSTANCES["ml.g5.48xlarge"].count == 8
    assert INSTANCES["ml.g6e.xlarge"].memory_gib == 32


def test_the_cost_follows_copies_price_and_throughput() -> None:
    cost = {"instance_usd_per_hour": 2.0, "tokens_per_second": 1000, "busy_hours_per_month": 100}
    found = estimate(stage_config({"cost": cost}))
    assert found is not None
    assert (found.least_per_month, found.most_per_month) == (2 * 730 * 2.0, 6 * 730 * 2.0)
    assert found.per_million_tokens == pytest.approx(2.0 / 3.6)
    idle = estimate(stage_config({"cost": cost, "copies.min": 0, "endpoint.min_instances": 0}))
    assert idle is not None
    assert idle.least_per_month == 100 * 2.0, "one instance in the busy hours"
    assert estimate(stage_config({"cost": None})) is None


def test_going_back_neither_waits_nor_looks_at_alarms() -> None:
    rollout = stage_config().immediate().rollout
    assert rollout.batch_wait_seconds == 0
    assert not rollout.rollback_on_alarm
