"""Crowding and gaps: what each group and named specialty shows, with the grade of its evidence and the action it would support."""

from __future__ import annotations

import pandas as pd

from analysis import arrays
from analysis.arrays import takes
from analysis.errors import UnknownName
from analysis.fit import _tables

COLUMNS = ["item", "offered_by", "students_named", "specialties", "students_lower", "students_upper", "intake_direction", "demand_signal", "industry_direction", "evidence", "action"]
SIGNS = {"+": "sign_above", "-": "sign_below", "?": "sign_open", "stated": "sign_stated", "": "sign_none"}  # words of data/labels.yaml
MOVES = {"+": "move_up", "-": "move_down", "?": "sign_open", "": "sign_none"}
# (supply against industry, direction of that industry): only these two support an action; too little supply for an industry that shrinks supports none
ACTIONS = {("+", "-"): "withdraw", ("-", "+"): "supplement"}


@takes(
    may_be_nan="a group has no schools or students of its own row",
    shares=arrays.frame(unique=("group",), group=_tables.NAME, lower=_tables.SHARE, upper=_tables.SHARE), specialties=arrays.frame(unique=("group",), group=_tables.NAME, value=_tables.AMOUNT),
    changes=arrays.frame(unique=("group",), group=_tables.NAME, sign=_tables.SIGN), aligned=arrays.frame(sector=_tables.NAME, sign=_tables.SIGN),
    crosswalk=arrays.frame(unique=("group", "sector"), group=_tables.NAME, sector=_tables.NAME, upper=_tables.SHARE), moved=arrays.frame(unique=("sector",), sector=_tables.NAME, sign=_tables.SIGN),
)
def group_actions(shares: pd.DataFrame, specialties: pd.DataFrame, changes: pd.DataFrame, aligned: pd.DataFrame, crosswalk: pd.DataFrame, moved: pd.DataFrame) -> pd.DataFrame:
    """One row a survey group.

    A group's demand signal is the sign of the deviation of every sector it may belong to, against every industry structure:
    ``+`` or ``-`` only where all of them agree over the whole range, else ``?``. A sign kept through the crosswalk is evidence of grade B.
    It would support withdrawing (supply above, industry shrinking) or supplementing (supply below, industry growing); anything else
    decides nothing: a small share of supply for a shrinking industry is no gap. Schools and named students of a group are not known (None).

    Parameters
    ----------
    shares : DataFrame
        group, lower, upper: the group's share of students.
    specialties : DataFrame
        group, value: number of specialties.
    changes : DataFrame
        group, sign: direction of its share of intake.
    aligned : DataFrame
        `analysis.fit.alignment.sector_alignment` of every supply measure against each industry structure: sector, sign.
    crosswalk : DataFrame
        group, sector, upper.
    moved : DataFrame
        sector, sign: direction of each sector in employment.
    """
    sign_of = aligned.groupby("sector")["sign"].agg(lambda s: s.iloc[0] if s.nunique() == 1 else "?")
    count, direction, industry = specialties.set_index("group")["value"], changes.set_index("group")["sign"], moved.set_index("sector")["sign"]
    reach = crosswalk[crosswalk["upper"] > 0]
    own = reach[reach["group"].isin(shares["group"])]
    for argument, wanted, there in (("specialties", shares["group"], count), ("crosswalk", shares["group"], own.set_index("group")), ("aligned", own["sector"], sign_of), ("moved", own["sector"], industry)):
        lacking = list(dict.fromkeys(wanted[~wanted.isin(there.index)]))
        if lacking:
            raise UnknownName(argument, f"it has no row for {', '.join(map(str, lacking))}", value=lacking)
    rows = []
    for row in shares.itertuples():
        sectors = list(reach.loc[reach["group"] == row.group, "sector"])
        signal, moving = (next(iter(found)) if len(found := {by[s] for s in sectors}) == 1 else "?" for by in (sign_of, industry))
        rows.append((row.group, None, None, count[row.group], row.lower, row.upper, direction.get(row.group, "?"), signal, moving, "B" if signal != "?" else "", ACTIONS.get((signal, moving), "not_decidable")))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"students_lower": float, "students_upper": float})


@takes(may_be_nan="a specialty has no shares; its students may be unknown", gaps=arrays.frame(specialty=_tables.NAME, schools=arrays.numbers(low=0, high=arrays.MOST_COUNT, whole=True, rule=", whole and not negative"), students=arrays.unknown_or(_tables.PERSONS)))
def specialty_actions(gaps: pd.DataFrame) -> pd.DataFrame:
    """One row a specialty that the survey itself names as missing (no school) or scarce: evidence of grade C, its own statement; shares are nan.

    Parameters
    ----------
    gaps : DataFrame
        specialty, schools, students.
    """
    rows = [(row.specialty, row.schools, row.students, None, None, None, "", "stated", "", "C", "build" if row.schools == 0 else "strengthen") for row in gaps.itertuples()]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"students_lower": float, "students_upper": float})
