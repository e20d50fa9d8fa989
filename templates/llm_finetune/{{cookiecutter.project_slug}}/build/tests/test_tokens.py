"""Tokens are counted as the model sees them: through the chat template."""

from __future__ import annotations

from pathlib import Path

import pytest
from instruction_sets import row, rows

from source.base_model import load_tokenizer
from source.rows import Message, Row
from source.tokens import ChatTokenizer, Length, shared

pytestmark = pytest.mark.xdist_group("prepare")


@pytest.fixture(scope="module")
def tokenizer(tiny: Path) -> ChatTokenizer:
    return ChatTokenizer(load_tokenizer(tiny))


def test_prompt_and_answer_add_up_to_the_whole_conversation(tokenizer: ChatTokenizer) -> None:
    for entry, length in zip(rows(20), tokenizer.lengths(rows(20)), strict=True):
        assert isinstance(length, Length)
        (whole,) = tokenizer.ids([tokenizer.render(entry.messages)])
        (prompt,) = tokenizer.ids([tokenizer.render(entry.prompt, for_answer=True)])
        assert length.total == len(whole) and length.prompt == len(prompt)
        assert length.answer > 0


def test_the_answers_ids_are_its_text_and_the_end_of_the_turn(tokenizer: ChatTokenizer) -> None:
    ((prompt, answer),) = tokenizer.answer_ids([row(3)])
    decode = tokenizer.tokenizer.decode
    assert decode(prompt).endswith("<|im_start|>assistant\n")
    assert decode(answer).startswith(row(3).answer + "<|im_end|>")
    assert answer[len(tokenizer.ids([row(3).answer])[0])] in tokenizer.end_ids()


def test_a_conversation_that_the_template_refuses_has_its_words(tiny: Path) -> None:
    own = load_tokenizer(tiny)
    own.chat_template = (
        "{% if messages[0]['role'] == 'system' %}"
        "{{ raise_exception('System role not supported') }}{% endif %}{{ messages[0]['content'] }}"
    )
    told = Row((Message("system", "Be brief."), *row(0).messages))
    good, bad = ChatTokenizer(own).lengths([row(0), told])
    assert isinstance(good, Length)
    assert bad == "the chat template refuses it: System role not supported"


def test_what_two_sequences_share() -> None:
    assert shared([1, 2, 3], [1, 2, 4, 5]) == 2
    assert shared([1, 2], [1, 2, 3]) == 2
    assert shared([], [1]) == 0
