"""One source from raw to interim: everything checked, all faults at once, nothing written before all is sound."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from analysis.clean.about import About, check_files, check_missing, check_rows, require_about
from analysis.clean.cells import clean_destinations, clean_specialties
from analysis.clean.corrections import KEY, apply_corrections, load_corrections
from analysis.clean.declared import check_declared
from analysis.clean.prose import clean_facts, clean_figures
from analysis.clean.tables import SourceNames, clean_table, observation_frame
from analysis.ground import paths
from analysis.ground.dictionary import entities, indicators
from analysis.ground.errors import Problems, nearest
from analysis.ground.layout import TableLayout, load_layout
from analysis.ground.numerals import is_missing
from analysis.ground.outgoing import data_csv


@dataclass(frozen=True)
class CleanSource:
    """What one source yields; a part it does not have is None or empty."""

    source_id: str
    about: dict
    observations: pd.DataFrame | None = None
    records: dict[str, pd.DataFrame] = field(default_factory=dict)
    facts: pd.DataFrame | None = None
    figures: pd.DataFrame | None = None
    specialties: pd.DataFrame | None = None
    destinations: pd.DataFrame | None = None

    def counts(self) -> pd.DataFrame:
        """Rows by part: what a reader checks first."""
        parts = {
            "observations": self.observations,
            "facts": self.facts,
            "figures": self.figures,
            "specialties": self.specialties,
            "destinations": self.destinations,
        }
        rows = [(name, len(frame)) for name, frame in parts.items() if frame is not None]
        rows += [(f"records of table {table}", len(frame)) for table, frame in self.records.items()]
        return pd.DataFrame(rows, columns=["part", "rows"])


def clean_source(source_id: str) -> CleanSource:
    """Clean one folder of ``data/raw``.

    Parameters
    ----------
    source_id : str
        name of the folder. ``source.yaml`` must be there; ``layout.yaml`` with ``table_*.csv``, ``facts.csv``,
        ``specialties.csv``, ``destinations.csv`` or, for statistics, other CSVs as the source has them.

    Raises
    ------
    DataFault
        with every fault of every file of the source.
    """
    folder = paths.RAW / source_id
    problems = Problems()
    about = require_about(folder, problems)
    known_entities, known_indicators = entities(), indicators()
    corrections = load_corrections()
    observations, records, facts, figures = None, {}, None, None

    layouts = load_layout(folder / "layout.yaml") if (folder / "layout.yaml").exists() else None
    check_files(folder, about, None if layouts is None else list(layouts), problems)
    if layouts is not None:
        check_declared(layouts, about, folder, known_entities, known_indicators, problems)
        problems.stop()  # what a declaration gets wrong, every table would repeat
        names = (
            SourceNames.of_codes(about.schools or {})
            if about.names == "codes"
            else SourceNames.of(source_id, known_entities)
        )
        _check_printed(names, layouts, source_id, about, problems)
        declared = {
            tuple(c.where[k] for k in KEY[1:])
            for c in corrections
            if c.where["source_id"] == source_id and not c.of_prose
        }
        rows: list[dict] = []
        for table_id, layout in layouts.items():
            path = folder / f"table_{table_id}.csv"
            if not path.exists():
                problems.add(
                    paths.shown(path),
                    "the table is declared but its file is missing",
                    "Run python -m analysis.intake, or drop the table from layout.yaml",
                    table=table_id,
                )
                continue
            before = len(problems)
            values, lines, printed = clean_table(
                path, layout, source_id, about.covered, names, known_entities, known_indicators, problems, declared
            )
            if len(problems) == before:
                check_rows(path, printed, about, problems)
                if layout.has_values:
                    check_missing(
                        path, sum(row["value"] is None and is_missing(row["raw"]) for row in values), about, problems
                    )
            rows += values
            if lines:
                records[layout.name or table_id] = pd.DataFrame(lines)
        if not problems:  # a correction that finds no cell is a consequence of what is wrong with its table
            observations = apply_corrections(observation_frame(rows), corrections, source_id, problems)
    if (folder / "facts.csv").exists():
        found = Problems()
        facts = clean_facts(folder / "facts.csv", source_id, known_entities, known_indicators, found, about)
        problems += found
        if not found:
            facts = apply_corrections(facts, corrections, source_id, problems)
    levels = {
        name: folder / f"{name}.csv" for name in ("specialties", "destinations") if (folder / f"{name}.csv").exists()
    }
    clean_level = {"specialties": clean_specialties, "destinations": clean_destinations}
    cells = {name: clean_level[name](path, source_id, known_entities, problems) for name, path in levels.items()}
    for name, path in levels.items():
        check_rows(path, len(cells[name]), about, problems)
    if facts is None and not levels and layouts is None:
        figures = clean_figures(folder, known_entities, known_indicators, problems, about)
    problems.stop()
    return CleanSource(
        source_id,
        about.model_dump(exclude_none=True),
        observations,
        records,
        facts,
        figures,
        cells.get("specialties"),
        cells.get("destinations"),
    )


def _check_printed(
    names: SourceNames, layouts: dict[str, TableLayout], source_id: str, about: About, problems: Problems
) -> None:
    """Tables that entities.yaml (or a collection) names are tables of the layout."""
    file = paths.shown(paths.RAW / source_id / "source.yaml") if about.names == "codes" else paths.shown(paths.ENTITIES)
    for variant, tables in names.tables_of.items():
        for table_id in sorted(tables - layouts.keys()):
            problems.add(
                file,
                f"{source_id} has no table {table_id!r}{nearest(table_id, layouts)}",
                "Correct the number, or take it from the variant",
                row=names.entity_of[variant],
                column="printed",
                printed=variant,
            )


def save_interim(clean: CleanSource) -> list[str]:
    """Write a cleaned source to ``data/interim/<source>`` and say which files."""
    folder = paths.INTERIM / clean.source_id
    parts = {
        "observations": clean.observations,
        "facts": clean.facts,
        "demand": clean.figures,
        "specialties": clean.specialties,
        "destinations": clean.destinations,
    }
    parts |= {f"records_{table}": frame for table, frame in clean.records.items()}
    written = []
    for name, frame in parts.items():
        if frame is not None:
            paths.out(folder / f"{name}.csv").write_text(data_csv(frame), encoding="utf-8", newline="\n")
            written.append(f"{name}.csv")
    return written
