"""Industry structure of places from value added and from census employment, as shares with their rounding box."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.describe.times import moments
from analysis.fit import _tables
from analysis.fit.bounds import share_box
from analysis.fit.matching import shift_share
from analysis.fit.structure import location_quotient
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument, Refused, UnknownName
from analysis.ground.keys import input_keys, with_inputs
from analysis.ground.numerals import printed_decimals

SECTORS = ["primary", "secondary", "tertiary"]
SIDES = ["value_added", "employment"]  # where output is made, and where people work
CENSUS = "employed_sample_by_section"
WEAKEST = {"A": 0, "A-": 1, "B": 2, "C": 3}
FIGURES: dict[str, Any] = {
    "place": _tables.NAME,
    "indicator": _tables.NAME,
    "year": _tables.YEAR,
    "group": arrays.texts,
    "value": arrays.numbers(missing=True),
}
COUNTED = arrays.frame(**FIGURES)
PRINTED = arrays.frame(**FIGURES, period=arrays.texts, raw=arrays.texts, grade=arrays.texts, figure_id=arrays.texts)
WITHOUT = arrays.names(empty=True)


def _half(raw: str) -> float:
    """Half a unit of the last printed digit."""
    return 0.5 * 10.0 ** -printed_decimals(raw)


@takes(demand=PRINTED, place=arrays.text, year=arrays.calendar_year, sectors=arrays.names())
def value_added_shares(demand: pd.DataFrame, place: str, year: int, sectors: list[str]) -> pd.DataFrame:
    """Shares of the sectors in value added: as printed where shares are printed, else from levels.

    Returns
    -------
    DataFrame
        place, measure, year, sector, share, lower, upper, grade, figure_id; the grade is the weakest of its inputs.

    Raises
    ------
    KeyError
        if neither shares nor levels are there for place and year.
    """
    rows = _value_added_rows(demand, place, year, sectors)
    half = rows["raw"].map(_half)
    if (rows["indicator"] == "gdp_share_pct").all():
        share, box = rows["value"] / 100, np.column_stack([(rows["value"] - half) / 100, (rows["value"] + half) / 100])
    else:
        share, box = rows["value"] / rows["value"].sum(), share_box(rows["value"] - half, rows["value"] + half)
    grade = max(rows["grade"], key=WEAKEST.__getitem__)
    return pd.DataFrame(
        {
            "place": place,
            "measure": "value_added",
            "year": year,
            "sector": sectors,
            "share": share.to_numpy(),
            "lower": box[:, 0],
            "upper": box[:, 1],
            "grade": grade,
            "figure_id": rows["figure_id"].to_numpy(),
        }
    )


def _value_added_rows(demand: pd.DataFrame, place: str, year: int, sectors: list[str]) -> pd.DataFrame:
    """Printed shares of the sectors, or levels where no shares are printed, in the order of the sectors."""
    chosen = demand[(demand["place"] == place) & (demand["year"] == year) & (demand["period"] == "year")]
    levels = demand["indicator"] == "value_added_yuan_100m"
    printed = chosen[(chosen["indicator"] == "gdp_share_pct") & chosen["group"].isin(sectors)]
    rows = printed if len(printed) == len(sectors) else chosen[levels[chosen.index] & chosen["group"].isin(sectors)]
    if len(rows) != len(sectors):
        known = sorted(set(demand.loc[levels, "year"]))
        raise UnknownName("year", f"no value added by sector for {place} {year}; there are {known} for some places")
    rows = rows.set_index("group")
    lacking = [s for s in sectors if s not in rows.index]
    if lacking or not rows.index.is_unique:
        wrong = f"is printed twice for a sector, or not for {', '.join(lacking)}"
        raise BadArgument("demand", f"value added of {place} {year} {wrong}", value=lacking)
    rows = rows.loc[sectors]
    strange = rows[~(rows["value"] >= 0) | ~rows["grade"].isin(list(WEAKEST))]
    if len(strange) or not rows["value"].sum():
        wanted = f"a value that is not negative, not all zero, and a grade ({', '.join(WEAKEST)}) are needed"
        pairs = zip(rows["value"], rows["grade"])
        here = ", ".join(f"{arrays.shown(v)} ({arrays.shown(g)})" for v, g in pairs)
        wrong = f"value added of {place} {year}: {wanted}, here stand {here}"
        raise BadArgument("demand", wrong, value=strange.index.tolist())
    return rows


@takes(demand=COUNTED, place=arrays.text, year=arrays.calendar_year)
def employment_by_section(demand: pd.DataFrame, place: str, year: int) -> pd.Series:
    """Employed persons of the census sample by section (letters as index)."""
    own = demand[(demand["indicator"] == CENSUS) & (demand["place"] == place)]
    chosen = own[(own["year"] == year) & (own["group"] != "all")]
    if chosen.empty:
        remedy = "Correct census_year or census_year_before in params.yaml, or add the figures to data/raw"
        wrong = f"no census employment for {place} {year}; there is {sorted(set(own['year']))}. {remedy}"
        raise UnknownName("year", wrong)
    counts = chosen.set_index("group")["value"].sort_index()
    if not counts.index.is_unique:
        twice = counts.index[counts.index.duplicated()][0]
        wrong = f"employment of {place} {year} is printed twice for section {twice}"
        raise BadArgument("demand", wrong, value=twice)
    arrays.counts()(counts, "demand")
    return counts


@takes(
    demand=COUNTED,
    place=arrays.text,
    year=arrays.calendar_year,
    section_to_sector=arrays.frame(unique=("section",), section=_tables.NAME, sector=_tables.NAME),
    sectors=arrays.names(),
)
def employment_shares(
    demand: pd.DataFrame, place: str, year: int, section_to_sector: pd.DataFrame, sectors: list[str]
) -> pd.DataFrame:
    """Shares of the sectors in census employment; counts of a sample, so exact as shares of the sample."""
    counts = employment_by_section(demand, place, year)
    sector_of = section_to_sector.set_index("section")["sector"]
    missing = counts.index.difference(sector_of.index)
    if len(missing):
        wrong = f"sections without a sector: {', '.join(missing)}. Add them to data/crosswalks/section_to_sector.csv"
        raise UnknownName("section_to_sector", wrong)
    share = (counts.groupby(sector_of).sum().reindex(sectors).fillna(0) / counts.sum()).to_numpy()
    return pd.DataFrame(
        {
            "place": place,
            "measure": "employment",
            "year": year,
            "sector": sectors,
            "share": share,
            "lower": share,
            "upper": share,
            "grade": "A",
            "figure_id": "",
        }
    )


def _without(counts: pd.Series, sections: tuple[str, ...]) -> pd.Series:
    """Employment without some sections, which must be there."""
    lacking = [s for s in sections if s not in counts.index]
    if lacking:
        wrong = f"there is no section {', '.join(lacking)}; there are {', '.join(counts.index)}"
        raise UnknownName("without", wrong, value=lacking)
    rest = counts.drop(list(sections))
    if not rest.sum():
        raise BadArgument("without", "nobody works in the sections that are left", value=list(sections))
    return rest


@takes(
    may_be_nan="a section that the reference lacks has no quotient",
    demand=COUNTED,
    place=arrays.text,
    reference=arrays.text,
    year=arrays.calendar_year,
    confidence=arrays.confidence,
    without=WITHOUT,
)
def quotients(
    demand: pd.DataFrame, place: str, reference: str, year: int, confidence: float, without: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Location quotients of all sections of a place, with intervals; inf and nan for one that the reference lacks.

    `without` names sections left out of both totals: a quotient within non-agricultural employment (``("A",)``) does
    not move merely because the reference area is more agricultural.
    """
    local, whole = (_without(employment_by_section(demand, p, year), without) for p in (place, reference))
    everything = local.index.union(whole.index)
    local, whole = local.reindex(everything, fill_value=0), whole.reindex(everything, fill_value=0)
    result = location_quotient(local.to_numpy(), whole.to_numpy(), confidence=confidence)
    table = pd.DataFrame(
        {
            "section": everything,
            "reference": reference,
            "year": year,
            "lq": result.lq,
            "rsca": result.rsca,
            "se_log": result.se_log,
            "lower": result.lower,
            "upper": result.upper,
        }
    )
    return table[(local > 0).to_numpy()].reset_index(drop=True)


