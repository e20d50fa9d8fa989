"""Text that must not be seen: tokens, keys, secrets. Only `reveal` gives it away."""

from __future__ import annotations


class Concealed:
    """Wraps a text so that no log line, message or representation can show it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text; do not keep it in a variable."""
        return self._text

    def within(self, text: str) -> str:
        """Return `text` with every occurrence of the concealed one blotted out."""
        return text.replace(self._text, "***") if self._text else text

    def __repr__(self) -> str:
        return "Concealed(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Concealed) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __getstate__(self) -> object:
        raise TypeError("concealed text is not written anywhere")
