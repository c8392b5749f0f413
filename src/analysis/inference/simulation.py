"""How often tests reject when nothing differs, at the design at hand:
a few schools of unequal size that differ among themselves.

Each test is computed for all draws at once from its closed form for two groups; tests of the project compare them with
the public functions, draw by draw. A draw in which a test has no answer (a tier in which everybody was placed) counts
as failed, not as a rejection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special, stats

from analysis.ground import arrays
from analysis.ground.arrays import fits, takes, two_groups
from analysis.ground.errors import BadArgument
from analysis.inference._likelihoods import Climb, beta_binomial_terms, climb, random_intercept_terms
from analysis.inference.binomial import PRECISION, SPREAD
from analysis.inference.few_groups import label_arrangements
from analysis.inference.rates import proportion_interval, school_logits

NO_ANSWER = "a draw in which a test has no answer"
PLACED, GRADUATES, LOGIT, SIGMA = (
    arrays.counts(dimensions=2, whole=True, zero=True),
    arrays.counts(whole=True, positive="every school needs graduates"),
    arrays.real(-50, 50),
    arrays.real(0, 50),
)
LEVEL = arrays.real(0, 1, above=True, below=True, rule="write 0.05 for 5 per cent")
MOST_SCHOOLS = 13  # patterns of signs are enumerated


def _draw_logits(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Standard normal numbers by the inverse distribution function of uniform ones: a last bit more or less in a
    logarithm moves a last bit here, and no draw after it."""
    drawn: np.ndarray = special.ndtri(rng.random(shape))
    return drawn


