"""What a series of years allows: the last value, a line with its honest interval, a slope, a level, a break,
and no more."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from analysis.ground import arrays
from analysis.ground.arrays import same_shape, takes
from analysis.ground.errors import BadArgument, Refused

LINE_FROM, SLOPE_FROM, LEVEL_FROM, BREAK_FROM = 3, 5, 10, 20


class TooFewYears(Refused):
    """A method asks for more years than the series has."""


SERIES: dict[str, Any] = {"years": arrays.years, "values": arrays.numbers()}


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


@takes(same_shape("years", "values"), **SERIES, year=arrays.calendar_year, confidence=arrays.confidence)
def line_forecast(years: ArrayLike, values: ArrayLike, year: int, confidence: float = 0.95) -> Forecast:
    """Least-squares line with the prediction interval of its t distribution with n − 2 degrees of freedom.

    With three equally spaced years ŷ = ȳ + 2b, s = |y₁ − 2y₂ + y₃|/√6 and the half-width is 12.706 · s · √(10/3):
    honest, because it is useless.

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
    t, y = np.asarray(years), np.asarray(values)
    if t.size < LINE_FROM:
        raise TooFewYears(
            f"{t.size} years leave no residual, so a forecast would have no interval; {LINE_FROM} are the least"
        )
    fit = stats.linregress(t, y)
    residual = y - fit.intercept - fit.slope * t
    freedom = t.size - 2
    s = np.sqrt(residual @ residual / freedom)
    half = (
        stats.t.ppf(0.5 + confidence / 2, freedom)
        * s
        * np.sqrt(1 + 1 / t.size + (year - t.mean()) ** 2 / ((t - t.mean()) ** 2).sum())
    )
    value = float(fit.intercept + fit.slope * year)
    return Forecast(int(year), value, value - float(half), value + float(half), "line")


@takes(same_shape("years", "values"), **SERIES, year=arrays.calendar_year, confidence=arrays.confidence)
def drift_forecast(years: ArrayLike, values: ArrayLike, year: int, confidence: float = 0.95) -> Forecast:
    """Last value plus the mean yearly step, with the t(n − 2) interval of a random walk with drift.

    ŷ = y_n + h·d̄, half-width t · s_d · √(h(1 + h/(n − 1))),
    s_d the spread of the steps (Hyndman & Athanasopoulos 2021). Years one apart.

    Raises
    ------
    TooFewYears
        below three years.
    """
    t, y = np.asarray(years), np.asarray(values)
    if t.size < LINE_FROM:
        raise TooFewYears(
            f"{t.size} years give {t.size - 1} step and no spread of steps; {LINE_FROM} years are the least"
        )
    if not (np.diff(t) == 1).all():
        raise BadArgument("years", "years must follow each other", value=t.tolist())
    steps, ahead = np.diff(y), year - t[-1]
    if ahead < 1:
        raise BadArgument("year", f"year is {year}; it must come after {t[-1]:g}", value=year)
    half = (
        stats.t.ppf(0.5 + confidence / 2, steps.size - 1)
        * steps.std(ddof=1)
        * np.sqrt(ahead * (1 + ahead / steps.size))
    )
    value = float(y[-1] + ahead * steps.mean())
    return Forecast(int(year), value, value - float(half), value + float(half), "drift")


@takes(same_shape("years", "values"), **SERIES, confidence=arrays.confidence)
def theil_sen(years: ArrayLike, values: ArrayLike, confidence: float = 0.95) -> tuple[float, float, float]:
    """Median of the slopes between all pairs of years, with its interval by ranks (Theil 1950; Sen 1968).

    Examples
    --------
    >>> round(theil_sen([1, 2, 3, 4], [12, 15, 13, 16])[0], 6)
    0.916667
    """
    t, y = np.asarray(years), np.asarray(values)
    if t.size < 2:
        raise TooFewYears("a slope needs two years")
    found = stats.theilslopes(y, t, confidence)
    return float(found.slope), float(found.low_slope), float(found.high_slope)


