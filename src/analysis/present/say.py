"""How published cells are said in a language: text of a number, cells and heads of a table, the line below it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import pandas as pd

from analysis.clean import load
from analysis.ground.dictionary import is_known, label, period_text, section_name
from analysis.present.words import WAYS, Column, TableWords, join, page_words

# digits of published values: what another processor, or one thread more, computes differently lies beyond the tenth
SIGNIFICANT = 8


def caption_note(language: str, scope: str, units: str, source: str) -> str:
    """The line below a figure or table."""
    return page_words(language)["note"].format(scope=scope, units=units, source=source)


def stable(value: float) -> float:
    """The value to the digits that every machine computes alike; whole numbers are exact.

    Examples
    --------
    >>> stable(0.12118397283), stable(1234567890.0), stable(12.499999999999998)
    (0.12118397, 1234567890.0, 12.5)
    """
    if math.isfinite(value) and value == round(value):
        return value
    return float(f"{value:.{SIGNIFICANT}g}")


def number_text(value: float | int | str, unit: str, digits: int, side: str = "") -> str:
    """A number as prose prints it: fixed decimals, thousands marks from five digits on, the per-cent sign attached.

    A `lower` bound is rounded down and an `upper` one up, so that what is printed holds the bounds.

    Examples
    --------
    >>> number_text(28536, "人", 0), number_text(89.016, "%", 2), number_text(-0.0001, "", 2)
    ('28,536', '89.02%', '0.00')
    >>> number_text(0.1973, "", 2, "lower"), number_text(0.1973, "", 2, "upper"), number_text(-2.465, "", 2, "lower")
    ('0.19', '0.20', '−2.47')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a number to print")
    rounded = round(value, digits) + 0.0
    if side and abs(value - rounded) > 1e-9 * max(1.0, abs(value)):
        exact = Decimal(f"{value:.12g}").quantize(
            Decimal(1).scaleb(-digits), ROUND_FLOOR if side == "lower" else ROUND_CEILING
        )
        rounded = float(exact) + 0.0
    text = f"{rounded:,.{digits}f}" if abs(value) >= 10_000 else f"{rounded:.{digits}f}"
    text = text.replace("-", "\u2212")
    return f"{text}%" if unit == "%" else text


def is_worded(unit: str) -> bool:
    """Whether a unit of the data is a word, said in each language; signs are the same everywhere."""
    return not unit.isascii() and unit != "°"


def unit_text(unit: str, language: str) -> str:
    """A unit of the data in a language.

    Examples
    --------
    >>> unit_text("人", "en"), unit_text("%", "en")
    ('persons', '%')
    """
    return label(f"unit_{unit}", language) if is_worded(unit) else unit


def p_text(value: float) -> str:
    """A p value as tables print it.

    Examples
    --------
    >>> p_text(0.0004), p_text(0.0341), p_text(float("nan"))
    ('<0.001', '0.034', '')
    """
    return "" if pd.isna(value) else "<0.001" if value < 0.0005 else f"{value:.3f}"


def say_cell(value: Any, how: str, language: str) -> str:
    """A cell in words.

    Parameters
    ----------
    how : str
        ``label`` (of a code; ``label:test_`` with what stands before it), ``labels`` (of several codes), ``clauses``
        (the same, parted by semicolons), ``name`` and ``names`` (where texts stand beside codes), ``section``,
        ``section_number`` (the number alone), ``period``, ``source``, ``sources``, ``join`` (texts in a row), ``words``
        (a text by language), ``p``.
    """
    kind, _, prefix = how.partition(":")
    if kind not in WAYS:
        raise ValueError(f"{how!r} is no way to say a cell; use {', '.join(WAYS)}")
    if kind == "name":
        return label(value, language) if is_known(value) else str(value)
    if kind == "names":
        return join([say_cell(one, "name", language) for one in value], language)
    if kind == "p":
        return p_text(value)
    if kind in {"labels", "clauses"}:
        named = [label(f"{prefix}{one}", language) for one in value]
        return "; ".join(named) if kind == "clauses" else join(named, language)
    if kind == "join":
        return join([str(one) for one in value], language)
    if kind == "sources":
        return load.source_names(value, language)
    if kind == "words":
        return value[language] if isinstance(value, dict) else str(value)
    if pd.isna(value) or (value == "" and not prefix):
        return ""
    match kind:
        case "label":
            return label(f"{prefix}{value}", language)
        case "section":
            return section_name(str(value), language)
        case "section_number":
            return section_name(value, language) if " " in value else str(value)
        case "period":
            return period_text(str(value), language)
    return load.source_names([value], language)


