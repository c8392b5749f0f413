"""The reference notebooks run in a workspace of the made-up town.

They were executed there (``make references``) and are compared cell by cell: ``pytest --nbval --nbval-current-env tests/notebooks``.
"""

import os
import tempfile
from pathlib import Path

from tests.workspace import make_workspace, prepare_processed


def pytest_sessionstart(session):
    if not session.config.getoption("nbval", False):
        return
    session.config._town = tempfile.TemporaryDirectory()
    folder = make_workspace(Path(session.config._town.name) / "town")
    prepare_processed(folder)
    os.environ.update(ANALYSIS_ROOT=str(folder), ANALYSIS_OUT=str(folder / "build" / "nbval"), MPLBACKEND="agg")


def pytest_sessionfinish(session):
    town = getattr(session.config, "_town", None)
    if town:
        town.cleanup()
