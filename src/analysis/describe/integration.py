"""Industry–education integration: figures of a report's prose, training, industry colleges."""

from __future__ import annotations

import pandas as pd

from analysis.clean import load
from analysis.describe.times import moments
from analysis.fit import homogeneity
from analysis.ground.dictionary import entities
from analysis.ground.keys import cells, with_inputs

PRINTED = [
    "partner_enterprises",
    "equipment_from_enterprises_10k_yuan",
    "training_bases_specialty",
    "integration_pilot_enterprises",
    "technical_services",
    "intellectual_property_projects",
    "economic_benefit_10k_yuan",
    "apprenticeship_pilot_schools_excellent",
    "field_engineer_projects_region",
    "city_consortia",
    "industry_communities",
    "non_degree_training_projects",
    "patents_granted",
    "technology_property_income_10k_yuan",
]


def printed_figures(facts: pd.DataFrame) -> pd.DataFrame:
    """Figures on integration that stand in prose, of the city or a tier, one an indicator."""
    wholes = [code for code, one in entities().items() if one.kind in {"city", "tier"}]
    whole = facts[facts["entity"].isin(wholes)]
    rows = whole[whole["indicator"].isin(PRINTED)].drop_duplicates("indicator").reset_index(drop=True)
    columns = ["indicator", "entity", "period", "raw", "value", "unit", "qualifier", "section", "fact_id"]
    return with_inputs(rows[columns], lambda row: rows[rows["fact_id"] == row["fact_id"]])


def training_by_year(observations: pd.DataFrame) -> pd.DataFrame:
    """Person-times of training by year, added up over the schools."""
    rows = load.printed_rows(observations, ["training_person_times"])
    sums = rows.groupby("year")["value"].sum().rename("person_times").reset_index()
    return with_inputs(sums.assign(moment=moments(sums["year"])), lambda row: rows[rows["year"] == row["year"]])


def colleges_by_school(colleges: pd.DataFrame) -> pd.DataFrame:
    """Industry colleges by school (their records): number, first and last year of founding, share of all."""
    schools = colleges.groupby("entity", sort=False)
    table = schools.agg(
        colleges=("college", "size"), first_founded=("founded", "min"), last_founded=("founded", "max")
    ).reset_index()
    table = table.sort_values("colleges", ascending=False, kind="stable", ignore_index=True)
    return table.assign(share=table["colleges"] / table["colleges"].sum())


def college_summary(colleges: pd.DataFrame, by_school: pd.DataFrame) -> pd.DataFrame:
    """Number of industry colleges and schools, effective number of schools, and the schools with most."""
    most = by_school["colleges"].max()
    top = list(by_school.loc[by_school["colleges"] == most, "entity"])
    theirs = colleges[colleges["entity"].isin(top)]
    return cells(
        {
            "colleges": (len(colleges), colleges),
            "schools": (colleges["entity"].nunique(), colleges.drop_duplicates("entity")),
            "effective": (homogeneity.hill_numbers(by_school["colleges"])[1], colleges),
            "top": (int(most), theirs),
            "top_school": (top, theirs),
        }
    )
