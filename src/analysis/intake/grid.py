"""What a document is to everything that follows, whatever its form: paragraphs and grids in the order of reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from analysis.ground.errors import DataFault, DataProblem

CELLS, TABLES, DEPTH, COLUMNS = 2_000_000, 5_000, 20, 400  # a report of 500 pages has 100,000 cells in 400 tables
BYTES = 100_000_000  # of a file as it lies on disk, and of what it unpacks to


@dataclass(frozen=True)
class Cell:
    """One printed cell: its text, the slot of its upper left corner, how far it reaches, and where the document has it
    (``page 4``, ``Sheet1!B3``, ``line 691``)."""

    text: str
    row: int
    column: int
    rows: int = 1
    columns: int = 1
    place: str = ""


@dataclass(frozen=True)
class Grid:
    """A table as a grid of slots; a merged cell stands in its first slot and covers the others.

    Attributes
    ----------
    cells : tuple of Cell
        no two cover one slot.
    caption : str
        that the form itself ties to the table (HTML, a sheet's name); captions of the text come from paragraphs.
    spans : bool
        whether the form says which cells are merged; a text dump does not.
    tail : str
        a line behind the last cell that may be its next paragraph, which a text dump cannot tell.
    uneven : tuple of int
        rows that have another number of cells than the table has columns, where the form does not say which are merged.
    edges : tuple of float
        where a page draws the lines between columns; parts of a table on several pages are put together by them.
    """

    cells: tuple[Cell, ...]
    place: str = ""
    caption: str = ""
    spans: bool = True
    tail: str = ""
    edges: tuple[float, ...] = ()
    uneven: tuple[int, ...] = ()

    @property
    def height(self) -> int:
        return max((c.row + c.rows for c in self.cells), default=0)

    @property
    def width(self) -> int:
        return max((c.column + c.columns for c in self.cells), default=0)

    def origins(self) -> list[list[str]]:
        """Texts by row and column; a slot that a merged cell covers is empty."""
        texts = [[""] * self.width for _ in range(self.height)]
        for cell in self.cells:
            texts[cell.row][cell.column] = cell.text
        return texts

    def slots(self) -> list[list[Cell | None]]:
        """The cell that stands in or covers each slot."""
        slots: list[list[Cell | None]] = [[None] * self.width for _ in range(self.height)]
        for cell in self.cells:
            for row in range(cell.row, cell.row + cell.rows):
                for column in range(cell.column, cell.column + cell.columns):
                    slots[row][column] = cell
        return slots

    def rows_from(self, first: int, last: int | None = None) -> Grid:
        """The rows `first` to `last` (not included) alone; a cell that reaches in from above is cut."""
        last = self.height if last is None else last
        cells = []
        for cell in self.cells:
            top, bottom = max(cell.row, first), min(cell.row + cell.rows, last)
            if top < bottom:
                cells.append(replace(cell, row=top - first, rows=bottom - top))
        return replace(self, cells=tuple(cells), uneven=tuple(r - first for r in self.uneven if first <= r < last))

    def columns_from(self, first: int, last: int | None = None) -> Grid:
        """The columns `first` to `last` (not included) alone."""
        return replace(self.turned().rows_from(first, last).turned(), uneven=self.uneven)

    def on_edges(self, edges: tuple[float, ...], near: float) -> Grid:
        """The grid on the columns of another, of which it draws only some lines; itself where it draws others."""
        if edges == self.edges:
            return self
        at = [next((i for i, edge in enumerate(edges) if abs(edge - own) <= near), -1) for own in self.edges]
        if not at or -1 in at or len(at) != self.width + 1:
            return self
        cells = tuple(
            replace(c, column=at[c.column], columns=at[c.column + c.columns] - at[c.column]) for c in self.cells
        )
        return replace(self, cells=cells, edges=edges)

    def turned(self) -> Grid:
        """Rows as columns."""
        cells = (replace(c, row=c.column, column=c.row, rows=c.columns, columns=c.rows) for c in self.cells)
        return replace(self, cells=tuple(sorted(cells, key=lambda c: (c.row, c.column))))

    def below(self, other: Grid) -> Grid:
        """`other` under this grid."""
        height = self.height  # counted over all cells
        return replace(
            self,
            cells=self.cells + tuple(replace(c, row=c.row + height) for c in other.cells),
            uneven=self.uneven + tuple(r + height for r in other.uneven),
            tail=other.tail,
        )


@dataclass(frozen=True)
class Paragraph:
    """A paragraph between the tables."""

    text: str
    place: str = ""


@dataclass(frozen=True)
class Document:
    """What a reader brings."""

    name: str
    form: str  # docx, xlsx, html, pdf, text
    blocks: tuple[Paragraph | Grid, ...]
    remarks: tuple[str, ...] = field(default=())  # what was seen and not read: hidden sheets, embedded objects …

    def grids(self) -> Iterator[Grid]:
        return (block for block in self.blocks if isinstance(block, Grid))


class Unreadable(DataFault):
    """A document that is refused whole."""


def unreadable(name: str, wrong: str, remedy: str, **place: str) -> Unreadable:
    """The refusal of a document: why, and what to do."""
    return Unreadable([DataProblem(name, wrong, remedy, **place)])


def place_cells(rows: list[list[tuple[str, int, int, str]]], name: str) -> list[Cell]:
    """Cells in their slots, as HTML and Word lay them out: each takes the first free slots of its row.

    Parameters
    ----------
    rows : list of list of (text, rows, columns, place)
        cells in the order of the document; a cell that merges downwards covers slots of the next rows.
    """
    taken: set[tuple[int, int]] = set()
    cells = []
    for number, row in enumerate(rows):
        column = 0
        for text, down, across, place in row:
            while (number, column) in taken:
                column += 1
            down = max(1, min(down, len(rows) - number))
            across = max(1, across)
            while across > 1 and any((number, column + step) in taken for step in range(across)):
                across -= 1
            if column + across > COLUMNS:
                raise too_large(name, f"a row of more than {COLUMNS} columns")
            for below in range(down):
                taken.update((number + below, column + step) for step in range(across))
            if len(taken) > CELLS:
                raise too_large(name, f"a table of more than {CELLS:,} cells")
            cells.append(Cell(text, number, column, down, across, place))
            column += across
    return cells


def too_large(name: str, what: str) -> Unreadable:
    """The refusal of a document beyond what reports are."""
    return unreadable(name, f"has {what}", "Give the part of the document that holds the tables")
