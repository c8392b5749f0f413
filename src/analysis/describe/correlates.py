"""What goes with placement at school level: profiles of schools, the family of rank correlations, one looked into."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.describe.placement import (
    COUNTED,
    FIGURES,
    OBSERVATIONS,
    RATE,
    RATES,
    SCHOOLS,
    YEAR,
    rows_of_schools,
    treat_contradictions,
    with_rates,
)
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.keys import cells
from analysis.inference.correlates import correlate_family, least_visible, rank_correlation

OUTCOMES = ["headline", "placement_excluding_study", "further_study_share"]
AS_PRINTED = [  # features that are figures of a table
    "students",
    "students_per_teacher",
    "equipment_per_student_yuan",
    "practice_places_per_student",
    "practice_bases_external",
    "satisfaction_overall_pct",
    "specialties_offered",
]
PREDICTORS = [
    "students",
    "students_per_teacher",
    "dual_qualified_share",
    "senior_title_share",
    "equipment_per_student_yuan",
    "practice_places_per_student",
    "practice_bases_external",
    "practice_bases_per_1000",
    "satisfaction_overall_pct",
    "specialties_offered",
]


@takes(
    may_be_nan="what a school does not print",
    observations=OBSERVATIONS,
    year=YEAR,
    schools=arrays.frame(tier=arrays.texts, **arrays.alike(RATES, RATE), index=SCHOOLS),
)
def school_profile(observations: pd.DataFrame, schools: pd.DataFrame, year: int) -> pd.DataFrame:
    """One row a school: outcomes and what might go with them, all of one year.

    Returns
    -------
    DataFrame
        index entity; tier, the rates and `PREDICTORS`; nan where a school does not print it.
    """
    rows = rows_of_schools(observations, year)
    values = rows.pivot_table(index="entity", columns="indicator", values="value", sort=False).reindex(schools.index)

    def column(name: str) -> pd.Series:
        return values[name] if name in values else pd.Series(np.nan, schools.index)

    return schools[["tier", *RATES]].assign(
        **{name: column(name) for name in AS_PRINTED},
        dual_qualified_share=column("dual_qualified_teachers") / column("teachers"),
        senior_title_share=column("senior_title_staff") / column("teachers"),
        practice_bases_per_1000=1000 * column("practice_bases_external") / column("students"),
    )


@takes(
    may_be_nan="a side that does not vary",
    observations=OBSERVATIONS,
    year=YEAR,
    numerator=arrays.text,
    schools=arrays.frame(tier=arrays.texts, **COUNTED, consistent=arrays.flags(), index=SCHOOLS),
    draws=arrays.draws,
    seed=arrays.seed,
)
def correlation_choices(
    observations: pd.DataFrame, schools: pd.DataFrame, year: int, numerator: str, *, draws: int, seed: int
) -> pd.DataFrame:
    """One correlation with placement excluding further study, under every denominator and treatment.

    Parameters
    ----------
    numerator : str
        an indicator that counts something by school.

    Returns
    -------
    DataFrame
        denominator (students, graduates, none), treatment, schools, rho, p (nan where one side does not vary): what was
        chosen decides what is found.
    """
    rows = rows_of_schools(observations, year)
    values = rows.pivot_table(index="entity", columns="indicator", values="value", sort=False)
    found = []
    for treatment in ("left_out", "capped", "zero"):
        frame = treat_contradictions(schools, treatment)
        if frame.empty or numerator not in values:
            continue
        rate = with_rates(frame[["tier", *COUNTED]], 0.95)["placement_excluding_study"].dropna()
        for denominator in ("students", "graduates", "none"):
            if denominator != "none" and denominator not in values:
                continue
            counted = values[denominator].reindex(rate.index) if denominator != "none" else pd.Series(1.0, rate.index)
            by = counted.where(counted > 0)  # nothing is counted per nobody
            both = pd.DataFrame({"x": values[numerator].reindex(rate.index) / by, "y": rate}).dropna()
            if len(both) >= 4:
                varies = both["x"].nunique() > 1 and both["y"].nunique() > 1
                made = rank_correlation(both["x"], both["y"], draws=draws, seed=seed) if varies else (np.nan, np.nan)
                found.append((denominator, treatment, len(both), *made))
    return pd.DataFrame(found, columns=["denominator", "treatment", "schools", "rho", "p"])


# --- tables


def rows_behind(observations: pd.DataFrame, year: int) -> pd.DataFrame:
    """Printed figures that profiles and rates are computed from."""
    counted = ["dual_qualified_teachers", "teachers", "senior_title_staff", *FIGURES]
    return rows_of_schools(observations, year, indicators=[*AS_PRINTED, *counted])


def family(profile: pd.DataFrame, *, confidence: float, draws: int, seed: int) -> pd.DataFrame:
    """Every feature against every outcome; `tested` says which pairs could be."""
    table = correlate_family(
        profile, OUTCOMES, PREDICTORS, strata="tier", confidence=confidence, draws=draws, seed=seed
    )
    return table.assign(tested=table["p"].notna())


def strongest(family: pd.DataFrame) -> pd.DataFrame:
    """The pair with the smallest p before correction; none where nothing could be tested."""
    return family[family["tested"]].nsmallest(1, "p")


def family_summary(
    family: pd.DataFrame, choices: pd.DataFrame, behind: pd.DataFrame, schools: int, confidence: float
) -> pd.DataFrame:
    """How many pairs were tested and stand, and what so few schools could show at all."""
    tested, level, fewest = family[family["tested"]], 1 - confidence, family.loc[family["tested"], "schools"].min()
    shown = tested[tested["outcome"] == "placement_excluding_study"]
    counted = behind[behind["indicator"].isin(["graduates", "placed"])]
    return cells(
        {
            "tested": (len(tested), behind),
            "survive": (int((tested["p_holm"] <= level).sum()), behind),
            "survive_bh": (int((tested["p_bh"] <= level).sum()), behind),
            "p_least": (tested["p"].min(), behind),
            "least_visible": (least_visible(schools), counted),
            "least_visible_fewer": (least_visible(int(fewest)) if len(tested) else np.nan, counted),
            "shown": (len(shown), behind),
            "fewest": (int(shown["schools"].min()) if len(shown) else 0, behind),
            "choices": (len(choices), behind),
            "choices_kept": (int((choices["p"] <= level).sum()), behind),
            "level": (level, ["params.yaml"]),
        }
    )
