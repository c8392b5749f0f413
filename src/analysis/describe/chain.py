"""Specialties along an industry chain: what sources name as taught, state as missing, and do not mention."""

from __future__ import annotations

import pandas as pd

from analysis.fit import _tables
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.dictionary import entities
from analysis.ground.keys import cells, with_inputs

TAUGHT = "_specialty_named"  # indicators of prose that end so name what is taught
STATED = {"specialty_schools_offering": "schools", "specialty_students": "students"}
STATUSES = ["taught", "taught_withdrawn", "stated_missing", "contradictory", "withdrawn", "not_named"]
LOOKS = {  # status → colour
    "taught": "blue",
    "taught_withdrawn": "green",
    "unnamed": "light",
    "stated_missing": "vermilion",
    "contradictory": "purple",
    "withdrawn": "orange",
    "not_named": "yellow",
}
COVERAGE_COLUMNS = [
    "specialty",
    "kind",
    "industries",
    "schools_offering",
    "students_in_it",
    "added_by",
    "withdrawn_by",
    "status",
]
STATEMENTS = arrays.frame(
    unique=("specialty",),
    specialty=_tables.NAME,
    schools=arrays.unknown_or(_tables.PERSONS),
    students=arrays.unknown_or(_tables.PERSONS),
)


def links(chain: str) -> list[str]:
    """Links of a chain: entities that are part of it."""
    return [one.code for one in entities().values() if one.kind == "chain_link" and chain and one.part_of == chain]


def named_on(facts: pd.DataFrame, chain: str) -> pd.DataFrame:
    """Figures of prose that name a specialty at a place of the chain."""
    return facts[facts["kind"].isin([chain, *links(chain)]) & facts["indicator"].str.endswith(TAUGHT)]


def counted_and_named(facts: pd.DataFrame, chain: str) -> pd.DataFrame:
    """Specialties that the survey counts at each place of the chain, and those it names there."""
    counted = facts[facts["kind"].isin([chain, *links(chain)]) & (facts["indicator"] == "survey_specialties")]
    named = named_on(facts, chain).groupby("kind")["item"].agg(list)
    table = counted[["kind", "value"]].rename(columns={"value": "specialties_count"}).reset_index(drop=True)
    names = [named.get(kind, []) for kind in table["kind"]]
    total = int(named.map(len).sum())
    table["named"] = [total if kind == chain else len(own) for kind, own in zip(table["kind"], names)]
    table["specialties_named"] = pd.Series(names, index=table.index, dtype=object)
    table["specialties_count"] = table["specialties_count"].astype(int)
    return with_inputs(table, lambda row: counted[counted["kind"] == row["kind"]])


def stated_gaps(facts: pd.DataFrame) -> pd.DataFrame:
    """Specialties that the survey states how many schools offer: specialty, schools, students, place in the order."""
    rows = facts[facts["indicator"].isin(STATED)]
    table = rows.pivot(index="item", columns="indicator", values="value").rename_axis(columns=None)
    table = table.reindex(columns=list(STATED)).rename(columns=STATED).rename_axis("specialty").reset_index()
    table = table.sort_values(["schools", "specialty"], ignore_index=True)
    table["place"] = range(1, len(table) + 1)
    return with_inputs(table, lambda row: rows[rows["item"] == row["specialty"]])


def of_catalogue(programmes: pd.DataFrame, listed: pd.DataFrame, chain: str) -> pd.DataFrame:
    """Specialties on the chain, of links and classes of the catalogue whose specialties are all listed.

    Parameters
    ----------
    programmes, listed : DataFrame
        crosswalks ``specialty_to_division`` and ``chain_to_catalogue``.
    """
    own = listed.loc[listed["chain"].isin(links(chain)), ["chain", "catalogue"]]
    return programmes.merge(own, on=["chain", "catalogue"], validate="many_to_one")


def coverage(catalogue: pd.DataFrame, facts: pd.DataFrame, gaps: pd.DataFrame, adjusted: pd.DataFrame) -> pd.DataFrame:
    """Specialties of the catalogue, with what the sources say of each."""
    named = facts.loc[facts["indicator"].str.endswith(TAUGHT), "item"]
    return chain_coverage(catalogue, named, gaps[["specialty", "schools", "students"]], adjusted)


