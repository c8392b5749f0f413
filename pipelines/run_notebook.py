"""Runs one notebook stage: the only caller of papermill.

``python -m pipelines.run_notebook fit`` or ``python -m pipelines.run_notebook clean --item demand``

1. checks ``params.yaml`` whole, and the notebook's parameters cell against its section: same names, types and defaults;
2. runs the source-only copy once, in the repository root, with its own staging folder for everything it writes; what
   it publishes is said in every language of ``params.yaml``;
3. on success scrubs what changes from run to run (times, paths, random ids), renders a page a language, checks what
   was made against the notebook's own ledger and against the outputs that ``dvc.yaml`` declares, and only then moves it
   into place;
4. on failure says notebook, cell, nearest heading and parameters, and where the half-run copy lies; no output has
changed.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import itertools
import json
import os
import re
import sys
from pathlib import Path
from typing import NoReturn

from analysis.ground import paths
from analysis.ground.errors import DataFault, Problems
from analysis.ground.files import languages
from analysis.ground.outgoing import redacted
from analysis.ground.params import declared_parameters, load_params, notebooks
from pipelines.borrowed import missing_of
from pipelines.conditions import run_sealed
from pipelines.graph import stages
from pipelines.staging import replace, staging

PUBLISHED = {"figure": "figures", "table": "tables"}  # method of results → part of the words
ITEMS = {"clean": "source", "country_brief": "partner"}  # the parameter that an item takes the place of

LEFT = (
    "a cell leaves the interpreter (exit, quit, sys.exit or os._exit), which passes over the cells below it. "
    "Let it raise an error, or take it out"
)
HANG_GUARD = 120  # seconds for a kernel's first message, and for its last one after its reply; machines may be busy


class StageFailed(Exception):
    """A stage did not finish; the message is for the reader of the log."""


class LeftKernel(Exception):
    """A cell asked its kernel to end."""


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
        problems.add(
            file,
            f"parameter {name!r} is not in section {section!r} of params.yaml",
            "Add it there and in analysis/params.py, or drop it",
            column=name,
        )
    for name in expected.keys() - found.keys():
        problems.add(
            file, f"parameter {name!r} of params.yaml is not in the parameters cell", "Add it to the cell", column=name
        )
    for name in found.keys() & expected.keys():
        if type(found[name]) is not type(expected[name]):
            problems.add(
                file,
                f"parameter {name!r} is {type(found[name]).__name__}, params.yaml has {type(expected[name]).__name__}",
                "Use one type",
                column=name,
                printed=found[name],
            )


def leave_out(notebook, values: dict[str, object]) -> list[str]:
    """Empty the cells that need what the sources of the place do not hold; names of what they would publish."""
    from analysis.describe.needs import TAG, lacking

    names, met = [], {}
    for cell in notebook.cells:
        for tag in cell.metadata.get("tags", []):
            if tag.startswith(TAG) and tag not in met:
                met[tag] = lacking([tag], values)
        if missing := [need for tag in cell.metadata.get("tags", []) for need in met.get(tag, [])]:
            names += [name for _, name in names_published(cell.source)]
            cell.source = f"# left out: the sources of this place hold no {' and no '.join(missing)}"
    return names


def names_published(source: str) -> list[tuple[str, str]]:
    """(tables or figures, name) of everything that a cell publishes by a literal name."""
    return [
        (PUBLISHED[node.func.attr], str(node.args[0].value))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in PUBLISHED
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "results"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]


def scrub(notebook):
    """Drop what differs between two runs: times, paths, random ids, where printed text was cut; the rest stays."""
    details = notebook.metadata.get("papermill", {})
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "papermill": {"parameters": details.get("parameters", {})},
    }
    for number, cell in enumerate(notebook.cells, 1):
        cell["id"] = f"cell-{number:03d}"
        tags = cell.metadata.get("tags", [])
        cell.metadata = {"tags": list(tags)} if tags else {}
        if "outputs" in cell:
            cell.outputs = joined(cell.outputs)
    return notebook


def joined(outputs: list) -> list:
    """Outputs of a cell, printed text that stands together in one piece."""
    pieces = []
    for kind, group in itertools.groupby(outputs, lambda output: output.get("name")):
        group = list(group)
        if kind:
            group[0]["text"], group[1:] = "".join(output["text"] for output in group), []
        pieces += group
    return pieces


def redact_outputs(half_run: Path) -> None:
    """Take what looks personal out of the outputs of a half-run copy, which is looked at and passed on."""
    import nbformat

    notebook = nbformat.read(half_run, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for holder, keys in (
                (output, ("text", "evalue")),
                (output.get("data", {}), ("text/plain", "text/html", "text/markdown")),
            ):
                for key in keys:
                    if isinstance(holder.get(key), str):
                        holder[key] = redacted(holder[key])
            if "traceback" in output:
                output["traceback"] = [redacted(line) for line in output["traceback"]]
    nbformat.write(notebook, half_run)


def nearest_heading(cells, position: int) -> str:
    """The last heading above a cell."""
    for cell in reversed(cells[: position + 1]):
        if cell.cell_type == "markdown" and (found := re.findall(r"^#{1,6}\s+(.+)$", cell.source, re.M)):
            return found[-1]
    return "(no heading)"


def run(section: str, item: str = "") -> None:
    """Run one notebook stage.

    Parameters
    ----------
    section : str
        of ``params.yaml``, which names the notebook.
    item : str
        what the stage runs over: a source, or a partner of a country brief.

    Raises
    ------
    DataFault
        for faults of params.yaml, of the parameters cell, or of the outputs.
    StageFailed
        if a cell fails.
    """
    from pipelines.kernel import CAN_FORK, ForkedKernel, ForkedKernelManager

    name = f"{section}.{item}" if item else section
    with staging(name) as folder:
        os.environ.update(
            ANALYSIS_ROOT=str(paths.ROOT),
            ANALYSIS_OUT=str(folder),
            ANALYSIS_LANGUAGES=",".join(languages()),
            MPLBACKEND="agg",
            PYDEVD_DISABLE_FILE_VALIDATION="1",
        )
        # forked before anything opens a socket or a thread, see pipelines/kernel.py
        child = ForkedKernel(paths.ROOT) if CAN_FORK and not missing_of("jupyter") else None
        try:
            _run(section, item, name, folder, {"kernel_manager_class": ForkedKernelManager} if child else {})
        finally:
            if child:
                child.discard()


def stage_of(section: str, item: str) -> str:
    """Full name of the stage in ``dvc.yaml`` that runs a notebook."""
    return {"clean": f"clean@{item}", "country_brief": f"brief@{item}"}.get(section, f"analyse@{section}")


def _run(section: str, item: str, name: str, staged: Path, engine: dict) -> None:
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from pipelines.render import page

    values = dict(vars(load_params()[section]))
    stem, full = notebooks()[section].stem, stage_of(section, item)
    source = paths.BUILD / "notebooks" / f"{stem}.ipynb"
    problems = Problems()
    check_parameters(nbformat.read(source, as_version=4), section, values, problems, f"notebooks/{stem}.ipynb")
    problems.stop()
    values |= {ITEMS[section]: item} if item else {}
    notebook = nbformat.read(source, as_version=4)
    beside = staged / paths.LEFT_OUT
    beside.write_text("\n".join(leave_out(notebook, values)), encoding="utf-8")
    source = staged / f"{stem}.ipynb"
    nbformat.write(notebook, source)
    half_run = staged / f"{name}.half-run.ipynb"
    begun, executed = [], []

    def after(cell, cell_index: int, execute_reply: dict) -> None:
        # exit() and quit() let the cell end well and the kernel a moment later
        if any(payload.get("source") == "ask_exit" for payload in execute_reply["content"].get("payload", [])):
            raise LeftKernel

    def fail(wrong: str, name: str = "", message: str = "", position: int = -1) -> NoReturn:
        """By default the cell that was begun last has failed; `name` and `message` are those of its error."""
        if not half_run.exists():
            # papermill writes none where the kernel is gone
            nbformat.write(nbformat.v4.new_notebook(cells=begun), half_run)
        redact_outputs(half_run)
        place = "none had begun"
        if begun:
            position %= len(begun)
            count = sum(any(cell is one for one in executed) for cell in begun[: position + 1])
            place = f"{count} under {nearest_heading(begun, position)!r}"
        message = redacted(re.sub(r"\x1b\[[0-9;]*m", "", message))
        head = (
            f"{full} failed: {wrong}.\n  notebook    notebooks/{stem}.ipynb\n"
            f"  cell        {place}\n"
            f"  parameters  {', '.join(f'{k}={v!r}' for k, v in values.items())}\n"
            f"  half-run    {paths.shown(half_run)} (open it to look; no output was changed)"
        )
        raise StageFailed(head + (f"\n  it says     {name}: {message}" if message else "")) from None

    try:
        made = papermill.execute_notebook(
            source,
            half_run,
            parameters=values,
            kernel_name="python3",
            cwd=str(paths.ROOT),
            progress_bar=False,
            log_output=False,
            request_save_on_cell_execute=False,
            on_cell_start=lambda cell, cell_index: begun.append(cell),
            on_cell_executed=after,
            on_cell_execute=lambda cell, cell_index: executed.append(cell),
            start_timeout=HANG_GUARD,
            iopub_timeout=HANG_GUARD,
            **engine,
        )
    except PapermillExecutionError as error:
        trace = "\n".join(error.traceback[-1:]) if isinstance(error.traceback, list) else str(error.traceback)
        fail("a cell raised an error", error.ename, str(error.evalue) or trace)
    except LeftKernel:
        fail(LEFT)
    except DeadKernelError:
        fail(_how_it_died())
    except RuntimeError as error:
        if begun:
            raise
        # what jupyter_client says of a kernel that never answered
        fail(_how_it_died(), "RuntimeError", str(error))
    except CellTimeoutError:
        fail(
            f"the kernel's messages were lost ({HANG_GUARD} s without one after the cell had ended). "
            "Let the cell show less"
        )
    for position, cell in enumerate(made.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                # papermill takes an exit with code 0 for a notebook that has ended well
                fail(LEFT, output.ename, output.evalue, position)
            if output.get("name") == "stderr":
                fail("a cell wrote a warning, whose text differs between machines", "stderr", output.text, position)
    made = scrub(made)
    half_run.unlink(missing_ok=True)
    source.unlink()
    beside.unlink()
    folder = staged / "results" / section
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.ipynb").write_text(nbformat.writes(made) + "\n", encoding="utf-8")
    for language in languages() if section != "clean" else [values["language"]]:
        target = folder / "said" / language
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{stem}.html").write_text(page(made, section, name, folder, language), encoding="utf-8")
    if section != "clean":
        check_ledger(folder, full)
        listed = staged / "build" / "published" / f"{name}.txt"
        listed.parent.mkdir(parents=True)
        listed.write_text(manifest(folder), encoding="utf-8")
    if item:
        # a notebook knows one folder of results; which source or partner it is, the stage knows
        os.replace(folder, staged / "published")
        folder.mkdir()
        os.replace(staged / "published", folder / item)
    move_outputs(full, staged)


def manifest(folder: Path) -> str:
    """Files below a folder with their checksums, one a line: what pages wait for."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )


