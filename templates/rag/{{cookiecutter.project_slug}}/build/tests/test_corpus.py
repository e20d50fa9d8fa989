"""Files of any format become documents; what is none has its name and reason."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpus_files import LOREM, pdf, sidecar, word, write

from source.corpus import Corpus, read_corpus
from source.documents import Document, headings_above, read_documents, write_documents
from source.errors import UserError
from source.ingest_settings import DataSettings
from source.settings import SettingsError


def read(folder: Path, **settings: object) -> Corpus:
    return read_corpus(folder, DataSettings(**settings))  # type: ignore[arg-type]


def one(folder: Path, **settings: object) -> Document:
    corpus = read(folder, **settings)
    assert corpus.broken == ()
    (document,) = corpus.documents
    return document


def outline(document: Document) -> list[tuple[tuple[str, ...], str]]:
    """Headings, and the first words below them; the sections must cover the text."""
    end = 0
    for section in document.sections:
        assert section.start == end and section.start <= section.body <= section.end
        end = section.end
    assert end == len(document.text)
    return [
        (headings, " ".join(document.text[section.body : section.end].split()[:3]))
        for headings, section in zip(
            headings_above(document.sections), document.sections, strict=True
        )
    ]


def test_markdown_keeps_its_text_and_gives_its_headings_and_front_matter(tmp_path: Path) -> None:
    text = (
        "---\ntitle: The manual\nyear: 2024\ntags: [a, b]\n---\nBefore it all.\n\n# One\n\nFirst "
        "part here.\n\n```python\n# no heading\n```\n\nTwo\n---\n\nSecond part here.\n\n"
        "### Deep\n\nThird part here.\n\n# End\n\nLast part here.\n"
    )
    document = one(write(tmp_path, {"docs/manual.md": text}))
    assert (document.id, document.title, document.format) == (
        "docs/manual.md",
        "The manual",
        "markdown",
    )
    assert document.metadata == {"tags": ("a", "b"), "year": 2024}
    assert document.text == text.partition("---\nBefore")[1][4:] + text.partition("---\nBefore")[
        2
    ].rstrip("\n")
    assert outline(document) == [
        ((), "Before it all."),
        (("One",), "First part here."),
        (("One", "Two"), "Second part here."),
        (("One", "Two", "Deep"), "Third part here."),
        (("End",), "Last part here."),
    ]


def test_plain_text_has_the_headings_that_are_underlined(tmp_path: Path) -> None:
    text = (
        "The title\n*********\n\nSome words here.\n\nPart\n====\n\nMore words here.\n\n"
        "a | b\n-----\n"
    )
    document = one(write(tmp_path, {"a.txt": text}))
    assert document.title == "The title"
    assert outline(document)[:2] == [
        (("The title",), "Some words here."),
        (("The title", "Part"), "More words here."),
    ]


def test_html_gives_its_content_without_what_surrounds_it(tmp_path: Path) -> None:
    page = f"""<!doctype html><html lang="en"><head><title> My page </title><style>x</style></head>
    <body><nav>Home Products</nav><main><h1>Head <em>line</em></h1><p>{LOREM}</p><p>{LOREM}</p>
    <h2>Sub&amp;part</h2><ul><li>one <b>thing</b></li><li>two</li></ul>
    <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>
    <pre>def f():
    return 1</pre>tail<script>alert(1)</script></main><footer>copyright</footer></body></html>"""
    document = one(write(tmp_path, {"page.html": page}))
    assert document.title == "My page" and document.metadata == {"language": "en"}
    assert [headings for headings, _ in outline(document)] == [
        ("Head line",),
        ("Head line", "Sub&part"),
    ]
    assert "- one thing\n- two\n\na | b\n1 | 2\n\ndef f():\n    return 1\n\ntail" in document.text
    for absent in ("Products", "copyright", "alert"):
        assert absent not in document.text


def test_pdf_pages_are_sections_and_bookmarks_are_better_ones(tmp_path: Path) -> None:
    pages = ["The first page has these words.\nIt goes on.", "The second page is about gaskets."]
    write(tmp_path, {"a.pdf": pdf(pages), "b.pdf": pdf(pages, [("Intro", 0), ("Gaskets", 1)])})
    plain, marked = read(tmp_path).documents
    assert outline(plain) == [
        (("Page 1",), "The first page"),
        (("Page 2",), "The second page"),
    ]
    assert outline(marked)[1] == (("Gaskets",), "The second page")
    assert plain.title == "a" and plain.metadata["pages"] == 2
    assert "these words.\nIt goes on." in plain.text


def test_docx_paragraphs_lists_and_tables_stay_in_their_order(tmp_path: Path) -> None:
    content = word(
        [
            ("Heading 1", "Chapter"),
            ("Normal", "Before the table."),
            [["item", "price"], ["bolt", "3"]],
            ("Heading 2", "Details"),
            ("List Bullet", "a point"),
        ],
        title="The handbook",
    )
    document = one(write(tmp_path, {"a.docx": content}))
    assert document.title == "The handbook"
    expected = "Chapter\n\nBefore the table.\n\nitem | price\nbolt | 3\n\nDetails\n\n- a point"
    assert document.text == expected
    assert [headings for headings, _ in outline(document)] == [
        ("Chapter",),
        ("Chapter", "Details"),
    ]


def test_a_style_that_a_docx_does_not_describe_is_the_usual_one(tmp_path: Path) -> None:
    content = word([("Heading 1", "Chapter"), ("List Bullet", "a point")])
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            part = source.read(name)
            if name == "word/document.xml":
                part = part.replace(b'"ListBullet"', b'"Unheard"')
            archive.writestr(name, part)
    document = one(write(tmp_path, {"a.docx": target.getvalue()}))
    assert document.text == "Chapter\n\na point"


def test_a_file_without_a_suffix_is_read_by_how_it_begins(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "README": LOREM,
            "page": f"<!DOCTYPE html><html><body><p>{LOREM}</p></body></html>",
            "paper": pdf([LOREM[:60]]),
            "program": b"\x7fELF\0\0",
        },
    )
    corpus = read(tmp_path)
    assert {document.id: document.format for document in corpus.documents} == {
        "README": "text",
        "page": "html",
        "paper": "pdf",
    }
    assert [skipped.name for skipped in corpus.skipped] == ["program"]


def test_a_column_that_a_table_lacks_is_named_with_those_it_has(tmp_path: Path) -> None:
    corpus = read(write(tmp_path, {"a.csv": "id,body\n1,some words\n"}), text_column="text")
    assert not corpus.documents
    assert corpus.broken[0].reason == (
        "it has no column 'text', which data.text_column names; its columns are id, body"
    )


def test_rows_of_csv_and_parquet_are_documents(tmp_path: Path) -> None:
    csv = 'id;name;about;year\n7;Bolt;"Holds; things\ntogether";2020\n8;Nut;Turns on bolts;2021\n'
    write(tmp_path / "csv", {"parts.csv": csv})
    settings = {
        "text_column": "about",
        "id_column": "id",
        "title_column": "name",
        "metadata_columns": ("year",),
    }
    bolt, nut = read(tmp_path / "csv", **settings).documents
    assert (bolt.id, bolt.title, bolt.text) == ("7", "Bolt", "Holds; things\ntogether")
    assert nut.metadata == {"year": "2021"}
    (tmp_path / "parquet").mkdir()
    table = pa.table({"id": [7, 8], "about": ["Holds things", "Turns on bolts"], "n": [1.5, None]})
    pq.write_table(table, tmp_path / "parquet" / "part-0")  # as Athena names its files
    whole = read(tmp_path / "parquet").documents
    assert [document.text for document in whole] == [
        "id: 7\nabout: Holds things\nn: 1.5",
        "id: 8\nabout: Turns on bolts",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp1251"])
def test_the_encoding_of_a_text_is_found(tmp_path: Path, encoding: str) -> None:
    german = "Die Straße nach Köln führt über die Brücke, und drüben stehen große grüne Bäume. " * 4
    russian = "Дорога в город идёт через мост, а за мостом стоят большие зелёные деревья. " * 4  # noqa: RUF001
    text = russian if encoding == "cp1251" else german
    document = one(write(tmp_path, {"a.txt": text.encode(encoding)}))
    assert document.text == text.strip()
    assert document.language == ("ru" if encoding == "cp1251" else "de")


def test_broken_files_are_named_with_their_reason_and_the_rest_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "good.txt": LOREM,
            "zeros.txt": b"a\0b",
            "empty.md": "  \n",
            "torn.pdf": b"%PDF-1.4 torn",
            "no.pdf": "text",
            "picture.pdf": pdf([""]),
            "torn.docx": b"PK\x03\x04 torn",
            "front.md": "---\n[1, 2\n---\ntext",
            "ragged.csv": "a,b\n1,2\n3\n",
            "image.png": b"\x89PNG",
            "_LICENCE.md": "left out",
            ".hidden": "left out",
        },
    )
    corpus = read(tmp_path)
    assert {document.id for document in corpus.documents} == {"good.txt", "ragged.csv#1"}
    reasons = {broken.name: broken.reason for broken in corpus.broken}
    assert reasons.keys() == {
        "zeros.txt",
        "empty.md",
        "torn.pdf",
        "no.pdf",
        "picture.pdf",
        "torn.docx",
        "front.md",
        "ragged.csv#2",
    }
    assert "zero bytes" in reasons["zeros.txt"] and "no text" in reasons["empty.md"]
    assert "only pictures" in reasons["picture.pdf"] and "no PDF" in reasons["no.pdf"]
    assert "front matter" in reasons["front.md"]
    assert reasons["ragged.csv#2"] == "1 cells, where the header has 2"
    assert [skipped.name for skipped in corpus.skipped] == ["image.png"]


def test_two_rows_with_one_id_are_not_both_taken(tmp_path: Path) -> None:
    corpus = read(write(tmp_path, {"a.csv": "id,t\n1,x y\n1,z w\n,q\n"}), id_column="id")
    assert len(corpus.documents) == 1
    assert "has its id '1', too" in corpus.broken[0].reason
    assert "no value in its column 'id'" in corpus.broken[1].reason


def test_labels_come_from_where_the_rule_says_and_a_missing_one_refuses(tmp_path: Path) -> None:
    files = {
        "a.txt": LOREM,
        "a.txt.metadata.json": sidecar(groups=["hr", "legal"], year=2024),
        "b.md": f"---\ngroups: board; hr\n---\n{LOREM}",
        "open.md": f"---\ngroups: ''\n---\n{LOREM}",
        "forgotten.txt": LOREM,
        "torn.txt": LOREM,
        "torn.txt.metadata.json": "{",
        "rows.csv": "text,groups\nsomething,ops\n",
    }
    corpus = read(write(tmp_path, files), label_rule="metadata:groups", text_column="text")
    labels = {document.id: document.labels for document in corpus.documents}
    assert labels == {
        "a.txt": ("hr", "legal"),
        "b.md": ("board", "hr"),
        "open.md": (),
        "rows.csv#1": ("ops",),
    }
    assert corpus.documents[0].metadata == {"year": 2024}
    assert [broken.name for broken in corpus.broken] == ["forgotten.txt", "torn.txt"]
    assert "it has no 'groups'" in corpus.broken[0].reason


def test_a_folder_can_be_the_label(tmp_path: Path) -> None:
    corpus = read(write(tmp_path, {"hr/x/a.txt": LOREM, "b.txt": LOREM}), label_rule="folder")
    assert [(document.id, document.labels) for document in corpus.documents] == [
        ("hr/x/a.txt", ("hr",))
    ]
    assert corpus.broken[0].name == "b.txt"


def test_documents_survive_being_written_and_share_files_by_their_id(tmp_path: Path) -> None:
    write(tmp_path / "in", {f"{n}.md": f"# T{n}\n\n{LOREM} {n}" for n in range(70)})
    documents = read(tmp_path / "in").documents
    write_documents(documents, tmp_path / "all")
    assert sorted(read_documents(tmp_path / "all"), key=lambda d: d.id) == sorted(
        documents, key=lambda d: d.id
    )
    assert {path.name for path in (tmp_path / "all").iterdir()} == {
        "part-000.jsonl",
        "part-001.jsonl",
    }
    write_documents(documents[:-1], tmp_path / "fewer")
    same = [
        (tmp_path / "all" / name).read_bytes() == (tmp_path / "fewer" / name).read_bytes()
        for name in ("part-000.jsonl", "part-001.jsonl")
    ]
    assert sorted(same) == [False, True]


def test_nothing_to_read_and_settings_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not there"):
        read(tmp_path / "gone")
    with pytest.raises(UserError, match="holds no file but hidden ones"):
        read(write(tmp_path / "hidden", {".keep": "", "_notes/a.md": "left out"}))
    for settings in (
        {"formats": ("pptx",)},
        {"label_rule": "metadata:"},
        {"languages": ("english",)},
        {"near_duplicate_threshold": 0.0},
    ):
        with pytest.raises(SettingsError, match=r"data\.\w+"):
            DataSettings(**settings)  # type: ignore[arg-type]
