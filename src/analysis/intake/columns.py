"""What each column of a table counts, in which year and unit."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from pypinyin import lazy_pinyin

from analysis.ground.layout import Column
from analysis.ground.numerals import fold, is_missing
from analysis.ground.outgoing import personal
from analysis.ground.schema import CODE
from analysis.ground.units import SHARE, factor, is_unit
from analysis.intake.known import KnownTable, bare_path, likeness
from analysis.intake.matching import comparable
from analysis.intake.shape import Shape
from analysis.intake.study import LEAST, NO, ReadColumn, ReadTable, Study, nothing_else, reason, slug
from analysis.intake.words import BRACKETS, YEARS, bare, is_figure, number, relative_year, stub, timeless, years_said

PERSONAL = re.compile(
    "负责人|主编|姓名|联系人|电话|手机|邮箱|主持人|作者|教师姓名|学生姓名|获奖人|指导教师|身份证|签字|填表人"
)
LIKE_A_FIGURE = re.compile(r"[约近超]?[0-9][0-9,.]*[万亿千]?[(]?[^0-9(),.]{0,3}[)]?")  # 4700人, 约120, 1.2万
NEW = re.compile(rf"new:{CODE.pattern}:[^:]{{1,12}}")  # an indicator and its unit
FIELD_NAMES = {
    "备注": "note",
    "级别": "level",
    "等次": "grade",
    "等级": "grade",
    "时间": "date",
    "类别": "category",
    "类型": "type",
    "名称": "name",
}


def read_columns(study: Study, table: ReadTable) -> None:
    """What each column of a table is: order, entity, a field of texts, an indicator and its year."""
    shape, known = table.shape, table.known
    heads = comparable(shape.paths)
    theirs: dict[str, list] = defaultdict(list)
    if known:
        for column, head in zip(known.layout.columns, known.heads):
            theirs[head].append(column)
    plain = [_kind(shape, at) for at in range(shape.width)]
    found: list = [None] * shape.width
    for at, head in enumerate(heads):
        if head in theirs and theirs[head]:
            same_years = [
                c
                for c in theirs[head]
                if _years(c.header) and _years(shape.paths[at]) and _shifted(study, c, known) in _years(shape.paths[at])
            ]
            found[at] = (same_years or theirs[head])[0]
            theirs[head].remove(found[at])
    if _years_in_rows(study, table):
        return
    unused = [c for group in theirs.values() for c in group if c.role == "value"]
    for at in range(shape.width):
        table.columns.append(_read_column(study, table, at, found[at], plain, unused))
    if not table.has("entity") and known is None and not table.has("field"):
        _first_as_entity(table, plain)
    if known is None:
        _finer_stub(table)
    _twice(study, table)


def _twice(study: Study, table: ReadTable) -> None:
    """Ask of each column that counts what one before it counts: one of the two is something else."""
    seen: set[tuple[str, int]] = set()
    for at, column in enumerate(table.columns):
        figure = (column.indicator, column.year)
        if column.role != "value" or figure not in seen:
            seen.add(figure)
            continue
        evidence = f"another column counts {column.indicator} {column.year}, too; `no` leaves this one out"
        printed = f"{at + 1} {'/'.join(map(fold, column.path))}"
        answer = study.ask("head", table.table_id, printed, NO, 0.0, evidence, nothing_else)
        table.columns[at] = replace(column, role="" if answer is None else "omit")


def _years_in_rows(study: Study, table: ReadTable) -> bool:
    """Leave out a table whose rows are years: which figure is of which year, its heads do not say."""
    for at, path in enumerate(table.shape.paths):
        texts = [fold(line.cells[at]) for line in table.shape.records()]
        dated = [t for t in texts if years_said(t) and not timeless(t)]
        if path and bare(path[-1]) in YEARS | {""} and len(set(dated)) > 1 and len(dated) == len(texts):
            title = f"{table.table_id} {table.title}"
            evidence = "its rows are years; turn it in the document, or leave it out with `no`"
            answer = study.ask("table", f"table {table.table_id}", title, NO, 0.0, evidence, nothing_else)
            table.left_out = reason("its question is open") if answer is None else reason("not wanted")
            table.refused = answer is not None
            return True
    return False


def _read_column(
    study: Study, table: ReadTable, at: int, column: Column | None, plain: list[str], unused: list[Column]
) -> ReadColumn:
    """One column, by the known one that has its head, else by what its head and its cells say."""
    path, fill = table.shape.paths[at], at in table.shape.filled
    kind = stub(path[-1] if path else "")
    if not path and not any(line.cells[at].strip() for line in table.shape.lines):
        return ReadColumn(path, "omit")  # nothing is printed there
    texts = (line.cells[at] for line in table.shape.records())
    if plain[at] == "text" and (PERSONAL.search("".join(path)) or any(map(personal, texts))):
        return ReadColumn(path, "omit")
    if column is not None and column.role != "value":
        return ReadColumn(path, column.role, name=column.name or "", fill=column.fill_down or fill)
    if table.shape.turned and at == 0:
        return ReadColumn(path, "entity", fill=fill)
    if column is None and fill and plain[at] == "figure" and kind != "order":
        head = "/".join(map(fold, path))
        evidence = "its cells are merged over several rows: a figure of a group and of no row"
        if study.ask("head", table.table_id, head, NO, 0.0, evidence, nothing_else) is None:
            return ReadColumn(path, "")
        return ReadColumn(path, "omit")
    if column is not None:
        return _value(study, table, at, column.figure[0], column)
    if kind == "order":
        return ReadColumn(path, "order", fill=fill)
    rows = kind == "school" or kind not in {"", "indicator"} and plain[at] == "text" and "figure" in plain
    if rows and not table.has("entity"):
        return ReadColumn(path, "entity", fill=fill)
    if plain[at] == "text":
        return ReadColumn(path, "field", name=_field_name(study, table, path), fill=fill)
    return _unknown(study, table, at, bare_path(path), unused)


def _finer_stub(table: ReadTable) -> None:
    """Of two stubs, groups that are merged downwards and what is in them, the finer one says whom rows are about."""
    at = table.entity_column()
    if at is None or at not in table.shape.filled or at + 1 >= table.shape.width:
        return
    texts = [line.cells[at + 1].strip() for line in table.shape.records()]
    if table.columns[at + 1].role == "field" and all(texts) and len(set(texts)) == len(texts):
        group, finer = table.columns[at], table.columns[at + 1]
        table.columns[at] = replace(group, role="field", name="group")
        table.columns[at + 1] = replace(finer, role="entity", name="")


def _first_as_entity(table: ReadTable, plain: list[str]) -> None:
    """A table of figures without a stub that is known: its first column of texts says whom rows are about."""
    for at, kind in enumerate(plain):
        if kind == "text" and table.columns[at].role == "field":
            table.columns[at] = replace(table.columns[at], role="entity", name="")
            return


def _kind(shape: Shape, at: int) -> str:
    """Whether a column holds figures or texts."""
    texts = [line.cells[at] for line in shape.lines if line.kind == "record" and line.cells[at].strip()]
    texts = [t for t in texts if not is_missing(t)]
    figures = sum(is_figure(t) or LIKE_A_FIGURE.fullmatch(fold(t)) is not None for t in texts)
    return "figure" if texts and figures >= 0.6 * len(texts) or not texts and len(shape.records()) > 0 else "text"


def _field_name(study: Study, table: ReadTable, path: tuple[str, ...]) -> str:
    head = bare(path[-1]) if path else ""
    name = next((code for word, code in FIELD_NAMES.items() if head.endswith(word)), slug(head, "field"))
    taken = {c.name for c in table.columns}
    while name in taken:
        name += "_2"
    return name


def _unknown(study: Study, table: ReadTable, at: int, head: str, unused: list) -> ReadColumn:
    """A column of figures under a head that the table did not have: known elsewhere, near a known one, or new."""
    path = table.shape.paths[at]
    printed_unit = _printed_unit(study, table, path)
    exact = [code for code in study.known.heads.get(head, ()) if _fits(study, code, printed_unit)]
    if len(exact) == 1 and table.known is None:
        return _value(study, table, at, exact[0], None)
    ranked = []
    for column in unused:
        score = likeness(head, bare_path(column.header))
        same_unit = _fits(study, column.figure[0], printed_unit) and bool(printed_unit)
        same_place = (
            table.known is not None
            and column in table.known.layout.columns
            and table.known.layout.columns.index(column) == at
        )
        size = _magnitude(study, table, at, column.figure[0])
        total = 0.7 * score + 0.15 * same_unit + 0.15 * same_place + (0.2 if size and 0.5 < size < 2 else 0.0)
        says = [reason(f"head {score:.0%} like {'/'.join(column.header)!r}")]
        says += [reason("same unit")] * same_unit + [reason("same place")] * same_place
        says += [reason(f"figures {size:.1f} times as large as before")] if size else []
        ranked.append((min(total, 1.0), column.figure[0], "; ".join(says)))
    for known_head, codes in study.known.heads.items():
        if (score := likeness(head, known_head)) >= 0.6:
            for code in codes:
                if _fits(study, code, printed_unit):
                    same = printed_unit == study.known.indicators[code].unit
                    ranked.append((0.8 * score + 0.02 * same, code, reason(f"head {score:.0%} like {known_head!r}")))
    ranked.sort(key=lambda r: -r[0])
    if ranked and ranked[0][0] >= LEAST:
        score, proposed, evidence = ranked[0]
    else:
        unit = printed_unit or "个"
        score, proposed = 0.0, f"new:{study.code_of(head, 'indicator')}:{unit}"
        evidence = "no known head is like it" + ("" if printed_unit else "; no unit is printed")
    printed = "/".join(fold(p) for p in path if timeless(p)) or "(no head)"
    named = {word: code for code, i in study.known.indicators.items() for word in (code, *i.names.values())}

    def accepts(answer: str) -> bool:
        return answer == NO or answer in named or NEW.fullmatch(answer) is not None

    answer = study.ask("head", table.table_id, printed, proposed, score, evidence, accepts)
    if answer is None:
        return ReadColumn(path, "")
    if answer == NO:
        return ReadColumn(path, "omit")
    if answer.startswith("new:"):
        return _new_indicator(study, table, at, answer, head)
    code = named[answer]
    return _value(study, table, at, code, next((c for c in unused if c.indicator == code), None))


def _fits(study: Study, code: str, printed_unit: str) -> bool:
    return not printed_unit or factor(printed_unit, study.known.indicators[code].unit) is not None


def _magnitude(study: Study, table: ReadTable, at: int, code: str) -> float | None:
    """How many times as large as the indicator was the figures are, in its unit; None where either is not known."""
    printed = _printed_unit(study, table, table.shape.paths[at])
    by = factor(printed, study.known.indicators[code].unit) if printed else 1
    figures = [abs(v) for line in table.shape.records() if (v := number(line.cells[at])) is not None and v]
    about = study.known.schools_of(study.place)
    before = [
        abs(v)
        for (entity, indicator, _), seen in study.known.values.items()
        if indicator == code and entity in about
        for *_, v in seen
        if v
    ]
    if len(figures) < 2 or len(before) < 2 or not by:
        return None
    ratio = math.exp(sum(map(math.log, figures)) / len(figures) - sum(map(math.log, before)) / len(before))
    return ratio * float(by)


def _new_indicator(study: Study, table: ReadTable, at: int, answer: str, head: str) -> ReadColumn:
    _, code, unit = answer.split(":")
    zh = head.replace("/", "") or table.title
    if code not in study.known.indicators:
        kind = "rate" if unit in {"%", "‰"} else "amount" if re.search("元|平方米|册|吨", unit) else "count"
        study.new_indicators[code] = {
            "zh": zh, "en": " ".join(lazy_pinyin(zh)).capitalize(), "unit": unit, "kind": kind,
            "range": [0, 100] if unit == "%" else [0, None], "direction": "none",
            "definition": "as the report that prints it defines it",
            "definition_zh": "以刊印该数据的报告所定口径为准",
        }  # fmt: skip
    return _value(study, table, at, code, None)


def _years(path) -> list[int]:
    return [y for part in path for y in years_said(part)]


def _shifted(study: Study, column, known: KnownTable | None) -> int:
    """The year that a column of a known table stands for in a report of this year."""
    return column.year + (study.year - known.report_year if known else 0)


def _value(study: Study, table: ReadTable, at: int, code: str, column) -> ReadColumn:
    path = table.shape.paths[at]
    year = _year(study, table, path, column)
    unit_of = study.indicator(code)[0]
    printed = _printed_unit(study, table, path, unit_of)
    unit, by = "", Decimal(1)
    if printed and fold(printed) != fold(unit_of):
        if (other := factor(printed, unit_of)) is None:
            evidence = f"{code} is counted in {unit_of}, the table prints {printed}, which measures something else"
            head = f"{'/'.join(map(fold, path))} {printed}"
            answer = study.ask("unit", table.table_id, head, unit_of, 0.3, evidence, {NO}.__contains__)
            if answer is None:
                return ReadColumn(path, "")
            if answer == NO:
                return ReadColumn(path, "omit")
        elif other != 1:
            unit, by = printed, other
    if year is None:
        return ReadColumn(path, "")
    shares = [v for line in table.entering() if (v := number(line.cells[at])) is not None]
    if unit_of == "%" and not unit and len(shares) > 2 and all(0 <= v <= 1 for v in shares) and any(shares):
        evidence = "all figures lie between 0 and 1: shares of one, where per cent are counted"
        head = "/".join(map(fold, path))
        answer = study.ask("unit", table.table_id, head, SHARE, 0.9, evidence, {NO}.__contains__)
        if answer is None:
            return ReadColumn(path, "")
        if answer == SHARE:
            unit, by = SHARE, Decimal(100)
    return ReadColumn(path, "value", code, year, unit=unit, factor=by)


def _year(study: Study, table: ReadTable, path: tuple[str, ...], column) -> int | None:
    """The year of a column: from its head, then from the caption, then as the known table lay to its report."""
    said, caption = sorted(set(_years(path))), sorted(set(years_said(table.title)))
    if len(said) == 1 and said[0] <= study.year:
        return said[0]
    if not said and (step := relative_year(path)) is not None:
        return study.year + step
    if said:
        evidence = f"the head names {', '.join(map(str, said))}, the report is about {study.year}"
        return _ask_year(study, table, "/".join(map(fold, path)), min(max(said), study.year), evidence)
    silent = column is not None and column.year and not _years(column.header)
    before = _shifted(study, column, table.known) if silent else None
    wanted = before or study.year
    if len(caption) == 1 and caption[0] != wanted:
        evidence = f"the caption says {caption[0]}, by the report it would be {wanted}"
        return _ask_year(study, table, table.title, wanted, evidence)
    if len(caption) > 1 and before is None:
        return _ask_year(study, table, table.title, max(caption), "the heads name no year, the caption several")
    return wanted


def _ask_year(study: Study, table: ReadTable, printed: str, proposed: int, evidence: str) -> int | None:
    answer = study.ask("year", table.table_id, printed, str(proposed), 0.0, evidence, lambda a: len(years_said(a)) == 1)
    return None if answer is None else years_said(answer)[0]


def _printed_unit(study: Study, table: ReadTable, path: tuple[str, ...], unit: str = "") -> str:
    """The unit in the head of a column, nearest the figures first; else what the table says of all its columns, of
    several the one that `unit` can be counted in."""
    for part in reversed(path):
        for inside in reversed(BRACKETS.findall(part)):
            if is_unit(inside, study.units):
                return inside.strip()
    for line in table.shape.printed.units:
        named = re.findall(r"([^,，、;；(（]+)[(（]([^)）]+)[)）]", line)
        for word, said in named:
            if fold(word) in fold("".join(path)) and is_unit(said, study.units):
                return said.strip()
        alone = re.split(r"[,，、;；\s]+", line.strip())
        fitting = [one for one in alone if unit and factor(one, unit) is not None] if len(alone) > 1 else alone
        if not named and len(fitting) == 1 and is_unit(fitting[0], study.units):
            return fitting[0]
    return ""
