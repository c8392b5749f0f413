"""Whom each row of a table is about."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from pypinyin import lazy_pinyin

from analysis.ground.dictionary import Entity
from analysis.ground.numerals import fold
from analysis.ground.schema import CODE
from analysis.intake.known import likeness
from analysis.intake.shape import Line
from analysis.intake.study import LEAST, ReadTable, Study, reason
from analysis.intake.words import MEANS, closing_label, number, stub

SCHOOLS = {"", "school", "order", "indicator"}  # heads of rows that are schools
PLACE = re.compile("([一-龥]{2,7}?(?:自治州|地区|市|州|盟|县|区))(?=[一-龥]*(?:教育|院校|学校|年报|报告))")


def read_place(study: Study, first_lines: list[str]) -> None:
    """A place that the workspace does not know: asked once, by the name in the first lines of the document."""
    if study.place in study.known.entities:
        return
    found = next((m[1] for line in first_lines if (m := PLACE.search(line))), study.place)
    found = study.place if fold(found) in study.known.names else found  # the name of another place
    evidence = "data/entities.yaml has no such place; the name stands in the first lines"
    proposed, form = f"new:{study.place}:{found}", re.compile(f"new:{study.place}:[^:]+")
    answer = study.ask("place", study.place, found, proposed, 0.5, evidence, form.fullmatch)
    if answer is None:
        return
    name = answer.rpartition(":")[2]
    english = " ".join(lazy_pinyin(re.sub("(自治州|地区|市|州|盟|县|区)$", "", name))).replace(" ", "").title()
    words = {"zh": name, "en": english}
    study.new_entities[study.place] = {"kind": "city", "tier": "all", "names": [words], "short": words}
    study.known.entities[study.place] = Entity(study.place, "city", (dict(words),), dict(words), tier="all")
    study.places = sorted({*study.places, fold(name)}, key=len, reverse=True)


def read_names(study: Study, tables: list[ReadTable]) -> None:
    """Whom each row is about."""
    for table in tables:
        at = table.entity_column()
        if at is None:
            continue
        heads = [path[-1] if path else "" for path in table.shape.paths]
        kind = stub(heads[at]) or (stub(heads[at - 1]) if at and table.columns[at - 1].name == "group" else "")
        records = table.shape.records()
        if len(records) == 1 and not records[0].cells[at].strip():  # one body that reports; nobody names it in the row
            name = study.known.entities[study.place].short["zh"] if study.place in study.known.entities else study.place
            cells = tuple(name if i == at else text for i, text in enumerate(records[0].cells))
            lines = tuple(replace(x, cells=cells) if x is records[0] else x for x in table.shape.lines)
            table.shape, table.entities = replace(table.shape, lines=lines), {fold(name): study.place}
            continue
        printed = list(dict.fromkeys(t for line in records if (t := line.cells[at].strip())))
        known = {fold(p): _known_entity(study, p, kind) for p in printed}
        taken = {code for code in known.values() if code}
        for position, text in enumerate(printed):
            code = known[fold(text)] or _ask_name(study, table, at, text, position, taken, kind)
            if code:
                table.entities[fold(text)] = code
                taken.add(code)


def _known_entity(study: Study, text: str, kind: str) -> str:
    """Whom a name means: a school of the place, or what else is known under it and belongs to no other place."""
    codes = study.known.names.get(fold(text), set())
    about = study.known.schools_of(study.place)
    schools = {c for c in codes if c in about}
    if schools or kind in SCHOOLS and any(_is(study, c, "school") for c in codes):
        return next(iter(schools)) if len(schools) == 1 else ""
    others = {c for c in codes if study.known.entities[c].part_of in {None, study.place} and c != study.place}
    others = {c for c in others if not _is(study, c, "school", "city")}
    return next(iter(others)) if len(others) == 1 else ""


def _is(study: Study, code: str, *kinds: str) -> bool:
    return study.known.entities[code].kind in kinds


def _ask_name(study: Study, table: ReadTable, at: int, text: str, position: int, taken: set[str], kind: str) -> str:
    if kind not in SCHOOLS:  # specialties, regions, destinations: confirmed with their table
        code = study.code_of(text, kind)
        study.new_entities.setdefault(code, _entry(study, text, kind, "", code))
        return code
    last = table.known if table.known and table.known.covers == study.place else None
    order = study.known.order.get((last.source, last.layout.table_id), []) if last else []
    ranked = []
    for code in sorted(study.known.schools_of(study.place) - taken):
        entity = study.known.entities[code]
        names = [
            *(str(n["zh"]) for n in entity.names),
            entity.short["zh"],
            *{v for s in (entity.printed or {}).values() for v in s},
        ]
        like = max(likeness(fold(text), fold(n)) for n in names)
        here = position < len(order) and order[position] == code
        size = _size_like(study, table, at, text, code)
        score = 0.65 * like + 0.15 * here + 0.2 * (size or 0.0)
        says = [reason(f"name {like:.0%} like {entity.short['zh']}")] + [reason("same place as last year")] * here
        says += [reason(f"figures {size:.0%} like last year's")] if size is not None else []
        ranked.append((score, code, "; ".join(says)))
    ranked.sort(key=lambda r: -r[0])
    if ranked and ranked[0][0] >= LEAST:
        score, proposed, evidence = ranked[0]
    else:
        tier = _tier(study, table, text)
        score, proposed, evidence = (
            0.0,
            f"new:{study.code_of(text, 'school')}:{tier}",
            f"no known school is like it; tier {tier} by its name or the table",
        )
    # every row is about somebody: `no` is no answer
    answer = study.ask(
        "name", table.table_id, text, proposed, score, evidence, lambda a: bool(_meant(study, a) or _tier_of(study, a))
    )
    if answer is None:
        return ""
    if tier := _tier_of(study, answer):
        code = answer.split(":")[1]
        study.new_entities.setdefault(code, _entry(study, text, "school", tier, code))
        return code
    return _meant(study, answer)


def _meant(study: Study, answer: str) -> str:
    """The entity that an answer names, by its code or by a name that only it has."""
    if answer in {*study.known.entities, *study.new_entities}:
        return answer
    codes = study.known.names.get(fold(answer), set())
    return next(iter(codes)) if len(codes) == 1 else ""


def _tier_of(study: Study, answer: str) -> str:
    """The tier of a new school (``new:code:tier``), empty where an answer enters none."""
    code, _, tier = answer.removeprefix("new:").partition(":")
    tiers = {e.tier for e in study.known.entities.values() if e.kind == "tier"}
    sound = answer.startswith("new:") and tier in tiers and CODE.fullmatch(code) and code not in study.known.entities
    return tier if sound else ""


def _closes_a_group(table: ReadTable, closing: Line) -> bool:
    """Whether the last 合计 of several is what the rows since the one before it give, and not what all rows give."""
    at = table.shape.lines.index(closing)
    before = [i for i, x in enumerate(table.shape.lines[:at]) if x.kind == "subtotal"]
    column = next(
        (i for i, c in enumerate(table.columns) if c.role == "value" and not c.indicator.endswith("_pct")), None
    )
    if not before or column is None or (total := number(closing.cells[column])) is None:
        return False
    since = [x for x in table.shape.lines[before[-1] : at] if x.kind == "record"]
    group, whole = (sum(number(x.cells[column]) or 0 for x in rows) for rows in (since, table.shape.records()))
    return math.isclose(group, total, rel_tol=1e-9) and not math.isclose(whole, total, rel_tol=1e-9)


def _entry(study: Study, text: str, kind: str, tier: str, code: str) -> dict:
    name = " ".join(text.split())
    english = " ".join(lazy_pinyin(fold(name))).title()
    entry: dict = {"kind": kind}
    if tier:
        entry["tier"] = tier
    if kind == "school":
        entry["part_of"] = study.place
    return entry | {"names": [{"zh": name, "en": english}], "short": {"zh": name, "en": english}}


def _tier(study: Study, table: ReadTable, text: str) -> str:
    """By the caption, else by the words of the school's name, else the last that is declared."""
    tiers = {e.tier: e for e in study.known.entities.values() if e.kind == "tier" and e.tier}
    by_name = [tier for tier, e in tiers.items() if any(word in text for word in e.words)]
    by_title = [tier for tier in tiers if tier in table.title]
    return next(iter([*by_title, *by_name[::-1], *[*tiers][::-1]]), "")


