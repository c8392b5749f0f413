"""What a person checks in a minute: tables found and missing, names that came and went, totals, jumps, revisions."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field

from analysis.ground.messages import say
from analysis.ground.numerals import fold, printed_decimals
from analysis.ground.outgoing import redacted
from analysis.intake.known import Known
from analysis.intake.study import Figure, Reading, ReadTable
from analysis.intake.words import number

JUMP = 5.0  # times as large or small as the year before
LEAST = 20  # a smaller figure jumps by itself
MOST = 8  # lines of a list on the screen


@dataclass(frozen=True)
class Total:
    """A closing cell and what its rows give."""

    table: str
    column: str
    printed: str
    recomputed: float
    holds: bool


@dataclass
class Survey:
    """What a reading is held against."""

    found: list[str] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)  # table, why
    absent: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    cells: int = 0
    names_new: list[str] = field(default_factory=list)
    names_gone: list[str] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    jumps: list[str] = field(default_factory=list)
    revisions: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)  # against the same source as it was
    dropped: list[str] = field(default_factory=list)


def survey(reading: Reading, known: Known, source: str = "") -> Survey:
    """Hold a reading against earlier sources and against itself."""
    made = Survey()
    earlier = [t for t in known.tables if t.covers == reading.place and t.source != source]
    latest = max((t.report_year for t in earlier), default=0)
    matched = {t.known.layout.table_id for t in reading.tables if t.known and t.known.report_year == latest}
    made.absent = [
        f"{t.layout.table_id} {t.layout.title}"
        for t in earlier
        if t.report_year == latest and t.layout.table_id not in matched
    ]
    for table in reading.tables:
        label = f"{table.table_id} {table.title}"
        (made.waiting.append((label, table.left_out)) if table.left_out else made.found.append(label))
        if table.known is None:
            made.new.append(label)
        made.cells += table.cells(reading.place)
        made.totals += _totals(table)
        made.dropped += [f"{table.table_id}: {what[:40]} ({place})" for what, place in table.shape.dropped]
        made.dropped += [f"{table.table_id}: {note[:60]}" for note in table.shape.printed.notes]
        made.dropped += [
            f"{table.table_id}: {line.kind} row {' '.join(c for c in line.cells if c.strip())[:40]} ({line.place})"
            for line in table.shape.lines
            if line.kind in {"group", "note", "subtotal"}
        ]
    now = {code for t in reading.tables for code in t.entities.values()}
    schools = {code for code, e in known.entities.items() if e.kind == "school"}
    before = {
        code
        for (source, _), order in known.order.items()
        for code in order
        if source in {t.source for t in earlier if t.report_year == latest}
    }
    made.names_new = sorted(now - before) if before else sorted(now)
    asked = any(q.kind == "name" for q in reading.open())
    # one that is asked may be the same under another name
    made.names_gone = [] if asked else sorted((before & schools) - now)
    jumps = []
    for table in reading.tables:
        for figure in table.figures(reading.place):
            if figure.entity and figure.value is not None:
                jumps += _against(figure, table.table_id, known, source, made)
    made.jumps = [text for _, text in sorted(jumps, reverse=True)]
    return made


def _against(figure: Figure, table_id: str, known: Known, source: str, made: Survey) -> list[tuple[float, str]]:
    """Hold a figure against those of earlier sources; a jump with how far it goes."""
    entity, indicator, year, value = figure.entity, figure.column.indicator, figure.column.year, figure.value
    assert value is not None
    for origin, there, printed in known.values.get((entity, indicator, year), ()):
        if not math.isclose(printed, value, rel_tol=1e-9):
            text = f"{entity} {indicator} {year}: {printed:g} in {origin} ({there}), {value:g} now (table {table_id})"
            (made.corrected if origin == source else made.revisions).append(text)
    for before in (year - 1, year - 2):
        past = [v for origin, _, v in known.values.get((entity, indicator, before), ()) if origin != source]
        if past:
            last = past[0]
            if not last or not value or 1 / JUMP < abs(value / last) < JUMP or max(abs(value), abs(last)) < LEAST:
                return []
            times = f"{last:g} in {before}, {value:g} in {year}, × {value / last:.4g}"
            return [(abs(math.log(abs(value / last))), f"{entity} {indicator}: {times} (table {table_id})")]
    return []


def _totals(table: ReadTable) -> list[Total]:
    closing = next((line for line in table.shape.lines if line.kind == "closing"), None)
    if closing is None or not table.rule:
        return []
    totals = []
    for at, column in enumerate(table.columns):
        printed = number(closing.cells[at]) if column.role == "value" else None
        if printed is None:
            continue
        figures = [v for line in table.shape.records() if (v := number(line.cells[at])) is not None]
        if not figures:
            continue
        given = sum(figures) if table.rule == "sum" else sum(figures) / len(figures)
        if column.indicator.endswith("_pct") and table.rule == "sum":
            continue  # a rate of the whole is no sum of rates
        step = 10.0 ** -printed_decimals(closing.cells[at])
        holds = abs(given - printed) <= 0.5 * step + 1e-9 * abs(printed)
        totals.append(Total(table.table_id, "/".join(map(fold, column.path)), closing.cells[at], given, holds))
    return totals


def screen(made: Survey, reading: Reading, source: str, answers: str, whole: bool) -> str:
    """The survey as lines of text, lists by their first lines or `whole`."""
    most = sys.maxsize if whole else MOST
    held, opened = sum(t.holds for t in made.totals), reading.open()
    differing = [t for t in made.totals if not t.holds]
    alone, not_read = reading.captions_alone, [*made.dropped, *reading.document.remarks]
    lines = [
        f"{source}: {reading.document.form}, {len(reading.tables)} tables; {made.cells} figures enter, "
        f"{len(opened)} questions open",
        f"tables: {len(made.found)} understood, {len(made.waiting)} waiting, {len(made.new)} new, "
        f"{len(made.absent)} of last year absent",
        *_listed([f"  waits: {label[:40]}: {say(why)}" for label, why in made.waiting], most),
        *_listed([f"  absent: {table}" for table in made.absent], most),
        *_listed([f"  caption without a table: {text} ({place})" for text, place in alone], most),
        f"totals: {held} of {len(made.totals)} hold",
        *_listed(
            [f"  table {t.table}, {t.column}: printed {t.printed}, rows give {t.recomputed:.10g}" for t in differing],
            most,
        ),
        f"names: {len(made.names_new)} new, {len(made.names_gone)} gone",
        *_listed([f"  new: {name}" for name in made.names_new], most),
        *_listed([f"  gone: {name}" for name in made.names_gone], most),
        f"jumps: {len(made.jumps)} figures more than {JUMP:g} times as large or small as the year before",
        *_listed([f"  jump: {jump}" for jump in made.jumps], most),
        f"revisions: {len(made.revisions)} figures printed otherwise before",
        *_listed([f"  printed otherwise: {revision}" for revision in made.revisions], most),
        f"corrected: {len(made.corrected)} figures of this source as it was before",
        *_listed([f"  was: {figure}" for figure in made.corrected], most),
        *_listed([f"  not read: {what}" for what in not_read], most),
    ]
    if opened:
        lines += [
            f"questions: {answers}. Write yes, no or what is right into the column `answer`, then run this again",
            *_listed(
                [f"  open: {q.kind} {q.where}: {q.printed[:50]} → {q.proposed} ({q.score:.0%})" for q in opened], most
            ),
        ]
    return redacted("\n".join(lines))


def _listed(what: list[str], most: int) -> list[str]:
    """The first lines of a list, and how many follow."""
    return [*what[:most], *([f"  … {len(what) - most} more (--all)"] if len(what) > most else [])]
