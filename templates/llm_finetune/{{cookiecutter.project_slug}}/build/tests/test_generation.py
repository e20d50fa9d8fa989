"""Answers and losses in batches: the same as one row at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from instruction_sets import row, rows

from source.base_model import load_model, load_tokenizer
from source.evaluate_measure import opened
from source.generation import LanguageModel, ModelDiverged, batches
from source.model_files import load_tuned
from source.rows import Message, Row
from source.tokens import ChatTokenizer

pytestmark = pytest.mark.xdist_group("evaluate")


@pytest.fixture(scope="module")
def model(knowing: Path) -> Iterator[LanguageModel]:
    with opened(lambda: load_tuned(knowing, None)) as found:
        yield found


def test_what_was_learnt_by_heart_is_said_to_its_end(model: LanguageModel) -> None:
    answers = model.answers([entry.prompt for entry in rows(24)], 16)
    assert [answer.text for answer in answers] == [entry.answer for entry in rows(24)]
    assert all(answer.finished for answer in answers)


def test_a_batch_answers_as_each_row_alone(model: LanguageModel) -> None:
    long = (Message("user", "tell me more " * 12),)
    prompts = [row(1).prompt, long, row(2).prompt, row(70).prompt]
    together = model.answers(prompts, 8)
    alone = [model.answers([prompt], 8)[0] for prompt in prompts]
    assert together == alone


def test_an_answer_that_does_not_end_is_marked(model: LanguageModel) -> None:
    (cut,) = model.answers([row(3).prompt], 2)
    assert not cut.finished and row(3).answer.startswith(cut.text)


def test_losses_are_those_of_the_answers_tokens_only(model: LanguageModel) -> None:
    every = [row(index) for index in (0, 30, 61, 90)]
    found = model.answer_losses(every, 128)
    for index, (prompt, answer) in enumerate(model.tokenizer.answer_ids(every)):
        ids = torch.tensor([prompt + answer])
        with torch.inference_mode():
            scores = model.model(input_ids=ids).logits[0].log_softmax(-1)
        expected = -sum(
            float(scores[len(prompt) + place - 1, token]) for place, token in enumerate(answer)
        )
        assert found.sums[index] == pytest.approx(expected, rel=1e-3, abs=1e-3)
        assert found.tokens[index] == len(answer)
    assert found.perplexity == pytest.approx(np.exp(found.sums.sum() / found.tokens.sum()))


def test_known_answers_surprise_less_than_wrong_ones(model: LanguageModel) -> None:
    right = model.answer_losses(rows(24), 128).perplexity
    wrong = [
        Row((*row(index).prompt, Message("assistant", row(index + 30).answer)))
        for index in range(24)
    ]
    assert right < 1.2 < 5 < model.answer_losses(wrong, 128).perplexity


def test_tokens_beyond_the_longest_row_do_not_count(model: LanguageModel) -> None:
    ((prompt, answer),) = model.tokenizer.answer_ids([row(0)])
    cut = model.answer_losses([row(0)], len(prompt) + 2)
    assert cut.tokens.tolist() == [2.0] and len(answer) > 2


def test_a_model_that_diverged_is_said_to_have(tiny: Path) -> None:
    broken = load_model(tiny)
    with torch.no_grad():
        next(broken.parameters()).fill_(float("nan"))
    found = LanguageModel(broken.eval(), ChatTokenizer(load_tokenizer(tiny)))
    with pytest.raises(ModelDiverged, match=r"2 of 2 answers .* lower train.learning_rate"):
        found.answer_losses(rows(2), 128)


def test_batches_keep_to_the_budget_and_leave_nothing_out() -> None:
    lengths = [5, 100, 7, 30, 31, 6, 200]
    found = list(batches(lengths, 64))
    assert sorted(index for batch in found for index in batch) == list(range(7))
    for batch in found:
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= 64
    assert list(batches([], 64)) == []


def test_the_templates_end_of_turn_ends_an_answer(tiny: Path) -> None:
    tokenizer = load_tokenizer(tiny)
    ends = ChatTokenizer(tokenizer).end_ids()
    assert tokenizer.convert_tokens_to_ids("<|im_end|>") in ends
