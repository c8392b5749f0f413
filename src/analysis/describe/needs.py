"""What cells of a notebook need beside the tables of a report, and whether the sources of a place hold it.

A cell says it by tags: ``needs:survey``. The runner leaves out cells whose need is not met, so that one notebook serves
a place with a specialty survey and one without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from analysis.clean import load
from analysis.describe.industry import CENSUS, SECTORS
from analysis.describe.supply import industry_groups
from analysis.describe.tiers import FIRST, SECOND, level
from analysis.ground.dictionary import nearest
from analysis.ground.errors import UnknownName

TAG = "needs:"
Parameters = Mapping[str, Any]


def _observed(given: Parameters) -> pd.DataFrame:
    rows = load.of_place(load.observations(), given["city"])
    return rows[(rows["aggregate_rule"] == "") & rows["value"].notna()]


def _survey(given: Parameters) -> bool:
    """Students of every group of industry in the year of the survey."""
    facts = load.of_year(load.of_place(load.facts(), given["city"]), given["supply_year"])
    counted = set(facts.loc[facts["indicator"] == "survey_students", "kind"])
    return bool(industry_groups()) and set(industry_groups()) <= counted


def _value_added(given: Parameters) -> bool:
    """Value added of every sector of the city, in levels or shares."""
    demand = load.demand()
    rows = demand[(demand["place"] == given["city"]) & (demand["year"] == given["value_added_year"])]
    return any(set(SECTORS) <= set(part["group"]) for _, part in rows.groupby("indicator"))


def _census(given: Parameters) -> bool:
    """Employment by section of the city and its areas of reference."""
    demand = load.demand()
    rows = demand[(demand["indicator"] == CENSUS) & (demand["year"] == given["census_year"])]
    return {given[place] for place in ("city", "region", "nation") if place in given} <= set(rows["place"])


def _chain(given: Parameters) -> bool:
    return bool(given["chain"])


def _two_tiers(given: Parameters) -> bool:
    """Graduates of schools of both levels that are set against each other."""
    rows = _observed(given)
    own = rows[(rows["indicator"] == "graduates") & (rows["year"] == given["year"])]
    return {FIRST, SECOND} <= set(level(own["tier"]))


def _two_years(given: Parameters) -> bool:
    return bool((_observed(given)["year"] == given["year_before"]).any())


def _cooperation(_: Parameters) -> bool:
    """Figures of prose on cooperation abroad, of whichever source."""
    return bool(load.facts()["kind"].isin(load.crosswalk("cooperation_kinds")["kind"]).any())


def _example(given: Parameters) -> bool:
    """The indicator that is looked up as an example, in the year that is asked for."""
    rows = load.observations("printed")
    return bool(((rows["indicator"] == given["indicator"]) & (rows["year"] == given["year"])).any())


KNOWN: dict[str, Callable[[Parameters], bool]] = {
    "survey": _survey,
    "value_added": _value_added,
    "census": _census,
    "chain": _chain,
    "two_tiers": _two_tiers,
    "two_years": _two_years,
    "cooperation": _cooperation,
    "example": _example,
}


def is_met(need: str, given: Parameters) -> bool:
    """Whether the sources hold what a cell needs.

    Parameters
    ----------
    need : str
        a name of `KNOWN`; ``records_<table>``, records of the report of the year; ``facts_<indicator>``, figures of its
        prose; ``indicator_<code>``, cells of its tables.
    given : mapping
        parameters of the notebook.

    Raises
    ------
    UnknownName
        for another name.
    """
    if need in KNOWN:
        return KNOWN[need](given)
    kind, _, name = need.partition("_")
    if kind == "records":
        return name in load.record_tables(load.report_of(given["city"], given["year"]))
    if kind == "facts":
        facts = load.of_year(load.of_place(load.facts(), given["city"]), given["year"])
        return bool((facts["indicator"] == name).any())
    if kind == "indicator":
        rows = _observed(given)
        return bool(((rows["indicator"] == name) & (rows["year"] == given["year"])).any())
    raise UnknownName("need", f"nothing is known as {need!r}{nearest(need, KNOWN)}", value=need)


def lacking(tags: Iterable[str], given: Parameters) -> list[str]:
    """Needs among the tags of a cell that are not met."""
    needs = [tag.removeprefix(TAG) for tag in tags if tag.startswith(TAG)]
    return [need for need in needs if not is_met(need, given)]
