"""PDF documents with text: the grid from the drawn lines (pdfplumber), the text of each cell from PDFium, which reads
embedded fonts that others garble."""

from __future__ import annotations

import io
import re
from collections import Counter

import pdfplumber
import pypdfium2
import pypdfium2.raw as pdfium
from pdfplumber.table import Table

from analysis.intake.grid import TABLES, Cell, Document, Grid, Paragraph, Unreadable, too_large, unreadable
from analysis.intake.package import raised

PAGES = 2_000
NEAR = 2.0  # points: lines this near are one
LINES = {"vertical_strategy": "lines", "horizontal_strategy": "lines", "snap_tolerance": NEAR, "join_tolerance": NEAR}
_DIGITS = re.compile("[0-9]+")


def read_pdf(content: bytes, name: str) -> Document:
    """Read a PDF document.

    Raises
    ------
    Unreadable
        for a damaged or locked file, and for one that holds pictures of pages.
    """
    try:
        drawn, text = pdfplumber.open(io.BytesIO(content)), pypdfium2.PdfDocument(content)
        count = len(text)
        if count > PAGES:
            raise too_large(name, f"more than {PAGES:,} pages")
        pages, pictures = [], []
        for number in range(count):
            blocks, characters = _page(drawn.pages[number], text[number], number + 1)
            drawn.pages[number].close()
            if not characters and (drawn.pages[number].images or not blocks):
                pictures.append(number + 1)
            pages.append(blocks)
    except Unreadable:
        raise
    except Exception as error:  # both libraries raise what comes, PDFium's own error among it
        raise unreadable(
            name,
            "cannot be read as PDF: it is damaged or locked",
            "Print it to a new PDF without a password, or give the Word document",
        ) from error
    if len(pictures) == count:
        raise unreadable(
            name,
            "is a scan: its pages are pictures without text",
            "Give the document that was scanned, or run text recognition over it and compare every figure",
        )
    remarks = [f"page {number} is a picture without text, not read" for number in pictures]
    blocks = [block for page in _without_running_lines(pages) for block in page]
    if sum(isinstance(b, Grid) for b in blocks) > TABLES:
        raise too_large(name, f"more than {TABLES:,} tables")
    return Document(name, "pdf", tuple(blocks), tuple(remarks))


class _Words:
    """The text of a page by place; raised small figures come as such, never as digits of the number before them."""

    def __init__(self, page: pypdfium2.PdfPage):
        self._page = page.get_textpage()
        self._height = page.get_height()
        self.count = self._page.count_chars()
        sizes = [pdfium.FPDFText_GetFontSize(self._page, at) for at in range(self.count)]
        self._small: dict[int, tuple[float, float, float, float]] = {}
        for at in range(1, self.count):
            if self._character(at) not in "0123456789" or self._character(at - 1).isspace():
                continue
            if sizes[at] < 0.8 * sizes[at - 1] or at - 1 in self._small and sizes[at] == sizes[at - 1]:
                self._small[at] = self._page.get_charbox(at)

    def _character(self, at: int) -> str:
        code = pdfium.FPDFText_GetUnicode(self._page, at)
        return chr(code) if 0 < code < 0x110000 else "\0"

    def within(self, left: float, top: float, right: float, bottom: float) -> str:
        """Text in a box that is measured from the upper left corner of the page."""
        low, high = self._height - bottom, self._height - top
        text = self._page.get_text_bounded(left=left, bottom=low, right=right, top=high)
        small = {
            at
            for at, (x0, y0, x1, y1) in self._small.items()
            if left <= (x0 + x1) / 2 <= right and low <= (y0 + y1) / 2 <= high
        }
        if small:
            inside = self._range(left, low, right, high, min(small), max(small))
            text = "".join(raised(self._character(at)) if at in small else self._character(at) for at in inside)
        return text.replace("\x02", "").replace("\ufffe", "")

    def _range(self, left: float, low: float, right: float, high: float, first: int, last: int) -> range:
        """Positions of the characters in a box around two of them; generated ones (breaks) have no box of their own."""

        def there(at: int) -> bool:
            x0, y0, x1, y1 = self._page.get_charbox(at)
            drawn = x1 > x0 or y1 > y0
            return not drawn or (left <= (x0 + x1) / 2 <= right and low <= (y0 + y1) / 2 <= high)

        while first > 0 and there(first - 1):
            first -= 1
        while last + 1 < self.count and there(last + 1):
            last += 1
        return range(first, last + 1)


