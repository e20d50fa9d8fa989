"""Every usual shape becomes the same conversation; what cannot be one has its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from source.data_settings import DataSettings
from source.reading import RawRow
from source.rows import Message, Row
from source.rows_shapes import UnknownShape, convert, for_preferences
from source.settings import SettingsError

EXPECTED = Row((Message("user", "2 + 2?"), Message("assistant", "4")))
TURNS = [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]


def converted(*fields: dict[str, Any], group_by: str | None = None, **settings: Any) -> Any:
    raw = [RawRow("rows.jsonl", number, entry) for number, entry in enumerate(fields, start=1)]
    return convert(raw, DataSettings(**settings), group_by)


def reason(fields: dict[str, Any], good: dict[str, Any] | None = None, **settings: Any) -> str:
    """Why a row is bad, beside a good one that says what the shape is."""
    found = converted(good or {"messages": TURNS}, fields, **settings)
    assert len(found.rows) == 1
    (bad,) = found.bad
    assert (bad.file, bad.number) == ("rows.jsonl", 2)
    return str(bad.reason)


@pytest.mark.parametrize(
    ("fields", "shape"),
    [
        ({"messages": TURNS}, "messages"),
        ({"messages": json.dumps(TURNS)}, "messages"),
        ({"conversations": [{"from": "human", "value": "2 + 2?"}, {"from": "gpt", "value": "4"}]},
         "messages"),
        ({"prompt": "2 + 2?", "completion": "4"}, "prompt_completion"),
        ({"prompt": TURNS[:1], "completion": TURNS[1:]}, "prompt_completion"),
        ({"question": "2 + 2?", "answer": 4}, "prompt_completion"),
        ({"instruction": "2 + 2?", "input": "", "output": "4"}, "instruction"),
        ({"instruction": "2 + 2?", "response": "4", "category": "sums"}, "instruction"),
    ],
)  # fmt: skip
def test_every_usual_shape_is_recognised(fields: dict[str, Any], shape: str) -> None:
    found = converted(fields)
    assert found.shape == shape
    assert found.rows == (EXPECTED,)
    assert found.rows[0].id == EXPECTED.id and found.preferences == ()


def test_an_instruction_with_input_has_both() -> None:
    found = converted({"instruction": "Add.", "input": "2 and 2", "output": "4"})
    assert found.rows[0].prompt == (Message("user", "Add.\n\n2 and 2"),)


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "2 + 2?", "chosen": "4", "rejected": "5"},
        {"prompt": TURNS[:1], "chosen": TURNS[1:], "rejected": [{**TURNS[1], "content": "5"}]},
        {"chosen": TURNS, "rejected": [TURNS[0], {**TURNS[1], "content": "5"}]},
        {"prompt": "2 + 2?", "chosen": TURNS, "rejected": [TURNS[0], {**TURNS[1], "content": "5"}]},
    ],
)
def test_preferences_give_a_pair_and_a_row_with_the_better_answer(fields: dict[str, Any]) -> None:
    found = converted(fields)
    (pair,) = found.preferences
    assert (pair.prompt, pair.chosen, pair.rejected) == (EXPECTED.prompt, "4", "5")
    assert found.rows == (EXPECTED,) and found.shape == "preference"


def test_columns_of_any_name_can_be_mapped() -> None:
    names = {"prompt": "ticket", "completion": "queue", "system": "role"}
    found = converted(
        {"ticket": "It is broken", "queue": "repairs", "role": "Sort."}, columns=names
    )
    assert [message.role for message in found.rows[0].messages] == ["system", "user", "assistant"]
    assert found.rows[0].answer == "repairs"


def test_a_mapping_decides_between_shapes() -> None:
    fields = {"messages": TURNS, "text": "q", "label": "a"}
    found = converted(fields, columns={"prompt": "text", "completion": "label"})
    assert found.shape == "prompt_completion" and found.rows[0].answer == "a"


def test_the_system_prompt_is_added_where_a_row_has_none() -> None:
    own = [{"role": "system", "content": "own"}, *TURNS]
    found = converted({"messages": TURNS}, {"messages": own}, system_prompt="ours")
    assert [row.messages[0].content for row in found.rows] == ["ours", "own"]


def test_texts_stay_as_they_were_written() -> None:
    found = converted({"prompt": "  indent\n", "completion": "\tx = 1\n"})
    assert [m.content for m in found.rows[0].messages] == ["  indent\n", "\tx = 1\n"]


def test_unknown_columns_are_listed_with_how_to_map_them() -> None:
    with pytest.raises(UnknownShape) as failure:
        converted({"betreff": "x", "antwort": "y"})
    text = str(failure.value)
    assert "'betreff', 'antwort'" in text and "prompt_completion: prompt, completion" in text
    assert "data.columns: {prompt: question, completion: reply}" in text
    with pytest.raises(UnknownShape, match=r"data.shape is instruction, and no row has 'output'"):
        converted({"instruction": "x"}, shape="instruction")
    with pytest.raises(SettingsError, match=r"data.columns: unknown \['promt'\]"):
        DataSettings(columns={"promt": "x"})


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        (
            [{"role": "bot", "content": "a"}],
            "message 1 has the unknown role 'bot'; use system, user",
        ),
        ([{"content": "a"}], "message 1 of 'messages' has no role"),
        ([{"role": "user"}], "message 1 of 'messages' has no content"),
        ([{"role": "user", "content": " "}, TURNS[1]], "'content of message 1' is empty"),
        ([{"role": "user", "content": ["a"]}, TURNS[1]], "is a list, where a text is needed"),
        ([{"role": "user", "content": "caf\ufffd"}, TURNS[1]], "U+FFFD"),
        ([{"role": "user", "content": "\ud83d"}, TURNS[1]], "half of a UTF-16 pair"),
        (TURNS[:1], "the last message is not the assistant's: there is no answer to learn"),
        ([TURNS[1]], "message 1 is the assistant's, where the user's is due"),
        ([TURNS[0], TURNS[0], TURNS[1]], "message 2 is the user's, where the assistant's is due"),
        ([*TURNS, {"role": "system", "content": "x"}], "message 3 is a system message"),
        ([], "not a list of messages, or an empty one"),
        ("plain", "is a text that is no JSON list of messages"),
        ([1], "message 1 of 'messages' is a int, no object"),
    ],
)
def test_a_conversation_that_cannot_be_has_its_reason(turns: Any, words: str) -> None:
    assert words in reason({"messages": turns})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prompt": "a"}, "no 'completion'"),
        ({"prompt": "a", "completion": None}, "no 'completion'"),
        ({"prompt": "", "completion": "b"}, "'prompt' is empty"),
        ({"prompt": True, "completion": "b"}, "'prompt' is a bool"),
    ],
)
def test_a_row_without_its_fields_has_its_reason(fields: dict[str, Any], words: str) -> None:
    assert words in reason(fields, good={"prompt": "a", "completion": "b"})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prompt": "a", "chosen": "b", "rejected": "b"}, "the same text"),
        ({"prompt": "a", "chosen": "b"}, "no 'rejected'"),
        ({"chosen": "b", "rejected": "c"}, "no prompt, and chosen and rejected do not begin"),
        ({"prompt": "a", "chosen": [*TURNS, *TURNS], "rejected": "c"}, "holds 4 turns"),
    ],
)
def test_a_pair_that_prefers_nothing_has_its_reason(fields: dict[str, Any], words: str) -> None:
    assert words in reason(fields, good={"prompt": "a", "chosen": "b", "rejected": "c"})


def test_a_row_without_its_group_is_bad() -> None:
    good = {"messages": TURNS, "customer": 7}
    found = converted(good, {"messages": TURNS, "customer": None}, group_by="customer")
    assert found.rows[0].group is not None
    assert "no 'customer', which split.group_by asks for" in found.bad[0].reason


def test_a_second_source_is_read_as_preferences() -> None:
    main = DataSettings(
        shape="messages", columns={"messages": "chat", "chosen": "good", "rejected": "bad"}
    )
    raw = [RawRow("pairs.jsonl", 1, {"prompt": "2 + 2?", "good": "4", "bad": "5"})]
    assert convert(raw, for_preferences(main)).preferences[0].rejected == "5"
