"""``params.yaml``: one section a notebook, checked whole before the first stage runs."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints


from analysis import paths
from analysis.errors import Problems
from analysis.files import read_yaml

Language = Literal["zh", "en"]
Values = Literal["printed", "corrected"]


@dataclass(frozen=True)
class StartHere:
    language: Language
    indicator: str
    entity: str
    year: int


@dataclass(frozen=True)
class Clean:
    language: Language
    source: str


@dataclass(frozen=True)
class Reconcile:
    language: Language
    source: str
    values: Values


@dataclass(frozen=True)
class Fit:
    language: Language
    source: str
    city: str
    region: str
    nation: str
    supply_year: int
    supply_year_first: int
    value_added_year: int
    value_added_year_before: int
    census_year: int
    census_year_before: int
    whole_scale_digits: int
    values: Values
    confidence: float


@dataclass(frozen=True)
class Employment:
    language: Language
    source: str
    city: str
    year: int
    year_before: int
    census_year: int
    value_added_year: int
    values: Values
    confidence: float
    draws: int
    seed: int


@dataclass(frozen=True)
class Size:
    language: Language
    source: str
    year: int
    values: Values
    draws: int
    seed: int
    level: float


@dataclass(frozen=True)
class Cooperation:
    language: Language
    city: str
    source: str
    earlier: str
    region: str
    census_year: int
    values: Values


@dataclass(frozen=True)
class CountryBrief:
    language: Language
    partner: str
    city: str
    least: int
    values: Values


SECTIONS: dict[str, type] = {
    "start_here": StartHere, "clean": Clean, "reconcile": Reconcile, "fit": Fit, "employment": Employment, "size": Size, "cooperation": Cooperation, "country_brief": CountryBrief,
}


def _fits(value: Any, kind: Any) -> str | None:
    """None if `value` is of `kind`, else what is expected."""
    if get_origin(kind) is Literal:
        return None if value in get_args(kind) else f"one of {', '.join(map(str, get_args(kind)))}"
    if kind is float:
        return None if isinstance(value, (int, float)) and not isinstance(value, bool) else "a number"
    return None if type(value) is kind else {int: "a whole number", str: "text", bool: "true or false"}[kind]


def check_section(name: str, values: dict[str, Any], file: str, problems: Problems) -> Any:
    """One section as a typed object; every misspelt, missing or unfit key is noted."""
    section = SECTIONS[name]
    kinds = get_type_hints(section)
    sound = True
    for key in values.keys() - kinds.keys():
        near = difflib.get_close_matches(key, kinds.keys() - values.keys(), 1, 0.5)
        problems.add(file, "is not a parameter of this section", f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(sorted(kinds))}", row=name, column=key)
        sound = False
    for key in (f.name for f in fields(section)):
        if key not in values:
            problems.add(file, "is missing", "Add it; the notebook's parameters cell says what it means", row=name, column=key)
            sound = False
        elif key in {"confidence", "level"} and _fits(values[key], float) is None and not 0 < values[key] < 1:
            problems.add(file, "should lie between 0 and 1", "Write 0.95 for 95 per cent", row=name, column=key, printed=values[key])
            sound = False
        elif expected := _fits(values[key], kinds[key]):
            problems.add(file, f"should be {expected}", "Correct the value", row=name, column=key, printed=values[key])
            sound = False
    return section(**values) if sound else None


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
    content = read_yaml(path) or {}
    expected = [*SECTIONS, "sources", "briefs", "languages"]
    for name in content.keys() - set(expected):
        near = difflib.get_close_matches(name, expected, 1, 0.5)
        problems.add(file, "is not a section", f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(expected)}", row=name)
    loaded: dict[str, Any] = {}
    for name in expected:
        if name not in content:
            problems.add(file, "the section is missing", "Add it", row=name)
        elif name == "sources" and not (isinstance(content[name], list) and content[name] and all(isinstance(s, str) for s in content[name])):
            problems.add(file, "should be a list of folders of data/raw", "Write one source a line, each after a dash", row=name, printed=content[name])
        elif name == "briefs" and not (isinstance(content[name], list) and content[name] and all(isinstance(p, str) for p in content[name])):
            problems.add(file, "should be a list of partners", "Write one partner a line, each after a dash, as 05_cooperation lists them", row=name, printed=content[name])
        elif name == "languages" and not (isinstance(content[name], dict) and "zh" in content[name] and content[name].keys() <= set(get_args(Language)) and all(isinstance(f, str) and (f"{f}/").startswith("results/") for f in content[name].values())):
            problems.add(file, "should name for each language (zh, and en if wanted) its folder in results", "Write zh: results and en: results/en", row=name, printed=content[name])
        elif name in SECTIONS and not isinstance(content[name], dict):
            problems.add(file, "should be a section with parameters", "Write name: value, one a line", row=name, printed=content[name])
        elif name in {"languages", "briefs"}:
            loaded[name] = content[name]
        elif name == "sources":
            loaded[name] = content[name]
            for source in content[name]:
                if not (paths.RAW / source / "source.yaml").exists():
                    problems.add(file, f"source {source!r} has no data/raw/{source}/source.yaml", "Add the source, or take it from the list", row=name, column=source)
        else:
            loaded[name] = check_section(name, content[name] or {}, file, problems)
    for name in ("clean", "reconcile", "fit", "employment", "size"):
        source = getattr(loaded.get(name), "source", None)
        if source is not None and "sources" in loaded and source not in loaded["sources"]:
            problems.add(file, "is not in the list of sources", f"Use one of {', '.join(loaded['sources'])}", row=name, column="source", printed=source)
    problems.stop()
    return loaded
