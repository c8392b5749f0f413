"""Homogeneity 专业同质化: concentration of counts, overlap of schools, duplication of specialties.

A table has one row a school and one column a specialty. HHI within a school measures specialisation, HHI of a specialty
across schools duplication: the same formula with opposite readings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import random_table

from analysis.fit._shares import effective_number, entropy, half_l1, to_shares
from analysis.ground import arrays
from analysis.ground.arrays import same_shape, takes
from analysis.ground.errors import BadArgument, Refused


@dataclass(frozen=True)
class Concentration:
    """Herfindahl–Hirschman index: plain, rescaled to 0–1, and unbiased for sampled counts."""

    hhi: float
    normalised: float
    unbiased: float


@takes(may_be_nan="normalised with one category; unbiased with one unit and for broken counts", counts=arrays.counts())
def hhi(counts: ArrayLike) -> Concentration:
    """Herfindahl–Hirschman index 赫芬达尔指数, HHI = Σ p² (Herfindahl 1950).

    normalised = (HHI − 1/K)/(1 − 1/K); unbiased = Σ x(x − 1)/(N(N − 1)), Simpson's estimator.

    Parameters
    ----------
    counts : array of shape (K,)
        one count a category; categories with zero count in K.

    Returns
    -------
    Concentration
        all between 0 and 1. With one category `normalised` is nan (nothing to compare); `unbiased` is nan with one unit
        and for shares or other broken counts, of which it says nothing.

    Examples
    --------
    >>> c = hhi([60, 20, 10, 5, 5])
    >>> round(c.hhi, 3), round(c.normalised, 5)
    (0.415, 0.26875)
    """
    x = np.asarray(counts)
    n, k = x.sum(), x.size
    plain = float(((x / n) ** 2).sum())
    return Concentration(
        plain,
        (plain - 1 / k) / (1 - 1 / k) if k > 1 else np.nan,
        float((x * (x - 1)).sum() / (n * (n - 1))) if n > 1 and (x == np.round(x)).all() else np.nan,
    )


@takes(counts=arrays.counts(), orders=arrays.orders)
def hill_numbers(counts: ArrayLike, orders: ArrayLike = (0, 1, 2)) -> np.ndarray:
    """Effective number of specialties 有效专业数: qD = (Σ p^q)^{1/(1−q)}, ¹D = exp(−Σ p ln p) (Hill 1973; Jost 2006).

    Parameters
    ----------
    counts : array of shape (K,)
        counts or shares; zeros are passed over.
    orders : array of shape (m,)
        0 counts what is offered, 1 weighs by share, 2 is 1/HHI, infinity is 1 over the largest share.

    Notes
    -----
    At small N the orders 0 and 1 are biased downwards.

    Examples
    --------
    >>> hill_numbers([60, 20, 10, 5, 5]).round(4).tolist()
    [5.0, 3.1842, 2.4096]
    """
    x = np.asarray(counts)
    p = x[x > 0] / x.sum()
    return np.array([effective_number(p, p, q) for q in np.asarray(orders)])


@dataclass(frozen=True)
class Overlap:
    """How much two schools have in common; Krugman and D are distances, the others similarities."""

    jaccard: float
    sorensen: float
    morisita_horn: float
    morisita: float
    krugman: float
    d: float
    bray_curtis: float


@takes(
    same_shape("a", "b", of="specialties"),
    may_be_nan="Morisita where no specialty of either school has two students",
    a=arrays.counts(),
    b=arrays.counts(),
)
def overlap(a: ArrayLike, b: ArrayLike) -> Overlap:
    """Overlap of two schools' specialties, by names (Jaccard, Sørensen) and by students (the others).

    Jaccard |A∩B|/|A∪B|; Sørensen 2|A∩B|/(|A|+|B|); Morisita–Horn 2Σp_a p_b/(Σp_a² + Σp_b²); Morisita
    2Σab/((λ_a + λ_b)N_a N_b) with λ = Σx(x−1)/(N(N−1)); Krugman Σ|p_a − p_b| (0 to 2); D = Krugman/2; Bray–Curtis
    Σ|a − b|/Σ(a + b). Sources: Morisita (1959), Horn (1966), Krugman (1991).

    Parameters
    ----------
    a, b : array of shape (K,)
        students by specialty, same order.

    Notes
    -----
    Morisita is nan where no specialty of either school has two students, and above 1 where one school is smaller than
    the number of specialties it shares: it is an estimate. Use Morisita–Horn for shares. Pairs of schools are
    dependent: permute schools, not pairs.
    """
    a, b = np.asarray(a), np.asarray(b)
    p, q = a / a.sum(), b / b.sum()
    both, either = int(((a > 0) & (b > 0)).sum()), int(((a > 0) | (b > 0)).sum())
    dominance, d = hhi(a).unbiased + hhi(b).unbiased, dissimilarity_d(a, b)
    return Overlap(
        both / either,
        2 * both / ((a > 0).sum() + (b > 0).sum()),
        float(2 * (p @ q) / (p @ p + q @ q)),
        float(2 * (a @ b) / (dominance * a.sum() * b.sum())) if dominance > 0 else np.nan,
        2 * d,
        d,
        float(np.abs(a - b).sum() / (a + b).sum()),
    )


@dataclass(frozen=True)
class Diversity:
    """Effective numbers of specialties: of all schools pooled, of a school on average,
    and of distinct school profiles."""

    gamma: float
    alpha: float
    beta: float


@takes(table=arrays.counts(dimensions=2))
def alpha_beta_gamma_q1(table: ArrayLike) -> Diversity:
    """Partition of diversity of order 1: γ = exp H(pooled), α = exp Σ w_s H_s with w the school's share,
    β = γ/α (Jost 2007).

    β = exp(M), M the mutual information of school and specialty: 1 = all schools alike; all disjoint = the effective
    number of schools by size, exp H(w), which is their number only if they are of equal size.

    Parameters
    ----------
    table : array of shape (schools, specialties)
        students; empty rows and columns add nothing.

    Examples
    --------
    >>> d = alpha_beta_gamma_q1([[60, 20, 10], [15, 70, 15], [5, 10, 85]])
    >>> round(d.gamma, 4), round(d.alpha, 4), round(d.beta, 4)
    (2.9746, 2.0635, 1.4415)
    """
    x = np.asarray(table)
    p = x / x.sum()
    weights = p.sum(1)
    gamma = entropy(p.sum(0))
    alpha = entropy(p) - entropy(weights)
    return Diversity(float(np.exp(gamma)), float(np.exp(alpha)), float(np.exp(gamma - alpha)))


@takes(same_shape("group1", "group2", of="units"), group1=arrays.counts(), group2=arrays.counts())
def dissimilarity_d(group1: ArrayLike, group2: ArrayLike) -> float:
    """Index of dissimilarity D = ½ Σ|a/A − b/B|, 0 to 1 (Duncan and Duncan 1955). Biased upwards in small cells:
    see `dissimilarity_chance`."""
    return half_l1(to_shares(np.asarray(group1)), to_shares(np.asarray(group2)))


@takes(table=arrays.counts(dimensions=2))
def multigroup_d(table: ArrayLike) -> float:
    """Multigroup dissimilarity D = Σ_s t_s Σ_j |p_sj − p_j| / (2T Σ_j p_j(1 − p_j)), 0 to 1 (Sakoda 1981;
    Reardon and Firebaugh 2002).

    Raises
    ------
    Refused
        if all students are in one specialty: nothing can differ.
    """
    return _multigroup_d(np.asarray(table))


def _multigroup_d(x: np.ndarray) -> float:
    x = x[x.sum(1) > 0]
    total = x.sum()
    p = x.sum(0) / total
    spread = (p * (1 - p)).sum()
    if spread == 0:
        raise Refused("all students are in one specialty; dissimilarity does not exist")
    return float((x.sum(1)[:, None] * np.abs(x / x.sum(1, keepdims=True) - p)).sum() / (2 * total * spread))


@dataclass(frozen=True)
class Chance:
    """An index beside what chance alone gives: `corrected` = (observed − chance)/(1 − chance)."""

    observed: float
    chance: float
    corrected: float
    p: float


@takes(
    may_be_nan="corrected where chance alone gives 1",
    table=arrays.counts(dimensions=2, dealt=True),
    draws=arrays.draws,
    seed=arrays.seed,
)
def dissimilarity_chance(table: ArrayLike, *, draws: int = 999, seed: int) -> Chance:
    """Multigroup D with its mean when students are dealt to schools at random, margins kept (Mazza and Punzo 2015).

    Parameters
    ----------
    table : array of shape (schools, specialties)
        whole counts.
    draws : int
        permuted tables.
    seed : int
        of the random numbers; there is no default, so that a result can be repeated.

    Returns
    -------
    Chance
        `p` = (1 + number of draws at least as large)/(draws + 1); `corrected` is nan where chance alone gives 1.
    """
    x = np.asarray(table)
    x = x[x.sum(1) > 0][:, x.sum(0) > 0]
    observed = _multigroup_d(x)
    rng, deal = np.random.default_rng(seed), random_table(x.sum(1).astype(int), x.sum(0).astype(int))
    drawn = np.array(
        [_multigroup_d(deal.rvs(1, random_state=rng)[0]) for _ in range(draws)]
    )  # one at a time: many large tables fill the memory
    chance = float(drawn.mean())
    return Chance(
        observed,
        chance,
        (observed - chance) / (1 - chance) if chance < 1 else np.nan,
        float((1 + (drawn >= observed - 1e-12).sum()) / (draws + 1)),
    )


@dataclass(frozen=True)
class Duplication:
    """How many schools offer a specialty."""

    mean_schools: float
    share_crowded: float
    schools: np.ndarray


@takes(offers=arrays.counts(dimensions=2, flags=True), crowded=arrays.whole(1))
def duplication(offers: ArrayLike, *, crowded: int = 3) -> Duplication:
    """Duplication of specialties 布点重复: mean number of schools per specialty,
    and the share offered by `crowded` schools or more.

    Parameters
    ----------
    offers : array of shape (schools, specialties)
        above zero where a school offers a specialty.

    Examples
    --------
    >>> d = duplication([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1]])
    >>> d.mean_schools, d.share_crowded
    (1.75, 0.25)
    """
    x = np.asarray(offers) > 0
    schools = x.sum(0)
    offered = schools[schools > 0]
    return Duplication(float(offered.mean()), float((offered >= crowded).mean()), schools)


@takes(
    may_be_nan="corrected if the null does not vary",
    offers=arrays.counts(dimensions=2, flags=True),
    draws=arrays.draws,
    seed=arrays.seed,
)
def duplication_null(offers: ArrayLike, *, draws: int = 499, seed: int) -> Chance:
    """Whether schools overlap more unevenly than chance, against a fixed–fixed null (Connor and Simberloff 1979;
    Strona et al. 2014).

    Each null table keeps every school's number of specialties and every specialty's number of schools; it is drawn by
    the curveball algorithm. With both margins fixed the mean overlap cannot change, so the statistic is the mean
    squared number of shared specialties over pairs: large = the same schools copy each other.

    Parameters
    ----------
    offers : array of shape (schools, specialties)
        above zero where offered.
    draws, seed : int
        null tables, and the seed of their random numbers.

    Returns
    -------
    Chance
        `corrected` is the standardised effect (observed − mean)/standard deviation, nan if the null does not vary.
    """
    x = np.asarray(offers) > 0
    if len(x) < 2:
        raise BadArgument("offers", "one school shares nothing with another; two are needed", value=x.shape)
    rng = np.random.default_rng(seed)
    upper = np.triu_indices(len(x), 1)

    def squared(rows: list[set[int]]) -> float:
        offered = np.zeros(x.shape, np.float32)
        for school, row in enumerate(rows):
            offered[school, list(row)] = 1
        return float(np.mean((offered @ offered.T)[upper] ** 2))

    rows = [set(np.flatnonzero(row).tolist()) for row in x]
    observed = squared(rows)
    drawn = np.empty(draws)
    for k in range(draws):
        for _ in range(5 * len(rows)):
            _trade(rows, rng)
        drawn[k] = squared(rows)
    spread = drawn.std(ddof=1) if draws > 1 else 0.0
    return Chance(
        observed,
        float(drawn.mean()),
        float((observed - drawn.mean()) / spread) if spread > 0 else np.nan,
        float((1 + (drawn >= observed - 1e-12).sum()) / (draws + 1)),
    )


def _trade(rows: list[set[int]], rng: np.random.Generator) -> None:
    """One curveball trade: two schools exchange as many of their own specialties as chance says."""
    if len(rows) < 2:
        return
    i, j = rng.choice(len(rows), 2, replace=False)
    common = rows[i] & rows[j]
    pool = np.array(sorted(rows[i] ^ rows[j]))
    keep = len(rows[i]) - len(common)
    mixed = rng.permutation(pool)
    rows[i], rows[j] = common | set(mixed[:keep].tolist()), common | set(mixed[keep:].tolist())


@takes(
    shares=arrays.counts(),
    similarity=arrays.numbers(dimensions=2, low=0, high=1, rule=" and lie between 0 and 1"),
    orders=arrays.orders,
)
def leinster_cobbold(shares: ArrayLike, similarity: ArrayLike, orders: ArrayLike = (1, 2)) -> np.ndarray:
    """Similarity-aware effective number, qD^Z = (Σ p (Zp)^{q−1})^{1/(1−q)},
    ¹D^Z = exp(−Σ p ln Zp) (Leinster and Cobbold 2012).

    Parameters
    ----------
    shares : array of shape (K,)
        counts or shares.
    similarity : array of shape (K, K)
        Z, between 0 and 1 with a diagonal of 1 (the identity gives Hill numbers). The matrix is a choice: vary it.

    Examples
    --------
    >>> leinster_cobbold([.5, .3, .2], [[1, .5, 0], [.5, 1, 0], [0, 0, 1]]).round(4).tolist()
    [2.0475, 1.8868]
    """
    p, z = to_shares(np.asarray(shares)), np.asarray(similarity)
    if z.shape != (p.size, p.size):
        raise BadArgument("similarity", f"similarity is {z.shape}, it must be {(p.size, p.size)}", value=z.shape)
    if not np.allclose(np.diag(z), 1):
        raise BadArgument(
            "similarity",
            "a specialty is as similar to itself as can be: the diagonal must be 1",
            value=np.diag(z).tolist(),
        )
    there = p > 0
    p, typical = p[there], (z @ p)[there]
    return np.array([effective_number(p, typical, q) for q in np.asarray(orders)])
