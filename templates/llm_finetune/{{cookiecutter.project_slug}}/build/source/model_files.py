"""The model directory: what Train writes, SageMaker stores uncompressed, and endpoints load.

`adapter/` (PEFT, to be served on its base; the same packed as adapter.tar.gz, as endpoints load
adapters) or `model/` (whole weights, with the tokenizer beside them), `tokenizer/`, metadata.json,
and `code/`: the modules of the local server, nothing more.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.bundle import local_closure
from mlops.local.store import pack
from source import lora
from source.base_model import BaseModel, load_model, load_tokenizer
from source.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

ADAPTER, MODEL, TOKENIZER, METADATA, CODE = (
    "adapter",
    "model",
    "tokenizer",
    "metadata.json",
    "code",
)
ADAPTER_ARCHIVE = f"{ADAPTER}.tar.gz"
SERVER = "source.serving_app"
ENTRY = '''"""The application of this model; `make serve` runs it."""

from source.serving_app import build_app

__all__ = ["build_app"]
'''


class ModelUnusable(UserError):
    """A model directory lacks something or cannot be read; the text says what."""


def write_weights(
    directory: Path,
    trained: Path,
    base_folder: Path,
    base: BaseModel,
    *,
    tuning: str,
    weights: str,
    dtype: str,
) -> str:
    """Write what training has left in `trained` as `adapter/` or `model/`; says which.

    An adapter that is to be `merged` is added to unquantised base weights in the base's own
    precision.
    """
    if tuning != "full" and weights == "adapter":
        shutil.copytree(trained, directory / ADAPTER, ignore=shutil.ignore_patterns("checkpoint-*"))
        lora.clean_adapter(directory / ADAPTER, base)
        pack(directory / ADAPTER, directory / ADAPTER_ARCHIVE)
        return ADAPTER
    if tuning == "full":
        model = load_model(trained, dtype=dtype)
    else:
        from peft import PeftModel

        plain = load_model(base_folder, dtype=dtype)
        # `safe_merge` refuses weights that are not finite.
        model = PeftModel.from_pretrained(plain, str(trained)).merge_and_unload(safe_merge=True)
    model.config.use_cache = True
    model.save_pretrained(directory / MODEL)
    return MODEL


def write_directory(
    directory: Path, tokenizer: PreTrainedTokenizerBase, metadata: Mapping[str, Any]
) -> None:
    """Write everything but the weights, which are there already."""
    tokenizer.save_pretrained(directory / TOKENIZER)
    if (directory / MODEL).is_dir():
        # Serving containers look for it beside the weights.
        tokenizer.save_pretrained(directory / MODEL)
    text = json.dumps(metadata, indent=2, ensure_ascii=False)
    (directory / METADATA).write_text(text + "\n", encoding="utf-8")
    copy_code(directory / CODE)
    for path in directory.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def copy_code(directory: Path) -> None:
    """Copy the modules that the local server executes, and its entry point, to `directory`."""
    root = Path(__file__).resolve().parent.parent
    for path in local_closure(root, [SERVER]):
        target = directory / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (directory / "app.py").write_text(ENTRY, encoding="utf-8")


def read_metadata(directory: Path) -> dict[str, Any]:
    """The metadata of a model directory. Raises `ModelUnusable`."""
    try:
        return dict(json.loads((directory / METADATA).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"{directory / METADATA}: {error}") from error


def load_tuned(
    directory: Path, base_folder: Path | None, *, dtype: str = "float32", attention: str = "sdpa"
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The tuned model, ready to answer, and its tokenizer.

    `base_folder` is needed for an adapter only, which is merged for speed. Raises `ModelUnusable`.
    """
    tokenizer = load_tokenizer(directory / TOKENIZER)
    if (directory / MODEL).is_dir():
        return load_model(directory / MODEL, dtype=dtype, attention=attention).eval(), tokenizer
    if not (directory / ADAPTER / lora.WEIGHTS).is_file():
        raise ModelUnusable(f"{directory}: there is neither {ADAPTER}/ nor {MODEL}/")
    if base_folder is None:
        raise ModelUnusable(f"{directory}: an adapter needs its base model; give its folder")
    from peft import PeftModel

    model = load_model(base_folder, dtype=dtype, attention=attention)
    try:
        with warnings.catch_warnings():
            # PEFT still asks transformers by a name that is on its way out.
            warnings.simplefilter("ignore", FutureWarning)
            tuned = PeftModel.from_pretrained(model, str(directory / ADAPTER))
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelUnusable(
            f"{directory / ADAPTER} does not fit the base model in {base_folder}: {error}"
        ) from error
    return tuned.merge_and_unload().eval(), tokenizer
