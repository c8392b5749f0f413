"""What changed between two years: further study, rates by school, those who looked for work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.describe.placement import (
    IN_ALL,
    MEASURED,
    OBSERVATIONS,
    PRINTED,
    RATE,
    STUDY,
    YEAR,
    of_treatment,
    rows_of_schools,
)
from analysis.describe.tiers import ALL, coded, tier_entities
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument, UnknownName
from analysis.ground.keys import cells, keys, with_inputs
from analysis.inference.decomposition import kitagawa, shapley_factors, simpson_check
from analysis.inference.few_groups import holm_bh, sign_flip_exact

# rates that tables print by school for two years: numerators over denominators
TWO_YEAR_RATES = {
    "dual_qualified_share": (("dual_qualified_teachers",), ("teachers",)),
    "senior_title_share": (("senior_title_staff",), ("teachers",)),
    "certificates_above_junior_share": (("certificates_1x_middle", "certificates_1x_senior"), ("certificates_1x",)),
    "interns_per_position": (("interns",), ("internship_positions",)),
    "intake_per_student": (("intake",), ("students",)),
    "aid_per_person_time": (("aid_amount_10k_yuan",), ("aid_person_times",)),
}
AMOUNTS = ("numerator_before", "denominator_before", "numerator_after", "denominator_after")
MEASURES = ["before", "after", "change", "rate_effect", "composition", "simple_change"]
ENTRANTS = [
    "basis",
    "treatment",
    "entrants_before",
    "entrants",
    "entrants_growth_pct",
    "jobs_before",
    "jobs",
    "jobs_growth_pct",
    "jobs_per_entrant_before",
    "jobs_per_entrant",
    "headline_before_least",
]
PERSONS = arrays.real(0, arrays.MOST_COUNT)
IN_YUAN = "aid_per_person_time"  # an amount in ten thousand yuan over persons; all others are shares or ratios
SHARE = "_share"  # how a rate is called whose numerator is part of its denominator; others are amounts per something


@takes(
    may_be_nan="log ratios where nobody went on in one of the years", observations=OBSERVATIONS, before=YEAR, year=YEAR
)
def study_change(observations: pd.DataFrame, before: int, year: int) -> pd.DataFrame:
    """Graduates going on to further study in two years by school: counts, change and log ratio.

    The log ratio is inf, −inf or nan where a year has none. Rates need graduates by school, which are printed for one
    year only.
    """
    rows = rows_of_schools(observations, before, year, indicators=[*STUDY, IN_ALL])
    lacking = [y for y in (before, year) if not (rows["year"] == y).any()]
    if lacking:
        wrong = f"no school prints further study in {', '.join(map(str, lacking))}"
        raise UnknownName("before" if before in lacking else "year", wrong, value=lacking)
    if (rows["value"] < 0).any():
        wrong = f"further study of {rows.loc[rows['value'] < 0, 'entity'].iloc[0]} is negative"
        raise BadArgument("observations", wrong, value=float(rows["value"].min()))
    whole = rows["indicator"] == IN_ALL
    parts = rows[~whole].groupby(["entity", "year"], sort=False)["value"].sum(min_count=1)
    table = rows[whole].set_index(["entity", "year"])["value"].combine_first(parts).unstack("year")
    table = table.reindex(rows["entity"].unique())
    tier = rows.drop_duplicates("entity").set_index("entity")["tier"]
    result = pd.DataFrame({"tier": tier, "before": table[before], "after": table[year]}).dropna()
    result["change"] = result["after"] - result["before"]
    with np.errstate(divide="ignore", invalid="ignore"):
        result["log_ratio"] = np.log(result["after"] / result["before"])
    return result


@takes(
    may_be_nan="a tier without figures",
    tiers=arrays.frame(graduates=PRINTED, further_study_share=RATE, index=arrays.labels("every row needs a tier")),
    change=arrays.frame(tier=arrays.texts, before=PRINTED),
    graduates_change=arrays.series(MEASURED, empty=True),
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
        wrong = f"it names {', '.join(unknown)}, the tiers are {', '.join(map(str, tiers.index))}"
        raise UnknownName("graduates_change", wrong, value=unknown)
    before = tiers.loc[graduates_change.index, "graduates"] - graduates_change
    if (before <= 0).any():
        wrong = f"with this change {before[before <= 0].index[0]} had no graduates before"
        raise BadArgument("graduates_change", wrong, value=float(before.min()))
    study = change.groupby("tier")["before"].sum().reindex(graduates_change.index)
    table = pd.DataFrame({"graduates_before": before, "study_before": study})
    table.loc[ALL] = table.sum()
    table["share_before"] = table["study_before"] / table["graduates_before"]
    table["share"] = tiers["further_study_share"].reindex(table.index)
    return table


@takes(observations=OBSERVATIONS, rate=arrays.one_of(*TWO_YEAR_RATES), before=YEAR, year=YEAR)
def two_year_counts(observations: pd.DataFrame, rate: str, before: int, year: int) -> pd.DataFrame:
    """Numerator and denominator of one of `TWO_YEAR_RATES` by school in both years.

    Schools without a rate in either year, or with a share above one, are left out.
    """
    rows = rows_of_schools(observations, before, year)
    columns = {}
    for side, codes in zip(("numerator", "denominator"), TWO_YEAR_RATES[rate]):
        parts = len(codes)
        for when, y in (("before", before), ("after", year)):
            part = rows[rows["indicator"].isin(codes) & (rows["year"] == y)].groupby("entity", sort=False)["value"]
            # all its parts, or none
            columns[f"{side}_{when}"] = part.agg(
                lambda v, parts=parts: v.sum(skipna=False) if len(v) == parts else np.nan
            )
    table = pd.DataFrame(columns).dropna()
    impossible = (table < 0).any(axis=1) | (table["denominator_before"] == 0) | (table["denominator_after"] == 0)
    if rate.endswith(SHARE):  # more in the part than in the whole cannot be: the audit names it, no share follows
        impossible |= table["numerator_before"] > table["denominator_before"]
        impossible |= table["numerator_after"] > table["denominator_after"]
    table = table[~impossible]
    return table.assign(tier=rows.drop_duplicates("entity").set_index("entity")["tier"].reindex(table.index))


@takes(observations=OBSERVATIONS, before=YEAR, year=YEAR)
def two_year_changes(observations: pd.DataFrame, before: int, year: int) -> pd.DataFrame:
    """Every rate of `TWO_YEAR_RATES` with two schools or more: its change taken apart, checked for reversal, tested.

    Returns
    -------
    DataFrame
        rate, schools, before, after, change, rate_effect and composition (Kitagawa), simple_change (mean of schools),
        up, down, flag (`simpson_check`), p (exact sign flip of schools' changes), p_holm over this family. Aggregate
        and test answer different questions: where the persons are, and what the usual school did.
    """
    rows = []
    for rate in TWO_YEAR_RATES:
        counts = two_year_counts(observations, rate, before, year)
        if len(counts) < 2:
            continue
        columns = [counts[column].to_numpy() for column in AMOUNTS]
        check = simpson_check(*columns, shares=rate.endswith(SHARE))
        each = columns[2] / columns[3] - columns[0] / columns[1]
        start = columns[0].sum() / columns[1].sum()
        parts = (check.aggregate, check.within, check.aggregate - check.within, check.simple_change)
        moved = (check.strata_up, check.strata_down, check.flag, sign_flip_exact(each))
        rows.append((rate, len(counts), start, start + check.aggregate, *parts, *moved))
    table = pd.DataFrame(rows, columns=["rate", "schools", *MEASURES, "up", "down", "flag", "p"])
    return table.assign(p_holm=holm_bh(table["p"])[0] if len(table) else [])


@takes(
    may_be_nan="jobs that are not printed",
    graduates=PERSONS,
    studies=arrays.each(arrays.together(PERSONS, PERSONS), key=arrays.text),
    graduates_changes=arrays.each(arrays.real(-arrays.MOST_COUNT, arrays.MOST_COUNT), least=0, key=arrays.text),
    jobs=arrays.real(0, arrays.MOST_COUNT, missing=True),
    jobs_growth_pct=arrays.real(-100, arrays.LARGEST, above=True, missing=True),
)
def market_entrants(
    graduates: float,
    studies: dict[str, tuple[float, float]],
    graduates_changes: dict[str, float],
    jobs: float,
    jobs_growth_pct: float,
) -> pd.DataFrame:
    """Graduates not in further study beside those in work with a known sector, both years.

    Under each printed change of graduates and each treatment of contradicting figures.

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
        the columns of `ENTRANTS`; headline_before_least is the smallest headline rate of the year before that these
        figures allow (those with a sector and those in study were all placed); nan where jobs are not printed.
    """
    jobs_before = jobs / (1 + jobs_growth_pct / 100)
    rows = []
    for treatment, (study_before, study) in studies.items():
        for basis, change in graduates_changes.items():
            before, now = graduates - change - study_before, graduates - study
            if before <= 0 or now <= 0:
                left = f"({before:g} before, {now:g} now)"
                wrong = f"{basis}, {treatment}: nobody is left who is not in further study {left}"
                raise BadArgument("graduates_changes" if before <= 0 else "studies", wrong, value=min(before, now))
            growth, least = 100 * (now / before - 1), (jobs_before + study_before) / (graduates - change)
            known = (jobs_before, jobs, jobs_growth_pct, jobs_before / before, jobs / now)
            rows.append((basis, treatment, before, now, growth, *known, least))
    return pd.DataFrame(rows, columns=ENTRANTS)


# --- tables


def placed_in(observations: pd.DataFrame, year: int) -> tuple[float | str, pd.DataFrame | list[str]]:
    """Graduates placed in a year, added up over the schools that print them, and the cells; empty where none does."""
    rows = observations[(observations["aggregate_rule"] == "") & (observations["indicator"] == "placed")]
    rows = rows[(rows["year"] == year) & rows["value"].notna()]
    return (rows["value"].sum(), rows) if len(rows) else ("", ["not printed"])


def study_rows(observations: pd.DataFrame, before: int, year: int) -> pd.DataFrame:
    """Printed further study of both years and graduates: what changes of further study are computed from."""
    rows = observations[(observations["aggregate_rule"] == "") & observations["year"].isin([before, year])]
    return rows[rows["indicator"].isin([*STUDY, IN_ALL, "graduates"])]


def listed(change: pd.DataFrame, broken: pd.DataFrame) -> pd.DataFrame:
    """`study_change` as a table, the largest first; a mark at schools whose figures contradict each other."""
    table = coded(change).assign(mark=np.where(change.index.isin(broken["entity"]), " *", ""))
    return table.sort_values("after", ascending=False, kind="stable").rename_axis("school").reset_index()


def study_summary(change: pd.DataFrame, broken: pd.DataFrame, behind: pd.DataFrame, before: int) -> pd.DataFrame:
    """Totals of further study in both years, schools up and down, and whether the usual school sent more."""
    in_study = behind[behind["indicator"].isin([*STUDY, IN_ALL])]
    usual = change.loc[(change["before"] > 0) & (change["after"] > 0), "log_ratio"]
    sound = usual[~usual.index.isin(broken["entity"])]
    return cells(
        {
            "study_before": (change["before"].sum(), in_study[in_study["year"] == before]),
            "study_after": (change["after"].sum(), in_study[in_study["year"] != before]),
            "up": (int((change["change"] > 0).sum()), in_study),
            "down": (int((change["change"] < 0).sum()), in_study),
            "flip_p": (sign_flip_exact(usual), behind),
            "flip_p_sound": (sign_flip_exact(sound), behind),
            "schools": (len(usual), behind),
            "median_log_ratio": (usual.median(), behind),
        }
    )


def printed_changes(facts: pd.DataFrame, city: str) -> pd.Series:
    """Printed change of graduates by tier, and of the city where it is stated."""
    rows = facts[(facts["indicator"] == "graduates_change") & facts["entity"].isin(list(tier_entities(city)))]
    return rows.set_index("entity")["value"].rename(tier_entities(city))


def study_shares(tiers: pd.DataFrame, change: pd.DataFrame, facts: pd.DataFrame, city: str) -> pd.DataFrame:
    """`study_share_before` from the printed changes of the tiers."""
    grown = printed_changes(facts, city)
    return study_share_before(of_treatment(tiers, "as_printed"), change, grown[grown.index != ALL])


def share_table(shares: pd.DataFrame, behind: pd.DataFrame, facts: pd.DataFrame, before: int) -> pd.DataFrame:
    """Those shares as a table, with the further study of the year before,
    graduates and their printed changes behind."""
    graduates = behind[behind["indicator"] == "graduates"]
    in_study = behind[behind["indicator"].isin([*STUDY, IN_ALL]) & (behind["year"] == before)]
    table = coded(shares.rename_axis("tier").reset_index())
    return with_inputs(table, lambda row: keys(in_study) + change_keys(graduates, facts))


def _in_study(x: dict[str, Any]) -> float:
    return float(x["size"] * (x["mix"] @ x["share"]))


def study_factors(
    tiers: pd.DataFrame, shares: pd.DataFrame, change: pd.DataFrame, broken: pd.DataFrame
) -> pd.DataFrame:
    """Change of the number in further study by size, mix of tiers and share within tiers (Shapley); none for one tier.

    Column `zero` takes schools whose figures contradict each other as not printed in both years.
    """
    own = shares.drop(index=ALL)
    if len(own) < 2:
        return pd.DataFrame(columns=["factor", "as_printed", "zero"])

    def factors(graduates: pd.Series, study: pd.Series) -> dict[str, Any]:
        size = graduates.sum()
        return {"size": size, "mix": (graduates / size).to_numpy(), "share": (study / graduates).to_numpy()}

    sound = change[~change.index.isin(broken["entity"])]
    now = of_treatment(tiers, "as_printed").reindex(own.index)["graduates"]
    study = {"as_printed": own["study_before"], "zero": sound.groupby("tier")["before"].sum().reindex(own.index)}
    found = {}
    for treatment, before in study.items():
        after = of_treatment(tiers, treatment).reindex(own.index)["further_study"]
        found[treatment] = shapley_factors(factors(own["graduates_before"], before), factors(now, after), _in_study)
    return pd.DataFrame(found).rename_axis("factor").reset_index()


def entrants(
    tiers: pd.DataFrame, change: pd.DataFrame, broken: pd.DataFrame, facts: pd.DataFrame, city: str
) -> pd.DataFrame:
    """`market_entrants` under each printed change of graduates; no row where growth or changes are not printed."""
    totals, zero = (of_treatment(tiers, treatment).loc[ALL] for treatment in ("as_printed", "zero"))
    growth, grown = growth_rows(facts)["value"], printed_changes(facts, city)
    by_tier = grown[grown.index != ALL]
    said = {"tiers_added": by_tier.sum()} if len(by_tier) > 1 else {}
    said |= {"city_stated": grown[grown.index == ALL].iloc[0]} if ALL in grown.index else {}
    sound = change["before"][~change.index.isin(broken["entity"])]
    studies = {
        "as_printed": (change["before"].sum(), totals["further_study"]),
        "zero": (sound.sum(), zero["further_study"]),
    }
    jobs = (totals["known_sector"], growth.iloc[0] if len(growth) else np.nan)
    return market_entrants(totals["graduates"], studies, said if len(growth) else {}, *jobs)


def entrants_range(entrants: pd.DataFrame) -> pd.DataFrame:
    """Smallest and largest of each measure over printed changes of graduates and treatments."""
    columns = ["entrants_growth_pct", "jobs_per_entrant_before", "jobs_per_entrant", "headline_before_least"]
    return entrants[columns].agg(["min", "max"]).assign(end=["lower", "upper"])


def growth_rows(facts: pd.DataFrame) -> pd.DataFrame:
    """The printed growth of graduates in work with a known sector."""
    return facts[facts["indicator"] == "employment_by_sector_growth_pct"]


def jobs_growth(facts: pd.DataFrame) -> pd.DataFrame:
    """That growth as a cell; empty where it is not printed."""
    said = growth_rows(facts)
    return cells({"jobs_growth": (said["value"].iloc[0], said) if len(said) else ("", ["not printed"])})


def entrants_keys(behind: pd.DataFrame, facts: pd.DataFrame) -> list[str]:
    """Keys of what `entrants` is computed from."""
    said = facts[facts["indicator"].isin(["graduates_change", "employment_by_sector_growth_pct"])]
    return keys(behind) + keys(said)


def change_keys(behind: pd.DataFrame, facts: pd.DataFrame) -> list[str]:
    """Keys of further study, graduates and their printed changes."""
    return keys(behind) + keys(facts[facts["indicator"] == "graduates_change"])


def _rate_rows(observations: pd.DataFrame, rates: list[str], before: int, year: int) -> pd.DataFrame:
    codes = {code for rate in rates for side in TWO_YEAR_RATES[rate] for code in side}
    return rows_of_schools(observations, before, year, indicators=sorted(codes))


def change_table(changes: pd.DataFrame, observations: pd.DataFrame, before: int, year: int) -> pd.DataFrame:
    """`two_year_changes` in units (per cent and points; aid in yuan) with the cells behind each rate."""
    scale = np.where(changes["rate"] == IN_YUAN, 10_000, 100)[:, None]
    table = changes.assign(**(changes[MEASURES] * scale), flag=changes["flag"].replace("", "none"))
    return with_inputs(table, lambda row: _rate_rows(observations, [row["rate"]], before, year))


def without_zero(observations: pd.DataFrame, rate: str, before: int, year: int) -> pd.DataFrame:
    """A rate without schools that print zero in both years: before, after, change; no row where no school is left."""
    counts = two_year_counts(observations, rate, before, year)
    counts = counts[(counts["numerator_before"] > 0) | (counts["numerator_after"] > 0)]
    columns = ["before", "after", "change"]
    if counts.empty:
        return with_inputs(pd.DataFrame(columns=columns), lambda row: [])
    found = kitagawa(*(counts[column] for column in AMOUNTS))
    table = pd.DataFrame([(found.before, found.after, found.after - found.before)], columns=columns)
    return with_inputs(table, lambda row: _rate_rows(observations, [rate], before, year))


def change_summary(
    changes: pd.DataFrame, changes_printed: pd.DataFrame, observations: pd.DataFrame, before: int, year: int
) -> pd.DataFrame:
    """How many rates there are, how many aggregates go against their schools, and the smallest p of the family."""
    behind = _rate_rows(observations, list(TWO_YEAR_RATES), before, year)

    def least(table: pd.DataFrame) -> float | str:
        return table["p_holm"].min() if len(table) else ""

    return cells(
        {
            "rates": (len(changes), ["results/employment/tables/employment_changes.csv"]),
            "flagged": (int((changes["flag"] == "reversal").sum()), behind),
            "flagged_printed": (int((changes_printed["flag"] == "reversal").sum()), behind),
            "p_least": (least(changes), behind),
            "p_least_printed": (least(changes_printed), behind),
        }
    )
