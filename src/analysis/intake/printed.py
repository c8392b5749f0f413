"""Tables as they are printed: each grid with its caption, unit line and notes, its parts put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from analysis.ground.numerals import fold
from analysis.intake.grid import Document, Grid, Paragraph
from analysis.intake.words import NOTE, PAGE_MARK, REPEATED_CAPTION, UNIT_LINE, Caption, is_closing, read_caption, stub

NEAR = 2.0  # points: lines of two pages this near are one
TITLE = 60  # characters; a longer line before a table is prose


@dataclass(frozen=True)
class Printed:
    """One table of the document.

    Attributes
    ----------
    number : str
        as printed (``3-5``, ``附1``), empty where none is.
    units : tuple of str
        what `单位：` lines and the caption say of all columns.
    dropped : tuple of (str, str)
        rows that are none: page marks, repeated captions; what and where.
    """

    number: str
    title: str
    grid: Grid
    units: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    place: str = ""
    dropped: tuple[tuple[str, str], ...] = field(default=())


def printed_tables(document: Document) -> tuple[list[Printed], list[tuple[str, str]]]:
    """All tables of a document in order, and captions that no table follows (text, place)."""
    tables: list[Printed] = []
    before: list[Paragraph] = []
    alone: list[tuple[str, str]] = []
    for block in document.blocks:
        if isinstance(block, Paragraph):
            before.append(block)
            continue
        if block.width < 2 or not any(fold(c.text) for c in block.cells):
            before += [Paragraph(c.text, c.place) for c in block.cells if c.text.strip()]  # a framed text
            continue
        table = _with_its_lines(block, before)
        part = Printed("", _title_before(before), block, place=block.place)
        captioned = [p for p in before if (c := read_caption(p.text)) and not c.continued and _near_title(p.text)]
        alone += [(p.text, p.place) for p in captioned if read_caption(p.text) != _caption_of(before)]
        if tables and (joined := _joined(tables[-1], part, before)):
            tables[-1] = joined
        else:
            if tables:
                tables[-1] = replace(tables[-1], notes=tables[-1].notes + _notes(before))
            tables.append(table)
        before = []
    if tables:
        tables[-1] = replace(tables[-1], notes=tables[-1].notes + _notes(before))
    alone += [(p.text, p.place) for p in before if (c := read_caption(p.text)) and c.number and _near_title(p.text)]
    return tables, alone


def _near_title(text: str) -> bool:
    return len(text) <= TITLE and not any(sign in text for sign in "。；!?！？") and text.count("，") < 2


def _caption_of(before: Sequence[Paragraph]) -> Caption | None:
    """The last caption among the paragraphs before a table."""
    for paragraph in reversed(before):
        found = read_caption(paragraph.text)
        if found and _near_title(paragraph.text):
            return found
    return None


def _title_before(before: Sequence[Paragraph]) -> str:
    """The line directly above a table, if it may be its title."""
    for paragraph in reversed(before[-3:]):
        text = paragraph.text.strip()
        if PAGE_MARK.fullmatch(text) or NOTE.match(text) or UNIT_LINE.search(text):
            continue
        return text if _near_title(text) and not text.endswith((":", "：")) else ""
    return ""


def _notes(before: Sequence[Paragraph]) -> tuple[str, ...]:
    """Notes that follow a table directly."""
    notes = []
    for paragraph in before:
        if PAGE_MARK.fullmatch(paragraph.text):
            continue
        if not NOTE.match(paragraph.text):
            break
        notes.append(paragraph.text)
    return tuple(notes)


def _with_its_lines(grid: Grid, before: Sequence[Paragraph]) -> Printed:
    """A grid with what stands above it and in its own first and last lines."""
    caption, title = _caption_of(before), ""
    units = [m[1] for p in before[-4:] if (m := UNIT_LINE.search(p.text)) and len(p.text) < TITLE]
    if caption is None:
        title = _title_before(before)
    dropped: list[tuple[str, str]] = []
    notes: list[str] = []
    while grid.height > 2 and (line := _whole_line(grid, 0)):
        text, place = line
        if found := read_caption(text):
            caption = caption or found
        elif unit := UNIT_LINE.search(text):
            units.append(unit[1])
        elif title or caption:
            break
        else:
            title = text
        dropped.append((text, place))
        grid = grid.rows_from(1)
    while (
        grid.height > 2
        and (line := _whole_line(grid, grid.height - 1))
        and (NOTE.match(line[0]) or len(line[0]) > TITLE)
    ):
        notes.insert(0, line[0])
        dropped.append(line)
        grid = grid.rows_from(0, grid.height - 1)
    number = caption.number if caption else ""
    title = caption.title if caption and caption.title else title or grid.caption
    if not caption and (found := read_caption(grid.caption)):
        number, title = found.number, found.title
    if unit := UNIT_LINE.search(title):
        units.append(unit[1])
    return Printed(
        number, title, grid, tuple(dict.fromkeys(u.strip() for u in units)), tuple(notes), grid.place, tuple(dropped)
    )


def _whole_line(grid: Grid, row: int) -> tuple[str, str] | None:
    """Text and place of a row that is one cell over all columns, or None."""
    texts = [cell for cell in grid.cells if cell.row <= row < cell.row + cell.rows and cell.text.strip()]
    if len(texts) != 1 or texts[0].row != row or texts[0].rows > 1 or grid.width < 2:
        return None
    whole = texts[0].columns == grid.width
    return (texts[0].text.strip(), texts[0].place) if whole else None


def _joined(above: Printed, below: Printed, between: Sequence[Paragraph]) -> Printed | None:
    """Two parts of one table as one, or None where they are two.

    A part says that it goes on (`续表`), or stands below the other with nothing between but marks of a page and repeats
    its head, or goes on without any head.
    """
    continued = any(REPEATED_CAPTION.match(p.text) for p in between)
    caption = _caption_of(between)
    if caption and not caption.continued and fold(caption.title) not in {"", fold(above.title)}:
        return None
    if caption and not caption.continued and caption.number != above.number:
        return None
    if caption and caption.continued and caption.number and above.number and caption.number != above.number:
        return None
    silent = all(
        PAGE_MARK.fullmatch(p.text.strip()) or UNIT_LINE.search(p.text) or REPEATED_CAPTION.match(p.text)
        for p in between
    ) and not (below.title and not below.number and not continued and below.title != above.grid.caption)
    if above.grid.edges and below.grid.edges:  # each page draws only the lines that its cells need
        finer = max((above.grid.edges, below.grid.edges), key=len)
        above, below = (replace(part, grid=part.grid.on_edges(finer, NEAR)) for part in (above, below))
    if above.grid.width != below.grid.width or not (continued or caption and caption.number == above.number or silent):
        return None
    if (
        any(is_closing(c.text) for c in above.grid.cells if c.row + c.rows == above.grid.height and c.column < 2)
        and not continued
    ):
        return None
    repeated = _repeated_head(above.grid, below.grid)
    if not repeated and not continued and _has_head(below.grid):
        return None
    return replace(
        above,
        grid=above.grid.below(below.grid.rows_from(repeated)),
        notes=above.notes + below.notes,
        dropped=above.dropped + below.dropped + tuple((p.text, p.place) for p in between),
    )


def _repeated_head(above: Grid, below: Grid) -> int:
    """How many of the first rows of `below` repeat those of `above`."""
    upper, lower = above.origins(), below.origins()
    count = 0
    for first, second in zip(upper[:5], lower[:5]):
        if [fold(t) for t in first] != [fold(t) for t in second]:
            break
        count += 1
    return count


def _has_head(grid: Grid) -> bool:
    """Whether the first row announces columns; a label over all of them does not."""
    texts = [text for text in grid.origins()[0] if text.strip()]
    return len(texts) > 1 and any(stub(text) for text in texts)
