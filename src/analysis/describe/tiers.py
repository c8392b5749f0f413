"""Tiers of schools: their names are data, their levels are how results are published."""

from __future__ import annotations

import pandas as pd

from analysis.ground.dictionary import entities

ALL = "all"
FIRST, SECOND = "secondary", "higher"  # levels whose schools are set against each other
CITY = "city"  # level of all schools together


def levels() -> dict[str, str]:
    """Tier as sources print it → level, the part of its entity's code behind the place: ``liuzhou_higher`` is of level
    ``higher``; ``all`` → ``city``."""
    own = {
        one.tier: one.code.removeprefix(f"{one.part_of}_")
        for one in entities().values()
        if one.kind == "tier" and one.tier
    }
    return own | {ALL: CITY}


def level(tiers: pd.Series) -> pd.Series:
    """Level of each tier; a tier that is not listed stays as it is."""
    known = levels()
    return tiers.map(lambda tier: known.get(tier, tier)).astype(object)


def contrasted(schools: pd.DataFrame) -> pd.DataFrame:
    """Schools of the two levels that are set against each other."""
    return schools[level(schools["tier"]).isin([FIRST, SECOND])]


def coded(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its column `tier` in levels."""
    return frame.assign(tier=level(frame["tier"]))


def tier_entities(city: str) -> dict[str, str]:
    """Entity of each tier of a city, and of the city itself → tier."""
    return {city if code == CITY else f"{city}_{code}": tier for tier, code in levels().items()}
