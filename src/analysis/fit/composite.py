"""Composite indices of the Chinese literature, for comparison with it: grey relation, coupling coordination,
entropy weights, TOPSIS.

They are relative to the set compared and have no sampling theory.
The workbench offers them and does not lead with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument, Refused


@takes(
    reference=arrays.numbers(),
    comparators=arrays.numbers(dimensions=(1, 2)),
    normalise=arrays.one_of("first", "mean"),
    rho=arrays.real(0, 1, above=True),
)
def grey_relational_degree(
    reference: ArrayLike, comparators: ArrayLike, *, normalise: Literal["first", "mean"], rho: float = 0.5
) -> np.ndarray:
    """Deng's grey relational degree 灰色关联度, γ_i = mean_k (min Δ + ρ max Δ)/(Δ_i(k) + ρ max Δ),
    Δ = |x₀ − x_i| (Deng 1982).

    Parameters
    ----------
    reference : array of shape (years,)
    comparators : array of shape (series, years)
    normalise : {"first", "mean"}
        each series divided by its first value or by its mean. There is no default: the choice can reverse the ranking.
    rho : float
        above 0 and at most 1.

    Returns
    -------
    array of shape (series,)
        in (0, 1]; ordinal, and only within this set: the same series gets another value beside other series. 1
        throughout if no series differs from the reference.

    Examples
    --------
    >>> series = [[1, 1.05, 1.2, 1.35], [1, 1.2, 1.25, 1.6]]
    >>> grey_relational_degree([1, 1.1, 1.3, 1.5], series, normalise="first").round(4).tolist()
    [0.5905, 0.6143]
    """
    x0, x = np.asarray(reference), np.atleast_2d(np.asarray(comparators))
    if x.shape[1:] != x0.shape:
        raise BadArgument(
            "comparators",
            f"the reference has {x0.size} years, the comparators {x.shape[1]}; give series of equal length, one a row",
            value=x.shape,
        )
    base0, base = (x0[0], x[:, 0]) if normalise == "first" else (x0.mean(), x.mean(1))
    small = [
        abs(b) <= 1e-9 * np.abs(v).max() for b, v in zip([base0, *base], [x0, *x])
    ]  # a mean of zero but for rounding
    if any(small):
        raise BadArgument(
            "reference" if small[0] else "comparators",
            "a series whose first value (or mean) is zero cannot be normalised by it",
            value=0.0,
        )
    delta = np.abs(x0 / base0 - x / base[:, None])
    if delta.max() <= 1e-12 * max(1.0, np.abs(x0 / base0).max()):  # equal but for rounding
        return np.ones(len(x))
    degrees: np.ndarray = ((delta.min() + rho * delta.max()) / (delta + rho * delta.max())).mean(1)
    return degrees


class MisstatedFormula(BadArgument):
    """A form that is in print but wrong; the message says why."""


@dataclass(frozen=True)
class Coupling:
    """Coupling degree C, comprehensive score T, coupling coordination degree D = √(C T)."""

    c: float
    t: float
    d: float


MISSTATED = {
    "sqrt_product_over_sum": (
        "√(U₁U₂)/(U₁ + U₂) lacks the factor 2: it never exceeds ½, and every table of levels made from it is wrong"
    ),
    "product_over_square_of_sum": "U₁U₂/(U₁ + U₂)² lacks the factor 4: it never exceeds ¼",
}


@takes(scores=arrays.probabilities(), weights=arrays.shares(), form=arrays.text)
def coupling_coordination(
    scores: ArrayLike, weights: ArrayLike | None = None, *, form: Literal["standard", "modified"] = "standard"
) -> Coupling:
    """Coupling coordination degree 耦合协调度 of n systems.

    standard: C = n (Π U)^{1/n}/Σ U; modified (王淑佳 et al. 2021):
    C = √{[1 − Σ_{i>j}|U_i − U_j|/Σ_{m=1}^{n−1} m] (Π U_i/max U)^{1/(n−1)}}; T = Σ a U, D = √(C T).

    Parameters
    ----------
    scores : array of shape (n,)
        U in 0–1; relative to how they were normalised. A score of zero (min–max does that to one year) makes C zero.
    weights : array of shape (n,), optional
        a, adding up to 1; equal by default.
    form : {"standard", "modified"}
        the two forms in print that lack a factor are refused by name.

    Raises
    ------
    MisstatedFormula
        for ``sqrt_product_over_sum`` and ``product_over_square_of_sum``, with the reason (刘春林 2017;
        王淑佳 et al. 2021).

    Examples
    --------
    >>> v = coupling_coordination([.6, .3])
    >>> round(v.c, 6), round(v.t, 2), round(v.d, 6)
    (0.942809, 0.45, 0.651356)
    """
    if form in MISSTATED:
        raise MisstatedFormula("form", f"{form}: {MISSTATED[form]}. Use form='standard'", value=form)
    arrays.one_of("standard", "modified")(form, "form")
    u = np.asarray(scores)
    if u.size < 2:
        raise BadArgument("scores", "two systems or more are needed", value=u.size)
    a = np.full(u.size, 1 / u.size) if weights is None else np.asarray(weights)
    if a.shape != u.shape:
        raise BadArgument("weights", f"{u.size} scores, {a.size} weights", value=a.size)
    n, t = u.size, float(a @ u)
    if u.min() == 0:
        return Coupling(0.0, t, 0.0)
    logs = np.log(u)  # a product of many scores would underflow
    if form == "standard":
        c = min(1.0, n * np.exp(logs.mean()) / u.sum())
    else:
        apart = np.abs(np.subtract.outer(u, u)).sum() / 2
        c = np.sqrt(max(0.0, 1 - apart / (n * (n - 1) / 2)) * np.exp((logs - logs.max()).sum() / (n - 1)))
    return Coupling(float(c), t, float(np.sqrt(c * t)))


def _directions(benefit: ArrayLike, indicators: int) -> np.ndarray:
    """Whether more is better, one true or false an indicator; 1 and −1 or words are not taken for either."""
    rule = f"benefit must be {indicators} values True (more is better) or False"
    good: np.ndarray = arrays.flags(rule=rule)(benefit, "benefit")
    if good.shape != (indicators,):
        raise BadArgument("benefit", f"{rule}, got {good.size}", value=good.size)
    return good


@takes(matrix=arrays.counts(dimensions=2), normalise=arrays.one_of("share", "minmax"), benefit=arrays.anything)
def entropy_weights(
    matrix: ArrayLike, *, normalise: Literal["share", "minmax"], benefit: ArrayLike | None = None
) -> np.ndarray:
    """Entropy weights 熵权, w_j = (1 − E_j)/Σ(1 − E_j), E_j = −Σ p ln p/ln m with p = z/Σ z.

    Weights reward dispersion, not importance: a noisy indicator gets the largest one.

    Parameters
    ----------
    matrix : array of shape (objects, indicators)
    normalise : {"share", "minmax"}
        z is the raw value, or the value rescaled to 0–1 with costs turned round.
        There is no default; the two differ greatly.
    benefit : array of bool, shape (indicators,), optional
        needed for ``minmax``: whether more is better.

    Raises
    ------
    Refused
        for a constant indicator under ``minmax``, or when no indicator varies.
    """
    x = np.asarray(matrix)
    if len(x) < 2:
        raise BadArgument("matrix", "weights need at least two objects", value=len(x))
    if normalise == "minmax":
        if benefit is None:
            raise BadArgument("benefit", "minmax needs benefit=: whether more is better, one a column")
        spread = np.ptp(x, axis=0)
        if (spread == 0).any():
            raise Refused(f"indicator {int(np.flatnonzero(spread == 0)[0])} is constant; leave it out")
        z = np.where(_directions(benefit, x.shape[1]), x - x.min(0), x.max(0) - x) / spread
    else:
        z = x
    if (z.sum(0) == 0).any():
        raise Refused(f"indicator {int(np.flatnonzero(z.sum(0) == 0)[0])} is zero throughout; leave it out")
    p = z / z.sum(0)
    spare = 1 + xlogy(p, p).sum(0) / np.log(len(x))
    spare = np.where(
        spare < 1e-12, 0.0, spare
    )  # a constant indicator has none; rounding would make it slightly negative
    if spare.sum() == 0:
        raise Refused("no indicator varies; entropy gives no weights")
    weights: np.ndarray = spare / spare.sum()
    return weights


@takes(
    may_be_nan="all objects are alike: there is no order",
    matrix=arrays.counts(dimensions=2),
    weights=arrays.shares(),
    benefit=arrays.anything,
)
def topsis_vector(matrix: ArrayLike, weights: ArrayLike, benefit: ArrayLike) -> np.ndarray:
    """TOPSIS closeness with vector normalisation, c = d⁻/(d⁺ + d⁻) (Hwang and Yoon 1981).

    Parameters
    ----------
    matrix : array of shape (objects, indicators)
    weights : array of shape (indicators,)
        adding up to 1.
    benefit : array of bool, shape (indicators,)
        whether more is better.

    Returns
    -------
    array of shape (objects,)
        0 to 1; another normalisation can reverse the order. nan if all objects are alike.
    """
    x, w = np.asarray(matrix), np.asarray(weights)
    good = _directions(benefit, x.shape[1])
    if w.size != x.shape[1]:
        raise BadArgument("weights", f"{x.shape[1]} indicators, {w.size} weights", value=w.size)
    length = np.linalg.norm(x, axis=0)
    v = w * np.divide(x, length, out=np.zeros_like(x), where=length > 0)
    best, worst = np.where(good, v.max(0), v.min(0)), np.where(good, v.min(0), v.max(0))
    far, near = np.linalg.norm(v - worst, axis=1), np.linalg.norm(v - best, axis=1)
    with np.errstate(invalid="ignore"):
        closeness: np.ndarray = far / (near + far)
        return closeness
