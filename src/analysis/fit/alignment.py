"""Supply against industry by sector: shares, deviations and D, each as the range that figures and crosswalk allow."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from analysis.fit import _tables
from analysis.fit._shares import is_constant
from analysis.fit.bounds import Bounds, SectorBox, share_box
from analysis.fit.crosswalk import sector_shares
from analysis.fit.matching import optimal_transport
from analysis.fit.structure import (
    cosine_similarity,
    hellinger,
    jensen_shannon_divergence_nats,
    pearson_share,
    structural_deviation,
    total_structural_deviation,
)
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument, Refused, UnknownName

# decimals of a share that a direction must survive: a tenth of a percentage point, the digit that results print
PRECISION = 3

BOXED = _tables.supply_table("value", "lower", "upper")
SIDES = arrays.each(_tables.structure_table("share", "lower", "upper"), key=arrays.text)


def _box(
    supply: pd.DataFrame, measure: str, year: int, lower: np.ndarray, upper: np.ndarray, groups: list[str]
) -> tuple[SectorBox, np.ndarray]:
    rows = _tables.supply_rows(supply, measure, year, groups)
    return SectorBox(rows["lower"], rows["upper"], lower, upper), rows["value"].to_numpy(float)


def _deviation(share: float, there: float) -> float:
    """Structural deviation ln e − ln g of one sector: of its share and the rest of the whole."""
    e, g = min(max(share, 0.0), 1.0), min(max(there, 0.0), 1.0)
    return float(structural_deviation([e, 1 - e], [g, 1 - g], reference="industry", form="log")[0])


@takes(
    _tables.crosswalk_bounds_fit,
    may_be_nan="log deviations are −inf or inf where a share may be zero",
    supply=BOXED,
    industry=_tables.structure_table("share", "lower", "upper"),
    **_tables.CROSSWALK,
    keys=_tables.KEYS,
)
def sector_alignment(
    supply: pd.DataFrame,
    industry: pd.DataFrame,
    groups: list[str],
    sectors: list[str],
    lower: np.ndarray,
    upper: np.ndarray,
    keys: list[tuple[str, int]],
) -> pd.DataFrame:
    """Share of each sector in supply against its share in industry.

    Parameters
    ----------
    supply : DataFrame
        `survey_groups`.
    industry : DataFrame
        shares of one place, one measure, one year (`sector`, `share`, `lower`, `upper`).
    lower, upper : arrays of shape (groups, sectors)
        crosswalk bounds.
    keys : list of (measure, year)
        which supply figures.

    Returns
    -------
    DataFrame
        supply measure, year, sector, supply_lower, supply_upper, industry, log deviation bounds ln e − ln g, sign
        (+ over, − under its industry share, ? not identified); log deviations are −inf or inf where a share may be
        zero, nan where both are.
    """
    rows, structure = [], _tables.structure_rows(industry, sectors)
    for measure, year in keys:
        box, _ = _box(supply, measure, year, lower, upper, groups)
        for number, sector in enumerate(sectors):
            share = box.share(number)
            there = structure.loc[sector]
            low, high = _deviation(share.lower, there["upper"]), _deviation(share.upper, there["lower"])
            rows.append(
                (measure, year, sector, share.lower, share.upper, there["share"], low, high, Bounds(low, high).sign())
            )
    return pd.DataFrame(
        rows,
        columns=[
            "supply",
            "supply_year",
            "sector",
            "supply_lower",
            "supply_upper",
            "industry",
            "log_deviation_lower",
            "log_deviation_upper",
            "sign",
        ],
    )


@takes(_tables.crosswalk_bounds_fit, supply=BOXED, industries=SIDES, **_tables.CROSSWALK, keys=_tables.KEYS)
def dissimilarity_table(
    supply: pd.DataFrame,
    industries: dict[str, pd.DataFrame],
    groups: list[str],
    sectors: list[str],
    lower: np.ndarray,
    upper: np.ndarray,
    keys: list[tuple[str, int]],
) -> pd.DataFrame:
    """D of each supply measure against each industry structure: smallest and largest value over λ and the rounding box.

    Beside it stand the extremes of the cosine over λ at the printed figures.
    """
    rows = []
    for measure, year in keys:
        box, counts = _box(supply, measure, year, lower, upper, groups)
        for name, industry in industries.items():
            g = _tables.structure_rows(industry, sectors, "industries")
            bounds = box.dissimilarity(g["lower"], g["upper"])
            cosines = [
                cosine_similarity(sector_shares(counts, lower, upper, part), g["share"])
                for part in np.linspace(0, 1, 101)
            ]
            rows.append((measure, year, name, bounds.lower, bounds.upper, min(cosines), max(cosines)))
    return pd.DataFrame(
        rows, columns=["supply", "supply_year", "industry", "d_lower", "d_upper", "cosine_lower", "cosine_upper"]
    )


@takes(
    _tables.crosswalk_bounds_fit,
    may_be_nan="a constant structure has no correlation",
    supply=BOXED,
    industries=arrays.each(_tables.structure_table("share"), key=arrays.text),
    **_tables.CROSSWALK,
    measure=arrays.text,
    year=arrays.calendar_year,
    lambdas=arrays.each(arrays.real(0, 1)),
)
def compare_measures(
    supply: pd.DataFrame,
    industries: dict[str, pd.DataFrame],
    groups: list[str],
    sectors: list[str],
    lower: np.ndarray,
    upper: np.ndarray,
    measure: str,
    year: int,
    lambdas: tuple[float, ...],
) -> pd.DataFrame:
    """Point values of several distances of one supply structure from each industry structure, at given λ.

    Returns
    -------
    DataFrame
        industry, lambda, d, cosine, pearson (nan where one structure is constant), jensen_shannon, hellinger, transport
        (cost: steps between neighbouring sectors).
    """
    _, counts = _box(supply, measure, year, lower, upper, groups)
    steps = np.abs(np.subtract.outer(np.arange(len(sectors)), np.arange(len(sectors))))
    rows = []
    for name, industry in industries.items():
        g = _tables.structure_rows(industry, sectors, "industries")["share"].to_numpy(float)
        g = g / g.sum()
        for part in lambdas:
            e = sector_shares(counts, lower, upper, part)
            rows.append(
                (
                    name,
                    part,
                    total_structural_deviation(e, g)[1],
                    cosine_similarity(e, g),
                    np.nan if is_constant(e) or is_constant(g) else pearson_share(e, g),
                    jensen_shannon_divergence_nats(e, g),
                    hellinger(e, g),
                    optimal_transport(e, g, steps).cost,
                )
            )
    return pd.DataFrame(
        rows, columns=["industry", "lambda", "d", "cosine", "pearson", "jensen_shannon", "hellinger", "transport"]
    )


@takes(
    _tables.crosswalk_bounds_fit,
    supply=BOXED,
    industry=_tables.structure_table("share"),
    **_tables.CROSSWALK,
    measure=arrays.text,
    year=arrays.calendar_year,
    steps=arrays.whole(2, 100_000),
)
def dissimilarity_over_lambda(
    supply: pd.DataFrame,
    industry: pd.DataFrame,
    groups: list[str],
    sectors: list[str],
    lower: np.ndarray,
    upper: np.ndarray,
    measure: str,
    year: int,
    steps: int = 101,
) -> pd.DataFrame:
    """Point values over λ, the part of the straddling group that belongs to services: D and each sector's share."""
    _, counts = _box(supply, measure, year, lower, upper, groups)
    g = _tables.structure_rows(industry, sectors)["share"].to_numpy()
    rows = []
    for part in np.linspace(0, 1, steps):
        share = sector_shares(counts, lower, upper, part)
        rows.append((part, total_structural_deviation(share, g / g.sum())[1], *share))
    return pd.DataFrame(rows, columns=["lambda", "d", *sectors])


