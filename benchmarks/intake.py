"""How long a report takes from its bytes to tables understood: a usual one, and one of 500 pages with 400 tables.

``python -m benchmarks.intake`` prints seconds and peak memory; each reading in a process of its own.
"""

from __future__ import annotations

import io
import multiprocessing
import re
import time
import zipfile
from pathlib import Path

from analysis.intake.known import load_known
from analysis.intake.reading import read_tables
from analysis.intake.sniff import read_document
from analysis.intake.study import Study
from tests.made_up_reports import FORMS, WRITERS, Report, make

PARTS = 24  # copies of seventeen tables


def large() -> bytes:
    """The tables of a made-up report again and again, with a page of prose to each, as a Word document."""
    report = make(1)
    once = WRITERS["docx"](Report(report.year, report.tables, {}, {}, {}, ["正文。" * 300] * len(report.tables)))
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(once)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "word/document.xml":
                before, rest = part.split(b"<w:body>", 1)
                body, after = rest.rsplit(b"<w:sectPr", 1)
                part = before + b"<w:body>" + body * PARTS + b"<w:sectPr" + after
            new.writestr(name, part)
    return buffer.getvalue()


def measured(content: bytes, name: str) -> None:
    """Seconds and memory of one reading."""
    known, start = load_known(), time.perf_counter()
    document = read_document(content, name, "utf-8", known.dump_heads())
    grids = time.perf_counter() - start
    reading = read_tables(document, Study(known, "liuzhou", 2024))
    whole = time.perf_counter() - start
    status = Path("/proc/self/status").read_text()  # getrusage would tell the peak of the parent
    memory = int(re.search(r"VmHWM:\s*([0-9]+)", status)[1]) / 1024
    print(f"{name:14} {len(reading.tables):4} tables, grids {grids:5.1f} s, all {whole:5.1f} s, peak {memory:4.0f} MiB")


def main() -> None:
    documents = {form: WRITERS[form](make(1)) for form in FORMS} | {"docx 500 pages": large()}
    for name, content in documents.items():
        process = multiprocessing.get_context("spawn").Process(target=measured, args=(content, name))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
