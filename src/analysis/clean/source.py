"""One source from raw to interim: everything checked, all faults at once, nothing written before all is sound."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from analysis import paths
from analysis.clean.cells import clean_destinations, clean_specialties
from analysis.clean.corrections import KEY, apply_corrections, load_corrections
from analysis.clean.prose import clean_facts, clean_figures
from analysis.clean.tables import SourceNames, clean_table, observation_frame
from analysis.dictionary import entities, indicators
from analysis.errors import Problems
from analysis.files import read_yaml
from analysis.intake.layout import load_layout


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
        parts = {"observations": self.observations, "facts": self.facts, "figures": self.figures, "specialties": self.specialties, "destinations": self.destinations}
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
    if not (folder / "source.yaml").exists():
        problems.add(paths.shown(folder), "has no source.yaml", "Name title, body and date of the source there")
        problems.stop()
    about = read_yaml((folder / "source.yaml"))
    known_entities, known_indicators = entities(), indicators()
    corrections = load_corrections()
    observations, records, facts, figures = None, {}, None, None

    if (folder / "layout.yaml").exists():
        layouts = load_layout(folder / "layout.yaml")
        names = SourceNames.of_codes(about["schools"]) if about.get("names") == "codes" else SourceNames.of(source_id, known_entities)
        declared = {tuple(c.where[k] for k in KEY[1:]) for c in corrections if c.where["source_id"] == source_id and not c.of_prose}
        rows: list[dict] = []
        for table_id, layout in layouts.items():
            path = folder / f"table_{table_id}.csv"
            if not path.exists():
                problems.add(paths.shown(path), "the table is declared but its file is missing", "Run python -m analysis.intake, or drop the table from layout.yaml", table=table_id)
                continue
            values, lines = clean_table(path, layout, source_id, about["covers"], names, known_entities, known_indicators, problems, declared)
            rows += values
            if lines:
                records[table_id] = pd.DataFrame(lines)
        for path in sorted(folder.glob("table_*.csv")):
            if path.stem.removeprefix("table_") not in layouts:
                problems.add(paths.shown(path), "the table is not declared", "Declare it in layout.yaml")
        observations = apply_corrections(observation_frame(rows), corrections, source_id, problems)
    if (folder / "facts.csv").exists():
        facts = apply_corrections(clean_facts(folder / "facts.csv", source_id, known_entities, known_indicators, problems), corrections, source_id, problems)
    specialties = clean_specialties(folder / "specialties.csv", source_id, known_entities, problems) if (folder / "specialties.csv").exists() else None
    destinations = clean_destinations(folder / "destinations.csv", source_id, known_entities, problems) if (folder / "destinations.csv").exists() else None
    if facts is None and specialties is None and destinations is None and not (folder / "layout.yaml").exists():
        figures = clean_figures(folder, known_entities, known_indicators, problems)
    problems.stop()
    return CleanSource(source_id, about, observations, records, facts, figures, specialties, destinations)


def save_interim(clean: CleanSource) -> list[str]:
    """Write a cleaned source to ``data/interim/<source>`` and say which files."""
    folder = paths.INTERIM / clean.source_id
    parts = {"observations": clean.observations, "facts": clean.facts, "demand": clean.figures, "specialties": clean.specialties, "destinations": clean.destinations}
    parts |= {f"records_{table}": frame for table, frame in clean.records.items()}
    written = []
    for name, frame in parts.items():
        if frame is not None:
            frame.to_csv(paths.out(folder / f"{name}.csv"), index=False, lineterminator="\n")
            written.append(f"{name}.csv")
    return written
