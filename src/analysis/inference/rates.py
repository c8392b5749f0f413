"""Rates of groups: their logits, and the interval of one rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

from analysis.ground import arrays
from analysis.ground.arrays import part_of, takes
from analysis.ground.errors import BadArgument

# methods that import their measures here find their refusal beside them
from analysis.ground.errors import Refused as Refused

K, N = arrays.counts(dimensions=(0, 1, 2), whole=True, zero=True), arrays.counts(dimensions=(0, 1, 2), whole=True)


@takes(successes=K, trials=N)
def school_logits(successes: ArrayLike, trials: ArrayLike) -> np.ndarray:
    """Logits of school rates; where a rate is 0 or 1 half a case is added on either side (Haldane 1955;
    Anscombe 1956)."""
    k, n = np.asarray(successes), np.asarray(trials)
    _check_part(k, n)
    edge = 0.5 * ((k <= 0) | (k >= n))
    logits: np.ndarray = np.log((k + edge) / (n - k + edge))
    return logits


def _check_part(k: np.ndarray, n: np.ndarray) -> None:
    """Successes are part of their trials, of which many rows may share one."""
    if k.ndim < n.ndim or k.shape[k.ndim - n.ndim :] != n.shape:
        raise BadArgument("successes", f"successes have shape {k.shape}, trials {n.shape}", value=k.shape)
    part_of("successes", "trials")({"successes": k, "trials": np.broadcast_to(n, k.shape)})


METHODS = {"wilson": "wilson", "clopper_pearson": "beta", "jeffreys": "jeffreys"}


@takes(successes=K, trials=N, confidence=arrays.confidence, method=arrays.one_of(*METHODS))
def proportion_interval(
    successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95, *, method: str = "wilson"
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a proportion (Brown, Cai & DasGupta 2001). Treats graduates as independent:
    a lower bound of the spread.

    Parameters
    ----------
    method : {"wilson", "clopper_pearson", "jeffreys"}
        the usual one; one whose coverage never falls short; the Bayesian one with the Beta(½, ½) prior, unmodified at
        k = 0 and k = n.

    Examples
    --------
    >>> [round(float(end), 3) for end in proportion_interval(8, 10)]
    [0.49, 0.943]
    """
    k, n = np.asarray(successes), np.asarray(trials)
    _check_part(k, n)
    low, high = proportion_confint(k, n, alpha=1 - confidence, method=METHODS[method])
    return np.asarray(low), np.asarray(high)
