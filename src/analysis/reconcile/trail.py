"""From a published number back to the cells it was computed from."""

from __future__ import annotations

import csv
import html
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from analysis.clean import load
from analysis.clean.corrections import load_corrections
from analysis.ground import paths
from analysis.ground.dictionary import entities, label, nearest, section_name, words
from analysis.ground.files import need_made
from analysis.ground.keys import fact_key, figure_key, observation_key, record_key
from analysis.present.published import numbers_in

NOT_PRINTED = "not printed"  # stands for inputs of a number that a source does not give


@dataclass(frozen=True)
class Cell:
    """One printed figure that a number rests on.

    `address` names the cell in a page (source, table, line, column); `group` the printed table,
    section or statistic it is in.
    """

    key: str
    kind: str  # table | prose | statistic | record | file
    source_id: str
    group: str
    place: str
    what: str
    printed: str
    address: str
    line: str = ""  # of the document
    used: float | None = None
    correction_id: str = ""
    reason: str = ""


class Index:
    """Look-up of cells by key, over the processed tables of this workspace."""

    def __init__(self, language: str = "zh"):
        self.language = language

    @cached_property
    def reasons(self) -> dict[str, str]:
        """Why each correction was made."""
        return {c.correction_id: c.reason[self.language] for c in load_corrections()}

    def _what(self, entity: str, indicator: str, details: list[str], period: str) -> str:
        """Who, what, of which group or item, and when."""
        known = {**words(), **entities()}
        named = [
            label(d, self.language)
            if d in known
            else label(f"section_{d}", self.language)
            if f"section_{d}" in known
            else d
            for d in details
            if d
        ]
        return f"{label(entity, self.language)} · {' · '.join([label(indicator, self.language), *named])} {period}"

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """Every cell of every processed table by its key."""
        zh = self.language == "zh"
        found: dict[str, Cell] = {}

        def add(row: dict, key: str, kind: str, group: str, place: str, what: str, address: str) -> None:
            printed = row.get("raw", "")
            correction = row.get("correction_id", "")
            used = (
                row["value"]
                if correction and row.get("value") != row.get("value_printed") and not pd.isna(row["value"])
                else None
            )
            found[key] = Cell(
                key,
                kind,
                row["source_id"],
                group,
                place,
                what,
                printed,
                address,
                str(row.get("line", "")).replace("<NA>", ""),
                used,
                correction,
                self.reasons.get(correction, ""),
            )

        for row in load.observations().to_dict("records"):
            table = f"{'表' if zh else 'table '}{row['table_id']}"
            who = row["entity_raw"] if row["aggregate_rule"] else label(row["entity"], self.language)
            add(
                row,
                observation_key(row),
                "table",
                row["table_id"],
                table,
                f"{who} · {label(row['indicator'], self.language)} {row['year']}",
                f"{row['source_id']}_{row['table_id']}_{row['line']}_{row['column']}",
            )
        for row in load.facts().to_dict("records"):
            add(
                row,
                fact_key(row),
                "prose",
                row["section"],
                section_name(row["section"], self.language),
                self._what(
                    row["entity"], row["indicator"], [row["kind"], row["item"]], row["period"].replace("../", "–")
                ),
                row["fact_id"].replace(":", "_").replace(" ", "-"),
            )
        for row in load.demand().to_dict("records"):
            row |= {"correction_id": ""}
            add(
                row,
                figure_key(row),
                "statistic",
                row["body"],
                f"{row['body']}《{row['title']}》" if zh else f"{row['body']}, {row['title']}",
                self._what(row["place"], row["indicator"], [row["group"]], f"{row['year']} ({row['grade']})"),
                "demand_" + row["figure_id"].replace(":", "_"),
            )
        for source_id in load.sources()["source_id"]:
            for rows in load.record_tables(source_id).values():
                for row in rows.to_dict("records"):
                    table_id = row["table_id"]
                    add(
                        row | {"raw": ""},
                        record_key(row),
                        "record",
                        table_id,
                        f"{'表' if zh else 'table '}{table_id}",
                        f"{label(row['entity'], self.language)} · "
                        f"{'第' if zh else 'line '}{row['line']}{'行' if zh else ''}",
                        f"{source_id}_{table_id}_{row['line']}_row",
                    )
        return found

    def cell(self, key: str) -> Cell:
        """The cell of a key, or the file of the workspace that it names.

        Raises
        ------
        KeyError
            for a key that is neither: the trail is broken.
        """
        if key in self.cells:
            return self.cells[key]
        if key == NOT_PRINTED or (paths.ROOT / key).is_file():
            return Cell(key, "file", "", key, key, "", "", "")
        raise KeyError(f"{key!r} is no printed cell and no file{nearest(key, self.cells)}")


