"""Opening a workbook that came from outside: what is in the package first, its cells afterwards.

`package` looks at what the archive holds; openpyxl then reads cells; formulas are seen and never computed.
"""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

from analysis.collect.form import (
    ANSWER,
    COMMENT,
    COVER,
    COVER_ANSWERS,
    COVER_FIXED,
    FAULTS,
    FIRST_ROW,
    GUIDE,
    OPTIONS,
    Collection,
    Form,
)
from analysis.collect.package import package_fault
from analysis.collect.words import Fault
from analysis.ground.outgoing import said

LONGEST = 1_000  # characters of an answer
UNREAD = (FAULTS, GUIDE, OPTIONS)  # sheets that hold no answers


@dataclass
class Answers:
    """What one workbook says: (sheet, cell) → number or text, and what is wrong with the file itself."""

    file: str
    school: str = ""
    cells: dict[tuple[str, str], str | float] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)  # sheet of rows → numbers of its filled rows
    faults: list[Fault] = field(default_factory=list)
    refused: bool = False

    def refuse(
        self, code: str, *, sheet: str = "", cell: str = "", entered: str | None = None, **values: object
    ) -> Answers:
        self.faults.append(Fault(self.file, code, self.school, sheet, cell, entered=entered, values=values))
        self.refused = True
        return self


@dataclass(frozen=True)
class _Cell:
    """A filled cell, free of the reader that found it."""

    row: int
    column: int
    value: str | float
    kind: str  # f of a formula, e of an error
    number_format: str


@dataclass(frozen=True)
class _Sheet:
    title: str
    hidden: bool
    cells: dict[str, _Cell]  # by address

    def value(self, place: str) -> str | float | None:
        return self.cells[place].value if place in self.cells else None


def _open(path: Path) -> dict[str, _Sheet | None]:
    """Sheets by name with everything that is judged later; None for one that has no cells, such as a chart."""
    book = openpyxl.load_workbook(path, keep_links=False, rich_text=False)
    sheets: dict[str, _Sheet | None] = dict.fromkeys(book.sheetnames)
    for sheet in book.worksheets:
        cells: dict[str, _Cell] = {}
        sheets[sheet.title] = _Sheet(sheet.title, sheet.sheet_state != "visible", cells)
        if sheet.title in UNREAD:
            continue
        for (row, column), cell in sorted(sheet._cells.items()):
            value, kind = cell.value, cell.data_type
            if kind == "f" and not isinstance(value := getattr(value, "text", value), str):
                value = "="  # an object that holds no text
            if (value := _plain(value)) is not None:
                cells[cell.coordinate] = _Cell(
                    row, column, value, kind, cell.number_format or "" if isinstance(value, float) else ""
                )
    return sheets


