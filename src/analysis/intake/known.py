"""What earlier sources taught: heads and their indicators, tables and their columns, names and whom they mean."""

from __future__ import annotations

import csv
import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from analysis.clean.about import About, require_about
from analysis.ground import paths
from analysis.ground.dictionary import Entity, Indicator, entities, indicators
from analysis.ground.errors import Problems
from analysis.ground.files import read_yaml
from analysis.ground.layout import TableLayout, load_layout
from analysis.ground.numerals import NotANumber, fold, parse_number
from analysis.ground.units import converted, factor
from analysis.intake.textdump import Head
from analysis.intake.words import BRACKETS, arabic_years, bare, tier_names, timeless

_TITLE_WORDS = (
    "各?(?:高等?职业院校|职业院校|职业学院|职业院|职业学校|院校|学校)|(?:基本)?情况|一览表|统计表|汇总表|明细表|调查表"
    "|分布表|情况表|名单|表$|^各|排名不分先后"
)


@dataclass(frozen=True)
class KnownTable:
    """A table of an earlier source."""

    source: str
    report_year: int
    covers: str
    layout: TableLayout

    @cached_property
    def heads(self) -> list[str]:
        """Comparable head of each column."""
        return [bare_path(c.header) for c in self.layout.columns]

    @cached_property
    def title(self) -> str:
        return bare_title(self.layout.title)


@dataclass
class Known:
    """The memory of the workspace.

    Attributes
    ----------
    tables : list of KnownTable
        latest sources first.
    heads : dict of str to Counter
        comparable head → codes of indicators under which it was read.
    names : dict of str to set
        folded name → codes of entities.
    values : dict
        (entity, indicator, year) → figures printed by earlier sources, (source, table, value).
    """

    entities: dict[str, Entity]
    indicators: dict[str, Indicator]
    tables: list[KnownTable]
    heads: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    values: dict[tuple[str, str, int], list[tuple[str, str, float]]] = field(default_factory=lambda: defaultdict(list))
    order: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # (source, table) → entities as they follow

    def schools_of(self, place: str) -> set[str]:
        """Schools that are part of a place, or that a report about it printed."""
        about = {t.source for t in self.tables if t.covers == place}
        return {
            code
            for code, entity in self.entities.items()
            if entity.kind == "school" and (entity.part_of == place or about & (entity.printed or {}).keys())
        }

    def is_indicator(self, text: str) -> bool:
        """Whether a text is the head of a known indicator."""
        return bool(self.heads.get(bare(text)))

    def dump_heads(self) -> list[Head]:
        """Heads of known tables, by which the merged cells of a text dump are found."""
        return list(dict.fromkeys(tuple(c.header for c in t.layout.columns) for t in self.tables))


def bare_path(path: Iterable[str]) -> str:
    """A column's path as one comparable head."""
    return "/".join(part for part in map(bare, path) if part)


def bare_title(title: str, places: Iterable[str] = ()) -> str:
    """A title for comparison: without years, places, units and the words that every title has."""
    plain = timeless(arabic_years(title))
    for inside in BRACKETS.findall(plain):
        plain = plain.replace(f"({inside})", "")
    for place in places:
        plain = plain.replace(place, "")
    tiers = tier_names()
    plain = re.sub(f"^[一-龥]{{2,3}}[市县区](?=各|职业|{tiers}|获|$)", "", plain)
    plain = re.sub(f"各?(?:{tiers})(?:院校|学校)|{_TITLE_WORDS}", "", plain)
    return re.sub(r"[-—–:：,，、\s\"“”]", "", plain)


def likeness(one: str, other: str) -> float:
    """How like two short texts are, 0 to 1; a short form whose characters stand in the long one in order counts high.

    Examples
    --------
    >>> likeness("柳一职", "柳州市第一职业技术学校") > 0.8, likeness("柳一职", "桂林市旅游学校") < 0.5
    (True, True)
    """
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    ratio = difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
    short, long = sorted((one, other), key=len)
    characters = iter(long)
    if len(short) >= 3 and short[0] == long[0] and all(c in characters for c in short):
        return max(ratio, 0.85)
    return ratio


def load_known() -> Known:
    """Everything that sources of the workspace, its dictionary and its entities know."""
    known = Known(dict(entities()), dict(indicators()), [])
    for code, indicator in known.indicators.items():
        for text in {*indicator.names.values(), *indicator.heads}:
            known.heads[bare(text)][code] += 1
    for code, entity in known.entities.items():
        for name in entity.names:
            for language, text in name.items():
                if language not in {"from", "to"}:
                    known.names[fold(str(text))].add(code)
        for text in entity.short.values():
            known.names[fold(str(text))].add(code)
        for variants in (entity.printed or {}).values():
            for variant in variants:
                known.names[fold(variant)].add(code)
    sources: list[tuple[About, str]] = []
    for folder in sorted(paths.RAW.iterdir()) if paths.RAW.is_dir() else ():
        if _is_report(folder):
            problems = Problems()
            about = require_about(folder, problems)
            if about.names != "codes":
                sources.append((about, folder.name))
    for about, source in sorted(sources, key=lambda s: -s[0].report_year):
        for table_id, layout in load_layout(paths.RAW / source / "layout.yaml").items():
            _learn(known, KnownTable(source, about.report_year, about.covered, layout))
            _remember(known, source, table_id, layout, about)
    first = paths.CODE / "data" / "raw"
    if first != paths.RAW:
        # a study knows how the first study's reports are laid out; of their schools and figures it knows nothing
        for folder in sorted(folder for folder in first.iterdir() if _is_report(folder)):
            year = int(read_yaml(folder / "source.yaml")["report_year"])
            for layout in load_layout(folder / "layout.yaml").values():
                _learn(known, KnownTable(folder.name, year, "", layout))
    return known


def _is_report(folder: Path) -> bool:
    return (folder / "layout.yaml").exists() and (folder / "source.yaml").exists()


def _learn(known: Known, table: KnownTable) -> None:
    """A table, and the heads under which it prints indicators that are known."""
    known.tables.append(table)
    for column in table.layout.columns:
        if column.role == "value" and (head := bare_path(column.header)):
            known.heads[head][column.figure[0]] += 1


def _remember(known: Known, source: str, table_id: str, layout: TableLayout, about: About) -> None:
    """Figures of a table of an earlier source, for comparison only: cells that are no numbers are passed over here
    because cleaning that source reports them."""
    path = paths.RAW / source / f"table_{table_id}.csv"
    if not path.exists():
        return
    own = {fold(v): code for code, e in known.entities.items() for v in (e.printed or {}).get(source, {})}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    order: list[str] = []
    for kind, _, *cells in rows:
        if kind not in {"record", "aggregate"}:
            continue
        name = next((cell for c, cell in zip(layout.columns, cells) if c.role == "entity"), "")
        entity = layout.aggregate_entity or about.covered if kind == "aggregate" else own.get(fold(name))
        if entity is None:
            continue
        if kind == "record" and entity not in order:
            order.append(entity)
        for column, cell in zip(layout.columns, cells):
            if column.role == "value":
                unit = known.indicators[column.figure[0]].unit
                try:
                    value = parse_number(cell, unit)
                except NotANumber:
                    continue
                if value is not None and column.unit and factor(column.unit, unit) is not None:
                    value = converted(value, column.unit, unit)
                if value is not None:
                    known.values[(entity, *column.figure)].append((source, table_id, value))
    known.order[source, table_id] = order
