"""What is said of tables, figures and numbers, in each language: ``data/words/<notebook>.yaml``.

A text is one string for all languages or a mapping of language to string. In it ``{name}`` stands for a parameter of
the run, a published number, or a value declared beside the text; behind a colon stands how it is said: a number format
(``{share:.1f}``), ``name`` or ``names`` (the label of a code, or of several), ``source`` or ``sources`` (short titles),
``join`` (texts in a row).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import yaml
from pydantic import AfterValidator, Field, StrictFloat, StrictInt

from analysis.clean import load
from analysis.ground import paths
from analysis.ground.dictionary import label
from analysis.ground.errors import DataFault, Problems, nearest
from analysis.ground.files import languages, read_yaml
from analysis.ground.schema import LONGEST, Closed, check, refuse


def _complete(said: str | dict[str, str]) -> str | dict[str, str]:
    if isinstance(said, dict) and (missing := [one for one in languages() if one not in said]):
        raise refuse(f"says nothing in {', '.join(missing)}", "Add the language")
    for text in said.values() if isinstance(said, dict) else [said]:
        if len(text) > LONGEST:
            raise refuse(f"is longer than {LONGEST:,}", "Shorten it")
        try:
            list(string.Formatter().parse(text))
        except ValueError as error:
            raise refuse(f"is no text with places ({error})", "Write {{ and }} for braces that are meant") from None
    return said


# how a cell may be said, see `analysis.present.say.say_cell`
WAYS = (
    "label",
    "labels",
    "clauses",
    "name",
    "names",
    "section",
    "section_number",
    "period",
    "source",
    "sources",
    "join",
    "words",
    "p",
)


def _way(say: str) -> str:
    if say.partition(":")[0] not in WAYS:
        raise refuse(f"is no way to say a cell{nearest(say, WAYS)}", f"Use {', '.join(WAYS)}")
    return say


Way = Annotated[str, AfterValidator(_way)]
Scale = Annotated[float, Field(gt=0, le=100_000)]
Said = Annotated[str | dict[str, str], AfterValidator(_complete)]
Number = StrictInt | StrictFloat | str | bool


class Value(Closed):
    """A cell of a published table, or (`every`) all of a column, for the places of a text."""

    table: str
    column: str = "value"
    row: str | None = None  # of a table with a column `name`
    where: dict[str, Number] = {}
    scale: Scale = 1
    every: bool = False
    words: dict[str, Said] = {}  # what is said for each value of the cell: "true", "false", a code

    entry: ClassVar[str] = "a value"


class List(Closed):
    """A text for each row of a published table, joined."""

    table: str
    where: dict[str, Number] = {}
    text: Said
    between: Said = ", "
    all: Said = "{list}"  # what is said around the rows
    none: Said = ""  # what is said where there is no row

    entry: ClassVar[str] = "a list"


class Captioned(Closed):
    """What every table and figure must say of itself."""

    title: Said
    scope: Said
    units: Said
    source: Said
    values: dict[str, Value] = {}
    lists: dict[str, List] = {}
    optional: bool = False  # a place without these data publishes none


class Column(Closed):
    """How a column of a table is shown: head (a code of the words), and how its cells are said."""

    head: str | None = None
    say: Way | None = None
    digits: int | None = Field(default=None, ge=0, le=8)
    scale: Scale = 1

    entry: ClassVar[str] = "a column"


def _column(given: None | int | str | Column) -> Column:
    return given if isinstance(given, Column) else Column(digits=given) if isinstance(given, int) else Column(say=given)


if TYPE_CHECKING:
    ColumnWords = Column  # what is left when the short forms are read
else:
    ColumnWords = Annotated[None | StrictInt | Way | Column, AfterValidator(_column)]


class TableWords(Captioned):
    """A table: `columns` names what is shown, in order;
    a table without columns is published for numbers and figures only.

    `sorted_by` names columns whose words give the order of rows, in each language its own;
    `heads: codes` leaves the names of columns as they are.
    """

    columns: dict[str, ColumnWords] = {}
    digits: int = Field(2, ge=0, le=8)
    sorted_by: list[str] = []
    heads: Literal["words", "codes"] = "words"

    entry: ClassVar[str] = "a table"


class FigureWords(Captioned):
    """A figure: `words` are those drawn in it, `label` the name of a row if it is more than the said cell.

    `cells` are codes of a column that are said otherwise than by their label.
    """

    alt: Said
    words: dict[str, Said] = {}
    cells: dict[str, dict[str, Said]] = {}  # column → code → text
    label: Said | None = None
    columns: dict[str, ColumnWords] = {}

    entry: ClassVar[str] = "a figure"


class NumberWords(Closed):
    """A number, or a pattern of them: which cells of which table, and how they are printed."""

    table: str
    row: str | None = None
    column: str | None = None
    columns: dict[str, str] = {}  # column → ending of the name
    where: dict[str, Number | list[Number]] = {}
    unit: str = ""
    digits: StrictInt | str = 0  # or the column that holds them
    scale: Scale = 1
    say: Way | None = None
    formula: Said
    headline: bool = False
    values: str = ""
    as_printed: str = ""

    entry: ClassVar[str] = "a number"


class NotebookWords(Closed):
    """A file of ``data/words``."""

    tables: dict[str, TableWords] = {}
    figures: dict[str, FigureWords] = {}
    numbers: dict[str, NumberWords] = {}

    entry: ClassVar[str] = "the file"


def words_file(notebook: str) -> Path:
    """Where the words of a notebook are declared."""
    return paths.WORDS / f"{notebook}.yaml"


@lru_cache
def load_words(notebook: str) -> NotebookWords:
    """The words of a notebook, checked whole.

    Raises
    ------
    DataFault
        with the line of every text that lacks a language, of every unknown key,
        of a name that does not begin with the notebook's.
    """
    path, problems = words_file(notebook), Problems()
    found = check(NotebookWords, read_yaml(path), paths.shown(path), problems)
    lines = line_numbers(path)
    located = Problems()
    for problem in problems:
        place = tuple(part for part in (problem.row, *problem.column.split(" / ")) if part)
        located.append(at_line(problem, lines, place))
    located.stop()
    if found is None:
        raise DataFault(problems)
    return found


def at_line(problem, lines: dict[tuple[str, ...], int], place: tuple[str, ...]):
    """The problem with the number of the line in which its place stands."""
    from dataclasses import replace

    while place and place not in lines:
        place = place[:-1]
    return replace(
        problem, row=f"line {lines.get(place, 1)}", column=" / ".join(filter(None, [problem.row, problem.column]))
    )


@lru_cache
def line_numbers(path: Path) -> dict[tuple[str, ...], int]:
    """Line of each key of a YAML file by its path."""
    found: dict[tuple[str, ...], int] = {}

    def walk(node: yaml.Node, place: tuple[str, ...]) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                found[(*place, str(key.value))] = key.start_mark.line + 1
                walk(value, (*place, str(key.value)))

    walk(yaml.compose(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), ())
    return found


@lru_cache
def page_words(language: str) -> dict[str, Any]:
    """Words of pages that no notebook says (``data/words/pages.yaml``) in a language.

    Raises
    ------
    DataFault
        where an entry lacks a language.
    """
    problems, file = Problems(), paths.shown(paths.WORDS / "pages.yaml")

    def said(entry: Any, place: tuple[str, ...]) -> Any:
        if not isinstance(entry, dict):
            problems.add(
                file, "is no entry", "Write a word in each language", row=" / ".join(place), printed=str(entry)[:80]
            )
            return ""
        if not entry.keys() & set(languages()):
            return {key: said(one, (*place, str(key))) for key, one in entry.items()}
        if language not in entry:
            problems.add(file, f"says nothing in {language}", "Add the language", row=" / ".join(place))
        elif not isinstance(entry[language], str):
            problems.add(file, "should be text", "Correct the value", row=" / ".join((*place, language)))
        return entry.get(language, "")

    words = said(read_yaml(paths.WORDS / "pages.yaml"), ())
    problems.stop()
    return words


def text_of(said: str | Mapping[str, str], language: str) -> str:
    """A text in a language."""
    return said if isinstance(said, str) else said[language]


def join(words: list[str], language: str) -> str:
    """Words in a row, parted as the language does."""
    return page_words(language)["separator"].join(words)


class UnknownPlace(KeyError):
    """A place of a text that nothing fills."""


class Phrase(string.Formatter):
    """Fills the places of a text in one language; data never become a format of their own."""

    def __init__(self, language: str, look_up: Callable[[str], Any]):
        self.language, self.look_up = language, look_up

    def get_field(self, field_name, args, kwargs):
        return self.look_up(field_name), field_name

    def format_field(self, value, format_spec):
        if isinstance(value, Mapping):
            value = value[self.language]
        match format_spec:
            case "name":
                return label(str(value), self.language)
            case "names":
                return join([label(str(one), self.language) for one in value], self.language)
            case "join":
                return join([str(one) for one in value], self.language)
            case "source":
                return load.source_names([value], self.language)
            case "sources":
                return load.source_names(value, self.language) or "—"
        return format(value, format_spec)


def fill(said: str | Mapping[str, str], language: str, look_up: Callable[[str], Any]) -> str:
    """A text with its places filled.

    Raises
    ------
    UnknownPlace
        for a place that `look_up` does not know.
    """
    return Phrase(language, look_up).format(text_of(said, language))


def unknown_place(name: str, known: list[str]) -> UnknownPlace:
    """A place that nothing fills, with the nearest name that would."""
    return UnknownPlace(f"{{{name}}} is no parameter, number or value{nearest(name, known)}")
