"""Linkage 专业—产业联结强度: how far a specialty tells the industry of its graduates.

A table has one row a specialty and one column an industry; cells are graduates. High linkage is not good by itself: it
means a larger premium where the match exists and a larger penalty where it does not (Bol et al. 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import xlogy

from analysis.fit._shares import entropy, mutual_information
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument, Refused


@dataclass(frozen=True)
class Linkage:
    """Mutual information M in nats and its normalisations, each named by its denominator."""

    m: float
    h_industry: float  # M / H(industry): Theil's H, the share of industry entropy that specialties explain
    h_specialty: float  # M / H(specialty)
    h_sum: float  # 2M / (H(specialty) + H(industry))
    h_geometric: float  # M / √(H(specialty) H(industry))


@takes(
    may_be_nan="a normalisation whose denominator is zero: one specialty, or one industry",
    table=arrays.counts(dimensions=2),
)
def linkage(table: ArrayLike) -> Linkage:
    """Linkage M and H, M = Σ p ln(p/(p_row p_column)) (DiPrete et al. 2017; Theil and Finizza 1971;
    Mora and Ruiz-Castillo 2011).

    Parameters
    ----------
    table : array of shape (specialties, industries)
        graduates; empty rows and columns add nothing.

    Returns
    -------
    Linkage
        M between 0 and min(H(specialty), H(industry)); normalisations between 0 and 1,
        nan where their denominator is zero (one specialty, or one industry).

    Examples
    --------
    >>> v = linkage([[60, 20, 10], [15, 70, 15], [5, 10, 85]])
    >>> round(v.m, 6), round(v.h_industry, 6)
    (0.365698, 0.335467)
    """
    x = np.asarray(table)
    p = x / x.sum()
    rows, columns = entropy(p.sum(1)), entropy(p.sum(0))
    m = mutual_information(x)

    # one specialty or industry has no entropy, whatever rounding says
    several = [bool(np.count_nonzero(p.sum(axis)) > 1) for axis in (1, 0)]

    def over(denominator: float, exists: bool) -> float:
        return m / denominator if exists else np.nan

    return Linkage(
        m,
        over(columns, several[1]),
        over(rows, several[0]),
        over((rows + columns) / 2, any(several)),
        over(np.sqrt(rows * columns), all(several)),
    )


@takes(may_be_nan="an empty row goes to no industry", table=arrays.counts(dimensions=2))
def local_linkage(table: ArrayLike) -> np.ndarray:
    """Local linkage of each specialty, M_i = Σ_j p_{j|i} ln(p_{j|i}/p_j); weighted by size they add up to M.

    Returns
    -------
    array of shape (specialties,)
        nats; nan for an empty row.

    Notes
    -----
    Biased upwards by about (J − 1)/(2 n_i): suppress specialties with fewer than about thirty graduates.
    """
    x = np.asarray(table)
    size = x.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        given = x / size[:, None]
        all_of = x.sum(0) / x.sum()
        terms = np.where(given > 0, given * np.log(given / all_of), 0.0)
    return np.where(size > 0, terms.sum(1), np.nan)


@takes(may_be_nan="an empty row goes to no industry", table=arrays.counts(dimensions=2))
def destination_effective_number(table: ArrayLike) -> np.ndarray:
    """Effective number of destination industries of each specialty, exp(H(industry | specialty));
    nan for an empty row."""
    x = np.asarray(table)
    size = x.sum(1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = x / size
    return np.where(size[:, 0] > 0, np.exp(-xlogy(p, p).sum(1)), np.nan)


@dataclass(frozen=True)
class BetweenWithin:
    """M = between + Σ within: `within` holds each group's weighted part, in the order of `groups`."""

    between: float
    within: np.ndarray
    groups: np.ndarray

    @property
    def total(self) -> float:
        return float(self.between + self.within.sum())


@takes(
    arrays.same_rows("table", "groups"),
    table=arrays.counts(dimensions=2),
    groups=arrays.labels("every specialty needs a group"),
)
def m_between_within(table: ArrayLike, groups: ArrayLike) -> BetweenWithin:
    """Decomposition of M over supergroups of specialties (tier, school, field): M = M_between + Σ p_g M_g,
    exact (Mora and Ruiz-Castillo 2011).

    Parameters
    ----------
    table : array of shape (specialties, industries)
    groups : array of shape (specialties,)
        the group of each row.
    """
    x = np.asarray(table)
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    merged = np.zeros((names.size, x.shape[1]))
    np.add.at(merged, place, x)
    within = np.array(
        [
            x[place == g].sum() / x.sum() * mutual_information(x[place == g]) if x[place == g].sum() else 0.0
            for g in range(names.size)
        ]
    )
    return BetweenWithin(mutual_information(merged), within, names)


