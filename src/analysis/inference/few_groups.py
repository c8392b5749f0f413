"""Comparisons when there are few schools: exact tests, errors clustered by school, the wild cluster bootstrap,
several tests at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.ground import arrays
from analysis.ground.arrays import part_of, same_rows, takes
from analysis.ground.errors import BadArgument, Refused, UnknownName
from analysis.inference.binomial import fit_logit, require_several

MOST_ARRANGEMENTS = 200_000
SCHOOLS = arrays.labels("every row needs a school")
FIRST = arrays.flags(rule="say which schools form the first group by true and false")
ROWS: dict[str, Any] = {"design": arrays.design, "clusters": SCHOOLS}
PERSONS = arrays.counts()


@takes(arrays.fits("draws", "first"), first=FIRST, draws=arrays.draws, seed=arrays.seed)
def label_arrangements(first: ArrayLike, *, draws: int = 20_000, seed: int = 1) -> np.ndarray:
    """Ways to give the first label to as many schools as have it, shape (arrangements, schools), bool.

    All of them where there are at most `MOST_ARRANGEMENTS`; else the present one and drawn ones, `draws` in all.
    """
    member = np.asarray(first)
    count, size = member.size, int(member.sum())
    if comb(count, size) > MOST_ARRANGEMENTS:
        rng = np.random.default_rng(seed)
        return np.vstack([member, rng.permuted(np.tile(member, (draws - 1, 1)), axis=1)])
    chosen = np.array(list(combinations(range(count), size)), dtype=int).reshape(-1, size)
    table = np.zeros((len(chosen), count), bool)
    table[np.arange(len(chosen))[:, None], chosen] = True
    return table


@takes(values=arrays.anything, first=arrays.anything)
def exact_permutation_two_groups(values: ArrayLike, first: ArrayLike) -> tuple[float, float, int]:
    """Difference of group means with its exact permutation p (two-sided, by |difference|),
    and the number of arrangements.

    Parameters
    ----------
    values : array of shape (groups,)
        one value a school (a rate, a logit).
    first : array of bool
        which schools form the first group; two Series need the same index.

    Notes
    -----
    Every assignment of the labels is enumerated up to `MOST_ARRANGEMENTS` (drawn beyond), so the test holds its size
    with any number of schools, for equal distributions in both groups; with 3 against 8 the smallest p is 1/165 (Fisher
    1935).

    Examples
    --------
    >>> exact_permutation_two_groups([3, 4, 1, 2], np.array([True, True, False, False]))
    (2.0, 0.3333333333333333, 6)
    """
    if isinstance(values, pd.Series) and isinstance(first, pd.Series) and not values.index.equals(first.index):
        raise BadArgument("first", "values and labels name other schools, or in another order")
    x, member = arrays.numbers()(values, "values"), FIRST(first, "first")
    arrays.same_shape("values", "first", of="schools")({"values": x, "first": member})
    arrays.two_groups("first")({"first": member})
    labels = label_arrangements(member)
    size, count = int(member.sum()), x.size
    x = x - x.mean()
    observed = x[member].mean() - x[~member].mean()
    sums = labels @ x
    differences = sums / size - (x.sum() - sums) / (count - size)
    extreme = int((np.abs(differences) >= abs(observed) - 1e-12 * np.abs(x).max()).sum())
    return float(observed), extreme / len(differences), len(differences)


@takes(values=arrays.series(arrays.numbers()), first=arrays.series(FIRST))
def leave_one_out_permutation(values: pd.Series, first: pd.Series) -> pd.DataFrame:
    """Difference and exact p of `exact_permutation_two_groups` with each school left out in turn;
    index is the school left out.

    A school that is alone in its group cannot be left out and has no row.
    """
    if set(values.index) != set(first.index):
        raise BadArgument("first", "values and labels need the same schools, each once")
    arrays.two_groups("first")({"first": first})
    first = first.reindex(values.index)
    size = first.map(first.value_counts())
    rows = {
        left: exact_permutation_two_groups(values.drop(left), first.drop(left))[:2] for left in values.index[size > 1]
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["difference", "p"])


@takes(differences=arrays.numbers(tiny=True, short="one finite difference or more is needed"))
def sign_flip_exact(differences: ArrayLike) -> float:
    """Exact sign-flip p of paired differences, two-sided:
    the share of the 2^S sign patterns whose |sum| is at least the observed.

    Parameters
    ----------
    differences : array of shape (schools,)
        change of each school, for instance of logits or log ratios;
        symmetric about zero if nothing changed (Fisher 1935; Lehmann & Romano 2005).

    Returns
    -------
    float
        p; at least 2/2^S, so three schools can never be below 0.25.
        Above twenty schools 200,000 patterns are drawn, the observed one among them.

    Examples
    --------
    >>> sign_flip_exact([0.1, -0.02, 0.15, 0.05, 0.08, -0.04, 0.12])
    0.078125
    """
    z = np.asarray(differences)
    if z.size <= 20:
        signs = 1 - 2 * ((np.arange(2**z.size)[:, None] >> np.arange(z.size)) & 1)
    else:
        signs = np.vstack([np.ones(z.size), np.random.default_rng(1).choice([-1.0, 1.0], (199_999, z.size))])
    return float(np.mean(np.abs(signs @ z) >= abs(z.sum()) - 1e-12 * np.abs(z).sum()))


@takes(p_values=arrays.probabilities())
def holm_bh(p_values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Adjusted p of a family: Holm (1979) for claims, Benjamini & Hochberg (1995) for screening.

    The family is everything that was tested on the table, including what is not reported.
    """
    p = np.asarray(p_values)
    return multipletests(p, method="holm")[1], multipletests(p, method="fdr_bh")[1]


