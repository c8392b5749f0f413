"""Looks at everything that people write before the first stage runs:
settings, declarations, notebooks against the graph.

``python -m pipelines.check`` is the stage that every stage with a name from ``params.yaml`` in its command waits for:
such a name reaches a shell, so it is looked at first. It writes the same two words whenever all is sound; nothing
becomes stale by it.
"""

from __future__ import annotations

import ast
import json
import re
import string
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from analysis.clean.about import load_about
from analysis.clean.corrections import load_corrections
from analysis.clean.crosswalks import check_crosswalks
from analysis.clean.declared import check_declared
from analysis.ground import paths
from analysis.ground.dictionary import entities, indicators, is_known
from analysis.ground.dictionary import words as labels
from analysis.ground.errors import DataFault, Problems, nearest
from analysis.ground.files import read_text, read_yaml, require_text
from analysis.ground.layout import load_layout
from analysis.ground.params import load_params, notebooks, sections
from analysis.ground.schema import Closed, Name, Text, check
from analysis.present.findings import PARAMETER, PLACED, file_of, findings
from analysis.present.results import BEHIND
from analysis.present.results import REPORT as OWN_REPORT
from analysis.present.say import is_worded
from analysis.present.words import Captioned, NotebookWords, at_line, line_numbers, load_words, page_words, words_file
from pipelines.conditions import run_sealed
from pipelines.graph import stages
from pipelines.run_notebook import names_published
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


class GraphFile(Closed):
    """``dvc.yaml``."""

    stages: dict[Name, StageEntry | StagesOver]
    metrics: list[Text] = []

    entry: ClassVar[str] = "the graph"


class Work(BaseModel):
    """An entry of the bibliography (CSL JSON); more keys are allowed."""

    model_config = ConfigDict(extra="allow", strict=True)

    id: Text
    type: Text
    title: Text


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
    for read in (indicators, entities, labels, load_corrections):
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
    for section in [*params["analyses"], "country_brief"]:
        check_words(section, params, problems)
    for language in params["languages"]:
        _gather(lambda language=language: page_words(language), problems)
    problems.stop()
    check_findings(params, problems)
    problems.stop()


# beginnings of the names of years that only figures of statistics, or of prose, are printed for
OF_STATISTICS, OF_PROSE = ("census", "value_added"), "supply"
MANUSCRIPTS = ("manuscript", "brief")  # one a language
REPORT = ("references.json", "references.csl", "captions.lua", "report.css", "report.typ", "trail.html.j2")


def check_report(languages: Iterable[str], problems: Problems) -> None:
    """Files of the report are there and readable, and every work that is cited is in the bibliography."""
    wanted = [*REPORT, *(f"{name}.{language}.md" for name in MANUSCRIPTS for language in languages)]
    texts = {name: read_text(paths.REPORT / name, problems) for name in wanted}
    for name, text in texts.items():
        if text is not None and not text.strip():
            problems.add(f"report/{name}", "is empty", "Restore the file")
    for path in sorted(paths.REPORT.iterdir()):
        if path.name not in wanted and not re.fullmatch(rf"({'|'.join(MANUSCRIPTS)})\.[a-z]{{2}}\.md", path.name):
            problems.add(paths.shown(path), "is read by nothing", "Take it out of the folder")
    works = _bibliography(texts.get("references.json"), problems)
    if works is None:
        return
    for name, text in texts.items():
        for match in re.finditer(r"(?<![\w@])@([A-Za-z][\w:.-]*\w)", text if text and name.endswith(".md") else ""):
            if (
                match[1] not in works
                and match[1].partition(":")[0] not in {"fig", "tab"}
                and not match[1].startswith("@")
            ):
                problems.add(
                    f"report/{name}",
                    f"cites {match[1]!r}, which is not in report/references.json{nearest(match[1], works)}",
                    "Correct the key, or add the work",
                    row=f"line {text.count(chr(10), 0, match.start()) + 1}",
                )


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
    if (folder / "layout.yaml").exists() and (
        layouts := _gather(lambda: load_layout(folder / "layout.yaml"), problems)
    ):
        check_declared(layouts, about, folder, entities(), indicators(), problems)
        years |= {column.year for layout in layouts.values() for column in layout.columns if column.year}
    for path in folder.glob("*.csv"):
        if path.is_file() and not path.name.startswith("table_"):
            years |= {int(year) for year in re.findall(rb"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])", path.read_bytes())}
    return years


