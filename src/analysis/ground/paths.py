"""Where things are. Everything hangs on one root, so that notebooks never rely on the working directory.

The root is the checkout that holds this package, or the study of another place below its ``studies/`` in which a
command is given; ``ANALYSIS_ROOT`` names any other workspace with the same tree (tests and reference notebooks use it).
Everything is read below the root and written below `OUT`: the runner points ``ANALYSIS_OUT`` to a staging folder whose
content it moves into place on success, and a notebook run by hand writes to ``build/interactive``, so that trying
things out never makes the pipeline stale.
"""

from __future__ import annotations

import os
from pathlib import Path

CODE = Path(__file__).resolve().parents[3]  # the checkout
STUDIES = CODE / "studies"  # studies of other places, one folder each


def _root() -> Path:
    if given := os.environ.get("ANALYSIS_ROOT"):
        return Path(given).resolve()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if folder.parent == STUDIES), CODE)


ROOT = _root()

DATA = ROOT / "data"
RAW = DATA / "raw"  # figures as printed, one folder a source
INTERIM = DATA / "interim"  # one folder a source, cleaned
PROCESSED = DATA / "processed"  # all sources joined; what analyses read
CROSSWALKS = DATA / "crosswalks"
DICTIONARY = DATA / "dictionary.yaml"
ENTITIES = DATA / "entities.yaml"
WORDS = DATA / "words"  # what is said, in each language: one file a notebook, and the labels they share
LABELS = WORDS / "labels.yaml"
CORRECTIONS = DATA / "corrections.yaml"
PARAMS = ROOT / "params.yaml"
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"  # source-only copies of notebooks, half-run notebooks
RESULTS = ROOT / "results"
REPORT = ROOT / "report"

LEFT_OUT = "left_out.txt"  # below `OUT`: what cells would publish that the sources of the place do not feed
OUT = Path(os.environ.get("ANALYSIS_OUT") or BUILD / "interactive")


def out(path: Path) -> Path:
    """Where to write what belongs at `path`; its folder is made."""
    from analysis.ground.files import need_workspace

    need_workspace()  # a package installed alone would write beside itself
    target = OUT / Path(path).relative_to(ROOT)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def shown(path: Path) -> str:
    """The path as a reader of a message knows it: relative to the root where that is possible."""
    path = Path(path)
    return path.relative_to(ROOT).as_posix() if path.is_absolute() and path.is_relative_to(ROOT) else str(path)
