"""Splits that do not move when data grows, and what the sides may not have in common."""

from __future__ import annotations

import pytest
from instruction_sets import row, rows

from source.data_settings import SplitSettings
from source.dedup import find_duplicates
from source.near_duplicates import normalised, resembling
from source.rows import Message, Preference, Row
from source.splitting import SplitError, prompt_key, side_of, split_preferences, split_rows


def ids(side: tuple[Row, ...]) -> set[str]:
    return {entry.id for entry in side}


def test_every_row_is_on_one_side_and_the_shares_are_about_right() -> None:
    every = rows(2000)
    split = split_rows(every, SplitSettings(validation=0.1, test=0.2))
    sides = [ids(side) for _, side in split.items()]
    assert sum(map(len, sides)) == len(set().union(*sides)) == 2000
    assert len(split.test) == pytest.approx(400, abs=60)
    assert len(split.validation) == pytest.approx(200, abs=45)
    assert split.overlapping == 0


def test_rows_stay_on_their_side_when_data_grows_or_changes_its_order() -> None:
    few = split_rows(rows(300), SplitSettings())
    many = split_rows(rows(900)[::-1], SplitSettings())
    for name, side in few.items():
        assert ids(side) <= ids(dict(many.items())[name])


def test_another_salt_deals_anew() -> None:
    one, other = (split_rows(rows(300), SplitSettings(salt=salt)) for salt in ("1", "2"))
    assert ids(one.test) != ids(other.test)


@pytest.mark.parametrize("change", [str.upper, str.swapcase, lambda t: t.replace(".", " !")])
def test_copies_that_differ_in_writing_only_are_on_the_same_side(change: object) -> None:
    assert callable(change)
    for entry in rows(50):
        copy = tuple(Message(m.role, change(m.content)) for m in entry.prompt)
        assert side_of(copy, None, SplitSettings()) == side_of(entry.prompt, None, SplitSettings())


def test_the_system_prompt_does_not_decide() -> None:
    for entry in rows(50):
        told = (Message("system", "Be brief."), *entry.prompt)
        assert prompt_key(told) == prompt_key(entry.prompt)


def test_groups_stay_together_and_shared_prompts_leave_the_earlier_side() -> None:
    grouped = [
        Row((Message("user", f"{topic}?"), Message("assistant", f"{topic} {group}")), str(group))
        for group in range(60)
        for topic in ("everybody asks", f"one {group}", f"two {group}", f"three {group}")
    ]
    split = split_rows(grouped, SplitSettings(group_by="customer"))
    side_of_group: dict[str | None, set[str]] = {}
    for name, side in split.items():
        for entry in side:
            side_of_group.setdefault(entry.group, set()).add(name)
    assert all(len(sides) == 1 for sides in side_of_group.values())
    test_prompts = {prompt_key(entry.prompt) for entry in split.test}
    assert prompt_key((Message("user", "everybody asks?"),)) in test_prompts
    for entry in (*split.train, *split.validation):
        assert prompt_key(entry.prompt) not in test_prompts
    assert split.overlapping == 240 - sum(len(side) for _, side in split.items()) > 0


@pytest.mark.parametrize("count", [0, 6])
def test_an_empty_side_is_named_with_what_to_change(count: int) -> None:
    with pytest.raises(SplitError, match=r"gets \d of \d+ rows, \d+ are needed; bring more rows"):
        split_rows(rows(count), SplitSettings())


def test_preferences_follow_the_split_and_keep_off_the_test() -> None:
    every = rows(400)
    split = split_rows(every, SplitSettings())
    pairs = [Preference(entry.prompt, entry.answer, "no") for entry in every]
    dealt = split_preferences(pairs, SplitSettings(), split)
    assert {pair.row.id for pair in dealt.train} == ids(split.train)
    assert {pair.row.id for pair in dealt.validation} == ids(split.validation)
    assert dealt.left_out == len(split.test)


def test_exact_copies_are_left_out_and_other_answers_counted() -> None:
    other = Row((*row(0).prompt, Message("assistant", "someone else")))
    found = find_duplicates([row(0), row(1), row(0), other], remove=True)
    assert found.kept == (0, 1, 3)
    assert (found.exact, found.conflicting) == (1, 1)
    kept = find_duplicates([row(0), row(1), row(0)], remove=False)
    assert kept.kept == (0, 1, 2) and kept.exact == 1


TEXT = (
    "The quick brown fox jumps over the lazy dog while the cat watches from the old garden wall "
    "and the birds in the apple tree sing as if nothing had happened on this long summer evening"
)


def test_near_copies_are_found_and_other_texts_are_not() -> None:
    near = TEXT.replace("apple", "pear")
    other = " ".join(reversed(TEXT.split()))
    assert resembling([TEXT, other, near, TEXT.upper()]) == {2: 0, 3: 0}
    assert resembling([other, near], [TEXT]) == {1: 0}
    assert resembling([], [TEXT]) == {}
    assert resembling(["a b", "a b", "c d"]) == {1: 0}


def test_normalising_keeps_what_has_no_words() -> None:
    assert normalised("  Hello,\n WORLD! ") == "hello world"
    assert normalised("!?") == "!?"
