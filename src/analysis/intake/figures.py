"""Figures that stand in the prose of a report: proposed one by one with their place, their nearest indicator and whom
they are about. No sentence is stored, and nothing is entered that nobody confirmed."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.clean.prose import FACT_COLUMNS
from analysis.ground.numerals import fold, parse_number
from analysis.ground.outgoing import csv_text
from analysis.ground.units import factor
from analysis.intake.deliver import confirmed_rows
from analysis.intake.grid import Document, Paragraph
from analysis.intake.known import Known, likeness
from analysis.intake.study import AFFIRMED
from analysis.intake.words import CAPTION, NOTE, PAGE_MARK, UNIT_LINE, bare, years_said

COLUMNS = [
    "answer",
    "place",
    "section",
    "raw",
    "indicator",
    "entity",
    "period",
    "value",
    "unit",
    "qualifier",
    "basis",
    "score",
]
CORRECTABLE = ("indicator", "entity", "period", "value", "qualifier", "basis")  # a person may change them in the row
NUMERAL = re.compile(
    r"(?P<before>约|近|超过|超|逾|达到|达|不足|不低于|至少|至多|不超过)?为?"
    r"(?P<raw>(?<![0-9.\-－—第])(?P<digits>[0-9][0-9,，]*(?:\.[0-9]+)?)\s*(?P<scale>万|亿|千)?(?P<unit>%|％|[一-龥]{1,3})?)"
)
QUALIFIERS = {
    "约": "about",
    "近": "nearly",
    "超过": "over",
    "超": "over",
    "逾": "over",
    "不足": "at_most",
    "不超过": "at_most",
    "至多": "at_most",
    "不低于": "at_least",
    "至少": "at_least",
}
AFTER = re.compile(r"\s*(?:余|多|以上|左右)")
SECTION = re.compile(r"^\s*([0-9]{1,2}(?:\.[0-9]{1,2}){0,3})[.．、\s]*[一-龥]")
CLAUSE = re.compile(r"[，,；;。、：:（）()]")
LEAST = 0.5
PERSONAL = re.compile(r"[0-9]{7,}|@")  # what may be a telephone or identity number is no figure


@dataclass(frozen=True)
class Figure:
    """A numeral of the prose and what it may stand for."""

    place: str
    line: int  # of a text, else which paragraph it is
    section: str
    raw: str
    indicator: str
    entity: str
    period: str
    value: str
    unit: str
    qualifier: str
    basis: str
    score: float

    @property
    def key(self) -> tuple[str, str]:
        return self.place, self.raw


def prose_figures(document: Document, known: Known, place: str, year: int) -> list[Figure]:
    """Numerals of the prose that may be figures of a known indicator, in the order of the document."""
    found: list[Figure] = []
    seen: dict[tuple[str, str], int] = {}  # a numeral may stand twice in one place
    section = "0"
    names = sorted(((n, codes) for n, codes in known.names.items() if len(n) > 2), key=lambda one: -len(one[0]))
    heads: dict[str, list[tuple[str, Collection[str]]]] = defaultdict(list)  # by the pairs of characters in them
    for head, codes in known.heads.items():
        for pair in _pairs(head) if len(head) > 2 and "/" not in head else ():
            heads[pair].append((head, tuple(codes)))
    for number, block in enumerate(document.blocks, 1):
        if not isinstance(block, Paragraph):
            continue
        text = block.text
        if heading := SECTION.match(text):
            section = heading[1]
        if CAPTION.match(text) or NOTE.match(text) or PAGE_MARK.fullmatch(text) or UNIT_LINE.match(text):
            continue
        for match in NUMERAL.finditer(text):
            figure = _figure(match, text, block.place, number, section, known, place, year, names, heads)
            if figure is None:
                continue
            times = seen[figure.key] = seen.get(figure.key, 0) + 1
            found.append(replace(figure, place=f"{figure.place} ({times})") if times > 1 else figure)
    return found


def _figure(match, text, at, number, section, known, place, year, names, heads) -> Figure | None:
    digits, scale, unit = match["digits"], match["scale"] or "", match["unit"] or ""
    if PERSONAL.search(digits) or not unit or unit.startswith(("年", "月", "日", "级", "届", "号")):
        return None
    start = max((m.end() for m in CLAUSE.finditer(text, 0, match.start())), default=0)
    clause = text[start : match.start()]
    ranked = []
    near = bare(clause)[-30:]
    shared = Counter(one for pair in _pairs(near) for one in heads.get(pair, ()))
    for (head, codes), times in shared.items():
        if times < len(_pairs(head)) / 2:
            continue
        score = 0.9 + len(head) / 200 if head in fold(clause) else likeness(near[-len(head) - 2 :], head) * 0.8
        if score >= LEAST:
            for code in codes:
                if unit_of := _counted(known, code, scale, unit):
                    same = fold(unit_of) == fold(known.indicators[code].unit)
                    ranked.append((score, same, code, unit_of))
    if not ranked:
        return None
    score, _, code, printed = max(ranked)
    by = factor(printed, known.indicators[code].unit)
    value = parse_number(digits.replace("，", ","))
    if by is None or value is None:
        return None
    said = fold(text[: match.end()])
    entities = [next(iter(codes)) for name, codes in names if len(codes) == 1 and name in said]
    years = years_said(text[: match.end()])
    qualifier = QUALIFIERS.get(match["before"] or "", "over" if AFTER.match(text, match.end()) else "exact")
    basis = "rate" if known.indicators[code].unit == "%" else "stock"
    found = re.fullmatch(r"line ([0-9]+)", at)
    return Figure(
        at,
        int(found[1]) if found else number,
        section,
        match["raw"].strip()[: len(digits) + len(scale) + len(printed) + 2],
        code,
        entities[0] if entities else place,
        str(years[-1] if years else year),
        f"{float(by) * value:.10g}",
        known.indicators[code].unit,
        qualifier,
        basis,
        round(score, 2),
    )


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _counted(known: Known, code: str, scale: str, unit: str) -> str:
    """The printed unit with its scale, if the indicator can be counted in it; the shortest that fits."""
    for length in range(1, len(unit) + 1):
        printed = scale + fold(unit[:length])
        if factor(printed, known.indicators[code].unit) is not None:
            return printed
    return ""


def read_confirmed(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Rows of the file of proposals by place and numeral."""
    return {(entry["place"], entry["raw"]): entry for entry in confirmed_rows(path, COLUMNS)}


