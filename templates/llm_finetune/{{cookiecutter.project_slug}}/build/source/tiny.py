"""A tiny base model, made on the spot, so that the whole pipeline runs on a laptop with no hub.

The architecture is a current one (Qwen3) at a size that two CPU cores train in seconds; the weights
are random and the tokenizer is trained on the rows, so the model knows nothing until it is tuned.
It proves the plumbing. It says nothing about what a real base model would learn from the rows.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path("models/tiny")
ROWS = Path("data/instructions.jsonl")
SEED = 17
VOCABULARY = 1024
CONTEXT = 512
# With Qwen3's own 0.02 and tied embeddings the logits of so narrow a model stay too small to
# become certain of anything: the perplexity ends at 57 instead of 1.
INITIALIZER_RANGE = 0.15
PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
# ChatML, the template of the Qwen family. `generation` marks what the assistant says.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}"
    "{% else %}{{ message['content'] + '<|im_end|>\\n' }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
CARD = """---
license: cc0-1.0
---
Made by this repository: the Qwen3 architecture, very small, with random weights and a tokenizer
trained on the sample rows. It knows nothing; it is for trying the pipeline without a download.
"""


def write_tiny(folder: Path, texts: Iterable[str], *, seed: int = SEED) -> Path:
    """Write the model and a tokenizer for `texts` to `folder`; the same input, the same bytes.

    Nothing is left half-done: the folder appears when it is complete.
    """
    # torch and transformers take seconds to import, and most commands need neither.
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    tokenizer = train_tokenizer(texts)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=CONTEXT,
        initializer_range=INITIALIZER_RANGE,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    (partial / "README.md").write_text(CARD, encoding="utf-8")
    for path in partial.iterdir():
        path.chmod(0o644)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder


def train_tokenizer(texts: Iterable[str]) -> Any:
    """A byte-level BPE tokenizer with ChatML's template and special tokens.

    Any text has tokens; digits stand alone, so that numbers are spelled and not memorised.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\d"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[PAD, START, END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    roles = ("system\n", "user\n", "assistant\n")
    tokenizer.train_from_iterator([*roles, *texts], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[START],
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
    )


def texts_of(rows: Path) -> list[str]:
    """Every text in a JSONL file, whatever the shape of its rows."""
    found: list[str] = []
    with rows.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                found.extend(_texts(json.loads(line)))
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tiny model for the sample rows."""
    parser = argparse.ArgumentParser("python -m source.tiny", description=__doc__)
    parser.add_argument("--rows", type=Path, default=ROWS, help="JSONL to train the tokenizer on")
    parser.add_argument("--output", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    folder = write_tiny(options.output, texts_of(options.rows))
    print(f"{folder}: a tiny Qwen3 with random weights, and a tokenizer for {options.rows}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