@takes(values=arrays.numbers(), ahead=arrays.whole(1, 1000, rule="one year or more"), confidence=arrays.confidence)
def local_level(values: ArrayLike, ahead: int = 1, confidence: float = 0.95) -> tuple[float, float, float]:
    """Forecast of a local-level model y = μ + ε, μ' = μ + η, by maximum likelihood (Harvey 1989), years one apart.

    The scale is concentrated out and the part s of the level's variance in both is searched on 0 (a constant) to 1 (a
    random walk), so that the answer does not depend on the unit of y; diffuse start at the first value.

    Returns
    -------
    tuple
        forecast, lower, upper; t distribution with n − 2 degrees of freedom.

    Raises
    ------
    Refused
        for values that do not vary.
    """
    y = np.asarray(values)
    if y.size < LINE_FROM:
        raise TooFewYears(f"{y.size} years; a level and its variance need {LINE_FROM}")
    spread = y.std()
    if spread <= 1e-12 * max(1.0, np.abs(y).max()):
        raise Refused("the values do not vary: nothing can be learned of their spread")
    z = (y - y.mean()) / spread

    def run(part: float) -> tuple[float, float, float, float]:
        level, variance, errors, widths = z[0], 1 - part, [], []
        for value in z[1:]:
            variance += part
            width = variance + 1 - part
            error = value - level
            errors.append(error**2 / width)
            widths.append(np.log(width))
            gain = variance / width
            level, variance = level + gain * error, variance * (1 - gain)
        scale = float(np.mean(errors))
        return (z.size - 1) * np.log(scale) + float(np.sum(widths)), level, variance, scale

    grid = np.linspace(1e-6, 1, 201)
    best = int(np.argmin([run(p)[0] for p in grid]))
    part = optimize.minimize_scalar(
        lambda p: run(p)[0],
        bounds=(grid[max(best - 1, 0)], grid[min(best + 1, 200)]),
        method="bounded",
        options={"xatol": 1e-10},
    ).x
    part = min((part, grid[best]), key=lambda p: run(p)[0])
    _, level, variance, scale = run(part)
    half = stats.t.ppf(0.5 + confidence / 2, y.size - 2) * np.sqrt(scale * (variance + ahead * part + 1 - part))
    value, low, high = (float(y.mean() + spread * v) for v in (level, level - half, level + half))
    return value, low, high


