"""Workbooks: each sheet cut into the tables that stand on it, numbers as their format shows them."""

from __future__ import annotations

import datetime
import io
import re
from collections import defaultdict
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils import get_column_letter

from analysis.intake.grid import CELLS, COLUMNS, Cell, Document, Grid, Paragraph, too_large, unreadable
from analysis.intake.package import Package
from analysis.intake.words import NOTE

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_DEFAULT_SHEET = re.compile(r"^(Sheet|工作表|Feuil|Tabelle)\s*\d*$", re.IGNORECASE)
ROWS = 1_000_000


def read_xlsx(content: bytes, name: str) -> Document:
    """Read a workbook.

    Raises
    ------
    Unreadable
        for a damaged, locked or oversized file, and for formulas whose results were not saved.
    """
    _check_size(Package(content, name))
    try:
        workbook = load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises what comes: KeyError, ValueError, its own kinds, those of the XML
        raise unreadable(
            name, "is damaged: it cannot be read as a workbook", "Open it in the program that made it and save it anew"
        ) from error
    blocks: list[Paragraph | Grid] = []
    remarks = []
    for sheet in workbook.worksheets:
        if sheet.sheet_state != "visible":
            remarks.append(f"sheet {sheet.title} is hidden, not read")
            continue
        if any(kept.hidden for kept in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values())):
            remarks.append(f"sheet {sheet.title} has hidden rows or columns, not read")
        blocks += _sheet(sheet)
    return Document(name, "xlsx", tuple(blocks), tuple(remarks))


def _check_size(package: Package) -> None:
    """Count by the parser; a formula whose result was not saved is a number that nobody can see."""
    count = 0
    for part in sorted(p for p in package.parts if re.fullmatch(r"xl/worksheets/[^/]+\.xml", p)):
        for cell in package.elements(part, (f"{S}c",)):
            count += 1
            if count > CELLS // 4:
                raise too_large(package.name, f"more than {CELLS // 4:,} cells")
            if cell.find(f"{S}f") is not None and not cell.findtext(f"{S}v"):
                raise unreadable(
                    package.name,
                    "a formula's result was not saved with it",
                    "Open the workbook in Excel or LibreOffice and save it",
                    row=part.rpartition("/")[2],
                    column=str(cell.get("r", ""))[:12],
                )
            cell.clear()


def _sheet(sheet: Any) -> list[Paragraph | Grid]:
    """Tables of a sheet: regions that blank rows or blank columns part; lines of one text are paragraphs."""
    texts: dict[tuple[int, int], str] = {}
    rows = {row for row, kept in sheet.row_dimensions.items() if kept.hidden}
    columns = {at for kept in sheet.column_dimensions.values() if kept.hidden for at in range(kept.min, kept.max + 1)}
    for row in sheet.iter_rows():
        for cell in row:
            if cell.row in rows or cell.column in columns:
                continue
            if (
                not isinstance(cell, MergedCell)
                and cell.value is not None
                and (text := shown(cell.value, cell.number_format))
            ):
                texts[cell.row, cell.column] = text
    spans = {}
    for merged in sheet.merged_cells.ranges:
        spans[merged.min_row, merged.min_col] = (
            merged.max_row - merged.min_row + 1,
            merged.max_col - merged.min_col + 1,
        )
    filled = {
        (row + down, column + across)
        for (row, column) in texts
        for down in range(min(spans.get((row, column), (1, 1))[0], 500))
        for across in range(min(spans.get((row, column), (1, 1))[1], COLUMNS))
    }
    by_row: dict[int, set[int]] = defaultdict(set)
    for row, column in filled:
        by_row[row].add(column)
    printed: dict[int, list[int]] = defaultdict(list)
    for row, column in texts:
        printed[row].append(column)
    blocks: list[Paragraph | Grid] = []
    for first, last in _runs(set(by_row)):
        lines = {row: by_row[row] for row in range(first, last + 1)}
        origins = {row: printed[row] for row in lines}
        top, bottom = first, last
        while top <= last and len(origins[top]) == 1 and not _starts_below(origins[top][0], top, spans):
            top += 1
        while bottom > top and len(origins[bottom]) == 1 and NOTE.match(texts[bottom, origins[bottom][0]]):
            bottom -= 1
        alone = {
            row: Paragraph(texts[row, found[0]], f"{sheet.title}!{get_column_letter(found[0])}{row}")
            for row, found in origins.items()
            if found
        }
        blocks += [alone[row] for row in range(first, top)]
        if top <= bottom:
            for left, right in _runs(set().union(*(lines[row] for row in range(top, bottom + 1)))):
                blocks.append(_region(sheet.title, texts, spans, (top, bottom), (left, right)))
        blocks += [alone[row] for row in range(max(bottom + 1, top), last + 1) if row in alone]
    return blocks


