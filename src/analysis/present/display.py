"""How frames look in a notebook, the same in every terminal."""

from __future__ import annotations

import pandas as pd


def use_tables() -> None:
    """Show whole tables; pandas would otherwise cut them at the width of the terminal that happens to run the
    kernel."""
    pd.set_option(
        "display.width", 1000, "display.max_columns", None, "display.max_rows", 200, "display.max_colwidth", 100
    )
