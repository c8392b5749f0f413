"""A crosswalk with bounds between groups of supply and sectors of industry, and the sector shares that it allows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.fit import _tables
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import Refused, UnknownName


@takes(
    crosswalk=arrays.frame(
        unique=("group", "sector"), group=_tables.NAME, sector=_tables.NAME, lower=_tables.SHARE, upper=_tables.SHARE
    ),
    groups=arrays.names(),
    sectors=arrays.names(),
    loose=arrays.flag,
)
def crosswalk_bounds(
    crosswalk: pd.DataFrame, groups: list[str], sectors: list[str], *, loose: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper part of each group in each sector, shape (groups, sectors); pairs that are not listed are zero.

    `loose` takes the wider bounds of the columns `loose_lower` and `loose_upper`: what single programmes of a group
    lead to, instead of what the group is called.
    """
    if loose:
        arrays.frame(loose_lower=_tables.SHARE, loose_upper=_tables.SHARE)(crosswalk, "crosswalk")
        crosswalk = crosswalk.assign(lower=crosswalk["loose_lower"], upper=crosswalk["loose_upper"])
    _tables.box_is_sound(crosswalk, "crosswalk")
    unknown = set(crosswalk["group"]) - set(groups) | set(crosswalk["sector"]) - set(sectors)
    if unknown:
        named = ", ".join(sorted(unknown))
        raise UnknownName("crosswalk", f"the crosswalk names {named}, which the survey or the sectors do not have")
    cells = crosswalk.set_index(["group", "sector"])[["lower", "upper"]].unstack("sector")
    lower, upper = (
        cells[side].reindex(index=groups, columns=sectors).fillna(0).to_numpy(float) for side in ("lower", "upper")
    )
    return lower, upper


@takes(
    _tables.crosswalk_bounds_fit,
    arrays.same_rows("lower", "counts"),
    counts=arrays.counts(),
    lower=arrays.probabilities(dimensions=2),
    upper=arrays.probabilities(dimensions=2),
    part=arrays.real(0, 1),
)
def sector_shares(counts: np.ndarray, lower: np.ndarray, upper: np.ndarray, part: float) -> np.ndarray:
    """Sector shares of supply when each straddling group lies at `part` of the way to the last of its two sectors.

    At 0 a group has as little as it may in the last sector, at 1 as much: points between feasible corners, so always
    within the bounds.

    Parameters
    ----------
    counts : array of shape (groups,)
    lower, upper : arrays of shape (groups, sectors)
        crosswalk bounds; a group with equal bounds is not moved.
    part : float
        λ in [0, 1], the same for every straddling group; with bounds 0 and 1 the share counted in the last of its
        sectors.

    Raises
    ------
    ValueError
        for a group that may lie in three sectors or more: one λ does not say where.

    Examples
    --------
    >>> least, most = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> sector_shares(np.array([30.0, 70.0]), least, most, 0.5).tolist()
    [0.65, 0.35]
    """
    weights = lower.copy()
    for group in range(len(lower)):
        free = np.flatnonzero(upper[group] > lower[group])
        if free.size > 2:
            raise Refused("a group may lie in three sectors or more; one λ does not say where")
        if free.size:
            first, last = free[0], free[-1]
            rest = 1 - lower[group].sum()
            most = min(upper[group, last], lower[group, last] + rest)
            least = max(lower[group, last], lower[group, last] + rest - (upper[group, first] - lower[group, first]))
            weights[group, last] = least + part * (most - least)
            weights[group, first] = lower[group, first] + rest - (weights[group, last] - lower[group, last])
    total: np.ndarray = counts @ weights
    shares: np.ndarray = total / total.sum()
    return shares