def _page(drawn: pdfplumber.page.Page, page: pypdfium2.PdfPage, number: int) -> tuple[list[Paragraph | Grid], int]:
    """Blocks of a page from top to bottom, and how many characters it has."""
    words = _Words(page)
    tables = sorted(drawn.find_tables(LINES), key=lambda t: (t.bbox[1], t.bbox[0]))
    tables = [t for t in tables if not any(_inside(t.bbox, o.bbox) for o in tables if o is not t)]
    blocks: list[Paragraph | Grid] = []
    top = 0.0
    for table in tables:
        blocks += _lines(words, top, table.bbox[1], page.get_width(), number)
        blocks.append(_grid(table, words, number))
        top = max(top, table.bbox[3])
    blocks += _lines(words, top, page.get_height(), page.get_width(), number)
    return blocks, words.count


def _inside(inner: tuple, outer: tuple) -> bool:
    return all(inner[i] >= outer[i] - NEAR for i in (0, 1)) and all(inner[i] <= outer[i] + NEAR for i in (2, 3))


def _lines(words: _Words, top: float, bottom: float, width: float, page: int) -> list:
    if bottom - top < NEAR:
        return []
    text = words.within(0, top, width, bottom)
    lines = (" ".join(line.split()) for line in re.split(r"[\r\n\x0b\x0c]+", text))
    return [Paragraph(line, f"page {page}") for line in lines if line]


def _grid(table: Table, words: _Words, page: int) -> Grid:
    boxes = sorted({box for box in table.cells if box is not None}, key=lambda b: (b[1], b[0]))
    across = _edges(edge for box in boxes for edge in (box[0], box[2]))
    down = _edges(edge for box in boxes for edge in (box[1], box[3]))
    cells = []
    for left, top, right, bottom in boxes:
        row, column = _at(down, top), _at(across, left)
        cells.append(
            Cell(
                _text(words, left, top, right, bottom), row, column,
                max(1, _at(down, bottom) - row), max(1, _at(across, right) - column),
                f"page {page}, row {row + 1}, column {column + 1}",
            )
        )  # fmt: skip
    return Grid(tuple(sorted(cells, key=lambda c: (c.row, c.column))), f"page {page}", edges=tuple(across))


def _text(words: _Words, left: float, top: float, right: float, bottom: float) -> str:
    lines = (line.strip() for line in re.split(r"[\r\n\x0b\x0c]+", words.within(left, top, right, bottom)))
    return "\n".join(line for line in lines if line)


def _edges(values) -> list[float]:
    edges: list[float] = []
    for value in sorted(values):
        if not edges or value - edges[-1] > NEAR:
            edges.append(value)
    return edges


def _at(edges: list[float], value: float) -> int:
    return min(range(len(edges)), key=lambda i: abs(edges[i] - value))


def _without_running_lines(pages: list[list[Paragraph | Grid]]) -> list[list[Paragraph | Grid]]:
    """Heads and feet that run over the pages are no text: a first or last line that returns on a third of the pages."""
    if len(pages) < 3:
        return pages
    ends: Counter[str] = Counter()
    for page in pages:
        for block in (page[at] for at in {0, len(page) - 1} if page):
            if isinstance(block, Paragraph):
                ends[_DIGITS.sub("0", block.text)] += 1
    running = {text for text, times in ends.items() if times >= max(3, len(pages) / 3)}

    def runs(block: Paragraph | Grid) -> bool:
        return isinstance(block, Paragraph) and _DIGITS.sub("0", block.text) in running

    def kept(page: list[Paragraph | Grid]) -> list[Paragraph | Grid]:
        last = len(page) - 1
        return [block for at, block in enumerate(page) if at not in {0, last} or not runs(block)]

    return [kept(page) for page in pages]
