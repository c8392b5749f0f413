"""What a series of years allows: the last value, a line with its honest interval, a slope, a level, a break, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

LINE_FROM, SLOPE_FROM, LEVEL_FROM, BREAK_FROM = 3, 5, 10, 20


class TooFewYears(ValueError):
    """A method asks for more years than the series has."""


@dataclass(frozen=True)
class Forecast:
    """A forecast, which exists only with its interval."""

    year: int
    value: float
    lower: float
    upper: float
    method: str


@dataclass(frozen=True)
class Trend:
    """What was fitted to a series."""

    years: int
    last: float
    method: str  # last value, line, theil_sen, local_level
    slope: float  # per year, nan where none is fitted
    slope_lower: float
    slope_upper: float
    forecast: Forecast | None
    refused: str  # why there is no forecast, or ""


def _series(years: ArrayLike, values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    t, y = np.asarray(years), np.asarray(values, float)
    if t.size != y.size or t.size == 0 or not np.isfinite(y).all():
        raise ValueError("years and finite values of the same number are needed")
    if (np.diff(t) <= 0).any():
        raise ValueError("years must rise, each once")
    return t.astype(float), y


def line_forecast(years: ArrayLike, values: ArrayLike, year: int, confidence: float = 0.95) -> Forecast:
    """Least-squares line with the prediction interval of its t distribution with n − 2 degrees of freedom.

    With three equally spaced years ŷ = ȳ + 2b, s = |y₁ − 2y₂ + y₃|/√6 and the half-width is 12.706 · s · √(10/3): honest, because it is useless.

    Raises
    ------
    TooFewYears
        below three years: two points have no residual, so no interval exists.

    Examples
    --------
    >>> f = line_forecast([2021, 2022, 2023], [100, 110, 116], 2024)
    >>> round(f.value, 4), round(f.lower, 4), round(f.upper, 4)
    (124.6667, 86.7841, 162.5493)
    """
    t, y = _series(years, values)
    if t.size < LINE_FROM:
        raise TooFewYears(f"{t.size} years leave no residual, so a forecast would have no interval; {LINE_FROM} are the least")
    fit = stats.linregress(t, y)
    residual = y - fit.intercept - fit.slope * t
    freedom = t.size - 2
    s = np.sqrt(residual @ residual / freedom)
    half = stats.t.ppf(0.5 + confidence / 2, freedom) * s * np.sqrt(1 + 1 / t.size + (year - t.mean()) ** 2 / ((t - t.mean()) ** 2).sum())
    value = float(fit.intercept + fit.slope * year)
    return Forecast(int(year), value, value - float(half), value + float(half), "line")


def drift_forecast(years: ArrayLike, values: ArrayLike, year: int, confidence: float = 0.95) -> Forecast:
    """Last value plus the mean yearly step, with the t(n − 2) interval of a random walk with drift.

    ŷ = y_n + h·d̄, half-width t · s_d · √(h(1 + h/(n − 1))), s_d the spread of the steps (Hyndman & Athanasopoulos 2021). Years one apart.

    Raises
    ------
    TooFewYears
        below three years.
    """
    t, y = _series(years, values)
    if t.size < LINE_FROM:
        raise TooFewYears(f"{t.size} years give {t.size - 1} step and no spread of steps; {LINE_FROM} years are the least")
    if not (np.diff(t) == 1).all():
        raise ValueError("years must follow each other")
    steps, ahead = np.diff(y), year - t[-1]
    half = stats.t.ppf(0.5 + confidence / 2, steps.size - 1) * steps.std(ddof=1) * np.sqrt(ahead * (1 + ahead / steps.size))
    value = float(y[-1] + ahead * steps.mean())
    return Forecast(int(year), value, value - float(half), value + float(half), "drift")


def theil_sen(years: ArrayLike, values: ArrayLike, confidence: float = 0.95) -> tuple[float, float, float]:
    """Median of the slopes between all pairs of years, with its interval by ranks (Theil 1950; Sen 1968).

    Examples
    --------
    >>> round(theil_sen([1, 2, 3, 4], [12, 15, 13, 16])[0], 6)
    0.916667
    """
    t, y = _series(years, values)
    if t.size < 2:
        raise TooFewYears("a slope needs two years")
    found = stats.theilslopes(y, t, confidence)
    return float(found.slope), float(found.low_slope), float(found.high_slope)


def _widest(forecast, t: np.ndarray, box: np.ndarray, year: int, confidence: float, value: float) -> Forecast:
    """Forecast with the outermost interval over all corners of the rounding boxes; a box of many years is taken at its ends only."""
    corners = list(product(*box)) if t.size <= 10 else list(box.T)
    found = [forecast(t, corner, year, confidence) for corner in corners]
    return Forecast(year, value, min(f.lower for f in found), max(f.upper for f in found), found[0].method)


def describe_trend(years: ArrayLike, values: ArrayLike, *, lower: ArrayLike | None = None, upper: ArrayLike | None = None, ahead: int = 1, confidence: float = 0.95) -> Trend:
    """Fit what the number of years allows, and forecast only with an interval that holds.

    One or two years: the last value, no trend, no forecast. Three and four: the drift with its t interval (wide by nature). Five to nine:
    Theil–Sen slope, forecast by the line. Ten or more: local level (Harvey 1989), with the Theil–Sen slope beside it.

    Parameters
    ----------
    years, values : array
        one value a year. Years need not follow each other for a slope; they must for drift and local level, else the line is used.
    lower, upper : array, optional
        rounding box of each value: the interval of drift and line is then the outermost over the box. Rounded figures often lie on a line
        by chance; without their box such an interval would have no width.
    ahead : int
        years after the last one.
    """
    t, y = _series(years, values)
    year, last, nan = int(t[-1]) + ahead, float(y[-1]), float("nan")
    if t.size < LINE_FROM:
        return Trend(t.size, last, "last value", nan, nan, nan, None, f"{t.size} years: a trend cannot be told from chance, and a forecast would have no interval")
    even = bool((np.diff(t) == 1).all())
    if t.size < SLOPE_FROM:
        method = drift_forecast if even else line_forecast
        forecast = method(t, y, year, confidence)
        if lower is not None and upper is not None:
            forecast = _widest(method, t, np.column_stack([lower, upper]).astype(float), year, confidence, forecast.value)
        if forecast.upper - forecast.lower <= 1e-9 * max(1.0, abs(forecast.value)):
            return Trend(t.size, last, forecast.method, nan, nan, nan, None, "the steps do not vary at all: figures this round have no spread, and an interval of no width is none")
        return Trend(t.size, last, forecast.method, nan, nan, nan, forecast, "")
    slope, low, high = theil_sen(t, y, confidence)
    if t.size < LEVEL_FROM or not even:
        return Trend(t.size, last, "theil_sen", slope, low, high, line_forecast(t, y, year, confidence), "")
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    fit = UnobservedComponents(y, "local level").fit(disp=False)
    path = fit.get_forecast(ahead)
    low_value, high_value = path.conf_int(alpha=1 - confidence)[-1]
    return Trend(t.size, last, "local_level", slope, low, high, Forecast(year, float(path.predicted_mean[-1]), float(low_value), float(high_value), "local_level"), "")


@dataclass(frozen=True)
class Break:
    """The year after which a level changed most, with a p that allows for the search."""

    year: int
    before: float
    after: float
    p: float


def structural_break(years: ArrayLike, values: ArrayLike, *, trim: float = 0.15, draws: int = 1999, seed: int = 1) -> Break:
    """Largest F of a break in the level over all years, with its permutation p (Andrews 1993 for the search; exchangeable years under no break).

    Raises
    ------
    TooFewYears
        below twenty years: the search over years would find a break in anything.
    """
    t, y = _series(years, values)
    if t.size < BREAK_FROM:
        raise TooFewYears(f"{t.size} years; a break can be looked for from {BREAK_FROM} on")
    edge = max(2, int(np.ceil(trim * t.size)))
    cuts = np.arange(edge, t.size - edge + 1)

    def reduction(rows: np.ndarray) -> np.ndarray:
        sums = rows.cumsum(1)[:, cuts - 1]
        total = rows.sum(1, keepdims=True)
        return sums**2 / cuts + (total - sums) ** 2 / (t.size - cuts)

    own = reduction(y[None])[0]
    rng = np.random.default_rng(seed)
    chance = np.array([reduction(rng.permuted(y)[None]).max() for _ in range(draws)])
    cut = int(cuts[own.argmax()])
    return Break(int(t[cut - 1]), float(y[:cut].mean()), float(y[cut:].mean()), float((1 + (chance >= own.max() - 1e-9 * abs(own.max())).sum()) / (draws + 1)))
