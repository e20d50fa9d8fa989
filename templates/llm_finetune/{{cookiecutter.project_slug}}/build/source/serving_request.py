"""What a client may ask: chat and completion bodies of the OpenAI interface, read and checked.

Fields that this server has no use for are ignored, as the vLLM containers do; a field that would
change the answer and is not supported is refused.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from source.json_requests import RefusedRequest, explain, read_object

MOST_STOPS = 4
# What the interface gives a completion, for which no one has said how long it may be.
COMPLETION_TOKENS = 16


class _Part(BaseModel):
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One turn. Parts of type text are joined; other kinds are refused."""

    role: Literal["system", "user", "assistant"]
    content: str | list[_Part]

    def as_dict(self) -> dict[str, str]:
        """As chat templates have it."""
        parts = self.content
        text = parts if isinstance(parts, str) else "".join(part.text for part in parts)
        return {"role": self.role, "content": text}


class _StreamOptions(BaseModel):
    include_usage: bool = False


class Sampling(BaseModel):
    """How an answer is drawn; the same in both kinds of request."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: str | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    stop: str | list[str] | None = None
    stream: bool = False
    stream_options: _StreamOptions | None = None
    seed: int | None = None
    n: Literal[1] = 1
    max_tokens: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _few_stops(self) -> Self:
        if len(self.stops) > MOST_STOPS or not all(self.stops):
            raise ValueError(f"stop takes up to {MOST_STOPS} texts, none of them empty")
        return self

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts that end the answer and are not part of it."""
        if self.stop is None:
            return ()
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with a count of tokens."""
        return self.stream_options is not None and self.stream_options.include_usage


class ChatRequest(Sampling):
    """The next turn of a conversation is asked for."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None

    @property
    def limit(self) -> int | None:
        """The most tokens to answer with; None for as many as the context has room for."""
        return self.max_completion_tokens or self.max_tokens


class CompletionRequest(Sampling):
    """What comes after a text is asked for."""

    prompt: Annotated[str, Field(min_length=1)]

    @property
    def limit(self) -> int | None:
        """The most tokens to answer with."""
        return self.max_tokens or COMPLETION_TOKENS


Request = ChatRequest | CompletionRequest


def read_request(body: bytes, kind: type[Request] | None = None) -> Request:
    """The request in a body; without `kind` its fields decide. Raises `RefusedRequest`."""
    document = read_object(body)
    if kind is None:
        given = [name for name in ("messages", "prompt") if name in document]
        if len(given) != 1:
            raise RefusedRequest("give either messages (a conversation) or prompt (a text)")
        kind = ChatRequest if given == ["messages"] else CompletionRequest
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise RefusedRequest(explain(error)) from error