MOST_PLACES = 8  # tables or sections that a source line lists


def behind_text(given: Iterable[str], language: str) -> str:
    """Where figures stand, from the keys of their cells: sources with their tables and sections, statistics by kind.

    Examples
    --------
    >>> behind_text(["liuzhou-2023:table 3-6:x:placed:2023=1", "liuzhou-2023:3.4.1:01:placed=1"], "en")
    'Liuzhou vocational education quality report 2023, table 3-6, section 3.4.1'
    """
    places: dict[str, dict[str, None]] = {}
    titles = set(load.sources()["source_id"])
    for key in given:
        first, _, rest = key.partition(":")
        place = rest.partition(":")[0]
        if first == "demand" and place:
            named = f"statistics_{place}"
            places.setdefault(label(named, language) if is_known(named) else place, {})
        elif first in titles:
            places.setdefault(first, {})[place] = None
    return label("behind_between", language).join(_at(first, list(own), language) for first, own in places.items())


def _at(source: str, places: list[str], language: str) -> str:
    tables = [place.removeprefix("table ") for place in places if place.startswith("table ")]
    sections = [section_name(place, language) for place in places if not place.startswith("table ")]
    head = "behind_tables" if len(tables) > 1 else "behind_table"
    shown = [label(head, language).format(join(sorted(tables, key=_by_number), language))] if tables else []
    listed = shown + sorted(sections) if len(places) <= MOST_PLACES else [label("behind_many", language)]
    title = load.source_names([source], language) if places else source
    return label("behind_comma", language).join([title, *listed])


def _by_number(table: str) -> list[tuple[int, str]]:
    """2 before 10, numbers before words."""
    return [(int(part), "") if part.isascii() and part.isdigit() else (10**6, part) for part in re.split("[-.]", table)]


def say_table(frame: pd.DataFrame, words: TableWords, language: str) -> pd.DataFrame:
    """A published table as it is read: columns in the declared order, heads and codes in words,
    numbers with their decimals."""
    said = pd.DataFrame(
        {name: say_column(frame[name], column, words.digits, language) for name, column in words.columns.items()},
        index=frame.index,
        dtype=object,
    )
    if words.sorted_by:
        said = said.sort_values(words.sorted_by, kind="stable")
    return (
        said
        if words.heads == "codes"
        else said.set_axis([label(column.head or name, language) for name, column in words.columns.items()], axis=1)
    )


def say_column(cells: pd.Series, column: Column, digits: int, language: str) -> list:
    """The cells of one column in words."""
    if column.say:
        return [say_cell(value, column.say, language) for value in cells]
    if pd.api.types.is_bool_dtype(cells):
        return [label("yes" if value else "no", language) for value in cells]
    if pd.api.types.is_float_dtype(cells):
        places = digits if column.digits is None else column.digits
        return [None if pd.isna(v) else f"{round(stable(column.scale * v), places) + 0.0:.{places}f}" for v in cells]
    return [None if pd.isna(v) is True else v for v in cells.astype(object)]


def neutral(frame: pd.DataFrame) -> pd.DataFrame:
    """A published table as it is kept: codes as they are, numbers to stable digits,
    lists and texts by language as JSON."""
    kept = frame.copy()
    for name in kept.columns:
        if pd.api.types.is_float_dtype(kept[name]):
            kept[name] = [
                None
                if pd.isna(v)
                else f"{stable(v):.{SIGNIFICANT}g}"
                if not math.isfinite(v) or v != round(v)
                else f"{v:.0f}"
                for v in kept[name]
            ]
        elif kept[name].dtype == object:
            kept[name] = [_kept(v) for v in kept[name]]
    return kept


def _kept(value: Any) -> Any:
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return stable(value) if isinstance(value, float) else value
