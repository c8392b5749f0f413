"""All faults of all workbooks at once: every answer by itself, against the others, and against last year."""

from __future__ import annotations

import datetime
import difflib
import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pandas as pd

from analysis.clean.cells import RULES as ROW_RULES
from analysis.clean.cells import SPECIALTY_CODE
from analysis.clean.prose import FACT_COLUMNS
from analysis.clean.tables import OBSERVATION_COLUMNS
from analysis.collect.form import COMMENT, COVER, COVER_ANSWERS, Collection, Column, Form, ListSheet, Question
from analysis.collect.read import Answers, read_answers
from analysis.collect.words import Fault
from analysis.ground.dictionary import entities, indicators
from analysis.ground.errors import Problems
from analysis.ground.files import read_yaml
from analysis.ground.guard import MEMORY, SECONDS, Stopped, guarded
from analysis.ground.numerals import NotANumber, is_missing, parse_number
from analysis.ground.outgoing import disarmed, personal
from analysis.reconcile.book import Book, NoData
from analysis.reconcile.formulas import Context
from analysis.reconcile.judge import holds, judge, printed_step
from analysis.reconcile.rules import Rules, load_rules


@dataclass
class Checked:
    """One workbook after all checks: clean values for the import, and faults."""

    answers: Answers
    figures: dict[str, str] = field(default_factory=dict)  # indicator → as entered; "/" for not available
    comments: dict[str, str] = field(default_factory=dict)  # indicator → comment
    lists: dict[str, list[dict]] = field(default_factory=dict)  # list → rows of column → text, with "row"
    faults: list[Fault] = field(default_factory=list)


def shown(value: str | float) -> str:
    """An answer as text, without a decimal point that nobody typed."""
    return value if isinstance(value, str) else format(Decimal(f"{value:.15g}").normalize(), "f")


class Checker:
    """The form of one year with the relations that answers must satisfy."""

    def __init__(self, collection: Collection, forms: dict[str, Form]):
        self.collection, self.forms = collection, forms
        empty = Book(
            pd.DataFrame(columns=OBSERVATION_COLUMNS),
            pd.DataFrame(columns=[*FACT_COLUMNS, "lower", "upper"]),
            {},
            entities(),
            indicators(),
            collection.covers,
        )
        self.rules: Rules = load_rules("", empty, claims=Path("no claims"))
        self.questions = {
            tier: {q.indicator.code: q for qs in collection.questions(tier).values() for q in qs}
            for tier in {f.school.tier for f in forms.values()}
        }

    def check(self, path: Path) -> Checked:
        """Read and check one workbook."""
        answers = read_answers(path, self.collection, self.forms)
        checked = Checked(answers, faults=list(answers.faults))
        if not answers.refused:
            one = _One(self, self.forms[answers.school], checked)
            one.run()
        return checked


