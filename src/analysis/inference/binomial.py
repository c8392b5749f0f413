"""Models of placed among graduates, a row a school: grouped, fractional, beta-binomial and random-intercept logit,
and heterogeneity."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import (  # not statsmodels.api: it takes a second more to import
    GLM,
    GLMResults,
)
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from analysis.ground import arrays
from analysis.ground.arrays import part_of, same_rows, takes
from analysis.ground.errors import BadArgument, Refused, Separated
from analysis.inference._likelihoods import Climb, beta_binomial_terms, climb, random_intercept_terms
from analysis.inference.rates import school_logits

MODEL: dict[str, Any] = {
    "successes": arrays.counts(whole=True, zero=True),
    "trials": arrays.counts(whole=True),
    "design": arrays.design,
}
FITS = (part_of("successes", "trials"), same_rows("design", "successes"))

PRECISION = (
    np.log(1e-3),
    np.log(1e6),
)  # of ln(a + b): beyond the upper end schools vary no more than draws, and the binomial model holds
SPREAD = (np.log(1e-4), np.log(1e3))  # of ln σ: below the lower end schools do not differ
NODES = (25, 51, 101, 201)  # of the quadrature; more until nothing changes
CASES_PER_PREDICTOR = (
    10  # a rule of this house: with fewer schools a predictor, each coefficient hangs on a few of them
)


class TooFewSchools(Refused):
    """A model asks for more coefficients than the schools can carry."""


@takes(
    same_rows("matrix", "labels"), matrix=arrays.numbers(dimensions=2), labels=arrays.labels("every row needs a school")
)
def require_several(matrix: np.ndarray, labels: np.ndarray) -> None:
    """Stop where a coefficient rests on one school: it is fitted exactly there,
    and a sandwich error knows nothing of it."""
    if any(np.linalg.matrix_rank(matrix[labels != g]) < matrix.shape[1] for g in np.unique(labels)):
        raise Refused(
            "a coefficient rests on one school, which is fitted exactly: neither its sandwich error nor leaving it "
            "out says anything"
        )


@takes(
    part_of("successes", "trials"),
    same_rows("matrix", "successes"),
    successes=MODEL["successes"],
    trials=MODEL["trials"],
    matrix=arrays.numbers(dimensions=2),
)
def fit_logit(successes: np.ndarray, trials: np.ndarray, matrix: np.ndarray) -> GLMResults:
    """Grouped logit by iteratively reweighted least squares to full precision.

    Raises
    ------
    Refused
        if coefficients run away: some combination of columns separates rates of 0 or 1 from the rest.
    """
    return _finite(GLM(np.column_stack([successes, trials - successes]), matrix, family=Binomial()), matrix)


def _finite(model: GLM, matrix: np.ndarray) -> GLMResults:
    """The fit of a logit, refused where coefficients run away."""
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # it also warns, and divides by no residual, where a model with as many coefficients as schools fits exactly:
        # no fault
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fit = model.fit(tol=1e-14, maxiter=200)  # at the default tol errors have seven digits
    if not np.isfinite(fit.params).all() or np.abs(matrix @ fit.params).max() > 20:
        raise Separated("the design separates schools with a rate of 0 or 1: a coefficient is not finite")
    return fit


@dataclass(frozen=True)
class GroupedBinomial:
    """A grouped binomial model: coefficients on the logit scale with binomial and quasi-binomial errors."""

    coefficients: pd.DataFrame  # estimate, se_binomial, se_quasi, lower, upper, p (quasi, t)
    dispersion: float  # Pearson chi-square over residual degrees of freedom
    degrees_of_freedom: int
    groups: int


def _counts(successes: ArrayLike, trials: ArrayLike, design: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """k, n and the model matrix, where their coefficients exist."""
    k, n = np.asarray(successes, float), np.asarray(trials, float)
    matrix = design.to_numpy(float)
    groups, parameters = matrix.shape
    if np.linalg.matrix_rank(matrix) < parameters:
        raise Refused("the columns of the design depend on each other: their coefficients do not exist one by one")
    if groups <= parameters:
        raise Refused(f"{groups} groups leave no degree of freedom for {parameters} coefficients")
    for column in design.columns:
        member = design[column].to_numpy() != 0
        if member.any() and (k[member].sum() in (0, n[member].sum())):
            raise Separated(f"{column!r} separates the groups: all its rates are 0 or 1")
    return k, n, matrix


@takes(schools=arrays.whole(0), predictors=arrays.whole(0))
def require_cases(schools: int, predictors: int) -> None:
    """Stop at a regression with several predictors where there are fewer than ten schools for each.

    One predictor (a contrast of two tiers) passes; two or more need `CASES_PER_PREDICTOR` schools each.
    """
    if predictors > 1 and schools < CASES_PER_PREDICTOR * predictors:
        raise TooFewSchools(
            f"{predictors} predictors with {schools} schools: at least {CASES_PER_PREDICTOR * predictors} would be "
            "needed. Look at rank correlations one by one, with their family corrected "
            "(analysis.inference.correlates)"
        )


@takes(*FITS, **MODEL, confidence=arrays.confidence)
def grouped_binomial(
    successes: ArrayLike, trials: ArrayLike, design: pd.DataFrame, confidence: float = 0.95
) -> GroupedBinomial:
    """Logit model of grouped counts with Pearson dispersion and quasi-likelihood errors (McCullagh & Nelder 1989).

    logit μ = xβ, φ = Σ (k − nμ)²/(nμ(1 − μ))/(S − p), standard errors times √φ,
    t distribution with S − p degrees of freedom.

    Parameters
    ----------
    successes, trials : array of shape (groups,)
        k and n of each school. Ungrouped rows would give φ ≈ 1 whatever the schools do.
    design : DataFrame of shape (groups, p)
        model matrix with its constant.
    confidence : float
        of the intervals.

    Raises
    ------
    ValueError
        if there are no residual degrees of freedom, or a column separates the groups (a rate of exactly 0 or 1 in all
        groups that share it): the coefficient is then not finite.
    TooFewSchools
        for several predictors with fewer than ten schools each.

    Examples
    --------
    >>> m = grouped_binomial([45, 30, 66], [50, 40, 70], pd.DataFrame({"constant": [1, 1, 1]}))
    >>> round(m.coefficients.loc["constant", "estimate"], 6), round(m.dispersion, 6)
    (2.004321, 4.645657)
    """
    k, n, matrix = _counts(successes, trials, design)
    groups, parameters = matrix.shape
    require_cases(groups, int((matrix.std(0) > 0).sum()))
    fit = fit_logit(k, n, matrix)
    freedom = groups - parameters
    dispersion = float(fit.pearson_chi2 / freedom)
    if dispersion < 1e-12:
        raise Refused("the model fits every school exactly: the dispersion is zero, and no error follows from it")
    quasi = fit.bse * np.sqrt(dispersion)
    quantile = stats.t.ppf(0.5 + confidence / 2, freedom)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(fit.params / quasi), freedom)
    table = pd.DataFrame(
        {
            "estimate": fit.params,
            "se_binomial": fit.bse,
            "se_quasi": quasi,
            "lower": fit.params - quantile * quasi,
            "upper": fit.params + quantile * quasi,
            "p": p,
        },
        index=design.columns,
    )
    return GroupedBinomial(table, dispersion, freedom, groups)


@takes(
    same_rows("design", "rates", "weights"),
    rates=arrays.probabilities(),
    design=arrays.design,
    weights=arrays.counts(positive="every school needs a weight above zero"),
)
def fractional_logit(rates: ArrayLike, design: pd.DataFrame, weights: ArrayLike | None = None) -> pd.DataFrame:
    """Fractional logit by quasi-likelihood, E[y|x] = Λ(xβ), with sandwich errors HC0 (Papke & Wooldridge 1996).

    Parameters
    ----------
    rates : array of shape (schools,)
        proportions in [0, 1], with or without known denominators.
    design : DataFrame of shape (schools, p)
    weights : array of shape (schools,), optional
        n of each school: β is then that of the grouped binomial model.

    Returns
    -------
    DataFrame
        estimate, se (HC0; far too small with six to eleven schools: read a permutation test beside it).
    """
    y, matrix = np.asarray(rates), design.to_numpy(float)
    require_cases(len(y), int((matrix.std(0) > 0).sum()))
    require_several(matrix, np.arange(len(y)))
    w = np.ones_like(y) if weights is None else np.asarray(weights, float)
    fit = _finite(GLM(y, matrix, family=Binomial(), var_weights=w), matrix)
    mu = fit.fittedvalues
    bread = np.linalg.inv((matrix * (w * mu * (1 - mu))[:, None]).T @ matrix)
    score = matrix * (w * (y - mu))[:, None]
    return pd.DataFrame(
        {"estimate": fit.params, "se": np.sqrt(np.diag(bread @ (score.T @ score) @ bread))}, index=design.columns
    )


@dataclass(frozen=True)
class BetaBinomial:
    """A beta-binomial model: mean on the logit scale, correlation of graduates within a school, log-likelihood."""

    coefficients: pd.DataFrame  # estimate, se on the logit scale
    rho: float  # 1/(a + b + 1); 0 where schools vary no more than draws
    precision: float  # a + b, inf where rho is 0
    loglik: float
    covariance: np.ndarray  # of (coefficients, ln precision); nan at the boundary


@takes(
    *FITS, may_be_nan="the precision is infinite and its covariance nan where schools vary no more than draws", **MODEL
)
def beta_binomial(successes: ArrayLike, trials: ArrayLike, design: pd.DataFrame) -> BetaBinomial:
    """Beta-binomial model by maximum likelihood, k ~ BetaBin(n, a, b), a/(a + b) = Λ(xβ), one a + b (Skellam 1948;
    Williams 1975).

    Parameters
    ----------
    successes, trials : array of shape (schools,)
    design : DataFrame of shape (schools, p)

    Returns
    -------
    BetaBinomial
        ρ = 1/(a + b + 1). Where schools vary no more than binomial draws the likelihood rises towards ρ = 0: the
        binomial model is returned, with ρ = 0 and a precision of inf.

    Notes
    -----
    Valid for schools that are draws from one population;
    errors come from the curvature and are too small with few schools.
    """
    k, n, x = _counts(successes, trials, design)
    require_cases(len(k), int((x.std(0) > 0).sum()))
    plain = fit_logit(k, n, x)
    binomial = float(stats.binom.logpmf(k, n, plain.fittedvalues).sum())
    freedom = max(len(k) - x.shape[1], 1)
    start = np.append(plain.params, np.log(max(np.mean(n) / max(plain.pearson_chi2 / freedom - 1, 0.05), 0.5)))
    found = climb(lambda theta, _: beta_binomial_terms(theta, k[None], n, x), start[None], PRECISION)
    if found.theta[0, -1] >= PRECISION[1] or (found.settled[0] and found.terms.value[0] <= binomial):
        table = pd.DataFrame({"estimate": plain.params, "se": plain.bse}, index=design.columns)
        return BetaBinomial(table, 0.0, np.inf, binomial, np.full((x.shape[1] + 1,) * 2, np.nan))
    covariance = _covariance(found)
    theta = found.theta[0]
    size = float(np.exp(theta[-1]))
    table = pd.DataFrame({"estimate": theta[:-1], "se": np.sqrt(np.diag(covariance))[:-1]}, index=design.columns)
    return BetaBinomial(table, 1 / (size + 1), size, float(found.terms.value[0]), covariance)


def _covariance(found: Climb) -> np.ndarray:
    """Inverse information at the top of a single climb; without a top there is no answer."""
    if not found.settled[0] or np.linalg.eigvalsh(found.terms.information[0])[0] <= 0:
        raise Refused(
            f"the likelihood has no top here: its gradient is {np.abs(found.terms.gradient[0]).max():.2g} where the "
            "climb ended"
        )
    return np.linalg.inv(found.terms.information[0])


@dataclass(frozen=True)
class RandomIntercept:
    """A random-intercept logit: coefficients, standard deviation of schools on the logit scale, log-likelihood."""

    coefficients: pd.DataFrame  # estimate, se
    sigma: float
    loglik: float


@takes(*FITS, same_rows("design", "groups"), **MODEL, groups=arrays.labels("every row needs a school"))
def random_intercept_logit(
    successes: ArrayLike, trials: ArrayLike, design: pd.DataFrame, groups: ArrayLike | None = None
) -> RandomIntercept:
    """Logit with a normal intercept for each school, by maximum likelihood (Pinheiro & Bates 1995).

    logit μ_si = x_si β + u_s, u_s ~ N(0, σ²). The likelihood is integrated by adaptive Gauss–Hermite quadrature with as
    many nodes (`NODES`) as it takes for more to change nothing: σ, coefficients and errors then are those of the
    integral to nine digits.

    Parameters
    ----------
    successes, trials : array of shape (rows,)
    design : DataFrame of shape (rows, p)
    groups : array of shape (rows,), optional
        school of each row; every row its own school if not given.

    Raises
    ------
    Refused
        where the climb finds no top with a zero gradient, or where even the most nodes do not integrate the likelihood.

    Notes
    -----
    statsmodels' variational fit gives errors many times too small here and is not used. σ and the errors are those of
    maximum likelihood: with eleven schools both are too small.
    """
    k, n, x = _counts(successes, trials, design)
    labels = None if groups is None else pd.factorize(np.asarray(groups))[0]
    require_cases(
        len(k) if labels is None else int(labels.max() + 1), int((x.std(0) > 0).sum()) if groups is None else 1
    )
    plain = fit_logit(k, n, x)

    def top(start: np.ndarray, points: int) -> Climb:
        return climb(
            lambda theta, _: random_intercept_terms(theta, k[None], n, x, labels, points=points), start[None], SPREAD
        )

    starts = [top(np.append(plain.params, np.log(s)), NODES[0]) for s in (0.3, 1.0)]
    best = max(starts, key=lambda f: f.terms.value[0])
    if best.theta[0, -1] <= SPREAD[0]:  # the likelihood has its top at σ = 0
        return RandomIntercept(
            pd.DataFrame({"estimate": plain.params, "se": plain.bse}, index=design.columns),
            0.0,
            float(stats.binom.logpmf(k, n, plain.fittedvalues).sum()),
        )
    for points in NODES[1:]:
        before, best = best, top(best.theta[0], points)
        moved = max(np.abs(best.theta - before.theta).max(), abs(best.terms.value[0] - before.terms.value[0]))
        if moved < 1e-10:
            break
    else:
        raise Refused(
            f"quadrature with {NODES[-2]} and {NODES[-1]} nodes differs by {moved:.3g}: schools differ too much (σ "
            f"about {np.exp(best.theta[0, -1]):.1f}) for a normal intercept to be integrated"
        )
    table = pd.DataFrame(
        {"estimate": best.theta[0, :-1], "se": np.sqrt(np.diag(_covariance(best)))[:-1]}, index=design.columns
    )
    return RandomIntercept(table, float(np.exp(best.theta[0, -1])), float(best.terms.value[0]))


@dataclass(frozen=True)
class Heterogeneity:
    """How much schools differ beyond their binomial errors, on the logit scale."""

    q: float
    degrees_of_freedom: int
    p: float
    tau2: float  # DerSimonian–Laird
    i2: float  # share of Q that is more than its expectation, 0 to 1


@takes(part_of("successes", "trials"), successes=MODEL["successes"], trials=MODEL["trials"])
def heterogeneity(successes: ArrayLike, trials: ArrayLike) -> Heterogeneity:
    """Cochran's Q, τ² (DerSimonian & Laird 1986) and I² (Higgins & Thompson 2002) of school logits.

    w = 1/(1/k + 1/(n − k)), Q = Σ w (θ − θ̄)², τ² = max(0, (Q − df)/(Σw − Σw²/Σw)), I² = max(0, (Q − df)/Q).

    Schools with a rate of 0 or 1 get half a case on either side (Haldane–Anscombe); only those. τ² lies below the
    variance of school logits, because schools near one half weigh more; `random_intercept_logit` estimates that
    variance.
    """
    k, n = np.asarray(successes), np.asarray(trials)
    if k.size < 2:
        raise BadArgument("successes", "two schools or more are needed", value=k.size)
    effect, edge = school_logits(k, n), 0.5 * ((k <= 0) | (k >= n))
    weight = 1 / (1 / (k + edge) + 1 / (n - k + edge))
    freedom = k.size - 1
    q = float(np.sum(weight * (effect - np.average(effect, weights=weight)) ** 2))
    tau2 = max(0.0, (q - freedom) / (weight.sum() - (weight**2).sum() / weight.sum()))
    return Heterogeneity(
        q, freedom, float(stats.chi2.sf(q, freedom)), float(tau2), max(0.0, (q - freedom) / q) if q > 0 else 0.0
    )


@takes(part_of("successes", "trials"), successes=MODEL["successes"], trials=MODEL["trials"])
def level_and_spread(successes: ArrayLike, trials: ArrayLike) -> tuple[float, float]:
    """Mean and standard deviation of school logits, for a simulation of schools like these.

    By a random-intercept logit; where everybody is placed, or nobody, it has no answer, and logits with half a case on
    either side give both.
    """
    k, n = np.asarray(successes), np.asarray(trials)
    try:
        fit = random_intercept_logit(k, n, pd.DataFrame({"constant": np.ones(k.size)}))
    except Separated:
        logits = school_logits(k, n)
        return float(logits.mean()), float(logits.std(ddof=1)) if k.size > 1 else 0.0
    return float(fit.coefficients["estimate"].iloc[0]), fit.sigma
