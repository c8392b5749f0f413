"""Joins the ledgers of the notebooks: ``numbers.json`` for prose, ``metrics.json`` for DVC,
and the audit as ``reconciliation.csv``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from analysis.ground import paths
from analysis.ground.errors import DataFault, Problems
from analysis.ground.files import languages
from analysis.ground.params import load_params
from analysis.present.published import folders, joined, read_ledger
from analysis.reconcile.trail import Index, inputs_of
from pipelines.conditions import run_sealed
from pipelines.staging import replace_text

AUDIT = Path("reconcile") / "said"  # what the audit says, by language
CHECKS = "tables/reconcile_checks.csv"


def collect() -> dict[str, dict]:
    """Numbers of all notebooks; a name published by two of them is a fault, and so is a trail that leads nowhere."""
    problems = Problems()
    numbers: dict[str, dict] = {}
    for name, folder in folders(list(load_params()["analyses"])).items():
        if not (folder / "ledger.json").exists():
            problems.add(
                paths.shown(folder / "ledger.json"), "the ledger is missing", f"Run its stage: dvc repro analyse@{name}"
            )
            continue
        for number, entry in joined(read_ledger(folder)).items():
            if number in numbers:
                problems.add(
                    paths.shown(folder / "ledger.json"),
                    f"the number {number!r} is published by two notebooks",
                    "Rename one",
                    row=number,
                )
            numbers[number] = entry
    with_corrections(numbers, Index(languages()[0]), problems)
    problems.stop()
    return numbers


def with_corrections(numbers: dict[str, dict], index: Index, problems: Problems) -> dict[str, dict]:
    """Follow every number to its cells and name the corrections that changed one of them; broken trails are faults."""
    for name, entry in numbers.items():
        notebook, cells = entry["origin"]["notebook"], []
        file = paths.shown(paths.RESULTS / notebook / "ledger.json")
        for key in inputs_of(name, numbers):
            try:
                cells.append(index.cell(key))
            except KeyError as reason:
                problems.add(
                    file,
                    f"the trail of {name!r} is broken: {reason.args[0]}",
                    "Give the number the rows it was computed from",
                    row=notebook,
                )
        twin = numbers.get(entry.get("as_printed", ""))
        if "as_printed" in entry and (twin is None or twin is entry or twin["origin"]["values"] != "printed"):
            problems.add(
                file,
                f"{name!r} names {entry['as_printed']!r} as the number computed from printed figures, which is none",
                "Name a number declared with values: printed",
                row=notebook,
            )
        applied = sorted({cell.correction_id for cell in cells if cell.used is not None})
        if applied and entry["origin"]["values"] == "corrected":
            entry["origin"]["corrections"] = applied
    return numbers


def main() -> int:
    try:
        numbers = collect()
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    main_language = languages()[0]
    headline = {name: entry["value"] for name, entry in numbers.items() if entry.pop("headline")}
    for entry in numbers.values():
        entry["text"] = entry["said"][main_language]["text"]
        entry["origin"]["formula"] = entry["said"][main_language]["formula"]
    for file, content in (("numbers.json", numbers), ("metrics.json", headline)):
        replace_text(
            paths.RESULTS / file, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "numbers"
        )
    replace_text(
        paths.RESULTS / "reconciliation.csv",
        (paths.RESULTS / AUDIT / main_language / CHECKS).read_text(encoding="utf-8"),
        "numbers",
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