def _starts_below(column: int, row: int, spans: dict) -> bool:
    return spans.get((row, column), (1, 1))[0] > 1


def _region(title: str, texts: dict, spans: dict, rows: tuple[int, int], columns: tuple[int, int]) -> Grid:
    cells, covered = [], set()
    for row in range(rows[0], rows[1] + 1):
        for column in range(columns[0], columns[1] + 1):
            if (row, column) in covered:
                continue
            down, across = spans.get((row, column), (1, 1))
            down, across = min(down, rows[1] - row + 1), min(across, columns[1] - column + 1)
            covered |= {(row + i, column + j) for i in range(down) for j in range(across)}
            cells.append(
                Cell(
                    texts.get((row, column), ""), row - rows[0], column - columns[0], down, across,
                    f"{title}!{get_column_letter(column)}{row}",
                )
            )  # fmt: skip
    return Grid(
        tuple(cells), f"{title}!{get_column_letter(columns[0])}{rows[0]}", "" if _DEFAULT_SHEET.match(title) else title
    )


def _runs(numbers: set[int]) -> list[tuple[int, int]]:
    """First and last of each run of whole numbers without a gap."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def shown(value: object, form: str = "General") -> str:
    """A value as its number format shows it: 0.9453 under ``0.00%`` is ``94.53%``.

    Examples
    --------
    >>> shown(0.9453, "0.00%"), shown(5597, "#,##0"), shown(12.5, '0.00"万元"'), shown(2023.0, "General")
    ('94.53%', '5,597', '12.50万元', '2023')
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime | datetime.date):
        return f"{value:%Y-%m-%d}"
    if not isinstance(value, int | float):
        return str(value).strip()
    section = form.split(";")[1 if value < 0 and form.count(";") else 0]
    pattern = _LITERAL.sub("", section)
    if form == "General" or not re.search("[0#?]", pattern) or re.search("[eE/]", pattern) or is_date_format(form):
        return format(value, ".15g") if abs(value) < 1e15 else format(value, ".0f")
    whole, point, decimals = re.sub(r"[^0#?,.]", "", pattern).partition(".")
    thousands = len(whole) - len(whole.rstrip(",")) + len(decimals) - len(decimals.rstrip(","))
    scaled = float(value) * (100 if "%" in pattern else 1) / 1000**thousands
    digits = len(re.sub("[^0#?]", "", decimals)) if point else 0
    text = format(
        abs(scaled) if value < 0 and form.count(";") else scaled, f"{',' if ',' in whole.rstrip(',') else ''}.{digits}f"
    )
    if "#" in decimals or "?" in decimals:
        needed = len(re.sub("[^0]", "", decimals))
        head, _, tail = text.partition(".")
        tail = tail[:needed] + tail[needed:].rstrip("0")
        text = f"{head}.{tail}" if tail else head
    figure = re.search(r"[0#?][0#?,.]*", bare := re.sub(r"_.|\*.|\[[^\]]*\]", "", section))
    before, after = (bare[: figure.start()], bare[figure.end() :]) if figure else ("", "")
    return (_plain(before) + text + _plain(after)).strip()


def _plain(part: str) -> str:
    """What a number format prints beside the figure."""
    return re.sub(r'"([^"]*)"', r"\1", part).replace("\\", "")