@dataclass(frozen=True)
class Clustered:
    """Coefficients with errors clustered by school, t distribution with G − 1 degrees of freedom."""

    coefficients: pd.DataFrame  # estimate, se_cr1, p_cr1, se_cr3, p_cr3
    clusters: int


def _table(estimate: np.ndarray, cr1: np.ndarray, cr3: np.ndarray, clusters: int, names: pd.Index) -> Clustered:
    errors = {name: np.sqrt(np.diag(v)) for name, v in (("cr1", cr1), ("cr3", cr3))}
    p = {name: 2 * stats.t.sf(np.abs(estimate / e), clusters - 1) for name, e in errors.items()}
    return Clustered(
        pd.DataFrame(
            {
                "estimate": estimate,
                "se_cr1": errors["cr1"],
                "p_cr1": p["cr1"],
                "se_cr3": errors["cr3"],
                "p_cr3": p["cr3"],
            },
            index=names,
        ),
        clusters,
    )


@takes(same_rows("design", "y", "clusters", "weights"), y=arrays.numbers(), **ROWS, weights=PERSONS)
def clustered_ols(
    y: ArrayLike, design: pd.DataFrame, clusters: ArrayLike, weights: ArrayLike | None = None
) -> Clustered:
    """Least squares with errors clustered by school: CR1 and the jackknife CR3 (Bell & McCaffrey 2002;
    MacKinnon, Nielsen & Webb 2023).

    CR1 = A⁻¹ (Σ s_g s_g′) A⁻¹ · G/(G − 1) · (N − 1)/(N − p); CR3 = (G − 1)/G · Σ (β_(−g) − β̂)(β_(−g) − β̂)′.

    Parameters
    ----------
    y : array of shape (rows,)
    design : DataFrame of shape (rows, p)
    clusters : array of shape (rows,)
    weights : array of shape (rows,), optional
        how many equal persons a row stands for: y is then a rate and N the number of persons.
    """
    a, b, labels, n = _sufficient(y, design, clusters, weights)
    whole = a.sum(0)
    beta = np.linalg.solve(whole, b.sum(0))
    groups, size = b.shape
    _require_rest(a, whole)
    inverse = np.linalg.inv(whole)
    scores = b - a @ beta
    cr1 = inverse @ (scores.T @ scores) @ inverse * groups / (groups - 1) * (n - 1) / (n - size)
    without = np.array([np.linalg.solve(whole - a[g], b.sum(0) - b[g]) for g in range(groups)]) - beta
    if np.sqrt(np.diag(cr1)).min() <= 1e-12 * max(1.0, np.abs(beta).max()):
        raise Refused("the clusters are fitted exactly: no error follows from them")
    return _table(beta, cr1, (groups - 1) / groups * without.T @ without, groups, design.columns)


