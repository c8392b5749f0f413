"""Tables of higher levels as further sources: specialties by school (L2) and destinations of graduates (L3)."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from analysis.clean.crosswalks import meant_sections
from analysis.ground import paths
from analysis.ground.dictionary import Entity
from analysis.ground.errors import Problems
from analysis.ground.files import read_yaml
from analysis.ground.numerals import NotANumber, is_missing, parse_number
from analysis.ground.paths import shown
from analysis.ground.schema import Column, Table, read_table, reference, text, year

COUNTS = ["intake", "students", "graduates", "placed", "further_study", "not_placed", "unknown"]
SPECIALTY_COLUMNS = ["source_id", "school", "specialty_code", "specialty", "year", *COUNTS]
RULES = (
    ("intake", "students"),
    ("placed", "graduates"),
    ("further_study", "placed"),
    ("not_placed", "graduates"),
    ("unknown", "graduates"),
)
DESTINATION_COLUMNS = ["source_id", "school", "specialty_code", "specialty", "industry", "region", "year", "graduates"]
SPECIALTY_CODE = re.compile(
    r"[2-7]\d{5}"
)  # catalogue of 2021: 2x–3x vocational bachelor, 4x–5x higher vocational, 6x–7x secondary
SECTIONS = "ABCDEFGHIJKLMNOPQRST"


def is_industry(code: str) -> bool:
    """A section (A–T) or a division (01–97) of GB/T 4754-2017."""
    return code in SECTIONS and len(code) == 1 or bool(re.fullmatch(r"\d{2}", code)) and 1 <= int(code) <= 97


# fields of the catalogue of 2021 by category, 01 to 19; a code of an older catalogue mostly names one that is not there
FIELDS = (4, 9, 7, 7, 4, 7, 2, 4, 3, 7, 4, 9, 8, 2, 4, 2, 3, 7, 4)
_CODE_REMEDY = (
    "Write its six digits, the first from 2 to 7, the category from 01 to 19; codes of older catalogues must be "
    "translated first"
)


def is_specialty_code(code: str) -> bool:
    """Six digits of the catalogue of 2021: level and category (two), field within the category (two),
    number within the field (two).

    Examples
    --------
    >>> is_specialty_code("460702"), is_specialty_code("560702")
    (True, False)
    """
    if not SPECIALTY_CODE.fullmatch(code) or not int(code[:2]) % 20:
        return False
    return 1 <= int(code[2:4]) <= FIELDS[int(code[:2]) % 20 - 1] and code[4:] != "00"


def _read(
    path: Path,
    columns: dict[str, Column],
    key: tuple[str, ...],
    doubled: str,
    source_id: str,
    entities: dict[str, Entity],
    problems: Problems,
) -> list[dict]:
    """Rows with checked names, years and codes; every fault is noted."""
    file = shown(path)
    schools = {
        name: code
        for code, entity in entities.items()
        if entity.kind == "school"
        for wording in (*entity.names, entity.short)
        for language, name in wording.items()
        if language not in {"from", "to"}
    }
    known = {
        "school": reference(
            {*schools, *schools.values()},
            "is no school of data/entities.yaml",
            "Write its code or one of its names",
            required=False,
        )
    }
    rows = read_table(path, Table(columns | known, key=(), ordered=True), problems)
    seen: dict[tuple, int] = {}
    for number, row in enumerate(rows, 2):
        row |= {column: cell.strip() for column, cell in row.items()}
        row["school"] = schools.get(row["school"], row["school"])
        if "region" in row:
            row["region"] = regions(entities).get(row["region"], row["region"])
        one = tuple(row[column] for column in key)
        if one in seen:
            problems.add(
                file,
                doubled.format(line=seen[one]),
                "Keep one row, or add the two up",
                row=f"line {number}",
                printed=", ".join(one)[:120],
            )
        seen.setdefault(one, number)
        if not re.fullmatch("[0-9]{4}", row["year"]):
            row["year"] = "0"
        row["source_id"] = source_id
    return rows


def regions(entities: dict[str, Entity]) -> dict[str, str]:
    """Spelling of a region → its code: places by code and name, and the regions that the forms of the schools offer."""
    found = {"": ""}
    for code, entity in entities.items():
        if entity.kind in {"place", "city"}:
            found |= {code: code} | {
                wording[language]: code for wording in (*entity.names, entity.short) for language in ("zh", "en")
            }
    offered = paths.DATA / "collection.yaml"
    declared = read_yaml(offered).get("choices", {}).get("regions", {}) if offered.exists() else {}
    return found | {code: code for code in declared.values()} | declared


def _count(row: dict, column: str, number: int, file: str, problems: Problems) -> float | None:
    raw = row[column]
    try:
        value = None if is_missing(raw) else parse_number(raw)
    except NotANumber as reason:
        problems.add(
            file,
            str(reason),
            "Enter a whole number, or leave the cell empty",
            row=f"line {number}",
            column=column,
            printed=raw,
        )
        return None
    if value is not None and (value < 0 or value != int(value)):
        problems.add(
            file, "is no count", "Enter a whole number of persons", row=f"line {number}", column=column, printed=raw
        )
        return None
    return value


_CODE = Column(
    lambda cell: (
        None if is_specialty_code(cell.strip()) else ("is no specialty code of the catalogue of 2021", _CODE_REMEDY)
    ),
    True,
)
_YEAR = Column(lambda cell: year().faults(cell.strip()) and ("is no year", "Write YYYY"), True)
_INDUSTRY = Column(
    lambda cell: (
        None
        if is_industry(cell.strip())
        else (
            "is no section (A–T) or division (01–97) of GB/T 4754-2017",
            "Correct the code; divisions have two digits",
        )
    ),
    True,
)


def clean_specialties(path: Path, source_id: str, entities: dict[str, Entity], problems: Problems) -> pd.DataFrame:
    """``specialties.csv``: one row a school, specialty and year, with counts of persons; an empty cell is missing,
    0 is none.

    A specialty that is offered without students has a row with empty counts. Figures that cannot all be true (more
    placed than graduated, parts that do not add up to the graduates) are kept as they are and named in the column
    `contradiction`: sources print such figures.
    """
    file = shown(path)
    columns = {
        "school": text(),
        "specialty_code": _CODE,
        "specialty": text(True),
        "year": _YEAR,
        **dict.fromkeys(COUNTS, text()),
    }
    rows = _read(
        path,
        columns,
        ("school", "specialty_code", "year"),
        "school, specialty and year stand in line {line} already",
        source_id,
        entities,
        problems,
    )
    for number, row in enumerate(rows, 2):
        if not row["school"]:
            problems.add(file, "no school", "Enter the code of the school", row=f"line {number}", column="school")
        for column in COUNTS:
            row[column] = _count(row, column, number, file, problems)
        broken = [
            f"{part} > {whole} ({row[part]:g} > {row[whole]:g})"
            for part, whole in RULES
            if row[part] is not None and row[whole] is not None and row[part] > row[whole]
        ]
        parts = [row[c] for c in ("placed", "not_placed", "unknown")]
        if None not in (*parts, row["graduates"]) and sum(parts) != row["graduates"]:
            broken.append(f"placed + not_placed + unknown ≠ graduates ({sum(parts):g} ≠ {row['graduates']:g})")
        row["contradiction"] = "; ".join(broken)
    return pd.DataFrame(rows, columns=[*SPECIALTY_COLUMNS, "contradiction"]).astype(
        {"year": "int64", **dict.fromkeys(COUNTS, "float64")}
    )


def clean_destinations(path: Path, source_id: str, entities: dict[str, Entity], problems: Problems) -> pd.DataFrame:
    """``destinations.csv``: graduates in work by specialty and industry of the first job (section or division of GB/T
    4754-2017), and region.

    `school` may stay empty in a table of the whole city; those in further study are no part of it. A region is a place
    of ``data/entities.yaml`` or one that the forms offer; its spellings become one code.
    """
    file = shown(path)
    known = regions(entities)
    columns = {
        "school": text(),
        "specialty_code": _CODE,
        "specialty": text(True),
        "industry": _INDUSTRY,
        "region": reference(
            known,
            "region '{cell}' is not known",
            "Write a place of data/entities.yaml, or a region that data/collection.yaml offers",
            required=False,
        ),
        "year": _YEAR,
        "graduates": text(),
    }
    rows = _read(
        path,
        columns,
        ("school", "specialty_code", "industry", "region", "year"),
        "the same cell stands in line {line} already",
        source_id,
        entities,
        problems,
    )
    for number, row in enumerate(rows, 2):
        absent = is_missing(row["graduates"])
        row["graduates"] = _count(row, "graduates", number, file, problems)
        if absent:
            problems.add(
                file,
                "no count",
                "Enter the number of graduates, or leave the row out",
                row=f"line {number}",
                column="graduates",
            )
    for one in sorted({row["year"] for row in rows}):
        if len({bool(row["school"]) for row in rows if row["year"] == one}) > 1:
            problems.add(
                file,
                f"{one} has rows of schools and rows of the whole city",
                "Keep one kind: the two would be counted twice",
                column="school",
            )
    kinds = {len(row["industry"]) for row in rows}
    if len(kinds) > 1:
        problems.add(file, "mixes sections and divisions", "Use one of them throughout", column="industry")
    elif kinds == {1}:
        _check_classification(rows, file, problems)
    return pd.DataFrame(rows, columns=DESTINATION_COLUMNS).astype({"year": "int64", "graduates": "float64"})


def _check_classification(rows: list[dict], file: str, problems: Problems) -> None:
    """Letters of another classification (D is manufacturing in one, utilities in another) would put nearly all
    graduates where their specialty leads to nowhere."""
    meant = meant_sections(problems)
    counted = [
        (row["graduates"] or 0.0, row["industry"] in meant.get(f"{int(row['specialty_code'][:2]) % 20:02d}", ()))
        for row in rows
        if is_specialty_code(row["specialty_code"])
    ]
    total, fitting = sum(n for n, _ in counted), sum(n for n, fits in counted if fits)
    if total >= 20 and fitting < 0.1 * total:
        problems.add(
            file,
            f"{fitting:.0f} of {total:.0f} graduates work in a section that their specialty is meant for",
            "Check that the letters are sections of GB/T 4754-2017, not of another classification",
            column="industry",
        )