class _One:
    """The checks of one workbook."""

    def __init__(self, checker: Checker, form: Form, checked: Checked):
        self.checker, self.form, self.checked, self.answers = checker, form, checked, checked.answers
        self.collection = form.collection
        self.questions: dict[str, Question] = checker.questions[form.school.tier]
        self.values: dict[str, float] = {}
        self.known_bad = {(f.sheet, f.cell) for f in checked.faults}
        # cells for words; a number there is looked at as text
        self.texts = {(q.sheet, f"{COMMENT}{q.row}") for qs in form.questions.values() for q in qs} | {
            (COVER, COVER_ANSWERS["department"])
        }
        self.texts |= {
            (s.title, f"{c.letter}{row}")
            for s in form.collection.lists
            for c in s.columns
            if c.kind == "text"
            for row in self.answers.rows.get(s.title, ())
        }
        self.spoiled = {f.sheet for f in checked.faults if f.code in {"other_school", "moved"}}

    def run(self) -> None:
        self._cover()
        self._texts()
        for questions in self.form.questions.values():
            for question in questions:
                if question.sheet not in self.spoiled:
                    self._figure(question)
        for spec in self.collection.lists:
            if spec.title not in self.spoiled:
                self.checked.lists[spec.name] = self._rows(spec)
        self._specialties()
        self._against_each_other()
        self._against_last_year()

    def _add(
        self, code: str, sheet: str, cell: str, about: str, entered: str | float | None = None, /, **values: object
    ) -> None:
        self.checked.faults.append(
            Fault(
                self.answers.file,
                code,
                self.form.school.code,
                sheet,
                cell,
                about,
                None if entered is None else shown(entered),
                values,
            )
        )

    def _at(self, indicator: str, code: str, /, **values: object) -> None:
        """A fault of a figure; one that only asks is settled by a comment beside it."""
        question = self.questions[indicator]
        fault = Fault(
            self.answers.file,
            code,
            self.form.school.code,
            question.sheet,
            question.cell,
            indicator,
            self.checked.figures.get(indicator),
            values,
        )
        if fault.level != "ask" or not self.checked.comments.get(indicator):
            self.checked.faults.append(fault)

    # every answer by itself

    def _cover(self) -> None:
        department, filled = (self.answers.cells.get((COVER, COVER_ANSWERS[key])) for key in ("department", "filled"))
        if not department:
            self._add("department", COVER, COVER_ANSWERS["department"], "department")
        written = re.fullmatch(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?: .*)?", shown(filled) if filled else "")
        try:
            date = datetime.date(*map(int, written.groups())) if written else None
        except ValueError:
            date = None
        if date is None or not self.collection.year <= date.year <= self.collection.year + 2:
            self._add("date", COVER, COVER_ANSWERS["filled"], "filled", filled)
            return
        if date.isoformat() > self.collection.closes:
            self._add("late", COVER, COVER_ANSWERS["filled"], "", filled, deadline=self.collection.closes)

    def _texts(self) -> None:
        for (sheet, cell), value in self.answers.cells.items():
            if personal(shown(value)) and (isinstance(value, str) or (sheet, cell) in self.texts):
                self._add("personal", sheet, cell, f"{sheet}!{cell}", shown(value))
            # an apostrophe may stand there from a list that was disarmed before
            elif (
                isinstance(value, str)
                and disarmed(value.removeprefix("'")) != value.removeprefix("'")
                and not is_missing(value)
            ):
                self._add("text_like_formula", sheet, cell, f"{sheet}!{cell}", value)

    def _figure(self, question: Question) -> None:
        indicator = question.indicator
        place = (question.sheet, question.cell)
        comment = self.answers.cells.get((question.sheet, f"{COMMENT}{question.row}"))
        if comment:
            self.checked.comments[indicator.code] = shown(comment)
        if place in self.known_bad:
            return
        entered = self.answers.cells.get(place)
        if entered is None:
            self._at(indicator.code, "empty")
            return
        self.checked.figures[indicator.code] = shown(entered)
        try:
            value = parse_number(shown(entered), indicator.unit)
        except NotANumber as reason:
            if not shown(entered).strip().isdecimal():
                self._at(indicator.code, "not_a_number", reason=reason)
                return
            value = math.inf  # a number, and more than any figure
        if value is None:
            self._at(indicator.code, "unexplained")
            return
        low, high = indicator.range
        if not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high):
            self._at(
                indicator.code,
                "range",
                low="0" if low is None else f"{low:g}",
                high="∞" if high is None else f"{high:g}",
                unit=indicator.unit,
            )
        elif indicator.kind == "count" and value != int(value):
            self._at(indicator.code, "not_whole")
        else:
            self.values[indicator.code] = value

    def _rows(self, spec: ListSheet) -> list[dict]:
        rows: list[dict] = []
        seen: dict[tuple[str, ...], int] = {}
        for number in self.answers.rows.get(spec.title, ()):
            row: dict = {"row": number}
            for column in spec.columns:
                cell = f"{column.letter}{number}"
                entered = self.answers.cells.get((spec.title, cell))
                row[column.name] = "" if entered is None else shown(entered)
                if entered is None or (column.required and is_missing(shown(entered))):
                    if column.required and (spec.title, cell) not in self.known_bad:
                        self._add("required", spec.title, cell, f"{spec.name}.{column.name}", None, column=column.zh)
                elif found := self._column_fault(column, entered):
                    self._add(found[0], spec.title, cell, f"{spec.name}.{column.name}", entered, **found[1])
                elif column.kind == "choice":
                    row[column.name] = self.collection.choices[column.choices][shown(entered)]
            key = tuple(row[k] for k in spec.key)
            if spec.key and all(key) and key in seen:
                self._add(
                    "doubled",
                    spec.title,
                    f"{spec.columns[0].letter}{number}",
                    f"{spec.name}:{'·'.join(key)}",
                    row=seen[key],
                )
            seen.setdefault(key, number)
            rows.append(row)
        return rows

    def _column_fault(self, column: Column, entered: str | float) -> tuple[str, dict] | None:
        text = shown(entered)
        if column.kind == "choice" and text not in self.collection.choices[column.choices]:
            near = difflib.get_close_matches(text, self.collection.choices[column.choices], 1, 0.4)
            return "choice", {"near": near[0] if near else "—"}
        if column.kind == "code" and not (SPECIALTY_CODE.fullmatch(text) and int(text[:2]) % 20):
            return "code", {}
        if column.kind == "year":
            found = re.fullmatch(r"(19[0-9]{2}|20[0-9]{2})(?:-(0[1-9]|1[0-2]))?", text)
            return None if found and int(found[1]) <= self.collection.year else ("year", {"year": self.collection.year})
        if column.kind in {"count", "amount"}:
            try:
                value = parse_number(text)
            except NotANumber as reason:
                if text.strip().isdecimal():  # a number, and more than any figure
                    return "range", {"low": "0", "high": "∞", "unit": column.unit}
                return "not_a_number", {"reason": reason}
            if value is not None and (value < 0 or not math.isfinite(value)):
                return "range", {"low": "0", "high": "∞", "unit": column.unit}
            if value is not None and column.kind == "count" and value != int(value):
                return "not_whole", {}
        return None

    # rows against rows and figures

    def _number(self, row: dict, column: str) -> float | None:
        try:
            return parse_number(row[column])
        except NotANumber:
            return None  # reported in its cell

    def _specialties(self) -> None:
        specs = {spec.name: spec for spec in self.collection.lists}
        for name, rows in self.checked.lists.items():
            for column, whole in specs[name].totals:
                indicators_of = whole.split(" + ")
                if not rows or not all(i in self.values for i in indicators_of):
                    continue
                numbers, total = [self._number(row, column) for row in rows], sum(self.values[i] for i in indicators_of)
                given = sum(n for n in numbers if n is not None)
                # rows that are not available leave room, but no room for more than the whole
                if round(given - total, 9) > 0 or (None not in numbers and round(given - total, 9) != 0):
                    self._at(indicators_of[0], "total", sheet=specs[name].title, a=given, b=total)
        if "specialties" not in self.checked.lists:
            return
        spec = specs["specialties"]
        names = {c.name: c for c in spec.columns}
        in_work: dict[str, float | None] = {}
        for row in self.checked.lists["specialties"]:
            n = {
                c: self._number(row, c)
                for c in ("intake", "students", "graduates", "placed", "further_study", "not_placed", "unknown")
            }
            for part, whole in ROW_RULES:
                a, b = n[part], n[whole]
                if a is not None and b is not None and a > b:
                    self._add(
                        "row_sum",
                        spec.title,
                        f"{names[part].letter}{row['row']}",
                        f"specialties:{row['specialty_code']}:{part}",
                        row[part],
                        part=names[part].zh,
                        whole=names[whole].zh,
                        a=a,
                        b=b,
                    )
            graduates = n["graduates"]
            parts = [v for c in ("placed", "not_placed", "unknown") if (v := n[c]) is not None]
            if len(parts) == 3 and graduates is not None and sum(parts) != graduates:
                self._add(
                    "parts",
                    spec.title,
                    f"{names['graduates'].letter}{row['row']}",
                    f"specialties:{row['specialty_code']}:parts",
                    row["graduates"],
                    a=sum(parts),
                    b=graduates,
                )
            in_work[row["specialty_code"]] = (
                None if n["placed"] is None or n["further_study"] is None else n["placed"] - n["further_study"]
            )
        if "destinations" not in self.checked.lists:
            return
        sums: dict[str, float] = {}
        first: dict[str, int] = {}
        for row in self.checked.lists["destinations"]:
            code = row["specialty_code"]
            first.setdefault(code, row["row"])
            sums[code] = sums.get(code, 0) + (self._number(row, "graduates") or 0)
            if code and code not in in_work:
                self._add(
                    "unlisted",
                    specs["destinations"].title,
                    f"A{row['row']}",
                    "destinations.specialty_code",
                    code,
                    sheet=spec.title,
                )
        for code, total in sums.items():
            most = in_work.get(code)
            if most is not None and total > most:
                self._add(
                    "in_work",
                    specs["destinations"].title,
                    f"A{first[code]}",
                    f"destinations:{code}",
                    code,
                    a=total,
                    b=most,
                )

    # figures against figures

    def _book(self) -> Book:
        """This school's answers and its figures of last year, as the audit reads them."""
        school, rows = self.form.school, []
        common = {
            "source_id": "collection",
            "table_id": "",
            "entity": school.code,
            "entity_raw": "",
            "tier": school.tier,
            "aggregate_rule": "",
        }
        for year, values in (
            (self.collection.year, self.values),
            (self.collection.year - 1, self.collection.before(school.code)),
        ):
            rows += [
                common | {"indicator": code, "year": year, "value": value, "raw": f"{value:g}"}
                for code, value in values.items()
            ]
        records = {}
        for spec in self.collection.lists:
            if spec.table_id and spec.name in self.checked.lists:
                layout = self.collection.layouts.get(spec.table_id)
                records[layout.name if layout and layout.name else spec.table_id] = pd.DataFrame(
                    [
                        {
                            **common,
                            "table_id": spec.table_id,
                            "line": r["row"],
                            **{c.name: r[c.name] for c in spec.columns},
                        }
                        for r in self.checked.lists[spec.name]
                    ],
                    columns=["source_id", "table_id", "entity", "tier", "line", *(c.name for c in spec.columns)],
                )
        return Book(
            pd.DataFrame(rows, columns=OBSERVATION_COLUMNS),
            pd.DataFrame(columns=[*FACT_COLUMNS, "lower", "upper"]),
            records,
            entities() | {school.code: school},
            indicators(),
            self.collection.covers,
        )

    def _against_each_other(self) -> None:
        book, rules = self._book(), self.checker.rules
        context = Context(self.form.school.code, self.collection.year)
        for rule in rules.of_indicator.values():
            if rule.indicator not in self.values:
                continue
            try:
                result = rule.formula.evaluate(book, context)
            except NoData:
                continue  # not asked of this school, or reported in its cell
            # a workbook drops closing zeros: rates and figures per head are held to two decimals however many digits
            # are left
            if (
                judge(
                    self.values[rule.indicator],
                    result.value,
                    min(0.01, printed_step(self.checked.figures[rule.indicator])) if rule.kind == "ratio" else 1.0,
                )[0]
                == "disagrees"
            ):
                self._at(
                    rule.indicator,
                    "ratio_unusual" if rule.note else "ratio",
                    value=f"{result.value:.2f}",
                    arithmetic=result.arithmetic,
                    why=rule.note["zh"] if rule.note else "",
                )
        for rule in rules.relations:
            if "school" not in rule.levels:
                continue
            left, sign, right = rule.formula.relation()
            try:
                a, b = left.evaluate(book, context), right.evaluate(book, context)
            except NoData:
                continue
            true, excused = holds(rule, sign, a.value, b.value)
            first = next((code for code in re.findall(r"[a-z]\w*", rule.formula.text) if code in self.values), None)
            if not true and first:
                self._at(
                    first,
                    "relation_unusual" if excused else "relation",
                    what=self._read(rule.formula.text),
                    arithmetic=f"{a.arithmetic} {sign} {b.arithmetic}",
                    why=rule.otherwise["zh"] if excused and rule.otherwise else "",
                )

    def _read(self, formula: str) -> str:
        text = re.sub(r"last\((\w+)\)", lambda m: f"上年{indicators()[m[1]].label('zh')}", formula)
        text = re.sub(r"\brows\([^)]*\)", "清单行数", text)
        return (
            re.sub(r"[a-z]\w*", lambda m: indicators()[m[0]].label("zh") if m[0] in indicators() else m[0], text)
            .replace("<=", "≤")
            .replace(">=", "≥")
            .replace("==", "=")
        )

    def _against_last_year(self) -> None:
        before = self.collection.before(self.form.school.code)
        for code, value in self.values.items():
            indicator, last = indicators()[code], before.get(code)
            bound = self.collection.jumps.get(indicator.kind)
            if bound is None or last is None:
                continue
            change = value - last
            if "points" in bound:
                beyond, said, limit = abs(change) > bound["points"], f"{change:+.2f}", f"±{bound['points']:g}"
            else:
                # the same bound upwards and downwards: the larger of the two over the smaller
                low, high = sorted((abs(value), abs(last)))
                times = math.inf if low == 0 < high else high / low if high else 1.0
                beyond = times > 1 + bound["pct"] / 100 and abs(change) >= bound["least"]
                said, limit = (
                    (f"{change:+g}" if not last else f"{100 * change / last:+.1f}%"),
                    f"×{1 + bound['pct'] / 100:g}",
                )
            if beyond:
                self._at(code, "jump", before=f"{last:g}", change=said, bound=limit)


