"""What a city's specialty tables say, where it has them: crowding and overlap of schools (L2), linkage and match (L3)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from analysis import arrays
from analysis.arrays import takes
from analysis.errors import BadArgument, Refused, UnknownName
from analysis.fit import _tables, homogeneity, linkage, matching
from analysis.fit._shares import entropy

CODES = arrays.each(arrays.code(4), most=100_000)  # of specialties: six digits, of which the first four say the field
SPECIALTIES = arrays.frame(school=_tables.NAME, specialty_code=CODES, year=_tables.YEAR)
DESTINATIONS = arrays.frame(specialty_code=CODES, industry=_tables.NAME, year=_tables.YEAR, graduates=arrays.numbers(low=0, high=arrays.MOST_COUNT, whole=True, rule=", whole and not negative"))
MEASURE_COLUMNS = ["measure", "value", "chance", "lower", "upper", "p", "note"]


def _row(measure: str, value: float, *, chance: float = np.nan, lower: float = np.nan, upper: float = np.nan, p: float = np.nan, note: str = "") -> dict:
    return dict(zip(MEASURE_COLUMNS, (measure, value, chance, lower, upper, p, note)))


def _unless_refused(call: Callable[[], homogeneity.Chance]) -> homogeneity.Chance | str:
    """The answer of a measure, or why it has none: the table says so where the number would stand."""
    try:
        return call()
    except Refused as reason:
        return str(reason)


@takes(code=arrays.code(2))
def category_of(code: str) -> str:
    """Category (01–19) of a specialty code: secondary, higher and bachelor codes of one category differ by twenty in their first two digits."""
    return f"{int(code[:2]) % 20:02d}"


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
        raise BadArgument("table", f"sources {', '.join(sorted(rows['source_id'].unique()))} all have rows of {rows['year'].iloc[0]}; choose one")
    return rows


@takes(codes=arrays.each(arrays.code(4), most=5000))
def category_similarity(codes: list[str]) -> np.ndarray:
    """Similarity of specialties by the tree of their codes: 1 the same, ½ the same field (four digits), ¼ the same category, else 0."""
    same, field, category = (np.equal.outer(a, a) for a in (np.array(codes), np.array([c[:4] for c in codes]), np.array([category_of(c) for c in codes])))
    return np.where(same, 1.0, np.where(field, 0.5, np.where(category, 0.25, 0.0)))


@takes(may_be_nan="columns that a measure does not have", specialties=SPECIALTIES, year=arrays.calendar_year, count=arrays.one_of("students", "intake", "graduates"), draws=arrays.draws, seed=arrays.seed)
def crowding(specialties: pd.DataFrame, year: int | None = None, *, count: str = "students", draws: int = 199, seed: int = 1) -> pd.DataFrame:
    """Duplication, overlap and diversity of the specialties of a city's schools in one year (level L2).

    Parameters
    ----------
    specialties : DataFrame
        `analysis.load.specialties`.
    year : int, optional
        the last year of the table if not given.
    count : str
        which count stands for size: students, intake or graduates.
    draws, seed : int
        of the chance levels.

    Returns
    -------
    DataFrame
        measure, value, chance (what chance alone gives), p, note; nan where a measure has none, with the reason where it has no answer; empty if there is no table for the year.
    """
    rows = _of_year(specialties, year)
    if rows.empty:
        return pd.DataFrame(columns=MEASURE_COLUMNS)
    rows = arrays.frame(**{count: _tables.PERSONS})(rows, "specialties")
    offers = rows.assign(offered=(rows[count] != 0).astype(int)).pivot_table(index="school", columns="specialty_code", values="offered", aggfunc="max", fill_value=0)
    unknown = sorted(rows.loc[rows[count].isna(), "school"].unique())
    known = rows[~rows["school"].isin(unknown)]
    left_out = f"; {len(unknown)} schools with missing counts left out" if unknown else ""
    table = known.pivot_table(index="school", columns="specialty_code", values=count, aggfunc="sum", fill_value=0)
    copies = homogeneity.duplication(offers)
    found = [_row("duplication", copies.mean_schools, note="schools per specialty"), _row("duplication_share_3", copies.share_crowded, note="share of specialties offered by three schools or more")]
    if len(offers) > 1:
        null = homogeneity.duplication_null(offers, draws=draws, seed=seed)
        found.append(_row("duplication_null", null.observed, chance=null.chance, p=null.p, note="mean squared number of specialties that two schools share; both margins kept"))
    sized = table[table.sum(axis=1) > 0] if len(table) else table
    if len(sized):
        d = homogeneity.alpha_beta_gamma_q1(sized)
        pooled = sized.sum()
        found += [
            _row("hill_q1", float(homogeneity.hill_numbers(pooled, [1])[0]), note=f"effective number of specialties{left_out}"), _row("hhi", homogeneity.hhi(pooled).hhi, note="concentration of students on specialties"),
            _row("beta", d.beta, note=f"effective number of distinct school profiles, at most {np.exp(entropy(sized.sum(axis=1).to_numpy() / sized.to_numpy().sum())):.2f} for {len(sized)} schools of these sizes"),
            _row("leinster_cobbold_q1", float(homogeneity.leinster_cobbold(pooled, category_similarity(list(pooled.index)), [1])[0]), note="effective number when specialties of one field count as half alike"),
        ]
    if len(sized) > 1:
        chance = _unless_refused(lambda: homogeneity.dissimilarity_chance(sized, draws=draws, seed=seed))
        pairs = [homogeneity.overlap(sized.iloc[i], sized.iloc[j]) for i, j in combinations(range(len(sized)), 2)]
        horn = [pair.morisita_horn for pair in pairs]
        found += [
            _row("morisita_horn", float(np.mean(horn)), lower=float(np.min(horn)), upper=float(np.max(horn)), note="mean over pairs of schools; smallest and largest pair"),
            _row("jaccard", float(np.mean([pair.jaccard for pair in pairs])), note="mean over pairs, by names only"),
            _row("multigroup_d", np.nan, note=chance) if isinstance(chance, str) else _row("multigroup_d", chance.observed, chance=chance.chance, p=chance.p, note="dissimilarity of schools beside its chance level"),
        ]
    return pd.DataFrame(found, columns=MEASURE_COLUMNS)


@takes(destinations=DESTINATIONS, year=arrays.calendar_year)
def destination_table(destinations: pd.DataFrame, year: int | None = None) -> pd.DataFrame:
    """Specialties × industries of one year (the last if not given), summed over schools and regions."""
    rows = _of_year(destinations, year)
    if len(rows) and not rows["graduates"].sum():
        raise BadArgument("destinations", f"graduates of {int(rows['year'].iloc[0])} add up to zero", value=0.0)
    return rows.pivot_table(index="specialty_code", columns="industry", values="graduates", aggfunc="sum", fill_value=0) if len(rows) else pd.DataFrame()


@takes(
    table=arrays.frame(index=CODES), crosswalk=arrays.frame(category=_tables.NAME, section=_tables.NAME, strict=_tables.SHARE, loose=_tables.SHARE), strictness=arrays.one_of("strict", "loose"),
)
def crosswalk_table(table: pd.DataFrame, crosswalk: pd.DataFrame, strictness: str) -> np.ndarray:
    """Which industry each specialty is meant for: 1 or 0, by the category of its code.

    Parameters
    ----------
    table : DataFrame
        index specialty codes, columns industries (sections, or divisions that `division_section` places in one).
    crosswalk : DataFrame
        category (01–19), section, strict, loose.
    strictness : {"strict", "loose"}

    Raises
    ------
    KeyError
        for a specialty whose category the crosswalk does not have.
    """
    meant = {(c, s) for c, s in crosswalk.loc[crosswalk[strictness] == 1, ["category", "section"]].itertuples(index=False)}
    known = set(crosswalk["category"])
    categories = [category_of(code) for code in table.index]
    unknown = sorted({c for c in categories if c not in known})
    if unknown:
        raise UnknownName("crosswalk", f"categories {', '.join(unknown)} are not in data/crosswalks/category_to_section.csv")
    return np.array([[(c, section_of(i)) in meant for i in table.columns] for c in categories], float)


@takes(industry=arrays.text)
def section_of(industry: str) -> str:
    """Section of a division of GB/T 4754-2017; a section is its own."""
    if industry in "ABCDEFGHIJKLMNOPQRST" and len(industry) == 1:
        return industry
    if not (industry.isascii() and industry.isdigit()) or len(industry) > 2:
        raise UnknownName("industry", f"{industry!r} is no section or division of GB/T 4754-2017")
    ends = [(5, "A"), (12, "B"), (43, "C"), (46, "D"), (50, "E"), (52, "F"), (60, "G"), (62, "H"), (65, "I"), (69, "J"), (70, "K"), (72, "L"), (75, "M"), (79, "N"), (82, "O"), (83, "P"), (85, "Q"), (90, "R"), (96, "S"), (97, "T")]
    if not 1 <= int(industry) <= 97:
        raise UnknownName("industry", f"{industry!r} is no division of GB/T 4754-2017")
    return next(section for last, section in ends if int(industry) <= last)


@takes(destinations=DESTINATIONS, year=arrays.calendar_year)
def local_profile(destinations: pd.DataFrame, year: int | None = None) -> pd.DataFrame:
    """How closely each specialty leads to industries: local linkage (DiPrete et al. 2017) and effective number of destinations (level L3).

    Returns
    -------
    DataFrame
        specialty_code, graduates, local_linkage (nats; weighted by graduates the mean is M), effective_industries; empty without a table.
    """
    table = destination_table(destinations, year)
    if table.empty:
        return pd.DataFrame(columns=["specialty_code", "graduates", "local_linkage", "effective_industries"])
    table = table[table.sum(axis=1) > 0]
    return pd.DataFrame({"specialty_code": table.index, "graduates": table.sum(axis=1).to_numpy(), "local_linkage": linkage.local_linkage(table), "effective_industries": linkage.destination_effective_number(table)}).sort_values("local_linkage", ascending=False, kind="stable", ignore_index=True)


@takes(
    may_be_nan="columns that a measure does not have", destinations=DESTINATIONS, crosswalk=arrays.frame(category=_tables.NAME, section=_tables.NAME, strict=_tables.SHARE, loose=_tables.SHARE),
    year=arrays.calendar_year, confidence=arrays.confidence, draws=arrays.draws, seed=arrays.seed,
)
def linkage_profile(destinations: pd.DataFrame, crosswalk: pd.DataFrame, year: int | None = None, *, confidence: float = 0.95, draws: int = 199, seed: int = 1) -> pd.DataFrame:
    """Linkage of specialties and industries, and mismatch by crosswalk, in one year (level L3).

    Returns
    -------
    DataFrame
        measure, value, chance, lower, upper, p, note; nan where a measure has none, and an interval only where the bias rule allows one; empty if there is no
        table for the year.
    """
    table = destination_table(destinations, year)
    if table.empty:
        return pd.DataFrame(columns=MEASURE_COLUMNS)
    value, error, chance = linkage.linkage(table), linkage.m_inference(table, confidence=confidence), linkage.m_chance(table, draws=draws, seed=seed)
    strict, loose = (matching.horizontal_mismatch(table, crosswalk_table(table, crosswalk, s), confidence=confidence) for s in ("strict", "loose"))
    parts = linkage.m_between_within(table, [category_of(code) for code in table.index])
    bounds = matching.misclassification_bounds(strict.rate, loose.rate, sensitivity=(0.9, 1.0), specificity=(0.9, 1.0))
    rows = _of_year(destinations, year)
    schools = sorted(set(rows["school"]) - {""}) if "school" in rows else []
    by_school = []
    if len(schools) > 1:  # students of a school do not vary alone
        stack = np.array([rows[rows["school"] == s].pivot_table(index="specialty_code", columns="industry", values="graduates", aggfunc="sum", fill_value=0).reindex(index=table.index, columns=table.columns, fill_value=0).to_numpy() for s in schools])
        drawn = linkage.m_bootstrap(stack, draws=draws, seed=seed, by_school=True)
        half = stats.t.ppf(0.5 + confidence / 2, len(schools) - 1) * drawn.se
        by_school = [_row("linkage_m_by_school", value.m, lower=max(0.0, value.m - half), upper=value.m + half, note=f"nats; {len(schools)} schools drawn with replacement, t interval: the one to read")]
    return pd.DataFrame([
        *by_school,
        _row("linkage_m", value.m, chance=chance.mean, lower=error.lower, upper=error.upper, p=chance.p, note=error.refused or "nats; interval corrected for bias, persons as independent"),
        _row("linkage_between_categories", parts.between, note="part of M between the categories of the catalogue; the rest lies within them"),
        _row("linkage_h_industry", value.h_industry, note="M / entropy of industries"), _row("linkage_h_specialty", value.h_specialty, note="M / entropy of specialties"),
        _row("mismatch_strict", strict.rate, lower=strict.lower, upper=strict.upper, note="outside the sections that the category is made for"), _row("mismatch_loose", loose.rate, lower=loose.lower, upper=loose.upper, note="outside these and the sections near them"),
        _row("mismatch_bounds", np.nan, lower=bounds.lower, upper=bounds.upper, note="if the crosswalk is right for nine in ten or more"),
    ], columns=MEASURE_COLUMNS)
