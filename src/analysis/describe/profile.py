"""What a city's specialty tables say, where it has them: crowding and overlap (L2), linkage and match (L3)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.describe.codes import category_of, category_similarity, section_of
from analysis.fit import _tables, homogeneity, linkage, matching
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument, Refused, UnknownName

CODES = arrays.each(arrays.code(4), most=100_000)  # of specialties: six digits, of which the first four say the field
SPECIALTIES = arrays.frame(school=_tables.NAME, specialty_code=CODES, year=_tables.YEAR)
PERSONS = arrays.numbers(low=0, high=arrays.MOST_COUNT, whole=True, rule=", whole and not negative")
DESTINATIONS = arrays.frame(specialty_code=CODES, industry=_tables.NAME, year=_tables.YEAR, graduates=PERSONS)
CATEGORIES = arrays.frame(category=_tables.NAME, section=_tables.NAME, strict=_tables.SHARE, loose=_tables.SHARE)
MEASURE_COLUMNS = ["measure", "value", "chance", "lower", "upper", "p", "note"]
NINE_IN_TEN = (0.9, 1.0)


def _row(
    measure: str,
    value: float,
    *notes: str,
    chance: float = np.nan,
    lower: float = np.nan,
    upper: float = np.nan,
    p: float = np.nan,
) -> dict[str, Any]:
    """A measure with codes of its notes: that of the measure, if no others are given."""
    said = list(notes) or [f"note_{measure}"]
    return dict(zip(MEASURE_COLUMNS, (measure, value, chance, lower, upper, p, said)))


def _unless_refused(call: Callable[[], homogeneity.Chance]) -> homogeneity.Chance | str:
    """The answer of a measure, or why it has none: the table says so where the number would stand."""
    try:
        return call()
    except Refused as reason:
        return str(reason)


def _of_year(table: pd.DataFrame, year: int | None) -> pd.DataFrame:
    """Rows of one year (the last if not given), of one source.

    Raises
    ------
    ValueError
        if several sources have rows of the year: one may restate the other, and sums would count twice.
    """
    if table.empty:
        return table
    rows = table[table["year"] == (int(table["year"].max()) if year is None else year)]
    if "source_id" in rows and rows["source_id"].nunique() > 1:
        sources = ", ".join(sorted(rows["source_id"].unique()))
        raise BadArgument("table", f"sources {sources} all have rows of {rows['year'].iloc[0]}; choose one")
    return rows


@takes(
    may_be_nan="columns that a measure does not have",
    specialties=SPECIALTIES,
    year=arrays.calendar_year,
    count=arrays.one_of("students", "intake", "graduates"),
    draws=arrays.draws,
    seed=arrays.seed,
)
def crowding(
    specialties: pd.DataFrame, year: int | None = None, *, count: str = "students", draws: int = 199, seed: int = 1
) -> pd.DataFrame:
    """Duplication, overlap and diversity of the specialties of a city's schools in one year (level L2).

    Parameters
    ----------
    specialties : DataFrame
        `analysis.clean.load.specialties`.
    year : int, optional
        the last year of the table if not given.
    count : str
        which count stands for size: students, intake or graduates.
    draws, seed : int
        of the chance levels.

    Returns
    -------
    DataFrame
        measure, value, chance (what chance alone gives), lower, upper, p, note (codes, or the reason where a measure
        has no answer); nan where a measure has none; empty if there is no table for the year. `upper` of beta is the
        most that schools of these sizes can have; that of the overlaps is the largest pair.
    """
    rows = _of_year(specialties, year)
    if rows.empty:
        return pd.DataFrame(columns=MEASURE_COLUMNS)
    rows = arrays.frame(**arrays.alike([count], _tables.PERSONS))(rows, "specialties")
    unknown = sorted(rows.loc[rows[count].isna(), "school"].unique())
    known = rows[~rows["school"].isin(unknown)]
    table = known.pivot_table(index="school", columns="specialty_code", values=count, aggfunc="sum", fill_value=0)
    sized = table[table.sum(axis=1) > 0] if len(table) else table
    found = _duplication(rows.assign(offered=(rows[count] != 0).astype(int)), draws, seed)
    found += _diversity(sized, bool(unknown)) if len(sized) else []
    found += _overlap(sized, draws, seed) if len(sized) > 1 else []
    return pd.DataFrame(found, columns=MEASURE_COLUMNS)


def _duplication(rows: pd.DataFrame, draws: int, seed: int) -> list[dict[str, Any]]:
    """How often specialties are offered by several schools."""
    codes = {"index": "school", "columns": "specialty_code", "values": "offered"}
    offers = rows.pivot_table(**codes, aggfunc="max", fill_value=0)
    copies = homogeneity.duplication(offers)
    found = [_row("duplication", copies.mean_schools), _row("duplication_share_3", copies.share_crowded)]
    if len(offers) > 1:
        null = homogeneity.duplication_null(offers, draws=draws, seed=seed)
        found.append(_row("duplication_null", null.observed, chance=null.chance, p=null.p))
    return found


def _diversity(sized: pd.DataFrame, left_out: bool) -> list[dict[str, Any]]:
    """Effective numbers of specialties and of school profiles."""
    pooled, beta = sized.sum(), homogeneity.alpha_beta_gamma_q1(sized).beta
    alike = category_similarity(list(pooled.index))
    most = float(homogeneity.hill_numbers(sized.sum(axis=1), [1])[0])
    hill = float(homogeneity.hill_numbers(pooled, [1])[0])
    return [
        _row("hill_q1", hill, *(["note_hill_q1", "note_left_out"] if left_out else [])),
        _row("hhi", homogeneity.hhi(pooled).hhi),
        _row("beta", beta, upper=most),
        _row("leinster_cobbold_q1", float(homogeneity.leinster_cobbold(pooled, alike, [1])[0])),
    ]


def _overlap(sized: pd.DataFrame, draws: int, seed: int) -> list[dict[str, Any]]:
    """What schools have in common, pair by pair, and how unlike they are together."""
    chance = _unless_refused(lambda: homogeneity.dissimilarity_chance(sized, draws=draws, seed=seed))
    pairs = [homogeneity.overlap(sized.iloc[i], sized.iloc[j]) for i, j in combinations(range(len(sized)), 2)]
    horn, jaccard = [pair.morisita_horn for pair in pairs], [pair.jaccard for pair in pairs]
    if isinstance(chance, str):
        unlike = _row("multigroup_d", np.nan, chance)
    else:
        unlike = _row("multigroup_d", chance.observed, chance=chance.chance, p=chance.p)
    return [
        _row("morisita_horn", float(np.mean(horn)), lower=float(np.min(horn)), upper=float(np.max(horn))),
        _row("jaccard", float(np.mean(jaccard))),
        unlike,
    ]


@takes(destinations=DESTINATIONS, year=arrays.calendar_year)
def destination_table(destinations: pd.DataFrame, year: int | None = None) -> pd.DataFrame:
    """Specialties × industries of one year (the last if not given), summed over schools and regions."""
    rows = _of_year(destinations, year)
    if rows.empty:
        return pd.DataFrame()
    if not rows["graduates"].sum():
        raise BadArgument("destinations", f"graduates of {int(rows['year'].iloc[0])} add up to zero", value=0.0)
    return _counted(rows)


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Graduates by specialty and industry."""
    cells = {"index": "specialty_code", "columns": "industry", "values": "graduates"}
    return rows.pivot_table(**cells, aggfunc="sum", fill_value=0)


