"""Figures that stand in prose (``facts.csv``) and demand figures taken over from statistics (``data/raw/demand``)."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.clean.about import About, check_rows
from analysis.clean.crosswalks import known_groups, known_kinds, known_partners
from analysis.ground.dictionary import Entity, Indicator
from analysis.ground.errors import Problems
from analysis.ground.numerals import NotANumber, check_kind, follows, parse_number, printed_decimals, rounding_box
from analysis.ground.paths import shown
from analysis.ground.schema import (
    Column,
    Table,
    date,
    is_date,
    is_period,
    pattern,
    read_table,
    reference,
    text,
    whole,
    words,
    year,
)

QUALIFIERS = {"exact", "about", "over", "nearly", "at_least", "at_most", "planned", "derived"}
BASES = {
    "stock",
    "flow",
    "cumulative",
    "change",
    "growth",
    "share",
    "rate",
    "mean",
    "rank",
    "target",
    "count_of_listed",
}
HAPPENED = {
    "stock",
    "flow",
    "cumulative",
    "change",
    "growth",
    "mean",
    "rank",
}  # bases of what cannot lie after its publication
PLANS = 15  # years that a plan looks ahead at most
GRADES = {"A", "A-", "B", "C"}
# what a reader says of where a figure was read, and the best grade that goes with it (CONTRIBUTING.md, step 4)
BEST = (("mirror|repost", {"A-", "B", "C"}), ("job-board|content page|转引", {"C"}), ("报道", {"B", "C"}))
ID = r"[A-Za-z0-9_.-]+:[\w .:-]{1,120}"
_ID_FORM = ("is no id", "Write source:section:number, letters, digits, blanks and - _ . only")
SECTORS = ("primary", "secondary", "tertiary")
FACTS = {
    "fact_id": pattern(ID, *_ID_FORM),
    "source_id": text(True),
    "section": pattern(
        r"[\w .-]{1,60}",
        "is no section",
        "Write its number, case or annex with its number, or form and the name of the sheet",
    ),
    "entity": text(True),
    "indicator": text(True),
    "period": date(
        "Write YYYY, YYYY-MM, YYYY-MM-DD, from/to, ../to or from/..; nothing ends before it begins",
        is_period,
        "not a period",
    ),
    "value": text(True),
    "unit": text(True),
    "qualifier": words(QUALIFIERS),
    "basis": words(BASES),
    "partner": text(longest=400),
    "kind": text(),
    "item": text(longest=400),
    "raw": text(True),
    "line": whole(),
    "note": text(longest=400),
}
FACT_COLUMNS = list(FACTS)
FACTS_CLEAN = [*FACT_COLUMNS[:7], "lower", "upper", *FACT_COLUMNS[7:], "value_printed", "correction_id"]
FIGURES = {
    "figure_id": pattern(ID, "is no id", "Write file:number"),
    "place": text(True),
    "year": year(),
    "period": pattern(
        r"year|census|Q[1-4]|H[12]|(0[1-9]|1[0-2])",
        "no part of a year",
        "Write year, census, Q1 to Q4, H1, H2, or a month 01 to 12",
    ),
    "indicator": text(True),
    "group": text(True),
    "scope": text(),
    "value": text(True),
    "unit": text(True),
    "qualifier": words(QUALIFIERS),
    "grade": words(GRADES),
    "body": text(True),
    "title": text(True),
    "published": date(
        "Write YYYY, YYYY-MM, YYYY-MM-DD, or YYYY-YYYY where two years are all that is known",
        lambda cell: is_published(cell),
    ),
    "note": text(longest=400),
}
FIGURE_COLUMNS = list(FIGURES)
FIGURE_KEY = ["place", "year", "period", "indicator", "group", "scope"]
_EMPTY = {
    c: f"{c} is empty. Every figure names who made it, where and when" for c in ("body", "title", "published")
} | {"value": "no value. Enter the figure, or leave the row out"}


def is_published(cell: str) -> bool:
    """A date, or two years one after the other."""
    first, dash, last = cell.partition("-")
    return (
        is_date(cell)
        or bool(re.fullmatch("[0-9]{4}-[0-9]{4}", cell))
        and is_date(first)
        and is_date(last)
        and first < last
    )


def _references(entities: dict[str, Entity], indicators: dict[str, Indicator], of_entity: str) -> dict[str, Column]:
    return {
        of_entity: reference(entities, f"{of_entity} '{{cell}}' is not known", "Add it to data/entities.yaml"),
        "indicator": reference(
            indicators, "indicator '{cell}' is not in the dictionary", "Add it to data/dictionary.yaml"
        ),
    }


def _value(row: dict, indicator: Indicator | None, file: str, key: str, problems: Problems) -> float | None:
    """Value in range, in the dictionary's unit and of its kind; faults are noted."""
    place = {"row": row[key], "column": "value", "printed": row["value"][:80]}
    if indicator is None or not row["value"].strip():
        return None
    if row["unit"] != indicator.unit:
        problems.add(
            file,
            f"unit {row['unit']!r}, the dictionary has {indicator.unit!r}",
            "Convert the value, or use another indicator",
            row=row[key],
            column="unit",
        )
    try:
        value = parse_number(row["value"])
        if value is None:
            raise NotANumber("no value")
        check_kind(value, indicator.kind)
        if printed_decimals(row["value"]) > 4:
            raise NotANumber("more than four decimals are no printed figure")
    except NotANumber as reason:
        problems.add(file, str(reason), "Enter a plain number, as it is printed", **place)
        return None
    low, high = indicator.range
    if (low is not None and value < low) or (high is not None and value > high):
        problems.add(
            file, f"outside the range {low} to {high} of {indicator.code}", "Check it against the document", **place
        )
    return value


