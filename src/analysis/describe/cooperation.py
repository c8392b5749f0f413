"""The record of international cooperation: dated, by actor, partner and kind, and what may be compared with what."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from analysis.ground.dictionary import country_code, entities
from analysis.ground.keys import cells

NOT_PRINTED = ["not printed"]  # inputs of what no document says
FACTS = ["data/processed/facts.csv"]
OF_FIGURE = ["fact_id", "source_id", "section", "entity", "kind", "indicator", "item"]
READ = [*OF_FIGURE, "period", "raw", "value", "unit", "qualifier"]  # columns of a figure as it is shown
WATCHED = (  # training for people abroad, students, standards and resources: figures that are shown side by side
    "foreign_students",
    "foreign_students_cumulative",
    "incoming_students_enrolled",
    "overseas_training_person_times",
    "overseas_workers_trained_person_times",
    "standards_exported",
    "standards_adopted_abroad",
    "foreign_cooperation_platforms",
    "asean_resources_recognised",
)


def cooperation_facts(facts: pd.DataFrame, kinds: list[str]) -> pd.DataFrame:
    """Prose figures that are about cooperation, with begin and end of their period as years.

    ``2019`` stands in the middle of 2019; ``2016/2018`` is a span from the begin of 2016 to the end of 2018;
    ``../2023`` has no beginning (cumulative) and reaches to the end of 2023; ``2023/..`` begins in 2023 and has no last
    year. Months are parts of a year; `grain` says how finely a point is dated, for a year and a month of it are no two
    like periods.
    """
    chosen = facts[facts["kind"].isin(kinds)].copy()
    ends = chosen["period"].map(_span)
    chosen["begin"], chosen["end"] = [e[0] for e in ends], [e[1] for e in ends]
    # what a document lists by name is a list, not a count of the year
    said = (
        chosen["basis"]
        .map({"cumulative": "cumulative", "stock": "stock", "target": "plan", "count_of_listed": "listed"})
        .fillna("in the period")
    )
    chosen["accumulation"] = said.mask(chosen["begin"].isna(), "cumulative")
    chosen["grain"] = chosen["period"].map(_grain)
    chosen["first_year"] = ["" if pd.isna(begin) else f"{int(begin)}" for begin in chosen["begin"]]
    chosen["last_year"] = [
        "" if period.endswith("/..") else f"{int(end - 1e-9)}"
        for period, end in zip(chosen["period"], chosen["end"], strict=True)
    ]
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


def of_city(record: pd.DataFrame, city: str) -> pd.Series:
    """Whether each figure is about the city or one of its schools."""
    known = entities()
    return (
        record["entity"].map(lambda e: e == city or known[e].part_of == city or known[e].kind == "school").astype(bool)
    )


def wholes(city: str) -> dict[str, str]:
    """Entity → entity that it belongs to; schools of which nothing else is said belong to the city."""
    return {e.code: e.part_of or (city if e.code != city and e.kind == "school" else "") for e in entities().values()}


def by_country(cooperation: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """One row a fact and country (or region), its code in `country`; facts with domestic partners only have none.

    Raises
    ------
    KeyError
        for partners that the crosswalk does not list.
    """
    rows = cooperation.assign(partner=cooperation["partner"].str.split(";")).explode("partner")
    rows = rows[rows["partner"] != ""]
    unknown = sorted(set(rows["partner"]) - set(partners["partner"]))
    if unknown:
        raise KeyError(
            f"partners without a country: {', '.join(unknown)}. Add them to data/crosswalks/partner_to_country.csv"
        )
    placed = partners.assign(country=partners["country_en"].map(country_code), country_basis=partners["basis"])
    rows = rows.merge(placed[["partner", "country", "country_basis"]], on="partner", validate="many_to_one")
    return rows[rows["country"] != ""].drop_duplicates(["fact_id", "country"])


def with_partner(countries: pd.DataFrame, partner: str) -> pd.DataFrame:
    """The record with one country or region, in order of time."""
    return countries[countries["country"] == partner].sort_values(
        ["begin", "end", "fact_id"], kind="stable", ignore_index=True
    )


def _first(years: pd.Series) -> str:
    return min(filter(None, years), default="")


def _last(years: pd.Series) -> str:
    return max(filter(None, years), default="")


def count_by_country(countries: pd.DataFrame) -> pd.DataFrame:
    """Figures by country and kind, with the first and the last year on record."""
    groups = countries.groupby(["country", "kind"])
    return groups.agg(
        figures=("fact_id", "size"), first=("first_year", _first), last=("last_year", _last)
    ).reset_index()


def count_by_actor(record: pd.DataFrame) -> pd.DataFrame:
    """Figures by actor, most first, with the first and the last year on record and the kinds."""
    groups = record.groupby("entity", sort=False)
    found = groups.agg(
        figures=("fact_id", "nunique"),
        first=("first_year", _first),
        last=("last_year", _last),
        kinds=("kind", lambda k: list(dict.fromkeys(k))),
    )
    return found.reset_index().sort_values(
        ["figures", "entity"], ascending=[False, True], kind="stable", ignore_index=True
    )


def timeline(record: pd.DataFrame) -> pd.DataFrame:
    """Kind, begin and end of the dated figures."""
    return record.loc[record["end"].notna(), ["kind", "begin", "end"]]


def watched(record: pd.DataFrame) -> pd.DataFrame:
    """Figures of the indicators that are shown side by side, in order of time."""
    return record.loc[record["indicator"].isin(WATCHED), READ].sort_values("period", kind="stable")


def listed(record: pd.DataFrame) -> pd.DataFrame:
    """Figures as they are printed, by document, actor, indicator and period."""
    return record[READ].sort_values(["source_id", "entity", "indicator", "period"], kind="stable")


CRITERIA = ("unit", "accumulation", "period", "nested")


def comparability(cooperation: pd.DataFrame, part_of: dict[str, str]) -> pd.DataFrame:
    """Which figures of different actors may stand in one row: a matrix of indicators and criteria.

    Two figures are comparable if indicator, unit, accumulation (in the period, cumulative, stock, plan, listed by name)
    and period are equal and no actor is part of another; the qualifiers stay beside them. Persons, person-times and
    person-days, or a year and a total since the beginning, never are.

    Parameters
    ----------
    cooperation : DataFrame
        `cooperation_facts`.
    part_of : dict
        entity → entity it belongs to.

    Returns
    -------
    DataFrame
        one row an indicator with figures of at least two actors: unit, number of actors and figures, one column a
        criterion of `CRITERIA` (whether it is met), comparable, why not (codes of the criteria that are not met).
    """
    rows = []
    for indicator, group in cooperation.groupby("indicator", sort=True):
        actors = sorted(group["entity"].unique())
        if len(actors) < 2:
            continue
        met = [group[column].nunique() == 1 for column in CRITERIA[:3]] + [
            not any(part_of.get(actor) in actors for actor in actors)
        ]
        why = [criterion for criterion, ok in zip(CRITERIA, met, strict=True) if not ok]
        rows.append(
            (indicator, ", ".join(sorted(group["unit"].unique())), len(actors), len(group), *met, all(met), why)
        )
    return pd.DataFrame(
        rows,
        columns=["indicator", "unit", "actors", "figures", *(f"same_{c}" for c in CRITERIA), "comparable", "why_not"],
    )


def then_and_now(cooperation: pd.DataFrame, earlier: str, later: str) -> pd.DataFrame:
    """Figures of one indicator in two documents, pair by pair, and whether they may be set against each other.

    A pair is comparable over time if actor, unit and accumulation are the same and both periods have a beginning of
    their own (a year against a year, not against a total since the beginning) and equal length.

    Parameters
    ----------
    cooperation : DataFrame
        `cooperation_facts`.
    earlier, later : str
        source ids.

    Returns
    -------
    DataFrame
        indicator, actor_earlier, raw_earlier, period_earlier, actor_later, raw_later, period_later, comparable,
        why_not (codes).
    """
    first, second = (cooperation[cooperation["source_id"] == s] for s in (earlier, later))
    pairs = first.merge(second, on="indicator", suffixes=("_earlier", "_later"))
    pairs = pairs.rename(columns={"entity_earlier": "actor_earlier", "entity_later": "actor_later"})
    why = [_why_not(pair) for pair in pairs.to_dict("records")]
    pairs = pairs.assign(comparable=[not one for one in why], why_not=pd.Series(why, index=pairs.index, dtype=object))
    shown = [f"{column}_{when}" for when in ("earlier", "later") for column in ("actor", "raw", "period")]
    order = ["comparable", "indicator", "period_later"]
    pairs = pairs.sort_values(order, ascending=[False, True, True], kind="stable", ignore_index=True)
    return pairs[["indicator", *shown, "comparable", "why_not"]]


def _why_not(pair: dict[str, Any]) -> list[str]:
    """Criteria by which a pair is not comparable over time."""
    same = {one: pair[f"{one}_earlier"] == pair[f"{one}_later"] for one in ("actor", "unit", "accumulation")}
    # nan where a beginning is not printed
    lengths = pair["end_earlier"] - pair["begin_earlier"], pair["end_later"] - pair["begin_later"]
    grain = pair["grain_earlier"] == pair["grain_later"] != "open"
    return [criterion for criterion, ok in (same | {"period": grain and np.isclose(*lengths)}).items() if not ok]


def names_abroad(resources: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.Series:
    """Names of the resources and, where there is a table of them, of the colleges for partners abroad."""
    return pd.concat(
        [resources["resource"], *([tables["craftsman_colleges"]["project"]] if "craftsman_colleges" in tables else [])],
        ignore_index=True,
    )


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
        raise KeyError(
            f"items without a section: {', '.join(unknown)}. Add them to data/crosswalks/resource_to_section.csv"
        )
    placed = items.rename("item").to_frame().merge(crosswalk, on="item", validate="many_to_one")
    counts = (
        placed.groupby("section")
        .agg(items=("item", "size"), fields=("field", lambda f: tuple(dict.fromkeys(f))))
        .reset_index()
    )
    counts = counts.assign(share=counts["items"] / counts["items"].sum())
    return counts.sort_values(["items", "section"], ascending=[False, True], kind="stable", ignore_index=True)


def beside_industry(fields: pd.DataFrame, employment: pd.Series, quotients: pd.DataFrame) -> pd.DataFrame:
    """The fields with the share of their section in the city's employment, and its location quotient.

    Parameters
    ----------
    fields : DataFrame
        `fields_abroad`.
    employment : Series
        persons by section.
    quotients : DataFrame
        columns `section`, `lq`.
    """
    shares = (employment / employment.sum()).reindex(fields["section"])
    quotient = quotients.set_index("section")["lq"].reindex(fields["section"])
    return fields.assign(
        section_name=fields["section"], employment_share=shares.to_numpy(), lq_region=quotient.to_numpy()
    )


def check_briefs(countries: pd.DataFrame, least: int, declared: list[str]) -> pd.DataFrame:
    """Countries and regions with enough figures for a brief of their own, against the list in ``params.yaml``.

    Parameters
    ----------
    countries : DataFrame
        `by_country`.
    least : int
        number of figures from which a partner has a brief.

    Returns
    -------
    DataFrame
        partner, figures; most figures first.

    Raises
    ------
    ValueError
        naming partners to add to the list or to take from it.
    """
    counts = countries.groupby("country")["fact_id"].nunique()
    due = counts[counts >= least].sort_values(ascending=False, kind="stable")
    add, drop = sorted(set(due.index) - set(declared)), sorted(set(declared) - set(due.index))
    if add or drop:
        more, fewer = ", ".join(add) or "no further partner", ", ".join(drop) or "none of the list"
        raise ValueError(
            f"briefs in params.yaml: {least} or more figures are on record with {more}, fewer with {fewer}. "
            "Correct the list"
        )
    return pd.DataFrame({"partner": due.index, "figures": due.to_numpy()})


def series(record: pd.DataFrame) -> pd.DataFrame:
    """Figures that may be read as a movement.

    They have one actor, indicator, item, unit and qualifier, and at least two periods of their own, of equal length and
    grain.

    Returns
    -------
    DataFrame
        entity, indicator, item, period, raw, value, in order of time; empty where nothing repeats.
    """
    own = record[(record["accumulation"] == "in the period") & (record["grain"] != "open")]
    own = own.assign(length=(own["end"] - own["begin"]).round(2))
    keys = ["entity", "indicator", "item", "unit", "qualifier", "grain", "length"]
    times = own.groupby(keys)["period"].transform("nunique")
    return own[times > 1].sort_values([*keys, "begin"], kind="stable", ignore_index=True)[
        ["entity", "indicator", "item", "period", "raw", "value"]
    ]


def _rows(frame: pd.DataFrame) -> pd.DataFrame | list[str]:
    """Rows as inputs, or what says that there are none."""
    return frame if len(frame) else NOT_PRINTED


def _printed(record: pd.DataFrame, indicator: str) -> tuple[Any, pd.DataFrame | list[str]]:
    """The figure of an indicator with its cell; nothing where no document prints it."""
    row = record[record["indicator"] == indicator]
    return (row["value"].item(), row) if len(row) else ("", NOT_PRINTED)


def summary(
    record: pd.DataFrame, countries: pd.DataFrame, matrix: pd.DataFrame, pairs: pd.DataFrame, documents: tuple[str, str]
) -> pd.DataFrame:
    """Counts of the record, and the figures that the report quotes.

    Parameters
    ----------
    record : DataFrame
        `cooperation_facts` with `local` (see `of_city`).
    countries : DataFrame
        `by_country` of the city's figures.
    matrix, pairs : DataFrame
        `comparability` and `then_and_now`.
    documents : tuple of str
        the earlier document, and the report whose figures of the year are quoted.
    """
    local, peers = record[record["local"]], record[~record["local"]]
    regions = countries.loc[countries["country_basis"] == "region", "country"].nunique()
    most = countries["country"].value_counts().index[0] if len(countries) else ""
    alike = matrix["comparable"].astype(bool)
    across = peers[peers["indicator"].isin(matrix.loc[alike, "indicator"])]
    paired = local[local["indicator"].isin(pairs["indicator"])] if len(pairs) else FACTS
    quoted = local[local["source_id"] == documents[-1]]
    dated = timeline(record)
    return cells(
        {
            "facts": (len(record), FACTS),
            "facts_city": (len(local), FACTS),
            "facts_peers": (len(peers), FACTS),
            "peers": (peers["entity"].nunique(), FACTS),
            "dated": (len(dated), FACTS),
            "open": (int(dated["begin"].isna().sum()), FACTS),
            "documents": (record["source_id"].nunique(), FACTS),
            "documents_compared": ([one for one in documents if (record["source_id"] == one).any()], FACTS),
            "countries": (countries["country"].nunique() - regions, _rows(countries.drop_duplicates("country"))),
            "regions": (regions, ["data/crosswalks/partner_to_country.csv"]),
            "country_most": (most, _rows(countries[countries["country"] == most])),
            "indicators_comparable": (int(alike.sum()), FACTS),
            "indicators_not_comparable": (int((~alike).sum()), FACTS),
            "comparable_with_peers": (across["indicator"].nunique(), FACTS),
            "pairs": (len(pairs), paired),
            "pairs_comparable": (int(pairs["comparable"].sum()), paired),
            "foreign_students": _printed(quoted, "foreign_students"),
            "standards": _printed(quoted, "standards_adopted_abroad"),
        }
    )


def summary_of_fields(fields: pd.DataFrame, resources: pd.DataFrame) -> pd.DataFrame:
    """How many resources and colleges go abroad, and the section that most of them belong to."""
    first = fields.iloc[0]
    return cells(
        {
            "resources": (len(resources), resources),
            "items": (int(fields["items"].sum()), resources),
            "most": (f"section_{first['section']}", resources),
            "most_share": (first["share"], resources),
        }
    )


def summary_of_partner(
    record: pd.DataFrame, actors: pd.DataFrame, moving: pd.DataFrame, facts: pd.DataFrame, partner: str
) -> pd.DataFrame:
    """What a brief says of the record with one partner.

    Parameters
    ----------
    record : DataFrame
        `with_partner`, with `local` (see `of_city`).
    actors, moving : DataFrame
        `count_by_actor` and `series` of it.
    facts : DataFrame
        all figures of prose.
    """
    dated = record[record["begin"].notna() & (record["accumulation"] != "plan")]
    undated = record[record["begin"].isna()]
    counts = record["kind"].value_counts()
    kinds = sorted(counts.index[counts == counts.max()])
    most = actors.loc[actors["figures"] == actors["figures"].max(), "entity"].tolist()
    return cells(
        {
            "country": (partner, record),
            "facts": (len(record), record),
            "facts_city": (int(record["local"].sum()), _rows(record[record["local"]])),
            "actors": (record["entity"].nunique(), record),
            "sources": (record["source_id"].nunique(), record),
            "source_ids": (sorted(set(record["source_id"])), record),
            "kinds": (record["kind"].nunique(), record),
            "documents": (facts["source_id"].nunique(), FACTS),
            "undated": (len(undated), _rows(undated)),
            "first": (f"{int(dated['begin'].min())}" if len(dated) else "—", _rows(dated.nsmallest(1, "begin"))),
            "most_actor": (most, record[record["entity"].isin(most)]),
            "most_kind": (kinds, record[record["kind"].isin(kinds)]),
            "series": (moving.drop_duplicates(["entity", "indicator", "item"]).shape[0], record),
        }
    )
