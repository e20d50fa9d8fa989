"""The tiny base model: the same bytes each time, whole, and with a tokenizer that loses nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from instruction_sets import chat, write_lines

from source.base_model import check_folder, load_tokenizer
from source.tiny import main, texts_of

REPOSITORY = Path(__file__).parent.parent


def test_the_same_rows_make_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    rows = write_lines(tmp_path / "rows.jsonl", [chat(index) for index in range(40)])
    assert main(["--rows", str(rows), "--output", str(tmp_path / "a")]) == 0
    check_folder(tmp_path / "a")
    options = ["--rows", str(rows), "--output", str(tmp_path / "b")]
    subprocess.run(
        [sys.executable, "-m", "source.tiny", *options],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONHASHSEED": "99", "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
    )
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "b").iterdir())
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


@pytest.mark.parametrize(
    "text", ["42 ünïcödé 漢字 🙂", "  two  spaces\tand\nlines ", "<|im_start|"]
)
def test_any_text_survives_the_tokenizer(text: str, tiny: Path) -> None:
    tokenizer = load_tokenizer(tiny)
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    digits = tokenizer.convert_ids_to_tokens(tokenizer("2048")["input_ids"])
    assert digits == list("2048")


def test_a_conversation_is_written_as_chatml(tiny: Path) -> None:
    tokenizer = load_tokenizer(tiny)
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
    ]
    asked = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    assert text == f"{asked}<|im_start|>assistant\nHi<|im_end|>\n"
    # What is asked is the beginning of what is learnt.
    prompt = tokenizer.apply_chat_template(
        messages[:-1], tokenize=False, add_generation_prompt=True
    )
    assert text.startswith(prompt)


def test_texts_are_found_in_rows_of_any_shape(tmp_path: Path) -> None:
    documents = [{"prompt": "a", "completion": "b", "weight": 3}, chat(0)]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, documents)) + "\n\n", encoding="utf-8")
    found = texts_of(path)
    assert found[:2] == ["a", "b"] and "user" in found
