"""Keys of cells: one line that says where a figure is printed and what is printed there. Trails are made of them.

``liuzhou-2023:table 3-6:liuzhou_vtc:placed:2023=6149`` is a cell of a table, ``liuzhou-2023:6.3:03:placement_rate_pct=92.02%``
a figure of prose, ``demand:va_…`` a figure of statistics, ``liuzhou-2023:table 5-2:line 3185`` a row of a record table.
"""

from __future__ import annotations


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
