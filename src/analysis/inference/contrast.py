"""The same contrast of two tiers by every method, each with the condition under which it may be read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from analysis.ground import arrays
from analysis.ground.arrays import part_of, same_rows, takes, two_groups
from analysis.ground.errors import Refused, Separated
from analysis.inference.binomial import beta_binomial, fractional_logit, grouped_binomial, random_intercept_logit
from analysis.inference.few_groups import clustered_logit, exact_permutation_two_groups, wild_cluster_bootstrap
from analysis.inference.rates import school_logits

Answer = tuple[float, ...]  # estimate, lower, upper, p, and the dispersion where a method has one

COLUMNS = ["method", "scale", "estimate", "lower", "upper", "p", "dispersion", "refused", "kind"]


@takes(
    part_of("successes", "trials"),
    same_rows("trials", "first"),
    two_groups("first"),
    may_be_nan="a method without an answer, beside its reason",
    successes=arrays.counts(whole=True, zero=True),
    trials=arrays.counts(whole=True),
    first=arrays.flags(),
    confidence=arrays.confidence,
)
def contrast_tiers(
    successes: np.ndarray, trials: np.ndarray, first: np.ndarray, confidence: float = 0.95
) -> pd.DataFrame:
    """First tier minus second by eleven methods.

    Parameters
    ----------
    successes, trials : array of shape (schools,)
        k and n of each school.
    first : array of bool
        the schools of the first tier.

    Returns
    -------
    DataFrame
        method, scale (``points`` or ``logit``), estimate, lower, upper, p, dispersion (where the method has one),
        refused: why a method gives no answer (nan) at this design, for instance because leaving a school out empties a
        tier; kind: the sort of reason, ``separated`` or ``refused``.

    Examples
    --------
    >>> k, n = np.array([9, 8, 3, 4]), np.array([10, 10, 10, 10])
    >>> p = contrast_tiers(k, n, np.array([True, True, False, False])).set_index("method")["p"]
    >>> round(p["two_proportions"], 3), round(p["permutation_rates"], 3)
    (0.001, 0.333)
    """
    k, n, member = np.asarray(successes), np.asarray(trials), np.asarray(first)
    design = pd.DataFrame({"constant": 1.0, "tier": member.astype(float)})
    schools = np.arange(k.size)
    z = stats.norm.ppf(0.5 + confidence / 2)

    def of_table(row: pd.Series, error: str, p: str | None, quantile: float) -> tuple[float, float, float, float]:
        half = quantile * row[error]
        return (
            row["estimate"],
            row["estimate"] - half,
            row["estimate"] + half,
            row[p] if p else 2 * stats.norm.sf(abs(row["estimate"]) / row[error]),
        )

    def logits() -> np.ndarray:
        if k.sum() in (0, n.sum()):
            raise Separated("all rates are 0 or 1: half a case on either side would compare the sizes of schools")
        return school_logits(k, n)

    def naive() -> Answer:
        p1, p2, n1, n2 = (
            k[member].sum() / n[member].sum(),
            k[~member].sum() / n[~member].sum(),
            n[member].sum(),
            n[~member].sum(),
        )
        pooled = k.sum() / n.sum()
        if pooled in (0, 1):
            raise Separated("all rates are 0 or 1")
        half = z * np.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
        return (
            p1 - p2,
            p1 - p2 - half,
            p1 - p2 + half,
            2 * stats.norm.sf(abs(p1 - p2) / np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))),
        )

    def quasi() -> Answer:
        fit = grouped_binomial(k, n, design, confidence)
        row = fit.coefficients.loc["tier"]
        return row["estimate"], row["lower"], row["upper"], row["p"], fit.dispersion

    def clustered(kind: str) -> Answer:
        return of_table(
            clustered_logit(k, n, design, jackknife=kind == "cr3").coefficients.loc["tier"],
            f"se_{kind}",
            f"p_{kind}",
            stats.t.ppf(0.5 + confidence / 2, k.size - 1),
        )

    def model(table: pd.DataFrame, error: str = "se") -> Answer:
        return of_table(table.loc["tier"], error, None, z)

    def wild() -> Answer:
        found = wild_cluster_bootstrap(k / n, design, schools, "tier", weights=n)
        return k[member].sum() / n[member].sum() - k[~member].sum() / n[~member].sum(), np.nan, np.nan, found.p

    def welch() -> Answer:
        own = logits()
        if min(member.sum(), (~member).sum()) < 2:
            raise Refused("a tier of one school has no spread")
        if np.ptp(own[member]) == np.ptp(own[~member]) == 0:
            raise Refused("schools do not differ within their tiers: there is no spread to compare with")
        found = stats.ttest_ind(own[member], own[~member], equal_var=False)
        low, high = found.confidence_interval(confidence)
        return own[member].mean() - own[~member].mean(), low, high, found.pvalue

    def permuted(values: np.ndarray) -> Answer:
        difference, p, _ = exact_permutation_two_groups(values, member)
        return difference, np.nan, np.nan, p

    methods: dict[str, tuple[str, Callable[[], Answer]]] = {
        "two_proportions": ("points", naive),
        "quasi_binomial": ("logit", quasi),
        "cluster_robust": ("logit", lambda: clustered("cr1")),
        "jackknife": ("logit", lambda: clustered("cr3")),
        "wild_bootstrap": ("points", wild),
        "fractional_logit": ("logit", lambda: model(fractional_logit(k / n, design))),
        "beta_binomial": ("logit", lambda: model(beta_binomial(k, n, design).coefficients)),
        "random_intercept": ("logit", lambda: model(random_intercept_logit(k, n, design).coefficients)),
        "welch_logits": ("logit", welch),
        "permutation_rates": ("points", lambda: permuted(k / n)),
        "permutation_logits": ("logit", lambda: permuted(logits())),
    }
    rows = []
    for method, (scale, call) in methods.items():
        try:
            answer, refused, kind = call(), "", ""
        except Refused as reason:  # said in the table, where the number would stand
            answer, refused, kind = (np.nan,) * 4, str(reason), reason.kind
        rows.append(
            (
                method,
                scale,
                *(float(v) for v in answer[:4]),
                float(answer[4]) if len(answer) > 4 else np.nan,
                refused,
                kind,
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS)
