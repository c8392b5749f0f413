"""What is there: how many cells, figures and schools, and one indicator over all schools."""

from __future__ import annotations

import pandas as pd

from analysis.ground.keys import cells

OBSERVATIONS = ["data/processed/observations.csv"]


def of_schools(observations: pd.DataFrame, indicator: str, year: int) -> pd.DataFrame:
    """Cells of one indicator and year, one a school, largest first."""
    rows = observations[
        (observations["indicator"] == indicator)
        & (observations["year"] == year)
        & (observations["aggregate_rule"] == "")
    ]
    return rows.sort_values("value", ascending=False, kind="stable")[
        ["entity", "value", "unit", "source_id", "table_id", "raw"]
    ]


def where_printed(rows: pd.DataFrame) -> pd.DataFrame:
    """Unit, source and table of the first of some cells."""
    return cells({column: (rows[column].iloc[0], OBSERVATIONS) for column in ("unit", "source_id", "table_id")})


def of_tables(observations: pd.DataFrame) -> pd.DataFrame:
    """Indicators, cells and usable cells of each table."""
    groups = observations.groupby("table_id", sort=False)
    return groups.agg(
        indicators=("indicator", "nunique"), cells=("raw", "size"), usable=("value", "count")
    ).reset_index()


def summary(observations: pd.DataFrame, facts: pd.DataFrame, demand: pd.DataFrame, year: int) -> pd.DataFrame:
    """Counts of the processed tables, and of the schools that have figures of a year."""
    units = ((observations["aggregate_rule"] == "") & (observations["year"] == year)).groupby(observations["entity"])
    return cells(
        {
            "cells": (len(observations), OBSERVATIONS),
            "tables_numeric": (observations["table_id"].nunique(), OBSERVATIONS),
            "facts": (len(facts), ["data/processed/facts.csv"]),
            "demand": (len(demand), ["data/processed/demand.csv"]),
            "schools": (int(units.any().sum()), OBSERVATIONS),
        }
    )