def check_ledger(folder: Path, full: str) -> None:
    """What lies in the folder is what the notebook says that it published: every table, and every figure in every
    language.
    """
    problems, path = Problems(), folder / "ledger.json"
    if not path.exists():
        raise StageFailed(f"{full} failed: the notebook published no ledger. Call results.close() in its last cell.")
    ledger = json.loads(path.read_text(encoding="utf-8"))
    expected = {f"tables/{name}.csv" for name in ledger["tables"]}
    for language in languages():
        expected |= {
            f"said/{language}/figures/{name}.{ending}" for name in ledger["figures"] for ending in ("svg", "png")
        }
    made = {
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and p.parent.name in {"tables", "figures"}
    }
    for missing in sorted(expected - made):
        problems.add(
            missing,
            "stands in the ledger and was not written",
            "Publish it by results.table or results.figure",
            row=full,
        )
    for other in sorted(
        name
        for name in made - expected
        if not (name.startswith("said/") and Path(name).parent.name == "tables" and Path(name).stem in ledger["tables"])
    ):
        problems.add(
            other,
            "was written and does not stand in the ledger",
            "Publish it by results.table or results.figure",
            row=full,
        )
    problems.stop()


def _how_it_died() -> str:
    from pipelines.kernel import DRAWN, PRINTED, SHOWN, SHOWS_TOO_MUCH, ForkedKernel

    code = ForkedKernel.current.returncode if ForkedKernel.current else None
    if code == SHOWS_TOO_MUCH:
        most = f"at most {PRINTED:,} printed characters, {SHOWN:,} displays, {DRAWN:,} characters of these"
        return f"a cell shows more than a page can hold ({most}). Print a summary, or publish a table"
    if code is not None and code >= 0:
        return f"the kernel ended with exit code {code}: {LEFT}"
    return f"the kernel died (often too little memory{f'; signal {-code}' if code else ''})"


