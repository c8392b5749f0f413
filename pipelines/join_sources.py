"""Joins the cleaned sources to the processed tables."""

from __future__ import annotations

import sys

from analysis.clean.panel import join_sources, save_processed
from analysis.errors import DataFault
from analysis.params import load_params


def main() -> int:
    try:
        tables = join_sources(load_params()["sources"])
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    save_processed(tables)
    return 0


if __name__ == "__main__":
    sys.exit(main())
