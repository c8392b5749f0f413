"""Years as names carry them: counted back from the last, so that a name stays when another year is published."""

from __future__ import annotations

import pandas as pd


def moments(years: pd.Series) -> pd.Series:
    """``now`` for the last year, ``before`` for the one before it among those that occur, then ``before_2`` and so on.

    Examples
    --------
    >>> moments(pd.Series([2019, 2023, 2022, 2023])).tolist()
    ['before_2', 'now', 'before', 'now']
    """
    last_first = sorted(years.unique(), reverse=True)
    names = {year: ("now", "before")[back] if back < 2 else f"before_{back}" for back, year in enumerate(last_first)}
    return years.map(names).astype(object)
