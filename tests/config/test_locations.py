"""Lines of keys, in every way in which TOML can write them."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from typing import Any

from generator.config.locations import locate

TEXT = '''\
# a comment = "no key"
top = 1
[a]  # a table
b = "x # ] }" # a comment
"c d".e = \'\'\'m
n' ''\'\'\'
f = [ # items
  "1",
  { g = 2, h = [1,
   2] }, # [
]
[[l]]
x = 1
[l.sub]
y = "\\"\\\\"
[[ l ]]
x = """a""b \\"""
"\\\\"""
z = {}
["q.r".'s"t']
u.v.w = 1979-05-27 07:32:00
u . v . x = []
[l.sub.late]
empty = ""
after = ''
'''


def test_every_way_to_write_a_key() -> None:
    found: dict[int, list[str]] = {}
    for path, line in locate(TEXT).items():
        found.setdefault(line, []).append("|".join(map(str, path)))
    expected = {
        2: ["top"],
        3: ["a"],
        4: ["a|b"],
        5: ["a|c d", "a|c d|e"],
        7: ["a|f"],
        8: ["a|f|0"],
        9: ["a|f|1", "a|f|1|g", "a|f|1|h", "a|f|1|h|0"],
        10: ["a|f|1|h|1"],
        12: ["l", "l|0"],
        13: ["l|0|x"],
        14: ["l|0|sub"],
        15: ["l|0|sub|y"],
        16: ["l|1"],
        17: ["l|1|x"],
        19: ["l|1|z"],
        20: ["q.r", 'q.r|s"t'],
        21: ['q.r|s"t|u', 'q.r|s"t|u|v', 'q.r|s"t|u|v|w'],
        22: ['q.r|s"t|u|v|x'],
        23: ["l|1|sub", "l|1|sub|late"],
        24: ["l|1|sub|late|empty"],
        25: ["l|1|sub|late|after"],
    }
    assert found == expected
    assert set(locate(TEXT)) == set(paths(tomllib.loads(TEXT)))


def paths(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path in what `tomllib` understood."""
    if above:
        yield above
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, (*above, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from paths(inner, (*above, number))


class Writer:
    """Writes a random document; every value is the line on which its key or item stands."""

    def __init__(self, seed: int) -> None:
        self.choose = random.Random(seed)
        self.text = ""
        self.count = 0

    @property
    def line(self) -> int:
        return self.text.count("\n") + 1

    def name(self) -> str:
        self.count += 1
        plain = f"k{self.count}"
        return self.choose.choice(
            [plain, f'"{plain}"', f"'{plain}'", f'"# {plain} = [\\"{{"', f"'{plain}.]'"]
        )

    def value(self, depth: int) -> None:
        """Write the number of the line, or a list or table of such."""
        kind = self.choose.choice(["number", "text", "list", "table"] if depth < 3 else ["number"])
        if kind == "number":
            self.text += str(self.line)
        elif kind == "text":
            quote = self.choose.choice(['"', "'", '"""', "'''"])
            self.text += f"{quote}{self.line}{quote}"
            if len(quote) == 3:
                self.text = self.text[:-3] + "\n ] # } = " + quote
        elif kind == "list":
            self.text += "["
            for _ in range(self.choose.randrange(4)):
                self.text += self.choose.choice(["", "\n", " # , ]\n\n"])
                self.value(depth + 1)
                self.text += self.choose.choice([",", "\n,", ", # x\n"])
            self.text += self.choose.choice(["", "\n"]) + "]"
        else:
            self.text += "{ "
            for number in range(self.choose.randrange(3)):
                self.text += ", " if number else ""
                self.text += f"{self.name()} = "
                self.value(depth + 1)
            self.text += " }"

    def document(self) -> str:
        for _ in range(self.choose.randrange(1, 12)):
            header = self.choose.choice(["", "", "[{}]\n", "[[{}]]\n", "[ {} ] # x = [\n"])
            self.text += header.format(self.name())
            dotted = self.choose.choice(["{}", "{}.x", "{} . y.z"])
            self.text += f"{dotted.format(self.name())}  =\t"
            self.value(0)
            self.text += self.choose.choice(["\n", " # c = [\n", "\n\n# d\n"])
        return self.text


def test_random_documents() -> None:
    """Every number in one says its own line, wherever the value stands."""
    for seed in range(300):
        text = Writer(seed).document()
        content = tomllib.loads(text)
        lines = locate(text)
        assert set(lines) == set(paths(content)), text
        for path in paths(content):
            value: Any = content
            for name in path:
                value = value[name]
            if isinstance(value, int | str):
                assert lines[path] == int(str(value).split("\n")[0]), (path, text)