def _require_rest(a: np.ndarray, whole: np.ndarray) -> None:
    """Stop where a coefficient rests on one cluster: it cannot be fitted without it."""
    size = np.sqrt(np.diag(whole))
    if any(np.linalg.cond((whole - a[g]) / np.outer(size, size)) > 1e12 for g in range(len(a))):
        raise Refused("a coefficient rests on one cluster, without which it cannot be fitted")


@takes(
    part_of("successes", "trials"),
    same_rows("design", "successes", "clusters"),
    may_be_nan="CR3 without the jackknife",
    successes=arrays.counts(whole=True, zero=True),
    trials=arrays.counts(whole=True),
    **ROWS,
    jackknife=arrays.flag,
)
def clustered_logit(
    successes: ArrayLike,
    trials: ArrayLike,
    design: pd.DataFrame,
    clusters: ArrayLike | None = None,
    *,
    jackknife: bool = True,
) -> Clustered:
    """Logit of grouped counts with errors clustered by school:
    CR1 with N = graduates, CR3 by refitting without each school.

    Equal to the same model on one row a graduate (sufficient statistics); see `clustered_ols` for the formulas.

    Parameters
    ----------
    jackknife : bool
        without it CR3 is nan and nothing is refitted.

    Raises
    ------
    Refused
        if a coefficient rests on one school, or the rest separates without one.
    """
    k, n, x = np.asarray(successes), np.asarray(trials), design.to_numpy(float)
    labels = np.arange(len(k)) if clusters is None else pd.factorize(np.asarray(clusters))[0]
    if labels.max() < 1:
        raise BadArgument("clusters", "two clusters or more are needed", value=1)
    groups, size = int(labels.max() + 1), x.shape[1]

    require_several(x, labels)

    def fit(kept: np.ndarray) -> np.ndarray:
        coefficients: np.ndarray = fit_logit(k[kept], n[kept], x[kept]).params
        return coefficients

    beta = fit(np.full(len(k), True))
    mu = 1 / (1 + np.exp(-x @ beta))
    inverse = np.linalg.inv((x * (n * mu * (1 - mu))[:, None]).T @ x)
    scores = np.zeros((groups, size))
    np.add.at(scores, labels, x * (k - n * mu)[:, None])
    cr1 = inverse @ (scores.T @ scores) @ inverse * groups / (groups - 1) * (n.sum() - 1) / (n.sum() - size)
    if not jackknife:
        return _table(beta, cr1, np.full((size, size), np.nan), groups, design.columns)
    without = np.array([fit(labels != g) for g in range(groups)]) - beta
    return _table(beta, cr1, (groups - 1) / groups * without.T @ without, groups, design.columns)