@dataclass(frozen=True)
class LinkageChange:
    """Change of M between two tables, taken apart; the parts add up to `difference`."""

    before: float
    after: float
    row_margin: float
    column_margin: float
    structural: float
    additions: float
    removals: float
    method: str

    @property
    def difference(self) -> float:
        return self.after - self.before


def _fit_margins(table: np.ndarray, rows: np.ndarray, columns: np.ndarray, tolerance: float, most: int) -> np.ndarray:
    """Iterative proportional fitting of a table of proportions to given margins."""
    fitted, before = table.copy(), np.inf
    for k in range(most):
        fitted *= np.divide(rows, fitted.sum(1), out=np.zeros_like(rows), where=fitted.sum(1) > 0)[:, None]
        fitted *= np.divide(columns, fitted.sum(0), out=np.zeros_like(columns), where=fitted.sum(0) > 0)
        gap = float(np.abs(fitted.sum(1) - rows).max())
        if gap < tolerance:
            return fitted
        if k % 500 == 499:
            if gap > 0.999 * before:  # no nearer after five hundred rounds
                break
            before = gap
    raise Refused(f"the margins were not met within {tolerance:g}: zeros of the table forbid it")


@takes(
    table1=arrays.counts(dimensions=2),
    table2=arrays.counts(dimensions=2),
    method=arrays.one_of("shapley", "karmel_maclachlan"),
    tolerance=arrays.real(0, 1, above=True),
    most=arrays.whole(1, 10_000_000),
)
def m_change(
    table1: ArrayLike,
    table2: ArrayLike,
    *,
    method: Literal["shapley", "karmel_maclachlan"] = "shapley",
    tolerance: float = 1e-13,
    most: int = 100_000,
) -> LinkageChange:
    """Change of M between two years, taken apart into margins and structure by iterative proportional fitting.

    ``shapley`` averages over both orders and both margins (Elbers 2021; Deutsch, Flückiger and Silber 2009);
    ``karmel_maclachlan`` adjusts the first table to the margins of the second and calls the rest structural (Karmel and
    Maclachlan 1988), the margins' part being shared equally between rows and columns in both orders.
    The two can differ in sign: show both.

    Parameters
    ----------
    table1, table2 : array of shape (specialties, industries)
        the same categories in the same order. A row or column that is empty in one of the years is taken out first: its
        effect on M is `additions` (empty in the first) or `removals` (empty in the second).
    method : {"shapley", "karmel_maclachlan"}
    tolerance : float
        of the margins; 1e-7 would already move the ninth digit of the parts.

    Raises
    ------
    Refused
        where zeros of a table make the other's margins impossible.

    Examples
    --------
    >>> c = m_change([[60, 20, 10], [15, 70, 15], [5, 10, 85]], [[50, 30, 20], [30, 90, 30], [10, 40, 150]])
    >>> round(c.row_margin, 6), round(c.column_margin, 6), round(c.structural, 6)
    (0.010873, -0.013659, -0.164036)
    """
    x, y = np.asarray(table1), np.asarray(table2)
    if x.shape != y.shape:
        raise BadArgument(
            "table2", f"table1 is {x.shape}, table2 {y.shape}; give both the same categories", value=y.shape
        )
    m1, m2 = mutual_information(x), mutual_information(y)
    rows, columns = np.full(x.shape[0], True), np.full(x.shape[1], True)
    while True:  # taking a column out can empty a row
        kept = [t * rows[:, None] * columns for t in (x, y)]
        fewer = [
            rows & (kept[0].sum(1) > 0) & (kept[1].sum(1) > 0),
            columns & (kept[0].sum(0) > 0) & (kept[1].sum(0) > 0),
        ]
        if (fewer[0] == rows).all() and (fewer[1] == columns).all():
            break
        rows, columns = fewer
    a, b = x[rows][:, columns], y[rows][:, columns]
    if not a.sum() or not b.sum():
        raise Refused("the two tables have no specialty and industry in common")
    a, b = a / a.sum(), b / b.sum()
    margins = {"A": (a.sum(1), a.sum(0)), "B": (b.sum(1), b.sum(0))}

    def adjusted(row: str, column: str, structure: str) -> float:
        if row == column == structure:
            return mutual_information(a if structure == "A" else b)
        return mutual_information(
            _fit_margins(a if structure == "A" else b, margins[row][0], margins[column][1], tolerance, most)
        )

    v = {
        row + column + structure: adjusted(row, column, structure)
        for row in "AB"
        for column in "AB"
        for structure in "AB"
    }
    if method == "shapley":
        structural = (v["AAB"] - v["AAA"] + v["BBB"] - v["BBA"]) / 2
        row = (v["BAA"] - v["AAA"] + v["BBA"] - v["ABA"] + v["BBB"] - v["ABB"] + v["BAB"] - v["AAB"]) / 4
        column = (v["ABA"] - v["AAA"] + v["BBA"] - v["BAA"] + v["BBB"] - v["BAB"] + v["ABB"] - v["AAB"]) / 4
    else:
        structural = v["BBB"] - v["BBA"]
        row = (v["BAA"] - v["AAA"] + v["BBA"] - v["ABA"]) / 2
        column = (v["ABA"] - v["AAA"] + v["BBA"] - v["BAA"]) / 2
    return LinkageChange(
        m1,
        m2,
        float(row),
        float(column),
        float(structural),
        float(m2 - mutual_information(b)),
        float(mutual_information(a) - m1),
        method,
    )


