"""Files of every format that the tests read, made on the spot."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import docx

LOREM = (
    "The committee decided that the quarterly figures should be published in full, with every "
    "table and note that the auditors had asked for in the spring."
)


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder by their names."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def pdf(pages: Sequence[str], outline: Sequence[tuple[str, int]] = ()) -> bytes:
    """A PDF with one line of text after another on each page; `outline` has titles by page."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    kids = []
    for page in pages:
        lines = "".join(f"({line}) Tj T* " for line in page.split("\n"))
        stream = f"BT /F1 12 Tf 14 TL 50 700 Td {lines}ET".encode("latin-1")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(len(objects))
    listed = " ".join(f"{number} 0 R" for number in kids)
    objects[1] = f"<< /Type /Pages /Kids [{listed}] /Count {len(kids)} >>".encode()
    content = io.BytesIO(b"%PDF-1.4\n")
    content.seek(0, io.SEEK_END)
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(content.tell())
        content.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = content.tell()
    content.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        content.write(b"%010d 00000 n \n" % place)
    content.write(b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1))
    content.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return with_outline(content.getvalue(), outline) if outline else content.getvalue()


def with_outline(content: bytes, outline: Sequence[tuple[str, int]]) -> bytes:
    """The same PDF with bookmarks; pages count from 0."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(content)))
    for title, page in outline:
        writer.add_outline_item(title=title, page_number=page)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def word(parts: Sequence[tuple[str, str] | Sequence[Sequence[str]]], title: str = "") -> bytes:
    """A DOCX of (style, text) paragraphs and of tables, which are lists of rows."""
    document = docx.Document()
    document.core_properties.title = title
    for part in parts:
        if isinstance(part, tuple):
            document.add_paragraph(part[1], style=part[0])
        else:
            table = document.add_table(rows=0, cols=len(part[0]))
            for row in part:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def sidecar(**attributes: Any) -> str:
    """The content of a `.metadata.json` file."""
    return json.dumps({"metadataAttributes": attributes})


def articles(count: int) -> dict[str, str]:
    """Short Markdown files, each about something of its own."""
    return {f"a/{number:04d}.md": article(number) for number in range(count)}


def article(number: int) -> str:
    """One of them."""
    subject = f"gadget{number}x"
    return (
        f"# About {subject}\n\nThe {subject} is kept in hall {number % 7} next to the {subject} "
        f"stand. Its colour is {('red', 'green', 'blue')[number % 3]} and its weight is "
        f"{number + 3} grams.\n\n## Care of {subject}\n\nClean the {subject} every "
        f"{number % 11 + 2} weeks with warm water and dry it with a cloth.\n"
    )
