"""Text dumps: what is left of a document when a program has saved its text.

As met in practice: a caption before the table; each cell on a line of its own that begins with a tab; rows parted by
one blank line; a cell of several paragraphs goes on, after one blank line, on a line without a tab; an empty paragraph
in a cell adds a blank line, so that two or more blank lines may or may not end a row; cells merged across are printed
once, cells merged downwards as empty cells; the closing row lacks the cell that its label was merged with. Which cells
of the head were merged is found from the heads of tables that are known, else from what repeats.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from analysis.ground.numerals import fold
from analysis.intake.grid import CELLS, COLUMNS, Cell, Document, Grid, Paragraph, too_large, unreadable
from analysis.intake.package import marked
from analysis.intake.words import (
    CAPTION,
    HEADING,
    NOTE,
    PAGE_MARK,
    REPEATED_CAPTION,
    dated,
    is_closing,
    is_figure,
    stub,
)

CASE_BOX = re.compile(r"^案例\s*\d+-\d+")
LEAF_YEAR = re.compile(r"(?:19|20)[0-9]{2}(年|学年|届|年度)?")


@dataclass
class Token:
    """A cell of the dump."""

    text: str
    line: int
    blanks: int  # blank lines between the cell before and this one


Head = tuple[tuple[str, ...], ...]  # of a known table: the path of each column from the top line down


def read_text(content: bytes, name: str, encoding: str = "utf-8", heads: Sequence[Head] = ()) -> Document:
    """Read a text dump.

    Parameters
    ----------
    heads : sequence of Head
        heads of known tables, whose merged cells are known.

    Raises
    ------
    Unreadable
        for another encoding or an empty document.
    """
    encoding = marked(content) or encoding
    try:
        text = content.decode(encoding, errors="strict")
    except UnicodeDecodeError as error:
        raise unreadable(
            name,
            f"byte {error.start} is not {encoding}",
            f"Convert the file to {encoding}, or state its encoding with --encoding",
        ) from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not text.strip():
        raise unreadable(name, "the document is empty", "Give the text dump of the whole document")
    blocks: list[Paragraph | Grid] = []
    position, cells = 0, 0
    while position < len(lines):
        line = lines[position]
        if line.startswith("\t"):
            tokens, position = _tokens(lines, position)
            cells += len(tokens)
            if cells > CELLS:
                raise too_large(name, f"more than {CELLS:,} cells")
            if len(tokens) == 1 or CASE_BOX.match(tokens[0].text):  # a framed text
                blocks += [Paragraph(t.text, f"line {t.line}") for t in tokens if t.text.strip()]
            else:
                grid = arrange(tokens, heads, name)
                blocks.append(replace(grid, tail=_tail(lines, position, tokens[-1])))
            continue
        if line.strip():
            blocks.append(Paragraph(line.strip(), f"line {position + 1}"))
        position += 1
    return Document(name, "text", tuple(blocks))


def _tokens(lines: list[str], start: int) -> tuple[list[Token], int]:
    """Cells of the table that begins at `start` (0-based), and the line where it ends."""
    tokens: list[Token] = []
    blanks, position = 0, start
    begins = False  # a new row, whatever the blank lines say
    while position < len(lines):
        line = lines[position]
        if line.startswith("\t"):
            if tokens and CASE_BOX.match(line[1:]):
                break
            tokens.append(Token(line[1:], position + 1, 1 if begins else blanks))
            blanks, begins = 0, False
        elif not line.strip():
            blanks += 1
        elif PAGE_MARK.fullmatch(line.strip()) or REPEATED_CAPTION.match(line):
            ahead = _next(lines, position)
            if ahead is None or not lines[ahead].startswith("\t"):
                break
            begins = True
        elif blanks <= 1 and _goes_on(lines, position):
            tokens[-1].text += "\n" + line
            blanks = 0
        else:
            break
        position += 1
    return tokens, position


def _tail(lines: list[str], position: int, last: Token) -> str:
    """A short line one blank line behind the last cell: its next paragraph, or the first of what follows."""
    text = lines[position].strip() if position < len(lines) else ""
    if not text or last.line < position - 1 or is_figure(last.text) or CAPTION.match(text) or NOTE.match(text):
        return ""
    if len(text) > 40 or re.search("[。；！？]$", text) or HEADING.match(text):
        return ""
    return text


def _goes_on(lines: list[str], position: int) -> bool:
    """Whether a line without a tab is a paragraph of the cell before it: another cell follows, it is no caption, no
    note, and what follows is no head of another table."""
    if CAPTION.match(lines[position]) or NOTE.match(lines[position]):
        return False
    ahead = _next(lines, position)
    while ahead is not None and not lines[ahead].startswith("\t"):
        if CAPTION.match(lines[ahead]) or ahead - position > 6 or REPEATED_CAPTION.match(lines[ahead]):
            return False
        ahead = _next(lines, ahead)
    if ahead is None or ahead - position > 12:
        return False
    return ahead == position + 1 or not (stub(lines[ahead][1:]) and _next(lines, position) == ahead)


def _next(lines: list[str], position: int) -> int | None:
    return next(
        (
            at
            for at in range(position + 1, min(position + 12, len(lines)))
            if lines[at].strip() or lines[at].startswith("\t")
        ),
        None,
    )


def arrange(tokens: list[Token], heads: Sequence[Head], name: str) -> Grid:
    """Cells of a dump as a grid.

    Raises
    ------
    Unreadable
        where rows of a table cannot be told apart.
    """
    for head in sorted(heads, key=len, reverse=True):
        if placed := _under(tokens, head):
            return _grid(placed, tokens, name)
    return _grid(_inferred(tokens), tokens, name)


Row = list[tuple[Token, int]]  # cells and how many columns each takes


def _lines_of(head: Head) -> list[list[tuple[str, int]]]:
    """Printed lines of a head: text and columns of each cell; a cell merged downwards leaves an empty one below."""
    lines = []
    for depth in range(max(map(len, head))):
        line: list[tuple[str, int]] = []
        before: tuple[str, ...] | None = None
        for path in head:
            if len(path) <= depth:
                line.append(("", 1))
                before = None
            elif before == path[: depth + 1] and len(path) > depth + 1:
                line[-1] = (line[-1][0], line[-1][1] + 1)
            else:
                line.append((path[depth], 1))
                before = path[: depth + 1]
        lines.append(line)
    return lines


def _under(tokens: list[Token], head: Head) -> list[Row] | None:
    """Rows under a head that is known, or None where another is printed."""
    rows: list[Row] = []
    position = 0
    for line in _lines_of(head):
        found = tokens[position : position + len(line)]
        if [dated(t.text) for t in found] != [dated(text) for text, _ in line]:
            return None
        rows.append([(token, across) for token, (_, across) in zip(found, line, strict=True)])
        position += len(line)
        if position < len(tokens) and not tokens[position].blanks:
            return None  # the line goes on
    return rows + _body(tokens[position:], len(head))


def _body(tokens: list[Token], width: int) -> list[Row]:
    """Rows below the head: a row ends at its width; a closing row and a line over all columns are shorter."""
    rows: list[Row] = []
    position = 0
    while position < len(tokens):
        rest = tokens[position:]
        run = 1  # cells that belong together for sure: up to the next single blank line
        while run < len(rest) and rest[run].blanks != 1:
            run += 1
        if run == 1 and width > 1:  # one cell over all columns
            rows.append([(rest[0], width)])
            position += 1
            continue
        if is_closing(rest[0].text) and run >= 2:
            soft = [n for n in range(2, run) if rest[n].blanks > 1]
            take = next((n for n in [*soft, run] if n >= max(2, width - 3)), run)
            take = min(take, width)
            if run > width and len(rest) > take and rest[take].blanks == 0:
                take = max(width - 1, 1)
            rows.append([(rest[0], width - take + 1), *((t, 1) for t in rest[1:take])])
            position += take
            continue
        ends = len(rest) == width or len(rest) > width and rest[width].blanks > 0
        take = width if run >= width and ends else run  # a row that does not fit stands out in the grid
        rows.append([(t, 1) for t in rest[:take]])
        position += take
    return rows


def _inferred(tokens: list[Token]) -> list[Row]:
    """Rows of a table whose head is not known."""
    hard: list[list[Token]] = []
    for token in tokens:
        if not hard or token.blanks == 1:
            hard.append([])
        hard[-1].append(token)
    lengths = Counter(len(run) for run in hard[1:]) or Counter([len(hard[0])])
    width = max(lengths, key=lambda n: (lengths[n], n))
    width = max(width, len(hard[0])) if len(hard) <= 2 else width
    if len(hard[0]) > width and len(hard[0]) <= COLUMNS and lengths[width] <= lengths.get(len(hard[0]), 0):
        width = len(hard[0])
    hard = [part for run in hard for part in _cut(run, width)]
    lines = 1
    while lines < min(len(hard), 4) and len(hard[lines - 1]) < width and len(hard[lines]) <= width:
        lines += 1
    head = hard[:lines]
    cut = sum(map(len, head))
    spread: list[list[int]] = [[1] * len(head[-1])]
    for upper, lower in zip(head[-2::-1], head[:0:-1]):
        over = _spread(upper, lower)
        if over is None or len(head[-1]) != width:
            spread = [[1] * len(line) for line in head]
            break
        ends = list(accumulate(over))
        spread.insert(0, [sum(spread[0][end - n : end]) for end, n in zip(ends, over)])
    if len(head) == 1:
        head, cut = [head[0][:width]], min(cut, width)
        spread = [[1] * cut]
    return [*([*zip(line, over)] for line, over in zip(head, spread)), *_body(tokens[cut:], width)]


def _cut(run: list[Token], width: int) -> list[list[Token]]:
    """A run of lines of a head in its lines: only where it is too long, and where two blank lines leave a whole one."""
    if len(run) > width and run[-width].blanks > 1:
        return [run[:-width], run[-width:]]
    return [run]


def _spread(upper: list[Token], lower: list[Token]) -> list[int] | None:
    """How many cells of the line below each cell of an upper head line takes: over an empty cell one, else a group that
    ends where its leaves begin to repeat; None where that leaves a choice."""
    empty = [not fold(t.text) for t in lower]
    width = len(lower)
    spread: list[int] = []
    column = 0
    while column < width:
        if empty[column]:
            spread.append(1)
            column += 1
            continue
        end = column
        while end < width and not empty[end]:
            end += 1
        singles = sum(empty[end:])
        more = sum(1 for before, now in pairwise([True, *empty[end:]]) if before and not now)
        groups = None if more else len(upper) - len(spread) - singles
        parts = _groups([fold(t.text) for t in lower[column:end]], groups)
        if parts is None:
            return None
        spread += parts
        column = end
    return spread if len(spread) == len(upper) else None


def _groups(leaves: list[str], count: int | None) -> list[int] | None:
    """Sizes of the groups that a run of leaves falls into."""
    repeats = [1]
    for at in range(1, len(leaves)):
        if leaves[at] in leaves[at - repeats[-1] : at] or (
            LEAF_YEAR.fullmatch(leaves[at]) and LEAF_YEAR.fullmatch(leaves[at - 1]) and leaves[at] <= leaves[at - 1]
        ):
            repeats.append(1)
        else:
            repeats[-1] += 1
    if count is None or len(repeats) == count:
        return repeats
    if count == 1:
        return [len(leaves)]
    if count > 0 and len(leaves) % count == 0 and len(repeats) == 1:
        return [len(leaves) // count] * count if count == len(leaves) else None
    return None


def _grid(rows: list[Row], tokens: list[Token], name: str) -> Grid:
    if rows and max(sum(n for _, n in row) for row in rows) > COLUMNS:
        raise too_large(name, f"a row of more than {COLUMNS} columns")
    cells, widths = [], []
    for number, row in enumerate(rows):
        column = 0
        for token, across in row:
            cells.append(Cell(token.text, number, column, 1, across, f"line {token.line}"))
            column += across
        widths.append(column)
    usual = Counter(widths).most_common(1)[0][0] if widths else 0
    uneven = tuple(number for number, width in enumerate(widths) if width != usual)
    return Grid(tuple(cells), f"line {tokens[0].line}", spans=False, uneven=uneven)
