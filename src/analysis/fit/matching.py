"""Match and gap: graduates against jobs by a crosswalk, supply against demand by category,
and the cost of moving one to the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, sparse
from statsmodels.stats.proportion import proportion_confint

from analysis.fit._shares import half_l1
from analysis.ground import arrays
from analysis.ground.arrays import same_shape, takes
from analysis.ground.errors import BadArgument, Refused


@dataclass(frozen=True)
class Mismatch:
    """Share of graduates outside the industries their specialty is made for,
    with a Wilson interval (persons as independent)."""

    rate: float
    lower: float
    upper: float
    persons: float


@takes(table=arrays.counts(dimensions=2), crosswalk=arrays.probabilities(dimensions=2), confidence=arrays.confidence)
def horizontal_mismatch(table: ArrayLike, crosswalk: ArrayLike, *, confidence: float = 0.95) -> Mismatch:
    """Horizontal mismatch 专业不对口率 = Σ n_ij (1 − a_ij)/n (Robst 2007; Montt 2015).

    Parameters
    ----------
    table : array of shape (specialties, industries)
        graduates in work; those in further study are no part of it.
    crosswalk : array of shape (specialties, industries)
        a between 0 (not meant for) and 1 (meant for). The result depends on it more than on sampling: show a strict and
        a loose one. A crosswalk made from the same table (modal industry) is circular.

    Examples
    --------
    >>> v = horizontal_mismatch([[60, 20, 10], [15, 70, 15], [5, 10, 85]], np.eye(3))
    >>> round(v.rate, 6), round(v.lower, 6), round(v.upper, 6)
    (0.258621, 0.211611, 0.311942)
    """
    x, a = np.asarray(table), np.asarray(crosswalk)
    if a.shape != x.shape:
        raise BadArgument("crosswalk", f"crosswalk is {a.shape}, the table {x.shape}", value=a.shape)
    n, missed = x.sum(), float((x * (1 - a)).sum())
    if n < 1:
        raise Refused(f"{n:g} graduates: with less than one an interval says nothing")
    lower, upper = proportion_confint(missed, n, alpha=1 - confidence, method="wilson")
    return Mismatch(missed / n, float(lower), float(upper), float(n))


@dataclass(frozen=True)
class MismatchBounds:
    """Mismatch under the strict and the loose crosswalk, and the extremes that misclassification allows."""

    strict: float
    loose: float
    lower: float
    upper: float


@takes(
    strict=arrays.real(0, 1, rule="rates between 0 and 1 are needed"),
    loose=arrays.real(0, 1, rule="rates between 0 and 1 are needed"),
    sensitivity=arrays.together(arrays.real(0, 1), arrays.real(0, 1)),
    specificity=arrays.together(arrays.real(0, 1), arrays.real(0, 1)),
)
def misclassification_bounds(
    strict: float, loose: float, *, sensitivity: tuple[float, float], specificity: tuple[float, float]
) -> MismatchBounds:
    """Mismatch corrected for an imperfect crosswalk, (rate − (1 − Sp))/(Se + Sp − 1),
    over stated ranges of Se and Sp (Rogan and Gladen 1978).

    Parameters
    ----------
    strict, loose : float
        mismatch rates under two crosswalks, strict at least as large as loose.
    sensitivity, specificity : (float, float)
        smallest and largest probability that a mismatch (a match) is called one.

    Returns
    -------
    MismatchBounds
        extremes over the four corners and both rates, cut to 0–1.
    """
    if loose > strict:
        raise BadArgument(
            "loose", f"the loose crosswalk gives {loose:g}, more than the strict one ({strict:g})", value=loose
        )
    corners = [(se, sp) for se in sensitivity for sp in specificity]
    for se, sp in corners:
        if se + sp <= 1 + 1e-9:
            raise BadArgument(
                "sensitivity",
                f"sensitivity {se:g} and specificity {sp:g} say nothing: they must add up to more than 1",
                value=se,
            )
    corrected = [
        min(1.0, max(0.0, (rate - (1 - sp)) / (se + sp - 1))) for rate in (strict, loose) for se, sp in corners
    ]
    return MismatchBounds(strict, loose, min(corrected), max(corrected))


@dataclass(frozen=True)
class Tightness:
    """Demand against supply by category."""

    gap_rate: np.ndarray  # (D − S)/D, −inf where nothing is demanded, nan where nobody is supplied either
    tightness: np.ndarray  # D/S, inf where nobody is supplied, nan where nothing is demanded either
    jackman_roper: float
    sahin: float


@takes(
    same_shape("demand", "supply", of="categories"),
    may_be_nan="−inf where nothing is demanded, inf where nobody is supplied, nan where both",
    demand=arrays.counts(),
    supply=arrays.counts(),
    alpha=arrays.real(0, 1),
)
def gap_rate_tightness(demand: ArrayLike, supply: ArrayLike, *, alpha: float = 0.5) -> Tightness:
    """Gap rate 缺口率 (D − S)/D, tightness 求人倍率 D/S, and two indices of mismatch.

    Jackman–Roper ½Σ|u − v| over shares of seekers and vacancies (1987); Şahin et al. (2014) M = 1 − Σ v^α u^{1−α},
    the share of hires lost to misallocation.

    Parameters
    ----------
    demand : array of shape (k,)
        vacancies, or yearly replacement and expansion demand.
    supply : array of shape (k,)
        entrants to the labour market: graduates without those in further study.
    alpha : float
        elasticity of hires to vacancies.

    Returns
    -------
    Tightness
        −inf, inf or nan in categories where nothing is demanded or nobody is supplied.

    Examples
    --------
    >>> v = gap_rate_tightness([120, 80, 50], [90, 100, 40])
    >>> v.gap_rate.tolist(), round(v.jackman_roper, 5), round(v.sahin, 6)
    ([0.25, -0.25, 0.2], 0.11478, 0.007108)
    """
    d, s = np.asarray(demand), np.asarray(supply)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.where((d == 0) & (s == 0), np.nan, (d - s) / d)
        tight = np.where((d == 0) & (s == 0), np.nan, d / s)
    v, u = d / d.sum(), s / s.sum()
    return Tightness(gap, tight, half_l1(u, v), max(0.0, float(1 - (v**alpha * u ** (1 - alpha)).sum())))


@dataclass(frozen=True)
class Transport:
    """Cheapest way to turn one structure into another:
    its cost, and the plan (from × to) that says what moves where."""

    cost: float
    plan: np.ndarray


@takes(
    same_shape("supply", "industry", of="categories"),
    supply=arrays.shares(most=300),
    industry=arrays.shares(most=300),
    cost=arrays.counts(dimensions=2, zero=True, most=300),
)
def optimal_transport(supply: ArrayLike, industry: ArrayLike, cost: ArrayLike) -> Transport:
    """Optimal transport distance 最优传输, W = min Σ c π with the supply shares as rows and the industry shares as
    columns of π (Villani 2009).

    Solved exactly (HiGHS); no entropic smoothing, which would bias W.

    Parameters
    ----------
    supply, industry : array of shape (k,)
        shares.
    cost : array of shape (k, k)
        c_ij, what it costs to move a unit from i to j, in a stated unit.
        With a 0/1 cost W is D; distances under different costs cannot be compared.

    Examples
    --------
    >>> v = optimal_transport([.06, .34, .6], [.08, .4, .52], [[0, .7, 1], [.7, 0, .4], [1, .4, 0]])
    >>> round(v.cost, 6), v.plan.round(2)[2].tolist()
    (0.044, [0.02, 0.06, 0.52])
    """
    e, g, c = np.asarray(supply), np.asarray(industry), np.asarray(cost)
    k = e.size
    if c.shape != (k, k):
        raise BadArgument("cost", f"cost is {c.shape}, it must be {(k, k)}", value=c.shape)
    rows = sparse.kron(sparse.eye_array(k), np.ones((1, k)), format="csr")
    columns = sparse.kron(np.ones((1, k)), sparse.eye_array(k), format="csr")
    # shares add up to one on both sides only within rounding: the last condition follows from the others
    solved = optimize.linprog(
        c.ravel(),
        A_eq=sparse.vstack([rows, columns[:-1]]),
        b_eq=np.concatenate([e / e.sum(), (g / g.sum())[:-1]]),
        bounds=(0, None),
        method="highs",
    )
    if not solved.success:
        raise Refused(f"no transport plan was found: {solved.message}")
    return Transport(float(solved.fun), solved.x.reshape(k, k))


@takes(
    same_shape("industry_change", "supply_change", of="changes"),
    industry_change=arrays.numbers(least=2, tiny=True),
    supply_change=arrays.numbers(least=2, tiny=True),
)
def responsiveness_slope(industry_change: ArrayLike, supply_change: ArrayLike) -> tuple[float, float]:
    """Responsiveness of specialties 专业响应: slope and intercept of Δe on Δg;
    slope 1 is a proportional response (Grosz).

    Parameters
    ----------
    industry_change, supply_change : array of shape (k,)
        changes of shares over the same categories. Needs twenty industries and five years to say anything;
        with fewer it is a line through points.
    """
    x, y = np.asarray(industry_change), np.asarray(supply_change)
    if np.ptp(x) <= max(arrays.SMALLEST, 1e-12 * np.abs(x).max()):
        raise Refused("industry shares do not change: a response cannot be measured")
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return slope, float(y.mean() - slope * x.mean())


@dataclass(frozen=True)
class ShiftShare:
    """Change of local employment taken apart by category: the reference's growth, its mix, and the local rest."""

    total: np.ndarray
    reference_growth: np.ndarray
    industry_mix: np.ndarray
    local: np.ndarray


