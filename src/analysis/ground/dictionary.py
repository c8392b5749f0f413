"""Names and meanings: indicators (``data/dictionary.yaml``) and entities (``data/entities.yaml``)."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StrictFloat, StrictInt

from analysis.ground import paths
from analysis.ground.errors import Problems, nearest
from analysis.ground.files import languages, read_yaml
from analysis.ground.numerals import fold
from analysis.ground.schema import Closed, Text, Words, Year, check, check_references, refuse, require

APART = "apart"  # aggregate_rule of rows that are about no school and close nothing
UNIT_OF = {
    "_pct": {"%", "ratio"},
    "_10k_yuan": {"万元"},
    "_yuan_100m": {"亿元"},
    "_10k_m2": {"万平方米"},
}  # ending of a code → units


End = StrictInt | StrictFloat | None


def _unreversed(ends: tuple[End, End]) -> tuple[End, End]:
    low, high = ends
    if low is not None and high is not None and low >= high:
        raise refuse(f"the range is reversed: {low:g} to {high:g}", "Write the smaller number first")
    return ends


class IndicatorEntry(Words):
    """An entry of ``dictionary.yaml``: name and ``definition_<language>`` in each language, what is counted how, and
    other heads under which reports print it."""

    unit: Text
    kind: Literal["count", "amount", "rate", "ratio", "score", "rank", "change"]
    range: Annotated[tuple[End, End], Field(strict=False), AfterValidator(_unreversed)]
    direction: Literal["up", "down", "none"]
    definition: Text
    heads: list[Text] = []

    entry: ClassVar[str] = "an indicator"


class FullName(Words):
    """A name and the years in which it is valid."""

    since: Year | None = Field(None, alias="from")
    to: Year | None = None

    entry: ClassVar[str] = "a name"


class Label(Words):
    """An entry of ``labels.yaml``; a word may be nothing in a language."""

    entry: ClassVar[str] = "a label"
    silent: ClassVar[bool] = True


class EntityEntry(Closed):
    """An entry of ``entities.yaml``."""

    kind: Literal[
        "school",
        "tier",
        "city",
        "place",
        "organisation",
        "specialty",
        "department",
        "destination",
        "sector",
        "industry_group",
        "chain_link",
        "section",
    ]
    names: list[FullName] = Field(min_length=1)
    short: Words
    tier: Text | None = None
    part_of: Text | None = None
    predecessors: list[Text] = []  # of a school: those that it came from: merged, split, renamed
    note: Text | None = None
    code: Text | None = None  # of a section: its letter
    ownership: Literal["public", "private"] | None = None
    words: list[Text] = []  # of a tier: parts of a school's name that speak for it; a later tier goes before
    printed: dict[str, dict[Text, list[Text]]] = {}

    entry: ClassVar[str] = "an entity"


@dataclass(frozen=True)
class Indicator:
    """One indicator: what is counted, in which unit, within which range."""

    code: str
    names: dict[str, str]
    unit: str
    kind: str
    range: tuple[float | None, float | None]
    direction: str
    definitions: dict[str, str]  # by language; in English always
    heads: tuple[str, ...] = ()  # under which reports print it, beside its names

    def defined(self, language: str) -> str:
        """The definition, in the language if it is written in it."""
        return self.definitions.get(language, self.definitions["en"])

    def label(self, language: str) -> str:
        return self.names[language]


@dataclass(frozen=True)
class Entity:
    """One school, tier, place, organisation or class."""

    code: str
    kind: str
    names: tuple[dict, ...]
    short: dict
    tier: str | None = None
    part_of: str | None = None
    note: str | None = None
    printed: dict | None = None  # source -> printed variant (folded) -> tables
    words: tuple[str, ...] = ()
    predecessors: tuple[str, ...] = ()

    def name(self, language: str, year: int | None = None) -> str:
        """Full name, valid in `year` (the last one if no year is given)."""
        valid = [n for n in self.names if year is None or n.get("from", year) <= year < n.get("to", year + 1)]
        return (valid or list(self.names))[-1][language]

    def label(self, language: str) -> str:
        return self.short[language]


def load_indicators(path: Path | None = None) -> dict[str, Indicator]:
    """All indicators by code; every fault of the file is reported at once."""
    path = path or paths.DICTIONARY
    file, problems, found = paths.shown(path), Problems(), {}
    for code, entry in read_yaml(path).items():
        _check_code(code, file, problems)
        if sound := check(IndicatorEntry, entry, file, problems, row=str(code)):
            for ending, units in UNIT_OF.items():
                if str(code).endswith(ending) and sound.unit not in units:
                    problems.add(
                        file,
                        f"the code ends in {ending}, its unit is not {' or '.join(sorted(units))}",
                        "Correct the unit, or rename the indicator",
                        row=code,
                        column="unit",
                        printed=sound.unit,
                    )
            if sound.kind != "change" and sound.range[0] is None:
                problems.add(
                    file,
                    f"a {sound.kind} has a smallest value",
                    "Write it as the first of the two, 0 in most cases",
                    row=code,
                    column="range",
                    printed=str(sound.range),
                )
            more = {
                name.removeprefix("definition_"): text
                for name, text in (sound.__pydantic_extra__ or {}).items()
                if name.startswith("definition_")
            }
            found[code] = Indicator(
                code,
                sound.words(),
                sound.unit,
                sound.kind,
                sound.range,
                sound.direction,
                {"en": sound.definition, **more},
                tuple(sound.heads),
            )
    problems.stop()
    return found


def _check_code(code: object, file: str, problems: Problems) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*[A-Z]?", str(code)):
        problems.add(
            file, "is no code", "Write small letters, digits and underscores, a letter first", row=str(code)[:80]
        )


def load_entities(path: Path | None = None) -> dict[str, Entity]:
    """All entities by code; printed variants are folded (NFKC, no blanks).

    Raises
    ------
    DataFault
        with every fault: unknown keys and kinds, schools without a tier that exists, a part of nothing known,
        one printed name for two schools.
    """
    path = path or paths.ENTITIES
    file, problems, found = paths.shown(path), Problems(), {}
    sound: dict[str, EntityEntry] = {}
    for code, entry in read_yaml(path).items():
        _check_code(code, file, problems)
        if one := check(EntityEntry, entry, file, problems, row=str(code)):
            sound[str(code)] = one
    tiers = {one.tier for one in sound.values() if one.kind == "tier" and one.tier}
    spoken: dict[tuple[str, str], str] = {}
    for code, one in sound.items():
        if one.kind in {"school", "tier"} and one.tier is None:
            problems.add(file, "lacks tier", f"Name one of {', '.join(sorted(tiers))}", row=code)
        elif one.kind == "school" and one.tier is not None and one.tier not in tiers:
            problems.add(
                file,
                f"tier {one.tier!r} is not known{nearest(one.tier, tiers)}",
                "Name the tier of an entity of kind tier",
                row=code,
                column="tier",
            )
        if one.kind == "section" and one.code != code.removeprefix("section_"):
            problems.add(
                file,
                f"its letter is {one.code!r}",
                f"Write code: {code.removeprefix('section_')!r}",
                row=code,
                column="code",
            )
        for number, name in enumerate(one.names, 1):
            if name.since and name.to and name.since >= name.to:
                problems.add(
                    file, "the name ends before it begins", "Exchange from and to", row=code, column=f"names / {number}"
                )
        for source, variants in one.printed.items():
            for variant in variants:
                other = spoken.setdefault((source, fold(variant)), code)
                if other != code:
                    problems.add(
                        file,
                        f"{source} prints the same name for {other}",
                        "Give the name to one of them",
                        row=code,
                        column="printed",
                        printed=variant,
                    )
        names = tuple(
            {("from" if k == "since" else k): v for k, v in name.model_dump().items() if v is not None}
            for name in one.names
        )
        found[code] = Entity(
            code=code,
            kind=one.kind,
            names=names,
            short=one.short.words(),
            tier=one.tier,
            part_of=one.part_of,
            note=one.note,
            words=tuple(one.words),
            predecessors=tuple(one.predecessors),
            printed={s: {fold(v): tuple(t) for v, t in variants.items()} for s, variants in one.printed.items()},
        )
    check_references(
        [(code, before) for code, one in sound.items() for before in one.predecessors],
        sound,
        "predecessor",
        file,
        problems,
        column="predecessors",
    )
    check_references(
        [(code, one.part_of) for code, one in sound.items() if one.part_of],
        sound,
        "part_of",
        file,
        problems,
        column="part_of",
    )
    check_references(
        [(code, source) for code, one in sound.items() for source in one.printed],
        [p.name for p in paths.RAW.glob("*")],
        "source",
        file,
        problems,
        column="printed",
    )
    problems.stop()
    return found


@lru_cache
def indicators() -> dict[str, Indicator]:
    """The dictionary of this workspace."""
    return load_indicators()


@lru_cache
def entities() -> dict[str, Entity]:
    """The entities of this workspace."""
    return load_entities()


@lru_cache
def families() -> dict[str, tuple[str, ...]]:
    """Each school that was merged, split or renamed → all that belong together with it, the latest first.

    What is the same school for a series over years are schools that are linked by `predecessors` in ``entities.yaml``,
    directly or not.
    """
    links = {code: list(one.predecessors) for code, one in entities().items() if one.predecessors}
    groups: list[list[str]] = []
    for code, before in links.items():
        own = [code, *before]
        met = [group for group in groups if set(group) & set(own)]
        rest = [group for group in groups if group not in met]
        groups = [*rest, list(dict.fromkeys([*own, *(one for group in met for one in group)]))]
    older = {one for before in links.values() for one in before}
    ordered = [tuple(sorted(group, key=lambda one: (one in older, one))) for group in groups]
    return {code: group for group in ordered for code in group}


@lru_cache
def words() -> dict[str, dict[str, str]]:
    """Words of table heads and categories (``data/labels.yaml``)."""
    problems = Problems()
    found = require(dict[str, Label], read_yaml(paths.LABELS), paths.shown(paths.LABELS), problems)
    return {code: said.words() for code, said in found.items()}


def country_code(english: str) -> str:
    """A country or region as a name of files.

    Examples
    --------
    >>> country_code("SCO countries")
    'sco_countries'
    """
    return re.sub(r"\W+", "_", english.lower()).strip("_")


@lru_cache
def crosswalk_names() -> dict[str, dict[str, str]]:
    """Names that crosswalks give: kinds of cooperation (``kind_agreement``),
    countries and regions of partners (``country_laos``)."""
    kinds, partners = (_rows(paths.CROSSWALKS / f"{name}.csv") for name in ("cooperation_kinds", "partner_to_country"))
    found = {f"kind_{row['kind']}": {language: row[language] for language in languages()} for row in kinds}
    countries = [(f"country_{country_code(row['country_en'])}", row) for row in partners if row["country_en"]]
    return found | {code: {language: row[f"country_{language}"] for language in languages()} for code, row in countries}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def is_known(code: str) -> bool:
    """Whether `label` has a name for a code."""
    return code in words() or code in entities() or code in indicators()


def label(code: str, language: str) -> str:
    """Short name of an indicator, entity, table head, category,
    kind of cooperation or country in `language` (``zh`` or ``en``).

    Raises
    ------
    KeyError
        for a code that no file knows, with the nearest known one.
    """
    if code in words():
        return words()[code][language]
    if code in entities():
        return entities()[code].label(language)
    if code in indicators():
        return indicators()[code].label(language)
    if code.startswith(("kind_", "country_")) and code in crosswalk_names():
        return crosswalk_names()[code][language]
    raise KeyError(
        f"{code!r} is in none of dictionary.yaml, entities.yaml and "
        f"labels.yaml{nearest(code, [*indicators(), *entities(), *words()])}"
    )


def section_name(section: str, language: str) -> str:
    """A section, case, annex, sheet of a form, or the preface, as a reader knows it."""
    kind, _, number = section.partition(" ")
    if kind in {"form", "case", "annex"}:
        return words()[f"place_{kind}"][language].format(number)
    if f"part_{section}" in words():
        return words()[f"part_{section}"][language]
    return words()["place_preface" if section == "0" else "place_section"][language].format(section)


def period_text(period: str, language: str) -> str:
    """A period as readers write it.

    Examples
    --------
    >>> period_text("../2023", "zh"), period_text("2016/2018", "en"), period_text("2023/..", "en")
    ('截至2023', '2016–2018', 'from 2023')
    """
    first, slash, last = period.partition("/")
    if not slash:
        return period
    kind = "up_to" if first == ".." else "since" if last == ".." else "span"
    return words()[f"period_{kind}"][language].format(*[one for one in (first, last) if one != ".."])
