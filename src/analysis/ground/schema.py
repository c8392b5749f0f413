"""Schemas of the files that people write: what a file may hold, said once, closed against everything else.

YAML and settings are described by pydantic models (`Closed`), CSV by typed columns (`Table`). Either way every fault of
a file is noted at once, with its place, what stands there, and the nearest known name.
"""

from __future__ import annotations

import csv
import datetime
import io
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin

# what is installed beside us must not change how files are read; looking for it takes a tenth of a second, too
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from analysis.ground.errors import DataFault, Problems, nearest
from analysis.ground.files import languages, read_text
from analysis.ground.paths import shown

FIRST_YEAR, LAST_YEAR = 1949, 2100
CODE = re.compile("[a-z][a-z0-9_]*")  # of an entity, an indicator, a field, a table
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # of what reaches a command or the name of a file
LONGEST = 2000  # characters of a cell or a text

T = TypeVar("T")


def refuse(wrong: str, remedy: str = "Correct the value") -> PydanticCustomError:
    """A fault found by a validator, in our words."""
    return PydanticCustomError("fault", "{wrong}", {"wrong": wrong, "remedy": remedy})


class Closed(BaseModel):
    """A mapping with exactly the declared keys; values are of their type, never converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    entry: ClassVar[str] = "an entry"


def _code(value: str) -> str:
    if not CODE.fullmatch(value):
        raise refuse(
            "is no code", "Write small letters, digits and underscores, a letter first (section_A is one, too)"
        )
    return value


def _date(value: str) -> str:
    if not is_date(value):
        raise refuse("is no date", "Write YYYY, YYYY-MM or YYYY-MM-DD, in quotation marks")
    return value


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise refuse("is no name of a folder or file", "Use letters, digits, - and _ only, a letter or digit first")
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"\S")]
Code = Annotated[str, AfterValidator(_code)]
Name = Annotated[str, AfterValidator(_name)]
Date = Annotated[str, AfterValidator(_date)]
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Words(BaseModel):
    """What is read, in every language of ``params.yaml``; more languages may stand beside them."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, str]

    entry: ClassVar[str] = "an entry"
    silent: ClassVar[bool] = False  # whether a word may be nothing in a language

    @model_validator(mode="before")
    @classmethod
    def _known(cls, content: Any) -> Any:
        fields = [field.alias or name for name, field in cls.model_fields.items()]
        for name in content if isinstance(content, dict) else ():
            if name not in fields and not re.fullmatch(r"(definition_)?[a-z]{2}", str(name)):
                known = [*languages(), *fields]
                wrong = f"{cls.entry} has no {str(name)!r}{nearest(str(name), known, 0.5)}"
                raise refuse(wrong, f"Use {', '.join(known)}")
        return content

    @model_validator(mode="after")
    def _in_every_language(self) -> Words:
        spoken = self.__pydantic_extra__ or {}
        for name, text in spoken.items():
            if not text.strip() and not self.silent:
                raise refuse(f"{name} is empty", "Write the word")
            if len(text) > LONGEST:
                raise refuse(f"{name} is longer than {LONGEST:,}", "Shorten it")
        if missing := [one for one in languages() if one not in spoken]:
            raise refuse(f"lacks {', '.join(missing)}", "Complete the entry")
        return self

    def words(self) -> dict[str, str]:
        """The word by language."""
        return {name: text for name, text in (self.__pydantic_extra__ or {}).items() if len(name) == 2}


def is_date(text: str) -> bool:
    """YYYY, YYYY-MM or YYYY-MM-DD, of a day that exists."""
    if not (re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text) and FIRST_YEAR <= int(text[:4]) <= LAST_YEAR):
        return False
    try:
        datetime.date(*map(int, [*text.split("-"), "1", "1"][:3]))
    except ValueError:
        return False
    return True


def is_period(text: str) -> bool:
    """A date, ``from/to``, ``../to`` or ``from/..``; what begins does not end before."""
    first, slash, last = text.partition("/")
    if not slash:
        return is_date(first)
    if first == ".." or last == "..":
        return first != last and is_date(last if first == ".." else first)
    return is_date(first) and is_date(last) and first[: len(last)] <= last[: len(first)]