@takes(table=arrays.frame(index=CODES), crosswalk=CATEGORIES, strictness=arrays.one_of("strict", "loose"))
def crosswalk_table(table: pd.DataFrame, crosswalk: pd.DataFrame, strictness: str) -> np.ndarray:
    """Which industry each specialty is meant for: 1 or 0, by the category of its code.

    Parameters
    ----------
    table : DataFrame
        index specialty codes, columns industries (sections, or divisions that `section_of` places in one).
    crosswalk : DataFrame
        category (01–19), section, strict, loose.
    strictness : {"strict", "loose"}

    Raises
    ------
    KeyError
        for a specialty whose category the crosswalk does not have.
    """
    pairs = crosswalk.loc[crosswalk[strictness] == 1, ["category", "section"]]
    meant = set(pairs.itertuples(index=False, name=None))
    categories, known = [category_of(code) for code in table.index], set(crosswalk["category"])
    unknown = sorted({c for c in categories if c not in known})
    if unknown:
        wrong = f"categories {', '.join(unknown)} are not in data/crosswalks/category_to_section.csv"
        raise UnknownName("crosswalk", wrong)
    return np.array([[(c, section_of(i)) in meant for i in table.columns] for c in categories], float)


@takes(destinations=DESTINATIONS, year=arrays.calendar_year)
def local_profile(destinations: pd.DataFrame, year: int | None = None) -> pd.DataFrame:
    """How closely each specialty leads to industries (level L3).

    Local linkage (DiPrete et al. 2017) and effective number of destinations.

    Returns
    -------
    DataFrame
        specialty_code, graduates, local_linkage (nats; weighted by graduates the mean is M), effective_industries;
        empty without a table.
    """
    table = destination_table(destinations, year)
    if table.empty:
        return pd.DataFrame(columns=["specialty_code", "graduates", "local_linkage", "effective_industries"])
    table = table[table.sum(axis=1) > 0]
    found = pd.DataFrame(
        {
            "specialty_code": table.index,
            "graduates": table.sum(axis=1).to_numpy(),
            "local_linkage": linkage.local_linkage(table),
            "effective_industries": linkage.destination_effective_number(table),
        }
    )
    return found.sort_values("local_linkage", ascending=False, kind="stable", ignore_index=True)


