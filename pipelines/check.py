"""Looks at everything that people write before the first stage runs: settings, declarations, notebooks against the graph.

``python -m pipelines.check`` is the stage that every stage with a name from ``params.yaml`` in its command waits for: such a name
reaches a shell, so it is looked at first. It writes the same two words whenever all is sound; nothing becomes stale by it.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from analysis import paths
from analysis.clean.about import load_about
from analysis.clean.corrections import load_corrections
from analysis.clean.crosswalks import check_crosswalks
from analysis.clean.declared import check_declared
from analysis.dictionary import entities, indicators, words
from analysis.errors import DataFault, Problems, nearest
from analysis.files import read_text, read_yaml
from analysis.intake.layout import load_layout
from analysis.params import SECTIONS, load_params
from analysis.schema import Closed, Name, Text, check
from pipelines.conditions import run_sealed
from pipelines.graph import stages
from pipelines.run_notebook import NAMES
from pipelines.staging import replace_text

T = TypeVar("T")


class StageEntry(Closed):
    """A stage of ``dvc.yaml``."""

    cmd: Annotated[str, StringConstraints(pattern=r"^python -m pipelines\.[a-z_]+( [^;&|<>`\n]*)?$")]
    deps: list[Text]
    params: list[Text] = []
    outs: list[Text | dict[Text, dict[Literal["persist", "cache"], bool]]] = Field(min_length=1)

    entry: ClassVar[str] = "a stage"


class StagesOver(Closed):
    """Stages over a list or mapping."""

    foreach: Text | list[Text]
    do: StageEntry

    entry: ClassVar[str] = "a stage"


class StagesOverBoth(StageEntry):
    """Stages over several lists."""

    matrix: dict[Text, Text | list[Text]]


class GraphFile(Closed):
    """``dvc.yaml``."""

    stages: dict[Name, StageEntry | StagesOver | StagesOverBoth]
    metrics: list[Text] = []

    entry: ClassVar[str] = "the graph"


class Work(BaseModel):
    """An entry of the bibliography (CSL JSON); more keys are allowed."""

    model_config = ConfigDict(extra="allow", strict=True)

    id: Text
    type: Text
    title: Text


PUBLISHED = {"save_figure": ("figures", (".svg", ".png")), "save_table": ("tables", (".csv",))}
DONE = paths.BUILD / "checked"


def check_workspace() -> None:
    """Everything that is declared, and what belongs together of it.

    Raises
    ------
    DataFault
        with every fault of every file.
    """
    problems = Problems()
    params = _gather(load_params, problems)
    for read in (indicators, entities, words, load_corrections):
        _gather(read, problems)
    problems.stop()
    check_crosswalks(problems)
    check_report(params["languages"], problems)
    found: dict[str, set[int]] = {}
    for source in params["sources"]:
        found[source] = _check_source(source, problems)
    _check_years(params, found, problems)
    problems.stop()
    check(GraphFile, read_yaml(paths.ROOT / "dvc.yaml"), "dvc.yaml", problems)
    problems.stop()
    graph = stages()
    _check_dependencies(graph, problems)
    for section in SECTIONS:
        _check_outputs(section, params, graph, problems)
    problems.stop()


REPORT = ("manuscript.zh.md", "manuscript.en.md", "brief.zh.md", "brief.en.md", "references.json", "references.csl", "captions.lua", "report.css", "report.typ", "trail.html.j2")


def check_report(languages: Iterable[str], problems: Problems) -> None:
    """Files of the report are there and readable, and every work that is cited is in the bibliography."""
    wanted = [name for name in REPORT if not name.endswith(".en.md") or "en" in languages or (paths.REPORT / name).exists()]
    texts = {name: read_text(paths.REPORT / name, problems) for name in wanted}
    for name, text in texts.items():
        if text is not None and not text.strip():
            problems.add(f"report/{name}", "is empty", "Restore the file")
    for path in sorted(paths.REPORT.iterdir()):
        if path.name not in REPORT:
            problems.add(paths.shown(path), "is read by nothing", "Take it out of the folder")
    works = _bibliography(texts.get("references.json"), problems)
    if works is None:
        return
    for name, text in texts.items():
        for match in re.finditer(r"(?<![\w@])@([A-Za-z][\w:.-]*\w)", text if text and name.endswith(".md") else ""):
            if match[1] not in works and match[1].partition(":")[0] not in {"fig", "tab"} and not match[1].startswith("@"):
                problems.add(f"report/{name}", f"cites {match[1]!r}, which is not in report/references.json{nearest(match[1], works)}", "Correct the key, or add the work", row=f"line {text.count(chr(10), 0, match.start()) + 1}")


def _bibliography(text: str | None, problems: Problems) -> set[str] | None:
    file = "report/references.json"
    if text is None:
        return None
    try:
        works = json.loads(text)
    except (ValueError, RecursionError) as error:
        problems.add(file, f"is no JSON ({error})", "Mend the file")
        return None
    found = check(list[Work], works, file, problems)
    if found is None:
        return None
    for work, times in Counter(work.id for work in found).items():
        if times > 1:
            problems.add(file, f"{work!r} stands {times} times", "Keep one", row=work)
    return {work.id for work in found}


def _gather(read: Callable[[], T], problems: Problems) -> T | None:
    """What `read` returns; its faults are added to the others."""
    try:
        return read()
    except DataFault as fault:
        problems += fault.problems
        return None


def _check_source(source: str, problems: Problems) -> set[int]:
    """Declarations of one source; the years that it may print."""
    folder = paths.RAW / source
    years: set[int] = set()
    about = _gather(lambda: load_about(folder, problems), problems)
    if about is None:
        return years
    if (folder / "layout.yaml").exists() and (layouts := _gather(lambda: load_layout(folder / "layout.yaml"), problems)):
        check_declared(layouts, about, folder, entities(), indicators(), problems)
        years |= {column.year for layout in layouts.values() for column in layout.columns if column.year}
    for path in folder.glob("*.csv"):
        if path.is_file() and not path.name.startswith("table_"):
            years |= {int(year) for year in re.findall(rb"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])", path.read_bytes())}
    return years


def _check_years(params: dict, printed: dict[str, set[int]], problems: Problems) -> None:
    """A year that a notebook asks for is printed by some source; that of its own source's tables by that source."""
    anywhere = set().union(*printed.values())
    for name, section in params.items():
        for column, year in vars(section).items() if name in SECTIONS else ():
            if "year" not in column:
                continue
            known = printed.get(getattr(section, "source", ""), anywhere) if column in {"year", "year_before"} else anywhere
            if year not in known:
                problems.add(paths.shown(paths.PARAMS), "no source prints figures of this year", f"Use a year from {min(known, default=year)} to {max(known, default=year)}", row=name, column=column, printed=year)


