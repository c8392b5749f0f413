"""Forms as workbooks: empty ones for the schools, and marked copies of faulty ones. Equal input gives equal bytes.

Nothing of a workbook that came back is copied as it is:
a marked copy is a fresh form with the answers written in as numbers or text.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from string import ascii_uppercase

import xlsxwriter

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
    Form,
    ListSheet,
    Question,
)
from analysis.collect.words import Fault
from analysis.ground.outgoing import disarmed

CREATED = datetime.datetime(2000, 1, 1)
GUIDANCE = (
    "1. 只填写浅黄色单元格，和“专业”等清单表头以下的行；不增删行列，不改工作表名称，不加密、"
    "不隐藏（“选项”表也不要隐藏）。",
    "2. 只填数字本身，不填公式，不写单位；没有发生的填 0；无法提供的填“/”，并在“说明”栏写明原因。",
    "3. 与上年相比变动较大、与其他数字不符而属实的，在“说明”栏写明原因。",
    "4. 比率填百分数的数值：九成填 90，不填 0.9。",
    "5. 不填写任何个人的姓名、电话、证件号、邮箱；联系人由收表单位另行登记。",
    "6. 灰色为上年数，供核对；上年数有误的，在“说明”栏写明，不改灰色单元格。",
    "7. “专业”“就业去向”“对外合作项目”等表一行一项，没有的留空。",
)
HEADS = ("表", "指标", "单位", "上年（{before}年）", "本年（{year}年）", "说明", "口径")


def _formats(book: xlsxwriter.Workbook) -> dict:
    base: dict[str, object] = {"font_name": "等线", "font_size": 11, "valign": "vcenter"}
    looks: dict[str, dict[str, object]] = {
        "plain": {},
        "title": {"bold": True, "font_size": 14},
        "note": {"font_color": "#555555"},
        "head": {"bold": True, "bottom": 1, "text_wrap": True, "bg_color": "#E8EEF4"},
        "label": {"text_wrap": True},
        "last": {"font_color": "#666666", "bg_color": "#EEEEEE", "num_format": "#,##0.##"},
        "input": {
            "bg_color": "#FFF9DB",
            "border": 1,
            "border_color": "#C9C2A0",
            "locked": False,
            "num_format": "General",
        },
        "text": {
            "bg_color": "#FFF9DB",
            "border": 1,
            "border_color": "#C9C2A0",
            "locked": False,
            "num_format": "@",
            "text_wrap": True,
        },
        "marked": {"bg_color": "#FFD6D1", "border": 2, "border_color": "#B3261E", "locked": False},
        "open": {"locked": False, "num_format": "@"},
        "open_number": {"locked": False, "num_format": "General"},
        "warn": {"font_color": "#B3261E", "bold": True},
    }
    return {name: book.add_format(base | look) for name, look in looks.items()}


def _page(sheet, heads: int = 0) -> None:
    """Printed on A4, as wide as the page, heads on every page."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    if heads:
        sheet.repeat_rows(heads - 1)


def _comment(sheet, cell: str, messages: list[str]) -> None:
    sheet.write_comment(cell, "\n".join(messages), {"x_scale": 2.2, "y_scale": 1.4, "author": ""})


def _put(sheet, cell: str, value: str | float | None, look) -> None:
    """Numbers as numbers, everything else as text that stays text: no answer becomes a formula,
    here or in a copy saved as CSV."""
    if value is None or value == "":
        sheet.write_blank(cell, None, look)
    elif isinstance(value, str):
        sheet.write_string(cell, disarmed(value), look)
    else:
        sheet.write_number(cell, value, look)


def _bounds(question: Question) -> dict:
    """Data validation of a figure: what may be entered, said when it is selected."""
    low, high = question.indicator.range
    whole = question.indicator.kind == "count"
    said = f"{question.indicator.definitions['zh']}（{question.indicator.unit}）"
    rule = {
        "validate": "integer" if whole else "decimal",
        "input_title": question.indicator.label("zh")[:32],
        "input_message": said[:255],
        "error_type": "information",
        "error_title": "请核对",
        "error_message": f"应为{'整数' if whole else '数字'}，单位：{question.indicator.unit}。无法提供的填“/”并说明。",
    }
    if high is None:
        return rule | {"criteria": ">=", "value": low or 0}
    return rule | {"criteria": "between", "minimum": low or 0, "maximum": high}