@takes(
    demand=COUNTED,
    place=arrays.text,
    reference=arrays.text,
    before=arrays.calendar_year,
    after=arrays.calendar_year,
    without=WITHOUT,
)
def shift_share_by_section(
    demand: pd.DataFrame, place: str, reference: str, before: int, after: int, without: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Shift–share of employment shares between two censuses, in percentage points.

    Expected share of a section: its share before times its growth in the reference area, scaled so that expected shares
    add to 100; mix = expected − before, local = after − expected. Unscaled, the shares of a city that starts less
    agricultural than its reference would not add up, and every section but agriculture would look slow.

    Parameters
    ----------
    without : tuple of str
        sections left out of all totals (``("A",)`` for the structure of non-agricultural employment).

    Returns
    -------
    DataFrame
        section, change, mix, local; mix and local add up to `change` by section, and each to zero over sections.
        Sections that either area lacks before have no growth and are one remainder, which is not returned.
    """
    ends = [(p, y) for p in (place, reference) for y in (before, after)]
    frames = {(p, y): _without(employment_by_section(demand, p, y), without) for p, y in ends}
    everything = sorted(set.union(*(set(f.index) for f in frames.values())))
    frames = {key: f.reindex(everything, fill_value=0) for key, f in frames.items()}
    shared = [s for s in everything if frames[place, before][s] > 0 and frames[reference, before][s] > 0]
    shares = {key: 100 * f[shared].to_numpy() / f.sum() for key, f in frames.items()}
    if not shared:
        raise Refused(f"{place} and {reference} have no section in common in {before}")
    # the shares left out are the last category, so that totals are 100 on every side
    x0, x1, r0, r1 = (np.append(shares[key], max(100 - shares[key].sum(), 1e-9)) for key in ends)
    growth = shift_share(x0, x1, r0, r1)
    expected = x0 + growth.reference_growth + growth.industry_mix
    expected = 100 * expected / expected.sum()
    parts = {"change": x1 - x0, "mix": expected - x0, "local": x1 - expected}
    return pd.DataFrame({"section": shared, **{name: values[:-1] for name, values in parts.items()}})


# --- what is published of a city --------------------------------------------------------------------------------------


def structures(
    demand: pd.DataFrame,
    section_to_sector: pd.DataFrame,
    *,
    city: str,
    region: str,
    nation: str,
    value_added_year: int,
    census_year: int,
    census_year_before: int,
) -> pd.DataFrame:
    """Structure by sector of the city and its reference areas, with the cells behind each row.

    Returns
    -------
    DataFrame
        `value_added_shares` and `employment_shares` with role (city, region, nation) and moment (now, before).
    """
    parts = [("city", value_added_shares(demand, city, value_added_year, SECTORS))]
    parts.append(("nation", value_added_shares(demand, nation, value_added_year, SECTORS)))
    censuses = [("city", city, census_year), ("city", city, census_year_before), ("region", region, census_year)]
    for role, place, year in [*censuses, ("nation", nation, census_year)]:
        parts.append((role, employment_shares(demand, place, year, section_to_sector, SECTORS)))
    table = pd.concat([part.assign(role=role) for role, part in parts], ignore_index=True)
    table["moment"] = table.groupby("measure")["year"].transform(moments)
    sections = section_to_sector.groupby("sector")["section"].agg(list)

    def behind(row: dict[str, Any]) -> pd.DataFrame:
        if row["measure"] == "value_added":
            return demand[demand["figure_id"] == row["figure_id"]]
        counted = census_rows(demand, [row["place"]], row["year"])
        return counted[counted["group"].isin([*sections[row["sector"]], "all"])]

    return with_inputs(table, behind)


def city_sides(structures: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Structures of the city by side: value_added, employment, employment_before."""
    own = structures[structures["role"] == "city"]
    names = own["measure"].where(own["moment"] == "now", own["measure"] + "_before")
    return {name: own[names == name].reset_index(drop=True) for name in names.unique()}


def census_rows(demand: pd.DataFrame, places: list[str], year: int | None = None) -> pd.DataFrame:
    """Figures of the census samples of some places, of one year if it is given."""
    rows = demand[(demand["indicator"] == CENSUS) & demand["place"].isin(places)]
    return rows if year is None else rows[rows["year"] == year]


def side_keys(demand: pd.DataFrame, sides: dict[str, pd.DataFrame]) -> dict[str, list[str]]:
    """Keys of the figures behind a whole structure, by side."""
    found = {}
    for name, side in sides.items():
        counted = census_rows(demand, [side["place"].iloc[0]], int(side["year"].iloc[0]))
        printed = demand[demand["figure_id"].isin(side["figure_id"])]
        found[name] = input_keys(printed if name.startswith("value_added") else counted)
    return found
