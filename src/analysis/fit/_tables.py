"""Tables that several modules of the fit take: what their columns hold, and how rows are found in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.ground import arrays
from analysis.ground.errors import BadArgument, UnknownName

NAME = arrays.filled
YEAR = arrays.numbers(low=-1e6, high=1e6, whole=True, rule=" and whole: years")
AMOUNT = arrays.numbers(low=0, high=arrays.MOST_COUNT, rule=" and not negative")
SHARE = arrays.probabilities()
SIGN = arrays.each(arrays.one_of("+", "-", "?"))
PERSONS = arrays.numbers(low=0, high=arrays.MOST_COUNT, whole=True, missing=True, rule=", whole and not negative")
KEYS = arrays.each(arrays.together(arrays.text, arrays.calendar_year))
CROSSWALK: dict[str, Any] = {
    "groups": arrays.names(),
    "sectors": arrays.names(),
    "lower": arrays.probabilities(dimensions=2),
    "upper": arrays.probabilities(dimensions=2),
}
MOST_GROUPS = 12  # extremes lie at corners of a box: 2^groups of them


def supply_table(*amounts: str) -> arrays.Check:
    """Supply by group, measure and year, with the amounts that a function reads."""
    return arrays.frame(
        least=1,
        unique=("measure", "year", "group"),
        group=NAME,
        measure=NAME,
        year=YEAR,
        **arrays.alike(amounts, AMOUNT),
    )


def structure_table(*shares: str) -> arrays.Check:
    """Shares of an industry structure, a row a sector."""
    return arrays.frame(least=1, unique=("sector",), sector=NAME, **arrays.alike(shares, SHARE))


def crosswalk_bounds_fit(given: dict[str, Any]) -> None:
    """Bounds of a crosswalk: a row a group, a column a sector, lower below upper, rows that can add up to one."""
    lower, upper = given["lower"], given["upper"]
    if lower.shape != upper.shape or (
        "groups" in given and lower.shape != (len(given["groups"]), len(given["sectors"]))
    ):
        wanted = (len(given["groups"]), len(given["sectors"])) if "groups" in given else lower.shape
        raise BadArgument(
            "upper" if lower.shape == wanted else "lower",
            f"lower is {lower.shape}, upper {upper.shape}; they must be {wanted}",
            value=upper.shape,
        )
    if (lower > upper).any():
        place = tuple(int(i) for i in np.argwhere(lower > upper)[0])
        raise BadArgument(
            "lower",
            f"position {place} is {lower[place]:g}, above its upper bound of {upper[place]:g}",
            position=place,
            value=lower[place],
        )
    impossible = (lower.sum(1) > 1 + 1e-12) | (upper.sum(1) < 1 - 1e-12)
    if impossible.any():
        row = int(np.flatnonzero(impossible)[0])
        raise BadArgument(
            "lower",
            f"position {row}: a row of the crosswalk cannot add up to one",
            position=row,
            value=lower[row].tolist(),
        )


def supply_rows(supply: pd.DataFrame, measure: str, year: int, groups: list[str]) -> pd.DataFrame:
    """Rows of one measure and year, in the order of the groups."""
    rows = supply[(supply["measure"] == measure) & (supply["year"] == year)].set_index("group")
    missing = [g for g in groups if g not in rows.index]
    if missing:
        raise UnknownName("supply", f"it has no {measure} of {year} for {', '.join(missing)}", value=missing)
    rows = rows.loc[groups]
    if not rows.get("value", pd.Series(1.0)).sum():
        raise BadArgument("supply", f"{measure} of {year} add up to zero: there are no shares", value=0.0)
    return rows


def structure_rows(structure: pd.DataFrame, sectors: list[str], argument: str = "industry") -> pd.DataFrame:
    """Rows of an industry structure in the order of the sectors."""
    rows = structure.set_index("sector")
    missing = [s for s in sectors if s not in rows.index]
    if missing:
        raise UnknownName(
            argument,
            f"it has no row for {', '.join(missing)}; there are {', '.join(map(str, rows.index))}",
            value=missing,
        )
    rows = rows.loc[sectors]
    if "share" in rows and not rows["share"].sum():
        raise BadArgument(argument, "its shares add up to zero", value=0.0)
    return rows


def box_is_sound(table: pd.DataFrame, argument: str) -> None:
    """Lower bounds lie below upper ones."""
    wrong = (table["lower"] > table["upper"]).to_numpy()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadArgument(
            argument,
            f"row {row} runs from {table['lower'].iloc[row]:g} to {table['upper'].iloc[row]:g}: lower is above upper",
            position=row,
            value=table["lower"].iloc[row],
        )


def at_most_groups(given: dict[str, Any]) -> None:
    """So few groups that every corner of their boxes can be looked at."""
    if len(given["groups"]) > MOST_GROUPS:
        raise BadArgument(
            "groups",
            f"there are {len(given['groups'])}; {MOST_GROUPS} are the most, every corner of their boxes is looked at",
            value=len(given["groups"]),
        )
