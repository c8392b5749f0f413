"""Sectors that graduates entered, beside the city's employment and value added."""

from __future__ import annotations

import pandas as pd

from analysis.describe import industry
from analysis.ground.keys import cells

SECTORS = ["primary", "secondary", "tertiary"]


def sector_rows(facts: pd.DataFrame, city: str) -> pd.DataFrame:
    """Printed graduates in work by sector."""
    sectors = facts["kind"].isin(SECTORS) & (facts["entity"] == city)
    return facts[(facts["indicator"] == "employment_by_sector") & sectors]


def entered(rows: pd.DataFrame) -> pd.Series:
    """Graduates by sector; nan for one that is not printed."""
    return rows.drop_duplicates("kind").set_index("kind")["value"].reindex(SECTORS)


def sector_table(
    rows: pd.DataFrame,
    demand: pd.DataFrame,
    city: str,
    section_to_sector: pd.DataFrame,
    *,
    census_year: int,
    value_added_year: int,
) -> pd.DataFrame:
    """Shares of the sectors in graduates, employment and value added; `grade` is that of the value added."""
    entrants = entered(rows)
    work = industry.employment_shares(demand, city, census_year, section_to_sector, SECTORS).set_index("sector")
    added = industry.value_added_shares(demand, city, value_added_year, SECTORS).set_index("sector")
    shares = {"entrants": entrants / entrants.sum(), "employment": work["share"], "value_added": added["share"]}
    return pd.DataFrame(shares).assign(grade=added["grade"]).rename_axis("sector").reset_index()


def sector_summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Graduates whose sector is known."""
    return cells({"known": (entered(rows).sum(), rows)})
