"""Processed tables for notebooks, and small look-ups on them."""

from __future__ import annotations

import pandas as pd

from analysis.clean.cells import DESTINATION_COLUMNS, SPECIALTY_COLUMNS
from analysis.clean.panel import read_table
from analysis.ground import paths
from analysis.ground.dictionary import APART, entities, families, indicators, nearest
from analysis.ground.errors import BadArgument, UnknownName
from analysis.ground.files import need_workspace
from analysis.ground.numerals import rounding_box


def observations(values: str = "corrected") -> pd.DataFrame:
    """All printed numeric cells, long form.

    Parameters
    ----------
    values : {"corrected", "printed"}
        whether declared corrections are applied to `value`; `raw` is always the cell as printed.
    """
    frame = read_table(paths.PROCESSED / "observations.csv")
    if values == "printed":
        undone = frame["status"] == "corrected"
        frame["value"] = frame["value_printed"]
        frame.loc[undone, "status"] = [
            ("missing" if pd.isna(v) else "aggregate" if rule not in {"", APART} else "printed")
            for v, rule in zip(frame.loc[undone, "value"], frame.loc[undone, "aggregate_rule"])
        ]
    elif values != "corrected":
        raise ValueError(f"values is {values!r}; use 'corrected' or 'printed'")
    return frame


def of_place(frame: pd.DataFrame, city: str, vintage: str = "latest") -> pd.DataFrame:
    """Rows of all reports about a place and of its schools' own; of a figure that several print, the rows of one.

    Parameters
    ----------
    frame : DataFrame
        `observations` or `facts`.
    vintage : {"latest", "first"}
        which counts where reports of several years print a figure; of one year, that about the place counts. All of
        them stay in the processed tables, see `analysis.describe.vintages`.

    Raises
    ------
    UnknownName
        if no source is a report about the place.
    """
    if vintage not in ("latest", "first"):
        raise BadArgument("vintage", f"is {vintage!r}; use 'latest' or 'first'", value=vintage)
    reports = reports_about(city)
    listed = sources().set_index("source_id")
    schools = [
        one.code
        for one in entities().values()
        if one.kind == "school"
        and one.code != city
        and (one.part_of == city or set(reports.index) & set(one.printed or ()))
    ]
    of_schools = listed.loc[listed["covers"].isin(schools), "report_year"].astype("int64")
    rank = pd.concat([2 * reports + (vintage == "latest"), 2 * of_schools + (vintage == "first")])
    own = frame[frame["source_id"].isin(rank.index)]
    order = own["source_id"].map(rank).astype("int64")
    part = (own["aggregate_rule"] != "").astype(str) if "aggregate_rule" in own else own["kind"] + "/" + own["item"]
    # a school that was merged or split prints for the same persons as those it came from
    known = families()
    family = own["entity"].map(lambda one: known.get(one, (one,))[0]).astype(object)
    key = [family, own["indicator"], own["year" if "year" in own else "period"], part]
    return own[order == order.groupby(key, sort=False).transform("max" if vintage == "latest" else "min")]


def reports_about(city: str) -> pd.Series:
    """Year of each report about a place, by source.

    Raises
    ------
    UnknownName
        if there is none.
    """
    listed = sources()
    own = listed[listed["covers"] == city].set_index("source_id")["report_year"].astype("int64")
    if own.empty:
        known = ", ".join(sorted(set(listed["covers"]) - {""}))
        raise UnknownName("city", f"no source is a report about {city!r}; there are reports about {known}", value=city)
    return own


def report_of(city: str, year: int) -> str:
    """The source that is a place's report of a year.

    Raises
    ------
    UnknownName
        if there is none.
    """
    reports = reports_about(city)
    if year not in set(reports):
        known = ", ".join(map(str, sorted(reports)))
        raise UnknownName("year", f"there is no report of {year} about {city}; there are {known}", value=year)
    return str(reports[reports == year].index[-1])


def of_year(facts: pd.DataFrame, year: int) -> pd.DataFrame:
    """Figures of prose whose period ends in a year (``2023``, ``2023-06``, ``../2023``, ``2022/2023``)."""
    return facts[facts["period"].astype(str).str.split("/").str[-1].str[:4] == str(year)]


def facts(values: str = "corrected") -> pd.DataFrame:
    """All figures that stand in prose.

    Parameters
    ----------
    values : {"corrected", "printed"}
        whether declared corrections are applied to `value`; `raw` is always the figure as printed.
    """
    frame = read_table(paths.PROCESSED / "facts.csv")
    if values == "printed":
        changed = frame["value"] != frame["value_printed"]
        frame.loc[changed, "value"] = frame.loc[changed, "value_printed"]
        for i in frame.index[changed]:
            frame.loc[i, ["lower", "upper"]] = rounding_box(
                frame.at[i, "raw"], frame.at[i, "value"], frame.at[i, "qualifier"]
            )
    elif values != "corrected":
        raise ValueError(f"values is {values!r}; use 'corrected' or 'printed'")
    return frame


def demand() -> pd.DataFrame:
    """Industry and labour-market figures: of several vintages the one published last."""
    frame = read_table(paths.PROCESSED / "demand.csv")
    return frame[frame["superseded_by"] == ""].drop(columns="superseded_by").reset_index(drop=True)


