"""Tiers of schools: as sources print them, and the codes under which they are published."""

from __future__ import annotations

import pandas as pd

HIGHER, SECONDARY, ALL = "高职", "中职", "all"
TIERS = {HIGHER: "higher", SECONDARY: "secondary", "职业本科": "bachelor", ALL: "city"}


def coded(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its column `tier` in codes; a tier that is not listed stays as it is."""
    return frame.assign(tier=frame["tier"].map(lambda tier: TIERS.get(tier, tier)))


def tier_entities(city: str) -> dict[str, str]:
    """Entity of each tier of a city, and of the city itself → tier."""
    return {city if tier == ALL else f"{city}_{code}": tier for tier, code in TIERS.items()}
