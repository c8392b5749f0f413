"""Relatedness of specialties 专业邻近度, for the question which specialty a school or city could add;
always beside a baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument, Refused


@takes(may_be_nan="an empty column has none", table=arrays.counts(dimensions=2, flags=True))
def revealed_advantage(table: ArrayLike) -> np.ndarray:
    """RCA of each cell, (x_cp/x_c)/(x_p/x) (Balassa 1965); 0 for empty rows, nan for empty columns.

    Parameters
    ----------
    table : array of shape (cities, specialties)

    Examples
    --------
    >>> revealed_advantage([[10, 0], [5, 15]]).round(3).tolist()
    [[2.0, 0.0], [0.5, 1.5]]
    """
    x = np.asarray(table)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(x.sum(1, keepdims=True) > 0, x / x.sum(1, keepdims=True), 0.0)
        quotient: np.ndarray = own / (x.sum(0) / x.sum())
        return quotient


@dataclass(frozen=True)
class ProximityDensity:
    """Presence (RCA ≥ 1), proximity of specialties, and density around each specialty in each city."""

    present: np.ndarray  # (cities, specialties), 0 or 1
    proximity: np.ndarray  # (specialties, specialties)
    density: np.ndarray  # (cities, specialties), nan for a specialty near none


@takes(
    may_be_nan="density of a specialty near none", table=arrays.counts(dimensions=2, flags=True), own=arrays.real(0, 1)
)
def proximity_density(table: ArrayLike, *, own: float = 0.0) -> ProximityDensity:
    """Proximity 邻近度 and density 密度 of specialties (Hidalgo et al. 2007).

    φ_pq = Σ_c M_cp M_cq / max(Σ_c M_cp, Σ_c M_cq); ω_cp = Σ_q M_cq φ_pq / Σ_q φ_pq.

    Parameters
    ----------
    table : array of shape (cities or schools, specialties)
    own : {0, 1}
        φ_pp; density is nan for a specialty that is near none. Published programs differ; in the worked example one
        cell's density is 1.0 with 0 and 0.333 with 1.

    Notes
    -----
    Density is popularity in disguise and recommends more of the same: show a popularity baseline (`evaluate_entries`),
    and nothing at all below about fifty cities.
    """
    if own not in (0, 1):
        raise BadArgument("own", f"own is {own:g}; the proximity of a specialty to itself is 0 or 1", value=own)
    present = (np.nan_to_num(revealed_advantage(table), nan=0.0) >= 1).astype(float)
    together = present.T @ present
    ubiquity = np.diag(together)
    larger = np.maximum.outer(ubiquity, ubiquity)
    proximity = np.divide(together, larger, out=np.zeros_like(together), where=larger > 0)
    np.fill_diagonal(proximity, own * (ubiquity > 0))
    around = proximity.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(around > 0, (present @ proximity) / around, np.nan)
    return ProximityDensity(present, proximity, density)


@dataclass(frozen=True)
class SkillRelatedness:
    """Flows over what margins would give, and the same on a scale from −1 to 1."""

    ratio: np.ndarray
    normalised: np.ndarray
    se_log: np.ndarray


@takes(may_be_nan="an empty row or column has none, an empty cell no error", flows=arrays.counts(dimensions=2))
def skill_relatedness(flows: ArrayLike) -> SkillRelatedness:
    """Skill relatedness 技能相关度, SR = F_ij F / (F_i F_j), normalised (SR − 1)/(SR + 1) (Neffke and Henning 2013).

    Parameters
    ----------
    flows : array of shape (k, k) or (specialties, industries)
        job moves or graduates; a diagonal of stayers must be taken out (set to 0) before.

    Returns
    -------
    SkillRelatedness
        nan where a row or column is empty; `se_log` is the error of ln SR as of a location quotient,
        nan for empty cells.
    """
    x = np.asarray(flows)
    rows, columns, n = x.sum(1, keepdims=True), x.sum(0, keepdims=True), x.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = x * n / (rows * columns)
        variance = 1 / x - 1 / rows - 1 / columns + 2 * x / (rows * columns) - 1 / n
        se = np.where(x > 0, np.sqrt(np.maximum(variance, 0)), np.nan)
    return SkillRelatedness(ratio, (ratio - 1) / (ratio + 1), se)


@dataclass(frozen=True)
class EntryEvaluation:
    """How well a score foretells entries, beside popularity: area under the ROC curve,
    and precision among the first k."""

    auc: float
    auc_baseline: float
    precision: float
    precision_baseline: float
    candidates: int
    entries: int
    excluded: int  # empty cells without a score, which neither ranking holds


@takes(
    before=arrays.counts(dimensions=2, flags=True),
    after=arrays.counts(dimensions=2, flags=True),
    score=arrays.numbers(dimensions=2, missing=True),
    k=arrays.whole(rule="it lies from 1 to the number of candidates"),
)
def evaluate_entries(before: ArrayLike, after: ArrayLike, score: ArrayLike, *, k: int = 10) -> EntryEvaluation:
    """Out-of-sample evaluation of a recommendation: cells empty before are candidates, those filled after are entries.

    The baseline is popularity: the number of other cities that offer the specialty before.

    Parameters
    ----------
    before, after : array of shape (cities, specialties)
        offers in two years.
    score : array of shape (cities, specialties)
        made from `before` only, for instance density; nan where there is none.
    k : int
        how many first recommendations are looked at, from 1 to the number of candidates;
        a tie across the k-th place counts by its mean.

    Raises
    ------
    Refused
        if nobody entered, or everybody: nothing can be evaluated.
    """
    x, y, s = np.asarray(before) > 0, np.asarray(after) > 0, np.asarray(score)
    if not x.shape == y.shape == s.shape:
        raise BadArgument(
            "score" if x.shape == y.shape else "after",
            f"before is {x.shape}, after {y.shape}, score {s.shape}; they must agree",
            value=s.shape,
        )
    open_ = ~x & ~np.isnan(s)
    entered = y[open_]
    if not entered.any() or entered.all():
        raise Refused(f"{int(entered.sum())} of {entered.size} candidates entered; a ranking needs both kinds")
    if not 1 <= k <= entered.size:
        raise BadArgument("k", f"k is {k}; there are {entered.size} candidates", value=k)
    popularity = np.broadcast_to(x.sum(0), x.shape)[open_].astype(float)

    def auc(values: np.ndarray) -> float:
        return float(
            stats.mannwhitneyu(values[entered], values[~entered]).statistic / (entered.sum() * (~entered).sum())
        )

    def first(values: np.ndarray) -> float:
        edge = np.sort(values)[-k]
        above, tied = values > edge, values == edge
        return float((entered[above].sum() + (k - above.sum()) * entered[tied].mean()) / k)

    return EntryEvaluation(
        auc(s[open_]),
        auc(popularity),
        first(s[open_]),
        first(popularity),
        int(open_.sum()),
        int(entered.sum()),
        int((~x).sum() - open_.sum()),
    )
