"""The declared layout of a document's tables: what a text dump cannot tell about headers, merged cells and columns."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from analysis.ground.errors import Problems
from analysis.ground.files import read_yaml
from analysis.ground.numerals import fold
from analysis.ground.paths import shown
from analysis.ground.schema import Closed, Code, Text, Year, require

TABLE_ID = (  # as printed, or the name of a table without a number
    r"附?[0-9]{1,3}([-.][0-9]{1,3}){0,2}|附?[一二三四五六七八九十]{1,3}|[a-z][a-z0-9_]{0,60}"
)


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    header: tuple[str, ...]
    role: str  # order | entity | field | omit | value
    name: str | None = None  # of a field
    indicator: str | None = None  # of a value
    year: int | None = None
    fill_down: bool = False  # vertically merged cells: an empty cell repeats the one above
    unit: str | None = None  # printed, where it is another than the indicator's

    @property
    def figure(self) -> tuple[str, int]:
        """Indicator and year of a column of values; `load_layout` refuses one that lacks them."""
        if self.indicator is None or self.year is None:
            raise ValueError(f"column {' / '.join(self.header)} has no figures")
        return self.indicator, self.year


@dataclass(frozen=True)
class TableLayout:
    """One table: its header, its columns and what its closing row claims to be."""

    table_id: str
    title: str
    header_rows: int
    columns: tuple[Column, ...]
    aggregate_label: str | None = None
    aggregate_rule: str | None = None  # sum | mean
    aggregate_entity: str | None = None  # whom the closing row is about, if not the whole city
    name: str = ""  # by which code, words and other years know the table

    def printed_header(self) -> list[list[str]]:
        """Header lines as a dump prints them: a horizontal merge is one cell, a vertical merge leaves empty cells."""
        lines = []
        for depth in range(self.header_rows):
            cells: list[str] = []
            for prefix, run in groupby(self.columns, key=lambda c: c.header[: depth + 1]):
                cells += [""] * len(list(run)) if len(prefix) <= depth else [prefix[depth]]
            lines.append(cells)
        return lines

    def header_grid(self) -> list[list[str]]:
        """Header lines on the grid of columns: a horizontal merge stands over its first column."""
        grid = []
        for depth in range(self.header_rows):
            line, previous = [], None
            for column in self.columns:
                prefix = column.header[: depth + 1]
                whole = len(prefix) > depth
                line.append(prefix[depth] if whole and prefix != previous else "")
                previous = prefix if whole else None
            grid.append(line)
        return grid

    @property
    def has_values(self) -> bool:
        return any(c.role == "value" for c in self.columns)

    @property
    def has_fields(self) -> bool:
        return any(c.role in {"field", "omit"} for c in self.columns)


class ColumnEntry(Closed):
    """A column of ``layout.yaml``."""

    header: list[str | int] = Field(min_length=1, max_length=5)
    role: Literal["order", "entity", "field", "omit"] | None = None
    name: Code | None = None
    indicator: Code | None = None
    year: Year | None = None
    fill: Literal["down"] | None = None
    unit: Text | None = None
    note: Text | None = None

    entry: ClassVar[str] = "a column"


class AggregateEntry(Closed):
    """The closing row of a table."""

    label: Text
    rule: Literal["sum", "mean"]
    entity: Code | None = None

    entry: ClassVar[str] = "a closing row"


class TableEntry(Closed):
    """A table of ``layout.yaml``."""

    title: Text
    name: Code | None = None
    header_rows: Annotated[int, Field(ge=1, le=5)]
    columns: list[ColumnEntry] = Field(min_length=1)
    aggregate: AggregateEntry | None = None

    entry: ClassVar[str] = "a table"


class LayoutFile(Closed):
    """``layout.yaml``."""

    tables: dict[str, TableEntry] = Field(min_length=1)

    entry: ClassVar[str] = "a layout"


def load_layout(path: Path) -> dict[str, TableLayout]:
    """Read ``layout.yaml``; every fault of the declaration is reported at once.

    Raises
    ------
    DataFault
        for misspelt, missing or unfit keys, columns without a role, indicators without a year,
        two columns for one figure.
    """
    problems, file, tables = Problems(), shown(path), {}
    declared = require(LayoutFile, read_yaml(Path(path)), file, problems)
    for table_id, entry in declared.tables.items():
        if not re.fullmatch(TABLE_ID, table_id):
            problems.add(
                file, "is no number of a table", 'Write it as printed, in quotation marks: "3-6"', table=table_id[:40]
            )
        columns = [_column(number, column, table_id, file, problems) for number, column in enumerate(entry.columns, 1)]
        figures = Counter((c.indicator, c.year) for c in columns if c.role == "value")
        for (indicator, year), times in figures.items():
            if times > 1:
                problems.add(
                    file,
                    f"{times} columns for {indicator} {year}",
                    "Correct the indicator or the year of one",
                    table=table_id,
                )
        for name, times in Counter(c.name for c in columns if c.role == "field").items():
            if times > 1:
                problems.add(file, f"{times} fields are called {name}", "Rename one", table=table_id)
        for role in ("order", "entity"):
            if sum(c.role == role for c in columns) > 1:
                problems.add(file, f"two columns have the role {role}", "Keep one", table=table_id)
        if max(len(c.header) for c in columns) > entry.header_rows:
            problems.add(
                file,
                f"header_rows is {entry.header_rows}, headers have up to {max(len(c.header) for c in columns)} lines",
                "Correct header_rows or the headers",
                table=table_id,
            )
        closing = entry.aggregate
        tables[table_id] = TableLayout(
            table_id,
            entry.title,
            entry.header_rows,
            tuple(columns),
            closing.label if closing else None,
            closing.rule if closing else None,
            closing.entity if closing else None,
            entry.name or (table_id if table_id.isidentifier() else ""),
        )
    for name, times in Counter(t.name for t in tables.values() if t.name).items():
        if times > 1:
            problems.add(file, f"{times} tables are called {name}", "Rename one", row="name", printed=name)
    problems.stop()
    return tables


def _column(number: int, column: ColumnEntry, table_id: str, file: str, problems: Problems) -> Column:
    """One declared column; what does not belong together is noted."""
    place = {"table": table_id, "column": number}
    role = column.role or "value"
    wanted = {"value": {"indicator", "year", "unit"}, "field": {"name"}}.get(role, set())
    if role == "value" and column.indicator is None:
        problems.add(
            file, "a column without a role", "Use order, entity, field or omit, or name indicator and year", **place
        )
    elif role == "value" and column.year is None:
        problems.add(file, "an indicator without a year", "Add year: YYYY", **place)
    elif role == "field" and column.name is None:
        problems.add(file, "a field without a name", "Add name: snake_case", **place)
    for key in sorted({"indicator", "year", "name", "unit"} - wanted):
        if getattr(column, key) is not None:
            problems.add(
                file, f"a column with the role {role} has no {key}", f"Drop {key}, or correct the role", **place
            )
    return Column(
        tuple(fold(str(part)) for part in column.header),
        role,
        column.name,
        column.indicator,
        column.year,
        column.fill == "down",
        column.unit,
    )
