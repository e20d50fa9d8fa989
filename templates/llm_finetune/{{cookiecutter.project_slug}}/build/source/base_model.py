"""The base model: where it comes from, whether it can be used, and what must be recorded of it.

A folder of this repository and an S3 prefix travel as the input `base`; a model on the Hub is
read by the job itself, at the commit that the settings pin. Only safetensors are loaded, never
pickles, and never code that came with a model.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from source.errors import UserError
from source.train_settings import ModelSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# What is fetched from the Hub: no pickles, no code, no weights of other frameworks.
WEIGHTS = "*.safetensors"
FILES = (WEIGHTS, "*.json", "*.jinja", "*.txt", "*.model", "README.md", "LICENSE*")
INDEX = "model.safetensors.index.json"
CARD_LICENCE = re.compile(r"^license:\s*[\"']?([^\s\"']+)", re.MULTILINE)
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
BLOCK = 1 << 20


class BaseModelUnusable(UserError):
    """The base model is missing, damaged or not of a kind that is used; the text says which."""


@dataclass(frozen=True)
class BaseModel:
    """What is recorded of a base model. `sha256` is over the weights; None from the Hub, where
    the revision says the same."""

    source: str
    revision: str | None
    licence: str
    architecture: str
    parameters: int
    context: int | None
    sha256: str | None

    def as_dict(self) -> dict[str, Any]:
        """For metadata.json."""
        return asdict(self)


def base_folder(settings: ModelSettings, given: Path | None) -> Path:
    """The folder that holds the base model, checked.

    `given` is the input `base`; without it the Hub is asked, or the folder of the repository is
    taken. Raises `BaseModelUnusable`.
    """
    folder = given if given is not None and given.is_dir() else None
    if settings.on_hub:
        folder = folder or _download(settings, FILES)
    elif folder is None and settings.source.startswith("s3://"):
        raise BaseModelUnusable(
            f"model.source: {settings.source} must be given as the input `base` (--base): "
            "the step reads no S3 itself"
        )
    elif folder is None:
        folder = Path(settings.source)
        if not folder.is_dir():
            raise BaseModelUnusable(
                f"model.source: there is no folder {folder}; `make sample` writes models/tiny, "
                "or name s3://bucket/prefix/ or org/name on the Hub"
            )
    check_folder(folder)
    return folder


def tokenizer_folder(settings: ModelSettings, given: Path | None) -> Path:
    """The same without the weights of a model on the Hub: tokenizer and configuration are enough.

    Raises `BaseModelUnusable`.
    """
    if settings.on_hub and not (given is not None and given.is_dir()):
        return _download(settings, [name for name in FILES if name != WEIGHTS])
    return base_folder(settings, given)


def leave_hub() -> None:
    """Keep the libraries from asking the Hub again, once everything is in a folder.

    peft, for one, looks there for the configuration of a base whose folder it does not find.
    """
    from huggingface_hub import constants

    os.environ["HF_HUB_OFFLINE"] = "1"
    constants.HF_HUB_OFFLINE = True


def context_length(folder: Path) -> int | None:
    """The longest input, in tokens, that the model was made for; None where it does not say."""
    config = _json(folder / "config.json")
    longest = config.get("text_config", config).get("max_position_embeddings")
    return None if longest is None else int(longest)


def check_folder(folder: Path) -> None:
    """Whether the folder holds a whole model that may be loaded. Raises `BaseModelUnusable`."""
    config = _json(folder / "config.json")
    if "auto_map" in config:
        raise BaseModelUnusable(
            f"{folder}: its config.json asks to run code that comes with the model (auto_map); "
            "use a model whose architecture the library transformers has itself"
        )
    files = weight_files(folder)
    for path in files:
        _check_header(path)
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model")):
        raise BaseModelUnusable(
            f"{folder}: there is no tokenizer.json; save the tokenizer beside the weights"
        )


def weight_files(folder: Path) -> list[Path]:
    """The files of weights, all of them there. Raises `BaseModelUnusable`."""
    if (folder / INDEX).is_file():
        names = sorted(set(_json(folder / INDEX).get("weight_map", {}).values()))
        missing = [name for name in names if not (folder / name).is_file()]
        if missing or not names:
            raise BaseModelUnusable(
                f"{folder}: {INDEX} names {missing or 'no files'}, not there; copy it again"
            )
        return [folder / name for name in names]
    files = sorted(folder.glob("*.safetensors"))
    if files:
        return files
    pickles = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES)
    if pickles:
        raise BaseModelUnusable(
            f"{folder}: the weights are pickles ({pickles[0]}), which run code when they are "
            "loaded; convert them with save_pretrained, which writes safetensors"
        )
    raise BaseModelUnusable(f"{folder}: there are no weights (*.safetensors)")


def describe(settings: ModelSettings, folder: Path, *, digest: bool = True) -> BaseModel:
    """What is to be recorded of the model in `folder`; `digest` reads all of its weights."""
    config = _json(folder / "config.json")
    files = weight_files(folder)
    return BaseModel(
        source=settings.source,
        revision=settings.revision,
        licence=settings.licence or _card_licence(folder) or "unknown",
        architecture=str((config.get("architectures") or ["unknown"])[0]),
        parameters=sum(_parameters(path) for path in files),
        context=context_length(folder),
        sha256=_digest(files) if digest and not settings.on_hub else None,
    )


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer, which must know how to write a conversation. Raises `BaseModelUnusable`."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        raise BaseModelUnusable(f"{folder}: the tokenizer cannot be loaded: {error}") from error
    if not tokenizer.chat_template:
        raise BaseModelUnusable(
            f"{folder}: the tokenizer has no chat template; use the model's instruction-tuned "
            "variant, or put a chat_template.jinja beside its tokenizer"
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(
    folder: Path, *, dtype: str = "float32", attention: str = "sdpa", **more: Any
) -> PreTrainedModel:
    """A causal language model; `dtype` is torch's name, `more` goes to `from_pretrained`.

    Raises `BaseModelUnusable` when the architecture is unknown or the weights do not fit it.
    """
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            str(folder),
            dtype=getattr(torch, dtype),
            attn_implementation=attention,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            **more,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise BaseModelUnusable(f"{folder}: the model cannot be loaded: {error}") from error
    missing = sorted(report["missing_keys"])
    if missing:
        # transformers would fill the gap with random numbers and a warning.
        raise BaseModelUnusable(
            f"{folder}: {len(missing)} tensors that config.json asks for are not in the weights, "
            f"such as {missing[0]}; weights and configuration are of different models"
        )
    return model


def _download(settings: ModelSettings, files: Sequence[str]) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                settings.source, revision=settings.revision, allow_patterns=list(files)
            )
        )
    except Exception as error:
        raise BaseModelUnusable(
            f"model.source: {settings.source} at {settings.revision} cannot be read from the Hub "
            f"({type(error).__name__}: {str(error).splitlines()[0]}); a gated model needs HF_TOKEN "
            "and its licence accepted, a job without internet access a copy in S3"
        ) from error


def _check_header(path: Path) -> None:
    """A safetensors file says its own size: a torn copy is found without reading it whole."""
    try:
        header, start = _header(path)
        ends = [tensor["data_offsets"][1] for tensor in header.values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaseModelUnusable(f"{path}: not a safetensors file: {error}") from error
    expected, actual = start + max(ends, default=0), path.stat().st_size
    if expected != actual:
        raise BaseModelUnusable(
            f"{path}: {actual} bytes and not {expected}: the copy is torn, make it again"
        )


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """The tensors that a safetensors file describes, and the byte where their data begins."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length <= path.stat().st_size:
            raise ValueError(f"its header would be {length} bytes long")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return header, 8 + length


def _parameters(path: Path) -> int:
    total = 0
    for tensor in _header(path)[0].values():
        size = 1
        for extent in tensor["shape"]:
            size *= extent
        total += size
    return total


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode())
        for block in _blocks(path):
            digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _card_licence(folder: Path) -> str | None:
    card = folder / "README.md"
    if not card.is_file():
        return None
    found = CARD_LICENCE.search(card.read_text(encoding="utf-8", errors="replace")[:10_000])
    return found[1] if found else None


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BaseModelUnusable(f"{path}: cannot be read: {error}") from error
