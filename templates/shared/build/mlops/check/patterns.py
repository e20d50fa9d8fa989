"""Patterns of the service model: Java regular expressions, matched with Python's `re`."""

import re
import unicodedata
from functools import cache

_PUNCTUATION = r"!\"#%&'()*,\-./:;?@\[\\\]_{}"
_SYMBOLS = r"$+<=>\^`|~"
# Unicode category: how it is written in an ASCII character class, and the one character that
# stands for every non-ASCII character of the category while matching.
_CATEGORIES = {
    "L": ("a-zA-Z", "a"),
    "N": ("0-9", "0"),
    "Z": (" ", " "),
    "P": (_PUNCTUATION, "!"),
    "S": (_SYMBOLS, "+"),
    "M": ("\u0300", "\u0300"),
}


def matches(pattern: str, value: str) -> bool:
    """Whether the whole of `value` matches `pattern`, as SageMaker reads it."""
    if r"\p{" in pattern:
        value = "".join(map(_representative, value))
    return compiled(pattern).fullmatch(value) is not None


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """`pattern` in Python's dialect; raises `re.error` for what is in neither."""
    text = pattern.replace(r"\p{Alnum}", "a-zA-Z0-9")
    for category, (characters, _) in _CATEGORIES.items():
        text = text.replace(rf"\p{{{category}}}", characters)
    # Characters beyond the basic plane are written as pairs of surrogates in Java.
    text = text.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010ffff")
    # `(...)*${1,128}` is how the model says "and 1 to 128 characters long".
    length = re.search(r"\$\{(\d+),(\d+)\}$", text)
    if length:
        text = rf"(?=[\s\S]{{{length[1]},{length[2]}}}\Z){text[: length.start()]}"
    return re.compile(text)


def _representative(character: str) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)[0]
    return _CATEGORIES[category][1] if category in _CATEGORIES else "\0"
