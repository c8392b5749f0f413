"""A sound collection as a source like any other: ``data/raw/collection-<year>``."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import yaml

from analysis.clean.cells import DESTINATION_COLUMNS, SPECIALTY_COLUMNS
from analysis.clean.prose import FACT_COLUMNS
from analysis.collect.check import Checked, Round
from analysis.collect.form import ANSWER, Collection, Form
from analysis.ground import paths
from analysis.ground.dictionary import indicators
from analysis.ground.files import read_yaml
from analysis.ground.numerals import is_missing

PROJECT_FIGURES = (
    ("cooperation_projects_reported", None),
    ("cooperation_project_people", "people"),
    ("cooperation_project_funds_10k_yuan", "money"),
)


def source_id(year: int) -> str:
    return f"collection-{year}"


def _csv(head: list[str], rows: list[list]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([head, *rows])
    return buffer.getvalue()


def _tables(
    collection: Collection, forms: dict[str, Form], answered: dict[str, Checked]
) -> tuple[dict[str, dict], dict[str, str]]:
    """Layout and CSV of every table; the second header line names the cell of the form that was filled in."""
    layouts, files = {}, {}
    lists = {spec.table_id: spec for spec in collection.lists if spec.table_id}
    asked: dict[str, list[tuple[str, str]]] = {}
    for form in forms.values():
        for questions in form.questions.values():
            for q in questions:
                # rows differ between tiers, so the sheet alone is named; a row is found by its label
                asked.setdefault(q.table_id, [])
                if (q.indicator.code, q.sheet) not in asked[q.table_id]:
                    asked[q.table_id].append((q.indicator.code, q.sheet))
    for table_id, layout in collection.layouts.items():
        figures, spec = asked.get(table_id, []), lists.get(table_id)
        if not figures and not spec:
            continue
        columns: list[dict[str, Any]] = [
            {"header": ["序号", ""], "role": "order"} | ({"fill": "down"} if spec and figures else {}),
            {"header": ["学校代码", ""], "role": "entity"} | ({"fill": "down"} if spec and figures else {}),
        ]
        columns += [
            {
                "header": [indicators()[code].label("zh"), f"{sheet} {ANSWER}"],
                "indicator": code,
                "year": collection.year,
            }
            for code, sheet in figures
        ]
        columns += (
            [{"header": [c.zh, f"{spec.title} {c.letter}"], "role": "field", "name": c.name} for c in spec.columns]
            if spec
            else []
        )
        named = {"name": layout.name} if layout.name else {}
        layouts[table_id] = {"title": layout.title, **named, "header_rows": 2, "columns": columns}
        rows, line = (
            [["header", 1, *(c["header"][0] for c in columns)], ["header", 2, *(c["header"][1] for c in columns)]],
            3,
        )
        order = 0  # counted where it is written: schools without an entry leave no gap
        for code, one in answered.items():
            records = one.lists.get(spec.name, []) if spec else []
            if figures and not _asked(forms[code], table_id):
                continue  # a table of the other tier
            for number in range(max(1 if figures else 0, len(records))):
                first = number == 0 or not figures
                order += first
                values = [one.figures.get(c, "") if number == 0 else "" for c, _ in figures]
                fields = (
                    [records[number][c.name] if number < len(records) else "" for c in spec.columns] if spec else []
                )
                rows.append(["record", line, order if first else "", code if first else "", *values, *fields])
                line += 1
        if line > 3:
            files[f"table_{table_id}.csv"] = _csv(
                ["kind", "line", *(f"c{i}" for i in range(1, len(columns) + 1))], rows
            )
        else:
            del layouts[table_id]
    return layouts, files


def _asked(form: Form, table_id: str) -> bool:
    return any(q.table_id == table_id for questions in form.questions.values() for q in questions)


def _facts(collection: Collection, answered: dict[str, Checked]) -> str:
    """Cooperation projects as dated figures: that there is one, its people and its money."""
    rows, spec = [], next((s for s in collection.lists if s.file == "facts.csv"), None)
    if spec is None:
        return ""
    for code, one in answered.items():
        for row in one.lists.get(spec.name, []):
            for indicator, column in PROJECT_FIGURES:
                raw = "1" if column is None else row[column]
                if is_missing(raw):
                    continue
                period = f"{row['started']}/.." if column is None else str(collection.year)
                note = "；".join(filter(None, [row["field"], row["document"]]))
                cell = f"{code}:{row['row']}:{indicator.rpartition('_')[2] if column is None else column}"
                rows.append(
                    [
                        f"{source_id(collection.year)}:{cell}",
                        source_id(collection.year),
                        f"form {spec.title}",
                        code,
                        indicator,
                        period,
                        raw,
                        indicators()[indicator].unit,
                        "exact",
                        "flow",
                        row["country"],
                        row["kind"],
                        f"{row['project']}（{row['partner']}）",
                        raw,
                        row["row"],
                        note,
                    ]
                )
    return _csv(FACT_COLUMNS, rows) if rows else ""


def _levels(collection: Collection, answered: dict[str, Checked]) -> dict[str, str]:
    """Specialties and destinations of graduates (levels L2 and L3)."""
    specialties, destinations = [], []
    for code, one in answered.items():
        for row in one.lists.get("specialties", []):
            specialties.append(
                [{"school": code, "year": collection.year}.get(c, row.get(c, "")) for c in SPECIALTY_COLUMNS[1:]]
            )
        for row in one.lists.get("destinations", []):
            destinations.append(
                [{"school": code, "year": collection.year}.get(c, row.get(c, "")) for c in DESTINATION_COLUMNS[1:]]
            )
    found = {
        "specialties.csv": (SPECIALTY_COLUMNS, specialties),
        "destinations.csv": (DESTINATION_COLUMNS, destinations),
    }
    return {name: _csv(columns[1:], rows) for name, (columns, rows) in found.items() if rows}


def import_round(done: Round, collection: Collection, forms: dict[str, Form], files: dict[str, Path]) -> Path:
    """Write a collection without standing faults to ``data/raw``; everything or nothing.

    Parameters
    ----------
    files : dict
        name of a workbook → its path, for its checksum.

    Raises
    ------
    ValueError
        if faults stand; if the folder holds something that no import wrote.
    """
    if not done.sound:
        raise ValueError(f"{len(done.faults)} faults stand; mend or waive them")
    target = paths.RAW / source_id(collection.year)
    declared = target / "source.yaml"
    if (
        target.exists()
        and ((read_yaml(declared, None) or {}) if declared.is_file() else {}).get("how_read", "") != HOW_READ
    ):
        raise ValueError(f"{paths.shown(target)} exists and was not written by an import")
    answered = {code: one for code in forms for one in done.checked if one.answers.school == code}
    layouts, written = _tables(collection, forms, answered)
    written |= _levels(collection, answered)
    if facts := _facts(collection, answered):
        written["facts.csv"] = facts
    listed = {spec.table_id: spec.name for spec in collection.lists if spec.table_id}
    asked_of = {
        code: [t for t in layouts if _asked(forms[code], t) or one.lists.get(listed.get(t, ""))]
        for code, one in answered.items()
    }
    about = {
        "id": source_id(collection.year),
        "title": f"{collection.year}年职业院校数据采集",
        "short_title": {"zh": f"院校数据采集{collection.year}", "en": f"Yearly collection {collection.year}"},
        "body": collection.office,
        "published": collection.closes,
        "report_year": collection.year,
        "covers": collection.covers,
        "names": "codes",
        "version": collection.version,
        "schools": asked_of,
        "absent": {f.school: reason for f, reason in done.waived if f.code in {"missing", "due"}},
        "waived": [
            {"school": f.school, "check": f.check, "reason": reason}
            for f, reason in done.waived
            if f.code not in {"missing", "due"}
        ],
        "comments": {code: one.comments for code, one in answered.items() if one.comments},
        "forms": {
            one.answers.file: hashlib.sha256(files[one.answers.file].read_bytes()).hexdigest()
            for one in answered.values()
        },
        "how_read": HOW_READ,
    }
    written["source.yaml"] = yaml.safe_dump(about, allow_unicode=True, sort_keys=False, width=4096)
    written["layout.yaml"] = yaml.safe_dump({"tables": layouts}, allow_unicode=True, sort_keys=False, width=4096)
    with tempfile.TemporaryDirectory(dir=paths.RAW, prefix=".collection-") as scratch:
        staged = Path(scratch) / "new"
        staged.mkdir()
        for name, text in written.items():
            (staged / name).write_text(text, encoding="utf-8")
        old = Path(scratch) / "old"
        if target.exists():
            os.replace(target, old)
        try:
            os.replace(staged, target)
        except BaseException:
            if old.exists():
                os.replace(old, target)
            raise
    return target


HOW_READ = "workbooks of the schools, checked by python -m analysis.collect"
