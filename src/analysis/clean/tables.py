"""Raw table CSVs to long observations and records, by the declared layout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.ground.dictionary import APART, Entity, Indicator
from analysis.ground.errors import Problems, nearest
from analysis.ground.layout import TableLayout
from analysis.ground.numerals import NotANumber, check_kind, check_scale, fold, is_missing, normalise, parse_number
from analysis.ground.paths import shown
from analysis.ground.schema import read_csv
from analysis.ground.units import converted

OBSERVATION_COLUMNS = [
    "source_id",
    "table_id",
    "table",
    "entity",
    "entity_raw",
    "tier",
    "indicator",
    "year",
    "raw",
    "value",
    "unit",
    "status",
    "value_printed",
    "correction_id",
    "aggregate_rule",
    "line",
    "column",
    "unit_printed",
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


KINDS = ("header", "record", "aggregate")


def read_grid(path: Path, layout: TableLayout, problems: Problems) -> list[list[str]]:
    """Rows of a raw table: columns as the intake names them, rows of known kinds in the order of the document,
    and the closing row last."""
    file, rows = shown(path), read_csv(path, problems)
    if not rows:
        return []
    expected = ["kind", "line", *(f"c{i}" for i in range(1, len(rows[0]) - 1))]
    if rows[0] != expected:
        problems.add(
            file,
            f"the columns should be {', '.join(expected)[:80]}",
            "Restore the first row as python -m analysis.intake writes it",
            table=layout.table_id,
            row="1",
            printed=",".join(rows[0])[:80],
        )
        return []
    found, before, readable = Problems(), 0, True
    for number, (kind, line, *_) in enumerate(rows[1:], 2):
        place = {"table": layout.table_id, "row": f"{number}"}
        if kind not in KINDS:
            readable = False
            found.add(
                file,
                f"kind {kind[:40]!r} is not known{nearest(kind, KINDS)}",
                f"Use one of {', '.join(KINDS)}",
                **place,
                column="kind",
                printed=kind[:40],
            )
        if not re.fullmatch("[1-9][0-9]{0,6}", line):
            readable = False
            found.add(
                file,
                "is no line of the document",
                "Restore the number of the line",
                **place,
                column="line",
                printed=line[:40],
            )
        elif int(line) <= before:
            found.add(
                file,
                "is not below the row before",
                "Restore the order of the rows, or the number of the line",
                **place,
                column="line",
                printed=line,
            )
        else:
            before = int(line)
    kinds = [row[0] for row in rows[1:]]
    if any(kind == "header" for kind in kinds[layout.header_rows :]):
        found.add(
            file,
            "header lines stand between rows",
            f"Only the first {layout.header_rows} rows are header lines",
            table=layout.table_id,
        )
    if layout.aggregate_label and kinds.count("aggregate") != 1 or not layout.aggregate_label and "aggregate" in kinds:
        found.add(
            file,
            f"{kinds.count('aggregate')} closing rows, {int(bool(layout.aggregate_label))} declared",
            "Restore the closing row, or correct aggregate in layout.yaml",
            table=layout.table_id,
            row=layout.aggregate_label or "",
        )
    elif layout.aggregate_label and kinds[-1] != "aggregate":
        found.add(
            file,
            "the closing row is not the last",
            "Restore the order of the rows",
            table=layout.table_id,
            row=layout.aggregate_label,
        )
    for number, row in enumerate(rows[1:], 2):
        if row[0] == "aggregate" and layout.aggregate_label and layout.aggregate_label not in map(fold, row[2:]):
            found.add(
                file,
                f"the closing row does not say {layout.aggregate_label!r}",
                "Restore its label, or correct aggregate in layout.yaml",
                table=layout.table_id,
                row=f"{number}",
            )
        if row[0] == "record" and layout.aggregate_label and layout.aggregate_label in (fold(c) for c in row[2:4]):
            found.add(
                file,
                "the closing row is marked as a record",
                "Write aggregate in its first cell",
                table=layout.table_id,
                row=f"{number}",
                column="kind",
                printed=row[0],
            )
    problems += found
    return rows if readable else []


def check_order(grid: list[list[str]], layout: TableLayout, file: str, problems: Problems) -> None:
    """The order column counts 1, 2, 3 …; an empty cell continues the row above."""
    position = next((i for i, c in enumerate(layout.columns, 2) if c.role == "order"), None)
    if position is None:
        return
    last, first = 0, True
    for row in grid[1:]:
        printed = normalise(row[position])
        if row[0] != "record" or not first and not printed:
            continue
        first = False
        if printed != f"{last + 1}":
            problems.add(
                file,
                f"the order should be {last + 1} here",
                "Restore the row that is missing, or the number as it is printed",
                table=layout.table_id,
                row=f"line {row[1]}",
                column=layout.columns[position - 2].header[0],
                printed=row[position][:40],
            )
            return
        last += 1


def check_header(grid: list[list[str]], layout: TableLayout, file: str, problems: Problems) -> bool:
    """Whether header and width are the declared ones; differences are reported cell by cell."""
    width = len(layout.columns)
    printed = [row[2:] for row in grid[1:] if row[0] == "header"]
    if len(grid[0]) - 2 != width or len(printed) != layout.header_rows:
        problems.add(
            file,
            f"{len(grid[0]) - 2} columns and {len(printed)} header lines, declared are {width} and "
            f"{layout.header_rows}",
            "Compare with layout.yaml and the document",
            table=layout.table_id,
        )
        return False
    sound = True
    for depth, (want, have) in enumerate(zip(layout.header_grid(), printed), 1):
        for number, (column, w, h) in enumerate(zip(layout.columns, want, have), 1):
            if column.role != "omit" and w != fold(h):
                known = [cell for line in layout.header_grid() for cell in line if cell]
                problems.add(
                    file,
                    f"the header should read {w!r}",
                    f"Correct the header, or declare the new one in layout.yaml{nearest(fold(h), known)}",
                    table=layout.table_id,
                    row=f"header line {depth}",
                    column=f"c{number}",
                    printed=h,
                )
                sound = False
    return sound


def clean_table(
    path: Path,
    layout: TableLayout,
    source_id: str,
    covers: str,
    names: SourceNames,
    entities: dict[str, Entity],
    indicators: dict[str, Indicator],
    problems: Problems,
    corrected_cells: Collection[tuple] = frozenset(),
) -> tuple[list[dict], list[dict], int]:
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
    (list of dict, list of dict, int)
        observations (one a numeric cell), records (one a printed row of a record table),
        and the number of printed rows below the header.
    """
    file = shown(path)
    grid = read_grid(path, layout, problems)
    if not grid or not check_header(grid, layout, file, problems):
        return [], [], 0
    check_order(grid, layout, file, problems)
    observations: list[dict] = []
    records: list[dict] = []
    seen: Counter = Counter()
    above = [""] * len(layout.columns)
    for kind, line, *cells in grid[1:]:
        if kind == "header":
            continue
        begins = any(c.role == "order" and cell.strip() for c, cell in zip(layout.columns, cells)) or not any(
            c.role == "order" for c in layout.columns
        )
        filled = [up if c.fill_down and not cell.strip() else cell for c, cell, up in zip(layout.columns, cells, above)]
        above = filled
        printed_name = next((cell for c, cell in zip(layout.columns, filled) if c.role == "entity"), "")
        entity: str | None
        raw_name: str | None = printed_name
        if kind == "aggregate":
            entity, raw_name = layout.aggregate_entity or covers, layout.aggregate_label
        elif any(c.role == "entity" for c in layout.columns):
            entity = names.entity_of.get(fold(printed_name))
            if entity is None:
                problems.add(
                    file,
                    "the name is not known",
                    "Correct it, or add the variant to "
                    f"data/entities.yaml{nearest(fold(printed_name), names.entity_of)}",
                    table=layout.table_id,
                    row=f"line {line}",
                    printed=printed_name,
                )
                continue
            if begins or not layout.has_fields:
                seen[fold(printed_name)] += 1
        else:
            entity, raw_name = covers, ""
        tier = entities[entity].tier or "all"
        common = {
            "source_id": source_id,
            "table_id": layout.table_id,
            "table": layout.name or layout.table_id,
            "entity": entity,
            "entity_raw": raw_name,
            "tier": tier,
        }
        # a figure of a specialty, a region or the whole city is none of a school, and is never summed with theirs
        apart = "" if entities[entity].kind == "school" else APART
        if layout.has_values and (begins or kind == "aggregate"):
            observations += _values(
                kind, line, cells, layout, common | {"apart": apart}, indicators, file, problems, corrected_cells
            )
        if layout.has_fields and kind == "record":
            fields = {
                c.name: "" if is_missing(cell) and c.name else cell.strip()
                for c, cell in zip(layout.columns, filled)
                if c.role == "field"
            }
            if any(fields.values()) or (begins and not layout.has_values):
                records.append({**common, **fields, "line": int(line)})
    if layout.has_values:
        for variant in sorted(names.expected(layout.table_id) - seen.keys()):
            problems.add(
                file,
                f"the row of {variant!r} is missing",
                "Restore the row, or take the table from the variant in data/entities.yaml",
                table=layout.table_id,
                row=variant,
            )
        for variant, times in seen.items():
            if times > 1:
                problems.add(
                    file,
                    f"{times} rows for one school: two values for one key",
                    "Keep one row",
                    table=layout.table_id,
                    row=variant,
                )
    for variant in sorted(seen.keys() - names.expected(layout.table_id)):
        problems.add(
            file,
            "the variant is not declared for this table",
            "Add the table to the variant in data/entities.yaml",
            table=layout.table_id,
            row=variant,
        )
    _check_scales(observations, layout, indicators, file, problems, corrected_cells)
    return observations, records, sum(row[0] != "header" for row in grid[1:])


