"""Tuned models for the tests of the evaluation, in the layout that Train writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from source.base_model import describe, load_model, load_tokenizer
from source.rows import Row
from source.tokens import ChatTokenizer
from source.train_settings import ModelSettings

STEPS, LEARNING_RATE = 60, 3e-3


def learn_by_heart(base: Path, rows: Sequence[Row], folder: Path) -> Path:
    """Train all weights on a few rows until the model says them; returns the model directory."""
    tokenizer = load_tokenizer(base)
    pairs = ChatTokenizer(tokenizer).answer_ids(rows)
    longest = max(len(prompt) + len(answer) for prompt, answer in pairs)
    ids = torch.zeros((len(pairs), longest), dtype=torch.int64)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for index, (prompt, answer) in enumerate(pairs):
        end = len(prompt) + len(answer)
        ids[index, :end] = torch.tensor(prompt + answer)
        mask[index, :end] = 1
        labels[index, len(prompt) : end] = torch.tensor(answer)
    torch.manual_seed(0)
    model = load_model(base).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    for _ in range(STEPS):
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    model.eval().save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return finish(base, folder)


def adapter(base: Path, folder: Path) -> Path:
    """An adapter that changes nothing, as PEFT begins with; returns the model directory."""
    from peft import get_peft_model

    from source.lora import adapter_config
    from source.train_settings import LoraSettings

    model = load_model(base)
    tuned: Any = get_peft_model(model, adapter_config(LoraSettings(rank=2), model))
    tuned.save_pretrained(folder / "adapter")
    return finish(base, folder)


def finish(base: Path, folder: Path) -> Path:
    """Write the tokenizer and metadata.json."""
    load_tokenizer(base).save_pretrained(folder / "tokenizer")
    described = describe(ModelSettings(), base).as_dict()
    metadata = {"base": described, "method": "sft", "tuning": "full", "created": "2026-01-02T03:04"}
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return folder
