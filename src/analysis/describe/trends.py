"""Series of a place by year, and what their number of years allows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.describe.supply import MEASURES, industry_groups, survey_groups
from analysis.ground.keys import cells
from analysis.inference.trends import describe_trend

COLUMNS = ["series", "year", "value", "lower", "upper"]
TOTALS = ["intake", "students", "further_study_bachelor"]  # summed over schools


def series(facts: pd.DataFrame, observations: pd.DataFrame) -> pd.DataFrame:
    """Intake of the survey by group, then totals over schools: series, year, value with the box of its rounding."""
    groups = industry_groups() if facts["indicator"].isin(MEASURES).any() else []
    survey = survey_groups(facts, groups) if groups else pd.DataFrame(columns=["group", "measure", *COLUMNS[1:]])
    survey = survey[survey["measure"] == "intake"].sort_values("year", kind="stable")
    survey = survey.assign(series="survey_intake_" + survey["group"])
    survey = survey.sort_values("group", key=lambda group: group.map(groups.index), kind="stable")
    rows = observations[(observations["aggregate_rule"] == "") & observations["indicator"].isin(TOTALS)]
    totals = rows.groupby(["indicator", "year"])["value"].sum().reset_index().rename(columns={"indicator": "series"})
    totals = totals.assign(lower=totals["value"], upper=totals["value"])
    return pd.concat([part[COLUMNS] for part in (survey, totals) if len(part)], ignore_index=True)


def what_years_allow(series: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The last value of each series, and a forecast with its interval where the number of years allows one."""
    rows = []
    for name, part in series.groupby("series", sort=False):
        box = {side: part[side].to_numpy() for side in ("lower", "upper")}
        found = describe_trend(part["year"].to_numpy(), part["value"].to_numpy(), **box, confidence=confidence)
        ahead = found.forecast
        rows.append(
            {
                "series": name,
                "years_count": found.years,
                "last_value": found.last,
                "method": found.method.replace(" ", "_"),
                "forecast_year": ahead.year if ahead else None,
                "forecast": ahead.value if ahead else np.nan,
                "lower": ahead.lower if ahead else np.nan,
                "upper": ahead.upper if ahead else np.nan,
                "refused": "" if ahead else "trend_refused",
            }
        )
    return pd.DataFrame(rows).astype({"forecast_year": "Int64"})


def trend_summary(trends: pd.DataFrame, behind: pd.DataFrame) -> pd.DataFrame:
    """How many series there are, and how many have too few years for a forecast."""
    return cells({"trends": (len(trends), behind), "refused": (int((trends["refused"] != "").sum()), behind)})
