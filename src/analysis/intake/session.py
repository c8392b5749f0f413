"""A report and what was read in it, for those who work in a notebook: the same survey as the command's, as tables."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.clean.about import require_about
from analysis.clean.corrections import cells_corrected
from analysis.ground import paths
from analysis.ground.errors import Problems
from analysis.ground.layout import load_layout
from analysis.intake.deliver import DECIDED, answers_file, read_answers
from analysis.intake.grid import Cell, Document, Grid, Paragraph
from analysis.intake.known import Known, load_known
from analysis.intake.reading import read_tables
from analysis.intake.sniff import read_document
from analysis.intake.study import Reading, ReadTable, Study
from analysis.intake.survey import Survey, survey


@dataclass(frozen=True)
class Session:
    """A reading with its survey."""

    reading: Reading
    made: Survey
    known: Known

    def tables(self) -> pd.DataFrame:
        """Tables with their stable name, rows, figures that enter, and why one does not."""
        found, place = self.reading.tables, self.reading.place
        rows = [(t.table_id, t.name, t.title, len(t.shape.records()), t.cells(place), t.left_out) for t in found]
        return pd.DataFrame(rows, columns=["table_id", "table", "title", "rows", "figures", "left_out"])

    def questions(self) -> pd.DataFrame:
        """What was or is asked, with the answers."""
        answers = self.reading.answers
        rows = [
            (q.kind, q.where, q.printed, q.proposed, q.score, answers.get(q.key, "")) for q in self.reading.questions
        ]
        return pd.DataFrame(rows, columns=["kind", "where", "printed", "proposed", "score", "answer"])

    def totals(self) -> pd.DataFrame:
        """Closing cells that are not what their rows give."""
        rows = [(t.table, t.column, t.printed, t.recomputed) for t in self.made.totals if not t.holds]
        return pd.DataFrame(rows, columns=["table_id", "column", "printed", "recomputed"])

    def against_earlier(self) -> pd.DataFrame:
        """Figures that jump from the year before, and figures that an earlier report printed otherwise."""
        rows = [("jump", text) for text in self.made.jumps] + [("revision", text) for text in self.made.revisions]
        return pd.DataFrame(rows, columns=["kind", "figure"])

    def not_read(self) -> pd.DataFrame:
        """Rows, passages and captions that are no data, and tables of last year that are not there."""
        rows = [("left aside", text) for text in [*self.made.dropped, *self.reading.document.remarks]]
        rows += [("caption without a table", text) for text, _ in self.reading.captions_alone]
        rows += [("absent", text) for text in self.made.absent]
        return pd.DataFrame(rows, columns=["kind", "what"])

    def printed(self, table_id: str) -> pd.DataFrame:
        """A table as it is printed: head lines and rows."""
        table = self._table(table_id)
        rows = [("head", *line) for line in table.shape.head]
        rows += [(line.kind, *(cell.strip() for cell in line.cells)) for line in table.shape.lines]
        return pd.DataFrame(rows, columns=["kind", *map(str, range(1, table.shape.width + 1))])

    def read(self, table_id: str) -> pd.DataFrame:
        """The same table as it was read: a row a figure."""
        rows = [
            (f.entity, f.column.indicator, f.column.year, f.raw, f.value, f.column.unit)
            for f in self._table(table_id).figures(self.reading.place)
        ]
        return pd.DataFrame(rows, columns=["entity", "indicator", "year", "raw", "value", "unit_printed"])

    def _table(self, table_id: str) -> ReadTable:
        """A table by its number or its name.

        Raises
        ------
        KeyError
            for one that the report has not.
        """
        for table in self.reading.tables:
            if table_id in {table.table_id, table.name}:
                return table
        raise KeyError(f"no table {table_id!r}; there are {', '.join(t.table_id for t in self.reading.tables)}")


def open_session(source: str, document: str = "") -> Session:
    """Read a report.

    Parameters
    ----------
    source : str
        a folder of ``data/raw``: its year and place, its answers.
    document : str, optional
        path of the document; without one the tables are read as ``data/raw`` holds them.
    """
    about = require_about(paths.RAW / source, Problems())
    known = load_known()
    content = read_document(Path(document).read_bytes(), document, heads=known.dump_heads()) if document else None
    answers = {key: entry["answer"] for key, entry in read_answers(answers_file(source)).items()}
    study = Study(known, about.covered, about.report_year, answers, cells_corrected(source, DECIDED), source)
    reading = read_tables(content or stored_document(source), study)
    return Session(reading, survey(reading, known, source), known)


def stored_document(source: str) -> Document:
    """The tables of a source as a document: a caption and a grid each, merged heads as its layout says."""
    folder = paths.RAW / source
    blocks: list[Paragraph | Grid] = []
    for table_id, layout in load_layout(folder / "layout.yaml").items():
        with (folder / f"table_{table_id}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))[1:]
        cells = []
        for at, (_, line, *texts) in enumerate(rows):
            column = 0
            while column < len(texts):
                across = 1
                if at < layout.header_rows and texts[column]:
                    path = layout.columns[column].header[: at + 1]
                    while column + across < len(texts) and (
                        not texts[column + across]
                        and layout.columns[column + across].header[: at + 1] == path
                        and len(layout.columns[column + across].header) > at + 1
                    ):
                        across += 1
                cells.append(Cell(texts[column], at, column, 1, across, f"line {line}"))
                column += across
        blocks += [Paragraph(f"表{table_id} {layout.title}"), Grid(tuple(cells), f"line {rows[0][1]}", spans=False)]
    return Document(source, "stored", tuple(blocks))
