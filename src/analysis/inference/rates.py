"""Rates of schools: definitions, the checks their figures must pass, intervals of one rate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

from analysis import arrays
from analysis.arrays import part_of, takes
from analysis.errors import BadArgument, Refused  # noqa: F401 - methods that import their measures here find their refusal beside them

# printed figures of schools: counts, nan where not printed
PRINTED = arrays.numbers(low=0, high=arrays.MOST_COUNT, whole=True, missing=True, rule=", whole and not negative")
K, N = arrays.counts(dimensions=(0, 1, 2), whole=True, zero=True), arrays.counts(dimensions=(0, 1, 2), whole=True)


@takes(successes=K, trials=N)
def school_logits(successes: ArrayLike, trials: ArrayLike) -> np.ndarray:
    """Logits of school rates; where a rate is 0 or 1 half a case is added on either side (Haldane 1955; Anscombe 1956)."""
    k, n = np.asarray(successes), np.asarray(trials)
    _check_part(k, n)
    edge = 0.5 * ((k <= 0) | (k >= n))
    return np.log((k + edge) / (n - k + edge))


def _check_part(k: np.ndarray, n: np.ndarray) -> None:
    """Successes are part of their trials, of which many rows may share one."""
    if k.ndim < n.ndim or k.shape[k.ndim - n.ndim :] != n.shape:
        raise BadArgument("successes", f"successes have shape {k.shape}, trials {n.shape}", value=k.shape)
    part_of("successes", "trials")({"successes": k, "trials": np.broadcast_to(n, k.shape)})


METHODS = {"wilson": "wilson", "clopper_pearson": "beta", "jeffreys": "jeffreys"}
# printed figures with F > P (more in further study than placed) can be read in four ways; none is a choice, all are shown
TREATMENTS = ("as_printed", "capped", "zero", "left_out")


@takes(may_be_nan="figures that contradict each other, or are missing, have no rate", **dict.fromkeys(("graduates", "placed", "further_study", "sector_classified"), arrays.real(0, arrays.MOST_COUNT, missing=True)))
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
        "sector_classified": e / market if 0 <= e <= p - f and market > 0 else np.nan,
    }


@takes(schools=arrays.frame(graduates=PRINTED, placed=PRINTED, further_study=PRINTED))
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


@takes(may_be_nan="a missing figure stays missing", schools=arrays.frame(), treatment=arrays.one_of(*TREATMENTS))
def treat_contradictions(schools: pd.DataFrame, treatment: str) -> pd.DataFrame:
    """Schools with their contradicting further study treated in one of four ways.

    Parameters
    ----------
    schools : DataFrame
        columns `graduates`, `placed`, `further_study`, `consistent`.
    treatment : {"as_printed", "capped", "zero", "left_out"}
        left as it is; at most the number placed; taken as not printed (nobody in further study); schools left out. A school that prints more
        placed than graduated is left out by all but the first; a missing figure stays missing.
    """
    arrays.frame(graduates=PRINTED, placed=PRINTED, further_study=PRINTED, consistent=arrays.flags())(schools, "schools")
    if treatment == "as_printed":
        return schools
    more = schools["further_study"] > schools["placed"]
    possible = schools[~(schools["placed"] > schools["graduates"])]
    if treatment == "capped":
        return possible.assign(further_study=schools["further_study"].where(~more, schools["placed"]))
    if treatment == "zero":
        return possible.assign(further_study=schools["further_study"].where(~more, 0.0))
    return schools[schools["consistent"]]


@takes(successes=K, trials=N, confidence=arrays.confidence, method=arrays.one_of(*METHODS))
def proportion_interval(successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95, *, method: str = "wilson") -> tuple[np.ndarray, np.ndarray]:
    """Interval of a proportion (Brown, Cai & DasGupta 2001). Treats graduates as independent: a lower bound of the spread.

    Parameters
    ----------
    method : {"wilson", "clopper_pearson", "jeffreys"}
        the usual one; one whose coverage never falls short; the Bayesian one with the Beta(½, ½) prior, unmodified at k = 0 and k = n.
    """
    k, n = np.asarray(successes), np.asarray(trials)
    _check_part(k, n)
    low, high = proportion_confint(k, n, alpha=1 - confidence, method=METHODS[method])
    return np.asarray(low), np.asarray(high)
