"""Turns rows of any of the usual shapes into conversations, or says why one cannot be used.

Shapes, by our names of their fields, which `data.columns` maps to other names:
messages ({"messages": [{"role", "content"}]}), prompt_completion ({"prompt", "completion"}),
instruction ({"instruction", "input", "output"}), preference ({"prompt", "chosen", "rejected"}).
Prompts and answers may be texts or lists of messages; a list may stand as JSON in a text column,
which is how SQL engines hand it over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from source.data_settings import FIELDS, DataSettings
from source.errors import UserError
from source.reading import BadRow, RawRow
from source.rows import Message, Preference, Row, digest
from source.rows_messages import RowProblem, answer, conversation, messages, text

# Also found without `data.columns`: what widely used sets call these fields.
ALSO = {
    "messages": ("conversations", "conversation"),
    "completion": ("response", "answer"),
    "output": ("response", "answer"),
    "prompt": ("question", "query"),
    "input": ("context",),
}
OPTIONAL = ("input", "system")
# The order in which shapes are looked for: the first one whose fields are all there.
ORDER = ("preference", "messages", "instruction", "prompt_completion")


class UnknownShape(UserError):
    """The columns are those of no shape; the text names them and how to map them."""


@dataclass(frozen=True)
class Conversations:
    """What the rows of one source hold. Preferences also stand in `rows`, with their better answer.

    `places` tells where each row came from: (file, number), in the order of `rows`.
    """

    shape: str
    rows: tuple[Row, ...]
    preferences: tuple[Preference, ...]
    places: tuple[tuple[str, int], ...]
    bad: tuple[BadRow, ...]


def convert(
    raw: Sequence[RawRow], settings: DataSettings, group_by: str | None = None
) -> Conversations:
    """Convert every row. Raises `UnknownShape` when no shape fits the columns."""
    shape, columns = _recognise(raw, settings)
    rows: list[Row] = []
    preferences: list[Preference] = []
    places: list[tuple[str, int]] = []
    bad: list[BadRow] = []
    for record in raw:
        try:
            found = _convert(record.fields, shape, columns, settings.system_prompt)
            group = _group(record.fields, group_by)
        except RowProblem as problem:
            bad.append(BadRow(record.file, record.number, str(problem)))
            continue
        if isinstance(found, Preference):
            preference = Preference(found.prompt, found.chosen, found.rejected, group)
            preferences.append(preference)
            rows.append(preference.row)
        else:
            rows.append(Row(found.messages, group))
        places.append((record.file, record.number))
    return Conversations(shape, tuple(rows), tuple(preferences), tuple(places), tuple(bad))


def _recognise(raw: Sequence[RawRow], settings: DataSettings) -> tuple[str, dict[str, str]]:
    """The shape, and field -> column. Every column that any row has counts."""
    present = list(dict.fromkeys(name for record in raw for name in record.fields))
    shapes = ORDER if settings.shape == "auto" else (settings.shape,)
    missing: dict[str, list[str]] = {}
    for shape in shapes:
        columns, absent = _columns(shape, present, settings.columns)
        if not absent:
            return shape, columns
        missing[shape] = absent
    listed = ", ".join(map(repr, present[:12])) or "none"
    if settings.shape != "auto":
        raise UnknownShape(
            f"data.shape is {settings.shape}, and no row has {' or '.join(missing[settings.shape])}"
            f" (the columns are {listed}); map it in data.columns, or set data.shape to auto"
        )
    wanted = "; ".join(f"{name}: {', '.join(FIELDS[name])}" for name in FIELDS)
    raise UnknownShape(
        f"the columns {listed} are those of no known shape ({wanted}); say which column is which, "
        "for example data.columns: {prompt: question, completion: reply}"
    )


def _columns(
    shape: str, present: Sequence[str], mapped: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Field -> column for one shape, and the fields that no column stands for."""
    columns: dict[str, str] = {}
    absent = []
    for field in (*FIELDS[shape], "system"):
        names = (mapped[field],) if field in mapped else (field, *ALSO.get(field, ()))
        found = next((name for name in names if name in present), None)
        if found is not None:
            columns[field] = found
        # The prompt of a preference may be the part that both conversations begin with.
        elif field not in OPTIONAL and (shape, field) != ("preference", "prompt"):
            absent.append(repr(names[0]))
    own = {*FIELDS[shape], *FIELDS["preference"], "system"}
    if not absent and set(mapped) - own:
        absent.append("a place for " + ", ".join(sorted(set(mapped) - own)))
    return columns, absent