def clean_facts(
    path: Path,
    source_id: str,
    entities: dict[str, Entity],
    indicators: dict[str, Indicator],
    problems: Problems,
    about: About | None = None,
) -> pd.DataFrame:
    """Prose figures of one source, with the interval that each printed numeral stands for.

    Returns
    -------
    DataFrame
        the columns of `FACT_COLUMNS` with `value` as float, and `lower`, `upper` (see `rounding_box`), `value_printed`
        and `correction_id` (see `apply_corrections`).
    """
    file = shown(path)
    declared = (
        FACTS
        | _references(entities, indicators, "entity")
        | {
            "kind": reference(
                known_kinds(problems),
                "kind '{cell}' is not known",
                "Use a kind of data/crosswalks/cooperation_kinds.csv, or a class of data/entities.yaml",
                required=False,
            )
        }
    )
    rows: list[dict[str, Any]] = read_table(path, Table(declared, "fact_id", ("fact_id",), required=_EMPTY), problems)
    partners = known_partners(problems)
    a_partner = reference(partners, "partner '{cell}' is not known", "Add it to data/crosswalks/partner_to_country.csv")
    same: dict[tuple, str] = {}
    if about is not None:
        check_rows(path, len(rows), about, problems)
    for row in rows:
        place = {"row": row["fact_id"][:80]}
        if row["source_id"] != source_id:
            problems.add(
                file,
                f"source_id is {row['source_id'][:80]!r}",
                f"It must be {source_id!r}",
                **place,
                column="source_id",
            )
        begins = f"{source_id}:" if row["section"].startswith("form ") else f"{source_id}:{row['section']}:"
        if not row["fact_id"].startswith(begins):
            problems.add(
                file,
                f"its section is {row['section'][:80]!r} and its id does not begin with {begins[:100]!r}",
                "Correct the section or the id",
                **place,
                column="section",
                printed=row["section"][:80],
            )
        for partner in filter(None, row["partner"].split(";")):
            if fault := a_partner.faults(partner):
                problems.add(file, *fault, **place, column="partner", printed=partner[:80])
        if about is not None and is_period(row["period"]):
            _check_time(row, about, file, problems)
        row["value"] = _value(row, indicators.get(row["indicator"]), file, "fact_id", problems)
        if (
            row["value"] is not None
            and row["raw"].strip()
            and not follows(row["value"], row["raw"], row["unit"], row["basis"] == "count_of_listed")
        ):
            problems.add(
                file,
                f"value is {row['value']:.10g}, which the figure as printed does not say",
                "Correct value or raw after the document; a figure without a numeral is one event, or counts what is "
                "listed",
                **place,
                column="raw",
                printed=row["raw"][:80],
            )
        figure = tuple(row[c] for c in FACT_COLUMNS if c != "fact_id")
        if figure in same:
            problems.add(file, f"the same figure stands under {same[figure]}", "Keep one", **place)
        same.setdefault(figure, row["fact_id"])
        row["lower"], row["upper"] = (
            rounding_box(row["raw"], row["value"], row["qualifier"]) if row["value"] is not None else (None, None)
        )
        row["line"] = int(row["line"]) if re.fullmatch("[0-9]{1,9}", row["line"]) else None
        row["value_printed"], row["correction_id"] = row["value"], ""
    return pd.DataFrame(rows, columns=FACTS_CLEAN).astype(
        {"value": float, "lower": float, "upper": float, "value_printed": float, "line": "Int64"}
    )


