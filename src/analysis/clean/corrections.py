"""Declared corrections: data, not code, each with a guard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.ground import paths
from analysis.ground.dictionary import indicators
from analysis.ground.errors import Problems, nearest
from analysis.ground.files import languages, read_yaml

STATUSES = {"applied", "shown only"}
KEY = ["source_id", "table_id", "entity", "indicator", "year"]
ENTRY = {"where", "printed", "expect", "use", "status", "reason"}


@dataclass(frozen=True)
class Correction:
    """One known fault: where it stands, what is printed, what is used instead, why, and what must still be printed."""

    correction_id: str
    where: dict
    printed: str
    expect: str
    use: float | None
    status: str
    reason: dict[str, str]

    @property
    def of_prose(self) -> bool:
        """Whether it corrects a figure of prose; others correct a cell of a table."""
        return "fact_id" in self.where


def load_corrections(path: Path | None = None) -> list[Correction]:
    """Read ``data/corrections.yaml``; faults of the file are reported at once."""
    path = path or paths.CORRECTIONS
    problems = Problems()
    corrections = []
    places: dict[tuple, str] = {}
    for correction_id, entry in read_yaml(path).items():
        if not isinstance(entry, dict) or not isinstance(entry.get("where"), dict):
            problems.add(
                paths.shown(path),
                "is no entry with a place",
                f"Write {', '.join(sorted(ENTRY))}; where: names source_id and the cell or fact_id",
                row=correction_id,
            )
            continue
        where = entry["where"]
        places_known = {"source_id", "fact_id"} if "fact_id" in where else set(KEY)
        for key in sorted(map(str, where.keys() - places_known)):
            problems.add(
                paths.shown(path),
                f"a place has no {key!r}{nearest(key, places_known)}",
                f"Use {', '.join(sorted(places_known))}",
                row=correction_id,
                column="where",
            )
        for key in sorted(map(str, entry.keys() - ENTRY)):
            problems.add(
                paths.shown(path),
                f"an entry has no {key!r}{nearest(key, ENTRY)}",
                f"Use {', '.join(sorted(ENTRY))}",
                row=correction_id,
            )
        place = tuple(str(where.get(k, "")) for k in (*KEY, "fact_id"))
        if place in places:
            problems.add(
                paths.shown(path), f"corrects the same figure as {places[place]}", "Keep one", row=correction_id
            )
        places[place] = correction_id
        missing = (ENTRY - entry.keys()) | ({"source_id"} if "fact_id" in where else set(KEY)) - where.keys()
        if missing:
            problems.add(
                paths.shown(path), f"lacks {', '.join(sorted(missing))}", "Complete the entry", row=correction_id
            )
            continue
        nested = [k for k, v in {**where, "status": entry["status"]}.items() if isinstance(v, (dict, list))]
        for key in nested:
            problems.add(
                paths.shown(path),
                f"{key} is a {'list' if isinstance({**where, **entry}[key], list) else 'mapping'}, not one value",
                "Write a text or a number; put a text that holds a colon or a bracket in quotation marks",
                row=correction_id,
                column=key,
            )
        if nested:
            continue
        known = [
            p.name for p in paths.RAW.glob("*") if (p / ("facts.csv" if "fact_id" in where else "layout.yaml")).exists()
        ]
        if str(where["source_id"]) not in known:
            problems.add(
                paths.shown(path),
                f"source {where['source_id']!r} has no {'facts.csv' if 'fact_id' in where else 'tables'}",
                f"Correct source_id{nearest(str(where['source_id']), known)}",
                row=correction_id,
            )
        elif entry["status"] not in STATUSES:
            problems.add(
                paths.shown(path),
                f"status {entry['status']!r} is not known",
                f"Use one of {', '.join(sorted(STATUSES))}",
                row=correction_id,
            )
        elif str(entry["printed"]) != str(entry["expect"]):
            problems.add(
                paths.shown(path),
                f"says that {entry['printed']!r} is printed and expects {entry['expect']!r}",
                "Enter the cell as it is printed, twice",
                row=correction_id,
            )
        elif entry["use"] is not None and (type(entry["use"]) not in (int, float) or not math.isfinite(entry["use"])):
            problems.add(
                paths.shown(path),
                f"use is {entry['use']!r}, not a number",
                "Enter a number, or null with status: shown only",
                row=correction_id,
            )
        elif entry["status"] == "applied" and entry["use"] is None:
            problems.add(
                paths.shown(path),
                "is applied and says no number to use",
                "Enter `use`, or set status: shown only",
                row=correction_id,
            )
        elif not isinstance(entry["printed"], str) or not isinstance(entry["expect"], str):
            problems.add(
                paths.shown(path), "what is printed is no text", "Put it in quotation marks", row=correction_id
            )
        elif (
            not isinstance(entry["reason"], dict)
            or not set(languages()) <= set(entry["reason"])
            or not all(isinstance(r, str) and r.strip() for r in entry["reason"].values())
        ):
            problems.add(
                paths.shown(path),
                f"the reason must be given in {', '.join(languages())}",
                "Write reason: {zh: …, en: …}",
                row=correction_id,
            )
        else:
            corrections.append(
                Correction(
                    correction_id,
                    where,
                    str(entry["printed"]),
                    str(entry["expect"]),
                    entry["use"],
                    entry["status"],
                    entry["reason"],
                )
            )
    problems.stop()
    return corrections


def _place(correction: Correction) -> dict[str, str]:
    """Where a message says it is."""
    where = correction.where
    return (
        {"row": where["fact_id"]}
        if correction.of_prose
        else {"table": where["table_id"], "row": where["entity"], "column": f"{where['indicator']} {where['year']}"}
    )


def cells_corrected(source_id: str, but: Mapping[str, str]) -> set[tuple[str, ...]]:
    """Cells of a source's tables that a correction is about: table, entity, indicator, year; those with the reason
    `but` left out."""
    own = [c for c in load_corrections() if c.where["source_id"] == source_id and not c.of_prose and c.reason != but]
    return {tuple(str(c.where[key]) for key in KEY[1:]) for c in own}


def apply_corrections(
    cells: pd.DataFrame, corrections: list[Correction], source_id: str, problems: Problems
) -> pd.DataFrame:
    """Enter applied corrections into `value`; `raw` and `value_printed` stay as printed.

    Parameters
    ----------
    cells : DataFrame
        observations or prose figures of one source with the columns of the contract.
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
    columns = ["fact_id"] if "fact_id" in cells else KEY
    for correction in corrections:
        if correction.where["source_id"] != source_id or correction.of_prose != ("fact_id" in cells):
            continue
        found = pd.Series(True, index=cells.index)
        for column in columns:
            found &= cells[column].astype(str) == str(correction.where[column])
        if found.sum() != 1:
            problems.add(
                "data/corrections.yaml",
                f"correction {correction.correction_id} matches {found.sum()} cells",
                "Correct `where`, or drop the correction",
                **_place(correction),
            )
            continue
        index = found.idxmax()
        if cells.at[index, "raw"] != correction.expect:
            stem = "facts" if correction.of_prose else f"table_{correction.where['table_id']}"
            file = f"data/raw/{source_id}/{stem}.csv"
            problems.add(
                file,
                f"correction {correction.correction_id} has lost its object: it expects {correction.expect!r}",
                "The source was mended: drop the correction in data/corrections.yaml, or enter there what is printed "
                "now",
                **_place(correction),
                printed=cells.at[index, "raw"],
            )
            continue
        low, high = indicators()[cells.at[index, "indicator"]].range
        if correction.use is not None and not (low is None or correction.use >= low) & (
            high is None or correction.use <= high
        ):
            problems.add(
                "data/corrections.yaml",
                f"correction {correction.correction_id} uses {correction.use:g}, outside the range {low} to {high} of "
                f"{cells.at[index, 'indicator']}",
                "Correct `use`",
                **_place(correction),
            )
            continue
        if correction.status == "applied" and correction.use is not None:
            corrected.at[index, "value"] = float(correction.use)
            if "status" in corrected:
                corrected.at[index, "status"] = "corrected"
            else:
                corrected.loc[index, ["lower", "upper"]] = float(correction.use)
        corrected.at[index, "correction_id"] = correction.correction_id
    return corrected