# --- YAML


EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "model_attributes_type": "a mapping of names to values",
    "finite_number": "a number",
    "string_too_short": "some text",
    "string_pattern_mismatch": "some text",
}


def check(kind: type[T], content: Any, file: str, problems: Problems, *, row: str = "") -> T | None:
    """Content of a YAML file as `kind`; None, and every fault noted, where it is none.

    Parameters
    ----------
    kind : type
        a `Closed` model, or a mapping or list of such.
    row : str
        place of the content in its file, if it is a part of it.
    """
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            _note(kind, fault, file, problems, row)
    except RecursionError:
        problems.add(file, "is nested too deeply", "Write it flat", row=row)
    return None


def require(kind: type[T], content: Any, file: str, problems: Problems) -> T:
    """Content of a YAML file as `kind`, which it must be.

    Raises
    ------
    DataFault
        with all that was noted, here or before.
    """
    found = check(kind, content, file, problems)
    problems.stop()
    if found is None:
        raise DataFault(problems)
    return found


def _note(kind: Any, fault: ErrorDetails, file: str, problems: Problems, row: str) -> None:
    """One fault of pydantic in the words of the project."""
    steps = [str(step) for step in fault["loc"] if step != "[key]"]
    place = [*filter(None, [row]), *steps]
    holder = _model_at(kind, fault["loc"][:-1])
    last = steps[-1] if steps else ""
    where = {"row": place[0] if place else "", "column": " / ".join(place[1:])}
    value, context = fault["input"], fault.get("ctx", {})
    match fault["type"]:
        case "extra_forbidden":
            known = [f.alias or name for name, f in holder.model_fields.items()] if holder else []
            entry = holder.entry if holder else "an entry"
            problems.add(
                file, f"{entry} has no {last!r}{nearest(last, known, 0.5)}", f"Use {', '.join(known)}", **where
            )
        case "missing":
            problems.add(file, f"lacks {last}", "Complete the entry", **(where | {"column": " / ".join(place[1:-1])}))
        case "literal_error":
            expected = re.findall("'([^']*)'", context["expected"])
            problems.add(
                file,
                f"{last} {_short(value)!r} is not known{nearest(str(value), expected)}",
                f"Use one of {', '.join(expected)}",
                **where,
            )
        case "fault":
            problems.add(file, context["wrong"], context["remedy"], **where, printed=_short(value))
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            sign = {
                "greater_than": "above",
                "greater_than_equal": "at least",
                "less_than": "below",
                "less_than_equal": "at most",
            }[fault["type"]]
            problems.add(
                file,
                f"should be {sign} {context.get('gt', context.get('ge', context.get('lt', context.get('le')))):g}",
                "Correct the value",
                **where,
                printed=_short(value),
            )
        case "too_short":
            problems.add(file, "is empty", "Complete it", **where)
        case "too_long" | "string_too_long":
            problems.add(file, f"is longer than {context['max_length']:,}", "Shorten it", **where)
        case other:
            problems.add(
                file,
                f"should be {EXPECTED[other]}"
                if other in EXPECTED
                else f"is not as it should be ({other.replace('_', ' ')})",
                "Correct the value",
                **where,
                printed=_short(value),
            )


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, (str, int, float, bool)) or value is None else type(value).__name__
    return text if len(text) <= 80 else f"{text[:77]}…"


def _model_at(kind: Any, path: tuple) -> type[Closed] | None:
    """The model that a fault's place lies in."""
    kinds = [kind]
    for step in (*path, None):
        kinds = [one for k in kinds for one in _plain(k)]
        if step is None:
            break
        inner: list[Any] = []
        for one in kinds:
            if isinstance(one, type) and issubclass(one, BaseModel):
                inner += [f.annotation for name, f in one.model_fields.items() if step in (name, f.alias)]
            elif get_origin(one) in (dict, list, tuple):
                inner += [a for a in get_args(one)[-1 if get_origin(one) is dict else 0 :] if a is not Ellipsis]
        kinds = inner or kinds
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, Closed)), None)


