"""Crowding and gaps: what each group and named specialty shows, its grade of evidence, the action it would support."""

from __future__ import annotations

import pandas as pd

from analysis.describe.alignment import common_sign
from analysis.fit import _tables
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import UnknownName
from analysis.ground.keys import cells

COLUMNS = [
    "item",
    "offered_by",
    "students_named",
    "specialties",
    "students_lower",
    "students_upper",
    "intake_direction",
    "demand_signal",
    "industry_direction",
    "evidence",
    "action",
]
# (supply against industry, direction of that industry): only these two support an action; too little supply for an
# industry that shrinks supports none
ACTIONS = {("+", "-"): "withdraw", ("-", "+"): "supplement"}
OFFERED = arrays.numbers(low=0, high=arrays.MOST_COUNT, whole=True, rule=", whole and not negative")


def crowding_and_gaps(
    shares: pd.DataFrame,
    survey: pd.DataFrame,
    readings: pd.DataFrame,
    deviations: pd.DataFrame,
    crosswalk: pd.DataFrame,
    directions: pd.DataFrame,
    gaps: pd.DataFrame,
) -> pd.DataFrame:
    """`group_actions` of the survey's groups, then `specialty_actions` of the specialties that it names.

    Parameters
    ----------
    shares, survey : DataFrame
        shares of groups with their boxes, and `analysis.describe.supply.survey_groups`.
    readings, directions : DataFrame
        `analysis.describe.movement.intake_readings` and `directions`.
    deviations, gaps : DataFrame
        `analysis.describe.alignment.deviations` and `analysis.describe.chain.stated_gaps`.
    crosswalk : DataFrame
        group, sector, upper.
    """
    students, specialties = shares[shares["measure"] == "students"], survey[survey["measure"] == "specialties"]
    changes, moved = readings[readings["declared"]], directions[directions["side"] == "employment"]
    groups = group_actions(students, specialties, changes, deviations, crosswalk, moved)
    table = pd.concat([groups, specialty_actions(gaps)], ignore_index=True)
    return table.astype({"offered_by": "Int64", "specialties": "Int64", "students_named": "Int64"})


def decided_groups(actions: pd.DataFrame, keys: dict[str, list[str]]) -> pd.DataFrame:
    """Groups whose sign against every industry structure holds over the whole range."""
    clear = list(actions.loc[actions["demand_signal"].isin(["+", "-"]), "item"])
    behind = keys["students"] + keys["value_added"] + keys["employment"]
    return cells({"groups": (len(clear), behind), "names": (clear, behind)})


@takes(
    may_be_nan="a group has no schools or students of its own row",
    shares=arrays.frame(unique=("group",), group=_tables.NAME, lower=_tables.SHARE, upper=_tables.SHARE),
    specialties=arrays.frame(unique=("group",), group=_tables.NAME, value=_tables.AMOUNT),
    changes=arrays.frame(unique=("group",), group=_tables.NAME, sign=_tables.SIGN),
    aligned=arrays.frame(sector=_tables.NAME, sign=_tables.SIGN),
    crosswalk=arrays.frame(unique=("group", "sector"), group=_tables.NAME, sector=_tables.NAME, upper=_tables.SHARE),
    moved=arrays.frame(unique=("sector",), sector=_tables.NAME, sign=_tables.SIGN),
)
def group_actions(
    shares: pd.DataFrame,
    specialties: pd.DataFrame,
    changes: pd.DataFrame,
    aligned: pd.DataFrame,
    crosswalk: pd.DataFrame,
    moved: pd.DataFrame,
) -> pd.DataFrame:
    """One row a survey group.

    A group's demand signal is the sign of the deviation of every sector it may belong to, against every industry
    structure: ``+`` or ``-`` only where all of them agree over the whole range, else ``?``. A sign kept through the
    crosswalk is evidence of grade B. It would support withdrawing (supply above, industry shrinking) or supplementing
    (supply below, industry growing); anything else decides nothing: a small share of supply for a shrinking industry is
    no gap. Schools and named students of a group are not known (None).

    Parameters
    ----------
    shares : DataFrame
        group, lower, upper: the group's share of students.
    specialties : DataFrame
        group, value: number of specialties.
    changes : DataFrame
        group, sign: direction of its share of intake.
    aligned : DataFrame
        `analysis.describe.alignment.deviations` of every supply measure against each industry structure: sector, sign.
    crosswalk : DataFrame
        group, sector, upper.
    moved : DataFrame
        sector, sign: direction of each sector in employment.
    """
    sign_of = aligned.groupby("sector")["sign"].agg(common_sign)
    count, direction = specialties.set_index("group")["value"], changes.set_index("group")["sign"]
    industry, reach = moved.set_index("sector")["sign"], crosswalk[crosswalk["upper"] > 0]
    own = reach[reach["group"].isin(shares["group"])]
    _all_there("specialties", shares["group"], count)
    _all_there("crosswalk", shares["group"], own.set_index("group"))
    _all_there("aligned", own["sector"], sign_of)
    _all_there("moved", own["sector"], industry)
    rows = []
    for row in shares.itertuples():
        sectors = list(reach.loc[reach["group"] == row.group, "sector"])
        signal, moving = (common_sign(by[sectors]) for by in (sign_of, industry))
        evidence, action = "B" if signal != "?" else "", ACTIONS.get((signal, moving), "not_decidable")
        size = (None, None, count[row.group], row.lower, row.upper)
        rows.append((row.group, *size, direction.get(row.group, "?"), signal, moving, evidence, action))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"students_lower": float, "students_upper": float})


def _all_there(argument: str, wanted: pd.Series, there: pd.Series | pd.DataFrame) -> None:
    """Stop at names that a table has no row for."""
    lacking = list(dict.fromkeys(wanted[~wanted.isin(there.index)]))
    if lacking:
        raise UnknownName(argument, f"it has no row for {', '.join(map(str, lacking))}", value=lacking)


@takes(
    may_be_nan="a specialty has no shares; its students may be unknown",
    gaps=arrays.frame(specialty=_tables.NAME, schools=OFFERED, students=arrays.unknown_or(_tables.PERSONS)),
)
def specialty_actions(gaps: pd.DataFrame) -> pd.DataFrame:
    """One row a specialty that the survey names as missing (no school) or scarce; shares are nan.

    Its own statement is evidence of grade C.

    Parameters
    ----------
    gaps : DataFrame
        specialty, schools, students.
    """
    rows = [
        (
            row.specialty,
            row.schools,
            row.students,
            None,
            None,
            None,
            "",
            "stated",
            "",
            "C",
            "build" if row.schools == 0 else "strengthen",
        )
        for row in gaps.itertuples()
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"students_lower": float, "students_upper": float})
