"""Mathematics of shares that have come through the door: nothing is checked here, their users have done so."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, xlogy


def to_shares(counts: np.ndarray) -> np.ndarray:
    """Counts as shares that add up to one."""
    shares: np.ndarray = counts / counts.sum()
    return shares


def entropy(p: np.ndarray) -> float:
    """Shannon entropy −Σ p ln p of proportions, in nats; 0 ln 0 = 0."""
    return float(-xlogy(p, p).sum())


def mutual_information(table: np.ndarray) -> float:
    """M = H(rows) + H(columns) − H(cells) in nats."""
    p = table / table.sum()
    return max(0.0, entropy(p.sum(1)) + entropy(p.sum(0)) - entropy(p))


def effective_number(p: np.ndarray, typical: np.ndarray, order: float) -> float:
    """(Σ p t^{q−1})^{1/(1−q)} for positive shares p and commonness t.

    Its limits are exp(−Σ p ln t) at q = 1 and 1/max t at infinity.
    """
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


def is_constant(p: np.ndarray) -> bool:
    """Whether a structure does not vary but for rounding, so that nothing correlates with it."""
    return bool(np.ptp(p) <= 1e-12 * p.max())