def _check_time(row: dict, about: About, file: str, problems: Problems) -> None:
    """What has happened lies before the document was published, and plans do not reach for ever."""
    published = int(about.published[:4])
    last = max(int(y) for y in re.findall(r"(?<![0-9-])[0-9]{4}", row["period"]))
    ahead = 0 if row["basis"] in HAPPENED and row["qualifier"] != "planned" else PLANS
    if last > published + ahead:
        problems.add(
            file,
            f"lies after the document, which was published in {about.published}",
            "Correct the period, or say that the figure is planned (qualifier) or a target (basis)",
            row=row["fact_id"],
            column="period",
            printed=row["period"],
        )


def clean_figures(
    folder: Path,
    entities: dict[str, Entity],
    indicators: dict[str, Indicator],
    problems: Problems,
    about: About | None = None,
) -> pd.DataFrame:
    """Demand figures of all files of a folder, each with issuing body and trust grade."""
    groups = {
        kind: reference(
            known_groups(kind, problems),
            f"{kind} '{{cell}}' is not known",
            "Correct it, or add it to data/crosswalks/statistic_classes.csv",
            required=kind == "group",
        )
        for kind in ("group", "scope")
    }
    table = Table(
        FIGURES | _references(entities, indicators, "place") | groups, "figure_id", ("figure_id",), required=_EMPTY
    )
    rows: list[dict] = []
    for path in sorted(folder.glob("*.csv")):
        file = shown(path)
        found: list[dict[str, Any]] = read_table(path, table, problems)
        if about is not None:
            check_rows(path, len(found), about, problems)
        for row in found:
            row["raw"], row["source_id"], row["file"] = row["value"], folder.name, file
            if row["figure_id"].partition(":")[0] != path.stem:
                wrong, remedy = "does not begin with the name of its file", f"Write {path.stem}: and its number"
                problems.add(file, wrong, remedy, row=row["figure_id"], column="figure_id", printed=row["figure_id"])
            row["value"] = _value(row, indicators.get(row["indicator"]), file, "figure_id", problems)
            if (
                is_published(row["published"])
                and re.fullmatch("[0-9]{4}", row["year"])
                and int(row["year"]) > max(int(y) for y in re.findall("[0-9]{4}", row["published"]))
            ):
                problems.add(
                    file,
                    f"lies after its publication in {row['published']}",
                    "Correct one of the two",
                    row=row["figure_id"],
                    column="year",
                    printed=row["year"],
                )
            _check_grade(row, file, problems)
        rows += found
    _check_documents(rows, problems)
    _check_parts([row for row in rows if row["value"] is not None], problems)
    seen: dict[str, str] = {}
    for row in rows:
        if seen.setdefault(row["figure_id"], row["file"]) != row["file"]:
            problems.add(
                row["file"],
                f"the same figure_id stands in {seen[row['figure_id']]}",
                "Number the rows anew",
                row=row["figure_id"],
            )
        row["year"] = row["year"] if re.fullmatch("[0-9]{4}", row["year"]) else "0"
    frame = pd.DataFrame(rows, columns=["source_id", *FIGURE_COLUMNS, "raw"])
    for figure in frame.loc[frame.duplicated(FIGURE_KEY, keep=False), "figure_id"]:
        problems.add(shown(folder), "two values for one key", "Keep one and name its source", row=figure)
    return frame.astype({"value": float, "year": "int64"})


