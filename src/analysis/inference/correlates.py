"""What goes with an outcome at school level: rank correlations one by one, the whole family with its correction,
and no regression."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import Refused
from analysis.inference.few_groups import holm_bh

ENUMERATE_UP_TO = 400_000  # orders; 9! = 362,880, and 3! · 8! = 241,920 within two tiers; above, orders are drawn


@lru_cache(maxsize=4)
def _orders(size: int) -> np.ndarray:
    """All orders of `size` things, one a row."""
    return np.array(list(permutations(range(size))), dtype=np.int8)


@takes(rho=arrays.real(-1, 1), n=arrays.whole(1), confidence=arrays.confidence)
def spearman_interval(rho: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a rank correlation on Fisher's scale, variance (1 + ρ²/2)/(n − 3) (Bonett & Wright 2000);
    wide at eleven schools, as it should be."""
    if n < 5:
        return -1.0, 1.0
    half = stats.norm.ppf(0.5 + confidence / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    next_to_one = 1 - 12 / (n**3 - n)  # one exchange of neighbours; at |ρ| = 1 Fisher's scale has no value
    centre = np.arctanh(np.clip(rho, -next_to_one, next_to_one))
    low, high = float(np.tanh(centre - half)), float(np.tanh(centre + half))
    return (-1.0 if rho <= -next_to_one else low), (1.0 if rho >= next_to_one else high)


@takes(
    n=arrays.whole(3, rule="three schools or more are needed"),
    level=arrays.real(0, 1, above=True, below=True, rule="write 0.05 for 5 per cent"),
)
def least_visible(n: int, level: float = 0.05) -> float:
    """Smallest |ρ| that one test of n schools tells from chance at `level`, from t = ρ √((n − 2)/(1 − ρ²))."""
    t = stats.t.ppf(1 - level / 2, n - 2)
    return float(t / np.sqrt(t**2 + n - 2))


def _ranks(x: np.ndarray, strata: np.ndarray | None) -> np.ndarray:
    """Centred ranks; within strata the mean rank of each stratum is taken away."""
    r = stats.rankdata(x)
    if strata is None:
        centred: np.ndarray = r - r.mean()
        return centred
    within: np.ndarray = r - np.array([r[strata == s].mean() for s in strata])
    return within


def _is_constant(table: pd.DataFrame, *columns: str, strata: str | None = None) -> bool:
    """Whether one of the columns does not vary, within any stratum if there are strata."""
    return any(
        (table.groupby(strata)[column].nunique().max() if strata else table[column].nunique()) < 2 for column in columns
    )


@takes(
    arrays.same_shape("x", "y", "strata", of="schools"),
    arrays.fits("draws", "x"),
    x=arrays.numbers(least=4, short="a rank correlation needs four schools"),
    y=arrays.numbers(least=4, short="a rank correlation needs four schools"),
    strata=arrays.labels("every school needs a stratum"),
    draws=arrays.draws,
    seed=arrays.seed,
)
def rank_correlation(
    x: ArrayLike, y: ArrayLike, *, strata: ArrayLike | None = None, draws: int = 19_999, seed: int = 1
) -> tuple[float, float]:
    """Spearman's ρ with its permutation p, two-sided.

    Parameters
    ----------
    x, y : array of shape (schools,)
    strata : array of shape (schools,), optional
        tiers: ranks are compared within tiers only (mean rank of each tier taken away) and permuted within tiers, so
        that a mere difference between tiers does not count.
    draws, seed : int
        orders drawn where there are more than `ENUMERATE_UP_TO`; the p then counts the observed order as one of them.

    Returns
    -------
    tuple
        ρ, p.

    Raises
    ------
    Refused
        where one side does not vary, within any stratum if there are strata.

    Examples
    --------
    >>> rho, p = rank_correlation([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0], draws=99, seed=1)
    >>> round(rho, 3), round(p, 3)
    (0.8, 0.333)
    """
    x, y = np.asarray(x), np.asarray(y)
    order = np.lexsort((y, x))  # so that drawn orders do not depend on the order of the rows
    x, y = x[order], y[order]
    labels = None if strata is None else np.asarray(strata)[order]
    a, b = _ranks(x, labels), _ranks(y, labels)
    spread = np.sqrt((a @ a) * (b @ b))
    if spread < 1e-12:
        raise Refused("one side does not vary (within any stratum): ranks that are all equal correlate with nothing")
    observed = a @ b
    members = [np.arange(x.size)] if labels is None else [np.flatnonzero(labels == s) for s in pd.unique(labels)]
    if np.prod([float(factorial(m.size)) for m in members]) <= ENUMERATE_UP_TO:
        totals = np.zeros(1)
        for m in members:
            totals = np.add.outer(totals, b[m][_orders(m.size)] @ a[m]).ravel()
        p = np.mean(np.abs(totals) >= abs(observed) - 1e-9)
    else:
        rng = np.random.default_rng(seed)
        totals = sum(rng.permuted(np.tile(b[m], (draws, 1)), axis=1) @ a[m] for m in members)
        p = (1 + np.sum(np.abs(totals) >= abs(observed) - 1e-9)) / (draws + 1)
    return float(observed / spread), float(p)


@takes(
    may_be_nan="pairs that cannot be tested",
    schools=arrays.frame(),
    outcomes=arrays.names(),
    predictors=arrays.names(),
    strata=arrays.text,
    confidence=arrays.confidence,
    draws=arrays.draws,
    seed=arrays.seed,
)
def correlate_family(
    schools: pd.DataFrame,
    outcomes: list[str],
    predictors: list[str],
    *,
    strata: str | None = None,
    confidence: float = 0.95,
    draws: int = 19_999,
    seed: int = 1,
) -> pd.DataFrame:
    """Every predictor against every outcome, each by rank correlation;
    the whole family is returned with its correction.

    Parameters
    ----------
    schools : DataFrame
        one row a school.
    outcomes, predictors : list of str
        columns; a school that misses either is left out of that pair.
    strata : str, optional
        column of tiers for the correlation within tiers.

    Returns
    -------
    DataFrame
        outcome, predictor, schools, rho, lower, upper, p, rho_within, p_within, p_holm, p_bh; nan for a pair with fewer
        than four schools or a side that does not vary; Holm and Benjamini–Hochberg over all rows that could be tested.
        A correlation is no cause; with eleven schools only |ρ| above about 0.6 could be told from chance even if it
        were the only one.
    """
    measured = arrays.alike([*outcomes, *predictors], arrays.numbers(missing=True))
    parted: dict[str, Any] = {strata: None} if strata else {}
    arrays.frame(**measured, **parted)(schools, "schools")
    rows = []
    for outcome in outcomes:
        for predictor in predictors:
            pair = schools[list(dict.fromkeys([outcome, predictor, *([strata] if strata else [])]))].dropna()
            if len(pair) < 4 or _is_constant(pair, outcome, predictor):
                rows.append((outcome, predictor, len(pair), *[np.nan] * 6))
                continue
            rho, p = rank_correlation(pair[predictor], pair[outcome], draws=draws, seed=seed)
            within = (
                rank_correlation(pair[predictor], pair[outcome], strata=pair[strata], draws=draws, seed=seed)
                if strata and not _is_constant(pair, outcome, predictor, strata=strata)
                else (np.nan, np.nan)
            )
            rows.append(
                (outcome, predictor, len(pair), rho, *spearman_interval(rho, len(pair), confidence), p, *within)
            )
    table = pd.DataFrame(
        rows, columns=["outcome", "predictor", "schools", "rho", "lower", "upper", "p", "rho_within", "p_within"]
    )
    tested = table["p"].notna()
    table[["p_holm", "p_bh"]] = np.nan
    if tested.any():
        table.loc[tested, ["p_holm", "p_bh"]] = np.column_stack(holm_bh(table.loc[tested, "p"]))
    return table
