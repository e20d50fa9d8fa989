"""The base model: whole, of a kind that may be loaded, and with a licence on record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from source.base_model import (
    BaseModelUnusable,
    base_folder,
    check_folder,
    describe,
    load_model,
    load_tokenizer,
)
from source.train_settings import ModelSettings

HUB = ModelSettings(source="Qwen/Qwen3-8B", revision="a" * 40)


@pytest.fixture
def copied(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that may be damaged."""
    return Path(shutil.copytree(tiny, tmp_path / "copied"))


def test_what_is_recorded(tiny: Path) -> None:
    base = describe(ModelSettings(source="models/tiny"), tiny)
    assert (base.licence, base.architecture, base.context) == ("cc0-1.0", "Qwen3ForCausalLM", 512)
    assert base.parameters == sum(p.numel() for p in load_model(tiny).parameters())
    assert base.sha256 is not None
    own = describe(ModelSettings(source="models/tiny", licence="apache-2.0"), tiny)
    assert own.licence == "apache-2.0"


def test_the_weights_decide_the_digest(copied: Path) -> None:
    before = describe(ModelSettings(), copied).sha256
    (copied / "README.md").unlink()
    after = describe(ModelSettings(), copied)
    assert (after.sha256, after.licence) == (before, "unknown")
    weights = copied / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert describe(ModelSettings(), copied).sha256 != before


def test_what_is_given_is_taken(tiny: Path) -> None:
    assert base_folder(ModelSettings(source="s3://bucket/base/"), tiny) == tiny
    assert base_folder(HUB, tiny) == tiny


def test_a_folder_of_the_repository_is_found(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny, tmp_path / "models/tiny")
    assert base_folder(ModelSettings(), None) == Path("models/tiny")


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def torn(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def garbage(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")


def missing_shard(folder: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def own_code(folder: Path) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text()) | {"auto_map": {"AutoModelForCausalLM": "modeling.M"}}
    path.write_text(json.dumps(config))


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (pickled, "the weights are pickles (pytorch_model.bin), which run code"),
        (no_weights, "there are no weights (*.safetensors)"),
        (torn, "the copy is torn, make it again"),
        (garbage, "not a safetensors file"),
        (missing_shard, "names ['model-00002.safetensors'], not there; copy it again"),
        (own_code, "asks to run code that comes with the model (auto_map)"),
        (no_config, "config.json: cannot be read"),
        (no_tokenizer, "there is no tokenizer.json"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_damaged_or_dangerous_model_is_refused(
    damage: Callable[[Path], None], words: str, copied: Path
) -> None:
    damage(copied)
    with pytest.raises(BaseModelUnusable) as raised:
        check_folder(copied)
    assert words in str(raised.value)


def test_weights_of_another_model_are_refused(copied: Path) -> None:
    path = copied / "config.json"
    config = json.loads(path.read_text()) | {"num_hidden_layers": 3}
    config["layer_types"] = ["full_attention"] * 3
    path.write_text(json.dumps(config))
    with pytest.raises(BaseModelUnusable, match=r"tensors that config.json asks for are not in"):
        load_model(copied)


def test_a_tokenizer_must_know_how_to_write_a_conversation(copied: Path) -> None:
    (copied / "chat_template.jinja").unlink()
    with pytest.raises(BaseModelUnusable, match="the tokenizer has no chat template"):
        load_tokenizer(copied)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (ModelSettings(source="models/absent"), "`make sample` writes models/tiny"),
        (ModelSettings(source="s3://bucket/base/"), "must be given as the input `base`"),
    ],
)
def test_a_model_that_is_not_there_is_named(settings: ModelSettings, words: str) -> None:
    with pytest.raises(BaseModelUnusable, match=words):
        base_folder(settings, None)


def test_a_hub_that_cannot_be_reached_is_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BaseModelUnusable, match=r"Qwen/Qwen3-8B at a{40} cannot be read from the"):
        base_folder(HUB, None)
