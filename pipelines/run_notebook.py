"""Runs one notebook stage: the only caller of papermill.

``python -m pipelines.run_notebook fit --language en --under results/en`` or ``python -m pipelines.run_notebook clean --item demand``

1. checks ``params.yaml`` whole, and the notebook's parameters cell against its section: same names, types and defaults;
2. runs the source-only copy in the repository root with its own staging folder for everything it writes;
3. on success scrubs what changes from run to run (times, paths, random ids), renders the HTML, checks that exactly the declared
   outputs were made and are not empty, and only then moves them into place;
4. on failure says notebook, cell, nearest heading and parameters, and where the half-run copy lies; no output has changed.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import sys
from pathlib import Path

from analysis import paths
from analysis.errors import DataFault, Problems
from analysis.outgoing import redacted
from analysis.params import load_params
from pipelines.conditions import run_sealed
from pipelines.graph import stages
from pipelines.staging import replace, staging

NAMES = {"start_here": "00_start_here", "clean": "01_clean", "reconcile": "02_reconcile", "fit": "03_fit", "employment": "04_employment", "cooperation": "05_cooperation", "size": "06_size", "country_brief": "07_country_brief"}
ITEMS = {"clean": "source", "country_brief": "partner"}  # the parameter that an item takes the place of


class StageFailed(Exception):
    """A stage did not finish; the message is for the reader of the log."""


def declared_parameters(source: str) -> dict[str, object]:
    """Names and literal values of a parameters cell; anything but ``name = literal`` is refused.

    Raises
    ------
    ValueError
        naming the line.
    """
    values = {}
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
            raise ValueError(f"line {node.lineno} is not `name = literal`")
        try:
            values[node.targets[0].id] = ast.literal_eval(node.value)
        except ValueError:
            raise ValueError(f"line {node.lineno} is not `name = literal`") from None
    return values


def check_parameters(notebook, section: str, expected: dict[str, object], problems: Problems, file: str) -> None:
    """Compare the cell tagged `parameters` with the section; papermill itself would only warn and go on."""
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        problems.add(file, f"{len(cells)} cells are tagged `parameters`", "Tag exactly one")
        return
    try:
        found = declared_parameters(cells[0].source)
    except ValueError as reason:
        problems.add(file, f"parameters cell: {reason}", "Give every parameter a literal")
        return
    for name in found.keys() - expected.keys():
        problems.add(file, f"parameter {name!r} is not in section {section!r} of params.yaml", "Add it there and in analysis/params.py, or drop it", column=name)
    for name in expected.keys() - found.keys():
        problems.add(file, f"parameter {name!r} of params.yaml is not in the parameters cell", "Add it to the cell", column=name)
    for name in found.keys() & expected.keys():
        if type(found[name]) is not type(expected[name]):
            problems.add(file, f"parameter {name!r} is {type(found[name]).__name__}, params.yaml has {type(expected[name]).__name__}", "Use one type", column=name, printed=found[name])


def scrub(notebook):
    """Drop the metadata that differ between two runs (times, paths, random ids); sources, tags, outputs and parameters stay."""
    details = notebook.metadata.get("papermill", {})
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}, "papermill": {"parameters": details.get("parameters", {})}}
    for number, cell in enumerate(notebook.cells, 1):
        cell["id"] = f"cell-{number:03d}"
        tags = cell.metadata.get("tags", [])
        cell.metadata = {"tags": list(tags)} if tags else {}
    return notebook


def redact_outputs(half_run: Path) -> list:
    """Cells of a half-run copy, which is looked at and passed on, without what looks personal in their text; the copy is written so."""
    import nbformat

    notebook = nbformat.read(half_run, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for holder, keys in ((output, ("text", "evalue")), (output.get("data", {}), ("text/plain", "text/html", "text/markdown"))):
                for key in keys:
                    if isinstance(holder.get(key), str):
                        holder[key] = redacted(holder[key])
            if "traceback" in output:
                output["traceback"] = [redacted(line) for line in output["traceback"]]
    nbformat.write(notebook, half_run)
    return notebook.cells


def nearest_heading(cells, position: int) -> str:
    """The last heading above a cell."""
    for cell in reversed(cells[: position + 1]):
        if cell.cell_type == "markdown" and (found := re.findall(r"^#{1,6}\s+(.+)$", cell.source, re.M)):
            return found[-1]
    return "(no heading)"


def run(stage: str, item: str = "", language: str = "", under: str = "results") -> None:
    """Run one notebook stage.

    Parameters
    ----------
    item : str
        what the stage runs over: a source, or a partner of a country brief.
    language : str
        of figures and tables, instead of the one in ``params.yaml``.
    under : str
        folder that takes the place of ``results`` for everything the notebook publishes.

    Raises
    ------
    DataFault
        for faults of params.yaml, of the parameters cell, or of the outputs.
    StageFailed
        if a cell fails.
    """
    from pipelines.kernel import CAN_FORK, ForkedKernel, ForkedKernelManager

    if stage != "clean":
        language = language or load_params()[stage].language
    name = NAMES[stage] + (f".{item}" if item else "")
    over = "-".join(filter(None, [item, language]))
    full = f"{stage}@{over}" if over else stage
    with staging(f"{NAMES[stage]}.{over}" if over else NAMES[stage]) as folder:
        os.environ.update(ANALYSIS_ROOT=str(paths.ROOT), ANALYSIS_OUT=str(folder), MPLBACKEND="agg", PYDEVD_DISABLE_FILE_VALIDATION="1")
        # forked before anything opens a socket or a thread, see pipelines/kernel.py
        child = ForkedKernel(paths.ROOT) if CAN_FORK else None
        try:
            _run(stage, {**({ITEMS[stage]: item} if item else {}), **({"language": language} if language else {})}, name, full, folder, under, {"kernel_manager_class": ForkedKernelManager} if child else {})
        finally:
            if child:
                child.discard()


def _run(stage: str, chosen: dict[str, str], name: str, full: str, staged: Path, under: str, engine: dict) -> None:
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from pipelines.render import to_html

    params = load_params()
    values = dict(vars(params[stage]))
    source = paths.BUILD / "notebooks" / f"{NAMES[stage]}.ipynb"
    problems = Problems()
    check_parameters(nbformat.read(source, as_version=4), stage, values, problems, f"notebooks/{NAMES[stage]}.ipynb")
    problems.stop()
    values |= chosen
    half_run = staged / f"{name}.half-run.ipynb"
    try:
        executed = papermill.execute_notebook(
            source, half_run, parameters=values, kernel_name="python3", cwd=str(paths.ROOT), progress_bar=False, log_output=False, request_save_on_cell_execute=False, **engine,
        )
    except PapermillExecutionError as error:
        cells = redact_outputs(half_run)
        position = next((i for i, c in enumerate(cells) if any(o.get("output_type") == "error" for o in c.get("outputs", []))), 0)
        trace = "\n".join(error.traceback[-1:]) if isinstance(error.traceback, list) else str(error.traceback)
        message = re.sub(r"\x1b\[[0-9;]*m", "", str(error.evalue) or trace)
        raise StageFailed(
            f"{full} failed.\n  notebook    notebooks/{NAMES[stage]}.ipynb\n  cell        {error.exec_count} under {nearest_heading(cells, position)!r}\n"
            f"  parameters  {', '.join(f'{k}={v!r}' for k, v in values.items())}\n  half-run    {paths.shown(half_run)} (open it to look; no output was changed)\n"
            f"{error.ename}: {redacted(message)}"
        ) from None
    except DeadKernelError:
        raise StageFailed(
            f"{full} failed: the kernel died (often too little memory).\n  notebook    notebooks/{NAMES[stage]}.ipynb\n"
            f"  parameters  {', '.join(f'{k}={v!r}' for k, v in values.items())}\n  half-run    {paths.shown(half_run)} (no output was changed)"
        ) from None
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise StageFailed(f"{full} failed: a cell wrote a warning, whose text differs between machines.\n  notebook    notebooks/{NAMES[stage]}.ipynb\n  cell        {cell.execution_count}\n{output['text']}")
    executed = scrub(executed)
    half_run.unlink(missing_ok=True)
    results = staged / "results"
    for folder in ("notebooks", "html"):
        (results / folder).mkdir(parents=True, exist_ok=True)
    (results / "notebooks" / f"{name}.ipynb").write_text(nbformat.writes(executed) + "\n", encoding="utf-8")
    (results / "html" / f"{name}.html").write_text(to_html(executed, name), encoding="utf-8")
    if under != "results":
        # a notebook knows one folder of results; which language or partner it is, the stage knows
        os.replace(results, staged / "published")
        (staged / under).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged / "published", staged / under)
    move_outputs(full, staged)


def move_outputs(full: str, staged: Path) -> None:
    """Move staged files to where ``dvc.yaml`` declares them; files missing, empty or not declared stop before any is moved."""
    declared = stages()[full]["outs"]
    made = sorted(p.relative_to(staged) for p in staged.rglob("*") if p.is_file())
    problems = Problems()
    for path in made:
        if not any(path == out or out in path.parents for out in declared):
            problems.add("dvc.yaml", f"stage {full} made {path.as_posix()}, which it does not declare", "Add it to the stage's outs", row=full)
        if (staged / path).stat().st_size == 0:
            problems.add(path.as_posix(), "is empty", "Look into the notebook that makes it", row=full)
    for out in declared:
        if not any(path == out or out in path.parents for path in made):
            problems.add("dvc.yaml", f"stage {full} declares {out.as_posix()}, which was not made", "Drop it from the stage's outs, or make it", row=full)
    problems.stop()
    for out in declared:
        replace(staged / out, paths.ROOT / out)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.run_notebook", description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=NAMES)
    parser.add_argument("--item", default="", help="source to clean, or partner of a brief")
    parser.add_argument("--language", default="", choices=("", "zh", "en"), help="of figures and tables, instead of the one in params.yaml")
    parser.add_argument("--under", default="results", help="folder for what is published")
    arguments = parser.parse_args(argv)
    try:
        run(arguments.stage, arguments.item, arguments.language, arguments.under)
    except (DataFault, StageFailed) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
