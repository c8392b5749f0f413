"""``python -m analysis.intake FILE --year YEAR``: a yearly report in any form as a source of the workspace.

Prints what was understood, writes what a person has to confirm to ``data/intake/<source>.csv``, and, when nothing is
open, the source to ``data/raw/<source>`` and its name to ``params.yaml``. Nothing is written to the data while a
question is open or cleaning finds a fault.
"""

from __future__ import annotations

import argparse
import csv
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

from analysis.clean.corrections import cells_corrected
from analysis.ground import paths
from analysis.ground.errors import DataFault, Problems
from analysis.ground.files import read_yaml
from analysis.ground.guard import Stopped, guarded
from analysis.ground.messages import run_spoken
from analysis.ground.schema import CODE, NAME
from analysis.intake.deliver import (
    DECIDED,
    answers_csv,
    answers_file,
    checksum,
    deliver,
    figures_file,
    read_answers,
    write_new,
)
from analysis.intake.figures import fact_ids, facts_csv, proposals_csv, prose_figures, read_confirmed
from analysis.intake.grid import Document, Paragraph, unreadable
from analysis.intake.known import Known, load_known
from analysis.intake.reading import read_tables
from analysis.intake.sniff import read_document
from analysis.intake.study import Study
from analysis.intake.survey import screen, survey
from analysis.intake.words import arabic_years, years_said

ASSUMED = "its date was not given and is taken to be the year after"
SECONDS, MEMORY = 10, 1 << 30  # of computing and memory for a document; more for every MB that it has
PER_MB = 4


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m analysis.intake", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="Word, Excel, web page, PDF with text, or text dump")
    parser.add_argument("--year", type=int, required=True, help="the year that the report is about")
    parser.add_argument("--place", help="code of the city, known or new (the only one, if there is one)")
    parser.add_argument("--source", help="name of the source (place-year)")
    parser.add_argument("--title", help="title of the report, if its first lines do not say it")
    parser.add_argument("--body", help="who published it, if it is another than last time")
    parser.add_argument("--published", help="when it was published: YYYY, YYYY-MM or YYYY-MM-DD (the year after)")
    parser.add_argument("--all", action="store_true", help="whole lists, not their first lines")
    parser.add_argument("--encoding", default="utf-8", choices=["utf-8", "gb18030", "utf-16"], help="of a text dump")
    given = parser.parse_args(argv)
    try:
        return _run(given)
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1


def _run(given: argparse.Namespace) -> int:
    problems = Problems()
    if not given.file.is_file():
        problems.add(str(given.file), "is no file", "Give the document that was saved")
        problems.stop()
    if not 1990 <= given.year <= 2100:
        problems.add("--year", f"{given.year} is no year of a report", "Give the year that the report is about")
        problems.stop()
    content = given.file.read_bytes()
    known = load_known()
    place = given.place or _only_city(known)
    source = given.source or f"{place}-{given.year}"
    for option, name, pattern in (("--source", source, NAME), ("--place", place, CODE)):
        if not pattern.fullmatch(name):
            problems.add(option, "is no name of a source or a place", "Use letters, digits and _", printed=name)
    problems.stop()
    document = read_guarded(content, given.file.name, given.encoding, known)
    file = answers_file(source)
    said = read_answers(file)
    answers = {key: entry["answer"] for key, entry in said.items()}
    reading = read_tables(document, Study(known, place, given.year, answers, cells_corrected(source, DECIDED), source))
    made = survey(reading, known, source)
    figures = prose_figures(document, known, place, given.year)
    confirmed = read_confirmed(figures_file(source))
    asked: dict[Path, str | None] = {file: answers_csv(reading, said)}
    asked |= {figures_file(source): proposals_csv(figures, confirmed)} if figures else {}
    if reading.waiting() or all(t.left_out for t in reading.tables):
        file.parent.mkdir(parents=True, exist_ok=True)
        for path, text in asked.items():
            write_new(path, (text or "").encode())
        print(screen(made, reading, source, paths.shown(file), given.all))
        for question in (q for q in reading.questions if q.key in reading.wrong):
            problems.add(
                paths.shown(file),
                f"this is no answer to a question of the kind {question.kind}",
                "Write yes, no, or what docs/adding_a_year.md names for this kind",
                row=question.printed,
                column="answer",
                printed=reading.wrong[question.key],
            )
        problems.stop()
        return 2
    about = _about(given, source, place, document, checksum(content), known)
    facts, own = facts_csv(figures, confirmed, source), paths.RAW / source / "facts.csv"
    by_hand = _ids(own) - set(fact_ids(figures, source))
    if facts and by_hand:
        wrong, remedy = "holds figures that were entered by hand", "Enter the confirmed figures there by hand, too"
        problems.add(paths.shown(own), wrong, remedy, printed=min(by_hand))
        problems.stop()
    prose = {own: facts or None} if facts or own.exists() and not by_hand else {}
    clean = deliver(reading, source, about, asked | prose)
    print(screen(made, reading, source, paths.shown(file), given.all))
    count = 0 if clean.observations is None else len(clean.observations)
    tables = sum(not t.left_out for t in reading.tables)
    if figures:
        print(f"prose: {len(figures)} numerals that may be figures, {paths.shown(figures_file(source))}")
    print(f"written: data/raw/{source}, {tables} tables, {count} figures cleaned without a fault. Next: make repro")
    return 0


