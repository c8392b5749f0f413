"""A made-up second-year report in memory, with the tables, the relations and the claims of the first;
nobody printed it.

Years are moved on by one, counts of the first report are doubled, its contradictions are repaired, and every figure of
prose that a formula speaks of is set to what follows from the tables; so a sound audit finds nothing in it until a
fault is planted.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from analysis.clean.source import clean_source
from analysis.ground.dictionary import entities, indicators
from analysis.ground.numerals import rounding_box
from analysis.reconcile.audit import audit
from analysis.reconcile.book import Book, NoData
from analysis.reconcile.formulas import Context, Formula
from analysis.reconcile.judge import fact_step
from analysis.reconcile.rules import load_rules

SOURCE = "liuzhou-2023"  # whose layout and rules the made-up report shares
HIGHER, SECONDARY = "liuzhou_higher", "liuzhou_secondary"


def rounded(value: float, step: float) -> float:
    """Half up to the printed step."""
    return float(
        (Decimal(f"{value:.12g}") / Decimal(f"{step:.12g}")).quantize(Decimal(1), ROUND_HALF_UP)
        * Decimal(f"{step:.12g}")
    )


def in_english(checks: pd.DataFrame) -> pd.DataFrame:
    """Checks with their texts in English."""
    return checks.map(lambda cell: cell["en"] if isinstance(cell, dict) else cell)


class Report:
    """Tables, prose and records in memory, with ways to plant faults."""

    def __init__(self):
        first = clean_source(SOURCE)
        self.records = first.records
        self.cells = first.observations.copy()
        self.cells["year"] += 1
        self.facts = first.facts.copy()
        self.claimed: set[int] = set()
        self.facts["period"] = self.facts["period"].str.replace(r"\d{4}", lambda m: str(int(m[0]) + 1), regex=True)
        self._double()
        self._repair()
        self._say_the_truth()

    def book(self, values: str = "value") -> Book:
        return Book(
            self.cells.assign(value=self.cells[values]), self.facts, self.records, entities(), indicators(), "liuzhou"
        )

    def audit(self) -> pd.DataFrame:
        rules = load_rules(SOURCE, self.book())
        return in_english(audit(SOURCE, self.cells, self.book(), self.book("value_printed"), rules))

    # making

    def _put(self, where: pd.Series, value: float, decimals: int = 0) -> None:
        self.cells.loc[where, ["value", "value_printed"]] = value
        self.cells.loc[where, "raw"] = f"{value:.{decimals}f}"
        self.cells.loc[where, ["status", "correction_id"]] = ["printed", ""]

    def at(self, indicator: str, entity: str, year: int = 2024, closing: bool = False) -> pd.Series:
        c = self.cells
        return (
            (c["indicator"] == indicator)
            & (c["entity"] == entity)
            & (c["year"] == year)
            & ((c["aggregate_rule"] != "") == closing)
        )

    def value(self, indicator: str, entity: str, year: int = 2024) -> float:
        return self.cells.loc[self.at(indicator, entity, year), "value"].iloc[0]

    def _double(self) -> None:
        counted = self.cells["indicator"].map(lambda i: indicators()[i].kind == "count") & self.cells["value"].notna()
        listed = self.cells["indicator"].isin(["specialties_added", "specialties_withdrawn"])
        for index in self.cells.index[counted & ~listed]:
            self._put(self.cells.index == index, 2 * self.cells.at[index, "value"])

    def _repair(self) -> None:
        for row in self.cells[
            (self.cells["indicator"] == "further_study_higher_vocational")
            & (self.cells["year"] == 2024)
            & self.cells["value"].notna()
            & (self.cells["aggregate_rule"] == "")
        ].itertuples():
            if row.value > self.value("placed", row.entity) - 20:
                self._put(self.at("further_study_higher_vocational", row.entity), self.value("placed", row.entity) - 20)
        schools = self.cells[self.cells["aggregate_rule"] == ""]
        for row in schools[
            schools["indicator"].isin(["placement_rate_pct", "registration_rate_pct", "equipment_per_student_yuan"])
        ].itertuples():
            of = dict(
                schools.loc[schools["entity"] == row.entity, ["indicator", "year", "value"]]
                .query("year == 2024")[["indicator", "value"]]
                .itertuples(index=False)
            )
            exact = {
                "placement_rate_pct": lambda v: 100 * v["placed"] / v["graduates"],
                "registration_rate_pct": lambda v: 100 * v["registered"] / v["admitted"],
                "equipment_per_student_yuan": lambda v: 10000 * v["equipment_value_10k_yuan"] / v["students"],
            }[row.indicator](of)
            self._put(self.cells.index == row.Index, rounded(exact, 0.01), 2)
        for index in self.cells.index[(self.cells["aggregate_rule"] != "") & self.cells["value_printed"].notna()]:
            self.close(index)

    def close(self, index: int) -> None:
        """Set a closing cell to what its rows give."""
        row = self.cells.loc[index]
        parts = self.cells[
            (self.cells["table_id"] == row["table_id"])
            & (self.cells["indicator"] == row["indicator"])
            & (self.cells["year"] == row["year"])
            & (self.cells["aggregate_rule"] == "")
        ]["value"].dropna()
        decimals = len(row["raw"].partition(".")[2])
        if row["indicator"] == "registration_rate_pct":
            value = (
                100
                * sum(self.value("registered", s) for s in ("liuzhou_vtc", "liuzhou_railway", "liuzhou_city_vc"))
                / sum(self.value("admitted", s) for s in ("liuzhou_vtc", "liuzhou_railway", "liuzhou_city_vc"))
            )
        elif row["indicator"] == "online_course_mean_students":
            mean = (
                self.cells[(self.cells["indicator"] == row["indicator"]) & (self.cells["aggregate_rule"] == "")]
                .set_index("entity")["value"]
                .dropna()
            )
            courses = self.cells[
                (self.cells["indicator"] == "online_courses") & (self.cells["aggregate_rule"] == "")
            ].set_index("entity")["value"]
            value = (mean * courses).sum() / courses[mean.index].sum()
        elif row["aggregate_rule"] == "mean":
            value = parts.mean()
        else:
            value = parts.sum()
        self._put(self.cells.index == index, rounded(value, 10.0**-decimals), decimals)

    def _say_the_truth(self) -> None:
        for _ in range(3):  # claims may follow from claims
            book = self.book()
            rules = load_rules(SOURCE, book)
            for fact, index in zip(book.facts, self.facts.index):
                said = [r for r in rules.claims.get(fact.indicator, ()) if r.matches(fact)]
                if said:
                    self._state(index, fact, said[-1].formula, book)
                    self.claimed.add(index)
            self._repeat()
        self.say(self.fact("annex 2:10"), 200)  # not the whole city's figure

    def _state(self, index: int, fact, formula: Formula, book: Book) -> None:
        try:
            value = formula.evaluate(book, Context(fact.entity, fact.year, fact.section, fact.kind)).value
        except NoData:
            return
        step = min(fact_step(fact), 1.0)
        value = rounded(value, step)
        self.say(index, value, max(0, len(f"{step:.6f}".rstrip("0").partition(".")[2])))

    def _repeat(self) -> None:
        """Figures that prose repeats are the same."""
        columns = ["entity", "indicator", "period", "kind", "item", "partner", "basis"]
        first = self.facts.groupby(columns, sort=False)["value"].transform("first")
        for index in self.facts.index[self.facts["value"] != first]:
            if index not in self.claimed:
                self.say(index, first[index], 2)

    def say(self, index: int, value: float, decimals: int = 0, qualifier: str = "exact") -> None:
        raw = f"{value:.{decimals}f}"
        box = rounding_box(raw, value)
        self.facts.loc[index, ["value", "value_printed", "lower", "upper"]] = [value, value, *box]
        self.facts.loc[index, ["raw", "qualifier"]] = [raw, qualifier]

    def fact(self, number: str) -> int:
        return self.facts.index[self.facts["fact_id"] == f"{SOURCE}:{number}"][0]


def swapped(value: float) -> float:
    """The first two neighbouring digits that differ, exchanged."""
    text = f"{value:.0f}"
    found = re.search(r"(\d)(?!\1)(\d)", text)
    return float(text[: found.start()] + found[2] + found[1] + text[found.end() :])
