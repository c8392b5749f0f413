"""Specialties along an industry chain: what the sources name as taught, what they state as missing, and what they do not mention."""

from __future__ import annotations

import pandas as pd

from analysis import arrays
from analysis.arrays import takes
from analysis.fit import _tables

COVERAGE_COLUMNS = ["specialty", "kind", "industries", "schools_offering", "students_in_it", "added_by", "withdrawn_by", "status"]


@takes(
    catalogue=arrays.frame(specialty=_tables.NAME, chain=_tables.NAME, section=_tables.NAME, divisions=arrays.texts), named=arrays.series(arrays.texts, unique=False),
    stated=arrays.frame(unique=("specialty",), specialty=_tables.NAME, schools=arrays.unknown_or(_tables.PERSONS), students=arrays.unknown_or(_tables.PERSONS)),
    adjusted=arrays.frame(school=arrays.texts, specialty_added=arrays.texts, specialty_withdrawn=arrays.texts),
)
def chain_coverage(catalogue: pd.DataFrame, named: pd.Series, stated: pd.DataFrame, adjusted: pd.DataFrame) -> pd.DataFrame:
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
        specialty, kind (place in the chain), industries, schools_offering, students_in_it, added_by, withdrawn_by, status:
        ``taught``, ``taught_withdrawn`` (named, and a school withdrew it in the year), ``stated_missing``, ``contradictory`` (taught and
        missing), ``withdrawn`` (the only mention) or ``not_named``. A specialty
        that no source names may be taught all the same: without a list of what schools teach nobody can say.
    """
    stated = stated.set_index("specialty")
    rows = []
    for specialty, entries in catalogue.groupby("specialty", sort=False):
        schools, students = (None if pd.isna(v := stated[c].get(specialty)) else int(v) for c in ("schools", "students"))
        added, withdrawn = (list(dict.fromkeys(adjusted.loc[adjusted[column] == specialty, "school"])) for column in ("specialty_added", "specialty_withdrawn"))
        taught = bool((named == specialty).any() or added or (schools is not None and schools > 0))
        missing = schools is not None and schools == 0
        status = "contradictory" if taught and missing else "taught_withdrawn" if taught and withdrawn else "taught" if taught else "stated_missing" if missing else "withdrawn" if withdrawn else "not_named"
        industries = "；".join(f"{e.section} {e.divisions}".strip() for e in entries.itertuples())
        rows.append((specialty, entries["chain"].iloc[0], industries, schools, students, "、".join(added), "、".join(withdrawn), status))
    table = pd.DataFrame(rows, columns=COVERAGE_COLUMNS)
    return table.astype({"schools_offering": "Int64", "students_in_it": "Int64"})


@takes(
    counts=arrays.series(arrays.counts(whole=True, zero=True), empty=True), named=arrays.frame(kind=arrays.texts, item=arrays.texts), coverage=arrays.frame(specialty=_tables.NAME, status=_tables.NAME),
)
def chain_tiles(counts: pd.Series, named: pd.DataFrame, coverage: pd.DataFrame) -> pd.DataFrame:
    """Tiles of a strip of the chain: what a survey counts and names at each place, and below it the catalogue with what is said of each specialty.

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
        kind (place, or ``catalogue``), text, status (``unnamed`` with the number as text; it may hold specialties of the catalogue).
    """
    rows = []
    for kind, count in counts.items():
        items = list(dict.fromkeys(named.loc[named["kind"] == kind, "item"]))
        rows += [(kind, item, "taught") for item in items]
        if count > len(items):
            rows.append((kind, f"+ {int(count) - len(items)}", "unnamed"))
    rows += [("catalogue", row.specialty, row.status) for row in coverage.itertuples()]
    return pd.DataFrame(rows, columns=["kind", "text", "status"])