def _figures(book, looks: dict, form: Form, name: str, questions: list[Question], answers: dict, marks: dict) -> None:
    sheet, year = book.add_worksheet(name), form.collection.year
    sheet.write_string("A1", form.identity, looks["note"])
    sheet.write_string("A2", name, looks["title"])
    sheet.write_string("A3", "填写浅黄色单元格；灰色为上年数。", looks["note"])
    for column, head in zip("ABCDEFG", HEADS):
        sheet.write_string(f"{column}{FIRST_ROW - 1}", head.format(year=year, before=year - 1), looks["head"])
    before, where = form.collection.before(form.school.code), {q.indicator.code: q.row for q in questions}
    for q in questions:
        for column, text in (
            ("A", f"表{q.table_id}"),
            ("B", q.indicator.label("zh")),
            ("C", q.indicator.unit),
            ("G", q.indicator.definitions["zh"]),
        ):
            sheet.write_string(f"{column}{q.row}", text, looks["label"])
        _put(sheet, f"D{q.row}", before.get(q.indicator.code), looks["last"])
        for column, look in ((ANSWER, "input"), (COMMENT, "text")):
            cell = f"{column}{q.row}"
            _put(sheet, cell, answers.get((name, cell)), looks["marked" if (name, cell) in marks else look])
            if (name, cell) in marks:
                _comment(sheet, cell, marks[name, cell])
        sheet.data_validation(q.cell, _bounds(q))
        for part, whole in form.collection.pairs:
            if q.indicator.code == part and whole in where:
                sheet.conditional_format(
                    q.cell,
                    {
                        "type": "formula",
                        "criteria": (
                            f"=AND(ISNUMBER({q.cell}),ISNUMBER({ANSWER}{where[whole]}),{q.cell}>{ANSWER}{where[whole]})"
                        ),
                        "format": looks["warn"],
                    },
                )
    for column, width in zip("ABCDEFG", (8, 26, 8, 14, 14, 30, 44)):
        sheet.set_column(f"{column}:{column}", width)
    sheet.freeze_panes(FIRST_ROW - 1, 2)
    _page(sheet, FIRST_ROW - 1)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def _rows(book, looks: dict, form: Form, spec: ListSheet, options: dict[str, str], answers: dict, marks: dict) -> None:
    sheet = book.add_worksheet(spec.title)
    for column in spec.columns:
        sheet.set_column(
            f"{column.letter}:{column.letter}",
            30 if column.kind == "text" else 18 if column.kind == "choice" else 13,
            looks["open_number" if column.kind in {"count", "amount"} else "open"],
        )
        sheet.write_string(
            f"{column.letter}{FIRST_ROW - 1}",
            f"{column.zh}{f'（{column.unit}）' if column.unit else ''}{'＊' if column.required else ''}",
            looks["head"],
        )
        area = f"{column.letter}{FIRST_ROW}:{column.letter}{spec.last_row}"
        if column.kind == "choice":
            sheet.data_validation(
                area,
                {
                    "validate": "list",
                    "source": options[column.choices],
                    "input_title": column.zh,
                    "input_message": column.hint,
                    "error_message": "请从下拉选项中选择。",
                },
            )
        elif column.kind in {"count", "amount"}:
            sheet.data_validation(
                area,
                {
                    "validate": "integer" if column.kind == "count" else "decimal",
                    "criteria": ">=",
                    "value": 0,
                    "input_title": column.zh,
                    "input_message": column.hint,
                    "error_type": "information",
                    "error_message": f"应为数字，单位：{column.unit}。",
                },
            )
        else:
            sheet.data_validation(area, {"validate": "any", "input_title": column.zh, "input_message": column.hint})
    # the column formats leave cells open to answers; what is not an answer is closed again
    for row, text, look in (
        (0, form.identity, "note"),
        (1, spec.title, "title"),
        (2, f"一行一项，最多 {spec.rows} 行；＊为必填。没有的留空。", "note"),
    ):
        for place in range(len(spec.columns)):
            sheet.write_blank(row, place, None, looks["plain"])
        sheet.write_string(row, 0, text, looks[look])
    for (name, cell), value in answers.items():
        if name == spec.title and (name, cell) not in marks:
            _put(sheet, cell, value, looks["open_number" if isinstance(value, float) else "open"])
    for (name, cell), messages in marks.items():
        if name == spec.title:
            _put(sheet, cell, answers.get((name, cell)), looks["marked"])
            _comment(sheet, cell, messages)
    sheet.freeze_panes(FIRST_ROW - 1, 1)
    _page(sheet, FIRST_ROW - 1)
    sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True})


