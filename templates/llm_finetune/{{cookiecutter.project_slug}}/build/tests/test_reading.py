"""Files become rows, whatever wrote them; what is no row has its file, number and reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from source.reading import UnreadableData, data_files, read_files

LINE = json.dumps({"prompt": "a", "completion": "b"}).encode()


def test_a_folder_is_read_as_one_set_whatever_its_files_are_called(tmp_path: Path) -> None:
    (tmp_path / "part-0").write_bytes(LINE + b"\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.jsonl.gz").write_bytes(gzip.compress(LINE + b"\n" + LINE))
    pq.write_table(pa.table({"prompt": ["x", "y"], "completion": ["1", "2"]}), tmp_path / "c")
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "result.csv.metadata").write_bytes(b"\x00\x01")
    read = read_files(tmp_path)
    assert read.files == ("c", "more/b.jsonl.gz", "part-0")
    assert [(row.file, row.number) for row in read.rows] == [
        ("c", 1),
        ("c", 2),
        ("more/b.jsonl.gz", 1),
        ("more/b.jsonl.gz", 2),
        ("part-0", 1),
    ]
    assert read.rows[1].fields == {"prompt": "y", "completion": "2"}
    assert read.bad == ()


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + LINE + b"\r\n\r\n" + LINE + b"\r\n")
    assert [row.number for row in read_files(path).rows] == [1, 3]


def test_line_separators_inside_texts_do_not_end_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    text = "one\u2028two\u0085three"
    path.write_text(json.dumps({"prompt": text}, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_files(path).rows[0].fields == {"prompt": text}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"prompt": "caf\xe9"}', "not UTF-8: byte 0xe9 at position 15; save it as UTF-8"),
        (b'{"prompt": "a"', "not JSON: Expecting ',' delimiter"),
        (b"{'prompt': 'a'}", "not JSON: Expecting property name enclosed in double quotes"),
        (b'{"prompt": NaN}', "not JSON: NaN is no JSON value"),
        (b'"a text"', "a JSON str, where an object with fields is needed"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_line_has_its_number_and_reason(tmp_path: Path, line: bytes, reason: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(LINE + b"\n" + line + b"\n" + LINE + b"\n")
    read = read_files(path)
    assert [row.number for row in read.rows] == [1, 3]
    (bad,) = read.bad
    assert str(bad).startswith(f"rows.jsonl row 2: {reason}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"prompt": "a"}'.encode("utf-16"), "a.jsonl: it is encoded as UTF-16; save it as UTF-8"),
        (b'[{"prompt": "a"}]', "a.jsonl: it is one JSON array; write JSON Lines"),
        (b"\x89PNG\x00\x00", "a.jsonl: it is neither JSON Lines"),
        (b"PAR1 torn", "a.jsonl: not a readable Parquet file"),
        (b"\x1f\x8b torn", "a.jsonl: not a readable gzip file"),
    ],
)
def test_what_is_no_set_of_rows_is_said_to_be_none(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(UnreadableData, match=message):
        read_files(path)


def test_nothing_to_read_names_the_place_and_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match="there is no such file or directory"):
        data_files(tmp_path / "gone")
    (tmp_path / "notes.md").write_text("x")
    with pytest.raises(UnreadableData, match=r"no .jsonl or .parquet file .*; it holds notes.md"):
        data_files(tmp_path)
