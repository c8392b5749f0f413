"""Placement of schools and tiers from printed figures, with what contradicts itself kept apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis import arrays
from analysis.arrays import takes
from analysis.errors import BadArgument, Separated, UnknownName
from analysis.inference.binomial import random_intercept_logit
from analysis.inference.correlates import rank_correlation
from analysis.inference.decomposition import simpson_check
from analysis.inference.few_groups import holm_bh, sign_flip_exact
from analysis.inference.rates import (
    PRINTED,
    TREATMENTS,
    placement_quadruple,
    proportion_interval,
    school_logits,
    treat_contradictions,
)
from analysis.inference.shrinkage import empirical_bayes

STUDY = ["further_study_higher_vocational", "further_study_bachelor"]
RATES = ["headline", "further_study_share", "placement_excluding_study"]
# rates that tables print by school for two years: numerators over denominators
TWO_YEAR_RATES = {
    "dual_qualified_share": (("dual_qualified_teachers",), ("teachers",)), "senior_title_share": (("senior_title_staff",), ("teachers",)), "certificates_above_junior_share": (("certificates_1x_middle", "certificates_1x_senior"), ("certificates_1x",)),
    "interns_per_position": (("interns",), ("internship_positions",)), "intake_per_student": (("intake",), ("students",)), "aid_per_person_time": (("aid_amount_10k_yuan",), ("aid_person_times",)),
}

SHARE = "_share"  # how the name of a rate ends whose numerator is part of its denominator; the others are amounts per something
MEASURED = arrays.numbers(missing=True)
RATE = arrays.numbers(low=0, high=1, missing=True, tiny=True, rule=" and lie between 0 and 1")
OBSERVATIONS = arrays.frame(entity=arrays.texts, indicator=arrays.texts, year=arrays.numbers(whole=True, rule=" and whole: years"), value=MEASURED, aggregate_rule=arrays.texts, tier=arrays.texts)
COUNTED = {"graduates": PRINTED, "placed": PRINTED, "further_study": PRINTED}
SCHOOLS = arrays.frame(tier=arrays.texts, **COUNTED, index=arrays.labels("every row needs a school"))
YEAR = arrays.calendar_year


def _of_schools(observations: pd.DataFrame, *years: int, indicators: list[str] | None = None) -> pd.DataFrame:
    """Rows of schools (no closing rows) in some years, each figure once."""
    rows = observations[(observations["aggregate_rule"] == "") & observations["year"].isin(years)]
    rows = rows if indicators is None else rows[rows["indicator"].isin(indicators)]
    twice = rows.duplicated(["entity", "indicator", "year"])
    if twice.any():
        first = rows[twice].iloc[0]
        raise BadArgument("observations", f"{first['indicator']} of {first['entity']} {first['year']} stands there twice", value=first["value"])
    return rows


@takes(may_be_nan="figures that are missing or contradict each other have no rate", observations=OBSERVATIONS, year=YEAR, confidence=arrays.confidence)
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
        index entity; tier, graduates, placed, further_study, the three rates, their intervals (nan where figures are missing or contradict
        each other), `consistent`.

    Notes
    -----
    A kind of further study printed as missing does not exist for the school (a college does not send its graduates to
    colleges) and counts as zero; a school with no figure for either kind has a missing F.
    """
    rows = _of_schools(observations, year, indicators=["graduates", "placed", *STUDY])
    if not (rows["indicator"] == "graduates").any():
        raise UnknownName("year", f"no school prints graduates in {year}; there are {', '.join(str(y) for y in sorted(set(observations['year'])))}", value=year)
    table = rows.pivot(index="entity", columns="indicator", values="value").reindex(columns=["graduates", "placed", *STUDY])
    order = rows[rows["indicator"] == "graduates"].set_index("entity")["tier"]
    table = table.reindex(order.index)
    result = pd.DataFrame({"tier": order, "graduates": table["graduates"], "placed": table["placed"], "further_study": table[STUDY].sum(axis=1, min_count=1)})
    return with_rates(result, confidence)


