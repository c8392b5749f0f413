"""Opening a workbook that came from outside: what is in the package first, its cells afterwards.

A workbook is a ZIP archive of XML. Before any XML is parsed the archive is looked at: its unpacked size, macros, external links and embedded
objects, document types and entities (Office Open XML has none). openpyxl then reads cells; formulas are seen and never computed.
"""

from __future__ import annotations

import datetime
import math
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

from analysis.collect.form import ANSWER, COMMENT, COVER, COVER_ANSWERS, COVER_FIXED, FAULTS, FIRST_ROW, GUIDE, OPTIONS, Collection, Form
from analysis.collect.words import Fault

PACKED = 4 << 20  # bytes of a file
UNPACKED = 30 << 20  # bytes of all parts together
PARTS = 300
CELLS = 40_000  # cells of a workbook; a form has some hundreds
LONGEST = 1_000  # characters of an answer
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf")
ACTIVE = re.compile(r"vbaProject|macrosheets|dialogsheets|externalLinks|embeddings|activeX|ctrlProps|connections\.xml|queryTables|customUI|webextensions|oleObject|/model/", re.I)
ENTITY = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.I)
EXTERNAL = re.compile(rb'TargetMode\s*=\s*["\']External', re.I)
MACRO_TYPE = re.compile(rb"macroEnabled|vnd\.ms-office\.vbaProject", re.I)


@dataclass
class Answers:
    """What one workbook says: (sheet, cell) → number or text, and what is wrong with the file itself."""

    file: str
    school: str = ""
    cells: dict[tuple[str, str], str | float] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)  # sheet of rows → numbers of its filled rows
    faults: list[Fault] = field(default_factory=list)
    refused: bool = False

    def refuse(self, code: str, **values: object) -> Answers:
        place = {key: values.pop(key) for key in ("sheet", "cell", "entered") if key in values}
        self.faults.append(Fault(self.file, code, self.school, values=values, **place))
        self.refused = True
        return self


def package_fault(path: Path) -> tuple[str, str] | None:
    """Why a file must not be opened: a code of `words` and the reason; None for a plain workbook."""
    if path.stat().st_size > PACKED:
        return "bomb", f"{path.stat().st_size >> 20} MiB"
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        return "no_workbook", str(error)
    with archive:
        parts = archive.infolist()
        names = [p.filename for p in parts]
        size = sum(p.file_size for p in parts)
        if len(parts) > PARTS or size > UNPACKED:
            return "bomb", f"{len(parts)} parts, {size >> 20} MiB"
        if "xl/workbook.xml" not in names:
            return "no_workbook", "xl/workbook.xml"
        if len(set(names)) != len(names):
            return "no_workbook", "a part stands twice"
        if active := [n for n in names if ACTIVE.search(n)]:
            return "active", ", ".join(active[:3])
        cells = 0
        for part in parts:
            if part.filename.lower().endswith(PICTURES):
                continue
            try:
                content = archive.read(part)  # never more than the size stated, which is bounded above
            except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError, zipfile.zlib.error) as error:
                return "no_workbook", f"{part.filename}: {error}"
            # UTF-16 and UTF-32 would hide a declaration from the search below; Office writes UTF-8
            if (b"\0" in content and not part.filename.endswith(".bin")) or content[:2] in (b"\xff\xfe", b"\xfe\xff") or ENTITY.search(content):
                return "entity", part.filename
            if part.filename.startswith("xl/worksheets/"):
                # a form has neither; over a large range the reader would make a cell for each address
                if found := re.search(rb"<(?:\w+:)?(mergeCell|hyperlink)\b", content):
                    return "active", f"{part.filename}: {found[1].decode()}"
                cells += len(re.findall(rb"<(?:\w+:)?c[ />]", content))
                if cells > CELLS:
                    return "bomb", f"> {CELLS} cells"
            if part.filename.endswith(".rels") and EXTERNAL.search(content):
                return "active", f"{part.filename} (External)"
            if part.filename == "[Content_Types].xml" and MACRO_TYPE.search(content):
                return "active", "macroEnabled"
    return None


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
        book = openpyxl.load_workbook(path, keep_links=False, rich_text=False)
    except Exception as error:  # noqa: BLE001  a foreign file: whatever the reader dislikes, the file is refused, by name and reason
        return answers.refuse("no_workbook", reason=f"{type(error).__name__}: {' '.join(str(error).replace(str(path), path.name).split())}"[:160])
    if COVER not in book.sheetnames:
        return answers.refuse("sheets", missing=COVER, extra="—")
    cover = book[COVER]
    entered = _whole(_plain(cover[COVER_FIXED["school"]].value))
    if entered not in forms:
        return answers.refuse("unknown_school", sheet=COVER, cell=COVER_FIXED["school"], entered=entered)
    answers.school, form = entered, forms[entered]
    if hidden := [s.title for s in book.worksheets if s.sheet_state != "visible"]:
        return answers.refuse("hidden", reason="、".join(hidden))
    if (version := _whole(_plain(cover[COVER_FIXED["version"]].value))) != collection.version:
        return answers.refuse("version", sheet=COVER, cell=COVER_FIXED["version"], entered=version, expected=collection.version, year=collection.year)
    expected = [COVER, GUIDE, *form.questions, *(spec.title for spec in collection.lists), OPTIONS]
    missing, extra = [s for s in expected if s not in book.sheetnames], [s for s in book.sheetnames if s not in (*expected, FAULTS)]
    if missing or extra:
        return answers.refuse("sheets", missing="、".join(missing) or "—", extra="、".join(extra) or "—")
    for sheet in book.worksheets:
        if sheet.title not in (FAULTS, GUIDE, OPTIONS):
            _read_sheet(sheet, form, answers)
    return answers