def _size_like(study: Study, table: ReadTable, at: int, text: str, code: str) -> float | None:
    """How like the row's figures are those that a school had, 0 to 1."""
    line = next(x for x in table.shape.records() if x.cells[at].strip() == text)
    differences = []
    for number_of, column in enumerate(table.columns):
        if column.role != "value":
            continue
        value = number(line.cells[number_of])
        years = [y for (e, i, y) in study.known.values if e == code and i == column.indicator]
        if value and years:
            before = study.known.values[code, column.indicator, max(years)][0][2]
            if before:
                differences.append(abs(math.log(abs(value) / abs(before))))
    return math.exp(-2 * sum(differences) / len(differences)) if differences else None


def read_closing(study: Study, table: ReadTable) -> None:
    """What the closing row of a table is, and whom it is about: a tier where all rows are of one."""
    line = next((x for x in table.shape.lines if x.kind == "closing"), None)
    if line is None or not any(c.role == "value" for c in table.columns):
        return
    label = closing_label(line.cells)
    table.rule = "mean" if fold(label) in MEANS else "sum"
    if _closes_a_group(table, line):
        lines = tuple(replace(x, kind="subtotal") if x is line else x for x in table.shape.lines)
        table.shape, table.rule = replace(table.shape, lines=lines), ""
        return
    tiers = {tier for code in table.entities.values() if (tier := study.tier(code))}
    own = [
        c
        for c, e in study.known.entities.items()
        if e.kind == "tier" and e.part_of == study.place and {e.tier} == tiers
    ]
    table.closing_entity = own[0] if own else ""
