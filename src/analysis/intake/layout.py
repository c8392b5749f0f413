"""The declared layout of a document's tables: what a text dump cannot tell about headers, merged cells and columns."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path


from analysis.errors import Problems
from analysis.files import read_yaml
from analysis.paths import shown

ROLES = {"order", "entity", "field", "omit"}


def fold(text: str) -> str:
    """Header text for comparison: NFKC, no blanks (columns break header cells anywhere)."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    header: tuple[str, ...]
    role: str  # order | entity | field | omit | value
    name: str | None = None  # of a field
    indicator: str | None = None  # of a value
    year: int | None = None
    fill_down: bool = False  # vertically merged cells: an empty cell repeats the one above


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

    def printed_header(self) -> list[list[str]]:
        """Header lines as a dump prints them: a horizontal merge is one cell, a vertical merge leaves empty cells."""
        lines = []
        for depth in range(self.header_rows):
            cells: list[str] = []
            for prefix, run in groupby(self.columns, key=lambda c: c.header[: depth + 1]):
                run = list(run)
                cells += [""] * len(run) if len(prefix) <= depth else [prefix[depth]]
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


def load_layout(path: Path) -> dict[str, TableLayout]:
    """Read ``layout.yaml``; every fault of the declaration is reported at once.

    Raises
    ------
    DataFault
        when a table lacks a key, a column has no role, or an indicator no year.
    """
    problems = Problems()
    declared = read_yaml(Path(path))["tables"]
    tables = {}
    for table_id, spec in declared.items():
        columns = []
        for number, column in enumerate(spec["columns"], 1):
            role = column.get("role", "value" if "indicator" in column else None)
            place = {"table": table_id, "column": number}
            if role not in ROLES | {"value"}:
                problems.add(shown(path), f"role {role!r} is not known", f"Use one of {', '.join(sorted(ROLES))}, or indicator and year", **place)
                continue
            if role == "value" and not isinstance(column.get("year"), int):
                problems.add(shown(path), "an indicator without a year", "Add year: YYYY", **place)
            if role == "field" and "name" not in column:
                problems.add(shown(path), "a field without a name", "Add name: snake_case", **place)
            columns.append(
                Column(
                    header=tuple(fold(str(part)) for part in column["header"]),
                    role=role,
                    name=column.get("name"),
                    indicator=column.get("indicator"),
                    year=column.get("year"),
                    fill_down=column.get("fill") == "down",
                )
            )
        aggregate = spec.get("aggregate", {})
        tables[str(table_id)] = TableLayout(
            str(table_id), spec["title"], spec["header_rows"], tuple(columns), aggregate.get("label"), aggregate.get("rule"), aggregate.get("entity")
        )
    problems.stop()
    return tables
