"""What a school is asked: the declaration of ``data/collection.yaml`` laid out on sheets and cells."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import pandas as pd
from pydantic import Field, StringConstraints

from analysis.clean.load import crosswalk
from analysis.clean.source import clean_source
from analysis.ground import paths
from analysis.ground.dictionary import Entity, Indicator, entities, indicators, nearest
from analysis.ground.errors import DataFault, Problems
from analysis.ground.files import read_yaml
from analysis.ground.layout import TableLayout, load_layout
from analysis.ground.schema import Closed, Code, Name, Text, check_references, require

COVER, GUIDE, OPTIONS, FAULTS = "封面", "填报说明", "选项", "问题清单"  # sheets that hold no figures
FIRST_ROW = 5  # of answers on every sheet
ANSWER, COMMENT = "E", "F"  # columns of a sheet of figures
COVER_ANSWERS = {"department": "B9", "filled": "B10"}
COVER_FIXED = {"school": "B4", "name": "B5", "year": "B6", "version": "B12"}
ListKind = Literal["text", "code", "count", "amount", "year", "choice"]


class ColumnEntry(Closed):
    """A column of a sheet of rows in ``collection.yaml``."""

    zh: Text
    kind: ListKind
    required: bool = False
    unit: Text | None = None
    hint: str = ""
    choices: Text | None = None

    entry: ClassVar[str] = "a column"


class ListEntry(Closed):
    """A sheet of rows."""

    zh: Text
    rows: Annotated[int, Field(ge=1, le=5000)]
    columns: dict[Code, ColumnEntry] = Field(min_length=1, max_length=20)
    key: list[str] = []
    totals: dict[str, Text] = {}
    file: Literal["specialties.csv", "destinations.csv", "facts.csv"] | None = None
    table: Text | None = None

    entry: ClassVar[str] = "a sheet"


class Window(Closed):
    """When forms are handed in, of the year after the year asked about."""

    opens: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
    closes: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


class CollectionFile(Closed):
    """``collection.yaml``."""

    previous: Name
    office: Text
    window: Window
    figures: dict[Text, list[Text]] = Field(min_length=1)
    jumps: dict[
        Literal["count", "amount", "ratio", "rate", "score", "rank", "change"],
        dict[Literal["pct", "points", "least"], Annotated[float, Field(ge=0)]],
    ]
    lists: dict[Code, ListEntry]
    choices: dict[str, dict[str, str]]

    entry: ClassVar[str] = "the collection"


@dataclass(frozen=True)
class Question:
    """One figure of one table, and its row on its sheet."""

    table_id: str
    indicator: Indicator
    sheet: str
    row: int

    @property
    def cell(self) -> str:
        return f"{ANSWER}{self.row}"


@dataclass(frozen=True)
class Column:
    """One column of a sheet of rows."""

    name: str
    zh: str
    kind: ListKind
    letter: str
    required: bool = False
    unit: str = ""
    hint: str = ""
    choices: str = ""


@dataclass(frozen=True)
class ListSheet:
    """One sheet of rows: specialties, projects and so on."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: int
    key: tuple[str, ...] = ()
    totals: tuple[tuple[str, str], ...] = ()  # column, indicator it must add up to
    file: str = ""
    table_id: str = ""

    @property
    def last_row(self) -> int:
        return FIRST_ROW + self.rows - 1