@takes(
    catalogue=arrays.frame(specialty=_tables.NAME, chain=_tables.NAME, section=_tables.NAME, divisions=arrays.texts),
    named=arrays.series(arrays.texts, unique=False),
    stated=STATEMENTS,
    adjusted=arrays.frame(school=arrays.texts, specialty_added=arrays.texts, specialty_withdrawn=arrays.texts),
)
def chain_coverage(
    catalogue: pd.DataFrame, named: pd.Series, stated: pd.DataFrame, adjusted: pd.DataFrame
) -> pd.DataFrame:
    """What the sources say of each specialty of the catalogue.

    Parameters
    ----------
    catalogue : DataFrame
        specialty, chain, section, divisions: the specialties to look for, a row an industry they lead to.
    named : Series
        specialties that a survey names as taught.
    stated : DataFrame
        specialty, schools, students: what a survey states of single specialties; 0 schools means nobody teaches it.
    adjusted : DataFrame
        school, specialty_added, specialty_withdrawn: records of the year.

    Returns
    -------
    DataFrame
        specialty, kind (place in the chain), industries, schools_offering, students_in_it, added_by and withdrawn_by
        (lists of schools), status: ``taught``, ``taught_withdrawn`` (named, and a school withdrew it in the year),
        ``stated_missing``, ``contradictory`` (taught and missing), ``withdrawn`` (the only mention) or ``not_named``.
        A specialty that no source names may be taught all the same: without a list of what schools teach nobody can
        say.
    """
    stated = stated.set_index("specialty")
    rows = []
    for specialty, entries in catalogue.groupby("specialty", sort=False):
        found = (stated[column].get(specialty) for column in ("schools", "students"))
        schools, students = (None if pd.isna(value) else int(value) for value in found)
        added, withdrawn = (
            list(dict.fromkeys(adjusted.loc[adjusted[column] == specialty, "school"]))
            for column in ("specialty_added", "specialty_withdrawn")
        )
        taught = bool((named == specialty).any() or added or (schools is not None and schools > 0))
        status = _status(taught, schools == 0, bool(withdrawn))
        industries = "；".join(f"{e.section} {e.divisions}".strip() for e in entries.itertuples())
        kind = entries["chain"].iloc[0]
        rows.append((specialty, kind, industries, schools, students, added, withdrawn, status))
    table = pd.DataFrame(rows, columns=COVERAGE_COLUMNS)
    return table.astype({"schools_offering": "Int64", "students_in_it": "Int64"})


def _status(taught: bool, missing: bool, withdrawn: bool) -> str:
    """What three kinds of mention together say of a specialty."""
    if taught:
        return "contradictory" if missing else "taught_withdrawn" if withdrawn else "taught"
    return "stated_missing" if missing else "withdrawn" if withdrawn else "not_named"


def status_counts(coverage: pd.DataFrame) -> pd.DataFrame:
    """Specialties of the catalogue by what the sources say."""
    seen = coverage["status"].value_counts()
    return pd.DataFrame({"status": STATUSES, "count": [int(seen.get(status, 0)) for status in STATUSES]})


def chain_summary(coverage: pd.DataFrame, facts: pd.DataFrame, chain: str) -> pd.DataFrame:
    """Specialties of the catalogue: all, on record as taught, not mentioned; and those that the survey names."""
    behind = mentions(facts)
    named = named_on(facts, chain)
    on_record = coverage["status"].isin(["taught", "taught_withdrawn"])
    return cells(
        {
            "specialties": (len(coverage), behind),
            "on_record": (int(on_record.sum()), behind),
            "not_named_names": (list(coverage.loc[coverage["status"] == "not_named", "specialty"]), behind),
            "named": (len(named), named),
        }
    )


def mentions(facts: pd.DataFrame) -> pd.DataFrame:
    """Figures of the survey that name specialties of the chain, or say how many schools offer one."""
    return facts[facts["indicator"].str.endswith(TAUGHT) | (facts["indicator"] == "specialty_schools_offering")]


def tiles(counted: pd.DataFrame, facts: pd.DataFrame, coverage: pd.DataFrame, chain: str) -> pd.DataFrame:
    """Tiles of the chain's strip (`chain_tiles`) of what the survey counts and names and the catalogue holds."""
    counts = counted[counted["kind"] != chain].set_index("kind")["specialties_count"].astype(float)
    return chain_tiles(counts, named_on(facts, chain), coverage)


@takes(
    counts=arrays.series(arrays.counts(whole=True, zero=True), empty=True),
    named=arrays.frame(kind=arrays.texts, item=arrays.texts),
    coverage=arrays.frame(specialty=_tables.NAME, status=_tables.NAME),
)
def chain_tiles(counts: pd.Series, named: pd.DataFrame, coverage: pd.DataFrame) -> pd.DataFrame:
    """Tiles of a strip of the chain: what a survey counts and names at each place, below it the catalogue.

    Parameters
    ----------
    counts : Series
        place in the chain → number of specialties that the survey counts there.
    named : DataFrame
        kind, item: specialties the survey names at each place.
    coverage : DataFrame
        `chain_coverage`.

    Returns
    -------
    DataFrame
        kind (place, or ``catalogue``), text, status (``unnamed`` with the number as text; it may hold specialties of
        the catalogue).
    """
    rows = []
    for kind, count in counts.items():
        items = list(dict.fromkeys(named.loc[named["kind"] == kind, "item"]))
        rows += [(kind, item, "taught") for item in items]
        if count > len(items):
            rows.append((kind, f"+ {int(count) - len(items)}", "unnamed"))
    rows += [("catalogue", row.specialty, row.status) for row in coverage.itertuples()]
    return pd.DataFrame(rows, columns=["kind", "text", "status"])


def colleges_on_chain(colleges: pd.DataFrame, college_to_chain: pd.DataFrame) -> pd.DataFrame:
    """Industry colleges that the crosswalk places on the chain: school, college, kind, and what the record says."""
    kinds = college_to_chain.set_index("college")["chain"]
    own = colleges[colleges["college"].isin(kinds.index)]
    table = own.assign(kind=own["college"].map(kinds)).rename(columns={"entity": "school"})
    columns = ["school", "college", "kind", "founded", "partners"]
    return with_inputs(table.reindex(columns=columns, fill_value=""), lambda row: own[own["college"] == row["college"]])


def college_count(colleges: pd.DataFrame, on_chain: pd.DataFrame) -> pd.DataFrame:
    """Number of industry colleges on the chain."""
    own = colleges[colleges["college"].isin(on_chain["college"])]
    return cells({"on_chain": (len(own), own if len(own) else colleges)})