def _cover(book, looks: dict, form: Form, answers: dict, marks: dict) -> None:
    sheet, collection = book.add_worksheet(COVER), form.collection
    sheet.set_column("A:A", 18)
    sheet.set_column("B:B", 48)
    sheet.write_string("A1", form.identity, looks["note"])
    sheet.write_string("A2", f"{collection.year}年职业院校数据填报表", looks["title"])
    fixed = {
        "school": form.school.code,
        "name": form.school.name("zh"),
        "year": str(collection.year),
        "version": collection.version,
    }
    labels = {
        "school": "学校代码",
        "name": "学校名称",
        "year": "填报年度",
        "version": "表格版本",
        "department": "填报部门",
        "filled": "填报日期",
    }
    for key, cell in COVER_FIXED.items():
        sheet.write_string(f"A{cell[1:]}", labels[key], looks["label"])
        sheet.write_string(cell, fixed[key], looks["plain"])
    for row, label, text in (
        (7, "收表单位", collection.office),
        (8, "填报时间", f"{collection.opens} 至 {collection.closes}（截止）"),
    ):
        sheet.write_string(f"A{row}", label, looks["label"])
        sheet.write_string(f"B{row}", text, looks["plain"])
    for key, cell in COVER_ANSWERS.items():
        sheet.write_string(f"A{cell[1:]}", labels[key], looks["label"])
        _put(sheet, cell, answers.get((COVER, cell)), looks["marked" if (COVER, cell) in marks else "text"])
        if (COVER, cell) in marks:
            _comment(sheet, cell, marks[COVER, cell])
    sheet.data_validation(
        COVER_ANSWERS["department"],
        {"validate": "any", "input_title": "填报部门", "input_message": "部门名称，如“教务处”；不写个人姓名、电话。"},
    )
    sheet.data_validation(
        COVER_ANSWERS["filled"], {"validate": "any", "input_title": "填报日期", "input_message": "YYYY-MM-DD"}
    )
    sheet.protect("")


def _guide(book, looks: dict, form: Form) -> None:
    sheet = book.add_worksheet(GUIDE)
    sheet.set_column("A:A", 100)
    sheet.write_string("A1", form.identity, looks["note"])
    sheet.write_string("A2", "填报说明", looks["title"])
    for row, text in enumerate(GUIDANCE, 4):
        sheet.write_string(f"A{row}", text, looks["label"])
    sheet.protect("")


def _places(form: Form) -> dict[str, str]:
    """Where each list of choices lies on its sheet."""
    used = dict.fromkeys(c.choices for spec in form.collection.lists for c in spec.columns if c.choices)
    return {
        name: f"='{OPTIONS}'!${letter}$3:${letter}${2 + len(form.collection.choices[name])}"
        for letter, name in zip(ascii_uppercase, used)
    }


def _options(book, looks: dict, form: Form, places: dict[str, str]) -> None:
    """The sheet of choices: shown, because hidden sheets are refused."""
    sheet = book.add_worksheet(OPTIONS)
    sheet.write_string("A1", form.identity, looks["note"])
    for letter, name in zip(ascii_uppercase, places):
        for row, text in enumerate(form.collection.choices[name], 3):
            sheet.write_string(f"{letter}{row}", text, looks["plain"])
        sheet.set_column(f"{letter}:{letter}", 26)
    sheet.protect("")


def _fault_list(book, looks: dict, faults: list[Fault]) -> None:
    sheet = book.add_worksheet(FAULTS)
    _page(sheet, 1)
    for column, (head, width) in enumerate((("工作表", 16), ("单元格", 9), ("填写", 22), ("问题", 60), ("改法", 50))):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, looks["head"])
    for row, fault in enumerate(faults, 1):
        for column, text in enumerate(
            (fault.sheet, fault.cell, fault.entered or "", fault.wrong("zh"), fault.remedy("zh"))
        ):
            sheet.write_string(row, column, disarmed(text), looks["label"])


def write_form(
    form: Form, path: Path, answers: dict[tuple[str, str], str | float] | None = None, faults: list[Fault] | None = None
) -> None:
    """Write the form of a school.

    Parameters
    ----------
    answers : dict
        (sheet, cell) → number or text, for a marked copy.
    faults : list of Fault
        marked in their cells, with what is wrong as a comment, and listed on a sheet of their own.
    """
    answers = answers or {}
    marks: dict[tuple[str, str], list[str]] = {}
    for fault in faults or []:
        if fault.sheet and fault.cell:
            marks.setdefault((fault.sheet, fault.cell), []).append(f"{fault.wrong('zh')}。{fault.remedy('zh')}。")
    with xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    ) as book:
        book.set_properties(
            {
                "title": f"{form.collection.year} {form.school.name('zh')}",
                "author": form.collection.office,
                "created": CREATED,
            }
        )
        looks = _formats(book)
        if faults:
            _fault_list(book, looks, faults)
        _cover(book, looks, form, answers, marks)
        _guide(book, looks, form)
        places = _places(form)
        for name, questions in form.questions.items():
            _figures(book, looks, form, name, questions, answers, marks)
        for spec in form.collection.lists:
            _rows(book, looks, form, spec, places, answers, marks)
        _options(book, looks, form, places)
