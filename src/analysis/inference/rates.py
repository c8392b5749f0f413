"""Rates of schools: definitions, checks, intervals, and the grouped binomial model with its dispersion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM  # not statsmodels.api: it takes a second more to import
from statsmodels.stats.proportion import proportion_confint


def placement_quadruple(graduates: float, placed: float, further_study: float, sector_classified: float = np.nan) -> dict[str, float]:
    """The four rates that only say something together.

    headline = P/N; further_study_share = F/N; placement_excluding_study = (P − F)/(N − F); sector_classified = E/(N − F).

    Parameters
    ----------
    graduates, placed, further_study : float
        N, P and F, persons; F counts as placed in the headline.
    sector_classified : float
        E, graduates in work whose sector is known; nan where not printed.

    Returns
    -------
    dict
        rates between 0 and 1; nan where numerator and denominator contradict each other (F > P, P > N), because no rate
        follows from such figures.

    Examples
    --------
    >>> {k: round(v, 4) for k, v in placement_quadruple(200, 180, 60, 90).items()}
    {'headline': 0.9, 'further_study_share': 0.3, 'placement_excluding_study': 0.8571, 'sector_classified': 0.6429}
    """
    n, p, f, e = graduates, placed, further_study, sector_classified
    market = n - f
    return {
        "headline": p / n if 0 <= p <= n and n > 0 else np.nan,
        "further_study_share": f / n if 0 <= f <= n and n > 0 else np.nan,
        "placement_excluding_study": (p - f) / market if 0 <= f <= p <= n and market > 0 else np.nan,
        "sector_classified": e / market if 0 <= e <= market and market > 0 else np.nan,
    }


def placement_checks(schools: pd.DataFrame) -> pd.DataFrame:
    """Which schools print figures that cannot all be true.

    Parameters
    ----------
    schools : DataFrame
        columns `graduates`, `placed`, `further_study`.

    Returns
    -------
    DataFrame
        one row a broken rule: school, rule, left and right side.
    """
    rules = {"further study ≤ graduates": ("further_study", "graduates"), "further study ≤ placed": ("further_study", "placed"), "placed ≤ graduates": ("placed", "graduates")}
    rows = [
        {"entity": entity, "rule": rule, "left": row[left], "right": row[right]}
        for rule, (left, right) in rules.items() for entity, row in schools.iterrows() if row[left] > row[right]
    ]
    return pd.DataFrame(rows, columns=["entity", "rule", "left", "right"])


def wilson_interval(successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson interval of a proportion (Brown, Cai & DasGupta 2001). Treats graduates as independent: a lower bound of the spread."""
    low, high = proportion_confint(np.asarray(successes), np.asarray(trials), alpha=1 - confidence, method="wilson")
    return np.asarray(low), np.asarray(high)


@dataclass(frozen=True)
class GroupedBinomial:
    """A grouped binomial model: coefficients on the logit scale with binomial and quasi-binomial errors."""

    coefficients: pd.DataFrame  # estimate, se_binomial, se_quasi, lower, upper
    dispersion: float  # Pearson chi-square over residual degrees of freedom
    degrees_of_freedom: int
    groups: int


def grouped_binomial(successes: ArrayLike, trials: ArrayLike, design: pd.DataFrame, confidence: float = 0.95) -> GroupedBinomial:
    """Logit model of grouped counts with Pearson dispersion and quasi-likelihood errors (McCullagh & Nelder 1989).

    logit μ = xβ, φ = Σ (k − nμ)²/(nμ(1 − μ))/(S − p), standard errors times √φ, t distribution with S − p degrees of freedom.

    Parameters
    ----------
    successes, trials : array of shape (groups,)
        k and n of each school.
    design : DataFrame of shape (groups, p)
        model matrix with its constant.
    confidence : float
        of the intervals.

    Raises
    ------
    ValueError
        if there are no residual degrees of freedom, or a column separates the groups (a rate of exactly 0 or 1 in all groups
        that share it): the coefficient is then not finite.

    Examples
    --------
    >>> m = grouped_binomial([45, 30, 66], [50, 40, 70], pd.DataFrame({"constant": [1, 1, 1]}))
    >>> round(m.coefficients.loc["constant", "estimate"], 6), round(m.dispersion, 6)
    (2.004321, 4.645657)
    """
    k, n = np.asarray(successes, float), np.asarray(trials, float)
    matrix = design.to_numpy(float)
    groups, parameters = matrix.shape
    if not (k.size == n.size == groups):
        raise ValueError(f"{k.size} successes, {n.size} trials and {groups} rows of the design")
    if (k < 0).any() or (k > n).any() or (n <= 0).any():
        raise ValueError("every group needs 0 <= successes <= trials, and trials above zero")
    if groups <= parameters:
        raise ValueError(f"{groups} groups leave no degree of freedom for {parameters} coefficients")
    for column in design.columns:
        member = design[column].to_numpy() != 0
        if member.any() and (k[member].sum() in (0, n[member].sum())):
            raise ValueError(f"{column!r} separates the groups: all its rates are 0 or 1")
    fit = GLM(np.column_stack([k, n - k]), matrix, family=Binomial()).fit(tol=1e-14, maxiter=200)
    freedom = groups - parameters
    dispersion = float(fit.pearson_chi2 / freedom)
    quasi = fit.bse * np.sqrt(dispersion)
    quantile = stats.t.ppf(0.5 + confidence / 2, freedom)
    table = pd.DataFrame(
        {"estimate": fit.params, "se_binomial": fit.bse, "se_quasi": quasi, "lower": fit.params - quantile * quasi, "upper": fit.params + quantile * quasi},
        index=design.columns,
    )
    return GroupedBinomial(table, dispersion, freedom, groups)


def leave_one_out_permutation(values: pd.Series, first: pd.Series) -> pd.DataFrame:
    """Difference and exact p of `exact_permutation_two_groups` with each school left out in turn; index is the school left out.

    A school that is alone in its group cannot be left out and has no row.
    """
    size = first.groupby(first).transform("size")
    rows = {left: exact_permutation_two_groups(values.drop(left), first.drop(left))[:2] for left in values.index[size > 1]}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["difference", "p"])


def exact_permutation_two_groups(values: ArrayLike, first: ArrayLike) -> tuple[float, float, int]:
    """Difference of group means with its exact permutation p (two-sided, by |difference|), and the number of arrangements.

    Parameters
    ----------
    values : array of shape (groups,)
        one value a school (a rate, a logit).
    first : array of bool
        which schools form the first group.

    Notes
    -----
    Every assignment of the labels is enumerated, so the test holds its size with any number of schools; with 3 against 8
    the smallest p is 1/165.

    Examples
    --------
    >>> exact_permutation_two_groups([3, 4, 1, 2], [True, True, False, False])
    (2.0, 0.3333333333333333, 6)
    """
    from itertools import combinations
    from math import comb

    x, member = np.asarray(values, float), np.asarray(first, bool)
    size, count = int(member.sum()), x.size
    if not 0 < size < count or not np.isfinite(x).all():
        raise ValueError("two groups with finite values are needed")
    arrangements = comb(count, size)
    if arrangements > 200_000:
        raise ValueError(f"{arrangements} arrangements are too many to enumerate")
    observed = x[member].mean() - x[~member].mean()
    sums = np.array([x[list(c)].sum() for c in combinations(range(count), size)])
    differences = sums / size - (x.sum() - sums) / (count - size)
    extreme = int((np.abs(differences) >= abs(observed) - 1e-12).sum())
    return float(observed), extreme / arrangements, arrangements