def _ids(path: Path) -> set[str]:
    """Ids of the facts of a file; none where there is none."""
    if not path.exists():
        return set()
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return {row["fact_id"] for row in csv.DictReader(lines)}


def read_guarded(content: bytes, name: str, encoding: str, known: Known) -> Document:
    """Read a document in a process of its own, with so much time and memory and no more.

    Raises
    ------
    Unreadable
        also for a document that takes longer or more than any report.
    """
    seconds = SECONDS + PER_MB * (len(content) >> 20)
    [answer] = guarded(
        _Read(encoding, known.dump_heads()), [(content, name)], workers=1, seconds=seconds, memory=MEMORY
    )
    if isinstance(answer, Stopped):
        more = f"{seconds} s of computing" if answer.by == "time" else f"{MEMORY >> 20} MB of memory"
        raise unreadable(
            name, f"needs more than {more} to be read", "Give the part of the document that holds the tables"
        )
    if isinstance(answer, list):
        raise DataFault(answer)
    return answer


class _Read:
    """The reading of one document, for another process; faults come back as what they are."""

    def __init__(self, encoding: str, heads: list):
        self.encoding, self.heads = encoding, heads

    def __call__(self, item: tuple[bytes, str]) -> Document | list:
        content, name = item
        # what libraries warn of quotes the document
        logging.disable(logging.CRITICAL)
        warnings.simplefilter("ignore")
        try:
            return read_document(content, name, self.encoding, self.heads)
        except DataFault as fault:
            return fault.problems
        except RecursionError:
            return unreadable(name, "is nested beyond any report", "Save the document anew").problems


def _only_city(known: Known) -> str:
    cities = [code for code, e in known.entities.items() if e.kind == "city"]
    cities = cities or [code for code, e in known.entities.items() if e.kind == "school"]  # a study of one school
    if len(cities) != 1:
        problems = Problems()
        problems.add(
            "--place",
            f"there are {len(cities)} cities",
            f"Name one of {', '.join(cities)}" if cities else "Name the city: letters, digits and _",
        )
        problems.stop()
    return cities[0]


def _about(
    given: argparse.Namespace, source: str, place: str, document: Document, sha256: str, known: Known
) -> dict[str, Any]:
    """What ``source.yaml`` says: from the command, the document's first lines, and the source before."""
    others = [t for t in known.tables if t.covers == place and t.source != source]
    earlier = max(others, key=lambda t: (t.report_year < given.year, t.report_year), default=None)
    before: dict[str, Any] = read_yaml(paths.RAW / earlier.source / "source.yaml") if earlier else {}
    name = known.entities[place]
    own = paths.RAW / source / "source.yaml"
    kept: dict[str, Any] = read_yaml(own) if own.exists() else {}
    title = given.title or next(
        (
            b.text
            for b in document.blocks[:10]
            if isinstance(b, Paragraph)
            and len(b.text) < 60
            and "报告" in b.text
            and given.year in years_said(arabic_years(b.text))
        ),
        kept.get("title") or f"{name.names[-1]['zh']}职业教育质量年度报告（{given.year}年度）",
    )
    form, body = document.form, given.body or kept.get("body") or before.get("body")
    if body is None:
        problems = Problems()
        problems.add("--body", "nobody is known as the publisher of this report", "Name the office that published it")
        problems.stop()
    assumed = str(kept.get("how_read", "")).endswith(ASSUMED)
    published = given.published or (None if assumed else kept.get("published"))
    read = f"tables of the {form} document by the intake program; what was not certain was confirmed line by line "
    read += f"(data/intake/{source}.csv)"
    return {
        "id": source,
        "title": title,
        "short_title": {
            "zh": f"{name.short['zh']}职业教育质量年报{given.year}",
            "en": f"{name.short['en']} vocational education quality report {given.year}",
        },
        "body": body,
        "published": published or str(given.year + 1),
        "report_year": given.year,
        "covers": place,
        "document": {"name": given.file.name}
        | ({"encoding": given.encoding} if form == "text" else {})
        | {"sha256": sha256},
        "how_read": read if published else f"{read}; {ASSUMED}",
    }


if __name__ == "__main__":
    sys.exit(run_spoken(main))