@takes(may_be_nan="figures that are missing or contradict each other have no rate", counts=arrays.frame(least=1, **COUNTED), confidence=arrays.confidence)
def with_rates(counts: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Rates and intervals beside `graduates`, `placed`, `further_study`; nan where figures are missing or contradict each other."""
    rates = pd.DataFrame([placement_quadruple(r.graduates, r.placed, r.further_study) for r in counts.itertuples()], index=counts.index)[RATES]
    result = pd.concat([counts, rates], axis=1)
    # a missing figure contradicts nothing
    result["consistent"] = ~((result["further_study"] > result["placed"]) | (result["placed"] > result["graduates"]))
    for rate, (k, n) in {"headline": (result["placed"], result["graduates"]), "placement_excluding_study": (result["placed"] - result["further_study"], result["graduates"] - result["further_study"])}.items():
        sound = result[rate].notna()
        low, high = proportion_interval(k.where(sound & (n > 0), 0), n.where(sound & (n > 0), 1), confidence)
        result[f"{rate}_lower"], result[f"{rate}_upper"] = np.where(sound, low, np.nan), np.where(sound, high, np.nan)
    return result


@takes(may_be_nan="figures that contradict each other have no rate", schools=arrays.frame(tier=arrays.labels("every school needs a tier"), **COUNTED, consistent=arrays.flags()), confidence=arrays.confidence)
def placement_by_tier(schools: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Sums over schools by tier and in all, with rates, under each treatment of schools whose figures contradict themselves (`treat_contradictions`).

    Schools that lack one of the three figures are in no sum, and `schools` does not count them: numerator and denominator hold the same schools. A rate
    that contradicting sums do not have is nan.
    """
    parts = []
    for treatment in TREATMENTS:
        frame = treat_contradictions(schools, treatment).dropna(subset=["graduates", "placed", "further_study"])
        counts = frame.groupby("tier", sort=False)[["graduates", "placed", "further_study"]].sum()
        counts.loc["all"] = counts.sum()
        parts.append(with_rates(counts, confidence).reset_index(names="tier").assign(treatment=treatment, schools=[*frame.groupby("tier", sort=False).size(), len(frame)]))
    return pd.concat(parts, ignore_index=True)


@takes(schools=arrays.frame(headline=RATE, placement_excluding_study=RATE))
def order_reversals(schools: pd.DataFrame) -> tuple[int, int]:
    """Pairs of schools that the two placement rates put in opposite order, and all pairs that have both rates and no tie."""
    both = schools.dropna(subset=["headline", "placement_excluding_study"])
    a, b = (np.sign(np.subtract.outer(both[c].to_numpy(), both[c].to_numpy())) for c in ("headline", "placement_excluding_study"))
    upper = np.triu_indices(len(both), 1)
    signs = (a * b)[upper]
    return int((signs < 0).sum()), int((signs != 0).sum())


@takes(may_be_nan="log ratios where nobody went on in one of the years", observations=OBSERVATIONS, before=YEAR, year=YEAR)
def study_change(observations: pd.DataFrame, before: int, year: int) -> pd.DataFrame:
    """Graduates going on to further study in two years by school: counts, change and log ratio (inf, −inf or nan where a year has none; rates need graduates by school, which are printed for one year only)."""
    rows = _of_schools(observations, before, year, indicators=STUDY)
    lacking = [y for y in (before, year) if not (rows["year"] == y).any()]
    if lacking:
        raise UnknownName("before" if before in lacking else "year", f"no school prints further study in {', '.join(map(str, lacking))}", value=lacking)
    if (rows["value"] < 0).any():
        raise BadArgument("observations", f"further study of {rows.loc[rows['value'] < 0, 'entity'].iloc[0]} is negative", value=float(rows["value"].min()))
    table = rows.groupby(["entity", "year"], sort=False)["value"].sum(min_count=1).unstack("year")
    tier = rows.drop_duplicates("entity").set_index("entity")["tier"]
    result = pd.DataFrame({"tier": tier, "before": table[before], "after": table[year]}).dropna()
    result["change"] = result["after"] - result["before"]
    with np.errstate(divide="ignore", invalid="ignore"):
        result["log_ratio"] = np.log(result["after"] / result["before"])
    return result


@takes(
    may_be_nan="a tier without figures", tiers=arrays.frame(graduates=PRINTED, further_study_share=RATE, index=arrays.labels("every row needs a tier")),
    change=arrays.frame(tier=arrays.texts, before=PRINTED), graduates_change=arrays.series(MEASURED, empty=True),
)
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
        index tier and "all"; graduates_before, study_before, share_before, share; nan for a tier without figures.
    """
    unknown = [str(tier) for tier in graduates_change.index if tier not in tiers.index]
    if unknown:
        raise UnknownName("graduates_change", f"it names {', '.join(unknown)}, the tiers are {', '.join(map(str, tiers.index))}", value=unknown)
    before = tiers.loc[graduates_change.index, "graduates"] - graduates_change
    if (before <= 0).any():
        raise BadArgument("graduates_change", f"with this change {before[before <= 0].index[0]} had no graduates before", value=float(before.min()))
    study = change.groupby("tier")["before"].sum().reindex(graduates_change.index)
    table = pd.DataFrame({"graduates_before": before, "study_before": study})
    table.loc["all"] = table.sum()
    table["share_before"] = table["study_before"] / table["graduates_before"]
    table["share"] = tiers["further_study_share"].reindex(table.index)
    return table


@takes(observations=OBSERVATIONS, rate=arrays.one_of(*TWO_YEAR_RATES), before=YEAR, year=YEAR)
def two_year_counts(observations: pd.DataFrame, rate: str, before: int, year: int) -> pd.DataFrame:
    """Numerator and denominator of one of `TWO_YEAR_RATES` by school in both years; schools without a rate in either year (or with a share above one) are left out."""
    rows = _of_schools(observations, before, year)
    columns = {}
    for side, codes in zip(("numerator", "denominator"), TWO_YEAR_RATES[rate]):
        for when, y in (("before", before), ("after", year)):
            part = rows[rows["indicator"].isin(codes) & (rows["year"] == y)]
            columns[f"{side}_{when}"] = part.groupby("entity", sort=False)["value"].agg(lambda v: v.sum(skipna=False) if len(v) == len(codes) else np.nan)  # all its parts, or none
    table = pd.DataFrame(columns).dropna()
    impossible = (table < 0).any(axis=1) | (table["denominator_before"] == 0) | (table["denominator_after"] == 0)
    if rate.endswith(SHARE):  # more in the part than in the whole cannot be true: the audit names it, no share follows from it
        impossible |= (table["numerator_before"] > table["denominator_before"]) | (table["numerator_after"] > table["denominator_after"])
    table = table[~impossible]
    return table.assign(tier=rows.drop_duplicates("entity").set_index("entity")["tier"].reindex(table.index))


@takes(observations=OBSERVATIONS, before=YEAR, year=YEAR)
def two_year_changes(observations: pd.DataFrame, before: int, year: int) -> pd.DataFrame:
    """Every rate of `TWO_YEAR_RATES` that has two schools or more: its change taken apart, checked for reversal, and tested over schools.

    Returns
    -------
    DataFrame
        rate, schools, before, after, change, rate_effect and composition (Kitagawa), simple_change (mean of schools), up, down, flag (`simpson_check`),
        p (exact sign flip of the schools' changes), p_holm over this family. Aggregate and test answer different questions: where the
        persons are, and what the usual school did.
    """
    rows = []
    for rate in TWO_YEAR_RATES:
        counts = two_year_counts(observations, rate, before, year)
        if len(counts) < 2:
            continue
        columns = [counts[c].to_numpy() for c in ("numerator_before", "denominator_before", "numerator_after", "denominator_after")]
        check = simpson_check(*columns, shares=rate.endswith(SHARE))
        each = columns[2] / columns[3] - columns[0] / columns[1]
        start = columns[0].sum() / columns[1].sum()
        rows.append((rate, len(counts), start, start + check.aggregate, check.aggregate, check.within, check.aggregate - check.within, check.simple_change, check.strata_up, check.strata_down, check.flag, sign_flip_exact(each)))
    table = pd.DataFrame(rows, columns=["rate", "schools", "before", "after", "change", "rate_effect", "composition", "simple_change", "up", "down", "flag", "p"])
    return table.assign(p_holm=holm_bh(table["p"])[0] if len(table) else [])


@takes(may_be_nan="a tier without schools", observations=OBSERVATIONS, year=YEAR, indicators=arrays.names(), weight=arrays.text)
def mean_checks(observations: pd.DataFrame, year: int, indicators: list[str], weight: str = "students") -> pd.DataFrame:
    """Simple mean of schools beside the mean weighted by students, in all and by tier, for indicators that are themselves averages or rates.

    Returns
    -------
    DataFrame
        indicator, schools, simple, weighted, higher_minus_secondary under both, flag: ``reversal`` where the tiers change order with the weight;
        nan for a tier without schools.
    """
    rows = _of_schools(observations, year)
    values = rows.pivot_table(index="entity", columns="indicator", values="value", sort=False)
    if weight in values and (values[weight] < 0).any():
        raise BadArgument("observations", f"{weight} of {values.index[values[weight] < 0][0]} is negative", value=float(values[weight].min()))
    tier = rows.drop_duplicates("entity").set_index("entity")["tier"]
    found = []
    for indicator in [i for i in indicators if i in values and weight in values]:
        part = values[list(dict.fromkeys([indicator, weight]))].dropna().assign(tier=tier)
        part = part[part[weight] > 0]
        if part.empty:
            continue
        means = {name: (group[indicator].mean(), np.average(group[indicator], weights=group[weight])) for name, group in [("all", part), *part.groupby("tier")]}
        (simple, weighted), higher, secondary = means["all"], means.get("高职", (np.nan, np.nan)), means.get("中职", (np.nan, np.nan))
        gaps = [higher[i] - secondary[i] for i in (0, 1)]
        found.append((indicator, len(part), simple, weighted, *gaps, "reversal" if gaps[0] * gaps[1] < 0 else ""))
    return pd.DataFrame(found, columns=["indicator", "schools", "simple", "weighted", "gap_simple", "gap_weighted", "flag"])


@takes(may_be_nan="what a school does not print", observations=OBSERVATIONS, schools=arrays.frame(tier=arrays.texts, **dict.fromkeys(RATES, RATE), index=arrays.labels("every row needs a school")), year=YEAR)
def school_profile(observations: pd.DataFrame, schools: pd.DataFrame, year: int) -> pd.DataFrame:
    """One row a school: outcomes and what might go with them, all of one year.

    Returns
    -------
    DataFrame
        index entity; tier, headline, placement_excluding_study, further_study_share, students, students_per_teacher, dual_qualified_share, senior_title_share,
        equipment_per_student_yuan, practice_places_per_student, practice_bases_external, practice_bases_per_1000, satisfaction_overall_pct, specialties_offered; nan where a school does not print it.
    """
    rows = _of_schools(observations, year)
    values = rows.pivot_table(index="entity", columns="indicator", values="value", sort=False).reindex(schools.index)

    def column(name: str) -> pd.Series:
        return values[name] if name in values else pd.Series(np.nan, schools.index)

    return schools[["tier", *RATES]].assign(
        students=column("students"), students_per_teacher=column("students_per_teacher"), dual_qualified_share=column("dual_qualified_teachers") / column("teachers"), senior_title_share=column("senior_title_staff") / column("teachers"),
        equipment_per_student_yuan=column("equipment_per_student_yuan"), practice_places_per_student=column("practice_places_per_student"), practice_bases_external=column("practice_bases_external"), practice_bases_per_1000=1000 * column("practice_bases_external") / column("students"),
        satisfaction_overall_pct=column("satisfaction_overall_pct"), specialties_offered=column("specialties_offered"),
    )


PREDICTORS = ["students", "students_per_teacher", "dual_qualified_share", "senior_title_share", "equipment_per_student_yuan", "practice_places_per_student", "practice_bases_external", "practice_bases_per_1000", "satisfaction_overall_pct", "specialties_offered"]


@takes(
    may_be_nan="jobs that are not printed", graduates=arrays.real(0, arrays.MOST_COUNT), studies=arrays.each(arrays.together(arrays.real(0, arrays.MOST_COUNT), arrays.real(0, arrays.MOST_COUNT)), key=arrays.text),
    graduates_changes=arrays.each(arrays.real(-arrays.MOST_COUNT, arrays.MOST_COUNT), least=0, key=arrays.text), jobs=arrays.real(0, arrays.MOST_COUNT, missing=True), jobs_growth_pct=arrays.real(-100, arrays.LARGEST, above=True, missing=True),
)
def market_entrants(graduates: float, studies: dict[str, tuple[float, float]], graduates_changes: dict[str, float], jobs: float, jobs_growth_pct: float) -> pd.DataFrame:
    """Graduates not in further study beside those in work with a known sector, both years, under each printed change of graduates and each treatment.

    Parameters
    ----------
    graduates : float
        graduates of the year.
    studies : dict
        treatment → (in further study the year before, this year).
    graduates_changes : dict
        where it is printed → change of graduates; the statements may contradict each other, and each gets a row.
    jobs, jobs_growth_pct : float
        graduates in work with a known sector, and their printed growth.

    Returns
    -------
    DataFrame
        basis, treatment, entrants_before, entrants, entrants_growth_pct, jobs_before, jobs, jobs_growth_pct, jobs_per_entrant_before, jobs_per_entrant, headline_before_least: smallest
        headline rate of the year before that these figures allow (those with a sector and those in study were all placed); nan where jobs are not printed.
    """
    jobs_before = jobs / (1 + jobs_growth_pct / 100)
    rows = []
    for treatment, (study_before, study) in studies.items():
        for basis, change in graduates_changes.items():
            before, now = graduates - change - study_before, graduates - study
            if before <= 0 or now <= 0:
                raise BadArgument("graduates_changes" if before <= 0 else "studies", f"{basis}, {treatment}: nobody is left who is not in further study ({before:g} before, {now:g} now)", value=min(before, now))
            rows.append((basis, treatment, before, now, 100 * (now / before - 1), jobs_before, jobs, jobs_growth_pct, jobs_before / before, jobs / now, (jobs_before + study_before) / (graduates - change)))
    return pd.DataFrame(rows, columns=["basis", "treatment", "entrants_before", "entrants", "entrants_growth_pct", "jobs_before", "jobs", "jobs_growth_pct", "jobs_per_entrant_before", "jobs_per_entrant", "headline_before_least"])


@takes(may_be_nan="a side that does not vary", observations=OBSERVATIONS, schools=arrays.frame(tier=arrays.texts, **COUNTED, consistent=arrays.flags(), index=arrays.labels("every row needs a school")), year=YEAR, numerator=arrays.text, draws=arrays.draws, seed=arrays.seed)
def correlation_choices(observations: pd.DataFrame, schools: pd.DataFrame, year: int, numerator: str, *, draws: int, seed: int) -> pd.DataFrame:
    """One correlation, with placement excluding further study, under every denominator of the predictor and every treatment of contradicting figures.

    Parameters
    ----------
    numerator : str
        an indicator that counts something by school.

    Returns
    -------
    DataFrame
        denominator (students, graduates, none), treatment, schools, rho, p (nan where one side does not vary): what was chosen decides what is found.
    """
    rows = _of_schools(observations, year)
    values = rows.pivot_table(index="entity", columns="indicator", values="value", sort=False)
    found = []
    for treatment in ("left_out", "capped", "zero"):
        frame = treat_contradictions(schools, treatment)
        if frame.empty or numerator not in values:
            continue
        rate = with_rates(frame[["tier", "graduates", "placed", "further_study"]], 0.95)["placement_excluding_study"].dropna()
        for denominator in ("students", "graduates", "none"):
            if denominator != "none" and denominator not in values:
                continue
            by = values[denominator].reindex(rate.index).where(lambda v: v > 0) if denominator != "none" else 1.0  # nothing is counted per nobody
            both = pd.DataFrame({"x": values[numerator].reindex(rate.index) / by, "y": rate}).dropna()
            if len(both) >= 4:
                varies = both["x"].nunique() > 1 and both["y"].nunique() > 1
                found.append((denominator, treatment, len(both), *(rank_correlation(both["x"], both["y"], draws=draws, seed=seed) if varies else (np.nan, np.nan))))
    return pd.DataFrame(found, columns=["denominator", "treatment", "schools", "rho", "p"])


@dataclass(frozen=True)
class PooledRates:
    """Rates of schools pulled towards their population, with intervals of rate and rank; `kind` of the reason where there is no such population, or ""."""

    schools: pd.DataFrame  # rate, shrunk, lower, upper, rank_lower, rank_upper
    new_school: tuple[float, float]
    kind: str


@takes(
    arrays.part_of("successes", "trials"), may_be_nan="nothing can be shrunk where everybody is placed, or nobody",
    successes=arrays.counts(whole=True, zero=True), trials=arrays.counts(whole=True), confidence=arrays.confidence, draws=arrays.draws, seed=arrays.seed,
)
def pool_rates(successes: ArrayLike, trials: ArrayLike, *, confidence: float = 0.95, draws: int = 20_000, seed: int = 1) -> PooledRates:
    """`empirical_bayes`, or what is left where its population does not exist: rates, no intervals (nan), and every rank open."""
    try:
        found = empirical_bayes(successes, trials, confidence=confidence, draws=draws, seed=seed)
    except Separated as reason:  # said in the table, where the numbers would stand
        rate = np.asarray(successes) / np.asarray(trials)
        table = pd.DataFrame({"rate": rate, "shrunk": np.nan, "lower": np.nan, "upper": np.nan, "rank_lower": 1, "rank_upper": rate.size})
        return PooledRates(table, (np.nan, np.nan), reason.kind)
    return PooledRates(found.schools, found.new_school, "")


@takes(arrays.part_of("successes", "trials"), successes=arrays.counts(whole=True, zero=True), trials=arrays.counts(whole=True))
def level_and_spread(successes: ArrayLike, trials: ArrayLike) -> tuple[float, float]:
    """Mean and standard deviation of school logits, for a simulation of schools like these.

    By a random-intercept logit; where everybody is placed, or nobody, it has no answer, and logits with half a case on either side give both.
    """
    k, n = np.asarray(successes), np.asarray(trials)
    try:
        fit = random_intercept_logit(k, n, pd.DataFrame({"constant": np.ones(k.size)}))
    except Separated:
        logits = school_logits(k, n)
        return float(logits.mean()), float(logits.std(ddof=1)) if k.size > 1 else 0.0
    return float(fit.coefficients["estimate"].iloc[0]), fit.sigma
