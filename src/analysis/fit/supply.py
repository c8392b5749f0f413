"""Supply of a specialty survey by industry group: figures with the box of values that the printed numerals stand for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.clean.numbers import rounding_box

MEASURES = {"survey_specialties": "specialties", "survey_students": "students", "survey_intake": "intake"}


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
        group, measure, year, value, lower, upper, fact_id. Where a printed change ties two years together ("374 fewer than
        the year before"), both boxes are narrowed to what it allows, and a figure that is only bounded ("less than 20,000")
        takes its value from the other year.

    Raises
    ------
    ValueError
        if a group lacks a measure, or printed figures contradict a printed change.
    """
    rows = []
    survey = facts[facts["kind"].isin(groups)]
    for fact in survey[survey["indicator"].isin(MEASURES)].itertuples():
        lower, upper = rounding_box(fact.raw, fact.value, fact.qualifier, whole_scale_digits)
        rows.append((fact.kind, MEASURES[fact.indicator], int(fact.period[:4]), fact.value, lower, upper, fact.qualifier, fact.fact_id))
    table = pd.DataFrame(rows, columns=["group", "measure", "year", "value", "lower", "upper", "qualifier", "fact_id"]).set_index(["group", "measure", "year"])
    if not table.index.is_unique:
        raise ValueError(f"two figures for {table.index[table.index.duplicated()][0]}")
    for change in survey[survey["indicator"] == "survey_intake_change"].itertuples():
        after, before = (change.kind, "intake", int(change.period[:4])), (change.kind, "intake", int(change.period[:4]) - 1)
        low = max(table.at[after, "lower"], table.at[before, "lower"] + change.value)
        high = min(table.at[after, "upper"], table.at[before, "upper"] + change.value)
        if low > high:
            raise ValueError(f"{change.fact_id}: no figures within the printed ones differ by {change.value:g}")
        table.loc[[after], ["lower", "upper"]] = low, high
        table.loc[[before], ["lower", "upper"]] = low - change.value, high - change.value
        if table.at[after, "qualifier"] in {"nearly", "at_most", "over", "at_least"}:
            table.at[after, "value"] = table.at[before, "value"] + change.value
    table = table.reset_index()
    complete = table.pivot(index="group", columns=["measure", "year"], values="value").reindex(groups)
    if complete.isna().any(axis=None):
        raise ValueError(f"groups without a figure: {', '.join(complete.index[complete.isna().any(axis=1)])}")
    table["group"] = pd.Categorical(table["group"], groups, ordered=True)
    return table.sort_values(["measure", "year", "group"]).astype({"group": str}).reset_index(drop=True).drop(columns="qualifier")


def crosswalk_bounds(crosswalk: pd.DataFrame, groups: list[str], sectors: list[str], *, loose: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper part of each group in each sector, shape (groups, sectors); pairs that are not listed are zero.

    `loose` takes the wider bounds of the columns `loose_lower` and `loose_upper`: what single programmes of a group lead to, instead of
    what the group is called.
    """
    if loose:
        crosswalk = crosswalk.assign(lower=crosswalk["loose_lower"], upper=crosswalk["loose_upper"])
    unknown = set(crosswalk["group"]) - set(groups) | set(crosswalk["sector"]) - set(sectors)
    if unknown:
        raise ValueError(f"the crosswalk names {', '.join(sorted(unknown))}, which the survey or the sectors do not have")
    lower = crosswalk.pivot(index="group", columns="sector", values="lower").reindex(index=groups, columns=sectors).fillna(0).to_numpy(float)
    upper = crosswalk.pivot(index="group", columns="sector", values="upper").reindex(index=groups, columns=sectors).fillna(0).to_numpy(float)
    return lower, upper


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
    if not 0 <= part <= 1:
        raise ValueError("part lies between 0 and 1")
    weights = lower.copy()
    for group in range(len(lower)):
        free = np.flatnonzero(upper[group] > lower[group])
        if free.size > 2:
            raise ValueError("a group may lie in three sectors or more; one λ does not say where")
        if free.size:
            first, last = free[0], free[-1]
            rest = 1 - lower[group].sum()
            ends = [min(upper[group, last], lower[group, last] + rest), max(lower[group, last], lower[group, last] + rest - (upper[group, first] - lower[group, first]))]
            weights[group, last] = ends[1] + part * (ends[0] - ends[1])
            weights[group, first] = lower[group, first] + rest - (weights[group, last] - lower[group, last])
    total = counts @ weights
    return total / total.sum()
