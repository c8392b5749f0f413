"""The record of international cooperation: dated, by actor, partner and kind, and what may be compared with what."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd


def cooperation_facts(facts: pd.DataFrame, kinds: list[str]) -> pd.DataFrame:
    """Prose figures that are about cooperation, with begin and end of their period as years.

    ``2019`` stands in the middle of 2019; ``2016/2018`` is a span from the begin of 2016 to the end of 2018; ``../2023`` has no
    beginning (cumulative) and reaches to the end of 2023; ``2023/..`` begins in 2023 and has no last year. Months are parts of a year; `grain` says
    how finely a point is dated, for a year and a month of it are no two like periods.
    """
    chosen = facts[facts["kind"].isin(kinds)].copy()
    ends = chosen["period"].map(_span)
    chosen["begin"], chosen["end"] = [e[0] for e in ends], [e[1] for e in ends]
    # what a document lists by name is a list, not a count of the year
    said = chosen["basis"].map({"cumulative": "cumulative", "stock": "stock", "target": "plan", "count_of_listed": "listed"}).fillna("in the period")
    chosen["accumulation"] = said.mask(chosen["begin"].isna(), "cumulative")
    chosen["grain"] = chosen["period"].map(_grain)
    chosen["first_year"] = ["" if pd.isna(begin) else f"{int(begin)}" for begin in chosen["begin"]]
    chosen["last_year"] = ["" if period.endswith("/..") else f"{int(end - 1e-9)}" for period, end in zip(chosen["period"], chosen["end"])]
    return chosen.reset_index(drop=True)


def _span(period: str) -> tuple[float, float]:
    first, slash, last = period.partition("/")
    if not slash:
        middle = (_year(first, end=False) + _year(first, end=True)) / 2
        return middle, middle
    begin, end = _year(first, end=False), _year(last, end=True)
    return begin, begin if np.isnan(end) else end


def _grain(period: str) -> str:
    """year, month or day of a point in time, open for a period without end, else span."""
    if period.endswith("/.."):
        return "open"
    return "span" if "/" in period else ("year", "month", "day")[period.count("-")]


def _year(date: str, *, end: bool) -> float:
    """Begin or end of a year or month, in years; nan for an open side."""
    found = re.match(r"(\d{4})(?:-(\d{2}))?", date)
    if not found:
        return float("nan")
    year, month = int(found[1]), found[2]
    return year + (int(month) - 1 + end) / 12 if month else float(year + end)


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


CRITERIA = ("unit", "accumulation", "period", "nested")
REASONS = {
    "zh": {"unit": "单位不同", "accumulation": "累计方式不同", "period": "时期不同", "nested": "主体互相包含", "actor": "主体不同"},
    "en": {"unit": "units differ", "accumulation": "accumulation differs", "period": "periods differ", "nested": "one actor is part of another", "actor": "actors differ"},
}


def comparability(cooperation: pd.DataFrame, part_of: dict[str, str], language: str = "en") -> pd.DataFrame:
    """Which figures of different actors may stand in one row: a matrix of indicators and criteria.

    Two figures are comparable if indicator, unit, accumulation (in the period, cumulative, stock, plan, listed by name) and period are equal and
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
        one row an indicator with figures of at least two actors: unit, number of actors and figures, one column a criterion of `CRITERIA` (whether
        it is met), comparable, why not.
    """
    words = REASONS[language]
    rows = []
    for indicator, group in cooperation.groupby("indicator", sort=True):
        actors = sorted(group["entity"].unique())
        if len(actors) < 2:
            continue
        met = [group[column].nunique() == 1 for column in CRITERIA[:3]] + [not any(part_of.get(actor) in actors for actor in actors)]
        rows.append((indicator, ", ".join(sorted(group["unit"].unique())), len(actors), len(group), *met, all(met), "; ".join(words[c] for c, ok in zip(CRITERIA, met) if not ok)))
    return pd.DataFrame(rows, columns=["indicator", "unit", "actors", "figures", *(f"same_{c}" for c in CRITERIA), "comparable", "why_not"])


def then_and_now(cooperation: pd.DataFrame, earlier: str, later: str, language: str = "en") -> pd.DataFrame:
    """Figures of one indicator in two documents, pair by pair, and whether they may be set against each other.

    A pair is comparable over time if actor, unit and accumulation are the same and both periods have a beginning of their own (a year against a
    year, not against a total since the beginning) and equal length.

    Parameters
    ----------
    cooperation : DataFrame
        `cooperation_facts`.
    earlier, later : str
        source ids.

    Returns
    -------
    DataFrame
        indicator, actor_earlier, raw_earlier, period_earlier, actor_later, raw_later, period_later, comparable, why_not.
    """
    words, rows = REASONS[language], []
    first, second = (cooperation[cooperation["source_id"] == s] for s in (earlier, later))
    for pair in first.merge(second, on="indicator", suffixes=("_earlier", "_later")).itertuples():
        same_length = pair.grain_earlier == pair.grain_later != "open" and np.isclose(pair.end_earlier - pair.begin_earlier, pair.end_later - pair.begin_later)  # nan where a beginning is not printed
        why = [words[c] for c, ok in (("actor", pair.entity_earlier == pair.entity_later), ("unit", pair.unit_earlier == pair.unit_later), ("accumulation", pair.accumulation_earlier == pair.accumulation_later), ("period", bool(same_length))) if not ok]
        rows.append((pair.indicator, pair.entity_earlier, pair.raw_earlier, pair.period_earlier, pair.entity_later, pair.raw_later, pair.period_later, not why, "; ".join(why)))
    columns = ["indicator", "actor_earlier", "raw_earlier", "period_earlier", "actor_later", "raw_later", "period_later", "comparable", "why_not"]
    return pd.DataFrame(rows, columns=columns).sort_values(["comparable", "indicator", "period_later"], ascending=[False, True, True], kind="stable", ignore_index=True)


def fields_abroad(items: pd.Series, crosswalk: pd.DataFrame) -> pd.DataFrame:
    """How many resources and colleges for partners abroad belong to each section of industry.

    Parameters
    ----------
    items : Series
        names of resources and colleges; an item counts as often as it stands there.
    crosswalk : DataFrame
        item, field, section.

    Raises
    ------
    KeyError
        for items that the crosswalk does not list.
    """
    unknown = sorted(set(items) - set(crosswalk["item"]))
    if unknown:
        raise KeyError(f"items without a section: {', '.join(unknown)}. Add them to data/crosswalks/resource_to_section.csv")
    placed = items.rename("item").to_frame().merge(crosswalk, on="item", validate="many_to_one")
    counts = placed.groupby("section").agg(items=("item", "size"), fields=("field", lambda f: tuple(dict.fromkeys(f)))).reset_index()
    return counts.assign(share=counts["items"] / counts["items"].sum()).sort_values(["items", "section"], ascending=[False, True], kind="stable", ignore_index=True)


def partner_code(english: str) -> str:
    """A country or region as a name of files.

    Examples
    --------
    >>> partner_code("SCO countries")
    'sco_countries'
    """
    return re.sub(r"\W+", "_", english.lower()).strip("_")


def check_briefs(countries: pd.DataFrame, least: int, declared: list[str]) -> pd.DataFrame:
    """Countries and regions with enough figures for a brief of their own, against the list in ``params.yaml``.

    Parameters
    ----------
    countries : DataFrame
        `by_country` in English.
    least : int
        number of figures from which a partner has a brief.

    Returns
    -------
    DataFrame
        partner, country, figures; most figures first.

    Raises
    ------
    ValueError
        naming partners to add to the list or to take from it.
    """
    counts = countries.groupby("country")["fact_id"].nunique()
    due = counts[counts >= least].sort_values(ascending=False, kind="stable")
    codes = [partner_code(country) for country in due.index]
    add, drop = sorted(set(codes) - set(declared)), sorted(set(declared) - set(codes))
    if add or drop:
        raise ValueError(f"briefs in params.yaml: {least} or more figures are on record with {', '.join(add) or 'no further partner'}, fewer with {', '.join(drop) or 'none of the list'}. Correct the list")
    return pd.DataFrame({"partner": codes, "country": due.index, "figures": due.to_numpy()})


def series(record: pd.DataFrame) -> pd.DataFrame:
    """Figures that may be read as a movement: one actor, indicator, item, unit and qualifier, periods of their own of equal length and grain, at least two.

    Returns
    -------
    DataFrame
        entity, indicator, item, period, raw, value, in order of time; empty where nothing repeats.
    """
    own = record[(record["accumulation"] == "in the period") & (record["grain"] != "open")].assign(length=lambda r: (r["end"] - r["begin"]).round(2))
    keys = ["entity", "indicator", "item", "unit", "qualifier", "grain", "length"]
    times = own.groupby(keys)["period"].transform("nunique")
    return own[times > 1].sort_values([*keys, "begin"], kind="stable", ignore_index=True)[["entity", "indicator", "item", "period", "raw", "value"]]
