"""Draws an answer token by token, and hands over its text as soon as it is certain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from source.json_requests import RefusedRequest
from source.serving_request import ChatRequest, Request

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# What a decoder shows for bytes that are not a whole character yet.
UNFINISHED = "\ufffd"


@dataclass(frozen=True)
class Piece:
    """A part of an answer; `tokens` counts all that were drawn so far.

    The last piece has a `finish_reason`: stop (the model or a stop text ended it) or length.
    """

    text: str
    tokens: int
    finish_reason: str | None = None


@dataclass(frozen=True)
class Prompt:
    """The tokens of a request, and how many may follow."""

    ids: list[int]
    max_tokens: int


class LanguageModel:
    """A model and its tokenizer. One thread at a time may generate."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._model = model
        self._tokenizer = tokenizer
        ends = model.generation_config.eos_token_id or tokenizer.eos_token_id
        self._ends = set(ends if isinstance(ends, list) else [ends])
        self.context = int(model.config.get_text_config().max_position_embeddings)

    def prompt(self, request: Request) -> Prompt:
        """The request's tokens. Raises `RefusedRequest` when they and the answer do not fit."""
        ids = self._tokenize(request)
        room = self.context - len(ids)
        said = (
            f"this model's context is {self.context} tokens and the request has {len(ids)} input "
            "tokens"
        )
        if room < 1:
            raise RefusedRequest(f"{said}: shorten the input")
        wanted = request.limit
        if wanted is not None and wanted > room:
            if "max_tokens" not in request.model_fields_set | _renamed(request):
                wanted = room
            else:
                raise RefusedRequest(
                    f"{said}; max_tokens {wanted} is too large, at most {room} are left"
                )
        return Prompt(ids, room if wanted is None else wanted)

    def generate(self, prompt: Prompt, request: Request) -> Iterator[Piece]:
        """The answer in pieces; temperature 0 takes the likeliest token each time."""
        import torch
        from transformers import DynamicCache

        randomness = torch.Generator(device=self._model.device)
        if request.seed is not None:
            randomness.manual_seed(request.seed)
        else:
            randomness.seed()
        cache = DynamicCache(config=self._model.config)
        drawn: list[int] = []
        sent = 0
        next_ids = prompt.ids
        while True:
            token = self._next(next_ids, cache, request, randomness)
            ended = token in self._ends
            if not ended:
                drawn.append(token)
            text = str(self._tokenizer.decode(drawn, skip_special_tokens=True))
            cut = _first(text, request.stops)
            if ended or cut is not None or len(drawn) >= prompt.max_tokens:
                whole = text if cut is None else text[:cut]
                reason = "stop" if ended or cut is not None else "length"
                yield Piece(whole[sent:], len(drawn), reason)
                return
            certain = len(text) - _uncertain(text, request.stops)
            if certain > sent:
                yield Piece(text[sent:certain], len(drawn))
                sent = certain
            next_ids = [token]

    def _tokenize(self, request: Request) -> list[int]:
        if not isinstance(request, ChatRequest):
            return list(self._tokenizer(request.prompt)["input_ids"])
        import jinja2

        messages = [message.as_dict() for message in request.messages]
        try:
            text = self._tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True
            )
        except (jinja2.TemplateError, TypeError) as error:
            raise RefusedRequest(f"the chat template refuses the messages: {error}") from error
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _next(self, ids: list[int], cache: Any, request: Request, randomness: Any) -> int:
        import torch

        # Inference mode belongs to a thread, and a generator can be resumed in another one.
        with torch.inference_mode():
            answer = self._model(
                input_ids=torch.tensor([ids], device=self._model.device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            logits = answer.logits[0, -1].float()
            if request.temperature == 0:
                return int(logits.argmax())
            shares = torch.softmax(logits / request.temperature, dim=-1)
            if request.top_p < 1:
                shares = _nucleus(shares, request.top_p)
            return int(torch.multinomial(shares, 1, generator=randomness))


def _nucleus(shares: Any, top_p: float) -> Any:
    """Only the likeliest tokens that together have `top_p`; always at least one."""
    import torch

    ordered, places = torch.sort(shares, descending=True)
    ordered[torch.cumsum(ordered, 0) - ordered >= top_p] = 0
    return torch.zeros_like(shares).scatter_(0, places, ordered)


def _renamed(request: Request) -> set[str]:
    """`max_completion_tokens` is the chat interface's newer name of `max_tokens`."""
    return {"max_tokens"} if "max_completion_tokens" in request.model_fields_set else set()


def _first(text: str, stops: tuple[str, ...]) -> int | None:
    """Where the earliest stop text begins."""
    found = [place for stop in stops if (place := text.find(stop)) >= 0]
    return min(found) if found else None


def _uncertain(text: str, stops: tuple[str, ...]) -> int:
    """How many characters at the end may still change or turn out to be a stop text's start."""
    if text.endswith(UNFINISHED):
        return len(text) - len(text.rstrip(UNFINISHED))
    longest = max(map(len, stops), default=1) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(stop.startswith(text[-length:]) for stop in stops):
            return length
    return 0