@dataclass(frozen=True)
class Collection:
    """The declared form of one year, the same for all schools."""

    year: int
    previous: str
    office: str
    opens: str
    closes: str
    covers: str
    layouts: dict[str, TableLayout]
    tables: dict[str, tuple[str, ...]]  # sheet -> tables
    tiers: dict[str, frozenset[str]]  # table -> tiers that are asked
    lists: tuple[ListSheet, ...]
    choices: dict[str, dict[str, str]]  # list -> label -> code
    jumps: dict[str, dict[str, float]]
    last_year: pd.DataFrame  # figures of the previous source

    @cached_property
    def version(self) -> str:
        """Fingerprint of everything that is asked; a form of another version is refused."""
        asked = [
            (self.year, sheet, t, tuple(self._indicators(t))) for sheet, tables in self.tables.items() for t in tables
        ]
        return hashlib.sha256(repr((asked, self.lists, sorted(self.choices.items()))).encode()).hexdigest()[:10]

    def _indicators(self, table_id: str) -> list[str]:
        return list(dict.fromkeys(c.figure[0] for c in self.layouts[table_id].columns if c.role == "value"))

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Figures of which one must not exceed the other, as the relations of the audit say;
        cells show a breach at once."""
        simple = [
            re.fullmatch(r"(\w+) <= (\w+)", rule)
            for rule in read_yaml(paths.DATA / "identities.yaml")["inequality"]
            if isinstance(rule, str)
        ]
        return [(found[1], found[2]) for found in simple if found]

    @cached_property
    def schools(self) -> list[str]:
        """Schools of the previous source, in its order."""
        return list(self.last_year["entity"].unique())

    def questions(self, tier: str | None) -> dict[str, list[Question]]:
        """Questions by sheet for schools of a tier; what a table prints twice is asked once."""
        asked: set[str] = set()
        sheets: dict[str, list[Question]] = {}
        for sheet, tables in self.tables.items():
            row, questions = FIRST_ROW, []
            for table_id in tables:
                if tier not in self.tiers[table_id]:
                    continue
                for code in self._indicators(table_id):
                    if code not in asked:
                        asked.add(code)
                        questions.append(Question(table_id, indicators()[code], sheet, row))
                        row += 1
            if questions:
                sheets[sheet] = questions
        return sheets

    @cached_property
    def _before(self) -> dict[str, dict[str, float]]:
        rows = self.last_year[(self.last_year["year"] == self.year - 1) & self.last_year["value"].notna()]
        found: dict[str, dict[str, float]] = {}
        for school, indicator, value in zip(rows["entity"], rows["indicator"], rows["value"]):
            found.setdefault(school, {}).setdefault(indicator, value)
        return found

    def before(self, school: str) -> dict[str, float]:
        """A school's figures of last year by indicator; one that is not printed is not there."""
        return self._before.get(school, {})

    def file_name(self, school: Entity) -> str:
        return f"{self.year}_{school.code}_{re.sub(r'[^0-9A-Za-z一-鿿]+', '-', school.label('zh'))}.xlsx"


@dataclass(frozen=True)
class Form:
    """The form of one school."""

    collection: Collection
    school: Entity

    @cached_property
    def questions(self) -> dict[str, list[Question]]:
        return self.collection.questions(self.school.tier)

    @property
    def identity(self) -> str:
        """What stands in the first cell of every sheet."""
        return f"{self.collection.year} · {self.school.code} · {self.school.label('zh')}"


