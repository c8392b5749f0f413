"""A made-up collection: what eleven schools might hand in for 2024. Nobody reported these figures.

The answers continue those of the year before so that every relation holds; what jumps is commented.
``python -m tests.made_up_year FOLDER`` writes the forms with two schools late and a fault of each kind, as
``docs/adding_a_year.md`` tells it.
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import openpyxl

from analysis.collect.__main__ import forms_of
from analysis.collect.check import Checker
from analysis.collect.form import COMMENT, COVER, COVER_ANSWERS, Collection, Form, load_collection
from analysis.collect.write import write_form

YEAR, IN_TIME = 2024, datetime.date(2025, 4, 1)  # the year asked about, and a day on which no form is late
COMPARED = "虚构：与上年口径不同"


def figures(form: Form) -> dict[str, float | str]:
    """Answers of a school: last year's figures, bent until the relations hold."""
    before = form.collection.before(form.school.code)
    asked = [q.indicator.code for qs in form.questions.values() for q in qs]
    v: dict[str, float | str] = {code: before.get(code, 0.0) for code in asked}
    students = before.get("students", 100.0)
    v["students"], v["specialties_offered"] = students, max(v["specialties_offered"], v["specialties_recruiting"], 1)
    v["graduates"] = min(v["graduates"], students // 3)
    v["intake"] = v["graduates"]
    v["placed"] = round(0.95 * v["graduates"])
    v["placement_rate_pct"] = round(100 * v["placed"] / v["graduates"], 2) if v["graduates"] else "/"
    v["further_study_higher_vocational"], v["further_study_bachelor"] = v["placed"] // 4, v["placed"] // 8
    v["specialties_added"], v["specialties_withdrawn"] = 1.0, 0.0
    if "admitted" in v:
        v["admitted"], v["registered"] = v["intake"], round(0.96 * v["intake"])
        v["registration_rate_pct"] = round(100 * v["registered"] / v["admitted"], 2)
    grades = [c for c in v if c.startswith("intake_grade_")]
    v |= {c: min(v[c], v["intake"] // 8) for c in grades}
    v["staff"] = max(v["staff"], v["teachers"], v["senior_title_staff"], v["doctorates"])
    v["dual_qualified_teachers"] = min(v["dual_qualified_teachers"], v["teachers"])
    v["interns"] = min(v["interns"], v["students"], v["internship_positions"])
    v["rural_training_person_times"] = min(v["rural_training_person_times"], v["training_person_times"])
    for whole, parts in (
        ("certificates_1x", ("junior", "middle", "senior")),
        ("resource_libraries", ("national", "region", "school")),
        ("online_courses", ("national", "region", "school")),
    ):
        v[whole] = sum(v[f"{whole}_{p}"] for p in parts)
    v["equipment_per_student_yuan"] = round(10000 * v["equipment_value_10k_yuan"] / v["students"], 2)
    return {code: v[code] for code in asked}


def rows(v: dict[str, float | str]) -> dict[str, list[dict]]:
    """Rows of the lists: two specialties that add up to the figures, where their graduates went, one college,
    one project."""
    half = {c: v[c] // 2 for c in ("intake", "students", "graduates", "placed")}
    study = (v["further_study_higher_vocational"] + v["further_study_bachelor"]) // 2
    first = half | {
        "specialty_code": "460702",
        "specialty": "新能源汽车技术",
        "further_study": study,
        "not_placed": half["graduates"] - half["placed"],
        "unknown": 0.0,
    }
    rest = {c: v[c] - half[c] for c in half}
    second = rest | {
        "specialty_code": "530701",
        "specialty": "电子商务",
        "further_study": v["further_study_higher_vocational"] + v["further_study_bachelor"] - study,
        "not_placed": rest["graduates"] - rest["placed"],
        "unknown": 0.0,
    }
    return {
        "specialties": [first, second],
        "destinations": [
            {
                "specialty_code": "460702",
                "specialty": "新能源汽车技术",
                "industry": "C 制造业",
                "region": "柳州市",
                "graduates": half["placed"] - study,
            }
        ],
        "specialty_changes": [{"specialty_added": "新能源汽车技术"}],
        "industry_colleges": [{"college": "虚构产业学院", "level": "校级", "founded": "2024", "partners": "虚构公司"}],
        "projects": [
            {
                "project": "虚构合作项目",
                "partner": "虚构大学",
                "country": "泰国",
                "kind": "合作办学项目",
                "field": "汽车",
                "started": "2024-09",
                "people": 30.0,
                "money": 12.5,
                "document": "虚构协议",
            }
        ],
    }


def answers(form: Form) -> dict[tuple[str, str], float | str]:
    """(sheet, cell) → what a careful school enters."""
    v = figures(form)
    filled: dict[tuple[str, str], float | str] = {
        (COVER, COVER_ANSWERS["department"]): "教务处",
        (COVER, COVER_ANSWERS["filled"]): f"{YEAR + 1}-03-20",
    }
    for questions in form.questions.values():
        for q in questions:
            filled[q.sheet, q.cell] = v[q.indicator.code]
            if v[q.indicator.code] == "/":
                filled[q.sheet, f"{COMMENT}{q.row}"] = "虚构：没有"
    for spec in form.collection.lists:
        for number, row in enumerate(rows(v).get(spec.name, []), 5):
            filled |= {
                (spec.title, f"{c.letter}{number}"): row[c.name] for c in spec.columns if row.get(c.name, "") != ""
            }
    return filled


def fill(path: Path, filled: dict[tuple[str, str], object]) -> None:
    """Enter answers with another program than the one that wrote the form."""
    book = openpyxl.load_workbook(path)
    for (sheet, cell), value in filled.items():
        book[sheet][cell] = value
    book.save(path)


def hand_in(folder: Path, collection: Collection | None = None) -> dict[str, Path]:
    """All forms filled in soundly; what the checks ask about is commented. Path by school."""
    collection = collection or load_collection(YEAR)
    forms = forms_of(collection)
    checker, written = Checker(collection, forms), {}
    for code, form in forms.items():
        path = folder / collection.file_name(form.school)
        write_form(form, path)
        fill(path, answers(form))
        asked = {(f.sheet, f"{COMMENT}{f.cell[1:]}"): COMPARED for f in checker.check(path).faults if f.level == "ask"}
        if asked:
            fill(path, asked)
        written[code] = path
    return written


def spoil(written: dict[str, Path], collection: Collection) -> None:
    """Two schools late, and faults of each kind in the forms of others."""
    codes = list(written)
    written[codes[9]].unlink()  # late: nothing handed in
    fill(written[codes[8]], {(COVER, COVER_ANSWERS["filled"]): "2025-04-20"})  # late by its own date
    cell = {q.indicator.code: (q.sheet, q.cell) for qs in forms_of(collection)[codes[0]].questions.values() for q in qs}
    fill(
        written[codes[0]],
        {
            cell["students"]: "=SUM(1,2)",
            cell["teachers"]: "约五百",
            cell["satisfaction_overall_pct"]: 190.0,
            cell["interns"]: None,
        },
    )
    fill(written[codes[1]], {cell["graduates"]: 1.0, (COVER, COVER_ANSWERS["department"]): "教务处 13800000000"})
    fill(
        written[codes[2]],
        {
            ("对外合作项目", "C5"): "泰王国",
            ("专业", "A6"): "460702",
            ("产业学院", "A5"): "=cmd",
            ("学生与招生", "A1"): "2024 · liuzhou_first · 柳一职",
        },
    )
    book = openpyxl.load_workbook(written[codes[3]])
    book["选项"].sheet_state = "hidden"
    book.save(written[codes[3]])


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if target.exists():
        sys.exit(f"{target} is there already; name a new folder")
    target.mkdir(parents=True)
    declared = load_collection(YEAR)
    spoil(hand_in(target, declared), declared)