def _convert(
    fields: Mapping[str, Any], shape: str, columns: Mapping[str, str], system_prompt: str | None
) -> Row | Preference:
    def value(field: str) -> Any:
        column = columns.get(field)
        if column is None or fields.get(column) is None:
            if field in OPTIONAL or (field == "prompt" and shape == "preference"):
                return None
            raise RowProblem(f"no {column or field!r}")
        return fields[column]

    system = value("system")
    system = text(system, columns["system"]) if system is not None else system_prompt
    if shape == "messages":
        return Row(conversation(messages(value("messages"), columns["messages"]), system))
    if shape == "instruction":
        asked = text(value("instruction"), columns["instruction"])
        extra = value("input")
        if extra is not None and str(extra).strip():
            asked = f"{asked}\n\n{text(extra, columns['input'])}"
        turns = [Message("user", asked)]
        return Row(conversation([*turns, *answer(value("output"), columns["output"])], system))
    if shape == "prompt_completion":
        turns = _prompt(value("prompt"), columns["prompt"])
        reply = answer(value("completion"), columns["completion"])
        return Row(conversation([*turns, *reply], system))
    return _preference(value("prompt"), value("chosen"), value("rejected"), columns, system)


def _prompt(value: Any, column: str) -> list[Message]:
    listed = json_list(value)
    if listed is not None:
        return messages(listed, column)
    return [Message("user", text(value, column))]


def _preference(
    prompt: Any, chosen: Any, rejected: Any, columns: Mapping[str, str], system: str | None
) -> Preference:
    better = answer(chosen, columns["chosen"])
    worse = answer(rejected, columns["rejected"])
    if prompt is None:
        if better[:-1] != worse[:-1] or len(better) < 2:
            raise RowProblem("no prompt, and chosen and rejected do not begin with the same turns")
        turns, better, worse = better[:-1], better[-1:], worse[-1:]
    else:
        turns = _prompt(prompt, columns["prompt"])
        # Some sets repeat the prompt at the beginning of both conversations.
        better = better[len(turns) :] if better[: len(turns)] == turns else better
        worse = worse[len(turns) :] if worse[: len(turns)] == turns else worse
    for name, turn in (("chosen", better), ("rejected", worse)):
        if len(turn) != 1:
            raise RowProblem(f"{columns[name]!r} holds {len(turn)} turns after the prompt, not 1")
    if better == worse:
        raise RowProblem("chosen and rejected are the same text: there is nothing to prefer")
    found = conversation([*turns, *better], system)
    conversation([*turns, *worse], system)
    return Preference(found[:-1], better[0].content, worse[0].content)


def for_preferences(settings: DataSettings) -> DataSettings:
    """The settings of a second source, which holds preferences."""
    columns = {
        field: column
        for field, column in settings.columns.items()
        if field in FIELDS["preference"] and field != "prompt"
    }
    return replace(settings, shape="preference", columns=columns)


def json_list(value: Any) -> list[Any] | None:
    """A list, also one that stands as JSON in a text; None for anything else."""
    if isinstance(value, str) and value.lstrip()[:2] in ("[{", "[ ", "[\n"):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return list(value) if isinstance(value, list | tuple) else None


def _group(fields: Mapping[str, Any], group_by: str | None) -> str | None:
    if group_by is None:
        return None
    value = fields.get(group_by)
    if value is None or not str(value).strip():
        raise RowProblem(f"no {group_by!r}, which split.group_by asks for")
    return digest(str(value))