def _plain(kind: Any) -> list[Any]:
    """Members of a union, what is annotated, or the kind itself."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) is Union or type(kind).__name__ == "UnionType":
        return [one for k in get_args(kind) for one in _plain(k)]
    return [kind]


def check_references(
    names: Iterable[tuple[str, Any]], known: Iterable[str], what: str, file: str, problems: Problems, **place: object
) -> None:
    """Note every (row, name) whose name is not among the known ones."""
    known = list(known)
    for row, name in names:
        if name not in known:
            problems.add(
                file,
                f"{what} {_short(name)!r} is not known{nearest(str(name), known)}",
                f"Use one that is, or declare it{'' if len(known) > 12 else ': ' + ', '.join(sorted(known))}",
                **{"row": row, **place},
            )


# --- CSV


@dataclass(frozen=True)
class Column:
    """One typed column: what is wrong with a cell, or nothing.

    `faults` takes the cell and answers (what is wrong, the way out) or None.
    """

    faults: Callable[[str], tuple[str, str] | None] = lambda cell: None
    required: bool = False


def text(required: bool = False, longest: int = LONGEST) -> Column:
    """Any text."""
    return Column(
        lambda cell: (f"{len(cell):,} characters", f"Shorten it to {longest:,}") if len(cell) > longest else None,
        required,
    )


def pattern(form: str, wrong: str, remedy: str, required: bool = True) -> Column:
    """Text of one form."""
    compiled = re.compile(form)
    return Column(lambda cell: None if compiled.fullmatch(cell) else (wrong, remedy), required)


def words(known: Iterable[str], required: bool = True) -> Column:
    """One of a few words."""
    allowed = set(known)
    return Column(
        lambda cell: (
            None
            if cell in allowed
            else (
                f"{_short(cell)!r} is not a word of this column",
                f"Use one of {', '.join(sorted(allowed))}{nearest(cell, allowed)}",
            )
        ),
        required,
    )


def reference(known: Iterable[str], wrong: str, remedy: str, required: bool = True) -> Column:
    """A name that another file declares; `wrong` takes {cell}."""
    declared = set(known)
    return Column(
        lambda cell: (
            None if cell in declared else (wrong.format(cell=_short(cell)), f"{remedy}{nearest(cell, declared)}")
        ),
        required,
    )


def date(
    remedy: str = "Write YYYY, YYYY-MM or YYYY-MM-DD", check: Callable[[str], bool] = is_date, wrong: str = "not a date"
) -> Column:
    """A date, or what `check` takes for one."""
    return Column(lambda cell: None if check(cell) else (wrong, remedy), True)


def year() -> Column:
    """A year within bounds."""
    return Column(
        lambda cell: (
            None
            if re.fullmatch("[0-9]{4}", cell) and FIRST_YEAR <= int(cell) <= LAST_YEAR
            else ("not a year", f"Write YYYY, from {FIRST_YEAR} to {LAST_YEAR}")
        ),
        True,
    )


def share() -> Column:
    """A weight from 0 to 1."""
    return Column(
        lambda cell: (
            None if re.fullmatch(r"0|1|0\.[0-9]{1,6}|1\.0+", cell) else ("not a weight", "Write a number from 0 to 1")
        ),
        True,
    )


def whole(required: bool = True) -> Column:
    """A whole number from 1."""
    return Column(
        lambda cell: (
            None if re.fullmatch(r"[1-9][0-9]{0,8}", cell) else ("not a whole number", "Write digits only, not 0")
        ),
        required,
    )


@dataclass(frozen=True)
class Table:
    """One kind of CSV: its columns with their types, the column that names a row in messages,
    and what no two rows may share."""

    columns: Mapping[str, Column]
    label: str = ""  # column that names a row; else its line does
    key: tuple[str, ...] = ()
    ordered: bool = False  # whether the order of columns is fixed, too
    guide: str = "Name the columns as in CONTRIBUTING.md"
    doubled: str = "stands twice"
    required: dict[str, str] = field(default_factory=dict)  # column → what is said when it is empty
    may_be_empty: bool = False  # a place may have no row


def read_csv(path: Path, problems: Problems, *, head_only: bool = False) -> list[list[str]]:
    """Rows of a CSV with equal widths: strict UTF-8, no control characters, no cell longer than a page.

    `head_only` accepts a file with a head and no rows.
    """
    file = shown(path)
    content = read_text(path, problems)
    if content is None:
        return []
    content = content.replace("\r\n", "\n")
    if "\r" in content:
        problems.add(
            file, "lines end with a carriage return alone, or a cell holds one", "Save the file with line feeds (LF)"
        )
        return []
    if found := re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", content):
        problems.add(
            file,
            f"holds a control character (code {ord(found[0])})",
            "Take it out",
            row=f"line {content[: found.start()].count(chr(10)) + 1}",
        )
        return []
    try:
        rows = list(csv.reader(io.StringIO(content, newline=""), strict=True))
    except csv.Error as error:
        problems.add(file, f"is no sound CSV ({error})", "Mend the quotation marks, or shorten the cell")
        return []
    if len(rows) < 2 - head_only:
        problems.add(file, "the file is empty", "Restore it from the document with python -m analysis.intake")
        return []
    if doubled := sorted({name for name in rows[0] if rows[0].count(name) > 1}):
        problems.add(file, f"columns {', '.join(map(repr, doubled))} stand twice", "Keep one of each", row="1")
        return []
    sound = True
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            problems.add(
                file,
                f"{len(row)} cells, the first row has {len(rows[0])}",
                "Give every row the same number of cells",
                row=f"{number}",
            )
            sound = False
    for number, row in enumerate(rows, 1):
        for name, cell in zip(rows[0], row):
            if len(cell) > LONGEST:
                problems.add(
                    file,
                    f"{len(cell):,} characters in one cell",
                    f"Shorten it to {LONGEST:,}",
                    row=f"{number}",
                    column=name[:40],
                )
                sound = False
    return rows if sound else []


def read_table(path: Path, table: Table, problems: Problems) -> list[dict[str, str]]:
    """Rows of a CSV that is of the declared kind; every cell that is not of its column's type is noted."""
    file = shown(path)
    grid = read_csv(path, problems, head_only=table.may_be_empty)
    if not grid:
        return []
    head, wanted = grid[0], list(table.columns)
    if (head != wanted) if table.ordered else (set(head) != set(wanted)):
        missing, extra = sorted(set(wanted) - set(head)), sorted(set(head) - set(wanted))
        problems.add(
            file,
            f"columns missing: {missing}; not known: {extra}"
            + (f"; their order is {', '.join(wanted)}" if table.ordered else ""),
            table.guide,
        )
        return []
    rows = [dict(zip(head, cells)) for cells in grid[1:]]
    for number, row in enumerate(rows, 2):
        name = row[table.label] if table.label else f"line {number}"
        for column, kind in table.columns.items():
            cell = row[column]
            if not cell.strip():
                if kind.required and column in table.required:
                    problems.add(
                        file,
                        table.required[column].partition(". ")[0],
                        table.required[column].partition(". ")[2],
                        row=name or f"line {number}",
                        column=column,
                    )
                    continue
                if not kind.required:
                    continue
            if fault := kind.faults(cell):
                problems.add(file, *fault, row=_short(name) or f"line {number}", column=column, printed=_short(cell))
    seen: dict[tuple, int] = {}
    for number, row in enumerate(rows, 2):
        key = tuple(row[c] for c in table.key)
        if table.key and key in seen:
            problems.add(
                file,
                f"{' and '.join(table.key)} {table.doubled}",
                f"Keep one row; the other is line {seen[key]}",
                row=_short(row[table.label]) if table.label else f"line {number}",
            )
        seen.setdefault(key, number)
    return rows