@dataclass(frozen=True)
class LinkageInference:
    """Error and bias of M; `lower` and `upper` are nan where the bias rule forbids an interval,
    and `refused` says why."""

    m: float
    se: float
    bias: float  # Miller–Madow with the non-empty cells
    g: float  # 2nM, chi-squared with `df` degrees of freedom under independence
    df: int
    p: float
    lower: float
    upper: float
    refused: str


@takes(
    may_be_nan="there is no interval where the bias rule forbids one, and no p with one row or column",
    table=arrays.counts(dimensions=2, whole=True),
    confidence=arrays.confidence,
)
def m_inference(table: ArrayLike, *, confidence: float = 0.95) -> LinkageInference:
    """Delta error, Miller–Madow bias and G test of M, with an interval only where the bias allows one.

    se² = (Σ p (ln(p/(p_row p_column)))² − M²)/n; bias = (K − R − C + 1)/(2n) with K non-empty cells, R and C non-empty
    rows and columns; G = 2nM. Sources: Miller (1955), Mora and Ruiz-Castillo (2009).

    Notes
    -----
    The interval is M − bias ± z se within 0 and min(H(specialty), H(industry)). It is refused at that upper boundary,
    and unless (R − 1)(C − 1)/(2n) < 0.05 M: at 30 × 20 cells and 500 persons the uncorrected interval would never hold
    the truth. Persons are taken as independent; whole classes hired together are not.

    Examples
    --------
    >>> v = m_inference([[60, 20, 10], [15, 70, 15], [5, 10, 85]])
    >>> round(v.se, 6), round(v.bias, 6), round(v.g, 3)
    (0.044386, 0.006897, 212.105)
    """
    x = np.asarray(table)
    n = x.sum()
    p = x / n
    row, column = p.sum(1), p.sum(0)
    m = mutual_information(x)
    there = p > 0
    ratio = np.log(p[there] / np.outer(row, column)[there])
    se = float(np.sqrt(max(0.0, (p[there] * ratio**2).sum() - m**2) / n))
    r, c = int((row > 0).sum()), int((column > 0).sum())
    bias = (int(there.sum()) - r - c + 1) / (2 * n)
    df = (r - 1) * (c - 1)
    g = 2 * n * m
    most = min(entropy(row), entropy(column))
    refused = (
        "the table is at the boundary of what M can be; the delta error does not hold there"
        if m > 0 and (se * np.sqrt(n) < 1e-6 or m >= most * (1 - 1e-9))
        else ""
        if df / (2 * n) < 0.05 * m
        else (
            f"(R − 1)(C − 1)/(2n) = {df / (2 * n):.3g} is not below 0.05 M = {0.05 * m:.3g}: report M minus its "
            "chance level instead"
        )
    )
    z = stats.norm.ppf(0.5 + confidence / 2)
    lower, upper = (
        (np.nan, np.nan) if refused else (max(0.0, min(m - bias, most) - z * se), min(most, m - bias + z * se))
    )
    return LinkageInference(
        m, se, bias, float(g), df, float(stats.chi2.sf(g, df)) if df else np.nan, float(lower), float(upper), refused
    )


@dataclass(frozen=True)
class Resampled:
    """M under resampling: bootstrap error and correction, or chance level under independence."""

    observed: float
    mean: float
    se: float
    corrected: float
    p: float = np.nan


