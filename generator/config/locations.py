"""Finds the line of every key and list item in a TOML text that `tomllib` has accepted.

`tomllib` tells values but not where they stand, and an error that names a line saves a search. As
the text is known to be TOML, only what separates its parts is looked at: quotes, brackets, commas.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

# A key from outermost to innermost; a number is a position in a list.
Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TEXT = re.compile(
    r'"""(?:[^\\"]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_NUMBER_OR_WORD = re.compile(r"[^,\]}#\n]+")


def locate(text: str) -> Mapping[Path, int]:
    """Return the line, from 1, of each table, key and list item of the TOML in `text`.

    A table that only its members name has the line of the first of them.
    """
    return _Scan(text).lines


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._last: dict[Path, int] = {}  # position of the newest item of each list of tables
        # Where each line starts: the number of starts up to a place is the number of its line.
        self._starts = [0, *(end.end() for end in re.finditer("\n", text))]
        self._document()

    def _document(self) -> None:
        table: Path = ()
        while self._skip(_BLANK) < len(self.text):
            line = self._line()
            if self._take("[["):
                several = self._through_lists(self._key())
                self._last[several] = self._last.get(several, -1) + 1
                table = (*several, self._last[several])
                self._take("]]")
            elif self._take("["):
                table = self._through_lists(self._key())
                self._take("]")
            else:
                self._pair(table)
                continue
            self._note(table, line)

    def _through_lists(self, key: Path) -> Path:
        """Return the path of a header: inside a list of tables it means the newest item."""
        path: Path = ()
        for name in key[:-1]:
            path = (*path, name)
            if path in self._last:
                path = (*path, self._last[path])
        return (*path, key[-1])

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table + self._key()
        self._note(path, line)
        self._take("=")
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._take("["):
            item = 0
            while self._skip(_BLANK) and not self._take("]"):
                self._note((*path, item), self._line())
                self._value((*path, item))
                self._skip(_BLANK)
                self._take(",")
                item += 1
        elif self._take("{"):
            while self._skip(_BLANK) and not self._take("}"):
                self._pair(path)
                self._skip(_BLANK)
                self._take(",")
        else:
            match = _TEXT.match(self.text, self.at) or _NUMBER_OR_WORD.match(self.text, self.at)
            assert match, f"no value at {self.at}"
            self.at = match.end()

    def _key(self) -> Path:
        """Read a key, dotted or not, and the space around it."""
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            if bare := _BARE_KEY.match(self.text, self.at):
                names.append(bare[0])
                self.at = bare.end()
            else:
                quoted = _TEXT.match(self.text, self.at)
                assert quoted, f"no key at {self.at}"
                names.append(tomllib.loads(f"key = {quoted[0]}")["key"])
                self.at = quoted.end()
            self._skip(_SPACE)
            if not self._take("."):
                return tuple(names)

    def _note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _line(self) -> int:
        return bisect_right(self._starts, self.at)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        assert match  # each of them matches the empty text
        self.at = match.end()
        return self.at

    def _take(self, mark: str) -> bool:
        found = self.text.startswith(mark, self.at)
        self.at += len(mark) * found
        return found