@takes(
    same_shape("local_before", "local_after", "reference_before", "reference_after", of="categories"),
    **arrays.alike(("local_before", "local_after", "reference_before", "reference_after"), arrays.counts()),
)
def shift_share(
    local_before: ArrayLike, local_after: ArrayLike, reference_before: ArrayLike, reference_after: ArrayLike
) -> ShiftShare:
    """Shift–share 偏离—份额分析 (Dunn 1960): x₁ − x₀ = x₀ G + x₀ (G_i − G) + x₀ (g_i − G_i), exact in each category.

    G growth of the reference, G_i of a category there, g_i of the category here.

    Parameters
    ----------
    local_before, local_after, reference_before, reference_after : array of shape (k,)
        counts of comparable scope; of samples with different sampling fractions give shares times one total. A category
        that is empty before has no growth: merge it first.

    Raises
    ------
    BadArgument
        for a category that is empty before, by position.
    """
    x0, x1, r0, r1 = (np.asarray(v) for v in (local_before, local_after, reference_before, reference_after))
    for values, name in ((x0, "local_before"), (r0, "reference_before")):
        if (values == 0).any():
            place = int(np.flatnonzero(values == 0)[0])
            raise BadArgument(
                name,
                f"position {place} is empty before, its growth does not exist; merge it first",
                position=place,
                value=0.0,
            )
    growth = r1.sum() / r0.sum() - 1
    own, there = x1 / x0 - 1, r1 / r0 - 1
    return ShiftShare(x1 - x0, x0 * growth, x0 * (there - growth), x0 * (own - there))


@dataclass(frozen=True)
class MissingBounds:
    """Smallest and largest share when some answers are missing (Manski 1989)."""

    lower: float
    upper: float


@takes(
    count=arrays.counts(dimensions=0, zero=True),
    total=arrays.counts(dimensions=0),
    missing=arrays.counts(dimensions=0, zero=True),
)
def missing_bounds(count: float, total: float, missing: float) -> MissingBounds:
    """Bounds of a share k/N with m unknown: [k/N, (k + m)/N].

    Examples
    --------
    >>> missing_bounds(80, 100, 10)
    MissingBounds(lower=0.8, upper=0.9)
    """
    if count + missing > total:
        raise BadArgument(
            "count", f"{count:g} known and {missing:g} unknown do not fit into {total:g}", value=float(count)
        )
    return MissingBounds(float(count / total), float((count + missing) / total))