def move_outputs(full: str, staged: Path) -> None:
    """Move staged files to where ``dvc.yaml`` declares them; files missing, empty or not declared stop before any is
    moved.
    """
    declared = stages()[full]["outs"]
    made = sorted(p.relative_to(staged) for p in staged.rglob("*") if p.is_file())
    problems = Problems()
    for path in made:
        if not any(path == out or out in path.parents for out in declared):
            problems.add(
                "dvc.yaml",
                f"stage {full} made {path.as_posix()}, which it does not declare",
                "Add it to the stage's outs",
                row=full,
            )
        if (staged / path).stat().st_size == 0:
            problems.add(path.as_posix(), "is empty", "Look into the notebook that makes it", row=full)
    for out in declared:
        if not any(path == out or out in path.parents for path in made):
            problems.add(
                "dvc.yaml",
                f"stage {full} declares {out.as_posix()}, which was not made",
                "Drop it from the stage's outs, or make it",
                row=full,
            )
    problems.stop()
    for out in declared:
        replace(staged / out, paths.ROOT / out)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.run_notebook", description=__doc__.splitlines()[0])
    parser.add_argument("section", choices=notebooks())
    parser.add_argument("--item", default="", help="source to clean, or partner of a brief")
    arguments = parser.parse_args(argv)
    try:
        run(arguments.section, arguments.item)
    except (DataFault, StageFailed) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
