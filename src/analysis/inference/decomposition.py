"""Changes and contrasts taken apart: rate and composition, several factors,
and the check that an aggregate does not mislead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument, Refused

AMOUNTS = ("numerator_before", "denominator_before", "numerator_after", "denominator_after")


@dataclass(frozen=True)
class Kitagawa:
    """Difference of two aggregate rates as rate effect and composition effect; `strata` holds both by stratum."""

    before: float
    after: float
    rate: float
    composition: float
    strata: pd.DataFrame  # rate, composition


@takes(shares=arrays.flag, **arrays.alike(AMOUNTS, arrays.counts(zero=True)))
def kitagawa(
    numerator_before: ArrayLike,
    denominator_before: ArrayLike,
    numerator_after: ArrayLike,
    denominator_after: ArrayLike,
    *,
    shares: bool = True,
) -> Kitagawa:
    """Kitagawa (1955) decomposition of the change of an aggregate rate R = Σ w r,
    w share of a stratum in the denominator.

    rate = Σ (w₁ + w₂)/2 · (r₂ − r₁); composition = Σ (r₁ + r₂)/2 · (w₂ − w₁); their sum is the change.
    For two factors it is the Shapley value.

    Parameters
    ----------
    numerator_before, denominator_before, numerator_after, denominator_after : array of shape (strata,)
        counts; every stratum needs a denominator above zero in both years, or its rate does not exist.
    shares : bool
        whether numerators are part of their denominators; false for amounts per something (yuan a person-time),
        which may be above one.

    Notes
    -----
    An identity, not a cause. The composition of a stratum alone means nothing; only the sum does.

    Examples
    --------
    >>> k = kitagawa([12, 20], [60, 40], [15, 30], [50, 50])
    >>> round(k.rate, 4), round(k.composition, 4)
    (0.1, 0.03)
    """
    f1, n1, f2, n2 = _both_years(numerator_before, denominator_before, numerator_after, denominator_after, shares)
    r1, r2, w1, w2 = f1 / n1, f2 / n2, n1 / n1.sum(), n2 / n2.sum()
    rate, composition = (w1 + w2) / 2 * (r2 - r1), (r1 + r2) / 2 * (w2 - w1)
    return Kitagawa(
        float(r1 @ w1),
        float(r2 @ w2),
        float(rate.sum()),
        float(composition.sum()),
        pd.DataFrame({"rate": rate, "composition": composition}),
    )


def _both_years(
    numerator_before: ArrayLike,
    denominator_before: ArrayLike,
    numerator_after: ArrayLike,
    denominator_after: ArrayLike,
    shares: bool,
) -> list[np.ndarray]:
    """Checked counts of both years: one entry a stratum, denominators above zero, shares at most one."""
    found = [np.asarray(v) for v in (numerator_before, denominator_before, numerator_after, denominator_after)]
    if len({v.shape for v in found}) > 1:
        raise BadArgument(
            AMOUNTS[1],
            "numerators and denominators of both years must have one entry a stratum; there are "
            f"{', '.join(str(v.size) for v in found)}",
            value=found[1].shape,
        )
    for (numerator, f), (denominator, n) in (
        (z[0], z[1]) for z in (tuple(zip(AMOUNTS[:2], found[:2])), tuple(zip(AMOUNTS[2:], found[2:])))
    ):
        for argument, values, bad, rule in (
            (denominator, n, n <= 0, "every stratum needs a denominator above zero in both years"),
            (numerator, f, shares & (f > n), f"a share cannot have more in its numerator than in {denominator}"),
        ):
            if bad.any():
                place = int(np.flatnonzero(bad)[0])
                raise BadArgument(
                    argument, f"position {place} is {values[place]:g}; {rule}", position=place, value=values[place]
                )
    return found


@takes(
    before=arrays.each(arrays.numbers(dimensions=(0, 1, 2)), most=6, key=arrays.text),
    after=arrays.each(arrays.numbers(dimensions=(0, 1, 2)), most=6, key=arrays.text),
    value=arrays.function,
)
def shapley_factors(
    before: dict[str, ArrayLike], after: dict[str, ArrayLike], value: Callable[[dict[str, ArrayLike]], float]
) -> dict[str, float]:
    """Contribution of each factor to a change, averaged over all orders of exchange (Das Gupta 1993; Shorrocks 2013).

    Parameters
    ----------
    before, after : dict of str to array
        the factors in both years (size, shares, rates …), under the same names; six at most, which have 720 orders.
    value : callable
        the aggregate from its factors.

    Returns
    -------
    dict
        factor → contribution; they add up to value(after) − value(before).

    Examples
    --------
    >>> shapley_factors({"n": 10, "r": 0.5}, {"n": 20, "r": 0.6}, lambda x: x["n"] * x["r"])
    {'n': 5.5, 'r': 1.5}
    """
    if before.keys() != after.keys():
        raise BadArgument(
            "after",
            f"both years need the same factors; before has {', '.join(before)}, after {', '.join(after)}",
            value=list(after),
        )
    strange = [name for name in before if np.shape(before[name]) != np.shape(after[name])]
    if strange:
        raise BadArgument(
            "after", f"{', '.join(strange)} must have the same shape in both years", value=np.shape(after[strange[0]])
        )

    def worth(state: dict[str, ArrayLike]) -> float:
        sound: float = arrays.real()(value(dict(state)), "value")  # of what the function gives back
        return sound

    names = list(before)
    total = dict.fromkeys(names, 0.0)
    for order in permutations(names):
        state, last = dict(before), worth(before)
        for name in order:
            state[name] = after[name]
            now = worth(state)
            total[name] += now - last
            last = now
    return {name: round(amount / factorial(len(names)), 12) for name, amount in total.items()}


@dataclass(frozen=True)
class Oaxaca:
    """Threefold decomposition of the difference of two group means (group A minus group B)."""

    difference: float
    endowments: float
    coefficients: float
    interaction: float


@takes(
    **arrays.alike(("y_a", "y_b"), arrays.numbers()), **arrays.alike(("x_a", "x_b"), arrays.numbers(dimensions=(1, 2)))
)
def oaxaca_threefold(y_a: ArrayLike, x_a: ArrayLike, y_b: ArrayLike, x_b: ArrayLike) -> Oaxaca:
    """Oaxaca (1973) and Blinder (1973) decomposition in three parts, B the reference (Jann 2008).

    endowments = (x̄_A − x̄_B)′β_B; coefficients = x̄_B′(β_A − β_B); interaction = (x̄_A − x̄_B)′(β_A − β_B).

    Parameters
    ----------
    y_a, y_b : array of shape (cases,)
    x_a, x_b : array of shape (cases,) or (cases, p)
        without the constant, which is added.

    Notes
    -----
    Not causal. Needs cases, not schools: eleven schools carry no regression by group.
    """

    def fit(y: ArrayLike, x: ArrayLike, group: str) -> tuple[np.ndarray, np.ndarray]:
        y, x = np.asarray(y), np.asarray(x)
        if len(x) != len(y):
            raise BadArgument(f"x_{group}", f"y_{group} has {len(y)} cases, x_{group} {len(x)}", value=x.shape)
        matrix = np.column_stack([np.ones(len(y)), x])
        if len(y) <= matrix.shape[1] or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
            raise Refused(f"{len(y)} cases do not identify {matrix.shape[1]} coefficients")
        return np.linalg.lstsq(matrix, y, rcond=None)[0], matrix.mean(0)

    (beta_a, mean_a), (beta_b, mean_b) = fit(y_a, x_a, "a"), fit(y_b, x_b, "b")
    if mean_a.shape != mean_b.shape:
        raise BadArgument("x_b", f"x_a has {mean_a.size - 1} columns, x_b {mean_b.size - 1}", value=np.shape(x_b))
    return Oaxaca(
        float(mean_a @ beta_a - mean_b @ beta_b),
        float((mean_a - mean_b) @ beta_b),
        float(mean_b @ (beta_a - beta_b)),
        float((mean_a - mean_b) @ (beta_a - beta_b)),
    )


@dataclass(frozen=True)
class Simpson:
    """An aggregate change beside the change within strata, and whether their signs contradict each other."""

    aggregate: float
    within: float  # Kitagawa rate effect
    strata_up: int
    strata_down: int
    simple_change: float  # change of the simple mean of strata
    flag: str  # "", "reversal" (aggregate against within), "mean" (aggregate against simple mean)


@takes(least=arrays.real(0, 1), shares=arrays.flag, **arrays.alike(AMOUNTS, arrays.counts(zero=True)))
def simpson_check(
    numerator_before: ArrayLike,
    denominator_before: ArrayLike,
    numerator_after: ArrayLike,
    denominator_after: ArrayLike,
    *,
    least: float = 5e-4,
    shares: bool = True,
) -> Simpson:
    """Whether an aggregate change has another sign than the changes within its strata (Simpson 1951).

    Parameters
    ----------
    least : float
        changes smaller than this have no sign: half a tenth of a percentage point by default.
    shares : bool
        see `kitagawa`.

    Returns
    -------
    Simpson
        `flag` is "reversal" where aggregate and weighted within-change point in opposite directions,
        "mean" where only the simple mean of strata does.
    """
    f1, n1, f2, n2 = _both_years(numerator_before, denominator_before, numerator_after, denominator_after, shares)
    parts = kitagawa(f1, n1, f2, n2, shares=shares)
    each = f2 / n2 - f1 / n1
    aggregate, simple = parts.after - parts.before, float(each.mean())

    def sign(x: float) -> int:
        return 0 if abs(x) < least else int(np.sign(x))

    flag = (
        "reversal" if sign(aggregate) * sign(parts.rate) < 0 else "mean" if sign(aggregate) * sign(simple) < 0 else ""
    )
    return Simpson(aggregate, parts.rate, int((each >= least).sum()), int((each <= -least).sum()), simple, flag)
