"""A forced rebuild against the same notebooks run one after another by plain papermill, on this machine, side by side.

Run by hand (``make bench``); not a test. Prints both times and their ratio; the whole rebuild also strips, renders,
joins and builds the report, which plain papermill does not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from pipelines.run_notebook import NAMES

ROUNDS = 2


def plain(folder: Path, sources: list[str]) -> float:
    """Seconds that plain papermill takes for all notebook runs."""
    environment = {**os.environ, "ANALYSIS_OUT": str(folder)}
    begun = time.perf_counter()
    for stage, name in NAMES.items():
        for item in sources if stage == "clean" else [""]:
            command = [
                "papermill",
                "--no-progress-bar",
                "-k",
                "python3",
                f"notebooks/{name}.ipynb",
                str(folder / f"{name}{item}.ipynb"),
            ]
            subprocess.run(
                [*command, *(["-p", "source", item] if item else [])], env=environment, check=True, capture_output=True
            )
    return time.perf_counter() - begun


def forced() -> float:
    """Seconds that a forced rebuild takes."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "pipelines.rebuild", "--force"], check=True, capture_output=True)
    return time.perf_counter() - begun


def main() -> None:
    sources = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["sources"]
    pairs = []
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            pairs.append((forced(), plain(Path(folder), sources)))
        print(
            f"round {number + 1}: rebuild {pairs[-1][0]:.1f} s, plain papermill {pairs[-1][1]:.1f} s, ratio "
            f"{pairs[-1][0] / pairs[-1][1]:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