def _check_dependencies(graph: dict, problems: Problems) -> None:
    """What a stage waits for is a file of the workspace, or made by another stage."""
    made = {out.as_posix() for stage in graph.values() for out in stage["outs"]}
    for full, stage in graph.items():
        for needed in stage["deps"]:
            inside = any(needed == out or out.startswith(f"{needed}/") or needed.startswith(f"{out}/") for out in made)
            if not inside and not (paths.ROOT / needed).exists():
                problems.add("dvc.yaml", f"stage {full} waits for {needed}, which is no file and which no stage makes{nearest(needed, made)}", "Correct the path", row=full)
        module = stage["cmd"].split()[2].replace(".", "/") + ".py"
        if not (paths.ROOT / module).exists():
            problems.add("dvc.yaml", f"stage {full} runs {module}, which is no file", "Correct the command", row=full)


def _check_outputs(section: str, params: dict, graph: dict, problems: Problems) -> None:
    """What a notebook publishes by name is what its stage declares, no more and no less."""
    path = paths.BUILD / "notebooks" / f"{NAMES[section]}.ipynb"
    if not path.exists():
        path = paths.NOTEBOOKS / path.name
    made = {f"{PUBLISHED[call][0]}/{name}{ending}" for call, name in published_names(path, problems) for ending in PUBLISHED[call][1]}
    for full, stage in graph.items():
        language = full.rpartition("@")[2]
        if full.partition("@")[0] != section or section in {"clean", "country_brief"} or language not in params["languages"]:
            continue
        under = params["languages"][language]
        declared = {out.relative_to(under).as_posix() for out in stage["outs"] if out.is_relative_to(under)}
        declared = {out for out in declared if out.split("/")[0] in {"figures", "tables"} and out.count("/") == 1}
        for out in sorted(made - declared):
            problems.add("dvc.yaml", f"{path.name} publishes {under}/{out}, which stage {full} does not declare", "Add it to the stage's outs", row=full)
        for out in sorted(declared - made):
            problems.add("dvc.yaml", f"stage {full} declares {under}/{out}, which {path.name} does not publish", "Drop it from the stage's outs, or publish it", row=full)


def published_names(path: Path, problems: Problems) -> list[tuple[str, str]]:
    """(save_figure or save_table, name) of everything that a notebook publishes by a literal name."""
    found = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        try:
            tree = ast.parse("".join(cell["source"]))
        except SyntaxError as error:
            problems.add(f"notebooks/{path.name}", f"a cell is no Python ({error.msg})", "Mend the cell", row=str(error.text or "").strip()[:80])
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PUBLISHED and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                found.append((node.func.attr, str(node.args[1].value)))
    return found


def main() -> int:
    try:
        check_workspace()
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    replace_text(DONE, "all sound\n", "check")
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
