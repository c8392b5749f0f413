"""Reads the numbered tables of a text dump.

The layout of such a dump, as met in practice: a caption line ``表3-5 …`` before the table; each cell on a line of its
own that begins with a tab; rows parted by one blank line; a cell of several paragraphs goes on, after one blank line,
on a line without a tab; an empty paragraph inside a cell adds a blank line, so that two or more blank lines may or may
not end a row; horizontally merged cells are printed once, vertically merged ones as empty cells; the closing row lacks
the cell that its label was merged with. What that leaves open is settled by the declared layout, and what does not fit
is reported with its line.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from analysis.ground.errors import Problems
from analysis.ground.layout import TableLayout
from analysis.ground.numerals import fold

CAPTION = re.compile(r"^\s*表\s*(\d+-\d+)\s*(.*)$")
CASE_BOX = re.compile(r"^案例\s*\d+-\d+")


@dataclass
class Cell:
    text: str
    line: int
    blanks_before: int  # blank lines between the cell before and this one


@dataclass
class RawRow:
    """One printed row, its cells in their columns; `kind` is header, record or aggregate."""

    kind: str
    line: int
    cells: list[str] = field(default_factory=list)


@dataclass
class RawTable:
    table_id: str
    caption: str
    rows: list[RawRow]


def read_cells(lines: list[str], start: int) -> tuple[list[Cell], int]:
    """Cells of the table whose caption stands before `start` (0-based), and the line where the table ends."""
    cells: list[Cell] = []
    blanks = 0
    position = start
    while position < len(lines):
        line = lines[position]
        if not line.strip() and not line.startswith("\t"):
            blanks += 1
        elif line.startswith("\t"):
            text = line[1:].rstrip("\n")
            if CASE_BOX.match(text):  # a framed text that follows the table without a caption
                break
            cells.append(Cell(text, position + 1, blanks))
            blanks = 0
        elif not cells:
            pass  # the caption goes on
        elif blanks <= 1 and not CAPTION.match(line):
            cells[-1].text += "\n" + line.rstrip("\n")
            blanks = 0
        else:
            break
        position += 1
    return cells, position


def split_rows(cells: list[Cell], layout: TableLayout, source: str, problems: Problems) -> list[RawRow]:
    """Put cells into rows of the declared width; report every row that does not fit."""
    width = len(layout.columns)
    expected_header = layout.printed_header()
    rows: list[RawRow] = []
    position = 0

    for number, expected in enumerate(expected_header):
        found = cells[position : position + len(expected)]
        if [fold(c.text) for c in found] != expected:
            texts = [c.text for c in found]
            for want, have in zip(expected, [*map(fold, texts), *[""] * len(expected)]):
                if want == have:
                    continue
                near = (
                    difflib.get_close_matches(have, {p for line in expected_header for p in line if p}, 1, 0.5)
                    if have
                    else []
                )
                problems.add(
                    source,
                    f"the header should read {want!r} here",
                    "Correct the text, or declare the new header in layout.yaml"
                    + (f" (nearest declared header: {near[0]!r})" if near else ""),
                    table=layout.table_id,
                    row=f"header line {number + 1}, line {found[0].line if found else '?'}",
                    column=want or "(merged)",
                    printed=have,
                )
            return rows
        rows.append(RawRow("header", found[0].line, _spread([c.text for c in found], layout, number)))
        position += len(expected)

    while position < len(cells):
        rest = cells[position:]
        # cells that belong together for sure: up to the next single blank line
        run = 1
        while run < len(rest) and rest[run].blanks_before != 1:
            run += 1
        # two or more blank lines end a row only where the row is full
        closing = _closing_width(rest, layout)
        take = closing or width
        chunk = rest[:take]
        label = fold(chunk[0].text) or (fold(chunk[1].text) if len(chunk) > 1 else "")
        if run < take or (run > take and rest[take].blanks_before == 0):
            problems.add(
                source,
                f"a row has {run} cells, {take} are declared",
                "Compare the row with the document and mend the text, or declare the columns in layout.yaml",
                table=layout.table_id,
                row=f"{label!r}, line {chunk[0].line}",
            )
            position += run
            continue
        texts = [c.text for c in chunk]
        if closing == width - 1:
            texts = ["", *texts]
        elif closing:
            texts = texts[:width]
        rows.append(RawRow("aggregate" if closing else "record", chunk[0].line, texts))
        position += take
    return rows


def _closing_width(cells: list[Cell], layout: TableLayout) -> int:
    """Number of cells of the closing row if the next row is one, else 0."""
    if layout.aggregate_label is None:
        return 0
    if fold(cells[0].text) == layout.aggregate_label:
        return len(layout.columns) - 1  # label merged over order and entity
    if len(cells) > 1 and not fold(cells[0].text) and fold(cells[1].text) == layout.aggregate_label:
        return len(layout.columns)
    return 0


def _spread(texts: list[str], layout: TableLayout, depth: int) -> list[str]:
    """Printed header cells put over the first column they span, so that the grid is rectangular."""
    printed = iter(texts)
    grid: list[str] = []
    for want in layout.header_grid()[depth]:
        # every printed cell, the empty ones of vertical merges too, has its column; the rest of a span has none
        starts = want or len(layout.columns[len(grid)].header) <= depth
        grid.append(next(printed) if starts else "")
    return grid


def read_tables(text: str, layouts: dict[str, TableLayout], source: str) -> list[RawTable]:
    """Read all declared tables of a dump.

    Parameters
    ----------
    text : str
        the whole document.
    layouts : dict
        declared layout by table id, see `analysis.ground.layout`.
    source : str
        name of the document for messages.

    Returns
    -------
    list of RawTable
        cells exactly as printed (paragraphs of one cell joined by a line feed); columns with names of persons emptied.

    Raises
    ------
    DataFault
        for tables that are missing, doubled or not declared, and for every header or row that does not fit.
    """
    problems = Problems()
    lines = text.split("\n")
    tables: dict[str, RawTable] = {}
    seen: dict[str, int] = {}
    if not text.strip():
        problems.add(source, "the document is empty", "Give the text dump of the whole document")
        problems.stop()
    position = 0
    while position < len(lines):
        caption = CAPTION.match(lines[position])
        position += 1
        if not caption or lines[position - 1].startswith("\t") or not _table_follows(lines, position):
            continue
        table_id, line = caption[1], position
        if table_id in seen:
            problems.add(
                source, f"table {table_id} stands twice (lines {seen[table_id]} and {line})", "Keep one", table=table_id
            )
            continue
        seen[table_id] = line
        if table_id not in layouts:
            problems.add(
                source,
                f"table {table_id} at line {line} is not declared",
                "Declare it in layout.yaml",
                table=table_id,
                printed=caption[2],
            )
            continue
        cells, position = read_cells(lines, position)
        layout = layouts[table_id]
        rows = split_rows(cells, layout, source, problems)
        for row in rows:
            row.cells = ["" if c.role == "omit" else t for c, t in zip(layout.columns, row.cells, strict=True)]
        if layout.aggregate_label and rows and rows[-1].kind != "aggregate":
            problems.add(
                source,
                f"the closing row {layout.aggregate_label!r} is missing",
                "Add it, or drop `aggregate` from layout.yaml",
                table=table_id,
                row=f"line {rows[-1].line}",
            )
        tables[table_id] = RawTable(table_id, caption[2].strip(), rows)
    for table_id in layouts.keys() - seen.keys():
        problems.add(
            source,
            "a declared table is not in the document",
            "Check the caption, or drop the table from layout.yaml",
            table=table_id,
        )
    problems.stop()
    return [tables[i] for i in layouts]


def _table_follows(lines: list[str], position: int) -> bool:
    """A caption is one only if cells follow within a few lines (prose also says 'see table 3-5')."""
    following = [line for line in lines[position : position + 8] if line.strip() or line.startswith("\t")][:2]
    return any(line.startswith("\t") for line in following)
