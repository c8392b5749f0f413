"""What a notebook publishes: tables, numbers that are cells of them, figures drawn from them. Nothing else writes to
``results``.

Everything is computed once and then said in each language; the words stand in ``data/words/<notebook>.yaml``.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, TypeAlias

import pandas as pd
from matplotlib.figure import Figure

from analysis.clean import load
from analysis.ground import paths
from analysis.ground.errors import Problems, nearest
from analysis.ground.keys import INPUTS, keys
from analysis.ground.outgoing import table_csv
from analysis.ground.params import sections
from analysis.present import say
from analysis.present.pictures import Picture, save
from analysis.present.style import use_style
from analysis.present.words import (
    Captioned,
    Column,
    NumberWords,
    UnknownPlace,
    at_line,
    fill,
    line_numbers,
    load_words,
    text_of,
    unknown_place,
    words_file,
)

REPORT = "source"  # place of a text: the report that a notebook is about
BEHIND = "behind"  # place of a text: the sources, tables and sections of the figures behind a table
Inputs: TypeAlias = "pd.DataFrame | list[str] | None"


@dataclass(frozen=True)
class Published:
    """A table with the keys behind its rows."""

    frame: pd.DataFrame
    inputs: list  # of each row: keys, or column → keys

    def keys_of(self, place: int, column: str) -> list[str]:
        given = self.inputs[place]
        return given.get(column, []) if isinstance(given, dict) else given


@dataclass(frozen=True)
class Quoted:
    """A number as a place of a text quotes it: its printed form, or the value in another format."""

    value: Any
    text: str

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else self.text


def _keys_of_row(given: Any) -> list[str]:
    """All keys behind a row."""
    return [key for keys in given.values() for key in keys] if isinstance(given, dict) else given


class SaidTable:
    """A published table in words, as a notebook shows it; pages of another language put theirs in its place."""

    def __init__(self, name: str, frame: pd.DataFrame):
        self.name, self.frame = name, frame.fillna("")

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.frame._repr_html_(), "text/plain": repr(self.frame)}, {
            "workbench": {"table": self.name}
        }


class Drawn:
    """The words of a figure in one language, for the function that draws it."""

    def __init__(self, results: Results, name: str, tables: list[str], language: str):
        self.results, self.name, self.language = results, name, language
        self.entry = results.words.figures[name]
        self.columns = {
            **{c: spec for t in reversed(tables) for c, spec in results.words.tables[t].columns.items()},
            **self.entry.columns,
        }

    def __call__(self, key: str) -> str:
        """A text that is drawn: an axis, a series, a mark."""
        if key not in self.entry.words:
            self.results._stop(
                ("figures", self.name, "words"),
                f"says nothing for {key!r}{nearest(key, self.entry.words)}",
                "Add it under words",
            )
        return self.results._fill(
            self.entry.words[key], self.language, self.entry, ("figures", self.name, "words", key)
        )

    def cell(self, column: str, value: Any) -> str:
        """A code of a column as the figure's `cells` say it, or else its table."""
        code = f"{value:g}" if isinstance(value, float) else str(value)
        if code in (said := self.entry.cells.get(column, {})):
            place = ("figures", self.name, "cells", column, code)
            return self.results._fill(said[code], self.language, self.entry, place)
        return str(
            say.say_column(pd.Series([value], dtype=object), self.columns.get(column) or Column(), 2, self.language)[0]
        )

    def rows(self, frame: pd.DataFrame, column: str) -> list[str]:
        """Names of rows: the said cells of a column, or the figure's own `label` filled from the row."""
        said = {
            c: [self.cell(c, v) if self.columns.get(c) and self.columns[c].say else v for v in frame[c]]
            for c in frame.columns
        }
        if self.entry.label is None:
            return [str(v) for v in said[column]]
        whole = [dict(zip(said, cells)) for cells in zip(*said.values())]
        return [fill(self.entry.label, self.language, row.__getitem__) for row in whole]


