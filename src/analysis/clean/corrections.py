"""Declared corrections: data, not code, each with a guard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import paths
from analysis.dictionary import nearest
from analysis.errors import Problems
from analysis.files import read_yaml

STATUSES = {"applied", "shown only"}
KEY = ["source_id", "table_id", "entity", "indicator", "year"]


@dataclass(frozen=True)
class Correction:
    """One known fault: where it stands, what is printed, what is used instead, why, and what must still be printed."""

    correction_id: str
    where: dict
    printed: str
    expect: str
    use: float
    status: str
    reason: str


def load_corrections(path: Path | None = None) -> list[Correction]:
    """Read ``data/corrections.yaml``; faults of the file are reported at once."""
    path = path or paths.CORRECTIONS
    problems = Problems()
    corrections = []
    for correction_id, entry in (read_yaml(path) or {}).items():
        missing = ({"where", "printed", "expect", "use", "status", "reason"} - entry.keys()) | (set(KEY) - entry.get("where", {}).keys())
        if missing:
            problems.add(paths.shown(path), f"lacks {', '.join(sorted(missing))}", "Complete the entry", row=correction_id)
        elif not (paths.RAW / str(entry["where"]["source_id"]) / "layout.yaml").exists():
            problems.add(paths.shown(path), f"source {entry['where']['source_id']!r} has no tables", f"Correct source_id{nearest(str(entry['where']['source_id']), [p.parent.name for p in paths.RAW.glob('*/layout.yaml')])}", row=correction_id)
        elif entry["status"] not in STATUSES:
            problems.add(paths.shown(path), f"status {entry['status']!r} is not known", f"Use one of {', '.join(sorted(STATUSES))}", row=correction_id)
        else:
            corrections.append(Correction(correction_id, **{k: entry[k] for k in ("where", "printed", "expect", "use", "status", "reason")}))
    problems.stop()
    return corrections


def apply_corrections(cells: pd.DataFrame, corrections: list[Correction], source_id: str, problems: Problems) -> pd.DataFrame:
    """Enter applied corrections into `value`; `raw` and `value_printed` stay as printed.

    Parameters
    ----------
    cells : DataFrame
        observations of one source with the columns of the contract.
    corrections : list of Correction
        all declared ones; those of other sources are passed over.

    Returns
    -------
    DataFrame
        a new frame with `value`, `status` and `correction_id` changed where a correction applies.

    Notes
    -----
    A correction that finds no cell, or whose guard no longer holds, has lost its object and is reported.
    """
    corrected = cells.copy()
    for correction in corrections:
        if correction.where["source_id"] != source_id:
            continue
        place = {k: str(correction.where[k]) for k in KEY}
        found = pd.Series(True, index=cells.index)
        for column, wanted in place.items():
            found &= cells[column].astype(str) == wanted
        if found.sum() != 1:
            problems.add("data/corrections.yaml", f"correction {correction.correction_id} matches {found.sum()} cells", "Correct `where`, or drop the correction", table=place["table_id"], row=place["entity"], column=f"{place['indicator']} {place['year']}")
            continue
        index = found.idxmax()
        if cells.at[index, "raw"] != correction.expect:
            problems.add("data/corrections.yaml", f"correction {correction.correction_id} has lost its object: it expects {correction.expect!r}", "The source was mended: drop the correction, or enter what is printed now", table=place["table_id"], row=place["entity"], column=f"{place['indicator']} {place['year']}", printed=cells.at[index, "raw"])
            continue
        if correction.status == "applied":
            corrected.at[index, "value"] = float(correction.use)
            corrected.at[index, "status"] = "corrected"
        corrected.at[index, "correction_id"] = correction.correction_id
    return corrected
