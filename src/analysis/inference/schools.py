"""Placement of schools and tiers from printed figures, with what contradicts itself kept apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.inference.rates import placement_quadruple, proportion_interval

STUDY = ["further_study_higher_vocational", "further_study_bachelor"]
RATES = ["headline", "further_study_share", "placement_excluding_study"]


def placement_by_school(observations: pd.DataFrame, year: int, confidence: float = 0.95) -> pd.DataFrame:
    """N, P, F and the rates of each school, with Wilson intervals and whether the figures can all be true.

    Parameters
    ----------
    observations : DataFrame
        of one source; closing rows are passed over.
    year : int

    Returns
    -------
    DataFrame
        index entity; tier, graduates, placed, further_study, the three rates, their intervals, `consistent`.

    Notes
    -----
    A kind of further study printed as missing does not exist for the school (a college does not send its graduates to
    colleges) and counts as zero; a school with no figure for either kind has a missing F.
    """
    rows = observations[(observations["year"] == year) & (observations["aggregate_rule"] == "")]
    table = rows[rows["indicator"].isin(["graduates", "placed", *STUDY])].pivot(index="entity", columns="indicator", values="value")
    order = rows[rows["indicator"] == "graduates"].set_index("entity")["tier"]
    table = table.reindex(order.index)
    result = pd.DataFrame({"tier": order, "graduates": table["graduates"], "placed": table["placed"], "further_study": table[STUDY].sum(axis=1, min_count=1)})
    return with_rates(result, confidence)


def with_rates(counts: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Rates and intervals beside `graduates`, `placed`, `further_study`."""
    rates = pd.DataFrame([placement_quadruple(r.graduates, r.placed, r.further_study) for r in counts.itertuples()], index=counts.index)[RATES]
    result = pd.concat([counts, rates], axis=1)
    # a missing figure contradicts nothing
    result["consistent"] = ~((result["further_study"] > result["placed"]) | (result["placed"] > result["graduates"]))
    for rate, (k, n) in {"headline": (result["placed"], result["graduates"]), "placement_excluding_study": (result["placed"] - result["further_study"], result["graduates"] - result["further_study"])}.items():
        sound = result[rate].notna()
        low, high = proportion_interval(k.where(sound & (n > 0), 0), n.where(sound & (n > 0), 1), confidence)
        result[f"{rate}_lower"], result[f"{rate}_upper"] = np.where(sound, low, np.nan), np.where(sound, high, np.nan)
    return result


def placement_by_tier(schools: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Sums over schools by tier and in all, with rates; three treatments of schools whose figures contradict themselves.

    as printed: sums of what is printed; capped: further study at most the number placed; left out: without those schools.
    """
    capped = schools.assign(further_study=schools[["further_study", "placed"]].min(axis=1))
    variants = {"as printed": schools, "capped": capped, "left out": schools[schools["consistent"]]}
    parts = []
    for treatment, frame in variants.items():
        counts = frame.groupby("tier", sort=False)[["graduates", "placed", "further_study"]].sum()
        counts.loc["all"] = counts.sum()
        parts.append(with_rates(counts, confidence).reset_index(names="tier").assign(treatment=treatment, schools=[*frame.groupby("tier", sort=False).size(), len(frame)]))
    return pd.concat(parts, ignore_index=True)


def study_change(observations: pd.DataFrame, before: int, year: int) -> pd.DataFrame:
    """Graduates going on to further study in two years by school: counts, change and log ratio (rates need graduates by school, which are printed for one year only)."""
    rows = observations[observations["indicator"].isin(STUDY) & (observations["aggregate_rule"] == "")]
    table = rows.groupby(["entity", "year"], sort=False)["value"].sum(min_count=1).unstack("year")
    tier = rows.drop_duplicates("entity").set_index("entity")["tier"]
    result = pd.DataFrame({"tier": tier, "before": table[before], "after": table[year]}).dropna()
    result["change"] = result["after"] - result["before"]
    with np.errstate(divide="ignore"):
        result["log_ratio"] = np.log(result["after"] / result["before"])
    return result


def study_share_before(tiers: pd.DataFrame, change: pd.DataFrame, graduates_change: pd.Series) -> pd.DataFrame:
    """Share in further study of the year before by tier, from printed changes of graduates.

    Parameters
    ----------
    tiers : DataFrame
        rows "as printed" of `placement_by_tier`, indexed by tier.
    change : DataFrame
        `study_change`.
    graduates_change : Series
        printed change of graduates by tier; graduates of the year before = graduates − change.

    Returns
    -------
    DataFrame
        index tier and "all"; graduates_before, study_before, share_before, share.
    """
    before = tiers.loc[graduates_change.index, "graduates"] - graduates_change
    study = change.groupby("tier")["before"].sum().reindex(graduates_change.index)
    table = pd.DataFrame({"graduates_before": before, "study_before": study})
    table.loc["all"] = table.sum()
    table["share_before"] = table["study_before"] / table["graduates_before"]
    table["share"] = tiers["further_study_share"].reindex(table.index)
    return table


def tier_design(tiers: pd.Series, reference: str) -> pd.DataFrame:
    """Model matrix: a constant and one column for each tier but the reference."""
    others = [t for t in dict.fromkeys(tiers) if t != reference]
    return pd.DataFrame({"constant": 1.0, **{t: (tiers == t).astype(float) for t in others}}, index=tiers.index)