def revisions() -> pd.DataFrame:
    """Figures of statistics that a later publication restates, beside what it says."""
    frame = read_table(paths.PROCESSED / "demand.csv")
    later = frame.assign(superseded_by=frame["source_id"] + ":" + frame["figure_id"])[
        ["superseded_by", "value", "published"]
    ]
    return frame[frame["superseded_by"] != ""].merge(
        later, on="superseded_by", suffixes=("", "_now"), validate="many_to_one"
    )


def specialties() -> pd.DataFrame:
    """Specialties by school and year (L2), of all sources that have them; empty where none has."""
    return _level("specialties", [*SPECIALTY_COLUMNS, "contradiction"])


def destinations() -> pd.DataFrame:
    """Graduates in work by specialty and industry (L3), of all sources that have them; empty where none has."""
    return _level("destinations", DESTINATION_COLUMNS)


def _level(name: str, columns: list[str]) -> pd.DataFrame:
    path = paths.PROCESSED / f"{name}.csv"
    if path.exists():
        return read_table(path)
    need_workspace()
    return pd.DataFrame(columns=columns)


def record_tables(source_id: str) -> dict[str, pd.DataFrame]:
    """All record tables of a source by their stable name."""
    tables = {
        path.stem.removeprefix("records_"): read_table(path) for path in sorted(paths.PROCESSED.glob("records_*.csv"))
    }
    own = {table: rows[rows["source_id"] == source_id] for table, rows in tables.items()}
    return {table: rows for table, rows in own.items() if len(rows)}


def records(table: str, source_id: str | None = None) -> pd.DataFrame:
    """Rows of a record table (``"industry_colleges"``), of one source or of all that have it."""
    path = paths.PROCESSED / f"records_{table}.csv"
    if not path.exists():
        need_workspace()
        known = sorted(p.stem.removeprefix("records_") for p in paths.PROCESSED.glob("records_*.csv"))
        raise KeyError(f"no records of table {table!r}; there are records of {', '.join(known)}")
    rows = read_table(path)
    return rows if source_id is None else select(rows, source_id=source_id)


def record_counts() -> pd.DataFrame:
    """Rows of each record table."""
    found = {path.stem.removeprefix("records_"): read_table(path) for path in paths.PROCESSED.glob("records_*.csv")}
    return pd.DataFrame({"table": sorted(found), "rows": [len(found[name]) for name in sorted(found)]})


def sources() -> pd.DataFrame:
    """Sources with title, body and date."""
    return read_table(paths.PROCESSED / "sources.csv")


def source_names(source_ids, language: str) -> str:
    """Short titles of sources, joined, for captions."""
    titles = sources().set_index("source_id")[f"short_{language}"]
    return ("、" if language == "zh" else ", ").join(titles[s] for s in sorted(set(source_ids)))


def crosswalk(name: str) -> pd.DataFrame:
    """A table of ``data/crosswalks`` (``"group_to_sector"``)."""
    need_workspace()
    return pd.read_csv(paths.CROSSWALKS / f"{name}.csv", keep_default_na=False, dtype={"category": str})


def select(frame: pd.DataFrame, **wanted) -> pd.DataFrame:
    """Rows whose columns have the wanted value (or one of a list of values).

    Raises
    ------
    KeyError
        for a column that does not exist, and for a selection without any row: what was asked for is not in the data.
    """
    chosen = pd.Series(True, index=frame.index)
    for column, value in wanted.items():
        if column not in frame:
            raise KeyError(f"no column {column!r}; there are {', '.join(frame.columns)}")
        values = value if isinstance(value, (list, tuple, set)) else [value]
        absent = [v for v in values if not (frame[column] == v).any()]
        if absent:
            raise KeyError(f"{column} has no {absent[0]!r}{nearest(str(absent[0]), map(str, frame[column].unique()))}")
        chosen &= frame[column].isin(values)
    if not chosen.any():
        raise KeyError(f"no row with {wanted}")
    return frame[chosen]


def printed_rows(frame: pd.DataFrame, indicators: list[str], year: int | None = None) -> pd.DataFrame:
    """Rows of schools, no printed totals or means, of some indicators; of one year if it is given."""
    rows = frame[frame["indicator"].isin(indicators) & (frame["aggregate_rule"] == "")]
    return rows if year is None else rows[rows["year"] == year]


def of_tier(frame: pd.DataFrame, tier: str) -> pd.DataFrame:
    """Rows of the schools of a tier; ``"all"`` for every school."""
    return frame if tier == "all" else frame[frame["tier"] == tier]


def find(text: str) -> pd.DataFrame:
    """Indicators and entities whose code, Chinese or English name holds `text`.

    Examples
    --------
    >>> "placement_rate_pct" in find("落实率")["code"].tolist()
    True
    """
    wanted = text.lower()
    rows = [
        ("indicator", i.code, i.label("zh"), i.label("en"), i.unit, i.definitions["en"]) for i in indicators().values()
    ]
    rows += [("entity", e.code, e.name("zh"), e.name("en"), "", e.kind) for e in entities().values()]
    found = [row for row in rows if any(wanted in part.lower() for part in row[1:4])]
    return pd.DataFrame(found, columns=["what", "code", "zh", "en", "unit", "meaning"])