@takes(
    same_shape("years", "values", "lower", "upper"),
    may_be_nan="a slope that is not fitted",
    **SERIES,
    lower=arrays.numbers(),
    upper=arrays.numbers(),
    ahead=arrays.whole(1, 1000, rule="one year or more"),
    confidence=arrays.confidence,
)
def describe_trend(
    years: ArrayLike,
    values: ArrayLike,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    ahead: int = 1,
    confidence: float = 0.95,
) -> Trend:
    """Fit what the number of years allows, and forecast only with an interval that holds.

    One or two years: the last value, no trend, no forecast. Three and four: the drift with its t interval (wide by
    nature). Five to nine: Theil–Sen slope, forecast by the line. Ten or more: local level (Harvey 1989), with the
    Theil–Sen slope beside it.

    Parameters
    ----------
    years, values : array
        one value a year. Years need not follow each other for a slope; they must for drift and local level,
        else the line is used.
    lower, upper : array, optional
        rounding box of each value: the interval of drift and line is then the outermost over its corners. Rounded
        figures often lie on a line by chance; without their box such an interval would have no width, and is refused.
    ahead : int
        years after the last one, one or more.
    """
    t, y = np.asarray(years), np.asarray(values)
    if (lower is None) != (upper is None):
        raise BadArgument("upper" if upper is None else "lower", "a box needs both its ends")
    box = np.column_stack([y, y]) if lower is None else np.column_stack([np.asarray(lower), np.asarray(upper)])
    outside = (box[:, 0] > y) | (box[:, 1] < y)
    if outside.any():
        place = int(np.flatnonzero(outside)[0])
        raise BadArgument(
            "values",
            f"position {place} is {y[place]:g}, its box {box[place, 0]:g} to {box[place, 1]:g}; every value must lie "
            "in its box",
            position=place,
            value=y[place],
        )
    year, last, nan = int(t[-1]) + int(ahead), float(y[-1]), float("nan")
    if t.size < LINE_FROM:
        return Trend(
            t.size,
            last,
            "last value",
            nan,
            nan,
            nan,
            None,
            f"{t.size} years: a trend cannot be told from chance, and a forecast would have no interval",
        )
    even = bool((np.diff(t) == 1).all())
    slopes = theil_sen(t, y, confidence) if t.size >= SLOPE_FROM else (nan, nan, nan)
    if t.size >= LEVEL_FROM and even:
        value, low, high = local_level(y, ahead, confidence)
        return Trend(t.size, last, "local_level", *slopes, Forecast(year, value, low, high, "local_level"), "")
    method = drift_forecast if even and t.size < SLOPE_FROM else line_forecast
    corners = list(product(*box)) if t.size <= LEVEL_FROM else [box[:, 0], box[:, 1], y]
    found = [method(t, corner, year, confidence) for corner in corners]
    middle = method(t, y, year, confidence)
    forecast = Forecast(year, middle.value, min(f.lower for f in found), max(f.upper for f in found), middle.method)
    name = "theil_sen" if t.size >= SLOPE_FROM else forecast.method
    if forecast.upper - forecast.lower <= 1e-9 * max(1.0, np.abs(y).max()):
        return Trend(t.size, last, name, *slopes, None, "the figures lie on a line: an interval of no width is none")
    return Trend(t.size, last, name, *slopes, forecast, "")


@dataclass(frozen=True)
class Break:
    """The year after which a level changed most, with a p that allows for the search."""

    year: int
    before: float
    after: float
    p: float


@takes(
    same_shape("years", "values"), **SERIES, trim=arrays.real(0, 0.5, below=True), draws=arrays.draws, seed=arrays.seed
)
def structural_break(
    years: ArrayLike, values: ArrayLike, *, trim: float = 0.15, draws: int = 1999, seed: int = 1
) -> Break:
    """Largest F of a break in the level over all years, with its permutation p (Andrews 1993 for the search;
    exchangeable years under no break).

    Raises
    ------
    TooFewYears
        below twenty years: the search over years would find a break in anything.
    """
    t, y = np.asarray(years), np.asarray(values)
    if t.size < BREAK_FROM:
        raise TooFewYears(f"{t.size} years; a break can be looked for from {BREAK_FROM} on")
    y = y - y.mean()
    if np.abs(y).max() <= 1e-12 * max(1.0, np.abs(np.asarray(values, float)).max()):
        raise Refused("the values do not vary: there is no break to look for")
    level = float(np.asarray(values, float).mean())
    edge = max(2, int(np.ceil(trim * t.size)))
    if 2 * edge > t.size:
        raise BadArgument("trim", f"trim is {trim:g}; it leaves no year between {edge} at either end", value=trim)
    cuts = np.arange(edge, t.size - edge + 1)

    def reduction(rows: np.ndarray) -> np.ndarray:
        sums = rows.cumsum(1)[:, cuts - 1]
        total = rows.sum(1, keepdims=True)
        reduced: np.ndarray = sums**2 / cuts + (total - sums) ** 2 / (t.size - cuts)
        return reduced

    own = reduction(y[None])[0]
    rng = np.random.default_rng(seed)
    chance = np.array([reduction(rng.permuted(y)[None]).max() for _ in range(draws)])
    cut = int(cuts[own.argmax()])
    return Break(
        int(t[cut - 1]),
        level + float(y[:cut].mean()),
        level + float(y[cut:].mean()),
        float((1 + (chance >= own.max() - 1e-9 * abs(own.max())).sum()) / (draws + 1)),
    )
