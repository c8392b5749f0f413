"""What a formula may look up: cells of tables, figures of prose, rows of record tables; each with its key."""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields

import pandas as pd

from analysis.ground.dictionary import APART, Entity, Indicator
from analysis.ground.keys import fact_key, observation_key, record_key


class NoData(ValueError):
    """What a formula asks for is not printed."""


@dataclass(frozen=True)
class Cell:
    """One printed cell of a table."""

    entity: str
    tier: str
    indicator: str
    year: int
    value: float
    table_id: str
    key: str


@dataclass(frozen=True)
class Fact:
    """One figure of prose, with the interval its printed numeral stands for."""

    section: str
    entity: str
    indicator: str
    period: str
    kind: str
    item: str
    partner: str
    value: float
    lower: float
    upper: float
    raw: str
    unit: str
    qualifier: str
    basis: str
    number: str  # of the figure within its source: "6.3:03"
    key: str

    @property
    def year(self) -> int:
        """The last year of the period."""
        return int(re.findall(r"\d{4}", self.period)[-1])


OF_CELL = [field.name for field in fields(Cell)][:-1]  # columns of observations
OF_FACT = [field.name for field in fields(Fact)][:-2]  # columns of facts


class Book:
    """One source, indexed for look-ups.

    Parameters
    ----------
    observations, facts : DataFrame
        of one source, as `analysis.clean.load` returns them.
    records : dict of str to DataFrame
        record tables of the source, by table number.
    entities, indicators : dict
        by code.
    covers : str
        the entity whose schools the tables list.
    """

    def __init__(
        self,
        observations: pd.DataFrame,
        facts: pd.DataFrame,
        records: dict[str, pd.DataFrame],
        entities: dict[str, Entity],
        indicators: dict[str, Indicator],
        covers: str,
    ):
        self.covers = covers
        self.entities, self.indicators, self.records = entities, indicators, records
        self._listed: dict[str, list[dict]] = {}
        self._cells: dict[tuple[str, int], list[Cell]] = defaultdict(list)
        self._totals: dict[tuple[str, int], Cell] = {}
        for row in observations[observations["value"].notna()].to_dict("records"):
            cell = Cell(**{column: row[column] for column in OF_CELL}, key=observation_key(row))
            if row["aggregate_rule"] == APART:
                continue  # of no school: neither summed nor a sum
            if row["aggregate_rule"]:
                self._totals[cell.indicator, cell.year] = cell
            else:
                self._cells[cell.indicator, cell.year].append(cell)
        self.schools = {cell.entity for cells in self._cells.values() for cell in cells}
        self.facts = [
            Fact(**{c: row[c] for c in OF_FACT}, number=row["fact_id"].partition(":")[2], key=fact_key(row))
            for row in facts.to_dict("records")
        ]

    def has_cells(self, indicator: str) -> bool:
        """Whether any table prints the indicator."""
        return any(code == indicator for code, _ in self._cells)

    def members(self, entity: str) -> set[str] | None:
        """Schools that an entity stands for; None for an entity that the tables do not cover."""
        if entity in self.schools:
            return {entity}
        known = self.entities.get(entity)
        if entity == self.covers:
            return set(self.schools)
        if known is None or known.kind != "tier" or known.part_of != self.covers:
            return None
        return {s for s in self.schools if self.entities[s].tier == known.tier}

    def cells(self, indicator: str, year: int, entity: str, table_id: str = "") -> list[Cell]:
        """Cells of an entity's schools, one a school: of `table_id` if it prints the indicator, else of the first."""
        members = self.members(entity)
        if members is None:
            raise NoData(f"the tables have no {entity}")
        chosen: dict[str, Cell] = {}
        printed = self._cells.get((indicator, year), [])
        for cell in [c for c in printed if c.table_id == table_id] or printed:
            if cell.entity in members:
                chosen.setdefault(cell.entity, cell)
        if not chosen:
            raise NoData(f"no cell of {indicator} {year} for {entity}")
        return list(chosen.values())

    def figures(self) -> Iterator[Cell | Fact]:
        """Every figure that the source prints."""
        for cells in self._cells.values():
            yield from cells
        yield from self._totals.values()
        yield from self.facts

    def printed_total(self, indicator: str, year: int, entity: str) -> Cell | None:
        """The closing cell of the indicator if it closes exactly the schools of `entity`."""
        cell = self._totals.get((indicator, year))
        if cell is None or (members := self.members(entity)) is None:
            return None
        return cell if {c.entity for c in self._cells[indicator, year]} <= members else None

    def _rows(self, table_id: str) -> list[dict]:
        if table_id not in self._listed:
            self._listed[table_id] = self.records[table_id].to_dict("records")
        return self._listed[table_id]

    def rows(self, table_id: str, entity: str, filters: dict[str, str]) -> list[dict]:
        """Rows of a record table whose fields match (``*`` any text, ``?*`` any filled field).

        They are those of the entity's schools, and those of the whole city.
        """
        if table_id not in self.records:
            raise NoData(f"no record table {table_id}")
        whole = entity == self.covers
        tier = self.entities[entity].tier if self.entities[entity].kind == "tier" else None
        chosen = []
        for row in self._rows(table_id):
            inside = (
                whole
                or row["entity"] == entity
                or (tier is not None and row["tier"] == tier)
                or self.entities[row["entity"]].kind == "city"
            )
            if inside and all(
                fnmatch.fnmatchcase(" ".join(str(row[column]).split()), pattern) for column, pattern in filters.items()
            ):
                chosen.append({**row, "key": record_key(row)})
        return chosen