def proposals_csv(figures: list[Figure], before: Mapping[tuple[str, str], dict[str, str]]) -> str:
    """Proposals with what a person wrote into their rows."""
    rows = []
    for figure in figures:
        said = before.get(figure.key, {})
        row = {column: str(getattr(figure, column, "")) for column in COLUMNS} | {"answer": said.get("answer", "")}
        if said.get("answer", "").strip():
            row |= {column: said[column] for column in CORRECTABLE}
        rows.append([row[column] for column in COLUMNS])
    return "\ufeff" + csv_text([COLUMNS, *rows])


def fact_ids(figures: list[Figure], source: str) -> list[str]:
    """Ids of all proposals as facts: a figure keeps its number whatever else is confirmed."""
    counted: Counter[str] = Counter()
    ids = []
    for figure in figures:
        counted[figure.section] += 1
        ids.append(f"{source}:{figure.section}:{counted[figure.section]:02d}")
    return ids


def facts_csv(figures: list[Figure], before: Mapping[tuple[str, str], dict[str, str]], source: str) -> str:
    """Confirmed figures as ``facts.csv``; empty where nobody confirmed one."""
    rows: list[list[str]] = []
    for figure, fact_id in zip(figures, fact_ids(figures, source), strict=True):
        said = before.get(figure.key, {})
        if said.get("answer", "").strip().lower() not in AFFIRMED:
            continue
        fact = {
            "fact_id": fact_id,
            "source_id": source,
            "section": figure.section,
            "unit": figure.unit,
            "raw": figure.raw,
            "line": str(figure.line),
        }
        fact |= {column: said[column] for column in CORRECTABLE}
        rows.append([fact.get(column, "") for column in FACT_COLUMNS])
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([FACT_COLUMNS, *rows])
    return buffer.getvalue() if rows else ""
