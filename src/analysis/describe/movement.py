"""Which way supply and industry move: employment between two censuses, intake over the years of a survey."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.describe.industry import SECTORS, census_rows, employment_by_section, shift_share_by_section
from analysis.describe.supply import industry_groups, survey_groups, survey_rows
from analysis.fit import alignment, structure
from analysis.ground.keys import input_keys, with_inputs

BASES = {"all_employment": (), "nonfarm_employment": ("A",)}  # sections left out of all totals
READINGS = (0, 1)  # decimals credited to figures like 2万: as printed, or as their neighbours are printed

# --- employment between two censuses ----------------------------------------------------------------------------------


def change_measures(
    demand: pd.DataFrame, sides: dict[str, pd.DataFrame], city: str, census_year_before: int, census_year: int
) -> pd.DataFrame:
    """NAV and Moore angle of the city's employment between two censuses, by section and by sector."""
    before, now = (employment_by_section(demand, city, year) for year in (census_year_before, census_year))
    pairs = {"sections": (before, now), "sectors": (sides["employment_before"]["share"], sides["employment"]["share"])}
    return pd.DataFrame(
        [
            {
                "categories": name,
                "count": len(after),
                "nav": structure.structural_change_nav(before, after),
                "moore_degrees": structure.moore_angle_degrees(before, after),
            }
            for name, (before, after) in pairs.items()
        ]
    )


def shift_shares(demand: pd.DataFrame, city: str, region: str, before: int, after: int) -> pd.DataFrame:
    """Shift–share of the city's employment shares against the region, with and without agriculture."""
    parts = [
        shift_share_by_section(demand, city, region, before, after, without).assign(base=base)
        for base, without in BASES.items()
    ]
    table = pd.concat(parts, ignore_index=True).sort_values(["base", "local"], kind="stable", ignore_index=True)
    return table.assign(section_name="section_" + table["section"])


def employment_movement(sides: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Employment of the city by sector at two censuses: sector, year, value, lower, upper."""
    years = pd.concat([sides["employment_before"], sides["employment"]], ignore_index=True)
    return years.rename(columns={"share": "value"})[["sector", "year", "value", "lower", "upper"]]


def employment_extremes(sides: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Sectors that lost and gained most of employment between two censuses: name (lost, gained), sector, change."""
    now, before = (sides[name].set_index("sector")["share"] for name in ("employment", "employment_before"))
    change = (now - before).reindex(SECTORS)
    ends = {"lost": change.idxmin(), "gained": change.idxmax()}
    return pd.DataFrame([{"name": name, "sector": sector, "change": change[sector]} for name, sector in ends.items()])


# --- intake over the years of the survey ------------------------------------------------------------------------------


def intake_readings(facts: pd.DataFrame, first: int, last: int, whole_scale_digits: int) -> pd.DataFrame:
    """Change of each group's share of intake under two readings of round figures; `declared` marks the one used."""
    readings = []
    for digits in sorted({whole_scale_digits, *READINGS}):
        shares = alignment.group_shares(survey_groups(facts, industry_groups(), digits))
        changes = alignment.share_changes(shares, "intake", first, last)
        readings.append(changes.assign(reading=digits, declared=digits == whole_scale_digits))
    table = pd.concat(readings, ignore_index=True)
    return table.assign(certain=table["declared"] & (table["sign"] != "?"))


def directions(
    survey: pd.DataFrame,
    crossing: dict[str, Any],
    pairs: dict[str, tuple[pd.DataFrame, pd.DataFrame]],
    first: int,
    last: int,
    keys: dict[str, list[str]],
) -> pd.DataFrame:
    """Direction of intake by sector, beside the direction of each industry structure between its two years.

    Parameters
    ----------
    crossing : dict
        `analysis.describe.alignment.crossing`.
    pairs : dict
        side → its structure before and after.
    keys : dict
        `direction_keys`.
    """
    intake = alignment.sector_changes(survey, **crossing, measure="intake", first=first, last=last)
    years = {side: (before["year"].iloc[0], after["year"].iloc[0]) for side, (before, after) in pairs.items()}
    spans = {side: f"{begin}—{end}" for side, (begin, end) in {"supply": (first, last), **years}.items()}
    table = alignment.directions(intake, pairs)
    return with_inputs(table.assign(span=table["side"].map(spans)), lambda row: keys[row["side"]])


def direction_keys(
    facts: pd.DataFrame, demand: pd.DataFrame, pairs: dict[str, tuple[pd.DataFrame, pd.DataFrame]]
) -> dict[str, list[str]]:
    """Keys of the figures behind the directions, by side."""
    found = {"supply": input_keys(survey_rows(facts, "survey_intake"))}
    for side, (before, after) in pairs.items():
        printed = demand[demand["figure_id"].isin([*before["figure_id"], *after["figure_id"]])]
        counted = census_rows(demand, [after["place"].iloc[0]])
        found[side] = input_keys(printed if side == "value_added" else counted)
    return found