def _check_years(params: dict, printed: dict[str, set[int]], problems: Problems) -> None:
    """A year that a notebook asks for is printed by some source; that of its own source's tables by that source."""
    anywhere = set().union(*printed.values())
    sources = [paths.RAW / source for source in printed]
    prose = any((folder / "facts.csv").exists() for folder in sources)
    figures = any(path.stem != "facts" for folder in sources for path in folder.glob("[!t]*.csv"))  # of statistics
    for name, section in params.items():
        for column, year in vars(section).items() if name in sections() else ():
            without = column.startswith(OF_STATISTICS) and not figures or column.startswith(OF_PROSE) and not prose
            if "year" not in column or without:
                continue
            known = (
                printed.get(getattr(section, "source", ""), anywhere) if column in {"year", "year_before"} else anywhere
            )
            if year not in known:
                problems.add(
                    paths.shown(paths.PARAMS),
                    "no source prints figures of this year",
                    f"Use a year from {min(known, default=year)} to {max(known, default=year)}",
                    row=name,
                    column=column,
                    printed=year,
                )


def _written(section: str, item: str = "") -> set[str]:
    """What a notebook stage writes."""
    if section == "clean":
        return {f"data/interim/{item}", f"results/clean/{item}"}
    if item:
        return {f"results/{section}/{item}", f"build/published/{section}.{item}.txt"}
    stem = notebooks()[section].stem if section in notebooks() else section
    parts = (f"{stem}.ipynb", "ledger.json", "tables", "said")
    return {f"build/published/{section}.txt", *(f"results/{section}/{part}" for part in parts)}


def _check_dependencies(graph: dict, problems: Problems) -> None:
    """What a stage waits for is a file of the workspace, or made by another stage."""
    made = {out.as_posix() for stage in graph.values() for out in stage["outs"]}
    for full, stage in graph.items():
        for needed in stage["deps"]:
            inside = any(needed == out or out.startswith(f"{needed}/") or needed.startswith(f"{out}/") for out in made)
            if not inside and not (paths.ROOT / needed).exists():
                problems.add(
                    "dvc.yaml",
                    f"stage {full} waits for {needed}, which is no file and which no stage "
                    f"makes{nearest(needed, made)}",
                    "Correct the path",
                    row=full,
                )
        if "run_notebook" in stage["cmd"]:
            made_here, written = {out.as_posix() for out in stage["outs"]}, _written(*stage["cmd"].split()[3::2])
            for out in sorted(made_here ^ written):
                wrong = f"stage {full} and its notebook differ about {out}"
                problems.add("dvc.yaml", wrong, f"Declare {', '.join(sorted(written))}", row=full)
        module = stage["cmd"].split()[2].replace(".", "/") + ".py"
        if not (paths.ROOT / module).exists():
            problems.add("dvc.yaml", f"stage {full} runs {module}, which is no file", "Correct the command", row=full)


