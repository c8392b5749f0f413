"""How far one structure lies from another: shares of supply against shares of industry, or one year against the next.

Shares are 1-D arrays over the same categories that are not negative and add up to one; counts are taken where the
docstring says so. Every function refuses negative, non-finite and unequal input with the position of the fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analysis.fit._shares import half_l1, is_constant, to_shares
from analysis.ground import arrays
from analysis.ground.arrays import same_shape, takes
from analysis.ground.errors import BadArgument, Refused


@takes(counts=arrays.counts())
def shares(counts: ArrayLike) -> np.ndarray:
    """Counts as shares that add up to one."""
    return to_shares(np.asarray(counts))


@takes(
    same_shape("supply", "industry", of="categories"),
    may_be_nan="inf where the reference share is zero, nan where both are",
    supply=arrays.shares(),
    industry=arrays.shares(),
    reference=arrays.one_of("industry", "supply"),
    form=arrays.one_of("ratio", "log"),
)
def structural_deviation(
    supply: ArrayLike, industry: ArrayLike, *, reference: Literal["industry", "supply"], form: Literal["ratio", "log"]
) -> np.ndarray:
    """Structural deviation 结构偏离度 of each category.

    ``reference="industry", form="ratio"``: e/g − 1 (education form, positive = supply share above industry share);
    ``reference="supply", form="ratio"``: g/e − 1 (output form, the opposite sign);
    ``form="log"``: ln e − ln g, or ln g − ln e for ``reference="supply"`` (antisymmetric, recommended).

    Parameters
    ----------
    supply, industry : array of shape (k,)
        shares e and g.
    reference : {"industry", "supply"}
        which side is the yardstick; there is no default, because both conventions are in print with opposite signs.
    form : {"ratio", "log"}
        no default either.

    Returns
    -------
    array of shape (k,)
        dimensionless; ``inf`` where the reference share is zero, ``-inf`` (log) or −1 (ratio) where the other is;
        ``nan`` where both are zero.

    Notes
    -----
    A deviation from value added is not a shortage of people: labour intensity differs between industries.
    Sources: 蒋建峰, 张运嵩 (2023) for the education form; 景跃军, 张昀 (2015) for the output form.

    Examples
    --------
    >>> structural_deviation([.06, .34, .6], [.08, .4, .52], reference="industry", form="ratio").round(4).tolist()
    [-0.25, -0.15, 0.1538]
    """
    e, g = np.asarray(supply), np.asarray(industry)
    numerator, yardstick = (e, g) if reference == "industry" else (g, e)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = numerator / yardstick
        deviation: np.ndarray = np.log(ratio) if form == "log" else ratio - 1
        return deviation


@takes(same_shape("supply", "industry", of="categories"), supply=arrays.shares(), industry=arrays.shares())
def total_structural_deviation(supply: ArrayLike, industry: ArrayLike) -> tuple[float, float]:
    """Total deviation Σ|e − g| (0 to 2) and D = ½ Σ|e − g| (0 to 1).

    D is the share of places that would have to move to another category for proportionality (Duncan & Duncan 1955).

    Examples
    --------
    >>> [round(x, 10) for x in total_structural_deviation([.06, .34, .6], [.08, .4, .52])]
    [0.16, 0.08]
    """
    d = half_l1(np.asarray(supply), np.asarray(industry))
    return 2 * d, d


@takes(same_shape("a", "b", of="categories"), a=arrays.counts(), b=arrays.counts())
def cosine_similarity(a: ArrayLike, b: ArrayLike) -> float:
    """Coefficient of structural similarity 结构相似系数, S = Σ a b / √(Σ a² Σ b²), 0 to 1 (UNIDO 1979).

    With three categories it is above 0.9 for almost any two structures: report D or the angle beside it.

    Examples
    --------
    >>> round(cosine_similarity([.06, .34, .6], [.08, .4, .52]), 6)
    0.989707
    """
    a, b = np.asarray(a), np.asarray(b)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@takes(same_shape("a", "b", of="categories"), a=arrays.counts(), b=arrays.counts())
def pearson_share(a: ArrayLike, b: ArrayLike) -> float:
    """Pearson correlation of two share vectors, −1 to 1; with k categories it has k − 2 degrees of freedom,
    never test it at k = 3.

    Raises
    ------
    ValueError
        if one of the vectors is constant: the correlation does not exist.
    """
    a, b = np.asarray(a), np.asarray(b)
    if is_constant(a) or is_constant(b):
        raise Refused("a constant vector has no correlation")
    return float(np.corrcoef(a, b)[0, 1])


@takes(same_shape("before", "after", of="categories"), before=arrays.counts(), after=arrays.counts())
def moore_angle_degrees(before: ArrayLike, after: ArrayLike) -> float:
    """Moore's structural change 结构变动值: the angle between two structures, 0° to 90° (Moore 1978).

    θ = 2 atan2(‖u − v‖, ‖u + v‖) with unit vectors u, v: stable for small angles, where arccos loses half its digits.
    Counts and shares give the same angle. It measures speed, not direction; never compare spans of different length.

    Examples
    --------
    >>> round(moore_angle_degrees([120, 340, 560, 480], [130, 420, 700, 470]), 6)
    6.26381
    """
    before, after = np.asarray(before), np.asarray(after)
    u, v = before / np.linalg.norm(before), after / np.linalg.norm(after)
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))))


@takes(same_shape("before", "after", of="categories"), before=arrays.counts(), after=arrays.counts())
def structural_change_nav(before: ArrayLike, after: ArrayLike) -> float:
    """NAV = ½ Σ|s₁ − s₀|: share of the whole that moved between categories, 0 to 1. Takes counts or shares."""
    before, after = np.asarray(before), np.asarray(after)
    return half_l1(to_shares(after), to_shares(before))


@takes(
    same_shape("before", "after", of="categories"),
    weights=arrays.one_of("after", "before", "mean"),
    **arrays.alike(
        ("before", "after"),
        arrays.counts(positive="the index takes logarithms: categories with zero must be merged or left out"),
    ),
)
def lilien(before: ArrayLike, after: ArrayLike, *, weights: Literal["after", "before", "mean"] = "after") -> float:
    """Lilien index σ = √Σ w (Δln x − Δln X)²: dispersion of growth over categories (Lilien 1982).

    Parameters
    ----------
    before, after : array of shape (k,)
        counts, all above zero.
    weights : {"after", "before", "mean"}
        shares that weigh the categories.
    """
    before, after = np.asarray(before), np.asarray(after)
    own = {"after": to_shares(after), "before": to_shares(before)}
    weight = own[weights] if weights in own else (own["after"] + own["before"]) / 2
    growth = np.log(after / before) - np.log(after.sum() / before.sum())
    return float(np.sqrt(weight @ growth**2))


@takes(same_shape("a", "b", of="categories"), a=arrays.shares(), b=arrays.shares())
def jensen_shannon_divergence_nats(a: ArrayLike, b: ArrayLike) -> float:
    """Jensen–Shannon divergence in nats, 0 to ln 2; the divergence itself, not its square root. Zeros are allowed."""
    a, b = np.asarray(a), np.asarray(b)
    middle = (a + b) / 2
    return max(0.0, float(sum(np.sum(x[x > 0] * np.log(x[x > 0] / middle[x > 0])) for x in (a, b)) / 2))


@takes(same_shape("a", "b", of="categories"), a=arrays.shares(), b=arrays.shares())
def hellinger(a: ArrayLike, b: ArrayLike) -> float:
    """Hellinger distance √(½ Σ(√a − √b)²), 0 to 1."""
    a, b = np.asarray(a), np.asarray(b)
    return float(np.sqrt(np.sum((np.sqrt(a) - np.sqrt(b)) ** 2) / 2))


@dataclass(frozen=True)
class LocationQuotient:
    """Location quotients with their uncertainty; arrays over categories."""

    lq: np.ndarray
    rsca: np.ndarray  # (LQ − 1)/(LQ + 1)
    se_log: np.ndarray  # standard error of ln LQ
    lower: np.ndarray
    upper: np.ndarray


@takes(
    same_shape("local", "reference", of="categories"),
    may_be_nan=(
        "a category without local persons has no standard error and no interval; one that the reference lacks has no "
        "quotient"
    ),
    local=arrays.counts(),
    reference=arrays.counts(),
    reference_fixed=arrays.flag,
    confidence=arrays.confidence,
)
def location_quotient(
    local: ArrayLike, reference: ArrayLike, *, reference_fixed: bool = False, confidence: float = 0.95
) -> LocationQuotient:
    """Location quotient 区位商 of each category, LQ = (x/Σx)/(X/ΣX) (Balassa 1965),
    with RSCA and an interval on the log scale.

    se(ln LQ)² = 1/x − 1/Σx − 1/X + 2x/(Σx X) − 1/ΣX where the local area is part of the reference;
    with the reference taken as known, 1/x − 1/Σx.

    Parameters
    ----------
    local, reference : array of shape (k,)
        counts; the reference area includes the local one unless `reference_fixed`.
    reference_fixed : bool
        whether the reference shares are taken as without error.
    confidence : float
        of the interval.

    Notes
    -----
    The error treats persons as drawn one by one. Census long forms draw whole households: it is a lower bound.
    A category without local persons has LQ 0, no standard error and no interval (nan);
    one that the reference lacks has no quotient (nan, or inf).

    Examples
    --------
    >>> q = location_quotient([30, 370], [900, 9100])
    >>> round(float(q.lq[0]), 4), round(float(q.se_log[0]), 4)
    (0.8333, 0.1726)
    """
    x, big = np.asarray(local), np.asarray(reference)
    if not reference_fixed and (x > big).any():
        place = int(np.flatnonzero(x > big)[0])
        raise BadArgument(
            "local",
            f"position {place} is {x[place]:g}, above its reference of {big[place]:g}: the reference must include the "
            "local area",
            position=place,
            value=x[place],
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        lq = (x / x.sum()) / (big / big.sum())
        variance = 1 / x - 1 / x.sum()
        if not reference_fixed:
            variance = variance - 1 / big + 2 * x / (x.sum() * big) - 1 / big.sum()
        se = np.where(x > 0, np.sqrt(np.maximum(variance, 0)), np.nan)
        z = stats.norm.ppf(0.5 + confidence / 2)
        lower, upper = np.exp(np.log(lq) - z * se), np.exp(np.log(lq) + z * se)
    return LocationQuotient(lq, (lq - 1) / (lq + 1), se, lower, upper)
