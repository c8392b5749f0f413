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
    rows = rows.merge(partners.rename(columns={f"country_{language}": "country", "basis": "country_basis"})[["partner", "country", "country_basis"]], on="partner", validate="many_to_one")
    return rows[rows["country"] != ""].drop_duplicates(["fact_id", "country"])


REASONS = {
    "zh": {"unit": "单位不同", "accumulation": "累计方式不同", "period": "时期不同", "nested": "主体互相包含"},
    "en": {"unit": "units differ", "accumulation": "accumulation differs", "period": "periods differ", "nested": "one actor is part of another"},
}


def comparability(cooperation: pd.DataFrame, part_of: dict[str, str], language: str = "en") -> pd.DataFrame:
    """Which figures of different actors may stand in one row.

    Two figures are comparable if indicator, unit, accumulation (in the period, cumulative, stock, plan) and period are equal and
    no actor is part of another; the qualifiers stay beside them. Persons, person-times and person-days, or a year and a total
    since the beginning, never are.

    Parameters
    ----------
    cooperation : DataFrame
        `cooperation_facts`.
    part_of : dict
        entity → entity it belongs to.
    language : {"zh", "en"}
        of the reasons.

    Returns
    -------
    DataFrame
        one row an indicator with figures of at least two actors: unit, number of actors and figures, comparable, why not.
    """
    words = REASONS[language]
    rows = []
    for indicator, group in cooperation.groupby("indicator", sort=True):
        actors = sorted(group["entity"].unique())
        if len(actors) < 2:
            continue
        why = [words[column] for column in ("unit", "accumulation", "period") if group[column].nunique() > 1]
        why += [words["nested"]] * any(part_of.get(actor) in actors for actor in actors)
        rows.append((indicator, ", ".join(sorted(group["unit"].unique())), len(actors), len(group), not why, "; ".join(why)))
    return pd.DataFrame(rows, columns=["indicator", "unit", "actors", "figures", "comparable", "why_not"])