@takes(
    may_be_nan="the two are equal at no λ",
    path=arrays.frame(least=2, **arrays.alike(["lambda"], _tables.SHARE)),
    sector=arrays.text,
    industry_share=arrays.real(0, 1),
)
def turning_lambda(path: pd.DataFrame, sector: str, industry_share: float) -> float:
    """λ at which the supply share of a sector equals its industry share (linear in between); nan if it never does.

    Examples
    --------
    >>> path = pd.DataFrame({"lambda": [0.0, 1.0], "secondary": [0.6, 0.2]})
    >>> round(turning_lambda(path, "secondary", 0.5), 2)
    0.25
    """
    arrays.frame(**arrays.alike([sector], _tables.SHARE))(path, "path")
    gap = path[sector].to_numpy() - industry_share
    crossing = np.flatnonzero(np.sign(gap[:-1]) * np.sign(gap[1:]) <= 0)
    if not crossing.size:
        return float("nan")
    i = crossing[0]
    x = path["lambda"].to_numpy()
    return float(x[i] + (x[i + 1] - x[i]) * gap[i] / (gap[i] - gap[i + 1])) if gap[i] != gap[i + 1] else float(x[i])


@takes(
    _tables.crosswalk_bounds_fit,
    _tables.at_most_groups,
    supply=BOXED,
    industry=_tables.structure_table("lower", "upper"),
    **_tables.CROSSWALK,
    measure=arrays.text,
    year=arrays.calendar_year,
    sector=arrays.text,
)
def turning_bounds(
    supply: pd.DataFrame,
    industry: pd.DataFrame,
    groups: list[str],
    sectors: list[str],
    lower: np.ndarray,
    upper: np.ndarray,
    measure: str,
    year: int,
    sector: str,
) -> Bounds:
    """Smallest and largest λ at which supply and industry share of a sector are equal, over both rounding boxes.

    For given supply figures the share of a sector is linear in λ, so λ* = (g − e(0))/(e(1) − e(0)); its extremes lie at
    corners of the boxes. Below the smallest and above the largest λ the sign of the deviation is certain; a bound of 0
    or 1 means that it does not turn before the end.

    Raises
    ------
    Refused
        if no group straddles the sector: nothing depends on λ.
    """
    rows = _tables.supply_rows(supply, measure, year, groups)
    if sector not in sectors:
        raise UnknownName("sector", f"{sector} is none of {', '.join(sectors)}", value=sector)
    place, there = sectors.index(sector), _tables.structure_rows(industry, [sector]).loc[sector]
    turns = []
    for corner in product(*zip(rows["lower"], rows["upper"])):
        none, whole = (sector_shares(np.array(corner), lower, upper, part)[place] for part in (0.0, 1.0))
        if whole == none:
            raise Refused(f"no group straddles {sector}: its share does not depend on λ")
        turns += [(there[side] - none) / (whole - none) for side in ("lower", "upper")]
    return Bounds(*np.clip([min(turns), max(turns)], 0, 1).tolist())


