"""Counts tokens as the model will see them: through the chat template of its tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from source.rows import Message, Row

# Conversations that are rendered and tokenised in one call.
CHUNK = 1000


@dataclass(frozen=True)
class Length:
    """Tokens of a row: its prompt, up to where the answer begins, and its answer to the end."""

    prompt: int
    answer: int

    @property
    def total(self) -> int:
        """All tokens of the row."""
        return self.prompt + self.answer


@dataclass(frozen=True)
class ChatTokenizer:
    """A tokenizer with a chat template, as `source.base_model.load_tokenizer` gives it."""

    tokenizer: Any

    def render(self, messages: Sequence[Message], *, for_answer: bool = False) -> str:
        """The conversation as text; `for_answer` adds what comes before the model's own words.

        Raises `ValueError` with the template's words when it refuses the conversation.
        """
        import jinja2

        turns = [message.as_dict() for message in messages]
        try:
            return str(
                self.tokenizer.apply_chat_template(
                    turns, tokenize=False, add_generation_prompt=for_answer
                )
            )
        except (jinja2.TemplateError, TypeError) as error:
            raise ValueError(f"the chat template refuses it: {error}") from error

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of rendered texts; the template has written the special tokens already."""
        found: list[list[int]] = []
        for start in range(0, len(texts), CHUNK):
            encoded = self.tokenizer(
                list(texts[start : start + CHUNK]), add_special_tokens=False, verbose=False
            )
            found += [list(ids) for ids in encoded["input_ids"]]
        return found

    def answer_ids(self, rows: Sequence[Row]) -> list[tuple[list[int], list[int]]]:
        """Ids of each row's prompt and of its answer, which closes as the template closes it."""
        prompts = [self.render(row.prompt, for_answer=True) for row in rows]
        wholes = [self.render(row.messages) for row in rows]
        return [
            (prompt, whole[shared(prompt, whole) :])
            for prompt, whole in zip(self.ids(prompts), self.ids(wholes), strict=True)
        ]

    def lengths(self, rows: Sequence[Row]) -> list[Length | str]:
        """The length of each row, or why the chat template refuses it."""
        found: list[Length | str] = []
        accepted: list[tuple[str, str]] = []
        for row in rows:
            try:
                accepted.append(
                    (self.render(row.prompt, for_answer=True), self.render(row.messages))
                )
                found.append(Length(0, 0))
            except ValueError as error:
                found.append(str(error))
        prompts = self.ids([prompt for prompt, _ in accepted])
        wholes = self.ids([whole for _, whole in accepted])
        counted = iter(
            Length(len(prompt), max(0, len(whole) - len(prompt)))
            for prompt, whole in zip(prompts, wholes, strict=True)
        )
        return [entry if isinstance(entry, str) else next(counted) for entry in found]

    def end_ids(self) -> list[int]:
        """Ids of the tokens that end an answer: the template's end of turn, and end of text."""
        ends = {self.tokenizer.eos_token_id}
        asked = [Message("user", "a")]
        opened = self.render(asked, for_answer=True)
        closed = self.render([*asked, Message("assistant", "b")])
        if closed.startswith(opened):
            after = self.ids([closed[len(opened) :].removeprefix("b")])[0]
            if after and after[0] in self.tokenizer.all_special_ids:
                ends.add(after[0])
        return sorted(end for end in ends if end is not None)


def shared(first: Sequence[int], second: Sequence[int]) -> int:
    """How many ids two sequences begin with in common."""
    for position, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return position
    return min(len(first), len(second))
