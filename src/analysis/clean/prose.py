"""Figures that stand in prose (``facts.csv``) and demand figures taken over from statistics (``data/raw/demand``)."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from analysis.clean.numbers import NotANumber, normalise, parse_number, rounding_box
from analysis.clean.tables import read_grid
from analysis.dictionary import Entity, Indicator, nearest
from analysis.errors import Problems
from analysis.paths import shown

FACT_COLUMNS = [
    "fact_id", "source_id", "section", "entity", "indicator", "period", "value", "unit", "qualifier", "basis", "partner", "kind",
    "item", "raw", "line", "note",
]
FIGURE_COLUMNS = [
    "figure_id", "place", "year", "period", "indicator", "group", "scope", "value", "unit", "qualifier", "grade", "body", "title",
    "published", "note",
]
QUALIFIERS = {"exact", "about", "over", "nearly", "at_least", "at_most", "planned", "derived"}
BASES = {"stock", "flow", "cumulative", "change", "growth", "share", "rate", "mean", "rank", "target", "count_of_listed"}
GRADES = {"A", "A-", "B", "C"}
_DATE = r"\d{4}(-\d{2}(-\d{2})?)?"
PERIOD = re.compile(rf"{_DATE}|\.\./{_DATE}|{_DATE}/\.\.|{_DATE}/{_DATE}")


def _read(path: Path, columns: list[str], problems: Problems) -> list[dict]:
    grid = read_grid(path, problems)
    if not grid:
        return []
    if set(grid[0]) != set(columns):
        missing, extra = set(columns) - set(grid[0]), set(grid[0]) - set(columns)
        problems.add(shown(path), f"columns missing: {sorted(missing)}; not known: {sorted(extra)}", "Name the columns as in CONTRIBUTING.md")
        return []
    return [dict(zip(grid[0], row)) for row in grid[1:]]


def _value(row: dict, indicator: Indicator | None, file: str, key: str, problems: Problems, indicators: dict) -> float | None:
    """Value in range and in the dictionary's unit; faults are noted."""
    place = {"row": row[key], "column": "value", "printed": row["value"]}
    if indicator is None:
        problems.add(file, f"indicator {row['indicator']!r} is not in the dictionary", f"Add it to data/dictionary.yaml{nearest(row['indicator'], indicators)}", row=row[key], column="indicator")
        return None
    if row["unit"] != indicator.unit:
        problems.add(file, f"unit {row['unit']!r}, the dictionary has {indicator.unit!r}", "Convert the value, or use another indicator", row=row[key], column="unit")
    try:
        value = parse_number(row["value"])
    except NotANumber as reason:
        problems.add(file, str(reason), "Enter a plain number", **place)
        return None
    if value is None:
        problems.add(file, "no value", "Enter the figure, or leave the row out", **place)
        return None
    low, high = indicator.range
    if (low is not None and value < low) or (high is not None and value > high):
        problems.add(file, f"outside the range {low} to {high} of {indicator.code}", "Check it against the document", **place)
    return value


def _vocabulary(row: dict, file: str, key: str, allowed: dict[str, set[str]], problems: Problems) -> None:
    for column, words in allowed.items():
        if row[column] not in words:
            problems.add(file, f"{row[column]!r} is not a word of this column", f"Use one of {', '.join(sorted(words))}{nearest(row[column], words)}", row=row[key], column=column, printed=row[column])


def _unique(rows: list[dict], key: str, file: str, problems: Problems) -> None:
    seen: set[str] = set()
    for row in rows:
        if row[key] in seen:
            problems.add(file, f"{key} stands twice", "Number the rows anew", row=row[key])
        seen.add(row[key])


def clean_facts(path: Path, source_id: str, entities: dict[str, Entity], indicators: dict[str, Indicator], problems: Problems) -> pd.DataFrame:
    """Prose figures of one source, with the interval that each printed numeral stands for.

    Returns
    -------
    DataFrame
        the columns of `FACT_COLUMNS` with `value` as float, and `lower`, `upper` (see `rounding_box`), `value_printed` and
        `correction_id` (see `apply_corrections`).
    """
    file = shown(path)
    rows = _read(path, FACT_COLUMNS, problems)
    _unique(rows, "fact_id", file, problems)
    for row in rows:
        if row["source_id"] != source_id:
            problems.add(file, f"source_id is {row['source_id']!r}", f"It must be {source_id!r}", row=row["fact_id"], column="source_id")
        if row["entity"] not in entities:
            problems.add(file, f"entity {row['entity']!r} is not known", f"Add it to data/entities.yaml{nearest(row['entity'], entities)}", row=row["fact_id"], column="entity")
        if not PERIOD.fullmatch(row["period"]):
            problems.add(file, "not a period", "Write YYYY, YYYY-MM, YYYY-MM-DD, from/to, ../to or from/..", row=row["fact_id"], column="period", printed=row["period"])
        _vocabulary(row, file, "fact_id", {"qualifier": QUALIFIERS, "basis": BASES}, problems)
        row["value"] = _value(row, indicators.get(row["indicator"]), file, "fact_id", problems, indicators)
        row["lower"], row["upper"] = rounding_box(row["raw"], row["value"], row["qualifier"]) if row["value"] is not None else (None, None)
        row["line"] = int(row["line"]) if normalise(row["line"]).isdigit() else None
        row["value_printed"], row["correction_id"] = row["value"], ""
    columns = [*FACT_COLUMNS[:7], "lower", "upper", *FACT_COLUMNS[7:], "value_printed", "correction_id"]
    return pd.DataFrame(rows, columns=columns).astype({"value": float, "lower": float, "upper": float, "value_printed": float, "line": "Int64"})


def clean_figures(folder: Path, entities: dict[str, Entity], indicators: dict[str, Indicator], problems: Problems) -> pd.DataFrame:
    """Demand figures of all files of a folder, each with issuing body and trust grade."""
    frames = []
    for path in sorted(folder.glob("*.csv")):
        file = shown(path)
        rows = _read(path, FIGURE_COLUMNS, problems)
        _unique(rows, "figure_id", file, problems)
        for row in rows:
            if row["place"] not in entities:
                problems.add(file, f"place {row['place']!r} is not known", f"Add it to data/entities.yaml{nearest(row['place'], entities)}", row=row["figure_id"], column="place")
            _vocabulary(row, file, "figure_id", {"qualifier": QUALIFIERS, "grade": GRADES}, problems)
            for column in ("body", "title", "published"):
                if not row[column].strip():
                    problems.add(file, f"{column} is empty", "Every figure names who made it, where and when", row=row["figure_id"], column=column)
            row["raw"], row["source_id"] = row["value"], folder.name
            row["value"] = _value(row, indicators.get(row["indicator"]), file, "figure_id", problems, indicators)
            if not re.fullmatch(r"\d{4}", row["year"]):
                problems.add(file, "not a year", "Write YYYY", row=row["figure_id"], column="year", printed=row["year"])
                row["year"] = "0"
        frames.append(pd.DataFrame(rows, columns=["source_id", *FIGURE_COLUMNS, "raw"]))
    frame = pd.concat(frames, ignore_index=True)
    key = ["place", "year", "period", "indicator", "group", "scope"]
    for figure in frame.loc[frame.duplicated(key, keep=False), "figure_id"]:
        problems.add(shown(folder), "two values for one key", "Keep one and name its source", row=figure)
    return frame.astype({"value": float, "year": "int64"})