@takes(supply=BOXED)
def group_shares(supply: pd.DataFrame) -> pd.DataFrame:
    """Share of each group in each measure and year, with its exact rounding box; the groups need no crosswalk."""
    parts = []
    for (measure, year), rows in supply.groupby(["measure", "year"], sort=False):
        if not rows["value"].sum():
            raise BadArgument("supply", f"{measure} of {year} add up to zero: there are no shares", value=0.0)
        box = share_box(rows["lower"], rows["upper"])
        parts.append(
            pd.DataFrame(
                {
                    "measure": measure,
                    "year": year,
                    "group": rows["group"].to_numpy(),
                    "value": (rows["value"] / rows["value"].sum()).to_numpy(),
                    "lower": box[:, 0],
                    "upper": box[:, 1],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _direction(bounds: Bounds) -> str:
    """Sign of a change, where the whole range has it at the precision of `PRECISION`."""
    return Bounds(round(bounds.lower, PRECISION), round(bounds.upper, PRECISION)).sign()


@takes(
    group_share=_tables.supply_table("value", "lower", "upper"),
    measure=arrays.text,
    first=arrays.calendar_year,
    last=arrays.calendar_year,
)
def share_changes(group_share: pd.DataFrame, measure: str, first: int, last: int) -> pd.DataFrame:
    """Change of each group's share between two years with its box, and whether the direction is certain."""
    rows = group_share[group_share["measure"] == measure].set_index(["group", "year"])
    groups = list(dict.fromkeys(rows.index.get_level_values("group")))
    lacking = [f"{group} in {year}" for group in groups for year in (first, last) if (group, year) not in rows.index]
    if lacking or not groups:
        raise UnknownName("group_share", f"it has no {measure} of {', '.join(lacking) or 'any group'}", value=lacking)
    table = []
    for group in groups:
        a, b = rows.loc[(group, first)], rows.loc[(group, last)]
        bounds = Bounds(b["lower"] - a["upper"], b["upper"] - a["lower"])
        table.append((group, first, last, b["value"] - a["value"], bounds.lower, bounds.upper, _direction(bounds)))
    return pd.DataFrame(table, columns=["group", "first", "last", "change", "lower", "upper", "sign"])


@takes(
    _tables.crosswalk_bounds_fit,
    _tables.at_most_groups,
    supply=BOXED,
    **_tables.CROSSWALK,
    measure=arrays.text,
    first=arrays.calendar_year,
    last=arrays.calendar_year,
)
def sector_changes(
    supply: pd.DataFrame,
    groups: list[str],
    sectors: list[str],
    lower: np.ndarray,
    upper: np.ndarray,
    measure: str,
    first: int,
    last: int,
) -> pd.DataFrame:
    """Change of each sector's share of supply between two years, over both rounding boxes and one λ for both years.

    For given figures the change is linear in λ and monotone in every figure, so its extremes lie at λ = 0 or 1 and at
    corners of the boxes.

    Returns
    -------
    DataFrame
        sector, lower, upper, sign.
    """
    corners = {}
    for year in (first, last):
        rows = _tables.supply_rows(supply, measure, year, groups)
        corners[year] = [
            np.array(
                [
                    sector_shares(np.array(corner), lower, upper, part)
                    for corner in product(*zip(rows["lower"], rows["upper"]))
                ]
            )
            for part in (0.0, 1.0)
        ]
    low = np.min([after.min(0) - before.max(0) for before, after in zip(corners[first], corners[last])], axis=0)
    high = np.max([after.max(0) - before.min(0) for before, after in zip(corners[first], corners[last])], axis=0)
    return pd.DataFrame(
        [(s, a, b, _direction(Bounds(float(a), float(b)))) for s, a, b in zip(sectors, low, high)],
        columns=["sector", "lower", "upper", "sign"],
    )


@takes(
    changes=arrays.frame(
        least=1,
        unique=("sector",),
        sector=_tables.NAME,
        lower=arrays.numbers(low=-1, high=1, tiny=True),
        upper=arrays.numbers(low=-1, high=1, tiny=True),
        sign=_tables.SIGN,
    ),
    industries=arrays.each(
        arrays.together(_tables.structure_table("lower", "upper"), _tables.structure_table("lower", "upper")),
        key=arrays.text,
    ),
)
def directions(changes: pd.DataFrame, industries: dict[str, tuple[pd.DataFrame, pd.DataFrame]]) -> pd.DataFrame:
    """Direction of supply beside the direction of industry, by sector.

    Directions may be compared, speeds may not: the windows differ.

    Parameters
    ----------
    changes : DataFrame
        `sector_changes`.
    industries : dict
        name → structure before and after, with `sector`, `lower`, `upper`.

    Returns
    -------
    DataFrame
        sector, side ("supply" or the industry's name), lower, upper, sign, agreement with supply (same, opposite, ?
        where either sign is open).
    """
    rows = [(c.sector, "supply", c.lower, c.upper, c.sign, "") for c in changes.itertuples()]
    own = changes.set_index("sector")["sign"]
    for name, (before, after) in industries.items():
        a, b = (_tables.structure_rows(side, list(changes["sector"]), "industries") for side in (before, after))
        for sector in changes["sector"]:
            bounds = Bounds(
                float(b.at[sector, "lower"] - a.at[sector, "upper"]),
                float(b.at[sector, "upper"] - a.at[sector, "lower"]),
            )
            sign = _direction(bounds)
            agreement = "?" if "?" in (sign, own[sector]) else "same" if sign == own[sector] else "opposite"
            rows.append((sector, name, bounds.lower, bounds.upper, sign, agreement))
    return pd.DataFrame(rows, columns=["sector", "side", "lower", "upper", "sign", "agreement"])
