"""Joins the ledgers of the notebooks: ``numbers.json`` for prose, ``catalogue.json`` with captions, ``metrics.json`` for DVC."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from analysis import paths
from analysis.errors import DataFault, Problems
from analysis.trail import Index, inputs_of
from pipelines.conditions import run_sealed
from pipelines.run_notebook import NAMES
from pipelines.staging import replace_text


UNJOINED = {"clean", "country_brief"}  # notebooks that publish nothing for the report


def collect(ledgers: Path, language: str) -> dict[str, dict]:
    """Numbers, figures and tables of all notebooks in one language; a name published by two of them is a fault."""
    problems = Problems()
    joined: dict[str, dict] = {"numbers": {}, "figures": {}, "tables": {}}
    for stage in NAMES:
        path = ledgers / f"{stage}.json"
        if stage in UNJOINED:
            continue
        if not path.exists():
            problems.add(paths.shown(path), "the ledger is missing", f"Run its stage: dvc repro {stage}")
            continue
        ledger = json.loads(path.read_text(encoding="utf-8"))
        for kind, known in joined.items():
            for name, entry in ledger[kind].items():
                if name in known:
                    problems.add(paths.shown(path), f"{kind} {name!r} is published by two notebooks", "Rename one", row=name)
                known[name] = entry
    with_corrections(joined["numbers"], Index(language), ledgers, problems)
    problems.stop()
    return joined


def with_corrections(numbers: dict[str, dict], index: Index, ledgers: Path, problems: Problems) -> dict[str, dict]:
    """Follow every number to its cells and name the corrections that changed one of them; broken trails are faults."""
    for name, entry in numbers.items():
        cells = []
        for key in inputs_of(name, numbers):
            try:
                cells.append(index.cell(key))
            except KeyError as reason:
                problems.add(paths.shown(ledgers), f"the trail of {name!r} is broken: {reason.args[0]}", "Give the number the rows it was computed from", row=entry["origin"]["notebook"])
        twin = numbers.get(entry.get("as_printed", ""))
        if "as_printed" in entry and (twin is None or twin is entry or twin["origin"]["values"] != "printed"):
            problems.add(paths.shown(ledgers), f"{name!r} names {entry['as_printed']!r} as the number computed from printed figures, which is none", "Name a number published with values=\"printed\"", row=entry["origin"]["notebook"])
        applied = sorted({cell.correction_id for cell in cells if cell.used is not None})
        if applied and entry["origin"]["values"] == "corrected":
            entry["origin"]["corrections"] = applied
    return numbers


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.collect_numbers", description=__doc__.splitlines()[0])
    parser.add_argument("--language", default="zh", choices=("zh", "en"))
    parser.add_argument("--under", default="results", help="folder of the ledgers' folder")
    arguments = parser.parse_args(argv)
    folder = paths.ROOT / arguments.under
    try:
        joined = collect(folder / "ledgers", arguments.language)
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    headline = {name: entry["value"] for name, entry in joined["numbers"].items() if entry.pop("headline")}
    catalogue = {kind: joined[kind] for kind in ("figures", "tables")}
    for file, content in (("numbers.json", joined["numbers"]), ("catalogue.json", catalogue), ("metrics.json", headline)):
        text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
        replace_text(folder / file, text + "\n", f"numbers.{arguments.language}")
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
