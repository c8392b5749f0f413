"""All sources joined: the processed tables and the data package that describes them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from analysis.clean.about import load_about
from analysis.clean.prose import FACTS_CLEAN, FIGURE_COLUMNS, FIGURE_KEY
from analysis.ground import VERSION, paths
from analysis.ground.errors import Problems
from analysis.ground.files import languages, need_made
from analysis.ground.outgoing import data_csv

TEXT = {"keep_default_na": False, "dtype": str}
NUMBERS = {
    "graduates": "float64",
    "intake": "float64",
    "students": "float64",
    "placed": "float64",
    "further_study": "float64",
    "not_placed": "float64",
    "unknown": "float64",
    "year": "int64",
    "line": "Int64",
    "column": "int64",
    "value": "float64",
    "value_printed": "float64",
    "lower": "float64",
    "upper": "float64",
}
TITLES = {
    "observations": "Printed numeric cells of all source tables, long form",
    "facts": "Figures that stand in the prose of the sources",
    "demand": "Industry and labour-market figures with issuing body and trust grade",
    "sources": "Sources with title, body and date",
    "specialties": "Specialties by school and year (level L2), where a source has them",
    "destinations": "Graduates in work by specialty, industry and region (level L3), where a source has them",
}
OPTIONAL = {
    "specialties": ["source_id", "school", "specialty_code", "year"],
    "destinations": ["source_id", "school", "specialty_code", "industry", "region", "year"],
}  # keys of levels that most cities do not have
REQUIRED = {
    "observations": ["source_id", "table_id", "entity", "tier", "indicator", "year", "unit", "status"],
    "facts": ["fact_id", "source_id", "section", "entity", "indicator", "period", "value", "unit", "qualifier"],
    "demand": ["figure_id", "place", "year", "indicator", "group", "value", "unit", "grade", "body"],
    "sources": ["source_id", "title", "body", "published"],
}
FIGURES = ["source_id", *FIGURE_COLUMNS, "raw"]
EMPTY = {"facts": FACTS_CLEAN, "demand": FIGURES}  # what a place need not have; the tables are there all the same
KEYS = {
    "observations": ["source_id", "table_id", "entity", "indicator", "year"],
    "facts": ["fact_id"],
    "demand": ["source_id", "figure_id"],
    "sources": ["source_id"],
    **OPTIONAL,
}


def read_table(path: Path) -> pd.DataFrame:
    """A CSV of the workbench with its types; empty text stays empty text, an empty number is missing."""
    frame = pd.read_csv(need_made(path), encoding="utf-8", **TEXT)
    for column, kind in NUMBERS.items():
        if column in frame:
            # the files were written by the workbench itself: what is no number here is a fault and raises
            frame[column] = pd.to_numeric(frame[column].replace("", None)).astype(kind)
    return frame


def join_sources(source_ids: list[str]) -> dict[str, pd.DataFrame]:
    """Interim tables of all sources by name of the processed table, sorted, keys checked.

    A vintage keeps its source: the same figure printed by two sources gives two rows.
    """
    problems = Problems()
    parts: dict[str, list[pd.DataFrame]] = {}
    about = []
    for source_id in source_ids:
        for path in sorted((paths.INTERIM / source_id).glob("*.csv")):
            parts.setdefault(path.stem, []).append(read_table(path))
        if source := load_about(paths.RAW / source_id, problems):
            about.append(
                {
                    "source_id": source_id,
                    "title": source.title,
                    **{f"short_{language}": source.short_title.words()[language] for language in languages()},
                    "body": source.body,
                    "published": source.published,
                    "report_year": source.report_year,
                    "covers": source.covers or "",
                    "how_read": source.how_read,
                }
            )
    problems.stop()
    joined = {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
    joined["sources"] = pd.DataFrame(about)
    for name, key in KEYS.items():
        if name not in joined and name in OPTIONAL:
            continue
        if name in EMPTY and name not in joined:
            joined[name] = pd.DataFrame(columns=EMPTY[name], dtype=str)
        if name not in joined:
            problems.add("data/interim", f"no source yields {name}", "Add a source that does, or correct params.yaml")
            continue
        doubled = joined[name].duplicated(key, keep=False)
        for values in joined[name].loc[doubled, key].drop_duplicates().itertuples(index=False):
            problems.add(
                f"data/processed/{name}.csv", "two values for one key", "Keep one", row=", ".join(map(str, values))
            )
    if "demand" in joined:
        joined["demand"] = mark_superseded(joined["demand"], problems)
    problems.stop()
    return dict(sorted(joined.items()))


def mark_superseded(figures: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Which of several vintages of a statistic counts: the one published last.

    Every vintage stays. One that a later publication restates names it in the column `superseded_by` and counts no more
    (see `analysis.clean.load.demand`, `analysis.clean.load.revisions`). Two vintages of one day are a fault: nothing
    says which is right.
    """
    marked = figures.assign(superseded_by="")
    for _, vintages in marked[marked.duplicated(FIGURE_KEY, keep=False)].groupby(FIGURE_KEY, sort=False):
        # 2023 is after nothing of 2023: a year alone says no more than its beginning
        ordered = vintages.sort_values("published", kind="stable")
        last = ordered.iloc[-1]
        for row in ordered.iloc[:-1].itertuples():
            if row.published == last["published"]:
                problems.add(
                    f"data/raw/{row.source_id}",
                    f"the figure stands in {last['source_id']} ({last['figure_id']}) too, published on the same day "
                    f"({row.published})",
                    "Keep one, or give both their dates",
                    row=row.figure_id,
                )
            marked.at[row.Index, "superseded_by"] = f"{last['source_id']}:{last['figure_id']}"
    return marked


def data_package(tables: dict[str, pd.DataFrame]) -> dict:
    """Frictionless Data Package descriptor of the processed tables."""
    resources = []
    for name, frame in tables.items():
        fields = []
        for column, kind in frame.dtypes.items():
            field = {
                "name": column,
                "type": "integer"
                if pd.api.types.is_integer_dtype(kind)
                else "number"
                if pd.api.types.is_float_dtype(kind)
                else "string",
            }
            if column in REQUIRED.get(name, []):
                field["constraints"] = {"required": True}
            fields.append(field)
        schema = {"fields": fields, "missingValues": [""]}
        if name in KEYS:
            schema["primaryKey"] = KEYS[name]
        resources.append(
            {
                "name": name.replace("_", "-").lower(),
                "path": f"{name}.csv",
                "title": TITLES.get(name, f"Records of table {name.removeprefix('records_')}"),
                "type": "table",
                "scheme": "file",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "profile": "tabular-data-resource",
                "schema": schema,
            }
        )
    return {
        "name": "specialty-alignment",
        "title": "Vocational specialties and industries: processed tables",
        "version": VERSION,
        "profile": "tabular-data-package",
        "resources": resources,
    }


def save_processed(tables: dict[str, pd.DataFrame], folder: Path | None = None) -> None:
    """Write the processed tables (CSV; observations as Parquet too) and ``datapackage.json``."""
    folder = folder or paths.PROCESSED
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, frame in tables.items():
        (folder / f"{name}.csv").write_text(data_csv(frame), encoding="utf-8", newline="\n")
    tables["observations"].to_parquet(folder / "observations.parquet", index=False)
    text = json.dumps(data_package(tables), ensure_ascii=False, indent=1)
    (folder / "datapackage.json").write_text(text + "\n", encoding="utf-8")