def _sufficient(
    y: ArrayLike, design: pd.DataFrame, clusters: ArrayLike, weights: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """X′X and X′y of each cluster, cluster of each row, number of persons."""
    y, x = np.asarray(y), design.to_numpy(float)
    w = np.ones_like(y) if weights is None else np.asarray(weights)
    if w.sum() <= x.shape[1]:
        if weights is None:
            raise Refused(f"{len(y)} rows leave no degree of freedom for {x.shape[1]} coefficients")
        raise BadArgument("weights", "weights are numbers of persons, not shares", value=float(w.sum()))
    kept = w > 0
    y, x, w, labels = y[kept], x[kept], w[kept], pd.factorize(np.asarray(clusters, dtype=object)[kept])[0]
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise Refused("the columns of the design depend on each other: their coefficients do not exist one by one")
    groups = int(labels.max() + 1)
    if groups < 2:
        raise BadArgument("clusters", "two clusters or more are needed", value=groups)
    a, b = np.zeros((groups, x.shape[1], x.shape[1])), np.zeros((groups, x.shape[1]))
    np.add.at(a, labels, (w[:, None] * x)[:, :, None] * x[:, None, :])
    np.add.at(b, labels, (w * y)[:, None] * x)
    return a, b, labels, float(w.sum())


@dataclass(frozen=True)
class WildBootstrap:
    """t of a coefficient with its wild cluster bootstrap p, and how the draws were made."""

    t: float
    p: float
    draws: int
    enumerated: bool


@takes(
    same_rows("design", "y", "clusters", "weights"),
    arrays.fits("draws", "design"),
    y=arrays.numbers(),
    **ROWS,
    column=arrays.text,
    weights=PERSONS,
    draws=arrays.draws,
    seed=arrays.seed,
)
def wild_cluster_bootstrap(
    y: ArrayLike,
    design: pd.DataFrame,
    clusters: ArrayLike,
    column: str,
    *,
    weights: ArrayLike | None = None,
    draws: int = 9999,
    seed: int = 1,
) -> WildBootstrap:
    """Wild cluster bootstrap of least squares with the null imposed (WCR-C; Cameron, Gelbach & Miller 2008).

    Residuals under β_column = 0 are multiplied by one sign a cluster; p = share of |t*| ≥ |t|, t with CR1 errors. All
    2^G Rademacher patterns are enumerated up to 2^13; beyond that, patterns are drawn. Computed from X′X and X′y of
    each cluster only.

    Parameters
    ----------
    y, design, clusters, weights
        see `clustered_ols`.
    column : str
        the coefficient that is tested.
    draws, seed
        used where patterns are drawn: with G below 13 they never are.

    Notes
    -----
    Fails where very few clusters are treated (MacKinnon & Webb 2017): with 3 of 11 read the exact permutation first.
    """
    if column not in design.columns:
        raise UnknownName("column", f"{column} is none of {', '.join(map(str, design.columns))}", value=column)
    a, b, _, n = _sufficient(y, design, clusters, weights)
    groups, size = b.shape
    place = list(design.columns).index(column)
    whole = a.sum(0)
    inverse = np.linalg.inv(whole)
    others = [i for i in range(size) if i != place]
    null = np.zeros(size)
    if others:
        null[others] = np.linalg.solve(whole[np.ix_(others, others)], b.sum(0)[others])
    factor = groups / (groups - 1) * (n - 1) / (n - size)

    def t_of(b_draws: np.ndarray) -> np.ndarray:
        beta = b_draws.sum(1) @ inverse
        scores = (b_draws - np.einsum("gij,dj->dgi", a, beta)) @ inverse[:, place]
        with np.errstate(divide="ignore", invalid="ignore"):
            quotients: np.ndarray = beta[:, place] / np.sqrt(factor * (scores**2).sum(1))
            return quotients

    enumerated = groups <= 13
    if enumerated:
        signs = 1.0 - 2 * ((np.arange(2**groups)[:, None] >> np.arange(groups)) & 1)
    else:
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], (draws, groups))
    fitted = a @ null
    drawn = t_of(fitted + signs[:, :, None] * (b - fitted))
    [t] = t_of(b[None])
    if np.abs(b - a @ (inverse @ b.sum(0))).max() <= 1e-12 * np.abs(b).max() or not np.isfinite(t) or abs(t) > 1e7:
        raise Refused("the clusters are fitted exactly: t does not exist")
    return WildBootstrap(float(t), float(np.mean(~(np.abs(drawn) < abs(t) - 1e-10 * abs(t)))), len(signs), enumerated)
