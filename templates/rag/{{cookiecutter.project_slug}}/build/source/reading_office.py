"""Reads PDF and DOCX files: text in reading order, headings by outline, page or paragraph style."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from source.extracted import Extracted, TextBuilder
from source.text_encoding import UnreadableDocument

# A DOCX is an archive: a small file may hold more than a machine's memory.
MAX_UNPACKED = 512 * 2**20
_HYPHENATED = re.compile(r"(?<=[a-zß-ÿ])-\n(?=[a-zß-ÿ])")
_HEADING_STYLE = re.compile(r"(?:heading|überschrift|titre) ?([1-9])", re.IGNORECASE)


def read_pdf(content: bytes) -> Extracted:
    """The text of every page. A section begins where the outline says so, else on every page.

    Raises `UnreadableDocument` for files that are locked or hold pictures only.
    """
    from pypdf import PdfReader

    if b"%PDF-" not in content[:1024]:
        raise UnreadableDocument("it is no PDF file")
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableDocument("it needs a password; save it without one")
    outline = _outline(reader)
    builder = TextBuilder()
    for number, page in enumerate(reader.pages):
        for heading, level in outline.get(number, () if outline else ((f"Page {number + 1}", 1),)):
            builder.mark(heading, level)
        builder.block(_HYPHENATED.sub("", page.extract_text()))
    about = reader.metadata
    title = str(about.title).strip() if about and about.title else None
    extracted = builder.extracted(title, pages=len(reader.pages))
    if not extracted.text:
        raise UnreadableDocument("it has no text, only pictures; run text recognition on it first")
    # The first page's number would be no title.
    return extracted if outline or title else _untitled(extracted)


def _untitled(extracted: Extracted) -> Extracted:
    return Extracted(extracted.text, extracted.sections, None, extracted.metadata)


def _outline(reader: Any) -> dict[int, list[tuple[str, int]]]:
    """Headings with their level by page; a damaged outline is as good as none."""
    found: dict[int, list[tuple[str, int]]] = {}
    try:
        for entry, level in _entries(reader.outline, 1):
            page = reader.get_destination_page_number(entry)
            title = " ".join(str(entry.title).split())
            if page is not None and page >= 0 and title:
                found.setdefault(page, []).append((title, level))
    except Exception:  # pypdf raises whatever the damage leads to
        return {}
    # Where several begin on one page, the text cannot be told apart: the last one wins there.
    return found


def _entries(outline: list[Any], level: int) -> Iterator[tuple[Any, int]]:
    for entry in outline:
        if isinstance(entry, list):
            yield from _entries(entry, level + 1)
        else:
            yield entry, level


def read_docx(content: bytes) -> Extracted:
    """Paragraphs and tables; paragraphs in a heading style begin sections.

    Raises `UnreadableDocument`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableDocument(f"it is no DOCX file: {error}") from error
    if size > MAX_UNPACKED:
        raise UnreadableDocument(f"it unpacks to {size:,} bytes; split it")
    import docx
    from docx.enum.style import WD_STYLE_TYPE
    from docx.text.paragraph import Paragraph

    document = docx.Document(io.BytesIO(content))
    # Looked up once: for each paragraph the library goes through all of the document's styles.
    names = {style.style_id: style.name or "" for style in document.styles}
    usual = document.styles.default(WD_STYLE_TYPE.PARAGRAPH)
    names[None] = "" if usual is None else usual.name or ""
    builder = TextBuilder()
    for part in document.iter_inner_content():
        if not isinstance(part, Paragraph):
            builder.block("\n".join(_rows(part)))
            continue
        # An unknown style counts as the usual one, as in the programs that write these files.
        style = names.get(part._p.style, names[None])
        level = _level(style)
        if level:
            builder.heading(part.text, level)
        else:
            bullet = "- " if style.startswith("List") and part.text.strip() else ""
            builder.block(bullet + part.text)
    about = document.core_properties
    metadata = {"author": about.author} if about.author else {}
    return builder.extracted(about.title.strip() or None, **metadata)


def _rows(table: Any) -> Iterator[str]:
    for row in table.rows:
        cells = [" ".join(cell.text.split()) for cell in row.cells]
        if any(cells):
            yield " | ".join(cells)


def _level(style: str) -> int:
    """Of a heading in a style; 0 for other text."""
    if style.lower() == "title":
        return 1
    found = _HEADING_STYLE.fullmatch(style)
    return int(found[1]) if found else 0
