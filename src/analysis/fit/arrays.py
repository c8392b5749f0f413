"""What the measures take: counts and shares, checked, with the position of the fault."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp, xlogy


def _checked(values: np.ndarray, name: str) -> np.ndarray:
    bad = np.argwhere(~np.isfinite(values) | (values < 0))
    if bad.size:
        place = tuple(int(i) for i in bad[0])
        raise ValueError(f"{name}: position {place[0] if len(place) == 1 else place} is {values[place]}; values must be finite and not negative")
    if values.sum() == 0:
        raise ValueError(f"{name} adds up to zero; shares cannot be formed")
    return values


def counts_vector(values: ArrayLike, name: str) -> np.ndarray:
    """A list of counts, one a category: finite, not negative, not all zero."""
    vector = np.asarray(values, dtype=float)
    if vector.ndim != 1 or vector.size == 0:
        raise ValueError(f"{name} must be a list of numbers, one a category")
    return _checked(vector, name)


def pair(a: ArrayLike, b: ArrayLike, names: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Two lists over the same categories."""
    first, second = counts_vector(a, names[0]), counts_vector(b, names[1])
    if first.shape != second.shape:
        raise ValueError(f"{names[0]} has {first.size} categories, {names[1]} has {second.size}")
    return first, second


def shares(counts: ArrayLike) -> np.ndarray:
    """Counts as shares that add up to one."""
    vector = counts_vector(counts, "counts")
    return vector / vector.sum()


def share_vector(values: ArrayLike, name: str) -> np.ndarray:
    """Shares that add up to one."""
    vector = counts_vector(values, name)
    if abs(vector.sum() - 1) > 1e-6:
        raise ValueError(f"{name} adds up to {vector.sum():.6g}, not to 1; use shares()")
    return vector


def share_pair(a: ArrayLike, b: ArrayLike, names: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Two lists of shares over the same categories."""
    first, second = pair(a, b, names)
    return share_vector(first, names[0]), share_vector(second, names[1])


def entropy(p: np.ndarray) -> float:
    """Shannon entropy −Σ p ln p of proportions, in nats; 0 ln 0 = 0."""
    return float(-xlogy(p, p).sum())


def check_orders(orders: ArrayLike) -> np.ndarray:
    """Orders of diversity: not negative, infinity allowed."""
    q = np.atleast_1d(np.asarray(orders, float))
    if np.isnan(q).any() or (q < 0).any():
        raise ValueError(f"orders must not be negative, got {q.tolist()}")
    return q


def effective_number(p: np.ndarray, typical: np.ndarray, order: float) -> float:
    """(Σ p t^{q−1})^{1/(1−q)} for positive shares p and commonness t, with its limits exp(−Σ p ln t) at q = 1 and 1/max t at infinity."""
    logs = np.log(typical)
    mean = float(p @ logs)
    if np.isinf(order):
        return float(np.exp(-logs.max()))
    if abs(order - 1) < 1e-5:  # second-order expansion: the quotient itself loses all digits here
        return float(np.exp(-mean - (order - 1) / 2 * (p @ (logs - mean) ** 2)))
    return float(np.exp(logsumexp((order - 1) * logs, b=p) / (1 - order)))


def half_l1(p: np.ndarray, q: np.ndarray) -> float:
    """½ Σ|p − q|, the share that would have to move."""
    return float(np.abs(p - q).sum() / 2)


def counts_table(values: ArrayLike, name: str, *, whole: bool = False) -> np.ndarray:
    """A table of counts: two dimensions, finite, not negative, not all zero; whole numbers if asked for."""
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(f"{name} must be a table with rows and columns")
    _checked(table, name)
    if whole and (table != np.round(table)).any():
        raise ValueError(f"{name}: counts must be whole numbers to be dealt out at random")
    return table
