"""``params.yaml``: one section a notebook, checked whole before the first stage runs."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import MutableMapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, create_model

from analysis.ground import paths
from analysis.ground.dictionary import entities, indicators
from analysis.ground.errors import DataFault, DataProblem, Problems, nearest
from analysis.ground.files import languages, read_yaml, require_text
from analysis.ground.schema import NAME, Closed, Code, Name, Share, Text, Year, check, check_references

Language = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Za-z]+)?$")]
Values = Literal["printed", "corrected"]
Draws = Annotated[int, Field(ge=2, le=1_000_000)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Digits = Annotated[int, Field(ge=0, le=3)]
Least = Annotated[int, Field(ge=1, le=1000)]

# what parameters of these names may be, in whichever notebook; others are of the type of their literal, and a name with
# `year` in it is a year
KINDS: dict[str, Any] = {
    "language": Language,
    "values": Values,
    "vintage": Literal["latest", "first"],
    "draws": Draws,
    "seed": Seed,
    "whole_scale_digits": Digits,
    "least": Least,
    "confidence": Share,
    "level": Share,
}


class Section(Closed):
    """Parameters of one notebook."""

    entry: ClassVar[str] = "the section"


class Analysis(Closed):
    """A notebook that publishes for the report: its file,
    and what else than processed tables and crosswalks it reads."""

    notebook: Name
    reads: Text

    entry: ClassVar[str] = "an analysis"


def notebooks() -> dict[str, Path]:
    """Files of ``notebooks/`` by the section of ``params.yaml`` that they share their name with:
    ``03_fit.ipynb`` is `fit`."""
    return {path.stem.partition("_")[2]: path for path in sorted(paths.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}


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


def parameters_of(path: Path) -> dict[str, object]:
    """Parameters of a notebook, from the one cell that is tagged so.

    Raises
    ------
    DataFault
        for a notebook without such a cell, with two of them, or with one that holds more than literals.
    """
    problems, file = Problems(), paths.shown(path)
    text = require_text(path)
    try:
        cells = [cell for cell in json.loads(text)["cells"] if "parameters" in cell.get("metadata", {}).get("tags", [])]
        if len(cells) != 1:
            problems.add(file, f"{len(cells)} cells are tagged `parameters`", "Tag exactly one")
            problems.stop()
        return declared_parameters("".join(cells[0]["source"]))
    except (SyntaxError, ValueError, TypeError, KeyError, RecursionError) as error:
        problems.add(file, f"parameters cell: {error}", "Give every parameter a literal")
    problems.stop()
    return {}


@lru_cache
def sections() -> dict[str, type[Section]]:
    """What each section may hold: the parameters of its notebook."""
    made = {}
    for name, path in notebooks().items():
        kinds: dict[str, Any] = {
            one: (KINDS.get(one, Year if "year" in one else type(value)), ...)
            for one, value in parameters_of(path).items()
        }
        made[name] = create_model(name, __base__=Section, **kinds)
    return made


def fill_in(name: str, namespace: MutableMapping[str, Any]) -> None:
    """Give the parameters of a notebook that are left empty (``""`` or 0) their value of ``params.yaml``.

    So no notebook names a place, a source or a year, and one that is opened by hand analyses what the pipeline does.

    Parameters
    ----------
    name : str
        the section of the notebook.
    namespace : mapping
        where its parameters stand: ``globals()`` in a notebook.

    Raises
    ------
    DataFault
        with every fault of the file.
    """
    blank = [one for one in sections()[name].model_fields if namespace[one] in ("", 0)]
    if blank:
        section = vars(load_params()[name])
        namespace.update({one: section[one] for one in blank})


LISTS = {
    "sources": (
        "should be a list of folders of data/raw",
        "Write one source a line, each after a dash; python -m analysis.intake adds one",
    ),
    "briefs": (
        "should be a list of partners",
        "Write one partner a line, each after a dash, as 05_cooperation lists them",
    ),
}
MAY_LACK = ("briefs",)  # lists that may be empty
SOURCES = ("source", "earlier")  # parameters that name a source
PLACES = ("city", "region", "nation", "entity")  # parameters that name an entity
ORDER = (
    ("supply_year_first", "supply_year"),
    ("value_added_year_before", "value_added_year"),
    ("census_year_before", "census_year"),
    ("year_before", "year"),
)


def check_section(name: str, values: dict[str, Any], file: str, problems: Problems) -> Any:
    """One section as a typed object; every misspelt, missing or unfit key is noted."""
    found = Problems()
    section = check(sections()[name], values, file, found, row=name)
    for fault in found:
        problems.append(_in_words_of_settings(fault, name))
    for first, last in ORDER:
        if section is not None and first in values and last in values and values[first] >= values[last]:
            problems.add(
                file,
                f"should be before {last} ({values[last]})",
                "Correct one of the two years",
                row=name,
                column=first,
                printed=values[first],
            )
    return section


def _in_words_of_settings(fault: DataProblem, name: str) -> DataProblem:
    """The same fault as one who edits settings knows it."""
    if found := re.match(r"the section has no '(.*?)'(?: \(nearest known: ('.*?')\))?$", fault.wrong):
        known = ", ".join(sorted(sections()[name].model_fields))
        return replace(
            fault,
            wrong="is not a parameter of this section",
            remedy=f"Did you mean {found[2]}?" if found[2] else f"Known are {known}",
            column=found[1],
        )
    if found := re.match(r"lacks (.*)", fault.wrong):
        return replace(
            fault,
            wrong="is missing",
            remedy="Add it; the notebook's parameters cell says what it means",
            column=found[1],
        )
    if found := re.match(r".* '?(.*?)'? is not known", fault.wrong):
        return replace(
            fault,
            wrong="should be " + fault.remedy.replace("Use one of", "one of"),
            remedy="Correct the value",
            printed=found[1],
        )
    if fault.column in {"confidence", "level"} and fault.wrong.startswith(("should be above", "should be below")):
        return replace(fault, wrong="should lie between 0 and 1", remedy="Write 0.95 for 95 per cent")
    return fault


def _check_list(name: str, entries: Any, file: str, problems: Problems) -> bool:
    """Whether a list of names is one; each becomes a part of a command and of paths, so its letters are few."""
    if not (isinstance(entries, list) and (entries or name in MAY_LACK) and all(isinstance(e, str) for e in entries)):
        problems.add(file, *LISTS[name], row=name, printed=str(entries)[:80])
        return False
    for number, entry in enumerate(entries):
        if not NAME.fullmatch(entry):
            problems.add(
                file,
                "is no name",
                "Use letters, digits, - and _ only, a letter or digit first",
                row=name,
                column=f"{number + 1}",
                printed=entry[:80],
            )
        if entry in entries[:number]:
            problems.add(file, "stands twice", "Keep one", row=name, column=f"{number + 1}", printed=entry[:80])
    return True


def load_params(path: Path | None = None) -> dict[str, Any]:
    """All sections by name; ``sources``, ``briefs`` and ``languages`` as lists.

    Raises
    ------
    DataFault
        with every fault of the file.
    """
    path = path or paths.PARAMS
    file = paths.shown(path)
    problems = Problems()
    content = read_yaml(path)
    expected = [*sections(), *LISTS, "analyses", "languages"]
    if not re.fullmatch("[a-z]{2}", str(content.get("messages", "en"))):
        problems.add(
            file,
            "should be a language",
            "Write one code of two letters, zh or en",
            row="messages",
            printed=str(content["messages"])[:80],
        )
    for name in content.keys() - {*expected, "messages"}:  # of `analysis.ground.messages`; it need not be there
        near = nearest(str(name), expected).removeprefix(" (nearest known: ").removesuffix(")")
        problems.add(
            file,
            "is not a section",
            f"Did you mean {near}?" if near else f"Known are {', '.join(expected)}",
            row=str(name),
        )
    loaded: dict[str, Any] = {}
    for name in expected:
        if name not in content:
            problems.add(file, "the section is missing", "Add it", row=name)
        elif name in LISTS:
            if _check_list(name, content[name], file, problems):
                loaded[name] = content[name]
        elif name == "languages":
            try:
                loaded[name] = languages()
            except DataFault as fault:
                problems += fault.problems
        elif name == "analyses":
            loaded[name] = check(dict[Code, Analysis], content[name], file, problems, row=name)
        elif not isinstance(content[name], dict):
            problems.add(
                file,
                "should be a section with parameters",
                "Write name: value, one a line",
                row=name,
                printed=str(content[name])[:80],
            )
        else:
            loaded[name] = check_section(name, content[name], file, problems)
    for source in loaded.get("sources", []):
        if NAME.fullmatch(source) and not (paths.RAW / source / "source.yaml").exists():
            problems.add(
                file,
                f"source {source!r} has no data/raw/{source}/source.yaml",
                "Add the source, or take it from the list",
                row="sources",
                column=source,
            )
    for name, analysis in (loaded.get("analyses") or {}).items():
        if analysis.notebook != (notebooks()[name].stem if name in notebooks() else ""):
            problems.add(
                file,
                f"notebooks/ has no NN_{name}.ipynb of this "
                f"name{nearest(analysis.notebook, [p.stem for p in notebooks().values()])}",
                "Name the file; its section, results and words share its name",
                row="analyses",
                column=name,
                printed=analysis.notebook,
            )
        if paths.ROOT / analysis.reads != paths.PROCESSED and not (paths.ROOT / analysis.reads).exists():
            problems.add(
                file,
                "is no file or folder",
                "Name what the notebook reads beside processed tables",
                row="analyses",
                column=name,
                printed=analysis.reads,
            )
    _check_names(
        {n: s for n, s in loaded.items() if n in sections() and s is not None},
        loaded.get("sources"),
        loaded.get("briefs"),
        file,
        problems,
    )
    problems.stop()
    return loaded


def _check_names(
    sections: dict[str, Section], sources: list[str] | None, briefs: list[str] | None, file: str, problems: Problems
) -> None:
    """Sources, places, indicators and partners that sections name are there."""
    for name, section in sections.items():
        for column, value in vars(section).items():
            if value == "":  # a study that has none yet
                continue
            if column in SOURCES and sources is not None and value not in sources:
                problems.add(
                    file,
                    "is not in the list of sources",
                    f"Use one of {', '.join(sources)}{nearest(value, sources)}",
                    row=name,
                    column=column,
                    printed=value[:80],
                )
            elif column in PLACES:
                check_references([(name, value)], entities(), "entity", file, problems, column=column)
            elif column == "indicator":
                check_references([(name, value)], indicators(), "indicator", file, problems, column=column)
            elif column == "partner" and briefs is not None:
                check_references([(name, value)], briefs, "partner", file, problems, column=column)
