"""Keys of cells: one line that says where a figure is printed and what is printed there. Trails are made of them.

``liuzhou-2023:table 3-6:liuzhou_vtc:placed:2023=6149`` is a cell of a table,
``liuzhou-2023:6.3:03:placement_rate_pct=92.02%`` a figure of prose, ``demand:va_…`` a figure of statistics,
``liuzhou-2023:table 5-2:line 3185`` a row of a record table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

INPUTS = (
    "inputs"  # column of a published frame: keys of the cells that a row, or each of its columns, was computed from
)


def observation_key(row: dict) -> str:
    """Key of a cell of a table."""
    return f"{row['source_id']}:table {row['table_id']}:{row['entity']}:{row['indicator']}:{row['year']}={row['raw']}"


def fact_key(row: dict) -> str:
    """Key of a figure of prose."""
    return f"{row['fact_id']}:{row['indicator']}={row['raw']}"


def figure_key(row: dict) -> str:
    """Key of a demand figure."""
    return f"demand:{row['figure_id']}:{row['place']}:{row['indicator']}:{row['group']}:{row['year']}={row['value']:g}"


def record_key(row: dict) -> str:
    """Key of a row of a record table."""
    return f"{row['source_id']}:table {row['table_id']}:line {row['line']}"


def key_of(row: dict) -> str:
    """Key of any row of the processed tables."""
    if "table_id" in row and "raw" in row:
        return observation_key(row)
    if "fact_id" in row:
        return fact_key(row)
    if "figure_id" in row:
        return figure_key(row)
    return record_key(row)


def input_keys(frame: pd.DataFrame) -> list[str]:
    """Keys of the rows a number was computed from, each with the cell as printed."""
    return [key_of(row) for row in frame.to_dict("records")]


def keys(inputs: pd.DataFrame | list[str]) -> list[str]:
    """Inputs as keys."""
    return inputs if isinstance(inputs, list) else input_keys(inputs)


def with_inputs(frame: pd.DataFrame, of_row: Callable[[dict], Any]) -> pd.DataFrame:
    """The frame with the keys of the cells behind each row.

    Parameters
    ----------
    of_row : callable
        gets a row and returns rows of processed tables or keys, or a mapping of column to such where columns differ.
    """
    found = []
    for row in frame.to_dict("records"):
        given = of_row(row)
        found.append(
            {column: keys(one) for column, one in given.items()} if isinstance(given, Mapping) else keys(given)
        )
    return frame.assign(**{INPUTS: pd.Series(found, index=frame.index, dtype=object)})


def cells(values: Mapping[str, tuple[Any, pd.DataFrame | list[str]]]) -> pd.DataFrame:
    """Single values with what each was computed from, as a table of ``name``, ``value``.

    Parameters
    ----------
    values : mapping
        name → (value, inputs).
    """
    return pd.DataFrame(
        {
            "name": list(values),
            "value": pd.Series([value for value, _ in values.values()], dtype=object),
            INPUTS: pd.Series([keys(given) for _, given in values.values()], dtype=object),
        }
    )
