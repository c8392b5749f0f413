"""A contrast of two groups under many labellings at once: what a specification curve, and its chance, are made of."""

from __future__ import annotations

import numpy as np

from analysis.ground import arrays
from analysis.ground.arrays import part_of, takes
from analysis.ground.errors import BadArgument
from analysis.inference.rates import school_logits

WEIGHTS = ("graduates", "schools", "logits")


@takes(
    part_of("k", "n"),
    k=arrays.counts(whole=True, zero=True),
    n=arrays.counts(whole=True),
    first=arrays.flags(dimensions=2),
    weight=arrays.one_of(*WEIGHTS),
)
def tier_contrast(k: np.ndarray, n: np.ndarray, first: np.ndarray, weight: str) -> np.ndarray:
    """First group minus second, for many labellings at once.

    Parameters
    ----------
    k, n : array of shape (schools,)
    first : array of shape (labellings, schools), bool
    weight : {"graduates", "schools", "logits"}
        pooled counts; simple means of rates; means of logits (half a case added on either side where a rate is 0 or 1),
        turned back into a difference of probabilities.

    Examples
    --------
    >>> k, n = np.array([9, 8, 3, 4]), np.array([10, 10, 10, 10])
    >>> tier_contrast(k, n, np.array([[True, True, False, False]]), "schools").round(6).tolist()
    [0.5]
    """
    if first.shape[1] != len(k) or not (first.any(1) & (~first).any(1)).all():
        wrong = (
            f"every labelling needs a school in both groups, and {len(k)} schools in all; its shape is {first.shape}"
        )
        raise BadArgument("first", wrong, value=first.shape)
    member, other = first.astype(float), (~first).astype(float)
    if weight == "graduates":
        pooled: np.ndarray = member @ k / (member @ n) - other @ k / (other @ n)
        return pooled
    if weight == "schools":
        means: np.ndarray = member @ (k / n) / member.sum(1) - other @ (k / n) / other.sum(1)
        return means
    logit = school_logits(k, n)
    centres: np.ndarray = 1 / (1 + np.exp(-(member @ logit) / member.sum(1))) - 1 / (
        1 + np.exp(-(other @ logit) / other.sum(1))
    )
    return centres
