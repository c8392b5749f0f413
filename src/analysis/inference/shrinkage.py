"""Partial pooling of school rates, with the rank interval without which no rank may be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from analysis.ground import arrays
from analysis.ground.arrays import fits, part_of, takes
from analysis.ground.errors import Separated
from analysis.inference.binomial import BetaBinomial, beta_binomial

SCHOOLS = {
    "successes": arrays.counts(whole=True, zero=True),
    "trials": arrays.counts(whole=True),
    "confidence": arrays.confidence,
    "draws": arrays.draws,
    "seed": arrays.seed,
}


@dataclass(frozen=True)
class Shrunk:
    """Shrunk rates of schools with intervals of rate and rank, and what a new school might show."""

    schools: pd.DataFrame  # rate, shrunk, lower, upper, rank_lower, rank_upper
    model: BetaBinomial
    new_school: tuple[float, float]


@takes(
    part_of("successes", "trials"),
    fits("draws", "successes"),
    may_be_nan="the precision of the population is infinite where schools vary no more than draws",
    **SCHOOLS,
)
def empirical_bayes(
    successes: ArrayLike, trials: ArrayLike, *, confidence: float = 0.95, draws: int = 20_000, seed: int = 1
) -> Shrunk:
    """Empirical-Bayes rates of schools from a beta-binomial population, with rank intervals by simulation.

    Posterior of a school Beta(k + a, n − k + b) (Efron & Morris 1975); shrunk rate: its mean. Draws take the logit of
    the mean and ln(a + b) from their likelihood on a grid (flat from −3 to 14), so that intervals hold the uncertainty
    of the population too; ranks are taken within each draw (Goldstein & Spiegelhalter 1996), 1 is the largest rate.

    Parameters
    ----------
    successes, trials : array of shape (schools,)
    confidence : float
        of all intervals.
    draws, seed : int
        of the simulation.

    Returns
    -------
    Shrunk
        where schools differ no more than draws do (ρ near 0) all shrunk rates lie near the pooled one, every rank is
        open, and the precision of the model may be inf.

    Examples
    --------
    >>> k, n = np.array([5, 9, 2, 8]), np.array([10, 10, 10, 10])
    >>> empirical_bayes(k, n, draws=200, seed=1).schools["shrunk"].round(2).tolist()
    [0.55, 0.78, 0.38, 0.71]
    """
    k, n = np.asarray(successes, float), np.asarray(trials, float)
    model = beta_binomial(k, n, pd.DataFrame({"constant": np.ones(k.size)}))
    uniform = np.random.default_rng(seed).random(
        (4 + k.size, draws)
    )  # every draw by an inverse distribution function: a last bit more or less moves no draw after it
    centre = model.coefficients["estimate"].iloc[0]
    grid = [
        np.linspace(centre - 6, centre + 6, 361),
        np.linspace(-3, 14, 341),
    ]  # logit of the mean; ln(a + b), whose upper end is a population without spread
    at_mean, at_size = (g.ravel() for g in np.meshgrid(*grid, indexing="ij"))
    a, b = special.expit(at_mean) * np.exp(at_size), special.expit(-at_mean) * np.exp(at_size)
    logs = (special.betaln(k[:, None] + a, (n - k)[:, None] + b) - special.betaln(a, b)).sum(0)
    weight = np.exp(logs - logs.max())
    cumulated = np.cumsum(weight)
    chosen = np.searchsorted(cumulated, uniform[0] * cumulated[-1], side="right")
    jitter = [(g[1] - g[0]) * (u - 0.5) for g, u in zip(grid, uniform[1:3])]  # within the cell of the grid
    mu, sizes = special.expit(at_mean[chosen] + jitter[0])[:, None], np.exp(at_size[chosen] + jitter[1])[:, None]
    posterior = special.betaincinv(k + mu * sizes, n - k + (1 - mu) * sizes, uniform[4:].T)
    ranks = k.size - posterior.argsort(1).argsort(1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(posterior, [tail, 1 - tail], axis=0)
    rank_low, rank_high = np.quantile(ranks, [tail, 1 - tail], axis=0, method="inverted_cdf")
    new = special.betaincinv(np.maximum(mu * sizes, 1e-12), np.maximum((1 - mu) * sizes, 1e-12), uniform[3][:, None])
    table = pd.DataFrame(
        {
            "rate": k / n,
            "shrunk": posterior.mean(0),
            "lower": low,
            "upper": high,
            "rank_lower": rank_low.astype(int),
            "rank_upper": rank_high.astype(int),
        }
    )
    new_low, new_high = np.quantile(new, [tail, 1 - tail])
    return Shrunk(table, model, (float(new_low), float(new_high)))


@dataclass(frozen=True)
class PooledRates:
    """Rates of schools pulled towards their population, with intervals of rate and rank.

    `kind` is the sort of reason where there is no such population, or "".
    """

    schools: pd.DataFrame  # rate, shrunk, lower, upper, rank_lower, rank_upper
    new_school: tuple[float, float]
    kind: str


@takes(
    part_of("successes", "trials"), may_be_nan="nothing can be shrunk where everybody is placed, or nobody", **SCHOOLS
)
def pool_rates(
    successes: ArrayLike, trials: ArrayLike, *, confidence: float = 0.95, draws: int = 20_000, seed: int = 1
) -> PooledRates:
    """`empirical_bayes`, or what is left where there is no population: rates, no intervals (nan), every rank open."""
    try:
        found = empirical_bayes(successes, trials, confidence=confidence, draws=draws, seed=seed)
    except Separated as reason:  # said in the table, where the numbers would stand
        rate = np.asarray(successes) / np.asarray(trials)
        unknown = dict.fromkeys(["shrunk", "lower", "upper"], np.nan)
        table = pd.DataFrame({"rate": rate, **unknown, "rank_lower": 1, "rank_upper": rate.size})
        return PooledRates(table, (np.nan, np.nan), reason.kind)
    return PooledRates(found.schools, found.new_school, "")
