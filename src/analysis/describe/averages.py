"""Means of schools beside means of students: where the order of tiers hangs on the weight."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.describe.placement import OBSERVATIONS, YEAR, rows_of_schools
from analysis.describe.tiers import FIRST, SECOND, level
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument
from analysis.ground.keys import cells

AVERAGES = [  # indicators that schools print as averages or rates
    "satisfaction_overall_pct",
    "satisfaction_classroom_pct",
    "satisfaction_extracurricular_pct",
    "satisfaction_ideology_course_pct",
    "satisfaction_general_course_pct",
    "satisfaction_specialty_course_pct",
    "students_per_teacher",
    "equipment_per_student_yuan",
    "practice_places_per_student",
]


@takes(
    may_be_nan="a tier without schools",
    observations=OBSERVATIONS,
    year=YEAR,
    indicators=arrays.names(),
    weight=arrays.text,
)
def mean_checks(observations: pd.DataFrame, year: int, indicators: list[str], weight: str = "students") -> pd.DataFrame:
    """Simple mean of schools beside the mean weighted by students, for indicators that are averages or rates.

    Returns
    -------
    DataFrame
        indicator, schools, simple, weighted, gap (higher minus secondary) under both, flag: ``reversal`` where tiers
        change order with the weight; nan for a tier without schools.
    """
    rows = rows_of_schools(observations, year)
    values = rows.pivot_table(index="entity", columns="indicator", values="value", sort=False)
    if weight in values and (values[weight] < 0).any():
        wrong = f"{weight} of {values.index[values[weight] < 0][0]} is negative"
        raise BadArgument("observations", wrong, value=float(values[weight].min()))
    tier = level(rows.drop_duplicates("entity").set_index("entity")["tier"])
    found = []
    for indicator in [i for i in indicators if i in values and weight in values]:
        part = values[list(dict.fromkeys([indicator, weight]))].dropna().assign(tier=tier)
        part = part[part[weight] > 0]
        if part.empty:
            continue
        means = {tier: _both_means(group, indicator, weight) for tier, group in part.groupby("tier")}
        unknown = (np.nan, np.nan)
        gaps = np.subtract(means.get(SECOND, unknown), means.get(FIRST, unknown))
        flag = "reversal" if gaps[0] * gaps[1] < 0 else ""
        found.append((indicator, len(part), *_both_means(part, indicator, weight), *gaps, flag))
    columns = ["indicator", "schools", "simple", "weighted", "gap_simple", "gap_weighted", "flag"]
    return pd.DataFrame(found, columns=columns)


def _both_means(rows: pd.DataFrame, indicator: str, weight: str) -> tuple[float, float]:
    return float(rows[indicator].mean()), float(np.average(rows[indicator], weights=rows[weight]))


# --- tables


def rows_behind(observations: pd.DataFrame, averages: pd.DataFrame, year: int) -> pd.DataFrame:
    """Printed averages and the students they are weighted by."""
    return rows_of_schools(observations, year, indicators=[*averages["indicator"], "students"])


def average_table(averages: pd.DataFrame) -> pd.DataFrame:
    """`mean_checks` with its flag as a code of the words."""
    return averages.assign(flag=averages["flag"].map({"reversal": "order", "": "none"}))


def average_summary(averages: pd.DataFrame, behind: pd.DataFrame) -> pd.DataFrame:
    """How many averages there are, and which change the order of tiers with the weight."""
    turned = averages.loc[averages["flag"] != "", "indicator"].tolist()
    values = {"averages": len(averages), "reversed": len(turned), "reversed_names": turned}
    return cells({name: (value, behind) for name, value in values.items()})