def _choices(declared: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """All drop-down lists: own ones, and those that other files hold."""
    partners = crosswalk("partner_to_country")
    named = partners[partners["basis"].isin(["country", "region"])]
    kinds = crosswalk("cooperation_kinds")
    return {**{name: {str(k): str(v) for k, v in entries.items()} for name, entries in declared.items()}} | {
        "sections": {
            f"{e.code.removeprefix('section_')} {e.name('zh')}": e.code.removeprefix("section_")
            for e in entities().values()
            if e.kind == "section"
        },
        "countries": dict(zip(named["partner"], named["partner"])),
        "kinds": dict(zip(kinds["zh"], kinds["kind"])),
    }


def _list_sheet(
    name: str, spec: dict, choices: dict, layouts: dict[str, TableLayout], file: str, problems: Problems
) -> ListSheet:
    columns = []
    for number, (column, details) in enumerate(spec["columns"].items()):
        if details.get("choices", "") not in {"", *choices}:
            problems.add(
                file,
                f"there is no list {details['choices']!r}{nearest(details['choices'], choices)}",
                "Name a list of choices",
                row=name,
                column=column,
            )
        columns.append(
            Column(
                column,
                details["zh"],
                details["kind"],
                chr(ord("A") + number),
                details.get("required", False),
                details.get("unit", ""),
                details.get("hint", ""),
                details.get("choices", ""),
            )
        )
    table_id = spec.get("table", "")
    if table_id:
        declared = layouts[table_id].columns if table_id in layouts else ()
        fields = {c.name for c in declared if c.role == "field" and c.name is not None}
        for extra in sorted({c.name for c in columns} - fields):
            problems.add(
                file,
                f"table {table_id} has no field {extra!r}{nearest(extra, fields)}",
                "Name the fields as in layout.yaml of the previous source",
                row=name,
                column=extra,
            )
    return ListSheet(
        name,
        spec["zh"],
        tuple(columns),
        spec["rows"],
        tuple(spec.get("key", ())),
        tuple(spec.get("totals", {}).items()),
        spec.get("file", ""),
        table_id,
    )


def load_collection(year: int) -> Collection:
    """The form of a year as ``data/collection.yaml`` declares it.

    Parameters
    ----------
    year : int
        the year asked about; the figures of the year before stand beside the answers.

    Raises
    ------
    DataFault
        with every fault of the declaration: tables that the previous source has not,
        indicators without a Chinese definition …
    """
    path = paths.DATA / "collection.yaml"
    file = paths.shown(path)
    problems = Problems()
    sound = require(CollectionFile, read_yaml(path), file, problems)
    declared = sound.model_dump(exclude_none=True)
    previous = declared["previous"]
    known = [p.name for p in paths.RAW.glob("*") if (p / "layout.yaml").exists()]
    check_references([("previous", previous)], known, "source", file, problems)
    for name, spec in declared["lists"].items():
        check_references(
            [(name, column) for column in (*spec["key"], *spec["totals"])], spec["columns"], "column", file, problems
        )
        check_references(
            [(name, spec["table"])] if "table" in spec else [],
            load_layout(paths.RAW / previous / "layout.yaml") if previous in known else {},
            "table",
            file,
            problems,
        )
        counted = [(name, word) for formula in spec["totals"].values() for word in re.findall(r"[A-Za-z_]\w*", formula)]
        check_references(counted, indicators(), "indicator", file, problems, column="totals")
    problems.stop()
    source = clean_source(previous)
    layouts = load_layout(paths.RAW / previous / "layout.yaml")
    if source.observations is None:
        raise DataFault(problems)
    schools = source.observations[source.observations["aggregate_rule"] == ""]
    tables = {sheet: tuple(ids) for sheet, ids in declared["figures"].items()}
    for sheet, ids in tables.items():
        if not re.fullmatch(r"[^\[\]:*?/\\']{1,31}", sheet):
            problems.add(
                file, "cannot be the name of a sheet", "Use at most 31 characters, none of [ ] : * ? / \\ '", row=sheet
            )
        for table_id in ids:
            if table_id not in layouts or not layouts[table_id].has_values:
                problems.add(
                    file,
                    f"{previous} has no table of figures {table_id!r}{nearest(table_id, layouts)}",
                    "Correct the number",
                    row=sheet,
                )
                continue
            for code in {c.figure[0] for c in layouts[table_id].columns if c.role == "value"}:
                if "zh" not in indicators()[code].definitions:
                    problems.add(
                        file,
                        f"indicator {code!r} has no Chinese definition",
                        "Add definition_zh in data/dictionary.yaml",
                        row=sheet,
                        table=table_id,
                    )
    choices = _choices(declared["choices"])
    lists = tuple(_list_sheet(name, spec, choices, layouts, file, problems) for name, spec in declared["lists"].items())
    problems.stop()
    tiers = {
        t: frozenset(schools.loc[schools["table_id"] == t, "tier"].unique()) for ids in tables.values() for t in ids
    }
    window = declared["window"]
    return Collection(
        year,
        previous,
        declared["office"],
        f"{year + 1}-{window['opens']}",
        f"{year + 1}-{window['closes']}",
        source.about["covers"],
        layouts,
        tables,
        tiers,
        lists,
        choices,
        declared["jumps"],
        schools.reset_index(drop=True),
    )
