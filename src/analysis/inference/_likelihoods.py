"""Log-likelihoods of the over-dispersed binomial models with their exact first and second derivatives,
and the climb to their tops; many at once.

Arrays begin with an axis of data sets (draws of a simulation; one for the data at hand). Parameters are (β, τ):
coefficients on the logit scale, and the logarithm of what spreads the schools: ln(a + b) of the beta-binomial model, ln
σ of the random intercept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import special

CREEPING = 1e-6  # a step that had to be made so short, though the decrement promised more
# Newton decrement g'I⁻¹g: twice the log-likelihood that is still to be gained; the step that follows squares what is
# left
SETTLED = 1e-12


class Terms(NamedTuple):
    """A log-likelihood at some parameters: value (m,), gradient (m, p) and observed information (m, p, p)."""

    value: np.ndarray
    gradient: np.ndarray
    information: np.ndarray


class Climb(NamedTuple):
    """Where climbs ended: parameters (m, p), their terms, and whether the gradient is as good as zero there (m,)."""

    theta: np.ndarray
    terms: Terms
    settled: np.ndarray


def climb(
    likelihood: Callable[[np.ndarray, np.ndarray], Terms],
    start: np.ndarray,
    limits: tuple[float, float],
    *,
    steps: int = 60,
) -> Climb:
    """Maximise many small log-likelihoods at once by damped Newton steps.

    A step solves (I + ridge) s = g, with a ridge where the information, scaled to a unit diagonal, is not that of a
    top; it is no longer than one in any parameter, and is halved until the log-likelihood does not fall (Nocedal &
    Wright 2006, 3.4).

    Parameters
    ----------
    likelihood : callable
        (parameters of shape (m, p), which data sets they belong to) → `Terms`.
    start : array of shape (m, p)
        data sets with a start that is not finite are not begun.
    limits : (float, float)
        of the last parameter; a climb that passes one of them ends there, not settled.
    """
    theta = np.array(start, float)
    begun = np.isfinite(theta).all(1)
    theta[~begun] = 0.0
    moving, settled, creeps = np.flatnonzero(begun), np.zeros(len(theta), bool), np.zeros(len(theta), int)
    identity = np.eye(theta.shape[1])
    for _ in range(steps):
        if not moving.size:
            break
        at = theta[moving]
        value, gradient, information = likelihood(at, moving)
        scale = np.sqrt(
            np.abs(np.einsum("mii->mi", information)) + 1e-300
        )  # near a boundary curvatures differ by many powers of ten
        scaled = information / (scale[:, :, None] * scale[:, None])
        lowest = np.linalg.eigvalsh(scaled)[:, 0]
        ridge = np.where(lowest > 1e-9, 0.0, 1e-3 + 1.5 * np.maximum(-lowest, 0.0))
        step = np.linalg.solve(scaled + ridge[:, None, None] * identity, (gradient / scale)[..., None])[..., 0] / scale
        gain = np.where(ridge == 0, np.einsum("mi,mi->m", gradient, step), np.inf)
        step /= np.maximum(1.0, np.abs(step).max(1, keepdims=True))
        falls = np.flatnonzero(gain > 1e-8)  # so near the top the value has no digits left to compare
        halved = np.zeros(len(moving), int)
        for _ in range(40):
            if not falls.size:
                break
            lower = likelihood(at[falls] + step[falls], moving[falls]).value < value[falls] - 1e-9 * np.maximum(
                1.0, np.abs(value[falls])
            )
            falls = falls[lower]
            step[falls] /= 2
            halved[falls] += 1
        theta[moving] = at + step
        done, out = gain <= SETTLED, (theta[moving, -1] < limits[0]) | (theta[moving, -1] > limits[1])
        settled[moving[done & ~out]] = True
        # derivatives that are not those of the value (a quadrature with too few nodes) lead nowhere, step after step
        creeping = (halved >= 10) & (np.abs(step).max(1) < CREEPING)
        creeps[moving] = np.where(creeping, creeps[moving] + 1, 0)
        moving = moving[~(done | out | (creeps[moving] >= 3))]
    theta[:, -1] = np.clip(theta[:, -1], *limits)
    return Climb(theta, likelihood(theta, np.arange(len(theta))), settled)


def constant_of(k: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Logarithm of the binomial coefficients, summed over rows."""
    constant: np.ndarray = (special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)).sum(-1)
    return constant


def beta_binomial_terms(theta: np.ndarray, k: np.ndarray, n: np.ndarray, x: np.ndarray) -> Terms:
    """Beta-binomial log-likelihood: a = μs, b = (1 − μ)s, μ = Λ(xβ), s = exp τ;
    derivatives by the chain rule over digamma and trigamma.

    Parameters
    ----------
    theta : array of shape (m, p)
    k : array of shape (m, rows)
    n : array of shape (rows,)
    x : array of shape (rows, p − 1)
    """
    mu, total = special.expit(theta[:, :-1] @ x.T), np.exp(theta[:, -1:])
    a, b = mu * total, (1 - mu) * total
    value = (special.betaln(k + a, n - k + b) - special.betaln(a, b)).sum(1) + constant_of(k, n)
    both = special.digamma(total) - special.digamma(n + total)
    da, db = special.digamma(k + a) - special.digamma(a) + both, special.digamma(n - k + b) - special.digamma(b) + both
    dab = special.polygamma(1, total) - special.polygamma(1, n + total)
    daa, dbb = (
        special.polygamma(1, k + a) - special.polygamma(1, a) + dab,
        special.polygamma(1, n - k + b) - special.polygamma(1, b) + dab,
    )
    slope = total * mu * (1 - mu)  # of a in xβ; that of b is its negative
    in_eta, in_tau = (da - db) * slope, da * a + db * b
    eta_eta = slope**2 * (daa - 2 * dab + dbb) + in_eta * (1 - 2 * mu)
    eta_tau = slope * (daa * a + dab * (b - a) - dbb * b) + in_eta
    tau_tau = daa * a**2 + 2 * dab * a * b + dbb * b**2 + in_tau
    gradient = np.column_stack([in_eta @ x, in_tau.sum(1)])
    return Terms(value, gradient, -_bordered(np.einsum("mr,ri,rj->mij", eta_eta, x, x), eta_tau @ x, tau_tau.sum(1)))