def _check_grade(row: dict, file: str, problems: Problems) -> None:
    """A figure read at second hand is not the body's own text."""
    said = f"{row['body']} {row['title']} {row['note']}"
    for words_, grades in BEST:
        if row["grade"] in GRADES and (found := re.search(words_, said)) and row["grade"] not in grades:
            problems.add(
                file,
                f"{found[0]!r} stands in the row: its grade is {' or '.join(sorted(grades))}",
                "Correct the grade, or say where the figure was read",
                row=row["figure_id"],
                column="grade",
                printed=row["grade"],
            )


def _check_documents(rows: list[dict], problems: Problems) -> None:
    """What one document says about one place has one grade."""
    grades: dict[tuple, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        grades[row["file"], row["place"], row["body"], row["title"], row["published"]][row["grade"]].append(row)
    for found in grades.values():
        if len(found) > 1:
            usual = max(found, key=lambda grade: len(found[grade]))
            for grade, others in found.items():
                for row in others if grade != usual else []:
                    problems.add(
                        row["file"],
                        f"other figures of the same document have the grade {usual}",
                        "Give a document one grade",
                        row=row["figure_id"],
                        column="grade",
                        printed=grade,
                    )


def _check_parts(rows: list[dict], problems: Problems) -> None:
    """Parts of a whole are all there and add up: sectors to the whole, shares to 100, sections to all,
    occupations to the employed."""
    figures: dict[tuple, dict[str, dict]] = defaultdict(dict)
    for row in rows:
        figures[row["place"], row["year"], row["period"], row["scope"], row["indicator"]][row["group"]] = row
    for (*where, indicator), found in figures.items():
        there = [found[s] for s in SECTORS if s in found]
        sections = [row for group, row in found.items() if re.fullmatch("[A-T]", group)]
        occupations = [row for group, row in found.items() if re.fullmatch("[1-8]", group)]
        name = f"{where[0]} {where[1]} {indicator}"
        if 0 < len(there) < 3 and indicator in {"gdp_share_pct", "value_added_yuan_100m"}:
            absent = ", ".join(s for s in SECTORS if s not in found)
            problems.add(
                there[0]["file"],
                f"{name} lacks {absent}",
                "Add the row, or take the others out",
                row=there[0]["figure_id"],
            )
        whole_of: dict[str, float | None] = {
            "gdp_share_pct": 100.0,
            "value_added_yuan_100m": figures.get((*where, "gdp_yuan_100m"), {}).get("all", {}).get("value"),
        }
        if len(there) == 3 and (whole := whole_of.get(indicator)):
            _check_sum(there, whole, name, problems, rounded=True)
        if sections and "all" in found:
            _check_sum(sections, found["all"]["value"], name, problems, rounded=False)
        if occupations and (employed := figures.get((*where, "employed_sample_by_section"), {}).get("all")):
            _check_sum(occupations, employed["value"], name, problems, rounded=False)


def _check_sum(parts: list[dict], total: float, name: str, problems: Problems, *, rounded: bool) -> None:
    added = sum(row["value"] for row in parts)
    # half a unit of each rounded figure, and of the whole
    steps = [10.0 ** -printed_decimals(row["raw"]) for row in parts]
    if abs(added - total) > (0.5 * (sum(steps) + min(steps)) if rounded else 0.0) + 1e-9:
        problems.add(
            parts[0]["file"],
            f"{name}: the parts add up to {added:.10g}, the whole is {total:.10g}",
            "Compare the rows with their source; one is wrong or missing",
            row=f"{parts[0]['figure_id']} and {len(parts) - 1} more",
        )