def _plain(value: object) -> str | float | None:
    """An answer as number or text, in one line; a number that no float holds stays text and is judged as such."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        try:
            number = float(value)
        except OverflowError:
            return f"{str(value)[:20]}…"
        return number if math.isfinite(number) else str(number)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if not value.time() or value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return " ".join(str(value).split())


def _whole(value: str | float | None) -> str:
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value or "")


def read_answers(path: Path, collection: Collection, forms: dict[str, Form]) -> Answers:
    """Read one workbook against the form of the school that its cover names.

    Parameters
    ----------
    forms : dict
        form by code of the school; a code that is not there is refused.
    """
    answers = Answers(path.name)
    if found := package_fault(path):
        return answers.refuse(found[0], reason=found[1])
    try:
        book = _open(path)
    except MemoryError:
        raise  # the guard says so
    except Exception as error:
        return answers.refuse(
            "no_workbook",
            reason=said(f"{type(error).__name__}: {' '.join(str(error).replace(str(path), path.name).split())}", 160),
        )
    cover = book.get(COVER)
    if cover is None:
        return answers.refuse("sheets", missing=COVER, extra="—")
    entered = _whole(cover.value(COVER_FIXED["school"]))
    if entered not in forms:
        return answers.refuse("unknown_school", sheet=COVER, cell=COVER_FIXED["school"], entered=entered)
    answers.school, form = entered, forms[entered]
    if hidden := [sheet.title for sheet in book.values() if sheet and sheet.hidden]:
        return answers.refuse("hidden", reason="、".join(hidden))
    if (version := _whole(cover.value(COVER_FIXED["version"]))) != collection.version:
        return answers.refuse(
            "version",
            sheet=COVER,
            cell=COVER_FIXED["version"],
            entered=version,
            expected=collection.version,
            year=collection.year,
        )
    expected = [COVER, GUIDE, *form.questions, *(spec.title for spec in collection.lists), OPTIONS]
    missing, extra = [s for s in expected if not book.get(s)], [s for s in book if s not in (*expected, FAULTS)]
    if missing or extra:
        return answers.refuse("sheets", missing="、".join(missing) or "—", extra="、".join(extra) or "—")
    for sheet in book.values():
        if sheet and sheet.title not in UNREAD:
            _read_sheet(sheet, form, answers)
    return answers


def _fixed(form: Form, sheet: str) -> dict[str, str]:
    """Cells of a sheet that must read as the form was written: what moves rows or columns shows here."""
    if sheet in form.questions:
        return {
            f"{column}{q.row}": text
            for q in form.questions[sheet]
            for column, text in (("A", f"表{q.table_id}"), ("B", q.indicator.label("zh")))
        }
    if sheet == COVER:
        return {COVER_FIXED["name"]: form.school.name("zh"), COVER_FIXED["year"]: str(form.collection.year)}
    spec = next(s for s in form.collection.lists if s.title == sheet)
    return {
        f"{c.letter}{FIRST_ROW - 1}": f"{c.zh}{f'（{c.unit}）' if c.unit else ''}{'＊' if c.required else ''}"
        for c in spec.columns
    }


def _read_sheet(sheet: _Sheet, form: Form, answers: Answers) -> None:
    name = sheet.title

    def fault(code: str, cell: str, entered: object, **values: object) -> None:
        answers.faults.append(
            Fault(
                answers.file,
                code,
                answers.school,
                name,
                cell,
                about=f"{name}!{cell}",
                entered=None if entered is None else str(entered),
                values=values,
            )
        )

    if (identity := sheet.value("A1")) != form.identity:
        # its answers are kept for the marked copy, and judged by nobody
        fault("other_school", "A1", identity, expected=form.identity)
    for cell, text in _fixed(form, name).items() if identity == form.identity else ():
        if _whole(sheet.value(cell)) != text:
            fault("moved", cell, sheet.value(cell), expected=text)
    questions, spec = form.questions.get(name), next((s for s in form.collection.lists if s.title == name), None)
    if name == COVER:
        inside = set(COVER_ANSWERS.values())
    elif questions:
        inside = {f"{column}{q.row}" for q in questions for column in (ANSWER, COMMENT)}
    elif spec:
        inside = {f"{c.letter}{row}" for c in spec.columns for row in range(FIRST_ROW, spec.last_row + 1)}
    else:
        raise KeyError(name)
    printed_columns = {COVER: 2, **dict.fromkeys(form.questions, 7)}.get(name, len(spec.columns) if spec else 0)
    printed_rows = {COVER: int(COVER_FIXED["version"][1:])}.get(
        name, max(q.row for q in questions) if questions else FIRST_ROW - 1
    )
    rows: set[int] = set()
    comment_column = ord(COMMENT) - ord("A") + 1 if questions else None
    for place, filled in sheet.cells.items():
        row, column, value = filled.row, filled.column, filled.value
        if filled.kind == "f":
            fault("formula", place, value)
        elif place in inside:
            if (
                isinstance(value, float)
                and name != COVER
                and column != comment_column
                and "%" in re.sub(r'"[^"]*"|\\\\.', "", filled.number_format)
            ):
                fault("percent_format", place, f"{value:g}", value=f"{value:g}", percent=f"{100 * value:g}")
            elif filled.kind == "e":
                fault("not_a_number", place, value, reason=value)
            else:
                if isinstance(value, str) and len(value) > LONGEST:
                    fault("too_long", place, said(value, 20), longest=LONGEST)
                    value = said(value, LONGEST)
                answers.cells[name, place] = value
                rows.add(row)
        elif row > printed_rows or column > printed_columns:
            fault("outside", place, value)
    if spec:
        answers.rows[name] = sorted(rows)
