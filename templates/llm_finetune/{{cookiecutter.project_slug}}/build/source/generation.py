"""Lets a causal language model answer prompts greedily, and measures how it expects answers.

Rows are handled in batches of similar length, as many as fit into a budget of tokens, so that a
laptop does not wait for padding and a GPU is not left idle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from source.errors import UserError
from source.rows import Message, Row
from source.tokens import ChatTokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Vector = npt.NDArray[np.float64]

# Tokens of a batch, padding included. The scores of all tokens of the vocabulary are kept for
# each position when answers are measured, so that budget is the smaller one.
GENERATED_TOKENS = {"cpu": 16_384, "cuda": 65_536}
MEASURED_TOKENS = {"cpu": 4_096, "cuda": 8_192}


class ModelDiverged(UserError):
    """The model computes infinities or nothing at all; the text says what may have happened."""


@dataclass(frozen=True)
class Answer:
    """What a model said; `finished` is False when it was cut off by the limit of new tokens."""

    text: str
    finished: bool


@dataclass(frozen=True)
class Losses:
    """Negative log likelihood (nats) of each row's answer, summed, and its number of tokens."""

    sums: Vector
    tokens: Vector

    @property
    def perplexity(self) -> float:
        """Of all tokens of all answers."""
        return float(np.exp(self.sums.sum() / self.tokens.sum()))


@dataclass(frozen=True)
class LanguageModel:
    """A model, its tokenizer, and the device that it is on."""

    model: PreTrainedModel
    tokenizer: ChatTokenizer

    @property
    def device(self) -> str:
        """cpu or cuda."""
        return str(self.model.device.type)

    def answers(self, prompts: Sequence[Sequence[Message]], max_new_tokens: int) -> list[Answer]:
        """Greedy answers, in the order of the prompts."""
        import torch
        from transformers import GenerationConfig

        ends = self._end_ids()
        padding = self._padding()
        # Only this decides: a generation_config.json beside the weights may ask for sampling.
        how = GenerationConfig(
            do_sample=False, max_new_tokens=max_new_tokens, eos_token_id=ends, pad_token_id=padding
        )
        ids = self.tokenizer.ids([self.tokenizer.render(p, for_answer=True) for p in prompts])
        found: list[Answer | None] = [None] * len(ids)
        budget = GENERATED_TOKENS.get(self.device, GENERATED_TOKENS["cpu"])
        for batch in batches([len(row) + max_new_tokens for row in ids], budget):
            inputs, mask = _padded([ids[index] for index in batch], padding, left=True)
            with torch.inference_mode():
                generated = self.model.generate(
                    input_ids=inputs.to(self.model.device),
                    attention_mask=mask.to(self.model.device),
                    generation_config=how,
                )
            new = generated[:, inputs.shape[1] :].tolist()
            for index, row in zip(batch, new, strict=True):
                end = next((i for i, token in enumerate(row) if token in ends), None)
                text = self.tokenizer.tokenizer.decode(row[:end], skip_special_tokens=True)
                found[index] = Answer(text.strip(), end is not None)
        return [answer for answer in found if answer is not None]

    def answer_losses(self, rows: Sequence[Row], max_length: int) -> Losses:
        """How surprising each row's answer is to the model, given its prompt.

        Counts the answer's tokens only, its end among them, up to `max_length` tokens of the row.
        Raises `ModelDiverged`.
        """
        import torch

        pairs = [
            (prompt, answer[: max(1, max_length - len(prompt))])
            for prompt, answer in self.tokenizer.answer_ids(rows)
        ]
        sums, tokens = np.zeros(len(pairs)), np.zeros(len(pairs))
        budget = MEASURED_TOKENS.get(self.device, MEASURED_TOKENS["cpu"])
        for batch in batches([len(prompt) + len(answer) for prompt, answer in pairs], budget):
            whole = [pairs[index][0] + pairs[index][1] for index in batch]
            inputs, mask = _padded(whole, self._padding(), left=False)
            inputs, mask = inputs.to(self.model.device), mask.to(self.model.device)
            with torch.inference_mode():
                scores = self.model(input_ids=inputs, attention_mask=mask, use_cache=False).logits
            for position, index in enumerate(batch):
                prompt, answer = pairs[index]
                begin, end = len(prompt), len(prompt) + len(answer)
                loss = torch.nn.functional.cross_entropy(
                    scores[position, begin - 1 : end - 1].float(),
                    inputs[position, begin:end],
                    reduction="sum",
                )
                sums[index], tokens[index] = float(loss), len(answer)
        if not np.isfinite(sums).all():
            raise ModelDiverged(
                f"the model's scores of {int((~np.isfinite(sums)).sum())} of {len(sums)} answers "
                "are no finite numbers: its weights are damaged, or training diverged; lower "
                "train.learning_rate"
            )
        return Losses(sums, tokens)

    def _end_ids(self) -> list[int]:
        own = getattr(self.model.generation_config, "eos_token_id", None)
        more = own if isinstance(own, list) else [own] if own is not None else []
        return sorted({*self.tokenizer.end_ids(), *more})

    def _padding(self) -> int:
        tokenizer = self.tokenizer.tokenizer
        pad = tokenizer.pad_token_id
        return int(tokenizer.eos_token_id if pad is None else pad)


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Positions in batches of similar length; the longest times their number fits `budget`."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda position: (-lengths[position], position)):
        if batch and lengths[batch[0]] * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _padded(rows: Sequence[Sequence[int]], padding: int, *, left: bool) -> tuple[Any, Any]:
    """Ids and attention mask, as int64 tensors of shape (rows, longest)."""
    import torch

    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), padding, dtype=torch.int64)
    mask = torch.zeros((len(rows), longest), dtype=torch.int64)
    for position, row in enumerate(rows):
        place = slice(longest - len(row), longest) if left else slice(0, len(row))
        ids[position, place] = torch.tensor(row, dtype=torch.int64)
        mask[position, place] = 1
    return ids, mask