def _check_scales(
    observations: list[dict],
    layout: TableLayout,
    indicators: dict[str, Indicator],
    file: str,
    problems: Problems,
    corrected_cells: Collection[tuple],
) -> None:
    """No share of one (0.9453) stands in a column of percentages."""
    for number, column in enumerate(layout.columns, 1):
        if column.role != "value" or column.indicator not in indicators or indicators[column.indicator].unit != "%":
            continue
        rows = [row for row in observations if row["column"] == number and row["value"] is not None]
        for position in check_scale([row["value"] for row in rows]):
            row = rows[position]
            if (layout.table_id, row["entity"], row["indicator"], row["year"]) not in corrected_cells:
                problems.add(
                    file,
                    "a share of one among percentages",
                    "Restore the cell as it is printed, or declare a correction in data/corrections.yaml",
                    table=layout.table_id,
                    row=row["entity_raw"],
                    column=" / ".join(column.header),
                    printed=row["raw"],
                )


def _values(kind, line, cells, layout, common, indicators, file, problems, corrected_cells) -> list[dict]:
    rows = []
    for number, (column, raw) in enumerate(zip(layout.columns, cells), 1):
        if column.role != "value":
            continue
        indicator = indicators.get(column.indicator)
        place = {
            "table": layout.table_id,
            "row": common["entity_raw"],
            "column": " / ".join(column.header),
            "printed": raw,
        }
        if indicator is None:
            problems.add(
                file,
                f"indicator {column.indicator!r} is not in the dictionary",
                f"Add it to data/dictionary.yaml{nearest(column.indicator, indicators)}",
                **place,
            )
            continue
        value = None
        declared = (layout.table_id, common["entity"], column.indicator, column.year) in corrected_cells
        try:
            value = parse_number(raw, column.unit or indicator.unit)
            if value is not None and column.unit:
                value = converted(value, column.unit, indicator.unit)
            if value is not None and layout.aggregate_rule != "mean":
                check_kind(value, indicator.kind)
        except NotANumber as reason:
            if not declared:
                problems.add(
                    file,
                    f"{reason}",
                    "Correct the cell if the document says otherwise, or declare a correction in data/corrections.yaml",
                    **place,
                )
        low, high = indicator.range
        if (
            value is not None
            and not declared
            and ((low is not None and value < low) or (high is not None and value > high))
        ):
            problems.add(
                file,
                f"outside the range {low} to {high} of {indicator.code}",
                "Correct the cell, or declare a correction in data/corrections.yaml",
                **place,
            )
        status = "missing" if value is None else "aggregate" if kind == "aggregate" else "printed"
        rows.append(
            {
                **{name: text for name, text in common.items() if name != "apart"},
                "indicator": column.indicator,
                "year": column.year,
                "raw": raw,
                "value": value,
                "unit": indicator.unit,
                "status": status,
                "value_printed": value,
                "correction_id": "",
                "aggregate_rule": layout.aggregate_rule if kind == "aggregate" else common["apart"],
                "line": int(line),
                "column": number,
                "unit_printed": column.unit or indicator.unit,
            }
        )
    return rows


def observation_frame(rows: list[dict]) -> pd.DataFrame:
    """Observations with the columns and types of the contract, sorted by table, row and column."""
    frame = pd.DataFrame(rows, columns=OBSERVATION_COLUMNS)
    frame = frame.astype(
        {"year": "int64", "line": "int64", "column": "int64", "value": "float64", "value_printed": "float64"}
    )
    return frame.reset_index(drop=True)