@takes(
    may_be_nan="columns that a measure does not have",
    destinations=DESTINATIONS,
    crosswalk=CATEGORIES,
    year=arrays.calendar_year,
    confidence=arrays.confidence,
    draws=arrays.draws,
    seed=arrays.seed,
)
def linkage_profile(
    destinations: pd.DataFrame,
    crosswalk: pd.DataFrame,
    year: int | None = None,
    *,
    confidence: float = 0.95,
    draws: int = 199,
    seed: int = 1,
) -> pd.DataFrame:
    """Linkage of specialties and industries, and mismatch by crosswalk, in one year (level L3).

    Returns
    -------
    DataFrame
        measure, value, chance, lower, upper, p, note (codes, or the reason why there is no interval); nan where a
        measure has none, and an interval only where the bias rule allows one; empty if there is no table for the year.
    """
    table = destination_table(destinations, year)
    if table.empty:
        return pd.DataFrame(columns=MEASURE_COLUMNS)
    value, error = linkage.linkage(table), linkage.m_inference(table, confidence=confidence)
    chance = linkage.m_chance(table, draws=draws, seed=seed)
    parts = linkage.m_between_within(table, [category_of(code) for code in table.index])
    bounds = {"lower": error.lower, "upper": error.upper, "p": chance.p}
    found = _by_school(_of_year(destinations, year), table, value.m, confidence, draws, seed)
    found += [
        _row("linkage_m", value.m, *([error.refused] if error.refused else []), chance=chance.mean, **bounds),
        _row("linkage_between_categories", parts.between),
        _row("linkage_h_industry", value.h_industry),
        _row("linkage_h_specialty", value.h_specialty),
    ]
    return pd.DataFrame([*found, *_mismatch(table, crosswalk, confidence)], columns=MEASURE_COLUMNS)


def _by_school(
    rows: pd.DataFrame, table: pd.DataFrame, m: float, confidence: float, draws: int, seed: int
) -> list[dict[str, Any]]:
    """Interval of M with schools drawn with replacement: students of a school do not vary alone."""
    schools = sorted(set(rows["school"]) - {""}) if "school" in rows else []
    if len(schools) < 2:
        return []
    own = [_counted(rows[rows["school"] == school]) for school in schools]
    stack = [one.reindex(index=table.index, columns=table.columns, fill_value=0).to_numpy() for one in own]
    drawn = linkage.m_bootstrap(np.array(stack), draws=draws, seed=seed, by_school=True)
    half = stats.t.ppf(0.5 + confidence / 2, len(schools) - 1) * drawn.se
    return [_row("linkage_m_by_school", m, lower=max(0.0, m - half), upper=m + half)]


def _mismatch(table: pd.DataFrame, crosswalk: pd.DataFrame, confidence: float) -> list[dict[str, Any]]:
    """Graduates outside the industries that their specialty is meant for, by two readings of the crosswalk."""
    strict, loose = (
        matching.horizontal_mismatch(table, crosswalk_table(table, crosswalk, reading), confidence=confidence)
        for reading in ("strict", "loose")
    )
    sound = {"sensitivity": NINE_IN_TEN, "specificity": NINE_IN_TEN}
    bounds = matching.misclassification_bounds(strict.rate, loose.rate, **sound)
    return [
        _row("mismatch_strict", strict.rate, lower=strict.lower, upper=strict.upper),
        _row("mismatch_loose", loose.rate, lower=loose.lower, upper=loose.upper),
        _row("mismatch_bounds", np.nan, lower=bounds.lower, upper=bounds.upper),
    ]
