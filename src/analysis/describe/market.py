"""Figures of statistics beside supply and industry: what the chain makes, vacancies and seekers."""

from __future__ import annotations

import pandas as pd

from analysis.describe.times import moments
from analysis.ground.keys import with_inputs


def output(demand: pd.DataFrame, place: str) -> pd.DataFrame:
    """Goods made in a place by year and kind, each with its own cell and its moment among those of its kind."""
    rows = demand[demand["indicator"].str.endswith("_output_10k") & (demand["place"] == place)]
    rows = rows.sort_values(["group", "year"], kind="stable", ignore_index=True)
    moment = rows.groupby("group")["year"].transform(moments)
    columns = ["year", "group", "value", "unit", "qualifier", "grade", "title", "figure_id"]
    return with_inputs(rows[columns].assign(moment=moment), lambda row: rows[rows["figure_id"] == row["figure_id"]])


def labour_market(demand: pd.DataFrame, place: str) -> pd.DataFrame:
    """Vacancies and seekers of a place by series, with their ratio; totals only."""
    counted = demand[(demand["place"] == place) & demand["indicator"].isin(["vacancies", "job_seekers"])]
    counted = counted[counted["group"] == "all"]
    wide = counted.pivot_table(index=["year", "period", "scope", "grade"], columns="indicator", values="value")
    wide = wide.reindex(columns=["vacancies", "job_seekers"]).rename_axis(columns=None).reset_index()
    table = wide.assign(tightness=wide["vacancies"] / wide["job_seekers"])
    return with_inputs(table, lambda row: counted[counted["scope"] == row["scope"]])
