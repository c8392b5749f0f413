"""A forced rebuild of the notebook stages against what one would run without this workbench, on this machine.

Against plain papermill: the same notebooks once a source, once a language, once a partner and language. Against one
warm process that runs all cells once, one notebook after the other, and says them in every language. Run by hand
(``make bench``); not a test.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from analysis.ground.files import languages
from analysis.ground.params import load_params, notebooks

ROUNDS = 2
NOTEBOOK_STAGES = re.compile(r"^\[.*\] (clean|analyse|brief)@")


def runs() -> Iterator[tuple[Path, dict[str, str]]]:
    """Each notebook with the parameters of each of its runs, once whatever the language."""
    params = load_params()
    for name, path in notebooks().items():
        for item in {"clean": params["sources"], "country_brief": params["briefs"]}.get(name, [""]):
            yield path, {"source" if name == "clean" else "partner": item} if item else {}


def plain(folder: Path) -> float:
    """Seconds that plain papermill takes for all runs, once a language where a notebook speaks."""
    begun = time.perf_counter()
    for path, given in runs():
        for language in languages() if "source" not in given else ["zh"]:
            options = [part for name, value in {**given, "language": language}.items() for part in ("-p", name, value)]
            command = ["papermill", "--no-progress-bar", "-k", "python3", str(path), str(folder / "executed.ipynb")]
            environment = {**os.environ, "ANALYSIS_OUT": str(folder)}
            subprocess.run([*command, *options], env=environment, check=True, capture_output=True)
    return time.perf_counter() - begun


def forced() -> float:
    """Seconds from the start of a forced rebuild to the end of its last notebook stage."""
    begun = last = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "pipelines.rebuild", "--force"], stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or []:
            if NOTEBOOK_STAGES.match(line):
                last = time.perf_counter()
    if process.returncode:
        raise RuntimeError(f"the rebuild ended with {process.returncode}")
    return last - begun


def one_process(folder: Path) -> float:
    """Seconds that one process takes, libraries imported, for all cells of all runs, said in every language."""
    environment = {**os.environ, "ANALYSIS_OUT": str(folder), "ANALYSIS_LANGUAGES": ",".join(languages())}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rebuild", "--cells"],
        env={**environment, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def run_cells() -> None:
    """In the one process: every cell of every run, in a namespace of its own."""
    import nbformat
    from IPython.core.interactiveshell import InteractiveShell

    import analysis.describe.cooperation
    import analysis.inference.simulation
    import analysis.present.results  # noqa: F401 - what every notebook imports is there before the clock starts

    shell = InteractiveShell.instance()
    begun = time.perf_counter()
    for path, given in runs():
        shell.reset(new_session=False)
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                shell.run_cell(cell.source, silent=True).raise_error()
                if "parameters" in cell.metadata.get("tags", []):
                    shell.push(given)
    print(time.perf_counter() - begun)


def main() -> None:
    if "--cells" in sys.argv:
        run_cells()
        return
    for number in range(1, ROUNDS + 1):
        with tempfile.TemporaryDirectory() as folder:
            rebuilt, papermill, warm = forced(), plain(Path(folder)), one_process(Path(folder))
        print(
            f"round {number}: notebook stages {rebuilt:.1f} s; plain papermill {papermill:.1f} s, ratio "
            f"{rebuilt / papermill:.2f}; one warm process {warm:.1f} s, ratio {rebuilt / warm:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
