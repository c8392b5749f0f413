"""What a document's tables say, in the workspace's own terms: which known table each is, what each column counts, whom
each row is about. What is not certain becomes a question; nothing that hangs on an open question enters the data."""

from __future__ import annotations

import re

from analysis.ground.numerals import fold
from analysis.intake.cells import check_cells
from analysis.intake.columns import read_columns
from analysis.intake.grid import Document, Paragraph
from analysis.intake.matching import check_rows, check_tail, match_tables
from analysis.intake.names import read_closing, read_names, read_place
from analysis.intake.printed import printed_tables
from analysis.intake.shape import shape_of
from analysis.intake.study import KINDS, Reading, ReadTable, Study, nothing_else, reason
from analysis.intake.words import years_said


def read_tables(document: Document, study: Study) -> Reading:
    """Read the tables of a document.

    Returns
    -------
    Reading
        every table of the document; those that hang on an open question are left out and say so.
    """
    printed, alone = printed_tables(document)
    read_place(study, [b.text for b in document.blocks[:12] if isinstance(b, Paragraph)])
    _check_report_year(document, study)
    tables = match_tables(study, [shape_of(p, study.known.is_indicator) for p in printed])
    for table in tables:
        if not table.left_out:
            check_rows(study, table)
            check_tail(study, table)
        if not table.left_out:
            read_columns(study, table)
    read_names(study, [t for t in tables if not t.left_out])
    for table in tables:
        if not table.left_out:
            read_closing(study, table)
            _leave_open(study, table, check_cells(study, table))
    questions = sorted(study.questions.values(), key=lambda q: KINDS.index(q.kind))
    return Reading(
        document,
        study.year,
        study.place,
        tables,
        questions,
        alone,
        study.new_entities,
        study.new_indicators,
        study.answers,
        study.wrong,
    )


def _check_report_year(document: Document, study: Study) -> None:
    """Ask where the first lines of the document name another year than the command."""
    texts = [b.text for b in document.blocks[:12] if isinstance(b, Paragraph) and len(b.text) < 80]
    said = sorted({y for t in texts if re.search("年度|年报|报告", t) for y in years_said(t)})
    if said and study.year not in said:
        years = ", ".join(map(str, said))
        evidence = f"the document names {years}, the command {study.year}"
        study.ask("report", "the first lines", years, str(study.year), 0.5, evidence, nothing_else)


def _leave_open(study: Study, table: ReadTable, open_cells: list[str]) -> None:
    """A table with a column, a name or a cell that is not known waits for the answer."""
    waiting = open_cells + ["/".join(map(fold, c.path)) for c in table.columns if not c.role]
    at = table.entity_column()
    if at is not None:
        names = {fold(line.cells[at]) for line in table.shape.records() if line.cells[at].strip()}
        waiting += sorted(names - table.entities.keys())
    if waiting:
        table.left_out = reason(f"answers are missing: {', '.join(waiting[:3])}")