def _stopped(path: Path, stopped: Stopped) -> Checked:
    """A workbook whose reading was ended from outside."""
    answers = Answers(path.name).refuse(
        "too_slow", limit=f"{SECONDS} s" if stopped.by == "time" else f"{MEMORY >> 20} MiB"
    )
    return Checked(answers, faults=list(answers.faults))


@dataclass
class Round:
    """All workbooks of one collection, checked together."""

    checked: list[Checked]
    faults: list[Fault]  # that still stand
    waived: list[tuple[Fault, str]]  # with the reason
    missing: list[str]  # schools without a form

    @property
    def sound(self) -> bool:
        return not self.faults


def check_forms(
    paths_in: list[Path],
    collection: Collection,
    forms: dict[str, Form],
    *,
    today: datetime.date,
    waivers: list[dict] | None = None,
    workers: int = 1,
) -> Round:
    """Check all workbooks, list late and missing schools, apply waivers.

    Parameters
    ----------
    waivers : list of dict
        school, check (``jump:students``) and reason; one that meets no fault is a fault itself.
    workers : int
        processes; the result does not depend on it.
    """
    ordered = sorted(paths_in, key=lambda p: p.name)
    answered = guarded(Checker(collection, forms).check, ordered, workers=workers)
    checked = [_stopped(path, one) if isinstance(one, Stopped) else one for path, one in zip(ordered, answered)]
    faults = [fault for one in checked for fault in one.faults]
    by_school: dict[str, list[str]] = {}
    for one in checked:
        if one.answers.school:
            by_school.setdefault(one.answers.school, []).append(one.answers.file)
    for school, files in by_school.items():
        if len(files) > 1:
            faults.append(
                Fault(
                    files[0],
                    "twice",
                    school,
                    values={"school": forms[school].school.label("zh"), "files": "、".join(files)},
                )
            )
    missing = [code for code in forms if code not in by_school]
    days = (today - datetime.date.fromisoformat(collection.closes)).days
    for code in missing:
        name = collection.file_name(forms[code].school)
        faults.append(
            Fault(name, "missing" if days > 0 else "due", code, values={"deadline": collection.closes, "days": days})
        )
    standing, waived = _waive(faults, waivers or [])
    return Round(checked, standing, waived, missing)