def _bordered(block: np.ndarray, edge: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """Symmetric matrices of a block (m, p, p), an edge (m, p) and a corner (m,)."""
    return np.concatenate(
        [np.concatenate([block, edge[:, :, None]], 2), np.concatenate([edge, corner[:, None]], 1)[:, None]], 1
    )


@lru_cache
def _rule(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of Gauss–Hermite quadrature, and the logarithm of their weights without the factor exp(−t²)."""
    nodes, weights = special.roots_hermite(points)
    return nodes, np.log(weights) + nodes**2


def random_intercept_terms(
    theta: np.ndarray, k: np.ndarray, n: np.ndarray, x: np.ndarray, group: np.ndarray | None = None, *, points: int
) -> Terms:
    """Log-likelihood of a random-intercept logit, integrated around the mode of each group (adaptive Gauss–Hermite:
    Pinheiro & Bates 1995).

    logit μ = xβ + σu, u ~ N(0, 1), σ = exp τ. With the weights w of the nodes within a group, S the derivatives of its
    joint log-density and K minus its second derivatives, the gradient is Σ E_w S and the information Σ E_w K − Var_w S
    (Fisher's and Louis's identities: Louis 1982): exact for the integral, and so for the quadrature once it has nodes
    enough.

    Parameters
    ----------
    theta, k, n, x : array
        as in `beta_binomial_terms`.
    group : array of shape (rows,), optional
        number of the group of each row; every row its own if not given.
    points : int
        nodes; one is the Laplace approximation of the value.
    """
    belongs = None if group is None else (group == np.arange(group.max() + 1)[:, None]).astype(float)

    def gather(rows: np.ndarray, axis: int) -> np.ndarray:
        """Sums over the rows of each group."""
        return rows if belongs is None else np.moveaxis(np.tensordot(belongs, rows, (1, axis)), 0, axis)

    def spread_out(groups: np.ndarray) -> np.ndarray:
        return groups if group is None else groups[:, group]

    fixed, sigma = theta[:, :-1] @ x.T, np.exp(theta[:, -1:])
    mode = np.zeros((len(theta), n.size if belongs is None else len(belongs)))
    for _ in range(100):
        mu = special.expit(fixed + sigma * spread_out(mode))
        curve = sigma**2 * gather(n * mu * (1 - mu), 1) + 1
        step = np.clip((sigma * gather(k - n * mu, 1) - mode) / curve, -2, 2)
        mode = mode + step
        if np.abs(step).max(initial=0) < 1e-12:
            break
    nodes, log_weights = _rule(points)
    width = 1 / np.sqrt(curve)
    at = mode[..., None] + np.sqrt(2) * width[..., None] * nodes  # (m, groups, nodes)
    eta = fixed[..., None] + sigma[..., None] * spread_out(at)
    low = np.exp(-np.abs(eta))  # one exponential serves the logistic function and its logarithm
    mu = np.where(eta >= 0, 1, low) / (1 + low)
    density = (
        gather(k[..., None] * eta - n[:, None] * (np.maximum(eta, 0) + np.log1p(low)), 1) - 0.5 * at**2 + log_weights
    )
    highest = density.max(2, keepdims=True)
    share = np.exp(density - highest)
    mass = share.sum(2, keepdims=True)
    share /= mass
    value = (highest[..., 0] + np.log(mass[..., 0]) + np.log(width) - 0.5 * np.log(np.pi)).sum(1) + constant_of(k, n)

    residual, weight = k[..., None] - n[:, None] * mu, n[:, None] * mu * (1 - mu)  # (m, rows, nodes)
    pull = sigma[..., None] * at  # derivative of η in τ
    slopes = np.concatenate(
        [gather(residual[:, :, None] * x[:, :, None], 1), (gather(residual, 1) * pull)[:, :, None]], 2
    )  # S: (m, groups, p, nodes)
    mean = np.einsum("mgq,mgiq->mgi", share, slopes)
    shares, pulls = spread_out(share), spread_out(pull)
    expected = shares * weight
    complete = _bordered(
        np.einsum("mrq,ri,rj->mij", expected, x, x),
        np.einsum("mrq,mrq,ri->mi", expected, pulls, x),
        np.einsum("mrq,mrq->m", expected * pulls - shares * residual, pulls),
    )
    missing = np.einsum("mgq,mgiq,mgjq->mij", share, slopes, slopes) - np.einsum("mgi,mgj->mij", mean, mean)
    return Terms(value, mean.sum(1), complete - missing)
