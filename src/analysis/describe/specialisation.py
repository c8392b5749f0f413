"""What a city is specialised in: location quotients of its employment against region and nation."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.describe.industry import census_rows, quotients
from analysis.ground.keys import cells, with_inputs


def quotient_table(
    demand: pd.DataFrame,
    *,
    city: str,
    region: str,
    nation: str,
    census_year: int,
    census_year_before: int,
    confidence: float,
) -> pd.DataFrame:
    """Location quotients of the city against region and nation, and against the region one census before.

    `apart` where the two lie on opposite sides of 1, `disagree` where their intervals do.
    """
    to_region = quotients(demand, city, region, census_year, confidence)
    to_nation = quotients(demand, city, nation, census_year, confidence)
    before = quotients(demand, city, region, census_year_before, confidence)[["section", "lq"]]
    table = to_region.merge(to_nation, on="section", suffixes=("_region", "_nation"), validate="one_to_one")
    table = table.merge(before.rename(columns={"lq": "lq_region_before"}), on="section", how="left")
    table = table.sort_values("lq_region", ascending=False, kind="stable", ignore_index=True)
    table["section_name"] = "section_" + table["section"]
    table["apart"] = (table["lq_region"] - 1) * (table["lq_nation"] - 1) < 0
    above, below = table["lower_region"] > 1, table["upper_region"] < 1
    table["disagree"] = above & (table["upper_nation"] < 1) | below & (table["lower_nation"] > 1)
    shown = [f"{bound}_{area}" for area in ("region", "nation") for bound in ("lq", "lower", "upper")]

    def behind(row: dict[str, Any]) -> dict[str, Any]:
        def rows(area: str, year: int) -> pd.DataFrame:
            counted = census_rows(demand, [city, area], year)
            return counted[counted["group"].isin([row["section"], "all"])]

        areas = {column: region if column.endswith("region") else nation for column in shown}
        now = {column: rows(area, census_year) for column, area in areas.items()}
        return {**now, "lq_region_before": rows(region, census_year_before)}

    return with_inputs(table[["section", "section_name", *shown, "lq_region_before", "apart", "disagree"]], behind)


def quotient_summary(
    demand: pd.DataFrame,
    quotient_table: pd.DataFrame,
    *,
    city: str,
    region: str,
    nation: str,
    census_year: int,
    census_year_before: int,
    confidence: float,
    section: str = "C",
) -> pd.DataFrame:
    """How many sections turn with the reference area, and the quotient of one section within non-farm employment."""
    counted = census_rows(demand, [city, region, nation], census_year)
    found = {
        "sections": (len(quotient_table), counted),
        "sections_apart": (int(quotient_table["apart"].sum()), counted),
        "sections_disagree": (int(quotient_table["disagree"].sum()), counted),
    }
    for name, year in (("nonfarm", census_year), ("nonfarm_before", census_year_before)):
        rows = census_rows(demand, [city, region], year)
        inside = quotients(demand, city, region, year, confidence, without=("A",)).set_index("section")["lq"]
        found[name] = (inside[section], rows[rows["group"].isin(["A", section, "all"])])
    return cells(found)
