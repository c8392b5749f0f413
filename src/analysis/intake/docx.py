"""Word documents: paragraphs and tables of the body, in order; merged cells from the declarations of the cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from analysis.intake.grid import DEPTH, TABLES, Document, Grid, Paragraph, place_cells, too_large
from analysis.intake.package import Package, raised

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
NOT_READ = {  # of a paragraph: deleted, moved away, alternative of what is read anyway, codes of fields, comments
    f"{W}del", f"{W}moveFrom", f"{MC}Fallback", f"{W}instrText", f"{W}pPr", f"{W}footnoteReference",
    f"{W}endnoteReference", f"{W}commentReference", f"{W}tbl",
}  # fmt: skip
MAIN, STYLES = "word/document.xml", "word/styles.xml"
OFF = {None, "0", "false", "off"}  # of a property that is switched


def read_docx(content: bytes, name: str) -> Document:
    """Read a Word document.

    Raises
    ------
    Unreadable
        for a damaged, locked or oversized file.
    """
    package = Package(content, name)
    reader = _Reader(name, *_styles(package))
    for element in package.elements(MAIN, (f"{W}p", f"{W}tbl")):
        if not reader.stands_in_body(element):
            continue
        reader.take(element)
        element.clear()
        while element.getprevious() is not None:  # what was read is not kept
            del element.getparent()[0]
    remarks = [f"{times} {what}" for what, times in sorted(reader.remarks.items())]
    if any(part.startswith("word/vbaProject") for part in package.parts):
        remarks.append("macros, not run")
    if embedded := sum(part.startswith("word/embeddings/") for part in package.parts):
        remarks.append(f"{embedded} embedded objects, not opened")
    return Document(name, "docx", tuple(reader.blocks), tuple(remarks))


def _styles(package: Package) -> tuple[set[str], set[str]]:
    """Names of the styles that raise or lower text, and of those that hide it."""
    lifting, hiding = set(), set()
    if STYLES in package.parts:
        for style in package.elements(STYLES, (f"{W}style",)):
            properties = style.find(f"{W}rPr")
            name = style.get(f"{W}styleId", "")
            lifting |= {name} if _lifts(properties) else set()
            hiding |= {name} if _value(properties, "vanish") not in OFF else set()
    return lifting, hiding


def _lifts(properties: etree._Element | None) -> bool:
    return _value(properties, "vertAlign", "") in {"superscript", "subscript"}


class _Reader:
    def __init__(self, name: str, lifting: set[str], hiding: set[str]):
        self.name, self.lifting, self.hiding = name, lifting, hiding
        self.blocks: list[Paragraph | Grid] = []
        self.remarks: Counter[str] = Counter()
        self.tables = 0
        self.counted: Counter[str] = Counter()  # automatic numbers by list

    def stands_in_body(self, element: etree._Element) -> bool:
        """Whether a paragraph or table is one of the body's own and not part of another."""
        return not any(a.tag in {f"{W}p", f"{W}tbl"} for a in element.iterancestors())

    def take(self, element: etree._Element) -> None:
        place = f"paragraph {len(self.blocks) + 1}"
        if element.tag == f"{W}p":
            if text := self._text(element).strip():
                self.blocks.append(Paragraph(text, place))
            for table in self._inner_tables(element):  # in a frame
                self._table(table, 1)
        else:
            self._table(element, 1)

    def _inner_tables(self, element: etree._Element) -> Iterator[etree._Element]:
        """Tables in an element that stand in no other of its tables, and in no alternative form of what is read."""
        for table in element.iter(f"{W}tbl"):
            if table is element:
                continue
            between = []
            for above in table.iterancestors():
                if above is element:
                    break
                between.append(above.tag)
            if f"{W}tbl" not in between and f"{MC}Fallback" not in between:
                yield table

    def _table(self, table: etree._Element, depth: int) -> None:
        self.tables += 1
        if self.tables > TABLES:
            raise too_large(self.name, f"more than {TABLES:,} tables")
        if depth > DEPTH:
            raise too_large(self.name, f"tables nested more than {DEPTH} deep")
        place = f"table {self.tables}"
        rows: list[list[list]] = []
        above: dict[int, list] = {}  # column of the grid -> the cell that merges downwards there
        for line in _own(table, f"{W}tr"):
            if line.find(f"{W}trPr/{W}del") is not None:
                self.remarks["deleted rows, not read"] += 1
                continue
            properties = line.find(f"{W}trPr")
            column = _number(properties, "gridBefore") if properties is not None else 0
            row: list[list] = [["", 1, 1, ""] for _ in range(column)]
            reached: dict[int, list] = {}
            for cell in _own(line, f"{W}tc"):
                across = max(1, _number(cell.find(f"{W}tcPr"), "gridSpan"))
                merge = cell.find(f"{W}tcPr/{W}vMerge")
                if merge is not None and merge.get(f"{W}val", "continue") == "continue" and column in above:
                    origin = above[column]
                    origin[1] += 1
                    reached[column] = origin
                else:
                    origin = [self._cell(cell, depth), 1, across, f"{place}, row {len(rows) + 1}, cell {len(row) + 1}"]
                    row.append(origin)
                    if merge is not None:
                        reached[column] = origin
                column += across
            above = reached
            rows.append(row)
        cells = place_cells([[tuple(cell) for cell in row] for row in rows], self.name)
        self.blocks.append(Grid(tuple(cells), place))

    def _cell(self, cell: etree._Element, depth: int) -> str:
        texts = [self._text(paragraph, numbered=True) for paragraph in _own(cell, f"{W}p")]
        for table in self._inner_tables(cell):
            self.remarks["tables in cells, read as tables of their own"] += 1
            self._table(table, depth + 1)
        return "\n".join(text for text in texts if text.strip()).strip()

    def _text(self, paragraph: etree._Element, numbered: bool = False) -> str:
        text = "".join(self._runs(paragraph))
        of = paragraph.find(f"{W}pPr/{W}numPr/{W}numId")
        if numbered and of is not None and not text.strip():  # the number is drawn by the list, the cell holds nothing
            number = of.get(f"{W}val", "")
            self.counted[number] += 1
            return str(self.counted[number])
        return text

    def _runs(self, element: etree._Element) -> Iterator[str]:
        for child in element:
            if child.tag in NOT_READ:
                if child.tag == f"{W}del":
                    self.remarks["deleted passages, not read"] += 1
            elif child.tag == f"{W}r":
                properties = child.find(f"{W}rPr")
                style = _value(properties, "rStyle", "")
                hidden = _value(properties, "vanish")  # said of the run itself, it counts before its style
                if hidden not in OFF or hidden is None and style in self.hiding:
                    self.remarks["hidden passages, not read"] += 1
                    continue
                own = _value(properties, "vertAlign", "")
                lifted = _lifts(properties) or own is None and style in self.lifting
                text = "".join(self._runs(child))
                yield raised(text) if lifted else text
            elif child.tag == f"{W}t":
                yield child.text or ""
            elif child.tag in {f"{W}br", f"{W}cr"}:
                yield "\n"
            elif child.tag == f"{W}tab":
                yield " "
            elif child.tag == f"{W}noBreakHyphen":
                yield "-"
            elif isinstance(child.tag, str):
                yield from self._runs(child)


def _own(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Children of this tag, through content controls and marked insertions that stand between."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml", f"{W}smartTag"}:
            yield from _own(child, tag)


def _value(properties: etree._Element | None, tag: str, otherwise: str = "on") -> str | None:
    """What a property says; `otherwise` where it says nothing but stands there, None where it does not stand there."""
    found = properties.find(f"{W}{tag}") if properties is not None else None
    return None if found is None else found.get(f"{W}val", otherwise)


def _number(properties: etree._Element | None, tag: str) -> int:
    """A small whole number among properties, 0 where it is not said."""
    found = properties.find(f"{W}{tag}") if properties is not None else None
    value = found.get(f"{W}val", "") if found is not None else ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 5 else 0
