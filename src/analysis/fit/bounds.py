"""Exact bounds of shares and of D when figures are rounded and groups straddle sectors.

Supply by group x lies in a box [l, u] (what the printed numerals stand for); a crosswalk says between which shares of a
group belong to each sector. Shares are y = x/Σx. Writing y = t·x (Charnes & Cooper 1962) makes everything linear, so
that smallest and largest values over the box are solutions of small linear programmes: exact, not simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog

from analysis.ground import arrays
from analysis.ground.arrays import same_shape, takes
from analysis.ground.errors import BadArgument, Refused

BOUND = arrays.numbers(low=0, high=arrays.MOST_COUNT, rule=": the box needs finite bounds with 0 <= lower <= upper")
MOST_SECTORS = 12  # the largest D is looked for over 2^sectors sign patterns


def _box(low: np.ndarray, high: np.ndarray) -> None:
    """A box has its lower below its upper bounds."""
    if (low > high).any():
        place = int(np.flatnonzero(low > high)[0])
        raise BadArgument(
            "lower",
            f"position {place} is {low[place]:g}, above its upper bound of {high[place]:g}; the box needs finite "
            "bounds with 0 <= lower <= upper",
            position=place,
            value=low[place],
        )


@dataclass(frozen=True)
class Bounds:
    """Smallest and largest value."""

    lower: float
    upper: float

    def sign(self) -> str:
        """``+``, ``-``, or ``?`` where the interval includes zero."""
        return "+" if self.lower > 0 else "-" if self.upper < 0 else "?"


class SectorBox:
    """All sector structures that printed supply figures and a crosswalk with bounds allow.

    Parameters
    ----------
    lower, upper : array of shape (groups,)
        bounds of supply by group, in persons or specialties; finite, 0 ≤ lower ≤ upper.
    share_lower, share_upper : array of shape (groups, sectors)
        bounds of the part of each group that belongs to each sector; every row must allow parts that add up to one.
    """

    @takes(
        same_shape("lower", "upper", of="groups"),
        same_shape("share_lower", "share_upper"),
        lower=BOUND,
        upper=BOUND,
        share_lower=arrays.probabilities(dimensions=2),
        share_upper=arrays.probabilities(dimensions=2),
    )
    def __init__(self, lower: ArrayLike, upper: ArrayLike, share_lower: ArrayLike, share_upper: ArrayLike):
        low, high, below, above = (np.asarray(v) for v in (lower, upper, share_lower, share_upper))
        _box(low, high)
        if below.shape[0] != low.size or below.size > 400:
            raise BadArgument(
                "share_lower",
                f"the crosswalk needs one row a group and 400 cells at most; its shape is {below.shape}, there are "
                f"{low.size} groups",
                value=below.shape,
            )
        if (below > above).any():
            place = tuple(int(i) for i in np.argwhere(below > above)[0])
            raise BadArgument(
                "share_lower",
                f"position {place} is {below[place]:g}, above its upper bound of {above[place]:g}",
                position=place,
                value=below[place],
            )
        if (below.sum(1) > 1 + 1e-12).any() or (above.sum(1) < 1 - 1e-12).any():
            row = int(np.flatnonzero((below.sum(1) > 1 + 1e-12) | (above.sum(1) < 1 - 1e-12))[0])
            raise BadArgument(
                "share_upper",
                f"position {row}: a row of the crosswalk cannot add up to one",
                position=row,
                value=above[row].tolist(),
            )
        if high.sum() == 0:
            raise BadArgument("upper", "no supply at all", value=0.0)
        self.groups, self.sectors = below.shape
        # variables: z (groups × sectors, scaled), t
        count = self.groups * self.sectors + 1
        a_ub: list[np.ndarray] = []
        for g in range(self.groups):
            part = np.zeros(count)
            part[g * self.sectors : (g + 1) * self.sectors] = 1
            upper_row, lower_row = part.copy(), -part
            upper_row[-1], lower_row[-1] = -high[g], low[g]
            a_ub += [upper_row, lower_row]
            for s in range(self.sectors):
                one = np.zeros(count)
                one[g * self.sectors + s] = 1
                a_ub += [one - above[g, s] * part, below[g, s] * part - one]
        self._a_ub, self._b_ub = np.array(a_ub), np.zeros(len(a_ub))
        total = np.ones(count)
        total[-1] = 0
        self._a_eq, self._b_eq = total[None, :], np.ones(1)
        self._sector = np.zeros((self.sectors, count))
        for g in range(self.groups):
            for s in range(self.sectors):
                self._sector[s, g * self.sectors + s] = 1

    def _solve(
        self, objective: np.ndarray, a_ub: np.ndarray, b_ub: np.ndarray, a_eq: np.ndarray, b_eq: np.ndarray
    ) -> float:
        solution = linprog(objective, A_ub=a_ub, b_ub=b_ub, A_eq=a_eq, b_eq=b_eq, bounds=(0, None), method="highs")
        if not solution.success:
            raise Refused(f"the bounds contradict each other: {solution.message}")
        return float(solution.fun)

    @takes(sector=arrays.whole(0))
    def share(self, sector: int) -> Bounds:
        """Bounds of the share of one sector."""
        if sector >= self.sectors:
            raise BadArgument("sector", f"sector is {sector}; there are {self.sectors}, counted from 0", value=sector)
        row = self._sector[sector]
        low = self._solve(row, self._a_ub, self._b_ub, self._a_eq, self._b_eq)
        high = -self._solve(-row, self._a_ub, self._b_ub, self._a_eq, self._b_eq)
        return Bounds(low, high)

    @takes(
        same_shape("industry_lower", "industry_upper", of="sectors"),
        industry_lower=arrays.probabilities(),
        industry_upper=arrays.probabilities(),
    )
    def dissimilarity(self, industry_lower: ArrayLike, industry_upper: ArrayLike | None = None) -> Bounds:
        """Bounds of D = ½ Σ|e − g| against industry shares (a box of their own if they are rounded).

        The largest D is the best over all sign patterns of e − g, the smallest a linear programme with absolute values.

        Raises
        ------
        Refused
            if no industry shares within the bounds add up to one.
        """
        g_low = np.asarray(industry_lower)
        g_high = g_low if industry_upper is None else np.asarray(industry_upper)
        if g_low.size != self.sectors or self.sectors > MOST_SECTORS:
            raise BadArgument(
                "industry_lower",
                f"it has {g_low.size} sectors, supply {self.sectors}; both need the same, {MOST_SECTORS} at most",
                value=g_low.size,
            )
        count, k = self._sector.shape[1], self.sectors
        # variables: supply (count), g (k), distance (k)

        def pad(matrix: np.ndarray) -> np.ndarray:
            return np.hstack([matrix, np.zeros((len(matrix), 2 * k))])

        a_ub, b_ub = [pad(self._a_ub)], [self._b_ub]
        eye, zero = np.eye(k), np.zeros((k, k))
        none = np.zeros((k, count))
        a_ub += [np.hstack([none, eye, zero]), np.hstack([none, -eye, zero])]
        b_ub += [g_high, -g_low]
        a_eq = np.vstack([pad(self._a_eq), np.hstack([np.zeros(count), np.ones(k), np.zeros(k)])])
        b_eq = np.array([1.0, 1.0])
        largest = max(
            -self._solve(
                np.concatenate([-np.array(s) @ self._sector / 2, np.array(s) / 2, np.zeros(k)]),
                np.vstack(a_ub),
                np.concatenate(b_ub),
                a_eq,
                b_eq,
            )
            for s in product((-1.0, 1.0), repeat=k)
        )
        a_ub += [np.hstack([self._sector, -eye, -eye]), np.hstack([-self._sector, eye, -eye])]
        b_ub += [np.zeros(k), np.zeros(k)]
        smallest = self._solve(
            np.concatenate([np.zeros(count + k), np.ones(k) / 2]), np.vstack(a_ub), np.concatenate(b_ub), a_eq, b_eq
        )
        return Bounds(max(smallest, 0.0), largest)


@takes(same_shape("lower", "upper", of="categories"), lower=BOUND, upper=BOUND)
def share_box(lower: ArrayLike, upper: ArrayLike) -> np.ndarray:
    """Exact bounds of each share x/Σx over a box, shape (k, 2): the own bound against the others' opposite bounds.

    Examples
    --------
    >>> share_box([9.0, 19.0], [11.0, 21.0]).round(4).tolist()
    [[0.3, 0.3667], [0.6333, 0.7]]
    """
    low, high = np.asarray(lower), np.asarray(upper)
    _box(low, high)
    rest_low, rest_high = low.sum() - low, high.sum() - high
    with np.errstate(invalid="ignore"):
        return np.column_stack([np.nan_to_num(low / (low + rest_high)), np.nan_to_num(high / (high + rest_low))])
