"""The specification curve of D: every declared choice of supply, industry side and λ (Simonsohn et al. 2020)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.fit import _tables
from analysis.fit.crosswalk import sector_shares
from analysis.fit.structure import hellinger, total_structural_deviation
from analysis.ground import arrays
from analysis.ground.arrays import takes


@takes(
    _tables.crosswalk_bounds_fit,
    supply=_tables.supply_table("value"),
    industries=arrays.each(_tables.structure_table("share"), key=arrays.text),
    **_tables.CROSSWALK,
    keys=_tables.KEYS,
    lambdas=arrays.each(arrays.real(0, 1)),
)
def specification_curve(
    supply: pd.DataFrame,
    industries: dict[str, pd.DataFrame],
    groups: list[str],
    sectors: list[str],
    lower: np.ndarray,
    upper: np.ndarray,
    keys: list[tuple[str, int]],
    lambdas: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0),
) -> pd.DataFrame:
    """D of each combination of supply measure, year, industry structure and λ, sorted.

    Parameters
    ----------
    supply : DataFrame
        `survey_groups`.
    industries : dict of str to DataFrame
        structures of industry (`sector`, `share`) by name.
    lower, upper : arrays of shape (groups, sectors)
        crosswalk bounds.
    keys : list of (measure, year)
    lambdas : tuple of float
        parts of the straddling group that belong to services.

    Returns
    -------
    DataFrame
        rank, d, hellinger, supply, supply_year, industry, lambda: point values; the choices are not drawn from
        anything, so the curve has no error and its middle no meaning.

    Examples
    --------
    >>> supply = pd.DataFrame({"measure": "students", "year": 2030, "group": ["a", "b"], "value": [30.0, 70.0]})
    >>> industries = {"employment": pd.DataFrame({"sector": ["x", "y"], "share": [0.4, 0.6]})}
    >>> each = np.eye(2)
    >>> curve = specification_curve(supply, industries, ["a", "b"], ["x", "y"], each, each, [("students", 2030)])
    >>> curve["d"].round(3).unique().tolist()
    [0.1]
    """
    rows = []
    for measure, year in keys:
        counts = _tables.supply_rows(supply, measure, year, groups)["value"].to_numpy(float)
        for name, industry in industries.items():
            g = _tables.structure_rows(industry, sectors, "industries")["share"].to_numpy(float)
            g = g / g.sum()
            for part in lambdas:
                e = sector_shares(counts, lower, upper, part)
                rows.append((total_structural_deviation(e, g)[1], hellinger(e, g), measure, year, name, part))
    curve = pd.DataFrame(rows, columns=["d", "hellinger", "supply", "supply_year", "industry", "lambda"]).sort_values(
        ["d", "supply", "industry", "lambda"], key=lambda c: c.round(10) if c.name == "d" else c, kind="stable"
    )
    curve.insert(0, "rank", range(1, len(curve) + 1))
    return curve.reset_index(drop=True)
