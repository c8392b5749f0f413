"""Which known table each table of a document is, and whether its rows are whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from analysis.ground.layout import TABLE_ID
from analysis.intake.known import KnownTable, bare_path, bare_title, likeness
from analysis.intake.shape import Shape
from analysis.intake.study import LEAST, NO, YES, ReadTable, Study, nothing_else, reason, slug
from analysis.intake.words import NATIONAL, national_table, timeless

SURE_TITLE, SURE_HEADS = 0.6, 0.99
TEMPLATE = 0.5  # share of known heads from which a table with a caption of the national template is that table


def _score(study: Study, shape: Shape, known: KnownTable) -> tuple[float, float]:
    """How like heads and title are those of a known table, 0 to 1 each."""
    own = Counter(comparable(shape.paths))
    theirs = Counter(known.heads)
    shared = sum((own & theirs).values())
    heads = 2 * shared / (sum(own.values()) + sum(theirs.values()))
    one, other = (bare_title(t, study.places) or timeless(t) for t in (shape.printed.title, known.layout.title))
    return heads, likeness(one, other)


def bare_of_places(title: str, places: Iterable[str]) -> str:
    """A title without the places that it names."""
    for place in places:
        title = title.replace(place, "")
    return title


def comparable(paths: Iterable[tuple[str, ...]]) -> list[str]:
    """Comparable head of each column."""
    return [bare_path(p) for p in paths]


def match_tables(study: Study, shapes: list[Shape]) -> list[ReadTable]:
    """Each table with the known one that it is, by its heads and its title and never by its number alone."""
    latest: dict[str, KnownTable] = {}
    for known in sorted(study.known.tables, key=lambda t: t.source != study.source):
        latest.setdefault(known.layout.name or f"{known.source} {known.layout.table_id}", known)
    scores = {
        (at, name): _score(study, shape, known) for at, shape in enumerate(shapes) for name, known in latest.items()
    }
    matched: dict[int, tuple[KnownTable | None, float, float]] = {}
    taken: set[str] = set()
    ranked = sorted(
        scores.items(),
        key=lambda s: -(s[1][0] + s[1][1] + 0.05 * (shapes[s[0][0]].printed.number == latest[s[0][1]].layout.table_id)),
    )
    for (at, name), (heads, title) in ranked:  # the likest pair first
        if at not in matched and name not in taken and heads + title >= 2 * LEAST and heads > 0.15:
            matched[at] = (latest[name], heads, title)
            taken.add(name)
    ids: Counter[str] = Counter(s.printed.number for s in shapes)
    unmatched: tuple[KnownTable | None, float, float] = (None, 0.0, 0.0)
    tables: list[ReadTable] = []
    used: set[str] = set()
    for at, shape in enumerate(shapes):
        match, heads, title = matched.get(at, unmatched)
        template = national_table(bare_of_places(shape.printed.title, study.places))
        if template and match is not None and match.layout.name != template:
            match, heads, title = unmatched
        number = shape.printed.number
        sound = re.fullmatch(TABLE_ID, number) is not None and ids[number] == 1
        name = match.layout.name if match else template or slug(bare_title(shape.printed.title, study.places))
        while name and name in {t.name for t in tables}:
            name += "_2"
        table_id = number if sound else name
        while table_id in used:
            table_id += "_2"
        used.add(table_id)
        table = ReadTable(table_id, name, shape.printed.title, shape, match)
        _decide_table(study, table, heads, title, ids[number] > 1 and bool(number))
        tables.append(table)
    return tables


def _decide_table(study: Study, table: ReadTable, heads: float, title: float, doubled: bool) -> None:
    where = table.shape.printed.place
    known = {name: k for k in reversed(study.known.tables) for name in (k.layout.table_id, k.layout.name) if name}

    def accepts(answer: str) -> bool:
        return answer == NO or answer in known or answer.startswith("new:") and len(answer) > len("new:")

    printed = f"{table.shape.printed.number} {table.title}".strip() or f"(no caption) {' '.join(table.shape.paths[-1])}"
    if table.known is not None:
        sure = not doubled and (
            heads >= SURE_HEADS
            and title >= SURE_TITLE
            or title >= 0.9
            and heads >= 0.3
            or heads >= 0.8
            and title >= 0.75
        )
        if sure:
            return
        layout = table.known.layout
        answer = study.ask(
            "table", where, printed, layout.name or layout.table_id, (heads + title) / 2,
            f"heads {heads:.0%} and title {title:.0%} like table {layout.table_id} of {table.known.source}",
            accepts,
        )  # fmt: skip
    else:
        lines, columns = len(table.shape.records()), len(table.shape.paths)
        heads_known = sum(study.known.is_indicator(" ".join(p)) for p in table.shape.paths)
        if table.name in NATIONAL and heads_known >= TEMPLATE * columns:
            return  # a table that every college prints
        answer = study.ask(
            "table", where, printed, f"new:{table.name}", heads_known / max(1, columns),
            f"no known table is like it; {lines} rows, {columns} columns, {heads_known} of them known heads",
            accepts,
        )  # fmt: skip
    if answer is None:
        table.left_out = reason("its question is open")
    elif answer == NO:
        table.left_out, table.refused = reason("not wanted"), True
    elif answer.startswith("new:"):
        table.known, table.name = None, slug(answer.removeprefix("new:"))
    else:
        table.known, table.name = known[answer], known[answer].layout.name


def check_rows(study: Study, table: ReadTable) -> None:
    """A row of a text dump that has another number of cells than the table has columns."""
    lines = []
    for line in table.shape.lines:
        if not line.uneven or line.kind in {"group", "note", "subtotal"}:
            lines.append(line)
            continue
        said = f"{line.place}: {' '.join(c.strip() for c in line.cells if c.strip())[:60]}"
        count = sum(bool(c) for c in line.cells)
        answer = study.ask(
            "row", table.table_id, said, NO, 0.0,
            f"about {count} cells, the table has {table.shape.width} columns; `no` leaves the row out, else mend "
                "the text and read it again",
            nothing_else,
        )  # fmt: skip
        if answer is None:
            table.left_out = reason("its question is open")
    table.shape = replace(table.shape, lines=tuple(lines))


def check_tail(study: Study, table: ReadTable) -> None:
    """A line behind the last cell of a text dump: part of the cell or of what follows."""
    text, line = table.shape.printed.grid.tail, table.shape.lines[-1] if table.shape.lines else None
    if not text or line is None:
        return
    answer = study.ask(
        "tail",
        table.table_id,
        text,
        YES,
        0.5,
        "stands behind the last cell and may be its next paragraph; `no`: it is text",
        {NO}.__contains__,
    )
    if answer is None:
        table.left_out = reason("its question is open")
    elif answer == YES:
        at = max(i for i, t in enumerate(line.cells) if t.strip())
        cells = tuple(f"{t}\n{text}" if i == at else t for i, t in enumerate(line.cells))
        table.shape = replace(table.shape, lines=(*table.shape.lines[:-1], replace(line, cells=cells)))
