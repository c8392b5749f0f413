"""What prose says of work after graduation, beside what tables give; and what is said elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.describe.placement import of_treatment
from analysis.describe.tiers import ALL, FIRST, SECOND, tier_entities
from analysis.ground.keys import cells

HOME = "placement_rate_home_province_pct"
SAID = [
    "monthly_income_yuan",
    "promotion_within_3_years_pct",
    "satisfaction_employer_pct",
    HOME,
    "self_employment_rate_pct",
    "placement_rate_pct",
    "further_study_share_pct",
]
ELSEWHERE = [
    "placement_rate_pct",
    "further_study_share_pct",
    "monthly_income_half_year_yuan",
    "monthly_income_yuan",
    "direct_employment_rate_pct",
    "entrants_share_secondary_pct",
    "entrants_share_tertiary_pct",
]
RECOMPUTED = {"placement_rate_pct": "headline", "further_study_share_pct": "further_study_share"}


def printed_figures(facts: pd.DataFrame, tiers: pd.DataFrame, city: str) -> pd.DataFrame:
    """Figures of prose, recomputed where tables allow; a note where a rate cannot be part of the one of its tier."""
    rows = facts[facts["indicator"].isin(SAID)]
    tier, own = rows["entity"].map(tier_entities(city)).astype(object), of_treatment(tiers, "as_printed")
    recomputed = [_recompute(code, one, own) for code, one in zip(rows["indicator"], tier)]
    home, whole = rows["indicator"] == HOME, tier == ALL
    above = home & ~whole & (rows["value"] > 100 * tier.map(own["headline"]).astype(float))
    table = rows.assign(recomputed=recomputed, note=np.where(above, "above_tier", ""))
    table.loc[home & whole, "recomputed"] = _weighted_home(rows[home].assign(tier=tier), own)
    columns = ["indicator", "entity", "period", "value", "recomputed", "unit", "section", "note"]
    return table[columns]


def _recompute(indicator: str, tier: str | float, own: pd.DataFrame) -> float:
    """The figure from the tables, per cent; nan where they do not give it."""
    known = indicator in RECOMPUTED and tier in own.index
    return 100 * own.at[tier, RECOMPUTED[indicator]] if known else np.nan


def _weighted_home(home: pd.DataFrame, own: pd.DataFrame) -> float:
    """Mean of the tiers' rates in the home province, weighted by those placed; nan where a tier has none."""
    said = home.drop_duplicates("tier").set_index("tier")["value"]
    every = [tier for tier in own.index if tier != ALL]
    both = [tier for tier in every if tier in said.index]
    return float(np.average(said[both], weights=own.loc[both, "placed"])) if both and both == every else np.nan


def benchmarks(demand: pd.DataFrame) -> pd.DataFrame:
    """Figures of the nation and of other cities, as they are said."""
    rows = demand[demand["figure_id"].str.startswith("benchmarks:") & demand["indicator"].isin(ELSEWHERE)]
    return rows.sort_values(["indicator", "group", "place", "year"])


def prose_summary(facts: pd.DataFrame, studying: pd.DataFrame, city: str) -> pd.DataFrame:
    """Single figures of prose that the report sets beside its own; empty where they are not printed.

    Parameters
    ----------
    facts : DataFrame
        of prose, as printed.
    studying : DataFrame
        rows of further study by school.
    """
    colleges = studying[studying["indicator"] == "further_study_higher_vocational"]

    def said(indicator: str, entity: str) -> tuple[float | str, pd.DataFrame | list[str]]:
        rows = facts[(facts["indicator"] == indicator) & (facts["entity"] == entity)].sort_values("value").head(1)
        return (rows["value"].iloc[0], rows) if len(rows) else ("", ["not printed"])

    return cells(
        {
            "colleges": (colleges["value"].sum(), colleges) if len(colleges) else ("", ["not printed"]),
            "study_lowest": said("further_study_higher_vocational", f"{city}_{FIRST}"),
            "home_higher": said(HOME, f"{city}_{SECOND}"),
            "placement": said("placement_rate_pct", city),
        }
    )
