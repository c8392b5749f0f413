"""The shape of a printed table: where its head ends, what stands in its rows, which way it lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from analysis.ground.numerals import fold
from analysis.intake.grid import Cell, Grid
from analysis.intake.printed import TITLE, Printed
from analysis.intake.words import (
    NOTE,
    PAGE_MARK,
    REPEATED_CAPTION,
    UNIT_COLUMN,
    is_closing,
    is_figure,
    is_subtotal,
    relative_year,
    stub,
    timeless,
    years_said,
)

DEEPEST = 5  # lines of a head


@dataclass(frozen=True)
class Line:
    """A row below the head.

    Attributes
    ----------
    kind : str
        record, subtotal, closing, group, note; what is none of these (blank, repeated head, mark of a page) is dropped.
    cells : tuple of str
        as printed, by column; a slot that a merged cell covers is empty.
    across : tuple of int
        columns of cells that cover more than their own.
    """

    kind: str
    cells: tuple[str, ...]
    place: str
    across: tuple[int, ...] = ()
    uneven: bool = False  # has another number of cells than the table has columns; which are missing is not known


@dataclass(frozen=True)
class Shape:
    """A table with its head, its columns and its rows told apart.

    Attributes
    ----------
    head : tuple of tuple of str
        printed texts of the head's lines on the grid of columns; a merged cell stands over its first.
    paths : tuple of tuple of str
        the texts over each column from the top line down, as printed.
    units : tuple of str
        of each column, where a column of units says so (indicators in rows).
    filled : frozenset of int
        columns in which cells are merged downwards.
    turned : bool
        whether rows were columns in print.
    """

    printed: Printed
    head: tuple[tuple[str, ...], ...]
    head_places: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...]
    lines: tuple[Line, ...]
    units: tuple[str, ...] = ()
    filled: frozenset[int] = frozenset()
    turned: bool = False
    dropped: tuple[tuple[str, str], ...] = field(default=())

    @property
    def width(self) -> int:
        return len(self.paths)

    def records(self) -> list[Line]:
        return [line for line in self.lines if line.kind == "record"]


def shape_of(printed: Printed, is_indicator: Callable[[str], bool]) -> Shape:
    """Tell head, columns and rows apart.

    Parameters
    ----------
    is_indicator : callable
        whether a text is the name of a known indicator; tells which way a table lies.
    """
    grid = _upright(printed.grid, is_indicator)
    turned = grid is not printed.grid
    grid = _one_block(grid)
    depth = _depth(grid)
    slots = grid.slots()
    origins = grid.origins()
    paths = tuple(_path(slots, column, depth) for column in range(grid.width))
    lines: list[Line] = []
    dropped: list[tuple[str, str]] = list(printed.dropped)
    head = [tuple(fold(t) for t in row) for row in origins[:depth]]
    for row in range(depth, grid.height):
        texts = tuple(origins[row])
        place = _place(slots[row], row, printed.place)
        filled = [t for t in texts if t.strip()]
        if not filled:
            continue
        if tuple(fold(t) for t in texts) in head:
            dropped.append(("repeated head", place))
            continue
        across = tuple(
            c.column for c in slots[row] if c is not None and c.row == row and c.columns > 1 and c.text.strip()
        )
        kind = _kind(texts, slots[row], row)
        uneven = row in grid.uneven and not texts[-1].strip()
        if kind == "closing" and uneven and not grid.spans and len(texts) > 2 and is_figure(texts[1]):
            texts, uneven = (texts[0], "", *texts[1:-1]), False  # the label was merged over two columns
        if kind == "mark":
            dropped.append((filled[0], place))
            continue
        lines.append(Line(kind, texts, place, tuple(dict.fromkeys(across)), uneven))
    downwards = frozenset(c.column for c in grid.cells if c.row >= depth and c.rows > 1 and c.text.strip())
    return Shape(
        printed,
        tuple(tuple(row) for row in origins[:depth]),
        tuple(_place(slots[row], row, printed.place) for row in range(depth)),
        paths,
        _one_closing(lines),
        filled=downwards,
        turned=turned,
        dropped=tuple(dropped),
    )


def _place(slots: list[Cell | None], row: int, otherwise: str) -> str:
    return next((c.place for c in slots if c is not None and c.row == row), otherwise)


def _one_closing(lines: list[Line]) -> tuple[Line, ...]:
    """Only a closing row that ends the table closes it; one before it closes a group."""
    last = max((at for at, line in enumerate(lines) if line.kind in {"record", "closing", "subtotal"}), default=-1)
    return tuple(
        replace(line, kind="subtotal") if line.kind == "closing" and at != last else line
        for at, line in enumerate(lines)
    )


def _kind(texts: tuple[str, ...], slots: list[Cell | None], row: int) -> str:
    labels = [t for t in texts[:3] if t.strip()]
    filled = [t for t in texts if t.strip()]
    alone = len(filled) == 1
    origin = (
        next(c for c in slots if c is not None and c.text.strip() and c.row == row)
        if alone and any(c is not None and c.row == row and c.text.strip() for c in slots)
        else None
    )
    whole = alone and origin is not None and origin.columns > 1 and origin.columns >= len(texts) - 1
    if alone and (PAGE_MARK.fullmatch(filled[0].strip()) and whole or REPEATED_CAPTION.match(filled[0])):
        return "mark"
    first = alone and len(texts) > 2 and bool(texts[0].strip())
    if (
        alone
        and NOTE.match(filled[0])
        or (whole or first)
        and (len(filled[0]) > TITLE or filled[0].strip()[-1] in "。；")
    ):
        return "note"
    if labels and is_closing(labels[0]) or len(labels) > 1 and texts[0].strip().isdigit() and is_closing(labels[1]):
        return "closing"
    if labels and any(is_subtotal(label) for label in labels[:2]):
        return "subtotal"
    return "group" if whole or first and not is_figure(filled[0]) else "record"


def _depth(grid: Grid) -> int:
    """Lines of the head: at least as many as its merged cells reach, one more below cells merged across; the head ends
    before the first row with a figure or the order 1."""
    slots = grid.slots()
    limit = min(DEEPEST, grid.height - 1)
    depth = 1
    while depth < limit:
        reach = max((c.row + c.rows for c in grid.cells if c.row < depth), default=depth)
        row = [c for c in slots[depth] if c is not None and c.row == depth]
        texts = [c.text for c in row if c.text.strip()]
        if not texts and reach <= depth:
            break
        if texts and (any(is_figure(t) for t in texts) or is_closing(texts[0])):
            break
        spread = any(
            c.row == depth - 1 and c.columns > 1 and c.columns < grid.width and c.text.strip() for c in grid.cells
        )
        if reach > depth or spread:
            depth += 1
            continue
        break
    return max(1, depth)


def _path(slots: list[list[Cell | None]], column: int, depth: int) -> tuple[str, ...]:
    path, before = [], None
    for row in range(depth):
        cell = slots[row][column]
        if cell is not None and cell is not before and cell.text.strip():
            path.append(cell.text)
        before = cell
    return tuple(path)


def _upright(grid: Grid, is_indicator: Callable[[str], bool]) -> Grid:
    """The grid with indicators over its columns; where they stand in its rows, it is turned."""
    if grid.height < 2 or grid.width < 2:
        return grid
    depth = _depth(grid)
    origins = grid.origins()
    heads = [" ".join(_path(grid.slots(), c, depth)) for c in range(grid.width)]
    label = next((c for c in range(min(3, grid.width)) if stub(heads[c]) != "order"), 0)
    below = [row[label] for row in origins[depth:] if row[label].strip()]
    if not below:
        return grid
    in_rows = sum(is_indicator(t) for t in below) / len(below)
    over = [h for c, h in enumerate(heads) if c != label and h and not stub(h)]
    in_heads = sum(is_indicator(h) for h in over) / len(over) if over else 0.0
    said = stub(heads[label]) == "indicator"
    values = [row[c] for row in origins[depth:] for c in range(label + 1, grid.width) if row[c].strip()]
    if 2 * sum(is_figure(v) for v in values) < len(values):
        return grid
    if not (said and in_heads < 0.3 or in_rows >= 0.6 and in_heads < 0.2 and len(below) >= 2):
        return grid
    units = next((c for c in range(grid.width) if fold(heads[c]) in UNIT_COLUMN), None)
    orders = {c for c in range(grid.width) if stub(heads[c]) == "order"}
    others = [c for c in range(grid.width) if c != label and c not in orders and c != units]
    if others and all(_is_year(heads[c]) for c in others):
        return _years_over(grid, depth, label, units, others, heads)
    cells = []
    kept = [label, *others]
    new_row = {c: at for at, c in enumerate(kept)}
    slots = grid.slots()
    for cell in grid.cells:
        if cell.column not in new_row or cell.row < depth and cell.row + cell.rows < depth:
            continue
        if cell.row < depth:
            cells.append(replace(cell, row=new_row[cell.column], column=0, rows=1, columns=1))
            continue
        text = cell.text
        if cell.column == label and units is not None and (unit := slots[cell.row][units]) and unit.text.strip():
            text = f"{text}（{unit.text.strip()}）"
        cells.append(
            replace(
                cell,
                text=text,
                row=new_row[cell.column],
                column=cell.row - depth + 1,
                rows=cell.columns,
                columns=cell.rows,
            )
        )
    return replace(grid, cells=tuple(sorted(cells, key=lambda c: (c.row, c.column))))


def _is_year(head: str) -> bool:
    return relative_year([head]) is not None or bool(years_said(head)) and not timeless(head)


def _years_over(grid: Grid, depth: int, label: int, units: int | None, years: list[int], heads: list[str]) -> Grid:
    """Indicators in rows, years over the columns, one body that reports: a head of two lines and one row."""
    slots = grid.slots()
    upper: list[Cell] = [Cell("学校", 0, 0, 2, 1, grid.place)]
    lower: list[Cell] = []
    row: list[Cell] = [Cell("", 2, 0, 1, 1, grid.place)]
    column = 1
    for line in range(depth, grid.height):
        name = slots[line][label]
        if name is None or not name.text.strip() or name.row != line or name.columns > 1:
            continue
        unit = slots[line][units] if units is not None else None
        text = f"{name.text}（{unit.text.strip()}）" if unit is not None and unit.text.strip() else name.text
        upper.append(Cell(text, 0, column, 1, len(years), name.place))
        for at, year in enumerate(years):
            value = slots[line][year]
            lower.append(Cell(heads[year], 1, column + at, 1, 1, grid.place))
            row.append(
                Cell(
                    value.text if value is not None else "", 2, column + at, 1, 1, value.place if value else grid.place
                )
            )
        column += len(years)
    return replace(grid, cells=(*upper, *lower, *row), spans=True)


def _one_block(grid: Grid) -> Grid:
    """Two or three blocks of the same columns side by side, put one below the other."""
    depth = _depth(grid)
    slots = grid.slots()
    heads = [tuple(timeless(t) for t in _path(slots, c, depth)) for c in range(grid.width)]
    for count in (2, 3):
        width, rest = divmod(grid.width, count)
        if rest or width < 2 or not stub("".join(heads[0])):
            continue
        blocks = [heads[at * width : (at + 1) * width] for at in range(count)]
        if all(block == blocks[0] for block in blocks):
            parts = [grid.columns_from(at * width, (at + 1) * width) for at in range(count)]
            whole = parts[0]
            for part in parts[1:]:
                whole = whole.below(part.rows_from(depth))
            return whole
    return grid
