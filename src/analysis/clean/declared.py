"""A layout against what else is declared: indicators exist, headers fit their units, years and indicators."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

from analysis.clean.about import About
from analysis.ground.dictionary import Entity, Indicator
from analysis.ground.errors import Problems, nearest
from analysis.ground.files import languages
from analysis.ground.layout import Column, TableLayout
from analysis.ground.numerals import fold
from analysis.ground.paths import shown
from analysis.ground.units import factor

_YEAR = re.compile(r"([12][0-9]{3})年")
_BRACKETS = re.compile(r"\(([^()]*)\)")


def check_declared(
    layouts: dict[str, TableLayout],
    about: About,
    folder: Path,
    entities: dict[str, Entity],
    indicators: dict[str, Indicator],
    problems: Problems,
) -> None:
    """Every column that holds figures is of an indicator, a unit and a year that its header does not contradict."""
    file, units = shown(folder / "layout.yaml"), {i.unit for i in indicators.values()}
    for table_id, layout in layouts.items():
        if layout.aggregate_entity is not None and layout.aggregate_entity not in entities:
            problems.add(
                file,
                f"entity {layout.aggregate_entity!r} is not known{nearest(layout.aggregate_entity, entities)}",
                "Name the entity that the closing row is about",
                table=table_id,
                row="aggregate",
            )
        figures = [(number, column) for number, column in enumerate(layout.columns, 1) if column.role == "value"]
        for number, column in figures:
            place = {"table": table_id, "column": f"{number}, {' / '.join(column.header)}"}
            code, _ = column.figure
            indicator = indicators.get(code)
            if indicator is None:
                problems.add(
                    file,
                    f"indicator {code!r} is not in the dictionary{nearest(code, indicators)}",
                    "Add it to data/dictionary.yaml",
                    **place,
                )
                continue
            _check_unit(column, indicator, units, place, file, problems)
            _check_year(column, about, place, file, problems)
        known = [(number, column) for number, column in figures if column.indicator in indicators]
        _check_exchanged(known, indicators, table_id, file, problems)


def _check_unit(
    column: Column, indicator: Indicator, units: Iterable[str], place: dict, file: str, problems: Problems
) -> None:
    printed = [unit for part in column.header for unit in _BRACKETS.findall(part) if unit in units]
    if column.unit and factor(column.unit, indicator.unit) is None:
        problems.add(
            file,
            f"unit is {column.unit!r}, {indicator.code} is counted in {indicator.unit!r}: another thing is measured",
            "Correct the unit or the indicator",
            **place,
        )
    elif printed and not {indicator.unit, column.unit} & set(printed) and not _same(printed, column, indicator):
        problems.add(
            file,
            f"the header says {printed[0]!r}, {indicator.code} is counted in {indicator.unit!r}",
            "Correct the indicator, or its unit in data/dictionary.yaml",
            **place,
        )


def _same(printed: list[str], column: Column, indicator: Indicator) -> bool:
    """Whether a printed unit is another word for the one that is declared or counted in."""
    return any(factor(unit, column.unit or indicator.unit) == 1 for unit in printed)


def _check_year(column: Column, about: About, place: dict, file: str, problems: Problems) -> None:
    _, year = column.figure
    printed = {int(digits) for part in column.header for digits in _YEAR.findall(part)}
    if printed and year not in printed or year > about.report_year or year < about.report_year - 15:
        if printed:
            against = f"the header says {' and '.join(map(str, sorted(printed)))}"
        else:
            against = f"the report is about {about.report_year}"
        problems.add(file, f"year is {year}, {against}", "Correct the year", **place)


def _check_exchanged(
    figures: list[tuple[int, Column]], indicators: dict[str, Indicator], table_id: str, file: str, problems: Problems
) -> None:
    """Two columns whose headers fit each other's indicator better than their own."""

    def likeness(column: Column, code: str) -> float:
        header = _YEAR.sub("", _BRACKETS.sub("", "".join(column.header)))
        return SequenceMatcher(None, header, fold(indicators[code].label(languages()[0]))).ratio()

    for (first, one), (second, two) in combinations(figures, 2):
        (code_one, year_one), (code_two, year_two) = one.figure, two.figure
        if code_one == code_two or year_one != year_two:
            continue
        own, other = (
            likeness(one, code_one) + likeness(two, code_two),
            likeness(one, code_two) + likeness(two, code_one),
        )
        if other > own + 0.05:
            problems.add(
                file,
                f"the headers of columns {first} and {second} fit each other's indicator: {code_one} and "
                f"{code_two} look exchanged",
                "Exchange the two, or correct their names in data/dictionary.yaml",
                table=table_id,
                column=f"{first}, {' / '.join(one.header)}",
            )
