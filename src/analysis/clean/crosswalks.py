"""The tables of ``data/crosswalks``: what belongs to what, each with its columns,
their types and what they refer to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from analysis.ground import paths
from analysis.ground.dictionary import Entity, entities
from analysis.ground.errors import Problems
from analysis.ground.files import languages
from analysis.ground.schema import Column, Table, read_table, reference, share, text, words
from analysis.ground.schema import pattern as form

FLAG = words({"0", "1"})
BASIS = text(required=True)
DIVISIONS = form(
    r"[0-9]{2}(-[0-9]{2})?(;[0-9]{2}(-[0-9]{2})?)*",
    "no divisions of GB/T 4754-2017",
    "Write two digits each: 36, 34;35 or 13-24",
    required=False,
)


def _of_kind(kind: str, known: dict[str, Entity], required: bool = True) -> Column:
    names = {e.code.removeprefix("section_") for e in known.values() if e.kind == kind}
    return reference(
        names,
        f"{{cell!r}} is no {kind.replace('_', ' ')} of data/entities.yaml".replace("{cell!r}", "'{cell}'"),
        "Correct it, or add it there",
        required,
    )


# classifications that hold everywhere; a place may have no row in the others
NATIONAL = ("category_to_section", "cooperation_kinds", "section_to_sector", "statistic_classes")


def tables() -> dict[str, Table]:
    """All crosswalks by name."""
    return {name: table if name in NATIONAL else replace(table, may_be_empty=True) for name, table in _tables().items()}


def _tables() -> dict[str, Table]:
    known = entities()
    section, sector, group = (_of_kind(kind, known) for kind in ("section", "sector", "industry_group"))
    chain = _of_kind("chain_link", known)
    bounds = {"lower": share(), "upper": share()}
    spoken = {language: text(True) for language in dict.fromkeys(["zh", "en", *languages()])}
    return {
        "category_to_section": Table(
            {
                "category": form(r"0[1-9]|1[0-9]", "no category of the catalogue of 2021", "Write 01 to 19"),
                "name_zh": text(True),
                "name_en": text(True),
                "section": section,
                "strict": FLAG,
                "loose": FLAG,
                "basis": BASIS,
            },
            key=("category", "section"),
        ),
        "chain_to_catalogue": Table(
            {"chain": chain, "catalogue": words({"higher", "secondary", "technician"}), "basis": BASIS},
            label="chain",
            key=("chain", "catalogue"),
        ),
        "college_to_chain": Table(
            {"college": text(True), "chain": chain, "basis": BASIS}, label="college", key=("college",)
        ),
        "cooperation_kinds": Table(
            {"kind": form(r"[a-z][a-z0-9_]*", "no code", "Write small letters and underscores"), **spoken},
            label="kind",
            key=("kind",),
        ),
        "group_to_section": Table(
            {
                "group": group,
                "industry": text(True),
                "section": section,
                "divisions": DIVISIONS,
                **bounds,
                "basis": BASIS,
            },
            key=("group", "industry", "section"),
        ),
        "group_to_sector": Table(
            {
                "group": group,
                "sector": sector,
                **bounds,
                "loose_lower": share(),
                "loose_upper": share(),
                "basis": BASIS,
            },
            key=("group", "sector"),
        ),
        "partner_to_country": Table(
            {"partner": text(True), **{f"country_{language}": text() for language in spoken}, "basis": BASIS},
            label="partner",
            key=("partner",),
        ),
        "resource_to_section": Table(
            {
                "item": text(True),
                "field": form(r"[a-z][a-z0-9_]*", "no code", "Write small letters and underscores"),
                "section": section,
                "divisions": DIVISIONS,
                "basis": BASIS,
            },
            label="item",
            key=("item",),
        ),
        "section_to_sector": Table(
            {"section": section, "sector": sector, "basis": BASIS}, label="section", key=("section",)
        ),
        "statistic_classes": Table(
            {
                "kind": words({"group", "scope"}),
                "code": form(r"[a-z0-9][a-z0-9_]*", "no code", "Write small letters, digits and underscores"),
                **spoken,
            },
            label="code",
            key=("kind", "code"),
        ),
        "specialty_to_division": Table(
            {
                "specialty": text(True),
                "catalogue": words({"", "higher", "secondary", "technician"}, False),
                "chain": _of_kind("chain_link", known, False),
                "section": section,
                "divisions": DIVISIONS,
                **bounds,
                "basis": BASIS,
            },
            key=("specialty", "catalogue", "section", "divisions"),
        ),
    }


def check_crosswalk(name: str, problems: Problems) -> None:
    """One crosswalk: its cells, and what must hold between its rows."""
    path = paths.CROSSWALKS / f"{name}.csv"
    file, found = paths.shown(path), Problems()
    rows = read_table(path, tables()[name], found)
    problems += found
    if found:
        return
    for low, high in (("lower", "upper"), ("loose_lower", "loose_upper"), ("strict", "loose")):
        for number, row in enumerate(rows, 2):
            if low in row and float(row[low]) > float(row[high]):
                problems.add(
                    file,
                    f"{low} is above {high}",
                    "Correct one of the two",
                    row=f"line {number}",
                    column=low,
                    printed=row[low],
                )
    if name == "group_to_sector":
        _check_weights(rows, file, problems)
    if name == "section_to_sector":
        _complete({r["section"] for r in rows}, "section", file, problems)
    if name == "category_to_section":
        _one_name(rows, "category", ("name_zh", "name_en"), file, problems)
    if name == "partner_to_country":
        _one_name([r for r in rows if r["country_zh"]], "country_zh", ("country_en",), file, problems)
        for row in rows:
            if bool(row["country_zh"]) != bool(row["country_en"]):
                problems.add(
                    file, "has a country in one language only", "Name it in both, or in none", row=row["partner"]
                )
            if row["basis"] == "country" and row["country_zh"] != row["partner"]:
                problems.add(
                    file,
                    "is a country by its basis and leads to another",
                    "Correct the country or the basis",
                    row=row["partner"],
                    column="country_zh",
                    printed=row["country_zh"],
                )


def _check_weights(rows: list[dict[str, str]], file: str, problems: Problems) -> None:
    """Every group of the survey lies somewhere, whole and once."""
    _complete({r["group"] for r in rows}, "industry_group", file, problems)
    for low, high in (("lower", "upper"), ("loose_lower", "loose_upper")):
        least: dict[str, float] = defaultdict(float)
        most: dict[str, float] = defaultdict(float)
        for row in rows:
            least[row["group"]] += float(row[low])
            most[row["group"]] += float(row[high])
        for group in least:
            if least[group] > 1 + 1e-9 or most[group] < 1 - 1e-9:
                problems.add(
                    file,
                    f"{low} adds up to {least[group]:g} and {high} to {most[group]:g}; one group is 1",
                    f"Let {low} add up to 1 at most, {high} to 1 at least",
                    row=group,
                )


def _complete(names: set[str], kind: str, file: str, problems: Problems) -> None:
    for code in sorted({e.code.removeprefix("section_") for e in entities().values() if e.kind == kind} - names):
        problems.add(file, f"leaves out the {kind.replace('_', ' ')} {code!r}", "Add its row", row=code)


def _one_name(rows: list[dict[str, str]], key: str, columns: tuple[str, ...], file: str, problems: Problems) -> None:
    first: dict[str, dict[str, str]] = {}
    for row in rows:
        for column in columns:
            if first.setdefault(row[key], row)[column] != row[column]:
                problems.add(
                    file,
                    f"{key} {row[key]!r} is called {first[row[key]][column]!r} elsewhere",
                    "Use one name",
                    row=row[key],
                    column=column,
                    printed=row[column],
                )


def check_crosswalks(problems: Problems) -> None:
    """Every crosswalk is there and sound; a file that is read by nothing is named."""
    for name in tables():
        check_crosswalk(name, problems)
    for path in sorted(paths.CROSSWALKS.iterdir()):
        if path.stem not in tables() or path.suffix != ".csv":
            problems.add(paths.shown(path), "is read by nothing", "Take it out of the folder")


def known_partners(problems: Problems) -> set[str]:
    """Partners that a figure of prose may name."""
    return {
        row["partner"]
        for row in read_table(paths.CROSSWALKS / "partner_to_country.csv", tables()["partner_to_country"], problems)
    }


def known_kinds(problems: Problems) -> set[str]:
    """What a figure of prose may be about: kinds of cooperation, and classes by which supply and demand are counted."""
    kinds = {
        row["kind"]
        for row in read_table(paths.CROSSWALKS / "cooperation_kinds.csv", tables()["cooperation_kinds"], problems)
    }
    return (
        kinds
        | {"", "all"}
        | {e.code for e in entities().values() if e.kind in {"sector", "industry_group", "chain_link"}}
    )


def known_groups(kind: str, problems: Problems) -> set[str]:
    """Groups (``group``) or scopes (``scope``) that a statistic may be about: declared classes, sectors,
    sections by letter, groups of industry."""
    declared = {
        row["code"]
        for row in read_table(paths.CROSSWALKS / "statistic_classes.csv", tables()["statistic_classes"], problems)
        if row["kind"] == kind
    }
    classes = {
        e.code.removeprefix("section_")
        for e in entities().values()
        if e.kind in {"sector", "section", "industry_group", "chain_link"}
    }
    return declared | ({""} if kind == "scope" else classes)


def meant_sections(problems: Problems) -> dict[str, set[str]]:
    """Sections that each category of specialties leads to, in the wide reading."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in read_table(paths.CROSSWALKS / "category_to_section.csv", tables()["category_to_section"], problems):
        if row["loose"] == "1":
            found[row["category"]].add(row["section"])
    return found