def _fixed(form: Form, sheet: str) -> dict[str, str]:
    """Cells of a sheet that must read as the form was written: what moves rows or columns shows here."""
    if sheet in form.questions:
        return {f"{column}{q.row}": text for q in form.questions[sheet] for column, text in (("A", f"表{q.table_id}"), ("B", q.indicator.zh))}
    if sheet == COVER:
        return {COVER_FIXED["name"]: form.school.name("zh"), COVER_FIXED["year"]: str(form.collection.year)}
    spec = next(s for s in form.collection.lists if s.title == sheet)
    return {f"{c.letter}{FIRST_ROW - 1}": f"{c.zh}{f'（{c.unit}）' if c.unit else ''}{'＊' if c.required else ''}" for c in spec.columns}


def _read_sheet(sheet, form: Form, answers: Answers) -> None:
    name = sheet.title

    def fault(code: str, cell: str, entered: object, **values: object) -> None:
        answers.faults.append(Fault(answers.file, code, answers.school, name, cell, about=f"{name}!{cell}", entered=None if entered is None else str(entered)[:80], values=values))

    if (identity := _plain(sheet["A1"].value)) != form.identity:
        # its answers are kept for the marked copy, and judged by nobody
        fault("other_school", "A1", identity, expected=form.identity)
    for cell, text in _fixed(form, name).items() if identity == form.identity else ():
        if _whole(_plain(sheet[cell].value)) != text:
            fault("moved", cell, sheet[cell].value, expected=text)
    questions, spec = form.questions.get(name), next((s for s in form.collection.lists if s.title == name), None)
    if name == COVER:
        inside = set(COVER_ANSWERS.values())
    elif questions:
        inside = {f"{column}{q.row}" for q in questions for column in (ANSWER, COMMENT)}
    else:
        inside = {f"{c.letter}{row}" for c in spec.columns for row in range(FIRST_ROW, spec.last_row + 1)}
    printed_columns = {COVER: 2, **dict.fromkeys(form.questions, 7)}.get(name, len(spec.columns) if spec else 0)
    printed_rows = {COVER: int(COVER_FIXED["version"][1:])}.get(name, max(q.row for q in questions) if questions else FIRST_ROW - 1)
    rows: set[int] = set()
    comment_column = ord(COMMENT) - ord("A") + 1 if questions else None
    for (row, column), cell in sorted(sheet._cells.items()):
        value = _plain(cell.value)
        if value is None:
            continue
        place = cell.coordinate
        if cell.data_type == "f":
            written = getattr(cell.value, "text", cell.value)
            fault("formula", place, written if isinstance(written, str) else "=")
        elif place in inside:
            if isinstance(value, float) and name != COVER and column != comment_column and "%" in re.sub(r'"[^"]*"|\\\\.', "", cell.number_format or ""):
                fault("percent_format", place, f"{value:g}", value=f"{value:g}", percent=f"{100 * value:g}")
            elif cell.data_type == "e":
                fault("not_a_number", place, value, reason=value)
            else:
                if isinstance(value, str) and len(value) > LONGEST:
                    fault("too_long", place, value[:20], longest=LONGEST)
                    value = value[:LONGEST]
                answers.cells[name, place] = value
                rows.add(row)
        elif row > printed_rows or column > printed_columns:
            fault("outside", place, value)
    if spec:
        answers.rows[name] = sorted(rows)
