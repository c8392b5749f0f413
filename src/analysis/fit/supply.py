"""Supply of a specialty survey by industry group: figures with the box of values that the printed numerals stand for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis import arrays
from analysis.arrays import takes
from analysis.clean.numbers import rounding_box
from analysis.errors import BadArgument, Refused, UnknownName
from analysis.fit import _tables

MEASURES = {"survey_specialties": "specialties", "survey_students": "students", "survey_intake": "intake"}

FACTS = arrays.frame(kind=None, indicator=None, qualifier=None, fact_id=None, period=None, raw=None, value=arrays.numbers(missing=True))


@takes(may_be_nan="an open figure (over 300) has an upper bound of inf", facts=FACTS, groups=arrays.names(), whole_scale_digits=arrays.whole(0, 15))
def survey_groups(facts: pd.DataFrame, groups: list[str], whole_scale_digits: int = 0) -> pd.DataFrame:
    """Supply by group, measure and year.

    Parameters
    ----------
    facts : DataFrame
        prose figures of one source; `kind` holds the group.
    groups : list of str
        industry groups in the wanted order.
    whole_scale_digits : int
        see `rounding_box`.

    Returns
    -------
    DataFrame
        group, measure, year, value, lower, upper (inf for an open figure, "over 300"), fact_id. Where a printed change ties two years together ("374 fewer than
        the year before"), both boxes are narrowed to what it allows, and a figure that is only bounded ("less than 20,000")
        takes its value from the other year.

    Raises
    ------
    ValueError
        if a group lacks a measure, or printed figures contradict a printed change.
    """
    rows = []
    survey = facts[facts["kind"].isin(groups)]
    for fact in survey[survey["indicator"].isin([*MEASURES, "survey_intake_change"])].itertuples():
        if not (isinstance(fact.period, str) and fact.period[:4].isascii() and fact.period[:4].isdigit() and isinstance(fact.raw, str) and np.isfinite(fact.value) and (fact.value >= 0 or fact.indicator not in MEASURES)):
            raise BadArgument("facts", f"{arrays.shown(fact.fact_id)}: a year, a figure as printed and its value are needed, here stand {arrays.shown(fact.period)}, {arrays.shown(fact.raw)} and {arrays.shown(fact.value)}", value=fact.fact_id)
    for fact in survey[survey["indicator"].isin(MEASURES)].itertuples():
        lower, upper = rounding_box(fact.raw, fact.value, fact.qualifier, whole_scale_digits)
        rows.append((fact.kind, MEASURES[fact.indicator], int(fact.period[:4]), fact.value, lower, upper, fact.qualifier, fact.fact_id))
    table = pd.DataFrame(rows, columns=["group", "measure", "year", "value", "lower", "upper", "qualifier", "fact_id"]).set_index(["group", "measure", "year"])
    if not table.index.is_unique:
        raise BadArgument("facts", f"two figures for {table.index[table.index.duplicated()][0]}")
    for change in survey[survey["indicator"] == "survey_intake_change"].itertuples():
        after, before = (change.kind, "intake", int(change.period[:4])), (change.kind, "intake", int(change.period[:4]) - 1)
        lacking = [key for key in (after, before) if key not in table.index]
        if lacking:
            raise BadArgument("facts", f"{change.fact_id} changes a figure that is not there: {lacking[0]}", value=lacking[0])
        low = max(table.at[after, "lower"], table.at[before, "lower"] + change.value)
        high = min(table.at[after, "upper"], table.at[before, "upper"] + change.value)
        if low > high:
            raise BadArgument("facts", f"{change.fact_id}: no figures within the printed ones differ by {change.value:g}")
        table.loc[[after], ["lower", "upper"]] = low, high
        table.loc[[before], ["lower", "upper"]] = low - change.value, high - change.value
        if table.at[after, "qualifier"] in {"nearly", "at_most", "over", "at_least"}:
            table.at[after, "value"] = table.at[before, "value"] + change.value
    table = table.reset_index()
    complete = table.pivot(index="group", columns=["measure", "year"], values="value").reindex(groups)
    if complete.isna().any(axis=None):
        raise BadArgument("facts", f"groups without a figure: {', '.join(complete.index[complete.isna().any(axis=1)])}")
    table["group"] = pd.Categorical(table["group"], groups, ordered=True)
    return table.sort_values(["measure", "year", "group"]).astype({"group": str}).reset_index(drop=True).drop(columns="qualifier")


@takes(crosswalk=arrays.frame(unique=("group", "sector"), group=_tables.NAME, sector=_tables.NAME, lower=_tables.SHARE, upper=_tables.SHARE), groups=arrays.names(), sectors=arrays.names(), loose=arrays.flag)
def crosswalk_bounds(crosswalk: pd.DataFrame, groups: list[str], sectors: list[str], *, loose: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper part of each group in each sector, shape (groups, sectors); pairs that are not listed are zero.

    `loose` takes the wider bounds of the columns `loose_lower` and `loose_upper`: what single programmes of a group lead to, instead of
    what the group is called.
    """
    if loose:
        arrays.frame(loose_lower=_tables.SHARE, loose_upper=_tables.SHARE)(crosswalk, "crosswalk")
        crosswalk = crosswalk.assign(lower=crosswalk["loose_lower"], upper=crosswalk["loose_upper"])
    _tables.box_is_sound(crosswalk, "crosswalk")
    unknown = set(crosswalk["group"]) - set(groups) | set(crosswalk["sector"]) - set(sectors)
    if unknown:
        raise UnknownName("crosswalk", f"the crosswalk names {', '.join(sorted(unknown))}, which the survey or the sectors do not have")
    lower = crosswalk.pivot(index="group", columns="sector", values="lower").reindex(index=groups, columns=sectors).fillna(0).to_numpy(float)
    upper = crosswalk.pivot(index="group", columns="sector", values="upper").reindex(index=groups, columns=sectors).fillna(0).to_numpy(float)
    return lower, upper


@takes(_tables.crosswalk_bounds_fit, arrays.same_rows("lower", "counts"), counts=arrays.counts(), lower=arrays.probabilities(dimensions=2), upper=arrays.probabilities(dimensions=2), part=arrays.real(0, 1))
def sector_shares(counts: np.ndarray, lower: np.ndarray, upper: np.ndarray, part: float) -> np.ndarray:
    """Sector shares of supply when each straddling group lies at `part` of the way to the last of its two sectors.

    At 0 a group has as little as it may in the last sector, at 1 as much: points between feasible corners, so always within the bounds.

    Parameters
    ----------
    counts : array of shape (groups,)
    lower, upper : arrays of shape (groups, sectors)
        crosswalk bounds; a group with equal bounds is not moved.
    part : float
        λ in [0, 1], the same for every straddling group; with bounds 0 and 1 the share counted in the last of its sectors.

    Raises
    ------
    ValueError
        for a group that may lie in three sectors or more: one λ does not say where.
    """
    weights = lower.copy()
    for group in range(len(lower)):
        free = np.flatnonzero(upper[group] > lower[group])
        if free.size > 2:
            raise Refused("a group may lie in three sectors or more; one λ does not say where")
        if free.size:
            first, last = free[0], free[-1]
            rest = 1 - lower[group].sum()
            ends = [min(upper[group, last], lower[group, last] + rest), max(lower[group, last], lower[group, last] + rest - (upper[group, first] - lower[group, first]))]
            weights[group, last] = ends[1] + part * (ends[0] - ends[1])
            weights[group, first] = lower[group, first] + rest - (weights[group, last] - lower[group, last])
    total = counts @ weights
    return total / total.sum()
