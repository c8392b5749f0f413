"""Joins the cleaned sources to the processed tables."""

from __future__ import annotations

import shutil
import sys

from analysis.clean import load
from analysis.clean.panel import join_sources, save_processed
from analysis.ground import paths
from analysis.ground.errors import DataFault
from analysis.ground.params import load_params
from pipelines.conditions import run_sealed
from pipelines.staging import replace, staging


def main() -> int:
    try:
        # what a source left that is no longer listed would make this stage look different from a fresh clone's
        for folder in paths.INTERIM.iterdir():
            if folder.name not in load_params()["sources"]:
                shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
        tables = join_sources(load_params()["sources"])
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    with staging("join") as folder:
        save_processed(tables, folder / "processed")
        replace(folder / "processed", paths.PROCESSED)
    for row in load.revisions().itertuples():
        print(
            f"{row.source_id}, {row.figure_id}: {row.indicator} {row.place} {row.group} {row.year} is "
            f"{row.value:.10g}; {row.superseded_by} (published {row.published_now}) says {row.value_now:.10g}, which "
            "counts."
        )
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