class Parameters(dict[str, Any]):
    """Parameters of a notebook; `source` is the report of its place and year, where it has these instead."""

    def __missing__(self, name: str) -> str:
        if name != REPORT or "city" not in self:
            raise KeyError(name)
        reports = load.reports_about(self["city"])
        own = reports[reports == self.get("year")]
        return str((own if len(own) else reports).index[-1])


class Results:
    """Tables, numbers and figures of one notebook.

    Parameters
    ----------
    name : str
        the notebook's section of ``params.yaml`` (``fit``); published names begin with it.
    namespace : mapping
        where its parameters stand: ``globals()`` in a notebook.
    """

    def __init__(self, name: str, namespace: Mapping[str, Any]):
        self.name = name
        self.parameters = Parameters({one: namespace[one] for one in sections()[name].model_fields})
        self.language: str = self.parameters["language"]
        self.values: str = self.parameters.get("values", "corrected")
        self.languages = os.environ.get("ANALYSIS_LANGUAGES", self.language).split(",")
        self.words = load_words(name)
        self.tables: dict[str, Published] = {}
        self.numbers: dict[str, dict] = {}
        self.figures: dict[str, dict] = {}
        self.said: dict[str, dict] = {
            language: {"numbers": {}, "tables": {}, "figures": {}} for language in self.languages
        }
        self.shown_tables: list[str] = []  # those whose captions are being filled
        use_style()

    # --- tables and the numbers in them

    def table(self, name: str, frame: pd.DataFrame, inputs: Inputs = None) -> SaidTable | None:
        """Publish a table, and the numbers that are declared as its cells.

        Parameters
        ----------
        frame : DataFrame
            codes and numbers, no words; a column `inputs` holds the keys behind each row (see `with_inputs`).
        inputs : DataFrame or list of str
            what all rows were computed from, where the frame does not say it.
        """
        entry = self._new(name, "tables", self.words.tables, self.tables)
        frame = frame.reset_index(drop=True)
        behind = list(frame[INPUTS]) if INPUTS in frame else [[] if inputs is None else keys(inputs)] * len(frame)
        frame = frame.drop(columns=INPUTS, errors="ignore")
        for column in entry.columns:
            if column not in frame:
                self._stop(
                    ("tables", name, "columns", column),
                    f"the table has no column {column!r}{nearest(column, frame.columns)}",
                    "Correct the column, or drop it",
                )
        self.tables[name] = Published(frame, behind)
        for pattern, number in self.words.numbers.items():
            if number.table == name:
                self._number(pattern, number)
        self._write(f"tables/{name}.csv", table_csv(say.neutral(frame)))
        for language in self.languages:
            self.said[language]["tables"][name] = self._captions(entry, language, ("tables", name), [name])
        if not entry.columns:
            return None
        said = {language: say.say_table(frame, entry, language) for language in {*self.languages, self.language}}
        for language in self.languages:
            self._write(f"said/{language}/tables/{name}.csv", table_csv(said[language]))
        return SaidTable(name, said[self.language])

    def _number(self, pattern: str, spec: NumberWords) -> None:
        """Publish the cells that a declared number, or pattern of numbers, names."""
        published, place = self.tables[spec.table], ("numbers", pattern)
        rows = published.frame
        where = {**({"name": spec.row} if spec.row else {}), **spec.where}
        columns = spec.columns or {spec.column or "value": ""}
        for column in [*where, *columns, *([spec.digits] if isinstance(spec.digits, str) else [])]:
            if column not in rows:
                self._stop(
                    place,
                    f"names no cell: {spec.table} has no column {column!r}{nearest(column, rows.columns)}",
                    "Correct table or column",
                )
        for column, wanted in where.items():
            rows = rows[rows[column].isin(wanted if isinstance(wanted, list) else [wanted])]
        if spec.row and rows.empty:
            self._stop(
                place,
                f"names no cell: {spec.table} has no row {spec.row!r}{nearest(spec.row, published.frame['name'])}",
                "Correct the row",
            )
        for index, row in zip(rows.index, rows.to_dict("records")):
            for column, ending in columns.items():
                value = row[column]
                if not isinstance(value, (list, dict)) and (
                    pd.isna(value) or (isinstance(value, float) and math.isinf(value))
                ):
                    continue
                name = _named(pattern, row) + ending
                if name in self.numbers:
                    self._stop(place, f"the number {name!r} is published twice", "Make the pattern name each row apart")
                given = published.keys_of(index, column)
                if not given:
                    self._stop(
                        place,
                        f"the number {name!r} has no inputs",
                        "Give its table the cells that it was computed from",
                    )
                self._publish(
                    name, value, spec, row, given, {"table": spec.table, "row": int(index), "column": column}, place
                )

    def _publish(
        self, name: str, value: Any, spec: NumberWords, row: dict, given: list[str], cell: dict, place: tuple[str, ...]
    ) -> None:
        value = value.item() if hasattr(value, "item") else value
        counted = isinstance(value, (int, float)) and not isinstance(value, bool)
        if counted:
            value = value * spec.scale if spec.scale != 1 else value
            value = say.stable(value) if isinstance(value, float) else value
        digits = int(row[spec.digits]) if isinstance(spec.digits, str) else spec.digits
        side = next((side for side in ("lower", "upper") if name.endswith(f"_{side}")), "")
        self.numbers[name] = {
            "value": value,
            "unit": spec.unit,
            "headline": spec.headline,
            "origin": {"notebook": self.name, "cell": cell, "inputs": given, "values": spec.values or self.values},
        } | ({"as_printed": _named(spec.as_printed, row)} if spec.as_printed else {})
        for language in self.languages:
            text = (
                say.say_cell(value, spec.say, language)
                if spec.say and value != ""
                else say.number_text(value, spec.unit, digits, side)
            )
            formula = fill(spec.formula, language, ChainMap(row, self.parameters).__getitem__)
            self.said[language]["numbers"][name] = {
                "text": (text or "—") if spec.say else text,
                "unit": say.unit_text(spec.unit, language),
                "formula": formula,
            }

    # --- figures

    def figure(
        self,
        name: str,
        draw: Callable[..., Figure],
        tables: str | list[str],
        *,
        where: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Picture:
        """Draw a figure from published tables, in every language that is wanted, as SVG and PNG with stable bytes.

        Parameters
        ----------
        draw : callable
            a form of `analysis.present.plots`: gets the tables, `words` and the options.
        tables : str or list of str
            names of published tables.
        where : mapping
            column → value, or list of values: rows of the first table that are drawn.
        """
        entry = self._new(name, "figures", self.words.figures, self.figures)
        names = [tables] if isinstance(tables, str) else tables
        for one in names:
            if one not in self.tables:
                self._stop(
                    ("figures", name),
                    f"is drawn from {one!r}, which is not published yet{nearest(one, self.tables)}",
                    "Publish the table first",
                )
        frames = [self.tables[one].frame for one in names]
        for column, wanted in (where or {}).items():
            frames[0] = frames[0][frames[0][column].isin(wanted if isinstance(wanted, list) else [wanted])]
        shown = ""
        for language in self.languages:
            figure = draw(
                *(frame.reset_index(drop=True) for frame in frames), words=Drawn(self, name, names, language), **options
            )
            captions = self._captions(entry, language, ("figures", name), names) | {
                "alt": self._fill(entry.alt, language, entry, ("figures", name, "alt"))
            }
            self.said[language]["figures"][name] = captions
            svg = save(figure, self._path(f"said/{language}/figures/{name}"), captions, language)
            shown = svg if language == self.language else shown
        self.figures[name] = {
            "draw": f"{draw.__module__}.{draw.__name__}",
            "tables": names,
            "where": dict(where or {}),
            "options": _plain(options),
        }
        return Picture(name, shown, self.said[self.language]["figures"][name]["alt"])

    # --- the end

    def close(self) -> str:
        """Check that all that is declared was published, and write the ledger; without it nothing of the notebook
        reaches the report.
        """
        problems, file = Problems(), paths.shown(words_file(self.name))
        beside = paths.OUT / paths.LEFT_OUT
        left_out = beside.read_text(encoding="utf-8").split() if beside.exists() else []
        for kind, declared, made in (
            ("tables", self.words.tables, self.tables),
            ("figures", self.words.figures, self.figures),
        ):
            for name, entry in declared.items():
                if name not in made and not entry.optional and name not in left_out:
                    problems.add(
                        file,
                        f"{name} is declared and not published",
                        "Publish it in the notebook, or take it out of the words",
                        row=kind,
                        column=name,
                    )
        for pattern, number in self.words.numbers.items():
            if number.table not in self.words.tables:
                problems.add(
                    file,
                    f"{pattern} is a cell of {number.table}, which is no table"
                    f"{nearest(number.table, self.words.tables)}",
                    "Correct the table",
                    row="numbers",
                    column=pattern,
                )
        lines = line_numbers(words_file(self.name))
        Problems(at_line(one, lines, (one.row, one.column)) for one in problems).stop()
        numbers, inputs = _shared(self.numbers)
        ledger = {
            "numbers": numbers,
            "inputs": inputs,
            "figures": self.figures,
            "tables": {
                n: {"rows": len(t.frame), "columns": list(map(str, t.frame.columns))} for n, t in self.tables.items()
            },
            "said": self.said,
        }
        self._write(
            "ledger.json", json.dumps(ledger, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"
        )
        return f"{len(self.numbers)} numbers, {len(self.figures)} figures, {len(self.tables)} tables"

    # --- small things

    def _path(self, name: str):
        return paths.out(paths.RESULTS / self.name / name)

    def _write(self, name: str, text: str) -> None:
        self._path(name).write_text(text, encoding="utf-8", newline="\n")

    def _new(self, name: str, kind: str, declared: Mapping[str, Any], made: Mapping[str, Any]) -> Any:
        if name not in declared:
            self._stop(
                (kind,),
                f"has no {name!r}{nearest(name, declared)}",
                f"Declare it under {kind}: title, scope, units, source",
            )
        if not name.startswith(f"{self.name}_"):
            self._stop((kind, name), f"must begin with {self.name}_, the notebook that makes it", "Rename it")
        if name in made:
            self._stop((kind, name), f"{name} is published twice", "Give one of them another name")
        return declared[name]

    def _captions(self, entry: Captioned, language: str, place: tuple[str, ...], tables: list[str]) -> dict[str, str]:
        self.shown_tables = tables
        return {
            key: self._fill(getattr(entry, key), language, entry, (*place, key))
            for key in ("title", "scope", "units", "source")
        }

    def _behind(self, language: str) -> str:
        """Where the figures behind the tables that are captioned stand; the report itself where no row says it."""
        given = [key for one in self.shown_tables for row in self.tables[one].inputs for key in _keys_of_row(row)]
        return say.behind_text(dict.fromkeys(given), language) or load.source_names([self.parameters[REPORT]], language)

    def _fill(self, said: Any, language: str, entry: Captioned, place: tuple[str, ...]) -> str:
        """A text of an entry in a language, its places filled with parameters, declared values and numbers."""

        def look_up(name: str) -> Any:
            if name in entry.values:
                return self._value(entry.values[name], language, place)
            if name in entry.lists:
                return self._list(name, entry, language, place)
            if name == BEHIND:
                return self._behind(language)
            if name in self.parameters or name == REPORT:
                return self.parameters[name]
            if name in self.numbers:
                return Quoted(self.numbers[name]["value"], self.said[language]["numbers"][name]["text"])
            raise unknown_place(name, [*entry.values, *entry.lists, *self.parameters, *self.numbers])

        try:
            return fill(said, language, look_up)
        except (UnknownPlace, KeyError, ValueError, TypeError) as error:
            self._stop(place, str(error.args[0] if error.args else error), "Correct the text, or declare the value")
            raise AssertionError from error

    def _value(self, spec: Any, language: str, place: tuple[str, ...]) -> Any:
        rows = self._rows(spec, {**({"name": spec.row} if spec.row else {}), **spec.where}, place)
        if spec.every:
            return list(
                dict.fromkeys(v for cell in rows[spec.column] for v in (cell if isinstance(cell, list) else [cell]))
            )
        if len(rows) != 1:
            self._stop(place, f"a value is {len(rows)} cells of {spec.table}", "Name one row by row or where")
        value = rows[spec.column].iloc[0]
        value = value.item() if hasattr(value, "item") else value
        if spec.words:
            key = str(value).lower() if isinstance(value, bool) else str(value)
            if key not in spec.words:
                self._stop(place, f"says nothing for {key!r}", "Add it to the words of the value")
            return text_of(spec.words[key], language)
        return value * spec.scale if spec.scale != 1 else value

    def _list(self, name: str, entry: Captioned, language: str, place: tuple[str, ...]) -> str:
        spec = entry.lists[name]
        columns = self.words.tables[spec.table].columns if spec.table in self.words.tables else {}
        parts = []
        for row in self._rows(spec, spec.where, place).to_dict("records"):
            ways = {c: columns[c].say if c in columns else None for c in row}
            said = {c: say.say_cell(v, way, language) if (way := ways[c]) else v for c, v in row.items()}
            parts.append(fill(spec.text, language, ChainMap(said, self.parameters).__getitem__))
        listed = text_of(spec.between, language).join(parts)
        return fill(spec.all, language, {"list": listed}.__getitem__) if parts else text_of(spec.none, language)

    def _rows(self, spec: Any, where: Mapping[str, Any], place: tuple[str, ...]) -> pd.DataFrame:
        if spec.table not in self.tables:
            self._stop(
                place,
                f"takes a value from {spec.table!r}, which is not published yet{nearest(spec.table, self.tables)}",
                "Publish the table first",
            )
        rows = self.tables[spec.table].frame
        for column, wanted in where.items():
            rows = rows[rows[column] == wanted]
        return rows

    def _stop(self, place: tuple[str, ...], wrong: str, remedy: str) -> None:
        """Raise a fault at a place of the words."""
        problems = Problems()
        problems.add(paths.shown(words_file(self.name)), wrong, remedy, row=place[0], column=" / ".join(place[1:]))
        lines = line_numbers(words_file(self.name))
        Problems(at_line(one, lines, place) for one in problems).stop()


def _shared(numbers: dict[str, dict]) -> tuple[dict[str, dict], list[list[str]]]:
    """Numbers with the place of their inputs in a list, in which equal inputs stand once: many numbers rest on the
    same cells.
    """
    places: dict[tuple[str, ...], int] = {}
    shared = {}
    for name, entry in sorted(numbers.items()):
        place = places.setdefault(tuple(entry["origin"]["inputs"]), len(places))
        shared[name] = {**entry, "origin": {**entry["origin"], "inputs": place}}
    return shared, [list(one) for one in places]


def _named(pattern: str, row: Mapping[str, Any]) -> str:
    """A name of a pattern, its places filled from a row."""
    return re.sub(r"\{(\w+)\}", lambda place: str(row[place[1]]), pattern)


def _plain(value: Any) -> Any:
    """Options of a figure as JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return {k: v for k, v in asdict(value).items() if v is not None}
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return say.stable(float(value)) if isinstance(value, float) else value.item() if hasattr(value, "item") else value
