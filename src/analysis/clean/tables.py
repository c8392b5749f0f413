"""Raw table CSVs to long observations and records, by the declared layout."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.clean.numbers import NotANumber, is_missing, parse_number
from analysis.dictionary import Entity, Indicator, nearest
from analysis.errors import Problems
from analysis.intake.layout import TableLayout, fold
from analysis.paths import shown

OBSERVATION_COLUMNS = [
    "source_id", "table_id", "entity", "entity_raw", "tier", "indicator", "year", "raw", "value", "unit", "status",
    "value_printed", "correction_id", "aggregate_rule", "line", "column",
]


@dataclass(frozen=True)
class SourceNames:
    """What a source prints for whom: variant (folded) → entity code, and where each variant must stand."""

    entity_of: dict[str, str]
    tables_of: dict[str, set[str]]  # variant -> tables

    @classmethod
    def of(cls, source_id: str, entities: dict[str, Entity]) -> SourceNames:
        entity_of, tables_of = {}, {}
        for entity in entities.values():
            for variant, tables in (entity.printed or {}).get(source_id, {}).items():
                entity_of[variant] = entity.code
                tables_of[variant] = set(tables)
        return cls(entity_of, tables_of)

    @classmethod
    def of_codes(cls, tables: dict[str, list[str]]) -> SourceNames:
        """A source that names schools by their codes: code → tables it fills in."""
        return cls({code: code for code in tables}, {code: set(ids) for code, ids in tables.items()})

    def expected(self, table_id: str) -> set[str]:
        return {v for v, tables in self.tables_of.items() if table_id in tables}


def read_grid(path: Path, problems: Problems) -> list[list[str]]:
    """Rows of a raw CSV; strict UTF-8, equal widths."""
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="strict")
    except UnicodeDecodeError as error:
        problems.add(shown(path), f"byte {error.start} is not UTF-8", "Save the file as UTF-8")
        return []
    rows = list(csv.reader(io.StringIO(text)))
    if len(rows) < 2:
        problems.add(shown(path), "the file is empty", "Restore it from the document with python -m analysis.intake")
        return []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            problems.add(shown(path), f"{len(row)} cells, the first row has {len(rows[0])}", "Give every row the same number of cells", row=f"{number}")
            return []
    return rows


def check_header(grid: list[list[str]], layout: TableLayout, file: str, problems: Problems) -> bool:
    """Whether header and width are the declared ones; differences are reported cell by cell."""
    width = len(layout.columns)
    printed = [row[2:] for row in grid[1:] if row[0] == "header"]
    if len(grid[0]) - 2 != width or len(printed) != layout.header_rows:
        problems.add(file, f"{len(grid[0]) - 2} columns and {len(printed)} header lines, declared are {width} and {layout.header_rows}", "Compare with layout.yaml and the document", table=layout.table_id)
        return False
    sound = True
    for depth, (want, have) in enumerate(zip(layout.header_grid(), printed), 1):
        for number, (column, w, h) in enumerate(zip(layout.columns, want, have), 1):
            if column.role != "omit" and w != fold(h):
                known = [cell for line in layout.header_grid() for cell in line if cell]
                problems.add(file, f"the header should read {w!r}", f"Correct the header, or declare the new one in layout.yaml{nearest(fold(h), known)}", table=layout.table_id, row=f"header line {depth}", column=f"c{number}", printed=h)
                sound = False
    return sound


def clean_table(
    path: Path, layout: TableLayout, source_id: str, covers: str, names: SourceNames,
    entities: dict[str, Entity], indicators: dict[str, Indicator], problems: Problems, corrected_cells: set[tuple] = frozenset(),
) -> tuple[list[dict], list[dict]]:
    """One raw table to rows of observations and rows of records.

    Parameters
    ----------
    path : Path
        ``table_<id>.csv`` as written by the intake.
    covers : str
        code of the entity that closing rows are about, unless the layout names another.
    corrected_cells : set of (table_id, entity, indicator, year)
        cells with a declared correction: they may be unreadable.

    Returns
    -------
    (list of dict, list of dict)
        observations (one a numeric cell) and records (one a printed row of a record table).
    """
    file = shown(path)
    grid = read_grid(path, problems)
    if not grid or not check_header(grid, layout, file, problems):
        return [], []
    observations: list[dict] = []
    records: list[dict] = []
    seen: Counter = Counter()
    above = [""] * len(layout.columns)
    for kind, line, *cells in grid[1:]:
        if kind == "header":
            continue
        begins = any(c.role == "order" and cell.strip() for c, cell in zip(layout.columns, cells)) or not any(c.role == "order" for c in layout.columns)
        filled = [up if c.fill_down and not cell.strip() else cell for c, cell, up in zip(layout.columns, cells, above)]
        above = filled
        printed_name = next((cell for c, cell in zip(layout.columns, filled) if c.role == "entity"), "")
        if kind == "aggregate":
            entity, printed_name = layout.aggregate_entity or covers, layout.aggregate_label
        elif any(c.role == "entity" for c in layout.columns):
            entity = names.entity_of.get(fold(printed_name))
            if entity is None:
                problems.add(file, "the name is not known", f"Correct it, or add the variant to data/entities.yaml{nearest(fold(printed_name), names.entity_of)}", table=layout.table_id, row=f"line {line}", printed=printed_name)
                continue
            if begins or not layout.has_fields:
                seen[fold(printed_name)] += 1
        else:
            entity, printed_name = covers, ""
        tier = entities[entity].tier or "all"
        common = {"source_id": source_id, "table_id": layout.table_id, "entity": entity, "entity_raw": printed_name, "tier": tier}
        if layout.has_values and (begins or kind == "aggregate"):
            observations += _values(kind, line, cells, layout, common, indicators, file, problems, corrected_cells)
        if layout.has_fields and kind == "record":
            fields = {c.name: "" if is_missing(cell) and c.name else cell.strip() for c, cell in zip(layout.columns, filled) if c.role == "field"}
            if any(fields.values()) or (begins and not layout.has_values):
                records.append({**common, **fields, "line": int(line)})
    if layout.has_values:
        for variant in sorted(names.expected(layout.table_id) - seen.keys()):
            problems.add(file, f"the row of {variant!r} is missing", "Restore the row, or take the table from the variant in data/entities.yaml", table=layout.table_id, row=variant)
        for variant, times in seen.items():
            if times > 1:
                problems.add(file, f"{times} rows for one school: two values for one key", "Keep one row", table=layout.table_id, row=variant)
    for variant in sorted(seen.keys() - names.expected(layout.table_id)):
        problems.add(file, "the variant is not declared for this table", "Add the table to the variant in data/entities.yaml", table=layout.table_id, row=variant)
    return observations, records


def _values(kind, line, cells, layout, common, indicators, file, problems, corrected_cells) -> list[dict]:
    rows = []
    for number, (column, raw) in enumerate(zip(layout.columns, cells), 1):
        if column.role != "value":
            continue
        indicator = indicators.get(column.indicator)
        place = {"table": layout.table_id, "row": common["entity_raw"], "column": " / ".join(column.header), "printed": raw}
        if indicator is None:
            problems.add(file, f"indicator {column.indicator!r} is not in the dictionary", f"Add it to data/dictionary.yaml{nearest(column.indicator, indicators)}", **place)
            continue
        value = None
        declared = (layout.table_id, common["entity"], column.indicator, column.year) in corrected_cells
        try:
            value = parse_number(raw, indicator.unit)
        except NotANumber as reason:
            if not declared:
                problems.add(file, f"{reason}", "Correct the cell if the document says otherwise, or declare a correction in data/corrections.yaml", **place)
        low, high = indicator.range
        if value is not None and not declared and ((low is not None and value < low) or (high is not None and value > high)):
            problems.add(file, f"outside the range {low} to {high} of {indicator.code}", "Correct the cell, or declare a correction in data/corrections.yaml", **place)
        status = "missing" if value is None else "aggregate" if kind == "aggregate" else "printed"
        rows.append({
            **common, "indicator": column.indicator, "year": column.year, "raw": raw, "value": value, "unit": indicator.unit, "status": status,
            "value_printed": value, "correction_id": "", "aggregate_rule": layout.aggregate_rule if kind == "aggregate" else "",
            "line": int(line), "column": number,
        })
    return rows


def observation_frame(rows: list[dict]) -> pd.DataFrame:
    """Observations with the columns and types of the contract, sorted by table, row and column."""
    frame = pd.DataFrame(rows, columns=OBSERVATION_COLUMNS)
    frame = frame.astype({"year": "int64", "line": "int64", "column": "int64", "value": "float64", "value_printed": "float64"})
    return frame.reset_index(drop=True)
