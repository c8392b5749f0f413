"""Supply against industry: the survey's groups carried to sectors through a crosswalk with bounds, and what follows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.describe.industry import SECTORS, side_keys
from analysis.describe.supply import industry_groups, survey_rows
from analysis.fit import alignment, specification
from analysis.fit.crosswalk import crosswalk_bounds
from analysis.ground.keys import cells, input_keys, with_inputs

MEASURES = ["specialties", "students", "intake"]  # of supply
LAMBDAS = (0.0, 0.5, 1.0)  # both ends and the middle


def crossing(crosswalk: pd.DataFrame, *, loose: bool = False) -> dict[str, Any]:
    """Groups, sectors and the bounds between them, as the functions of `analysis.fit.alignment` take them."""
    lower, upper = crosswalk_bounds(crosswalk, industry_groups(), SECTORS, loose=loose)
    return {"groups": industry_groups(), "sectors": SECTORS, "lower": lower, "upper": upper}


def keys_behind(facts: pd.DataFrame, demand: pd.DataFrame, sides: dict[str, pd.DataFrame]) -> dict[str, list[str]]:
    """Keys of the printed figures behind supply (students) and behind each industry structure."""
    return {"students": input_keys(survey_rows(facts, "survey_students")), **side_keys(demand, sides)}


def deviations(
    survey: pd.DataFrame,
    sides: dict[str, pd.DataFrame],
    crossing: dict[str, Any],
    year: int,
    measures: list[str] | None = None,
) -> pd.DataFrame:
    """`sector_alignment` of each measure of supply with each industry structure, which `against` names."""
    keys = [(measure, year) for measure in measures or MEASURES]
    parts = [
        alignment.sector_alignment(survey, side, **crossing, keys=keys).assign(against=name)
        for name, side in sides.items()
    ]
    return pd.concat(parts, ignore_index=True)


def common_sign(signs: pd.Series) -> str:
    """The sign that all agree on, else ``?``."""
    return signs.iloc[0] if signs.nunique() == 1 else "?"


def sector_range(deviations: pd.DataFrame, keys: dict[str, list[str]]) -> pd.DataFrame:
    """Students by sector: the range of their share, the shares of industry, and the sign if it holds against every one.

    Parameters
    ----------
    deviations : DataFrame
        `deviations`, of students and perhaps of other measures.
    keys : dict
        `keys_behind`.
    """
    own = deviations[deviations["supply"] == "students"]
    table = own.pivot(index="sector", columns="against", values="industry").rename_axis(columns=None)
    bounds = own.drop_duplicates("sector").set_index("sector")[["supply_lower", "supply_upper"]]
    table = bounds.join(table).join(own.groupby("sector")["sign"].agg(common_sign)).reindex(SECTORS)
    table = table.rename_axis("sector").reset_index()
    supply = dict.fromkeys(["supply_lower", "supply_upper"], keys["students"])
    return with_inputs(table.assign(settled=table["sign"] != "?"), lambda row: {**keys, **supply})


def distances(
    survey: pd.DataFrame,
    sides: dict[str, pd.DataFrame],
    crossing: dict[str, Any],
    year: int,
    keys: dict[str, list[str]],
    measures: list[str] | None = None,
) -> pd.DataFrame:
    """D and cosine of each measure of supply against each industry structure, as ranges (`dissimilarity_table`)."""
    wanted = [(measure, year) for measure in measures or MEASURES]
    table = alignment.dissimilarity_table(survey, sides, **crossing, keys=wanted)
    return with_inputs(table, lambda row: keys["students"] + keys[row["industry"]])


def compared(survey: pd.DataFrame, sides: dict[str, pd.DataFrame], crossing: dict[str, Any], year: int) -> pd.DataFrame:
    """Several distances of students from each industry structure, at both ends and the middle of λ."""
    return alignment.compare_measures(survey, sides, **crossing, measure="students", year=year, lambdas=LAMBDAS)


def specification_curve(
    survey: pd.DataFrame, sides: dict[str, pd.DataFrame], crossing: dict[str, Any], years: range
) -> pd.DataFrame:
    """D over every measure and year of supply, industry structure and λ; intake has all years, others the last."""
    keys = [("specialties", years[-1]), ("students", years[-1]), *(("intake", year) for year in years)]
    return specification.specification_curve(survey, sides, **crossing, keys=keys)


def distance_summary(
    distances: pd.DataFrame, curve: pd.DataFrame, facts: pd.DataFrame, keys: dict[str, list[str]]
) -> pd.DataFrame:
    """Extremes of the cosine of students, and of D over the specification curve."""
    students, survey = distances[distances["supply"] == "students"], survey_rows(facts)
    both = keys["students"] + keys["value_added"] + keys["employment"]
    recent = curve[curve["industry"] != "employment_before"]
    return cells(
        {
            "cosine_min": (students["cosine_lower"].min(), both),
            "cosine_max": (students["cosine_upper"].max(), both),
            "specifications": (len(curve), survey),
            "specification_min": (curve["d"].min(), survey),
            "specification_max": (curve["d"].max(), survey),
            "specifications_recent": (len(recent), survey),
            "specification_recent_max": (recent["d"].max(), survey),
        }
    )


def share_over_lambda(
    survey: pd.DataFrame, sides: dict[str, pd.DataFrame], crossing: dict[str, Any], year: int
) -> pd.DataFrame:
    """Share of each sector in students over λ, at the printed figures."""
    side = next(iter(sides.values()))
    path = alignment.dissimilarity_over_lambda(survey, side, **crossing, measure="students", year=year)
    return path.drop(columns="d")


def turns(
    survey: pd.DataFrame,
    sides: dict[str, pd.DataFrame],
    crossing: dict[str, Any],
    year: int,
    path: pd.DataFrame,
    keys: dict[str, list[str]],
    sector: str = "secondary",
) -> pd.DataFrame:
    """λ at which students of a sector have the share of industry: at the printed figures, and its range over the boxes.

    Parameters
    ----------
    path : DataFrame
        `share_over_lambda`.
    """
    rows = []
    for name in sorted(sides):
        side = sides[name]
        share = side.set_index("sector").at[sector, "share"]
        turn = alignment.turning_lambda(path, sector, share)
        bounds = alignment.turning_bounds(survey, side, **crossing, measure="students", year=year, sector=sector)
        rows.append({"name": name, "share": share, "turn": turn, "lower": bounds.lower, "upper": bounds.upper})
    return with_inputs(pd.DataFrame(rows), lambda row: keys["students"] + keys[row["name"]])