def _waive(faults: list[Fault], waivers: list[dict]) -> tuple[list[Fault], list[tuple[Fault, str]]]:
    standing, waived = list(faults), []
    for waiver in waivers:
        lacking = [key for key in ("school", "check", "reason") if not str(waiver.get(key) or "").strip()]
        if lacking:
            standing.append(
                Fault("waivers.yaml", "bad_waiver", entered=str(waiver), values={"missing": "、".join(lacking)})
            )
            continue
        met = [f for f in faults if f.school == waiver["school"] and f.check == waiver["check"]]
        if personal(str(waiver["reason"])):
            standing.append(Fault("waivers.yaml", "personal", waiver["school"], entered=str(waiver["reason"])))
        if not met:
            standing.append(Fault("waivers.yaml", "idle_waiver", waiver["school"], entered=waiver["check"]))
        for fault in met:
            if not fault.waivable:
                standing.append(
                    Fault(
                        "waivers.yaml", "bad_waiver", waiver["school"], entered=waiver["check"], values={"missing": "—"}
                    )
                )
            elif fault in standing:
                standing.remove(fault)
                waived.append((fault, waiver["reason"]))
    return standing, waived


def load_waivers(path: Path) -> list[dict]:
    """``waivers.yaml``: a list of school, check and reason."""
    content = read_yaml(path, None) or []
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        problems = Problems()
        problems.add(
            path.name, "is no list of waivers", "Write entries with school, check and reason, each after a dash"
        )
        problems.stop()
    return content
