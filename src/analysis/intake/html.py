"""Web pages: paragraphs and tables in order, spans as declared; scripts, styles and what is hidden are not read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree, html

from analysis.intake.grid import DEPTH, TABLES, Document, Grid, Paragraph, place_cells, too_large, unreadable
from analysis.intake.package import marked, raised

NOT_READ = {"script", "style", "noscript", "template", "head", "object", "embed", "iframe", "svg", "math", "select"}
BLOCKS = {
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "section", "article", "header", "footer", "main",
    "body", "blockquote", "pre", "dt", "dd", "dl", "figure", "figcaption", "address", "center", "form", "hr", "nav",
}  # fmt: skip
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_-]{1,30})""")


def read_html(content: bytes, name: str) -> Document:
    """Read a web page that was saved.

    Raises
    ------
    Unreadable
        for an unknown encoding, a page without content or one nested without end.
    """
    text = _decoded(content, name)
    try:
        root = html.document_fromstring(text, parser=html.HTMLParser(no_network=True, huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise unreadable(name, "holds no page", "Save the page in the browser once more") from error
    reader = _Reader(name)
    reader.walk(root, 0)
    reader.flush()
    return Document(
        name, "html", tuple(reader.blocks), tuple(f"{n} {what}" for what, n in sorted(reader.remarks.items()))
    )


def _decoded(content: bytes, name: str) -> str:
    said = _CHARSET.search(content[:4096])
    encoding = marked(content) or (said[1].decode().lower() if said else "utf-8")
    encoding = "gb18030" if encoding in {"gb2312", "gbk", "x-gbk"} else encoding
    try:
        text = content.decode(encoding, errors="strict")
    except (UnicodeDecodeError, LookupError) as error:
        raise unreadable(
            name,
            f"is not in the encoding {encoding} that it states",
            "Save the page in the browser once more, as UTF-8",
        ) from error
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text).replace("\0", "")


class _Reader:
    def __init__(self, name: str):
        self.name = name
        self.blocks: list[Paragraph | Grid] = []
        self.remarks: Counter[str] = Counter()
        self.text: list[str] = []
        self.tables = 0

    def flush(self) -> None:
        for line in "".join(self.text).split("\n"):
            if text := " ".join(line.split()):
                self.blocks.append(Paragraph(text, f"paragraph {len(self.blocks) + 1}"))
        self.text = []

    def walk(self, element: etree._Element, depth: int) -> None:
        """Text and tables below an element, in order."""
        if not isinstance(element.tag, str):
            return
        if element.tag in NOT_READ:
            return
        if self._hidden(element):
            return
        if depth > 400:
            raise too_large(self.name, "elements nested more than 400 deep")
        if element.tag == "table":
            self.flush()
            self.table(element, 1)
            return
        block = element.tag in BLOCKS
        if block:
            self.flush()
        if element.tag == "br":
            self.text.append("\n")
        if element.text:
            self.text.append(_flat(raised(element.text) if element.tag in {"sup", "sub"} else element.text))
        for child in element:
            self.walk(child, depth + 1)
            if child.tail:
                self.text.append(_flat(child.tail))
        if block:
            self.flush()

    def _hidden(self, element: etree._Element) -> bool:
        hidden = _is_hidden(element)
        if hidden:
            self.remarks["hidden passages, not read"] += 1
        return hidden

    def table(self, table: etree._Element, depth: int) -> None:
        self.tables += 1
        if self.tables > TABLES:
            raise too_large(self.name, f"more than {TABLES:,} tables")
        if depth > DEPTH:
            raise too_large(self.name, f"tables nested more than {DEPTH} deep")
        place, caption = f"table {self.tables}", ""
        rows: list[list[tuple[str, int, int, str]]] = []
        inner: list[etree._Element] = []
        for part in _parts(table):
            if part.tag == "caption":
                caption = " ".join(_cell_text(part, []).split())
            elif part.tag == "tr" and not self._hidden(part):
                row: list[tuple[str, int, int, str]] = []
                for cell in part:
                    if cell.tag in {"td", "th"} and not self._hidden(cell):
                        at = f"{place}, row {len(rows) + 1}, cell {len(row) + 1}"
                        row.append((_cell_text(cell, inner), _span(cell, "rowspan"), _span(cell, "colspan"), at))
                rows.append(row)
        self.blocks.append(Grid(tuple(place_cells(rows, self.name)), place, caption))
        for nested in inner:
            self.remarks["tables in cells, read as tables of their own"] += 1
            self.table(nested, depth + 1)


def _is_hidden(element: etree._Element) -> bool:
    return element.get("hidden") is not None or _HIDDEN.search(element.get("style", "").lower()) is not None


def _parts(table: etree._Element) -> Iterator[etree._Element]:
    for child in table:
        if child.tag in {"thead", "tbody", "tfoot"}:
            yield from child
        else:
            yield child


def _span(cell: etree._Element, which: str) -> int:
    value = cell.get(which, "1").strip()
    if not (value.isascii() and value.isdigit() and len(value) < 5):
        return 1
    return 1_000_000 if value == "0" and which == "rowspan" else max(1, int(value))  # 0: to the end of the table


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _cell_text(cell: etree._Element, inner: list) -> str:
    """The text of a cell, its paragraphs and breaks as lines; tables in it are put aside."""
    parts: list[str] = []

    def walk(element: etree._Element, depth: int, lifted: bool = False) -> None:
        if not isinstance(element.tag, str) or element.tag in NOT_READ or depth > 200:
            return
        if _is_hidden(element):
            return
        if element.tag == "table":
            inner.append(element)
            return
        block = element.tag in BLOCKS
        lifted = lifted or element.tag in {"sup", "sub"}
        say = raised if lifted else str
        parts.append("\n" if block or element.tag == "br" else "")
        parts.append(_flat(say(element.text or "")))
        for child in element:
            walk(child, depth + 1, lifted)
            parts.append(_flat(say(child.tail or "")))
        parts.append("\n" if block else "")

    parts.append(_flat(cell.text or ""))
    for child in cell:
        walk(child, 1)
        parts.append(_flat(child.tail or ""))
    lines = (line.strip() for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)
