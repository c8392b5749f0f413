"""``params.yaml``: one section a notebook, checked whole before the first stage runs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field

from analysis import paths
from analysis.dictionary import entities, indicators
from analysis.errors import DataProblem, Problems, nearest
from analysis.files import read_yaml
from analysis.schema import NAME, Closed, Share, Year, check, check_references

Language = Literal["zh", "en"]
Values = Literal["printed", "corrected"]
Draws = Annotated[int, Field(ge=2, le=1_000_000)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Digits = Annotated[int, Field(ge=0, le=3)]
Least = Annotated[int, Field(ge=1, le=1000)]


class Section(Closed):
    """Parameters of one notebook."""

    language: Language

    entry: ClassVar[str] = "the section"


class StartHere(Section):
    indicator: str
    entity: str
    year: Year


class Clean(Section):
    source: str


class Reconcile(Section):
    source: str
    values: Values


class Fit(Section):
    source: str
    city: str
    region: str
    nation: str
    supply_year: Year
    supply_year_first: Year
    value_added_year: Year
    value_added_year_before: Year
    census_year: Year
    census_year_before: Year
    whole_scale_digits: Digits
    values: Values
    confidence: Share


class Employment(Section):
    source: str
    city: str
    year: Year
    year_before: Year
    census_year: Year
    value_added_year: Year
    values: Values
    confidence: Share
    draws: Draws
    seed: Seed


class Size(Section):
    source: str
    year: Year
    values: Values
    draws: Draws
    seed: Seed
    level: Share


class Cooperation(Section):
    city: str
    source: str
    earlier: str
    region: str
    census_year: Year
    values: Values


class CountryBrief(Section):
    partner: str
    city: str
    least: Least
    values: Values


SECTIONS: dict[str, type[Section]] = {
    "start_here": StartHere, "clean": Clean, "reconcile": Reconcile, "fit": Fit, "employment": Employment, "size": Size, "cooperation": Cooperation, "country_brief": CountryBrief,
}
LISTS = {
    "sources": ("should be a list of folders of data/raw", "Write one source a line, each after a dash"),
    "briefs": ("should be a list of partners", "Write one partner a line, each after a dash, as 05_cooperation lists them"),
}
SOURCES = ("source", "earlier")  # parameters that name a source
PLACES = ("city", "region", "nation", "entity")  # parameters that name an entity
ORDER = (("supply_year_first", "supply_year"), ("value_added_year_before", "value_added_year"), ("census_year_before", "census_year"), ("year_before", "year"))


def check_section(name: str, values: dict[str, Any], file: str, problems: Problems) -> Any:
    """One section as a typed object; every misspelt, missing or unfit key is noted."""
    found = Problems()
    section = check(SECTIONS[name], values, file, found, row=name)
    for fault in found:
        problems.append(_in_words_of_settings(fault, name))
    for first, last in ORDER:
        if section is not None and first in values and last in values and values[first] >= values[last]:
            problems.add(file, f"should be before {last} ({values[last]})", "Correct one of the two years", row=name, column=first, printed=values[first])
    return section


def _in_words_of_settings(fault: DataProblem, name: str) -> DataProblem:
    """The same fault as one who edits settings knows it."""
    if found := re.match(r"the section has no '(.*?)'(?: \(nearest known: ('.*?')\))?$", fault.wrong):
        known = ", ".join(sorted(SECTIONS[name].model_fields))
        return replace(fault, wrong="is not a parameter of this section", remedy=f"Did you mean {found[2]}?" if found[2] else f"Known are {known}", column=found[1])
    if found := re.match(r"lacks (.*)", fault.wrong):
        return replace(fault, wrong="is missing", remedy="Add it; the notebook's parameters cell says what it means", column=found[1])
    if found := re.match(r".* '?(.*?)'? is not known", fault.wrong):
        return replace(fault, wrong="should be " + fault.remedy.replace("Use one of", "one of"), remedy="Correct the value", printed=found[1])
    if fault.column in {"confidence", "level"} and fault.wrong.startswith(("should be above", "should be below")):
        return replace(fault, wrong="should lie between 0 and 1", remedy="Write 0.95 for 95 per cent")
    return fault


def _check_list(name: str, entries: Any, file: str, problems: Problems) -> bool:
    """Whether a list of names is one; each becomes a part of a command and of paths, so its letters are few."""
    if not (isinstance(entries, list) and entries and all(isinstance(e, str) for e in entries)):
        problems.add(file, *LISTS[name], row=name, printed=str(entries)[:80])
        return False
    for number, entry in enumerate(entries):
        if not NAME.fullmatch(entry):
            problems.add(file, "is no name", "Use letters, digits, - and _ only, a letter or digit first", row=name, column=f"{number + 1}", printed=entry[:80])
        if entry in entries[:number]:
            problems.add(file, "stands twice", "Keep one", row=name, column=f"{number + 1}", printed=entry[:80])
    return True


def _check_languages(folders: Any, file: str, problems: Problems) -> bool:
    wrong, remedy = "should name for each language (zh, and en if wanted) its folder in results", "Write zh: results and en: results/en"
    if not (isinstance(folders, dict) and "zh" in folders and folders.keys() <= set(get_args(Language)) and all(isinstance(f, str) for f in folders.values())):
        problems.add(file, wrong, remedy, row="languages", printed=str(folders)[:80])
        return False
    for language, folder in folders.items():
        if not re.fullmatch(rf"results(/{NAME.pattern})?", folder):
            problems.add(file, f"{wrong}: results, or results/ and a name", remedy, row="languages", column=language, printed=folder[:80])
    if len(set(folders.values())) < len(folders):
        problems.add(file, "two languages share a folder", remedy, row="languages")
    return True


def load_params(path: Path | None = None) -> dict[str, Any]:
    """All sections by name, ``sources`` as a list, ``languages`` as a dict of folders.

    Raises
    ------
    DataFault
        with every fault of the file.
    """
    path = path or paths.PARAMS
    file = paths.shown(path)
    problems = Problems()
    content = read_yaml(path)
    expected = [*SECTIONS, "sources", "briefs", "languages"]
    for name in content.keys() - set(expected):
        near = nearest(str(name), expected).removeprefix(" (nearest known: ").removesuffix(")")
        problems.add(file, "is not a section", f"Did you mean {near}?" if near else f"Known are {', '.join(expected)}", row=str(name))
    loaded: dict[str, Any] = {}
    for name in expected:
        if name not in content:
            problems.add(file, "the section is missing", "Add it", row=name)
        elif name in LISTS:
            if _check_list(name, content[name], file, problems):
                loaded[name] = content[name]
        elif name == "languages":
            if _check_languages(content[name], file, problems):
                loaded[name] = content[name]
        elif not isinstance(content[name], dict):
            problems.add(file, "should be a section with parameters", "Write name: value, one a line", row=name, printed=str(content[name])[:80])
        else:
            loaded[name] = check_section(name, content[name], file, problems)
    for source in loaded.get("sources", []):
        if NAME.fullmatch(source) and not (paths.RAW / source / "source.yaml").exists():
            problems.add(file, f"source {source!r} has no data/raw/{source}/source.yaml", "Add the source, or take it from the list", row="sources", column=source)
    _check_names({n: s for n, s in loaded.items() if n in SECTIONS and s is not None}, loaded.get("sources"), loaded.get("briefs"), file, problems)
    problems.stop()
    return loaded


def _check_names(sections: dict[str, Section], sources: list[str] | None, briefs: list[str] | None, file: str, problems: Problems) -> None:
    """Sources, places, indicators and partners that sections name are there."""
    for name, section in sections.items():
        for column, value in vars(section).items():
            if column in SOURCES and sources is not None and value not in sources:
                problems.add(file, "is not in the list of sources", f"Use one of {', '.join(sources)}{nearest(value, sources)}", row=name, column=column, printed=value[:80])
            elif column in PLACES:
                check_references([(name, value)], entities(), "entity", file, problems, column=column)
            elif column == "indicator":
                check_references([(name, value)], indicators(), "indicator", file, problems, column=column)
            elif column == "partner" and briefs is not None:
                check_references([(name, value)], briefs, "partner", file, problems, column=column)
