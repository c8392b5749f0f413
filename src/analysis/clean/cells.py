"""Tables of higher levels as further sources: specialties by school (L2) and destinations of graduates (L3)."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from analysis.clean.numbers import NotANumber, is_missing, parse_number
from analysis.clean.tables import read_grid
from analysis.dictionary import Entity, nearest
from analysis.errors import Problems
from analysis.paths import shown

COUNTS = ["intake", "students", "graduates", "placed", "further_study", "not_placed", "unknown"]
SPECIALTY_COLUMNS = ["source_id", "school", "specialty_code", "specialty", "year", *COUNTS]
RULES = (("placed", "graduates"), ("further_study", "placed"), ("not_placed", "graduates"), ("unknown", "graduates"))
DESTINATION_COLUMNS = ["source_id", "school", "specialty_code", "specialty", "industry", "region", "year", "graduates"]
SPECIALTY_CODE = re.compile(r"[2-7]\d{5}")  # catalogue of 2021: 2x–3x vocational bachelor, 4x–5x higher vocational, 6x–7x secondary
SECTIONS = "ABCDEFGHIJKLMNOPQRST"


def is_industry(code: str) -> bool:
    """A section (A–T) or a division (01–97) of GB/T 4754-2017."""
    return code in SECTIONS and len(code) == 1 or bool(re.fullmatch(r"\d{2}", code)) and 1 <= int(code) <= 97


def _read(path: Path, columns: list[str], source_id: str, entities: dict[str, Entity], problems: Problems) -> list[dict]:
    """Rows with checked names, years and codes; every fault is noted."""
    file = shown(path)
    grid = read_grid(path, problems)
    if not grid:
        return []
    wanted = [c for c in columns if c != "source_id"]
    if grid[0] != wanted:
        missing, extra = [c for c in wanted if c not in grid[0]], [c for c in grid[0] if c not in wanted]
        problems.add(file, f"columns missing: {missing}; not known: {extra}; their order is {', '.join(wanted)}", "Name the columns as in CONTRIBUTING.md")
        return []
    rows = []
    schools = {name: code for code, entity in entities.items() if entity.kind == "school" for wording in (*entity.names, entity.short) for name in (wording["zh"], wording["en"])}
    for number, cells in enumerate(grid[1:], 2):
        row = {"source_id": source_id, **dict(zip(grid[0], (c.strip() for c in cells)))}
        place = {"row": f"line {number}"}
        if row["school"] and row["school"] not in schools.values():
            if row["school"] in schools:
                row["school"] = schools[row["school"]]
            else:
                problems.add(file, "is no school of data/entities.yaml", f"Write its code or one of its names{nearest(row['school'], [*schools, *schools.values()])}", **place, column="school", printed=row["school"])
        if not SPECIALTY_CODE.fullmatch(row["specialty_code"]) or not int(row["specialty_code"][:2]) % 20:
            problems.add(file, "is no specialty code of the catalogue of 2021", "Write its six digits, the first from 2 to 7, the category from 01 to 19; codes of older catalogues must be translated first", **place, column="specialty_code", printed=row["specialty_code"])
        if not re.fullmatch(r"(19|20)\d{2}", row["year"]):
            problems.add(file, "is no year", "Write YYYY", **place, column="year", printed=row["year"])
            row["year"] = "0"
        rows.append(row)
    return rows


def _count(row: dict, column: str, number: int, file: str, problems: Problems) -> float | None:
    raw = row[column]
    try:
        value = None if is_missing(raw) else parse_number(raw)
    except NotANumber as reason:
        problems.add(file, str(reason), "Enter a whole number, or leave the cell empty", row=f"line {number}", column=column, printed=raw)
        return None
    if value is not None and (value < 0 or value != int(value)):
        problems.add(file, "is no count", "Enter a whole number of persons", row=f"line {number}", column=column, printed=raw)
        return None
    return value


def clean_specialties(path: Path, source_id: str, entities: dict[str, Entity], problems: Problems) -> pd.DataFrame:
    """``specialties.csv``: one row a school, specialty and year, with counts of persons; an empty cell is missing, 0 is none.

    A specialty that is offered without students has a row with empty counts. Figures that cannot all be true (more placed than graduated,
    parts that do not add up to the graduates) are kept as they are and named in the column `contradiction`: sources print such figures.
    """
    file = shown(path)
    rows = _read(path, SPECIALTY_COLUMNS, source_id, entities, problems)
    seen: dict[tuple, int] = {}
    for number, row in enumerate(rows, 2):
        if not row["school"]:
            problems.add(file, "no school", "Enter the code of the school", row=f"line {number}", column="school")
        for column in COUNTS:
            row[column] = _count(row, column, number, file, problems)
        broken = [f"{part} > {whole} ({row[part]:g} > {row[whole]:g})" for part, whole in RULES if row[part] is not None and row[whole] is not None and row[part] > row[whole]]
        parts = [row[c] for c in ("placed", "not_placed", "unknown")]
        if None not in (*parts, row["graduates"]) and sum(parts) != row["graduates"]:
            broken.append(f"placed + not_placed + unknown ≠ graduates ({sum(parts):g} ≠ {row['graduates']:g})")
        row["contradiction"] = "; ".join(broken)
        key = (row["school"], row["specialty_code"], row["year"])
        if key in seen:
            problems.add(file, f"school, specialty and year stand in line {seen[key]} already", "Keep one row", row=f"line {number}", printed=", ".join(key))
        seen[key] = number
    return pd.DataFrame(rows, columns=[*SPECIALTY_COLUMNS, "contradiction"]).astype({"year": "int64", **dict.fromkeys(COUNTS, "float64")})


def clean_destinations(path: Path, source_id: str, entities: dict[str, Entity], problems: Problems) -> pd.DataFrame:
    """``destinations.csv``: graduates in work by specialty and industry of the first job (section or division of GB/T 4754-2017), and region.

    `school` may stay empty in a table of the whole city; those in further study are no part of it.
    """
    file = shown(path)
    rows = _read(path, DESTINATION_COLUMNS, source_id, entities, problems)
    seen: dict[tuple, int] = {}
    for number, row in enumerate(rows, 2):
        if not is_industry(row["industry"]):
            problems.add(file, "is no section (A–T) or division (01–97) of GB/T 4754-2017", "Correct the code; divisions have two digits", row=f"line {number}", column="industry", printed=row["industry"])
        absent = is_missing(row["graduates"])
        row["graduates"] = _count(row, "graduates", number, file, problems)
        if absent:
            problems.add(file, "no count", "Enter the number of graduates, or leave the row out", row=f"line {number}", column="graduates")
        key = (row["school"], row["specialty_code"], row["industry"], row["region"], row["year"])
        if key in seen:
            problems.add(file, f"the same cell stands in line {seen[key]} already", "Add the two up", row=f"line {number}", printed=", ".join(key))
        seen[key] = number
    for year in sorted({row["year"] for row in rows}):
        if len({bool(row["school"]) for row in rows if row["year"] == year}) > 1:
            problems.add(file, f"{year} has rows of schools and rows of the whole city", "Keep one kind: the two would be counted twice", column="school")
    kinds = {len(row["industry"]) for row in rows}
    if len(kinds) > 1:
        problems.add(file, "mixes sections and divisions", "Use one of them throughout", column="industry")
    return pd.DataFrame(rows, columns=DESTINATION_COLUMNS).astype({"year": "int64", "graduates": "float64"})
