"""Files become one raw table, whatever wrote them; what is no table is said to be none."""

from __future__ import annotations

import datetime as dt
import gzip
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from source.reading import UnreadableTable, data_files, parse_csv, read_table
from source.sections import DataSettings, SplitSettings
from source.validation import validate


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        ("a,b\n1,x\n", ["a", "b"], ["1", "x"]),
        ("a;b\n1,5;x\n", ["a", "b"], ["1,5", "x"]),
        ("a\tb\n1\tx, y\n", ["a", "b"], ["1", "x, y"]),
        ("a|b\n1|x\n", ["a", "b"], ["1", "x"]),
        ('a,b\n"1,000","x ""y"""\n', ["a", "b"], ["1,000", 'x "y"']),
        ("\ufeffa , b\r\n1,x\r\n", ["a", "b"], ["1", "x"]),
        (",a\n0,1\n", ["unnamed_0", "a"], ["0", "1"]),
        ("a\n00501\n", ["a"], ["00501"]),
        ('a,b\n"two\nlines",1\n', ["a", "b"], ["two\nlines", "1"]),
    ],
)
def test_csv_of_any_delimiter_keeps_every_cell_as_written(
    text: str, columns: list[str], first: list[str]
) -> None:
    frame = parse_csv(text)
    assert list(frame.columns) == columns
    assert frame.iloc[0].tolist() == first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no header"),
        ("\n\n", "no header"),
        ("a,b\n1,2,3\n", "more fields"),
        ("a,b\n1,2\n1,2,3\n", "Expected 2 fields"),
        ('a,b\n1,"2\n', "EOF inside string"),
    ],
)
def test_csv_that_would_lose_cells_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_csv(text)


def test_a_directory_is_read_as_one_table_whatever_its_files_are_called(tmp_path: Path) -> None:
    rows = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    rows.to_parquet(tmp_path / "part-0")  # query engines give no suffix
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "part-1.csv.gz").write_bytes(gzip.compress(b"a,b\n3,z\n"))
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / "query.csv.metadata").write_bytes(b"\0\1")
    (tmp_path / "empty.csv").write_text("")
    table = read_table(tmp_path)
    assert table.files == ("part-1.csv.gz", "part-0")
    assert table.frame.astype(str).to_dict("list") == {"a": ["3", "1", "2"], "b": ["z", "x", "y"]}


def test_every_type_that_a_query_engine_writes_is_understood(tmp_path: Path) -> None:
    rows = range(40)
    frame = pd.DataFrame(
        {
            "price": [Decimal(n % 7) / 4 for n in rows],
            "day": [dt.date(2024, 1, 1 + n % 28) for n in rows],
            "at": pd.date_range("2024-01-01", periods=40, tz="UTC"),
            "kind": pd.Categorical(["a", "b"] * 20),
            "open": [True, None] * 20,
            "count": pd.array([1, None, 3, 4] * 10, dtype="Int64"),
            "y": [n * 0.5 for n in rows],
        }
    )
    frame.to_parquet(tmp_path / "table.parquet")
    validated = validate(
        read_table(tmp_path), DataSettings(target="y", minimum_rows=20), SplitSettings()
    )
    assert validated.report.passed, validated.report.text()
    assert validated.frame is not None and validated.schema is not None
    assert {column.name: column.kind.value for column in validated.schema.columns} == {
        "price": "numeric",
        "day": "date",
        "at": "date",
        "kind": "categorical",
        "open": "boolean",
        "count": "numeric",
    }
    first = validated.frame.iloc[5]
    assert first["price"] == 1.25 and first["day"] == pd.Timestamp("2024-01-06")
    assert first["at"] == pd.Timestamp("2024-01-06") and pd.isna(validated.frame["count"][1])


def test_columns_that_repeat_or_are_missing_in_a_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a,b,a\n1,2,3\n")
    (tmp_path / "2.csv").write_text("a\n1\n")
    table = read_table(tmp_path)
    assert table.duplicates == ("a",)
    assert table.partial == (("b", "2.csv"),)


def test_other_encodings_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("city,y\nMálaga,1\n".encode("cp1252"))
    assert read_table(path).frame["city"].tolist() == ["Málaga"]


def test_what_is_no_table_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match=r"gone\.csv: there is no such file"):
        read_table(tmp_path / "gone.csv")
    with pytest.raises(UnreadableTable, match="no CSV or Parquet file with content"):
        data_files(tmp_path)
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\0\0")
    with pytest.raises(UnreadableTable, match=r"picture\.csv: it is neither"):
        read_table(tmp_path)
    (tmp_path / "picture.csv").write_bytes(b"PAR1 cut short")
    with pytest.raises(UnreadableTable, match=r"picture\.csv: not a readable Parquet file"):
        read_table(tmp_path)