@takes(
    may_be_nan="there is no p, nor an error of one draw",
    table=arrays.counts(dimensions=(2, 3), whole=True),
    draws=arrays.draws,
    seed=arrays.seed,
    by_school=arrays.flag,
)
def m_bootstrap(table: ArrayLike, *, draws: int = 500, seed: int, by_school: bool = False) -> Resampled:
    """Bootstrap of M: Poisson draws of cells, or whole schools drawn with replacement where `clusters` is given.

    Parameters
    ----------
    table : array of shape (specialties, industries), or (schools, specialties, industries) if `by_school`
        whole counts.
    draws, seed : int
    by_school : bool
        the first axis holds schools, two or more, which are drawn with replacement:
        students of a school do not vary alone.

    Returns
    -------
    Resampled
        `corrected` = 2M − mean of the draws; p is nan, and so is the error of a single draw.
    """
    rng = np.random.default_rng(seed)
    x = np.asarray(table)
    if x.ndim != (3 if by_school else 2) or (by_school and len(x) < 2):
        wanted = (
            "draws of schools take a table of shape (schools, specialties, industries) with two schools or more"
            if by_school
            else "draws of persons take a table of shape (specialties, industries)"
        )
        raise BadArgument("table", f"{wanted}; its shape is {x.shape}", value=x.shape)
    if by_school:
        whole = x.sum(0)
        weights = rng.multinomial(len(x), np.full(len(x), 1 / len(x)), size=draws)
        drawn = np.array(
            [mutual_information(np.tensordot(w, x, 1)) for w in weights if np.tensordot(w, x, 1).sum() > 0]
        )
    else:
        whole = x
        drawn = _draw_m(whole, draws, rng)
    observed = mutual_information(whole)
    return Resampled(observed, float(drawn.mean()), float(drawn.std(ddof=1)), 2 * observed - float(drawn.mean()))


_SMALL = 64  # counts up to this are drawn from a table of quantiles


def _sum_xlogx_small(values: np.ndarray) -> float:
    """Σ v ln v of small whole numbers, by counting each of them."""
    largest = int(values.max(initial=0))
    size = (
        np.bincount(values, minlength=2)
        if largest > 40
        else np.array([0, 0, *(np.count_nonzero(values == v) for v in range(2, largest + 1))])
    )
    v = np.arange(size.size)
    return float(xlogy(v, v) @ size)


def _draw_m(x: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """M of Poisson bootstrap draws: each cell Poisson with its count as mean.

    Given its total a Poisson draw is a multinomial one, and M depends on proportions only (Chamandy et al. 2012). Small
    counts are drawn by their quantiles at 16-bit probabilities, four times as fast as an exact draw;
    the means are right to 1e-4.
    """
    filled = np.flatnonzero(x)
    filled = filled[np.argsort(x.ravel()[filled] > _SMALL, kind="stable")]  # small counts first
    counts = x.ravel()[filled].astype(np.int64)
    small = int((counts <= _SMALL).sum())
    levels = (np.arange(65536) + 0.5) / 65536
    kinds, kind = np.unique(counts[:small], return_inverse=True)
    quantiles = np.concatenate(
        [np.zeros(0), *(np.searchsorted(stats.poisson.cdf(np.arange(256), k), levels) for k in kinds)]
    ).astype(np.uint8)
    offset = (kind * 65536).astype(np.int32)
    drawn, whole, cells = (
        np.empty(draws),
        np.zeros(x.shape, np.int64 if x.sum() > 2**30 else np.int32),
        (filled[:small], filled[small:]),
    )
    for k in range(draws):
        probability = rng.bit_generator.random_raw(small // 4 + 1).view(np.uint16)[:small]
        few = quantiles[offset + probability]
        many = rng.poisson(counts[small:])
        whole.ravel()[cells[0]], whole.ravel()[cells[1]] = few, many
        rows, columns = whole.sum(1, dtype=np.int64), whole.sum(0, dtype=np.int64)
        n = rows.sum()
        if n == 0:
            drawn[k] = 0.0
            continue
        spread = _sum_xlogx_small(few) + xlogy(many, many).sum()
        drawn[k] = max(0.0, np.log(n) + (spread - xlogy(rows, rows).sum() - xlogy(columns, columns).sum()) / n)
    return drawn


@takes(
    may_be_nan="one draw has no spread",
    table=arrays.counts(dimensions=2, dealt=True),
    draws=arrays.draws,
    seed=arrays.seed,
)
def m_chance(table: ArrayLike, *, draws: int = 199, seed: int) -> Resampled:
    """Chance level of M: its mean when graduates are dealt to industries at random, margins kept.

    Returns
    -------
    Resampled
        `corrected` = M − chance level; the error of a single draw is nan;
        `p` = (1 + draws at least as large)/(draws + 1).
    """
    x = np.asarray(table)
    x = x[x.sum(1) > 0][:, x.sum(0) > 0]
    observed = mutual_information(x)
    rng = np.random.default_rng(seed)
    deal = stats.random_table(x.sum(1).astype(int), x.sum(0).astype(int))
    drawn = np.array(
        [mutual_information(deal.rvs(1, random_state=rng)[0]) for _ in range(draws)]
    )  # one at a time: a thousand large tables fill the memory
    return Resampled(
        observed,
        float(drawn.mean()),
        float(drawn.std(ddof=1)),
        observed - float(drawn.mean()),
        float((1 + (drawn >= observed - 1e-12).sum()) / (draws + 1)),
    )
