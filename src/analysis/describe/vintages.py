"""Several reports about one place: what they print twice; schools that were merged, split or renamed between them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.clean import load
from analysis.describe.supply import BY_SCHOOL
from analysis.ground.dictionary import families, indicators
from analysis.ground.keys import keys, with_inputs

KEY = ["indicator", "entity", "year"]
REVISED = [*KEY, "report_first", "first", "report_last", "last", "change"]
TRIANGLE = ["indicator", "year", "report_year", "schools", "total", "change"]


def _printed(observations: pd.DataFrame, city: str) -> pd.DataFrame:
    """Figures of schools in every report about a place, each once a report."""
    reports = load.reports_about(city)
    rows = observations[observations["source_id"].isin(reports.index) & (observations["aggregate_rule"] == "")]
    rows = rows.assign(report_year=rows["source_id"].map(reports)).dropna(subset="value")
    return rows.drop_duplicates([*KEY, "report_year"]).sort_values([*KEY, "report_year"], kind="stable")


def revisions(observations: pd.DataFrame, city: str) -> pd.DataFrame:
    """Figures that a later report prints otherwise than an earlier one: both values, both reports, the change."""
    rows = _printed(observations, city)
    first, last = rows.drop_duplicates(KEY), rows.drop_duplicates(KEY, keep="last")
    both = first.merge(last, on=KEY, suffixes=("", "_last"), validate="one_to_one")
    both = both[both["value"] != both["value_last"]]
    table = pd.DataFrame(
        {
            **{column: both[column] for column in KEY},
            "report_first": both["report_year"],
            "first": both["value"],
            "report_last": both["report_year_last"],
            "last": both["value_last"],
            "change": both["value_last"] - both["value"],
        },
        columns=REVISED,
    ).reset_index(drop=True)

    def behind(row: dict[str, Any]) -> pd.DataFrame:
        own = (
            (rows["indicator"] == row["indicator"]) & (rows["entity"] == row["entity"]) & (rows["year"] == row["year"])
        )
        return rows[own]

    return with_inputs(table, behind)


def triangle(observations: pd.DataFrame, city: str) -> pd.DataFrame:
    """Totals over schools by the year they are about and the report that prints them, with the change against the
    report before it; a year that no report prints has no row."""
    rows = _printed(observations, city)
    rows = rows[rows["indicator"].isin(BY_SCHOOL)]
    parts = rows.groupby(["indicator", "year", "report_year"], sort=False)["value"]
    table = parts.agg(schools="size", total="sum").reset_index()
    table = table.sort_values(["indicator", "year", "report_year"], kind="stable", ignore_index=True)
    table["change"] = table.groupby(["indicator", "year"])["total"].diff()

    def behind(row: dict[str, Any]) -> pd.DataFrame:
        own = (rows["indicator"] == row["indicator"]) & (rows["year"] == row["year"])
        return rows[own & (rows["report_year"] == row["report_year"])]

    return with_inputs(table[TRIANGLE], behind)


def comparable(observations: pd.DataFrame) -> pd.DataFrame:
    """Rows of schools so that a school is the same in every year: members of a family become one.

    Counts of the members that are printed in a year are added; what is no count (a rate, a mean) is missing where a
    year prints several members, because it cannot be added. Column `joined` says which schools a row joins ("" for one
    school that was always itself). Closing rows and other rows stay.
    """
    known = families()
    joined = observations["entity"].map(known)
    alone = observations[joined.isna()].assign(joined="")
    rows = observations[joined.notna()]
    if rows.empty:
        return alone
    counted = {code for code, one in indicators().items() if one.kind == "count"}
    made = []
    for (indicator, _), part in rows.groupby(["indicator", "year"], sort=False):
        for family, members in part.groupby(part["entity"].map(known), sort=False):
            row = members.iloc[0].copy()
            row["entity"], row["joined"] = family[0], " ".join(family)
            if members["entity"].nunique() > 1:
                row["value"] = members["value"].sum(min_count=len(members)) if indicator in counted else float("nan")
            made.append(row)
    return pd.concat([alone, pd.DataFrame(made)], ignore_index=True).astype(alone.dtypes.to_dict())


def joined_schools(rows: pd.DataFrame) -> pd.DataFrame:
    """Schools that a comparison of years joins: the school as it is counted, and those it stands for."""
    known = families()
    own = sorted({known[code] for code in rows["entity"] if code in known})
    table = pd.DataFrame([(group[0], list(group[1:])) for group in own], columns=["school", "predecessors"])
    return with_inputs(table, lambda row: keys(rows[rows["entity"].isin([row["school"], *row["predecessors"]])]))
