"""Reads HTML: headings, paragraphs, lists, tables and code of a page, without its navigation."""

from __future__ import annotations

import re
from typing import Any

from source.extracted import Extracted, TextBuilder
from source.text_encoding import UnreadableDocument, decode

_DECLARED = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE
)
# What surrounds the content of a page, or is no text.
_LEFT_OUT = {
    *("script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "embed"),
    *("audio", "video", "map", "head", "nav", "footer", "aside", "form", "button", "select"),
    *("input", "textarea", "dialog"),
}
_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "complementary"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = {
    *("p", "div", "section", "article", "main", "body", "html", "header", "blockquote", "figure"),
    *("figcaption", "address", "details", "summary", "dl", "dt", "dd", "ul", "ol", "li", "table"),
    *("caption", "thead", "tbody", "tfoot", "tr", "pre", "hr", "center", "fieldset"),
}


def read_html(content: bytes) -> Extracted:
    """The page of an HTML file. Raises `UnreadableDocument` for what has no element."""
    from lxml import etree, html

    declared = _DECLARED.search(content[:4096])
    decoded = decode(content, declared[1].decode("ascii") if declared else None)
    # libxml2 refuses text that names another encoding than it is in.
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", decoded.text)
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, no_network=True)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise UnreadableDocument(f"it is no HTML page: {error}") from error
    builder = TextBuilder()
    _Page(builder).read(_content(root))
    title = " ".join((root.findtext(".//head/title") or "").split())
    metadata = {"language": root.get("lang")} if root.get("lang") else {}
    return builder.extracted(title or None, **metadata)


def _content(root: Any) -> Any:
    """The element that says what the content is, when just one does; else the body."""
    for path in ("//main", "//*[@role='main']", "//article"):
        found = root.xpath(path)
        if len(found) == 1 and len(found[0].text_content().strip()) > 200:
            return found[0]
    body = root.find("body")
    return root if body is None else body


class _Page:
    """Walks elements in document order; text between two blocks becomes one block."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._line: list[str] = []

    def read(self, element: Any) -> None:
        self._inside(element, "")
        self._flush("")

    def _inside(self, element: Any, prefix: str) -> None:
        self._line.append(element.text or "")
        for child in element:
            if isinstance(child.tag, str) and not _is_left_out(child):
                self._child(child, prefix)
            self._line.append(child.tail or "")

    def _child(self, child: Any, prefix: str) -> None:
        tag = child.tag.lower()
        if tag == "br":
            self._line.append("\n")
        elif tag not in _BLOCKS and tag not in _HEADINGS:
            self._inside(child, prefix)
        else:
            self._flush(prefix)
            if tag in _HEADINGS:
                self._builder.heading(child.text_content().removesuffix("¶"), _HEADINGS[tag])
            elif tag == "pre":
                self._builder.block(child.text_content())
            elif tag == "table":
                self._table(child)
            elif tag in ("ul", "ol"):
                self._list(child)
            else:
                self._inside(child, prefix)
                self._flush(prefix)

    def _flush(self, prefix: str) -> None:
        lines = [" ".join(line.split()) for line in "".join(self._line).split("\n\n")]
        self._line = []
        words = " ".join(line for line in lines if line)
        if words:
            self._builder.block(prefix + words)

    def _table(self, table: Any) -> None:
        rows = []
        for row in table.iter("tr"):
            cells = [" ".join(cell.text_content().split()) for cell in row if _is_cell(cell)]
            if any(cells):
                rows.append(" | ".join(cells))
        self._builder.block("\n".join(rows))

    def _list(self, element: Any) -> None:
        """Short points stand together; a point with blocks inside is read like a page."""
        points: list[str] = []
        for item in element:
            if not isinstance(item.tag, str) or _is_left_out(item):
                continue
            if any(isinstance(part.tag, str) and part.tag in _STRUCTURE for part in item.iter()):
                self._builder.block("\n".join(points))
                points = []
                self._inside(item, "- ")
                self._flush("- ")
            else:
                words = " ".join(item.text_content().split())
                if words:
                    points.append(f"- {words}")
        self._builder.block("\n".join(points))


_STRUCTURE = frozenset(("pre", "table", "ul", "ol", *_HEADINGS))


def _is_cell(element: Any) -> bool:
    return isinstance(element.tag, str) and element.tag in ("td", "th")


def _is_left_out(element: Any) -> bool:
    tag = element.tag.lower()
    hidden = element.get("hidden") is not None or element.get("aria-hidden") == "true"
    return tag in _LEFT_OUT or hidden or element.get("role") in _ROLES
