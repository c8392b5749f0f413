"""Specialties along an industry chain: what the sources name as taught, what they state as missing, and what they do not mention."""

from __future__ import annotations

import pandas as pd

COVERAGE_COLUMNS = ["specialty", "kind", "industries", "schools_offering", "students_in_it", "added_by", "withdrawn_by", "status"]


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
        schools = stated["schools"].get(specialty)
        added, withdrawn = (list(dict.fromkeys(adjusted.loc[adjusted[column] == specialty, "school"])) for column in ("specialty_added", "specialty_withdrawn"))
        taught = bool((named == specialty).any() or added or (schools is not None and schools > 0))
        missing = schools is not None and schools == 0
        status = "contradictory" if taught and missing else "taught_withdrawn" if taught and withdrawn else "taught" if taught else "stated_missing" if missing else "withdrawn" if withdrawn else "not_named"
        industries = "；".join(f"{e.section} {e.divisions}".strip() for e in entries.itertuples())
        rows.append((specialty, entries["chain"].iloc[0], industries, schools, stated["students"].get(specialty), "、".join(added), "、".join(withdrawn), status))
    table = pd.DataFrame(rows, columns=COVERAGE_COLUMNS)
    return table.astype({"schools_offering": "Int64", "students_in_it": "Int64"})


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
