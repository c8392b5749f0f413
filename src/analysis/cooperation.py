"""The record of international cooperation: dated, by actor, partner and kind, and what may be compared with what."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd


def cooperation_facts(facts: pd.DataFrame, kinds: list[str]) -> pd.DataFrame:
    """Prose figures that are about cooperation, with begin and end of their period as years.

    ``2019`` begins and ends in 2019; ``2016/2018`` is a span; ``../2023`` has no beginning (cumulative); ``2023/..`` begins in
    2023 (a plan). Months count as parts of a year.
    """
    chosen = facts[facts["kind"].isin(kinds)].copy()
    ends = chosen["period"].map(_span)
    chosen["begin"], chosen["end"] = [e[0] for e in ends], [e[1] for e in ends]
    chosen["accumulation"] = np.select([chosen["begin"].isna(), chosen["basis"].isin(["cumulative"]), chosen["basis"].isin(["stock"]), chosen["basis"].isin(["target"])], ["cumulative", "cumulative", "stock", "plan"], "in the period")
    return chosen.reset_index(drop=True)


def _span(period: str) -> tuple[float, float]:
    first, _, last = period.partition("/")
    last = last or first
    begin, end = _year(first), _year(last)
    return begin, begin if np.isnan(end) else end


def _year(date: str) -> float:
    found = re.match(r"(\d{4})(?:-(\d{2}))?", date)
    return float("nan") if not found else int(found[1]) + (0 if not found[2] else (int(found[2]) - 0.5) / 12)


def by_country(cooperation: pd.DataFrame, partners: pd.DataFrame, language: str) -> pd.DataFrame:
    """One row a fact and country (or region); facts with domestic partners only have none.

    Raises
    ------
    KeyError
        for partners that the crosswalk does not list.
    """
    rows = cooperation.assign(partner=cooperation["partner"].str.split(";")).explode("partner")
    rows = rows[rows["partner"] != ""]
    unknown = sorted(set(rows["partner"]) - set(partners["partner"]))
    if unknown:
        raise KeyError(f"partners without a country: {', '.join(unknown)}. Add them to data/crosswalks/partner_to_country.csv")
    rows = rows.merge(partners.rename(columns={f"country_{language}": "country"})[["partner", "country"]], on="partner", validate="many_to_one")
    return rows[rows["country"] != ""].drop_duplicates(["fact_id", "country"])


def comparability(cooperation: pd.DataFrame) -> pd.DataFrame:
    """Which figures of different actors may stand in one row.

    Two figures are comparable if indicator, unit and accumulation (in the period, cumulative, stock, plan) are equal; the
    qualifiers stay beside them. Persons, person-times and person-days, or a year and a total since the beginning, never are.

    Returns
    -------
    DataFrame
        one row a group of figures of at least two actors: indicator, unit, accumulations, actors, comparable, why not.
    """
    rows = []
    for indicator, group in cooperation.groupby("indicator", sort=True):
        actors = sorted(group["entity"].unique())
        if len(actors) < 2:
            continue
        units, kinds = sorted(group["unit"].unique()), sorted(group["accumulation"].unique())
        why = []
        if len(units) > 1:
            why.append(f"units differ: {', '.join(units)}")
        if len(kinds) > 1:
            why.append(f"accumulation differs: {', '.join(kinds)}")
        rows.append((indicator, ", ".join(units), ", ".join(kinds), len(actors), len(group), not why, "; ".join(why)))
    return pd.DataFrame(rows, columns=["indicator", "unit", "accumulation", "actors", "facts", "comparable", "why_not"])
