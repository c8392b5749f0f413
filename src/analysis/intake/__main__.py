"""``python -m analysis.intake FILE --source ID --out FOLDER``: the tables of a text dump as one CSV each.

The folder holds ``layout.yaml`` (and ``source.yaml``, whose checksum must be the document's). Nothing is written when
anything is wrong.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import sys
from pathlib import Path

from analysis.ground.errors import DataFault, Problems
from analysis.ground.files import read_yaml
from analysis.ground.layout import load_layout
from analysis.ground.messages import run_spoken
from analysis.intake.textdump import RawTable, read_tables


def table_csv(table: RawTable) -> str:
    """A raw table as CSV: kind and document line of each row, then the cells as printed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    width = len(table.rows[0].cells)
    writer.writerow(["kind", "line", *(f"c{i}" for i in range(1, width + 1))])
    writer.writerows([row.kind, row.line, *row.cells] for row in table.rows)
    return buffer.getvalue()


def read_document(path: Path, declared: dict, source: str) -> str:
    """The document's text in its declared encoding; a wrong encoding or checksum is a fault, not a guess."""
    problems = Problems()
    content = path.read_bytes()
    text = ""
    encoding = declared.get("encoding", "utf-8")
    try:
        text = content.decode(encoding, errors="strict")
    except UnicodeDecodeError as error:
        problems.add(
            path.name,
            f"byte {error.start} is not {encoding}",
            f"Convert the file to {encoding}, or state its encoding in source.yaml",
        )
    checksum = hashlib.sha256(content).hexdigest()
    if declared.get("sha256") not in (None, checksum):
        problems.add(
            path.name,
            f"is not the document that source.yaml of {source} names (checksum differs)",
            "Check what changed in the document, then enter the new sha256 in source.yaml",
            printed=checksum,
        )
    problems.stop()
    # marks of the program that saved the file, not of the document
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m analysis.intake", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--source", required=True, help="id of the source, the name of its folder in data/raw")
    parser.add_argument("--out", type=Path, required=True, help="folder with layout.yaml; the CSVs go there")
    parser.add_argument("--layout", type=Path, help="another layout than the one in --out")
    arguments = parser.parse_args(argv)
    try:
        source_file = arguments.out / "source.yaml"
        declared = read_yaml(source_file).get("document", {}) if source_file.exists() else {}
        layouts = load_layout(arguments.layout or arguments.out / "layout.yaml")
        tables = read_tables(read_document(arguments.file, declared, arguments.source), layouts, arguments.file.name)
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    except FileNotFoundError as error:
        print(
            f"{error.filename}: no such file. Give an existing document and a folder with layout.yaml.", file=sys.stderr
        )
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    for table in tables:
        (arguments.out / f"table_{table.table_id}.csv").write_text(table_csv(table), encoding="utf-8")
    rows = sum(row.kind != "header" for table in tables for row in table.rows)
    print(f"{arguments.source}: {len(tables)} tables, {rows} rows")
    return 0


if __name__ == "__main__":
    sys.exit(run_spoken(main))