def check_words(section: str, params: dict, problems: Problems) -> None:
    """What a notebook publishes by name is what its words declare, and every place of a text is filled by something."""
    words = _gather(lambda: load_words(section), problems)
    if words is None:
        return
    path, file = notebooks()[section], words_file(section)
    made = published_names(path, problems)
    found, lines = Problems(), line_numbers(file)
    for kind, declared in (("tables", words.tables), ("figures", words.figures)):
        for name in sorted({n for k, n in made if k == kind} - set(declared)):
            problems.add(
                f"notebooks/{path.name}",
                f"publishes {name}, which {paths.shown(file)} does not declare{nearest(name, declared)}",
                f"Declare it under {kind}: title, scope, units, source",
                row=name,
            )
        for name in sorted(set(declared) - {n for k, n in made if k == kind}):
            found.add(
                paths.shown(file),
                f"{name} is declared and {path.name} does not publish it",
                "Publish it, or take it out",
                row=kind,
                column=name,
            )
    patterns = number_patterns(words)
    for kind, declared in (("tables", words.tables), ("figures", words.figures)):
        for name, entry in declared.items():
            known = {*vars(params[section]), OWN_REPORT, BEHIND, *entry.values, *entry.lists}
            for key, said in _texts(entry):
                for place in {
                    field
                    for text in (said.values() if isinstance(said, dict) else [said])
                    for _, field, _, _ in string.Formatter().parse(text)
                    if field
                }:
                    if place not in known and not any(p.fullmatch(place) for p in patterns):
                        found.add(
                            paths.shown(file),
                            f"{{{place}}} is no parameter, value or number{nearest(place, [*known, *words.numbers])}",
                            "Correct the place, or declare the value",
                            row=kind,
                            column=f"{name} / {key}",
                        )
    for name, table in words.tables.items():
        for column, shown in table.columns.items() if table.heads != "codes" else ():
            if not is_known(head := shown.head or column):
                wrong = f"the head {head!r} has no words{nearest(head, labels())}"
                found.add(paths.shown(file), wrong, "Add it to data/words/labels.yaml", row="tables", column=name)
    names = Counter(f"{p}{ending}" for p, number in words.numbers.items() for ending in number.columns.values() or [""])
    for name, times in names.items():
        if times > 1:
            found.add(paths.shown(file), f"{name} is declared {times} times", "Give each its own name", row="numbers")
    for pattern, number in words.numbers.items():
        if is_worded(number.unit) and f"unit_{number.unit}" not in labels():
            found.add(
                paths.shown(file),
                f"the unit {number.unit!r} has no words",
                f"Add unit_{number.unit} to data/words/labels.yaml",
                row="numbers",
                column=pattern,
            )
        if number.table not in words.tables:
            found.add(
                paths.shown(file),
                f"is a cell of {number.table}, which is no table{nearest(number.table, words.tables)}",
                "Correct the table",
                row="numbers",
                column=pattern,
            )
    problems += [at_line(one, lines, (one.row, *one.column.split(" / "))) for one in found]


def check_findings(params: dict, problems: Problems) -> None:
    """Every finding that a manuscript places is declared, and its numbers are ones that notebooks may publish."""
    declared = _gather(findings, problems)
    if declared is None:
        return
    known = [pattern for section in params["analyses"] for pattern in number_patterns(load_words(section))]
    for language in params["languages"]:
        path = paths.REPORT / f"manuscript.{language}.md"
        placed = set(PLACED.findall(require_text(path)))
        for name in sorted(placed - declared.keys()):
            wrong = f"places {name}, which {file_of(name)} does not declare{nearest(name, declared)}"
            problems.add(paths.shown(path), wrong, "Declare it, or correct the name", row=name)
        for name, finding in declared.items():
            texts = " ".join(one.words()[language] for one in [*finding.wordings, finding.not_printed])
            for section, parameter in PARAMETER.findall(texts):
                if getattr(params.get(section), parameter, None) is None:
                    wrong = f"params.yaml has no {section}.{parameter}"
                    problems.add(file_of(name), wrong, "Correct the place", row=name)
            for number in sorted(finding.numbers(language)):
                if not any(pattern.fullmatch(number) for pattern in known):
                    problems.add(
                        file_of(name), f"{number} is no number that a notebook publishes", "Correct it", row=name
                    )


def number_patterns(words: NotebookWords) -> list[re.Pattern[str]]:
    """Names of the numbers that a notebook may publish."""
    return [
        re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(f"{pattern}{ending}")))
        for pattern, number in words.numbers.items()
        for ending in number.columns.values() or [""]
    ]


def _texts(entry: Captioned) -> Iterable[tuple[str, str | dict[str, str]]]:
    """Texts of a table or figure that have places."""
    for key in ("title", "scope", "units", "source", "alt"):
        if said := getattr(entry, key, None):
            yield key, said
    yield from ((f"words / {key}", said) for key, said in getattr(entry, "words", {}).items())


def published_names(path: Path, problems: Problems) -> list[tuple[str, str]]:
    """(tables or figures, name) of everything that a notebook publishes by a literal name."""
    found = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        try:
            ast.parse("".join(cell["source"]))
        except SyntaxError as error:
            problems.add(
                f"notebooks/{path.name}",
                f"a cell is no Python ({error.msg})",
                "Mend the cell",
                row=str(error.text or "").strip()[:80],
            )
            continue
        found += names_published("".join(cell["source"]))
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
