"""Made-up reports of which the answer is known: tables of the first source with other figures, printed in five forms
and with the messes that real reports have."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from html import escape

from analysis.clean.source import clean_source
from analysis.ground.dictionary import entities, indicators
from analysis.ground.layout import load_layout
from analysis.ground.numerals import fold
from analysis.ground.paths import RAW
from analysis.intake.grid import Document
from analysis.intake.known import Known
from analysis.intake.reading import read_tables
from analysis.intake.study import NO, YES, Question, Reading, Study

FIRST = "liuzhou-2023"
FORMS = ("text", "docx", "xlsx", "html", "pdf")
SIGNS = "①*²"
Key = tuple[str, str, int]  # entity as printed (or its code), indicator, year


@dataclass
class Slot:
    """A printed cell with its spans."""

    text: str
    rows: int = 1
    columns: int = 1


@dataclass
class MadeTable:
    """One table: what is printed, and what that means."""

    table_id: str  # of the first source
    number: str
    title: str
    head: list[list[Slot]]
    rows: list[list[Slot]]
    before: list[str] = field(default_factory=list)  # lines between the caption and the table
    after: list[str] = field(default_factory=list)
    caption: str | None = None  # as printed; else "表<number> <title>"
    parts: list[int] = field(default_factory=list)  # rows after which the table goes on under a new caption
    width: int = 0

    def captioned(self) -> str:
        return f"表{self.number} {self.title}" if self.caption is None else self.caption


@dataclass
class Report:
    """A made-up report."""

    year: int
    tables: list[MadeTable]
    truth: dict[Key, float | None]
    names: dict[str, str]  # printed → entity code
    heads: dict[str, str]  # reworded head → indicator
    opening: list[str] = field(default_factory=list)


@lru_cache
def _first() -> tuple:
    return clean_source(FIRST).observations, load_layout(RAW / FIRST / "layout.yaml")


Rows = list[tuple[str, list[str]]]  # name of a school and its cells


def make(seed: int, year: int = 2024, change: Callable[[Rows], Rows] = list) -> Report:
    """The tables of figures of the first source for another year: every figure another, totals that hold.

    `change` gets the rows of each table and returns those that are printed: schools renamed, merged, added.
    """
    draw = random.Random(seed)
    observations, layouts = _first()
    known, tables, truth = indicators(), [], {}
    names: dict[str, str] = {}
    values: dict[Key, str] = {}
    for table_id, layout in layouts.items():
        if not layout.has_values or layout.has_fields:
            continue
        own = observations[observations["table_id"] == table_id]
        columns = [c for c in layout.columns if c.role == "value"]
        shift = year - 2023
        printed_rows: Rows = []
        for name, rows in own[own["aggregate_rule"] == ""].groupby("entity_raw", sort=False):
            cells = []
            code = rows["entity"].iloc[0]
            names[name] = code
            by = {(r.indicator, r.year): r for r in rows.itertuples()}
            for column in columns:
                indicator, first_year = column.figure
                row = by[indicator, first_year]
                key = (code, indicator, first_year + shift)
                if key not in values:
                    values[key] = _another(draw, row.raw, known[indicator].kind, known[indicator].unit)
                cells.append(values[key])
                truth[key] = _value(values[key])
            printed_rows.append((name, cells))
        printed_rows = change(printed_rows)
        body = [[Slot(str(n)), Slot(name), *map(Slot, cells)] for n, (name, cells) in enumerate(printed_rows, 1)]
        if layout.aggregate_label:
            closing = []
            for at, column in enumerate(columns):
                figures = [Decimal(v) for _, cells in printed_rows if (v := cells[at]) not in {"/", "--", ""}]
                rate = known[column.figure[0]].unit == "%"  # of the whole: between those of its parts
                total = sum(figures) / len(figures) if rate or layout.aggregate_rule == "mean" else sum(figures)
                places = max((-f.as_tuple().exponent for f in figures), default=0)
                text = str(round(total, 2 if rate or layout.aggregate_rule == "mean" else places))
                closing.append(text)
                truth[layout.aggregate_entity or "liuzhou", column.figure[0], column.figure[1] + shift] = float(text)
            body.append([Slot(layout.aggregate_label, columns=2), *map(Slot, closing)])
        head = _head([tuple(_moved(part, shift) for part in c.header) for c in layout.columns], layout.header_rows)
        tables.append(
            MadeTable(
                table_id,
                table_id,
                _moved(f"柳州市各职业院校{layout.title}", shift),
                head,
                body,
                width=len(layout.columns),
            )
        )
    opening = [f"柳州市职业教育质量年度报告（{year}年度）", "1.基本情况", "学校继续发展，情况如下。"]
    return Report(year, tables, truth, names, {}, opening)


def _moved(text: str, shift: int) -> str:
    for old in (2023, 2022):
        text = text.replace(str(old), f"@{old + shift}@")
    return text.replace("@", "")


def _another(draw: random.Random, raw: str, kind: str, unit: str) -> str:
    """Another figure of the same size and decimals; a sign for no figure stays."""
    text = raw.strip().replace("，", ".")
    try:
        value = Decimal(text)
    except ArithmeticError:
        return "/"
    places = max(0, -value.as_tuple().exponent)
    if unit == "%":
        made = min(Decimal("99.99"), max(Decimal(50), value - Decimal(draw.uniform(0.5, 6))))
        return str(round(made, places or 2))
    made = round(value * Decimal(draw.uniform(0.85, 1.2)) + (draw.randrange(3) if kind == "count" else 0), places)
    return str(made)


def _value(text: str) -> float | None:
    return None if text in {"/", "--", ""} else float(text)


def _head(paths: list[tuple[str, ...]], depth: int) -> list[list[Slot]]:
    """Head lines with spans from the paths of columns."""
    lines: list[list[Slot]] = []
    for level in range(depth):
        line: list[Slot] = []
        before = None
        for path in paths:
            if len(path) <= level:
                before = None
                continue
            if before is not None and before == path[: level + 1] and len(path) > level + 1:
                line[-1].columns += 1
                continue
            line.append(Slot(path[level], depth - level if len(path) == level + 1 else 1))
            before = path[: level + 1]
        lines.append(line)
    return lines


# forms


def grid_of(table: MadeTable) -> list[list[tuple[str, bool]]]:
    """Text and whether the slot is the first of its cell, by row and column."""
    rows = [*table.head, *table.rows]
    filled: dict[tuple[int, int], tuple[str, bool]] = {}
    for r, row in enumerate(rows):
        column = 0
        for slot in row:
            while (r, column) in filled:
                column += 1
            for i in range(slot.rows):
                for j in range(slot.columns):
                    filled[r + i, column + j] = (slot.text if i == j == 0 else "", i == j == 0)
            column += slot.columns
    width = max(c for _, c in filled) + 1
    return [[filled.get((r, c), ("", True)) for c in range(width)] for r in range(len(rows))]


def as_text(report: Report) -> bytes:
    lines = list(report.opening)
    for table in report.tables:
        lines += ["", table.captioned(), *table.before, ""]
        covered: dict[int, int] = {}
        for at, row in enumerate([*table.head, *table.rows]):
            if at - len(table.head) in table.parts:
                lines += [f"续表{table.number}", ""]
            column, cells, next_covered = 0, [], {}
            queue = list(row)
            while queue or column in covered:
                if covered.get(column, 0):
                    cells.append("")
                    next_covered[column] = covered[column] - 1
                    column += 1
                    continue
                slot = queue.pop(0)
                cells.append(slot.text)
                if slot.rows > 1:
                    for j in range(slot.columns):
                        next_covered[column + j] = slot.rows - 1
                column += slot.columns
            covered = {c: n for c, n in next_covered.items() if n}
            lines += [*("\t" + c.replace("\n", "\n\n") for c in cells), ""]
        lines += [*table.after, ""]
    return "\n".join(lines).encode()


def as_html(report: Report) -> bytes:
    out = ["<!DOCTYPE html><html><head><meta charset='utf-8'><title>x</title></head><body>"]
    out += [f"<p>{escape(t)}</p>" for t in report.opening]
    for table in report.tables:
        out += [f"<p>{escape(t)}</p>" for t in (table.captioned(), *table.before)] + ["<table>"]
        for at, row in enumerate([*table.head, *table.rows]):
            if at - len(table.head) in table.parts:
                out += ["</table>", f"<p>续表{table.number}</p>", "<table>"]
            tag = "th" if at < len(table.head) else "td"
            cells = "".join(
                f"<{tag} rowspan='{s.rows}' colspan='{s.columns}'>{escape(s.text).replace(chr(10), '<br>')}</{tag}>"
                for s in row
            )
            out.append(f"<tr>{cells}</tr>")
        out += ["</table>", *(f"<p>{escape(t)}</p>" for t in table.after)]
    return "\n".join([*out, "</body></html>"]).encode()


def as_docx(report: Report) -> bytes:
    from docx import Document

    document = Document()
    for text in report.opening:
        document.add_paragraph(text)
    for table in report.tables:
        for text in (table.captioned(), *table.before):
            document.add_paragraph(text)
        rows = grid_of(table)
        cuts = [0, *(p + len(table.head) for p in table.parts), len(rows)]
        spans = _spans(table)
        for part, (first, last) in enumerate(zip(cuts, cuts[1:])):
            if part:
                document.add_paragraph(f"续表{table.number}")
            made = document.add_table(last - first, len(rows[0]))
            for r in range(first, last):
                cells = made.rows[r - first].cells
                for c, (text, _) in enumerate(rows[r]):
                    if text:
                        cells[c].text = text
            for (r, c), slot in spans.items():
                if first <= r < last and (slot.rows > 1 or slot.columns > 1):
                    made.cell(r - first, c).merge(made.cell(r - first + slot.rows - 1, c + slot.columns - 1))
        for text in table.after:
            document.add_paragraph(text)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _spans(table: MadeTable) -> dict[tuple[int, int], Slot]:
    found, taken = {}, set()
    for r, row in enumerate([*table.head, *table.rows]):
        column = 0
        for slot in row:
            while (r, column) in taken:
                column += 1
            taken |= {(r + i, column + j) for i in range(slot.rows) for j in range(slot.columns)}
            found[r, column] = slot
            column += slot.columns
    return found


def as_xlsx(report: Report) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet()
    percent = book.add_format({"num_format": "0.00%"})
    row = 0
    for text in report.opening:
        sheet.write_string(row, 0, text)
        row += 1
    for table in report.tables:
        row += 1
        for text in (table.captioned(), *table.before):
            sheet.write_string(row, 0, text)
            row += 1
        for (r, c), slot in _spans(table).items():
            shift = sum(r - len(table.head) >= p for p in table.parts)
            at = row + r + shift
            if slot.rows > 1 or slot.columns > 1:
                sheet.merge_range(at, c, at + slot.rows - 1, c + slot.columns - 1, slot.text)
            elif r >= len(table.head) and _is_number(slot.text):
                _write_number(book, sheet, at, c, slot.text, percent)
            else:
                sheet.write_string(at, c, slot.text)
        for n, part in enumerate(table.parts):
            sheet.write_string(row + len(table.head) + part + n, 0, f"续表{table.number}")
        row += len(table.head) + len(table.rows) + len(table.parts)
        for text in table.after:
            sheet.write_string(row, 0, text)
            row += 1
    book.close()
    return buffer.getvalue()


def _is_number(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdigit()


def _write_number(book, sheet, row: int, column: int, text: str, percent) -> None:
    places = len(text.partition(".")[2])
    sheet.write_number(
        row, column, float(text), book.add_format({"num_format": f"0.{'0' * places}"}) if places else None
    )


def as_pdf(report: Report) -> bytes:
    from pathlib import Path

    import mplfonts
    import typst

    def content(text: str) -> str:
        return '#"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    out = [
        "#set page(width: 297mm, height: 210mm, margin: 12mm, footer: context align(center)[#counter(page).display()])",
        '#set text(font: "Noto Sans CJK SC", size: 7pt)',
        "#set par(leading: 0.5em)",
    ]
    for text in report.opening:
        out += [content(text), ""]
    for table in report.tables:
        for text in (table.captioned(), *table.before):
            out += [content(text), ""]
        rows = [*table.head, *table.rows]
        cuts = [0, *(p + len(table.head) for p in table.parts), len(rows)]
        for part, (first, last) in enumerate(zip(cuts, cuts[1:])):
            if part:
                out += [content(f"续表{table.number}"), ""]
            cells = ", ".join(
                f"table.cell(rowspan: {s.rows}, colspan: {s.columns})[{content(s.text)}]"
                for row in rows[first:last]
                for s in row
            )
            out += [f"#table(columns: {table.width}, {cells})", ""]
        for text in table.after:
            out += [content(text), ""]
    return typst.compile("\n".join(out).encode(), font_paths=[str(Path(mplfonts.__file__).parent)])


WRITERS: dict[str, Callable[[Report], bytes]] = {
    "text": as_text,
    "docx": as_docx,
    "xlsx": as_xlsx,
    "html": as_html,
    "pdf": as_pdf,
}


# messes: each changes what is printed and leaves what is true


def _columns(table: MadeTable) -> list[tuple[str, ...]]:
    """Path of each column."""
    grid = grid_of(table)[: len(table.head)]
    paths = []
    for c in range(table.width):
        path = []
        for r, row in enumerate(grid):
            at = c
            while not row[at][1] and at > 0 and not (r and grid[r][at][0]):
                at -= 1
            if row[at][0] and (at == c or not grid[r][c][1]):
                path.append(row[at][0])
        paths.append(tuple(path))
    return paths


def _figures(table: MadeTable) -> Iterable[tuple[list[Slot], int, Slot]]:
    """Slots of figures, with their row and the column they stand in."""
    for row in table.rows:
        column = 0
        for slot in row:
            if column >= 2:
                yield row, column, slot
            column += slot.columns


def renamed_schools(report: Report, draw: random.Random) -> None:
    new = {}
    for n, (name, code) in enumerate(sorted({(n, c) for n, c in report.names.items()})):
        new[name] = entities()[code].names[0]["zh"].replace("柳州市", "").replace("柳州", "") + (
            "校区" if n % 3 == 0 else "（新）" if n % 3 == 1 else ""
        )
    for table in report.tables:
        for row in table.rows:
            for slot in row:
                slot.text = new.get(slot.text, slot.text)
    report.names.update({new[n]: c for n, c in list(report.names.items())})


REWORDED = {
    "在校生人数(人)": "在读学生总规模（人）",
    "招生人数(人)": "招收学生数量（人）",
    "毕业生数(人)": "应届毕业人数（人）",
    "毕业去向落实人数(人)": "落实去向的毕业人数（人）",
    "学生实习数(人)": "实习学生人数（人）",
    "教职工总数": "教职工总人数",
    "博士数": "博士学位教师数",
    "占地面积(万平方米)": "校园占地面积（万平方米）",
    "校外实习基地(个)": "校外实训实习基地（个）",
    "纸质图书数(万册)": "馆藏纸质书（万册）",
    "助学金额(万元)": "发放助学金额度（万元）",
    "新生报到人数": "实际报到新生数",
}


def reworded_heads(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        layout = _first()[1][table.table_id]
        for line in table.head:
            for slot in line:
                if fold(slot.text) in REWORDED:
                    code = next(c.indicator for c in layout.columns if c.header[0] == fold(slot.text))
                    slot.text = REWORDED[fold(slot.text)]
                    report.heads[fold(slot.text)] = code


def moved_tables(report: Report, draw: random.Random) -> None:
    numbers = [t.number for t in report.tables]
    draw.shuffle(numbers)
    for table, moved in zip(report.tables, numbers):
        table.number = moved
    draw.shuffle(report.tables)


def other_numbers(report: Report, draw: random.Random) -> None:
    for n, table in enumerate(report.tables):
        table.number = [f"附表{n}", f"{n + 20}", f"3.{n + 1}", f"5- {n + 1}", ""][n % 5]
        if n % 5 == 0:
            table.caption = f"附表{n} {table.title}"
        elif n % 5 == 4:
            table.caption = table.title
        if n % 7 == 3:
            table.number = f"1-{n + 10}"
            table.caption = f"表1-{n + 10}{report.year}年{table.title}"


def unit_in_head(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        paths = _columns(table)
        for line in table.head:
            for slot in line:
                if "（万元）" in slot.text or "(万元)" in slot.text:
                    slot.text = slot.text.replace("万元", "元")
        for _, column, slot in _figures(table):
            bare = slot.text.rstrip(SIGNS)
            if any("万元" in p for p in paths[column]) and _is_number(bare):
                slot.text = f"{Decimal(bare) * 10000:.0f}{slot.text[len(bare) :]}"


def unit_line(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        if table.table_id == "3-7":
            for line in table.head:
                for slot in line:
                    slot.text = slot.text.replace("（人）", "").replace("(人)", "")
            table.before.append("单位：千人")
            for _, _, slot in _figures(table):
                bare = slot.text.rstrip(SIGNS)
                if _is_number(bare):
                    slot.text = f"{Decimal(bare) / 1000}{slot.text[len(bare) :]}"
        elif table.table_id == "3-9":
            table.before.append("单位：个，人")


def chinese_years(report: Report, draw: random.Random) -> None:
    digits = dict(zip("0123456789", "〇一二三四五六七八九"))
    for at, table in enumerate(report.tables):
        for line in table.head:
            for slot in line:
                if slot.text.endswith("年") and slot.text[:4].isdigit():
                    said = "".join(digits[c] for c in slot.text[:4])
                    slot.text = (said.replace("〇", "O") if at % 2 else said) + "年"


def silent_years(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        table.title = table.title.replace(f"{report.year - 1}-{report.year}年", "").replace(f"{report.year}年", "")


def continued(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        if len(table.rows) > 6:
            table.parts = [draw.randrange(3, len(table.rows) - 1)]


def repeated_heads(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        if len(table.rows) > 6 and len(table.head) == 1:
            table.rows.insert(5, [Slot(s.text, s.rows, s.columns) for s in table.head[0]])


def page_marks(report: Report, draw: random.Random) -> None:
    for n, table in enumerate(report.tables):
        if len(table.rows) > 6:
            table.rows.insert(4, [Slot(f"— {n + 10} —", columns=table.width)])


def notes(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        table.after += ["注：数据由各校填报。", "说明：截至年底。"]


def prose_behind(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        table.after += ["从上表可以看出，各校情况良好，比上年有所提高。"]


def marks(report: Report, draw: random.Random) -> None:
    for n, table in enumerate(report.tables):
        slots = [s for _, _, s in _figures(table) if _is_number(s.text)]
        for slot, mark in zip(draw.sample(slots, min(3, len(slots))), SIGNS):
            slot.text += mark
        for line in table.head[:1]:
            line[-1].text += "①" if n % 3 == 0 else ""


def groups(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        own = [r for r in table.rows if len(r) == table.width and r[1].text in report.names]
        closing = [r for r in table.rows if len(r) < table.width]
        tiers = [entities()[report.names[r[1].text]].tier for r in own]
        if len(set(tiers)) < 2:
            continue
        made = []
        for tier in dict.fromkeys(tiers):
            part = [r for r, t in zip(own, tiers) if t == tier]
            sums = []
            for c in range(2, table.width):
                figures = [Decimal(r[c].text) for r in part if _is_number(r[c].text)]
                sums.append(Slot(str(sum(figures)) if figures else "/"))
            made += [[Slot(f"{tier}学校", columns=table.width)], *part, [Slot("小计", columns=2), *sums]]
        table.rows = made + closing


def side_by_side(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        if table.table_id in {"3-6", "4-10"} and all(len(row) == table.width for row in table.rows[:-1]):
            own, closing = table.rows[:-1], table.rows[-1]
            half = (len(own) + 1) // 2
            rows = []
            for n in range(half):
                right = own[half + n] if half + n < len(own) else [Slot(closing[0].text, columns=2), *closing[1:]]
                rows.append([*own[n], *right])
            if len(own) % 2 == 0:
                rows.append([Slot(closing[0].text, columns=2), *closing[1:], *[Slot("") for _ in range(table.width)]])
            table.head = [[*(Slot(s.text) for s in table.head[0]), *(Slot(s.text) for s in table.head[0])]]
            table.rows, table.width = rows, 2 * table.width


def transposed(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        if table.table_id in {"1-3", "3-3"} and all(len(row) == table.width for row in table.rows[:-1]):
            own, closing = table.rows[:-1], table.rows[-1]
            columns = [s.text for s in table.head[0]][2:]
            table.head = [[Slot("指标"), *(Slot(r[1].text) for r in own), Slot(closing[0].text)]]
            table.rows = [
                [Slot(h), *(Slot(r[c + 2].text) for r in own), Slot(closing[c + 1].text)] for c, h in enumerate(columns)
            ]
            table.width = len(own) + 2


def one_for_all(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        if table.table_id == "3-4":
            layout = _first()[1]["3-4"]
            row = table.rows[2]
            row[2].text = "1"
            code = report.names[row[1].text]
            report.truth[code, layout.columns[2].indicator, report.year] = 100.0


def missing_signs(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        layout = _first()[1][table.table_id]
        for n, sign in enumerate(("——", "", "-", "/")):
            if len(table.rows) > 6:
                row = table.rows[n + 1]
                at = 2 + (n % (table.width - 2))
                column = layout.columns[at]
                row[at].text = sign
                report.truth[report.names[row[1].text], column.indicator, column.year + report.year - 2023] = None


def broken_heads(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        for line in table.head:
            for slot in line:
                if len(slot.text) > 4:
                    at = draw.randrange(2, len(slot.text) - 1)
                    slot.text = slot.text[:at] + "\n" + slot.text[at:]


def two_closings(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        if len(table.rows[-1]) < table.width and table.table_id in {"1-2", "3-6", "6-1"}:
            table.rows.append([Slot(s.text, s.rows, s.columns) for s in table.rows[-1]])


def number_signs(report: Report, draw: random.Random) -> None:
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    for table in report.tables:
        for n, (_, _, slot) in enumerate(_figures(table)):
            if _is_number(slot.text) and "." not in slot.text:
                slot.text = (
                    f"{int(slot.text):,}" if n % 3 == 0 else slot.text.translate(wide) if n % 3 == 1 else slot.text
                )


def old_caption(report: Report, draw: random.Random) -> None:
    for table in report.tables:
        if table.table_id == "3-6":
            table.title = table.title.replace(str(report.year), str(report.year - 5))


def other_report_year(report: Report, draw: random.Random) -> None:
    report.opening[0] = report.opening[0].replace(str(report.year), str(report.year - 1))


MESSES: dict[str, Callable[[Report, random.Random], None]] = {  # in the order in which they are made together
    f.__name__: f
    for f in (
        other_report_year,
        old_caption,
        renamed_schools,
        reworded_heads,
        moved_tables,
        other_numbers,
        silent_years,
        chinese_years,
        unit_in_head,
        unit_line,
        one_for_all,
        missing_signs,
        number_signs,
        marks,
        broken_heads,
        two_closings,
        groups,
        side_by_side,
        transposed,
        repeated_heads,
        page_marks,
        continued,
        notes,
        prose_behind,
    )
}


# reading a report, confirming it as one who knows the answer, and judging what entered


@dataclass
class Outcome:
    """What a report came to.

    Attributes
    ----------
    silent : list
        figures that entered and are wrong.
    lost : list
        figures that neither entered nor stand in a table that is named as left out.
    early : int
        wrong figures before anything was confirmed.
    """

    right: int
    total: int
    silent: list
    lost: list
    early: int
    answers: dict
    reading: Reading


def entered(reading: Reading) -> dict[Key, set[float | None]]:
    """Figures that enter, as cleaning converts and corrects them."""
    got: dict[Key, set[float | None]] = {}
    for table in reading.tables:
        decided = {tuple(d["where"].values())[1:]: d["use"] for d in table.decided}
        for figure in table.figures(reading.place):
            place = (figure.entity, figure.column.indicator, figure.column.year)
            got.setdefault(place, set()).add(decided.get(place, figure.value))
    return got


def judge(report: Report, reading: Reading) -> tuple[int, list, list]:
    """Right, wrong and lost figures."""
    got, right, silent, lost = entered(reading), 0, [], []
    for key, value in report.truth.items():
        if key not in got:
            lost.append((key, value))
        elif all(
            v == value or v is not None and value is not None and abs(v - value) < 1e-9 * abs(v) for v in got[key]
        ):
            right += 1
        else:
            silent.append((key, value, got[key]))
    silent += [(key, None, got[key]) for key in got if key not in report.truth]
    return right, silent, lost


def answer(question: Question, report: Report) -> str:
    """What one who knows the report confirms."""
    if question.kind == "name":
        return {fold(name): code for name, code in report.names.items()}.get(fold(question.printed), NO)
    if question.kind == "head":
        return report.heads.get(question.printed.split("/")[0], question.proposed)
    if question.kind == "table":
        return next((t.table_id for t in report.tables if t.title in question.printed), YES)
    if question.kind in {"tail", "row"}:
        return NO
    return str(report.year) if question.kind == "year" else YES


def confirm(report: Report, document: Document, known: Known) -> Outcome:
    """Read, answer what is asked, read again, until nothing is open."""
    answers: dict = {}
    early: int | None = None
    while True:
        reading = read_tables(document, Study(known, "liuzhou", report.year, answers))
        early = len(judge(report, reading)[1]) if early is None else early
        if not (asked := reading.open()):
            break
        answers |= {q.key: answer(q, report) for q in asked}
    right, silent, lost = judge(report, reading)
    return Outcome(right, len(report.truth), silent, lost, early, answers, reading)


def printed(seed: int, messes: Iterable[str], form: str) -> tuple[Report, bytes]:
    """A report with its messes, in a form."""
    report = make(seed)
    for mess in sorted(messes, key=list(MESSES).index):
        MESSES[mess](report, random.Random(seed))
    return report, WRITERS[form](report)