def published(language: str | None = None, path: Path | None = None) -> dict[str, dict]:
    """All numbers of ``results/numbers.json``; text, unit and formula in a language, if one is named."""
    numbers = json.loads(need_made(path or paths.RESULTS / "numbers.json").read_text(encoding="utf-8"))
    return numbers if language is None else numbers_in(numbers, language)


def inputs_of(name: str, numbers: dict[str, dict]) -> list[str]:
    """Keys of cells behind a number; numbers it was computed from are followed to their cells."""
    keys: list[str] = []
    seen: set[str] = set()

    def follow(one: str) -> None:
        if one in seen:
            return
        seen.add(one)
        for key in numbers[one]["origin"]["inputs"]:
            follow(key) if key in numbers else keys.append(key)

    follow(name)
    return list(dict.fromkeys(keys))


@dataclass(frozen=True)
class Trail:
    """A published number with everything it rests on; shows itself in a notebook."""

    name: str
    text: str
    unit: str
    notebook: str
    formula: str
    values: str  # corrected or printed
    cells: tuple[Cell, ...]

    def __str__(self) -> str:
        lines = [
            f"{self.name} = {self.text}" + (f" {self.unit}" if self.unit and self.unit not in self.text else ""),
            f"  {self.formula}  ({self.notebook})",
        ]
        for cell in self.cells:
            moved = cell.used is not None and self.values != "printed"
            used = (
                f" → {cell.used:g} ({cell.correction_id}: {cell.reason})"
                if moved
                else f" ({cell.correction_id}: {cell.reason})"
                if cell.correction_id
                else ""
            )
            lines.append("  " + "  ".join(filter(None, [cell.source_id, cell.place, cell.what, cell.printed])) + used)
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = ""
        for c in self.cells:
            shown = c.used is not None and self.values != "printed"
            used = f"{c.used:g} ({c.correction_id})" if shown else c.correction_id
            parts = (c.source_id, c.place, c.what, c.printed, used)
            rows += f"<tr><td>{'</td><td>'.join(html.escape(part) for part in parts)}</td></tr>"
        return (
            f"<p><b>{html.escape(self.name)} = {html.escape(self.text)}</b>"
            f"<br>{html.escape(self.formula)} ({html.escape(self.notebook)})</p><table><tr><th>source</th>"
            f"<th>place</th><th>what</th><th>printed</th><th>used</th></tr>{rows}</table>"
        )


def trace(name: str, language: str = "zh") -> Trail:
    """Where a published number comes from: its formula, and every cell it rests on as printed.

    Parameters
    ----------
    name : str
        a name of ``results/numbers.json``.
    language : {"zh", "en"}
        of names of schools and indicators.

    Raises
    ------
    KeyError
        for a number that is not published, with the nearest name.
    """
    numbers = published(language)
    if name not in numbers:
        raise KeyError(f"no number is called {name!r}{nearest(name, numbers)}")
    entry, index = numbers[name], Index(language)
    return Trail(
        name,
        entry["text"],
        entry["unit"],
        entry["origin"]["notebook"],
        entry["origin"]["formula"],
        entry["origin"]["values"],
        tuple(index.cell(key) for key in inputs_of(name, numbers)),
    )


def printed_table(source_id: str, table_id: str) -> list[list[str]]:
    """A table as printed: rows of kind, line and cells."""
    with (paths.RAW / source_id / f"table_{table_id}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]