def _draw_placed(rng: np.random.Generator, n: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Binomial counts of shape `p` by the inverse distribution function of uniform numbers."""
    counts: np.ndarray = stats.binom.ppf(rng.random(p.shape), n, p)
    return counts


def _design(given: dict[str, Any]) -> None:
    """A column of counts a school, two groups, few enough schools for every pattern of signs."""
    k: Any = given.get("k", given.get("k_before"))
    n: np.ndarray = given["n"] if "n" in given else given["trials"]
    first: np.ndarray | None = given.get("first")
    if n.size > MOST_SCHOOLS:
        raise BadArgument(
            "n" if "n" in given else "trials",
            f"{n.size} schools; patterns are enumerated up to {MOST_SCHOOLS}",
            value=n.size,
        )
    for argument, other in (("k", k), ("k_after", given.get("k_after")), ("first", first)):
        if other is not None and (other.shape[-1:] != n.shape or (argument == "k_after" and other.shape != k.shape)):
            raise BadArgument(
                argument if argument in given else "k_before",
                f"its shape is {other.shape}, there are {n.size} schools",
                value=other.shape,
            )
        if other is not None and argument != "first" and (other > n).any():
            place = tuple(int(i) for i in np.argwhere(other > n)[0])
            raise BadArgument(
                argument if argument in given else "k_before",
                f"position {place} is {other[place]:g} of {n[place[-1]]:g}; nobody can be placed twice",
                position=place,
                value=other[place],
            )
    if first is not None:
        two_groups("first")(given)


def _spreads(given: dict[str, Any]) -> None:
    """One spread, or one a school."""
    if given["sigma"].ndim and given["sigma"].shape != given["trials"].shape:
        raise BadArgument(
            "sigma",
            f"sigma has {given['sigma'].size} entries, there are {given['trials'].size} schools; one, or one a school",
            value=given["sigma"].shape,
        )


of_two_tiers = takes(_design, may_be_nan=NO_ANSWER, k=PLACED, n=GRADUATES, first=arrays.flags())


@takes(
    fits("draws", "trials"),
    _spreads,
    trials=GRADUATES,
    mean_logit=LOGIT,
    sigma=arrays.numbers(dimensions=(0, 1), low=0, high=50),
    draws=arrays.draws,
    rng=arrays.generator,
)
def draw_counts(trials: ArrayLike, mean_logit: float, sigma: float, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Placed of each school, shape (draws, schools): binomial around school probabilities Λ(μ + σu), u standard normal,
    no tier effect."""
    n = np.asarray(trials, float)
    return _draw_placed(rng, n, special.expit(mean_logit + sigma * _draw_logits(rng, (draws, n.size))))


def _sums(k: np.ndarray, n: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, float]:
    return k[:, member].sum(1), n[member].sum()


def _pooled(k: np.ndarray, n: np.ndarray, first: np.ndarray) -> tuple[list[np.ndarray], list[float]]:
    (k1, n1), (k2, n2) = _sums(k, n, first), _sums(k, n, ~first)
    return [k1 / n1, k2 / n2], [n1, n2]


@of_two_tiers
def two_proportions(k: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Two-proportion z (= chi-square) test over graduates."""
    (p1, p2), (n1, n2) = _pooled(k, n, first)
    p = (p1 * n1 + p2 * n2) / (n1 + n2)
    found: np.ndarray = 2 * stats.norm.sf(np.abs(p1 - p2) / np.sqrt(p * (1 - p) * (1 / n1 + 1 / n2)))
    return found


@of_two_tiers
def quasi_binomial(k: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Grouped logit with Pearson dispersion, t(S − 2)."""
    (p1, p2), (n1, n2) = _pooled(k, n, first)
    fitted = n * np.where(first, p1[:, None], p2[:, None])
    chi = ((k - fitted) ** 2 / (fitted * (1 - fitted / n))).sum(1)
    freedom = n.size - 2
    error = np.sqrt(chi / freedom * (1 / (n1 * p1 * (1 - p1)) + 1 / (n2 * p2 * (1 - p2))))
    found: np.ndarray = 2 * stats.t.sf(np.abs(special.logit(p1) - special.logit(p2)) / error, freedom)
    return found


@of_two_tiers
def cluster_robust(k: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Logit with CR1 errors clustered by school, t(G − 1)."""
    (p1, p2), (n1, n2) = _pooled(k, n, first)
    scores = (k - n * np.where(first, p1[:, None], p2[:, None])) ** 2
    variance = (
        scores[:, first].sum(1) / (n1 * p1 * (1 - p1)) ** 2 + scores[:, ~first].sum(1) / (n2 * p2 * (1 - p2)) ** 2
    )
    factor = n.size / (n.size - 1) * (n.sum() - 1) / (n.sum() - 2)
    found: np.ndarray = 2 * stats.t.sf(
        np.abs(special.logit(p1) - special.logit(p2)) / np.sqrt(factor * variance), n.size - 1
    )
    return found


@of_two_tiers
def jackknife(k: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Logit with CR3 errors, every school left out in turn, t(G − 1)."""
    (p1, p2), (n1, n2) = _pooled(k, n, first)
    beta = special.logit(p1) - special.logit(p2)
    squares = np.zeros(len(k))
    for g in range(n.size):
        own, total, other = (p1, n1, p2) if first[g] else (p2, n2, p1)
        without = special.logit((own * total - k[:, g]) / (total - n[g])) - special.logit(other)
        squares += ((without if first[g] else -without) - beta) ** 2
    found: np.ndarray = 2 * stats.t.sf(np.abs(beta) / np.sqrt((n.size - 1) / n.size * squares), n.size - 1)
    return found


@of_two_tiers
def welch_logits(k: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Welch t test on school logits."""
    logits = school_logits(k, n)
    means, spreads, sizes = zip(
        *((part.mean(1), _spread(part), part.shape[1]) for part in (logits[:, first], logits[:, ~first]))
    )
    found: np.ndarray = stats.ttest_ind_from_stats(
        means[0], spreads[0], sizes[0], means[1], spreads[1], sizes[1], equal_var=False
    ).pvalue
    return found


def _spread(values: np.ndarray) -> np.ndarray:
    """Standard deviation along the last axis; values that differ in their last bits only do not differ."""
    if values.shape[-1] < 2:
        return np.full(values.shape[:-1], np.nan)  # one school has no spread
    spread = values.std(-1, ddof=1)
    return np.where(spread > 1e-12 * np.abs(values).max(-1), spread, 0.0)


def _permutation(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    labels = label_arrangements(first).astype(float)
    size = first.sum()
    sums = values @ labels.T
    differences = np.abs(sums / size - (values.sum(1, keepdims=True) - sums) / (first.size - size))
    own = np.abs(values[:, first].mean(1) - values[:, ~first].mean(1))[:, None]
    found: np.ndarray = (differences >= own - 1e-12).mean(1)
    return found


@of_two_tiers
def permutation_rates(k: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Exact permutation of tier labels, difference of mean rates of schools."""
    return _permutation(k / n, first)


@of_two_tiers
def permutation_logits(k: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Exact permutation of tier labels, difference of mean logits of schools."""
    return _permutation(school_logits(k, n), first)


@of_two_tiers
def wild_bootstrap(k: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Wild cluster bootstrap of the linear probability model, null imposed,
    all Rademacher patterns (up to 13 schools)."""
    signs = 1.0 - 2 * (
        (np.arange(2 ** (n.size - 1))[:, None] >> np.arange(n.size)) & 1
    )  # a pattern and its opposite give the same |t|
    n1, n2 = n[first].sum(), n[~first].sum()

    def t_of(counts: np.ndarray) -> np.ndarray:
        p1, p2 = counts[..., first].sum(-1) / n1, counts[..., ~first].sum(-1) / n2
        v1 = ((counts[..., first] - n[first] * p1[..., None]) ** 2).sum(-1) / n1**2
        v2 = ((counts[..., ~first] - n[~first] * p2[..., None]) ** 2).sum(-1) / n2**2
        quotients: np.ndarray = np.abs(p1 - p2) / np.sqrt(v1 + v2)
        return quotients

    p = np.empty(len(k))
    for start in range(0, len(k), 50):  # fifty draws at a time keep the patterns in the cache of the processor
        part = k[start : start + 50]
        fitted = n * (part.sum(1) / n.sum())[:, None]
        own = t_of(part)[:, None]
        drawn = t_of(fitted[:, None] + signs * (part - fitted)[:, None])
        p[start : start + 50] = np.where(
            np.isfinite(own[:, 0]) & (own[:, 0] < 1e7), (~(drawn < own * (1 - 1e-10))).mean(1), np.nan
        )
    return p


def _wald(found: Climb, boundary: float, k: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Wald p of the tier at the tops; where the spread of schools runs to nothing the binomial model holds,
    whose error is in closed form."""
    p = np.full(len(k), np.nan)
    curves = found.terms.information
    tops = found.settled & (np.linalg.eigvalsh(np.where(np.isfinite(curves), curves, 0.0))[:, 0] > 0)
    p[tops] = 2 * stats.norm.sf(np.abs(found.theta[tops, 1]) / np.sqrt(np.linalg.inv(curves[tops])[:, 1, 1]))
    (p1, p2), (n1, n2) = _pooled(k, n, first)
    odds = special.logit(p1) - special.logit(p2)
    plain = 2 * stats.norm.sf(np.abs(odds) / np.sqrt(1 / (n1 * p1 * (1 - p1)) + 1 / (n2 * p2 * (1 - p2))))
    alike = found.theta[:, -1] == boundary
    binomial = stats.binom.logpmf(k, n, np.where(first, p1[:, None], p2[:, None])).sum(1)
    return np.where(alike | (tops & (found.terms.value <= binomial)), plain, p)


def _start(k: np.ndarray, n: np.ndarray, first: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Logits of the tiers and the logarithm of what spreads schools; not finite where a tier has a rate of 0 or 1."""
    (p1, p2), _ = _pooled(k, n, first)
    return np.column_stack([special.logit(p2), special.logit(p1) - special.logit(p2), np.log(spread)])


@of_two_tiers
def beta_binomial(k: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Beta-binomial maximum likelihood, Wald z of the tier."""
    x = np.column_stack([np.ones(n.size), first])
    (p1, _), _ = _pooled(k, n, first)
    size = np.clip(p1 * (1 - p1) / np.maximum((k / n).var(1, ddof=2), 1e-6) - 1, 1, 1e4)
    found = climb(lambda theta, rows: beta_binomial_terms(theta, k[rows], n, x), _start(k, n, first, size), PRECISION)
    return _wald(found, PRECISION[1], k, n, first)


@takes(_design, may_be_nan=NO_ANSWER, k=PLACED, n=GRADUATES, first=arrays.flags(), points=arrays.whole(2, 60))
def random_intercept(k: np.ndarray, n: np.ndarray, first: np.ndarray, points: int = 15) -> np.ndarray:
    """Random-intercept logit by adaptive quadrature, Wald z of the tier."""
    x = np.column_stack([np.ones(n.size), first])
    sigma = np.clip(school_logits(k, n).std(1, ddof=2), 0.1, 3)
    found = climb(
        lambda theta, rows: random_intercept_terms(theta, k[rows], n, x, points=points),
        _start(k, n, first, sigma),
        SPREAD,
    )
    return _wald(found, SPREAD[0], k, n, first)


TIER_TESTS = {
    "two_proportions": two_proportions,
    "quasi_binomial": quasi_binomial,
    "cluster_robust": cluster_robust,
    "jackknife": jackknife,
    "wild_bootstrap": wild_bootstrap,
    "beta_binomial": beta_binomial,
    "random_intercept": random_intercept,
    "welch_logits": welch_logits,
    "permutation_rates": permutation_rates,
    "permutation_logits": permutation_logits,
}
RECOMMENDED = ("permutation_rates", "permutation_logits", "sign_flip")


@takes(_design, may_be_nan=NO_ANSWER, k_before=PLACED, k_after=PLACED, n=GRADUATES)
def paired_p(k_before: np.ndarray, k_after: np.ndarray, n: np.ndarray) -> dict[str, np.ndarray]:
    """p of a change between two years: two proportions over graduates,
    paired t and exact sign flip on school logits."""
    p1, p2 = k_before.sum(1) / n.sum(), k_after.sum(1) / n.sum()
    p = (p1 + p2) / 2
    z = school_logits(k_after, n) - school_logits(k_before, n)
    signs = 1.0 - 2 * ((np.arange(2**n.size)[:, None] >> np.arange(n.size)) & 1)
    flips = np.abs(z @ signs.T) >= np.abs(z.sum(1, keepdims=True)) - 1e-12
    return {
        "two_proportions_years": 2 * stats.norm.sf(np.abs(p1 - p2) / np.sqrt(2 * p * (1 - p) / n.sum())),
        "paired_t": 2 * stats.t.sf(np.abs(z.mean(1)) / (_spread(z) / np.sqrt(n.size)), n.size - 1),
        "sign_flip": flips.mean(1),
    }


@takes(
    found=arrays.frame(**arrays.alike(("size", "lower", "upper"), arrays.numbers(low=0, high=1, missing=True))),
    may_be_nan="a test without an answer in any draw has no size",
)
def whole_per_cent(found: pd.DataFrame) -> pd.DataFrame:
    """Sizes of `simulate_size` as far as simulation can tell them: rounded to whole per cent,
    their intervals outwards.

    Examples
    --------
    >>> whole_per_cent(pd.DataFrame({"size": [0.0512], "lower": [0.0441], "upper": [0.0588]})).to_dict("records")
    [{'size': 0.05, 'lower': 0.04, 'upper': 0.06}]
    """
    shares: dict[str, Callable[..., Any]] = {"size": np.round, "lower": np.floor, "upper": np.ceil}
    return found.assign(
        **{column: rounded(np.round(100 * found[column], 6)) / 100 for column, rounded in shares.items()}
    )


@takes(
    _design,
    fits("draws", "trials"),
    trials=GRADUATES,
    first=arrays.flags(),
    mean_logit=LOGIT,
    sigma=SIGMA,
    shifts=arrays.each(LOGIT),
    draws=arrays.draws,
    seed=arrays.seed,
    level=LEVEL,
)
def simulate_power(
    trials: ArrayLike,
    first: ArrayLike,
    *,
    mean_logit: float,
    sigma: float,
    shifts: tuple[float, ...],
    draws: int,
    seed: int,
    level: float = 0.05,
) -> pd.DataFrame:
    """How often the exact permutation of school logits finds a difference of tiers that is there.

    Parameters
    ----------
    shifts : tuple of float
        what is added to the logits of the first tier.

    Returns
    -------
    DataFrame
        shift, points (mean difference of school probabilities, first minus second, in percentage points), power.
    """
    n, member = np.asarray(trials, float), np.asarray(first, bool)
    rows = []
    for shift in shifts:
        rng = np.random.default_rng(seed)
        p = special.expit(mean_logit + shift * member + sigma * _draw_logits(rng, (draws, n.size)))
        k = _draw_placed(rng, n, p)
        rows.append(
            (
                shift,
                100 * float((p[:, member].mean(1) - p[:, ~member].mean(1)).mean()),
                float((permutation_logits(k, n, member) <= level + 1e-12).mean()),
            )
        )
    return pd.DataFrame(rows, columns=["shift", "points", "power"])


@takes(
    _design,
    fits("draws", "trials"),
    may_be_nan="a test without an answer in any draw has no size",
    trials=GRADUATES,
    first=arrays.flags(),
    mean_logit=LOGIT,
    sigma=SIGMA,
    draws=arrays.draws,
    seed=arrays.seed,
    level=LEVEL,
    tests=arrays.each(arrays.one_of(*TIER_TESTS), least=0),
)
def simulate_size(
    trials: ArrayLike,
    first: ArrayLike,
    *,
    mean_logit: float,
    sigma: float,
    draws: int,
    seed: int,
    level: float = 0.05,
    tests: tuple[str, ...] = tuple(TIER_TESTS),
) -> pd.DataFrame:
    """Share of rejections at `level` when neither tiers nor years differ.

    Parameters
    ----------
    trials : array of shape (schools,)
        graduates of each school; at most 13 schools.
    first : array of bool
        the schools of one tier.
    mean_logit, sigma : float
        mean and standard deviation of school logits; in the two-year design a school keeps its own level,
        and both years vary around it by σ/√2.
    draws, seed : int

    Returns
    -------
    DataFrame
        test, design (tiers, years), sigma, draws, size (among draws with an answer), lower, upper (Wilson, 95 %:
        simulation error only), failed (draws without one).
    """
    n, member = np.asarray(trials, float), np.asarray(first, bool)
    rng = np.random.default_rng(seed)
    k = draw_counts(n, mean_logit, sigma, draws, rng)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = [("tiers", name, TIER_TESTS[name](k, n, member)) for name in tests]
        level_of_school = mean_logit + sigma * _draw_logits(rng, (draws, n.size))
        before, after = (
            _draw_placed(
                rng, n, special.expit(level_of_school + sigma / np.sqrt(2) * _draw_logits(rng, (draws, n.size)))
            )
            for _ in range(2)
        )
        found += [("years", name, p) for name, p in paired_p(before, after, n).items()]
    rows = []
    for design, name, p in found:
        sound = p[np.isfinite(p)]
        rejected = int((sound <= level + 1e-12).sum())
        low, high = proportion_interval(rejected, sound.size) if sound.size else (np.nan, np.nan)
        rows.append(
            (
                name,
                design,
                sigma,
                sound.size,
                rejected / sound.size if sound.size else np.nan,
                float(low),
                float(high),
                draws - sound.size,
            )
        )
    return pd.DataFrame(rows, columns=["test", "design", "sigma", "draws", "size", "lower", "upper", "failed"])
