"""Where things are. Everything hangs on one root, so that notebooks never rely on the working directory.

The root is the checkout that holds this package; ``ANALYSIS_ROOT`` names another workspace with the same tree
(tests and reference notebooks use it).
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(os.environ.get("ANALYSIS_ROOT") or Path(__file__).resolve().parents[2]).resolve()

DATA = ROOT / "data"
RAW = DATA / "raw"  # figures as printed, one folder a source
INTERIM = DATA / "interim"  # one folder a source, cleaned
PROCESSED = DATA / "processed"  # all sources joined; what analyses read
CROSSWALKS = DATA / "crosswalks"
DICTIONARY = DATA / "dictionary.yaml"
ENTITIES = DATA / "entities.yaml"
CORRECTIONS = DATA / "corrections.yaml"
PARAMS = ROOT / "params.yaml"
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"  # source-only copies of notebooks, half-run notebooks
RESULTS = ROOT / "results"
FIGURES = RESULTS / "figures"
TABLES = RESULTS / "tables"
NUMBERS = RESULTS / "numbers"  # one file a notebook; results/numbers.json joins them
REPORT = ROOT / "report"


def shown(path: Path) -> str:
    """The path as a reader of a message knows it: relative to the root where that is possible."""
    path = Path(path)
    return path.relative_to(ROOT).as_posix() if path.is_absolute() and path.is_relative_to(ROOT) else str(path)
