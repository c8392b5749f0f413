"""Supply of specialties: what schools report by tier, and what a specialty survey prints by industry group.

Figures of the survey come with the box of values that the printed numerals stand for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.clean import load
from analysis.describe.tiers import ALL, CITY, FIRST, SECOND, levels
from analysis.describe.times import moments
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.dictionary import entities
from analysis.ground.errors import BadArgument
from analysis.ground.keys import cells, input_keys, keys, with_inputs
from analysis.ground.numerals import rounding_box

MEASURES = {"survey_specialties": "specialties", "survey_students": "students", "survey_intake": "intake"}
OPEN = {"nearly", "at_most", "over", "at_least"}  # qualifiers of a figure that is only bounded
BY_SCHOOL = [
    "students",
    "intake",
    "graduates",
    "specialties_recruiting",
    "specialties_offered",
    "specialties_added",
    "specialties_withdrawn",
]
FACTS = arrays.frame(
    kind=None, indicator=None, qualifier=None, fact_id=None, period=None, raw=None, value=arrays.numbers(missing=True)
)


# --- what schools report ----------------------------------------------------------------------------------------------


def by_tier(observations: pd.DataFrame) -> pd.DataFrame:
    """Schools' rows of a report added up by tier: indicator, year, moment, a column a level, all."""
    rows = load.printed_rows(observations, BY_SCHOOL)
    tier_of = {code: tier for tier, code in levels().items() if code != CITY}
    rest = [code for code, tier in tier_of.items() if code not in {FIRST, SECOND} and (rows["tier"] == tier).any()]
    named = {code: tier_of.get(code, code) for code in (SECOND, FIRST, *rest)} | {ALL: ALL}
    sums = rows.groupby(["indicator", "year", "tier"])["value"].sum().unstack("tier")
    sums = (
        sums.assign(all=sums.sum(axis=1))
        .rename(columns={tier: name for name, tier in named.items()})
        .reindex(columns=[*named])
    )
    table = sums.rename_axis(columns=None).reset_index()
    printed = {name: load.of_tier(rows, tier) for name, tier in named.items()}

    def behind(row: dict[str, Any]) -> dict[str, Any]:
        own = {"indicator": row["indicator"], "year": row["year"]}
        return {name: _rows(part, **own) for name, part in printed.items()}

    return with_inputs(table.assign(moment=moments(table["year"])), behind)


def adjusted_specialties(records: pd.DataFrame) -> pd.DataFrame:
    """Records of a year's specialties (table 4-1) that add or withdraw one, by school."""
    changed = records[(records["specialty_added"] != "") | (records["specialty_withdrawn"] != "")]
    columns = ["entity", "specialty_added", "specialty_withdrawn"]
    return changed[columns].rename(columns={"entity": "school"}).reset_index(drop=True)


# --- what the survey prints -------------------------------------------------------------------------------------------


def industry_groups() -> list[str]:
    """Groups of industry by which the survey counts, as the place declares them."""
    return [one.code for one in entities().values() if one.kind == "industry_group"]


@takes(
    may_be_nan="an open figure (over 300) has an upper bound of inf",
    facts=FACTS,
    groups=arrays.names(),
    whole_scale_digits=arrays.whole(0, 15),
)
def survey_groups(facts: pd.DataFrame, groups: list[str], whole_scale_digits: int = 0) -> pd.DataFrame:
    """Supply by group, measure and year.

    Parameters
    ----------
    facts : DataFrame
        prose figures of one source; `kind` holds the group.
    groups : list of str
        industry groups in the wanted order.
    whole_scale_digits : int
        see `rounding_box`.

    Returns
    -------
    DataFrame
        group, measure, year, value, lower, upper (inf for an open figure, "over 300"), fact_id. Where a printed change
        ties two years together ("374 fewer than the year before"), both boxes are narrowed to what it allows, and a
        figure that is only bounded ("less than 20,000") takes its value from the other year.

    Raises
    ------
    ValueError
        if a group lacks a measure, or printed figures contradict a printed change.
    """
    survey = facts[facts["kind"].isin(groups)]
    for fact in survey[survey["indicator"].isin([*MEASURES, "survey_intake_change"])].itertuples():
        _check_fact(fact)
    rows = []
    for fact in survey[survey["indicator"].isin(MEASURES)].itertuples():
        box = rounding_box(fact.raw, fact.value, fact.qualifier, whole_scale_digits)
        cell = (fact.kind, MEASURES[fact.indicator], int(fact.period[:4]))
        rows.append((*cell, fact.value, *box, fact.qualifier, fact.fact_id))
    columns = ["group", "measure", "year", "value", "lower", "upper", "qualifier", "fact_id"]
    table = pd.DataFrame(rows, columns=columns).set_index(["group", "measure", "year"])
    if not table.index.is_unique:
        raise BadArgument("facts", f"two figures for {table.index[table.index.duplicated()][0]}")
    for change in survey[survey["indicator"] == "survey_intake_change"].itertuples():
        _narrow(table, change)
    table = table.reset_index()
    complete = table.pivot(index="group", columns=["measure", "year"], values="value").reindex(groups)
    if complete.isna().any(axis=None):
        lacking = ", ".join(complete.index[complete.isna().any(axis=1)])
        raise BadArgument("facts", f"groups without a figure: {lacking}")
    table["group"] = pd.Categorical(table["group"], groups, ordered=True)
    ordered = table.sort_values(["measure", "year", "group"]).astype({"group": str}).reset_index(drop=True)
    return ordered.drop(columns="qualifier")


