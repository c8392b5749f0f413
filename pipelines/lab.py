"""Settings of ``make lab``: this machine only, its root the clone or a study, and notebooks saved without outputs.

What a notebook shows is made again by the pipeline. Saved with it, pictures would fill every difference that git shows.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

CODE = Path(__file__).resolve().parents[1]
ROOT = Path.cwd() if Path.cwd().parent == CODE / "studies" else CODE  # a study is opened from its own folder


def without_outputs(path: str, model: dict, **_: object) -> None:
    """Before a notebook of ``notebooks/`` is written: outputs and counts are left out of the file;
    they stay on the screen."""
    if model["type"] != "notebook" or PurePosixPath(path.strip("/")).parts[0] != "notebooks":
        return
    for cell in model["content"]["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


if "get_config" in globals():  # read by Jupyter, not imported
    c = globals()["get_config"]()
    os.environ["ANALYSIS_ROOT"] = str(ROOT)  # kernels start below the folder that links lead to
    c.ServerApp.ip = "127.0.0.1"
    c.ServerApp.root_dir = str(ROOT)
    c.ServerApp.allow_root = hasattr(os, "getuid") and os.getuid() == 0
    c.LabApp.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
    c.FileContentsManager.pre_save_hook = without_outputs
