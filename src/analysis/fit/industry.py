"""Industry structure of places from value added and from census employment, as shares with their rounding box."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis import arrays
from analysis.arrays import takes
from analysis.clean.numbers import printed_decimals
from analysis.errors import BadArgument, Refused, UnknownName
from analysis.fit import _tables
from analysis.fit.bounds import share_box
from analysis.fit.matching import shift_share
from analysis.fit.structure import location_quotient

WEAKEST = {"A": 0, "A-": 1, "B": 2, "C": 3}
FIGURES = {"place": _tables.NAME, "indicator": _tables.NAME, "year": _tables.YEAR, "group": arrays.texts, "value": arrays.numbers(missing=True)}
CENSUS = arrays.frame(**FIGURES)
WITHOUT = arrays.names(empty=True)


def _half(raw: str) -> float:
    """Half a unit of the last printed digit."""
    return 0.5 * 10.0 ** -printed_decimals(raw)


@takes(demand=arrays.frame(**FIGURES, period=arrays.texts, raw=arrays.texts, grade=arrays.texts, figure_id=arrays.texts), place=arrays.text, year=arrays.calendar_year, sectors=arrays.names())
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
    chosen = demand[(demand["place"] == place) & (demand["year"] == year) & (demand["period"] == "year")]
    printed = chosen[(chosen["indicator"] == "gdp_share_pct") & chosen["group"].isin(sectors)]
    levels = chosen[(chosen["indicator"] == "value_added_yuan_100m") & chosen["group"].isin(sectors)]
    rows = printed if len(printed) == len(sectors) else levels
    if len(rows) != len(sectors):
        raise UnknownName("year", f"no value added by sector for {place} {year}; there are {sorted(set(demand.loc[demand['indicator'] == 'value_added_yuan_100m', 'year']))} for some places")
    rows = rows.set_index("group")
    lacking = [s for s in sectors if s not in rows.index]
    if lacking or not rows.index.is_unique:
        raise BadArgument("demand", f"value added of {place} {year} is printed twice for a sector, or not for {', '.join(lacking)}", value=lacking)
    rows = rows.loc[sectors]
    strange = rows[~(rows["value"] >= 0) | ~rows["grade"].isin(list(WEAKEST))]
    if len(strange) or not rows["value"].sum():
        raise BadArgument("demand", f"value added of {place} {year}: a value that is not negative, not all zero, and a grade ({', '.join(WEAKEST)}) are needed, here stand {', '.join(f'{arrays.shown(v)} ({arrays.shown(g)})' for v, g in zip(rows['value'], rows['grade']))}", value=strange.index.tolist())
    half = rows["raw"].map(_half)
    if (rows["indicator"] == "gdp_share_pct").all():
        share, box = rows["value"] / 100, np.column_stack([(rows["value"] - half) / 100, (rows["value"] + half) / 100])
    else:
        share, box = rows["value"] / rows["value"].sum(), share_box(rows["value"] - half, rows["value"] + half)
    grade = max(rows["grade"], key=WEAKEST.__getitem__)
    return pd.DataFrame({"place": place, "measure": "value_added", "year": year, "sector": sectors, "share": share.to_numpy(), "lower": box[:, 0], "upper": box[:, 1], "grade": grade, "figure_id": rows["figure_id"].to_numpy()})


@takes(demand=CENSUS, place=arrays.text, year=arrays.calendar_year)
def employment_by_section(demand: pd.DataFrame, place: str, year: int) -> pd.Series:
    """Employed persons of the census sample by section (letters as index)."""
    chosen = demand[(demand["place"] == place) & (demand["year"] == year) & (demand["indicator"] == "employed_sample_by_section") & (demand["group"] != "all")]
    if chosen.empty:
        known = sorted(set(demand.loc[(demand["indicator"] == "employed_sample_by_section") & (demand["place"] == place), "year"]))
        raise UnknownName("year", f"no census employment for {place} {year}; there is {known}. Correct census_year or census_year_before in params.yaml, or add the figures to data/raw")
    counts = chosen.set_index("group")["value"].sort_index()
    if not counts.index.is_unique:
        raise BadArgument("demand", f"employment of {place} {year} is printed twice for section {counts.index[counts.index.duplicated()][0]}", value=counts.index[counts.index.duplicated()][0])
    arrays.counts()(counts, "demand")
    return counts


@takes(demand=CENSUS, place=arrays.text, year=arrays.calendar_year, section_to_sector=arrays.frame(unique=("section",), section=_tables.NAME, sector=_tables.NAME), sectors=arrays.names())
def employment_shares(demand: pd.DataFrame, place: str, year: int, section_to_sector: pd.DataFrame, sectors: list[str]) -> pd.DataFrame:
    """Shares of the sectors in census employment; counts of a sample, so exact as shares of the sample."""
    counts = employment_by_section(demand, place, year)
    sector_of = section_to_sector.set_index("section")["sector"]
    missing = counts.index.difference(sector_of.index)
    if len(missing):
        raise UnknownName("section_to_sector", f"sections without a sector: {', '.join(missing)}. Add them to data/crosswalks/section_to_sector.csv")
    share = counts.groupby(sector_of).sum().reindex(sectors).fillna(0) / counts.sum()
    return pd.DataFrame({"place": place, "measure": "employment", "year": year, "sector": sectors, "share": share.to_numpy(), "lower": share.to_numpy(), "upper": share.to_numpy(), "grade": "A", "figure_id": ""})


def _without(counts: pd.Series, sections: tuple[str, ...]) -> pd.Series:
    """Employment without some sections, which must be there."""
    lacking = [s for s in sections if s not in counts.index]
    if lacking:
        raise UnknownName("without", f"there is no section {', '.join(lacking)}; there are {', '.join(counts.index)}", value=lacking)
    rest = counts.drop(list(sections))
    if not rest.sum():
        raise BadArgument("without", "nobody works in the sections that are left", value=list(sections))
    return rest


@takes(may_be_nan="a section that the reference lacks has no quotient", demand=CENSUS, place=arrays.text, reference=arrays.text, year=arrays.calendar_year, confidence=arrays.confidence, without=WITHOUT)
def quotients(demand: pd.DataFrame, place: str, reference: str, year: int, confidence: float, without: tuple[str, ...] = ()) -> pd.DataFrame:
    """Location quotients of all sections that the place has, with intervals; a row a section, inf and nan for one that the reference lacks.

    `without` names sections left out of both totals: a quotient within non-agricultural employment (``("A",)``) does not move
    merely because the reference area is more agricultural.
    """
    local, whole = (_without(employment_by_section(demand, p, year), without) for p in (place, reference))
    everything = local.index.union(whole.index)
    local, whole = local.reindex(everything, fill_value=0), whole.reindex(everything, fill_value=0)
    result = location_quotient(local.to_numpy(), whole.to_numpy(), confidence=confidence)
    table = pd.DataFrame({"section": everything, "reference": reference, "year": year, "lq": result.lq, "rsca": result.rsca, "se_log": result.se_log, "lower": result.lower, "upper": result.upper})
    return table[(local > 0).to_numpy()].reset_index(drop=True)


@takes(demand=CENSUS, place=arrays.text, reference=arrays.text, before=arrays.calendar_year, after=arrays.calendar_year, without=WITHOUT)
def shift_share_by_section(demand: pd.DataFrame, place: str, reference: str, before: int, after: int, without: tuple[str, ...] = ()) -> pd.DataFrame:
    """Shift–share of employment shares between two censuses, in percentage points.

    Expected share of a section: its share before times its growth in the reference area, scaled so that expected shares add to
    100; mix = expected − before, local = after − expected. Unscaled, the shares of a city that starts less agricultural than its
    reference would not add up, and every section but agriculture would look slow.

    Parameters
    ----------
    without : tuple of str
        sections left out of all totals (``("A",)`` for the structure of non-agricultural employment).

    Returns
    -------
    DataFrame
        section, change, mix, local; mix and local add up to `change` by section, and each to zero over sections. Sections that
        either area lacks before have no growth and are one remainder, which is not returned.
    """
    frames = {(p, y): _without(employment_by_section(demand, p, y), without) for p in (place, reference) for y in (before, after)}
    everything = sorted(set.union(*(set(f.index) for f in frames.values())))
    frames = {key: f.reindex(everything, fill_value=0) for key, f in frames.items()}
    shared = [s for s in everything if frames[place, before][s] > 0 and frames[reference, before][s] > 0]
    shares = {key: 100 * f[shared].to_numpy() / f.sum() for key, f in frames.items()}
    if not shared:
        raise Refused(f"{place} and {reference} have no section in common in {before}")
    # the shares left out are the last category, so that totals are 100 on every side
    x0, x1, r0, r1 = (np.append(shares[key], max(100 - shares[key].sum(), 1e-9)) for key in ((place, before), (place, after), (reference, before), (reference, after)))
    growth = shift_share(x0, x1, r0, r1)
    expected = x0 + growth.reference_growth + growth.industry_mix
    expected = 100 * expected / expected.sum()
    return pd.DataFrame({"section": shared, "change": (x1 - x0)[:-1], "mix": (expected - x0)[:-1], "local": (x1 - expected)[:-1]})