def _check_fact(fact: Any) -> None:
    """A figure of the survey has a year, numerals and a value that is a number, not negative but for a change."""
    dated = isinstance(fact.period, str) and fact.period[:4].isascii() and fact.period[:4].isdigit()
    valued = np.isfinite(fact.value) and (fact.value >= 0 or fact.indicator not in MEASURES)
    if not (dated and valued and isinstance(fact.raw, str)):
        here = f"{arrays.shown(fact.period)}, {arrays.shown(fact.raw)} and {arrays.shown(fact.value)}"
        wanted = "a year, a figure as printed and its value are needed"
        raise BadArgument("facts", f"{arrays.shown(fact.fact_id)}: {wanted}, here stand {here}", value=fact.fact_id)


def _narrow(table: pd.DataFrame, change: Any) -> None:
    """Narrow the boxes of two years to what a printed change between them allows."""
    year = int(change.period[:4])
    after, before = (change.kind, "intake", year), (change.kind, "intake", year - 1)
    lacking = [key for key in (after, before) if key not in table.index]
    if lacking:
        wrong = f"{change.fact_id} changes a figure that is not there: {lacking[0]}"
        raise BadArgument("facts", wrong, value=lacking[0])
    low = max(table.at[after, "lower"], table.at[before, "lower"] + change.value)
    high = min(table.at[after, "upper"], table.at[before, "upper"] + change.value)
    if low > high:
        raise BadArgument("facts", f"{change.fact_id}: no figures within the printed ones differ by {change.value:g}")
    table.loc[[after], ["lower", "upper"]] = low, high
    table.loc[[before], ["lower", "upper"]] = low - change.value, high - change.value
    if table.at[after, "qualifier"] in OPEN:
        table.at[after, "value"] = table.at[before, "value"] + change.value


def survey_rows(facts: pd.DataFrame, *indicators: str) -> pd.DataFrame:
    """Printed figures of the survey's groups, of some indicators if they are named."""
    rows = facts[facts["kind"].isin(industry_groups())]
    return rows[rows["indicator"].isin(indicators)] if indicators else rows


def specialties_beside_students(shares: pd.DataFrame) -> pd.DataFrame:
    """Share of specialties beside the share of students with its box; `widest` marks where students fall shortest.

    Parameters
    ----------
    shares : DataFrame
        `analysis.fit.alignment.group_shares`.
    """
    own = shares[shares["measure"] == "specialties"][["group", "value"]].rename(columns={"value": "specialties_share"})
    students = shares[shares["measure"] == "students"][["group", "value", "lower", "upper"]]
    names = {"value": "share_students", "lower": "share_students_lower", "upper": "share_students_upper"}
    table = own.merge(students.rename(columns=names), on="group")
    return table.assign(widest=table.index == (table["share_students"] - table["specialties_share"]).idxmin())


def survey_summary(survey: pd.DataFrame, facts: pd.DataFrame, observations: pd.DataFrame, year: int) -> pd.DataFrame:
    """Size of the survey in a year: students with their box, as printed, and beside the tables of the report.

    Parameters
    ----------
    survey : DataFrame
        `survey_groups`.
    """
    box = survey[(survey["measure"] == "students") & (survey["year"] == year)]
    students, total = survey_rows(facts, "survey_students"), box["value"].sum()
    printed = facts[(facts["indicator"] == "students") & facts["section"].isin(students["section"])]
    tables = load.printed_rows(observations, ["students"], year)
    ratio = total / tables["value"].sum() if len(tables) else ""
    value, source = printed_once(facts, "survey_schools_higher")
    matched, claim = printed_once(facts, "specialty_industry_match_pct")
    return cells(
        {
            "students": (total, students),
            "students_lower": (box["lower"].sum() / 10_000, students),
            "students_upper": (box["upper"].sum() / 10_000, students),
            "students_printed": _first(printed, 10_000),
            "schools_higher": (value, source),
            "ratio": (ratio, input_keys(students) + input_keys(tables)),
            "match_claim_pct": (matched, claim),
        }
    )


def printed_once(facts: pd.DataFrame, indicator: str) -> tuple[float | str, list[str]]:
    """The first figure of an indicator and its key; blank where none is printed."""
    return _first(facts[facts["indicator"] == indicator])


def _first(rows: pd.DataFrame, divisor: float = 1) -> tuple[float | str, list[str]]:
    return (rows["value"].iloc[0] / divisor, keys(rows)) if len(rows) else ("", ["not printed"])


def _rows(frame: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    """Rows with the wanted values; none is an answer."""
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    return frame
