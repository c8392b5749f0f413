"""Placement of schools and tiers from printed figures, with what contradicts itself kept apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.clean import load
from analysis.describe.tiers import ALL, FIRST, SECOND, coded, level, tier_entities
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument, UnknownName
from analysis.ground.keys import cells, keys, with_inputs
from analysis.inference.rates import proportion_interval

STUDY = ["further_study_higher_vocational", "further_study_bachelor"]
IN_ALL = "further_study"  # of all kinds together, where a school prints it so
FIGURES = ["graduates", "placed", *STUDY, IN_ALL]  # what rates are computed from
RATES = ["headline", "further_study_share", "placement_excluding_study"]
OUTCOMES = ["outcome_study", "outcome_sector", "outcome_other", "outcome_none"]
# figures with F > P (more in further study than placed) can be read in four ways; none is a choice, all are shown
TREATMENTS = ("as_printed", "capped", "zero", "left_out")

# printed figures of schools: counts, nan where not printed
PRINTED = arrays.numbers(low=0, high=arrays.MOST_COUNT, whole=True, missing=True, rule=", whole and not negative")
PERSONS = arrays.real(0, arrays.MOST_COUNT, missing=True)
MEASURED = arrays.numbers(missing=True)
RATE = arrays.numbers(low=0, high=1, missing=True, tiny=True, rule=" and lie between 0 and 1")
OBSERVATIONS = arrays.frame(
    entity=arrays.texts,
    indicator=arrays.texts,
    year=arrays.numbers(whole=True, rule=" and whole: years"),
    value=MEASURED,
    aggregate_rule=arrays.texts,
    tier=arrays.texts,
)
COUNTED: dict[str, Any] = {"graduates": PRINTED, "placed": PRINTED, "further_study": PRINTED}
SCHOOLS = arrays.labels("every row needs a school")
YEAR = arrays.calendar_year


@takes(
    may_be_nan="figures that contradict each other, or are missing, have no rate",
    graduates=PERSONS,
    placed=PERSONS,
    further_study=PERSONS,
    sector_classified=PERSONS,
)
def placement_quadruple(
    graduates: float, placed: float, further_study: float, sector_classified: float = np.nan
) -> dict[str, float]:
    """The four rates that only say something together.

    headline = P/N; further_study_share = F/N; placement_excluding_study = (P − F)/(N − F);
    sector_classified = E/(N − F).

    Parameters
    ----------
    graduates, placed, further_study : float
        N, P and F, persons; F counts as placed in the headline.
    sector_classified : float
        E, graduates in work whose sector is known; nan where not printed.

    Returns
    -------
    dict
        rates between 0 and 1; nan where numerator and denominator contradict each other (F > P, P > N), because no rate
        follows from such figures.

    Examples
    --------
    >>> {k: round(v, 4) for k, v in placement_quadruple(200, 180, 60, 90).items()}
    {'headline': 0.9, 'further_study_share': 0.3, 'placement_excluding_study': 0.8571, 'sector_classified': 0.6429}
    """
    n, p, f, e = graduates, placed, further_study, sector_classified
    market = n - f
    return {
        "headline": p / n if 0 <= p <= n and n > 0 else np.nan,
        "further_study_share": f / n if 0 <= f <= n and n > 0 else np.nan,
        "placement_excluding_study": (p - f) / market if 0 <= f <= p <= n and market > 0 else np.nan,
        "sector_classified": e / market if 0 <= e <= p - f and market > 0 else np.nan,
    }


@takes(schools=arrays.frame(graduates=PRINTED, placed=PRINTED, further_study=PRINTED))
def placement_checks(schools: pd.DataFrame) -> pd.DataFrame:
    """Which schools print figures that cannot all be true.

    Parameters
    ----------
    schools : DataFrame
        columns `graduates`, `placed`, `further_study`.

    Returns
    -------
    DataFrame
        one row a broken rule: school, rule, left and right side.
    """
    rules = [("further_study", "graduates"), ("further_study", "placed"), ("placed", "graduates")]
    rows = [
        (entity, f"{left} ≤ {right}", row[left], row[right])
        for left, right in rules
        for entity, row in schools.iterrows()
        if row[left] > row[right]
    ]
    return pd.DataFrame(rows, columns=["entity", "rule", "left", "right"])


@takes(may_be_nan="a missing figure stays missing", schools=arrays.frame(), treatment=arrays.one_of(*TREATMENTS))
def treat_contradictions(schools: pd.DataFrame, treatment: str) -> pd.DataFrame:
    """Schools with their contradicting further study treated in one of four ways.

    Parameters
    ----------
    schools : DataFrame
        columns `graduates`, `placed`, `further_study`, `consistent`.
    treatment : {"as_printed", "capped", "zero", "left_out"}
        left as it is; at most the number placed; taken as not printed (nobody in further study); schools left out. A
        school that prints more placed than graduated is left out by all but the first; a missing figure stays missing.
    """
    arrays.frame(**COUNTED, consistent=arrays.flags())(schools, "schools")
    if treatment == "as_printed":
        return schools
    more = schools["further_study"] > schools["placed"]
    possible = schools[~(schools["placed"] > schools["graduates"])]
    if treatment == "capped":
        return possible.assign(further_study=schools["further_study"].where(~more, schools["placed"]))
    if treatment == "zero":
        return possible.assign(further_study=schools["further_study"].where(~more, 0.0))
    return schools[schools["consistent"]]


def rows_of_schools(observations: pd.DataFrame, *years: int, indicators: list[str] | None = None) -> pd.DataFrame:
    """Rows of schools (no closing rows) in some years, each figure once."""
    rows = observations[(observations["aggregate_rule"] == "") & observations["year"].isin(years)]
    rows = rows if indicators is None else rows[rows["indicator"].isin(indicators)]
    twice = rows.duplicated(["entity", "indicator", "year"])
    if twice.any():
        first = rows[twice].iloc[0]
        wrong = f"{first['indicator']} of {first['entity']} {first['year']} stands there twice"
        raise BadArgument("observations", wrong, value=first["value"])
    return rows


@takes(
    may_be_nan="figures that are missing or contradict each other have no rate",
    observations=OBSERVATIONS,
    year=YEAR,
    confidence=arrays.confidence,
)
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
        index entity; tier, graduates, placed, further_study, the three rates, their intervals (nan where figures are
        missing or contradict each other), `consistent`.

    Notes
    -----
    A kind of further study printed as missing does not exist for the school (a college does not send its graduates to
    colleges) and counts as zero; a school with no figure for either kind has a missing F. Where further study is
    printed in all, that figure is F.
    """
    rows = rows_of_schools(observations, year, indicators=FIGURES)
    if not (rows["indicator"] == "graduates").any():
        known = ", ".join(str(y) for y in sorted(set(observations["year"])))
        raise UnknownName("year", f"no school prints graduates in {year}; there are {known}", value=year)
    table = rows.pivot(index="entity", columns="indicator", values="value").reindex(columns=FIGURES)
    order = rows[rows["indicator"] == "graduates"].set_index("entity")["tier"]
    table = table.reindex(order.index)
    study = table[IN_ALL].fillna(table[STUDY].sum(axis=1, min_count=1))
    result = pd.DataFrame(
        {"tier": order, "graduates": table["graduates"], "placed": table["placed"], "further_study": study}
    )
    return with_rates(result, confidence)


@takes(
    may_be_nan="figures that are missing or contradict each other have no rate",
    counts=arrays.frame(least=1, **COUNTED),
    confidence=arrays.confidence,
)
def with_rates(counts: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Rates and intervals beside `graduates`, `placed`, `further_study`; nan where figures lack or contradict."""
    found = [placement_quadruple(r.graduates, r.placed, r.further_study) for r in counts.itertuples()]
    result = pd.concat([counts, pd.DataFrame(found, index=counts.index)[RATES]], axis=1)
    placed, graduates, study = result["placed"], result["graduates"], result["further_study"]
    result["consistent"] = ~((study > placed) | (placed > graduates))  # a missing figure contradicts nothing
    parts = {"headline": (placed, graduates), "placement_excluding_study": (placed - study, graduates - study)}
    for rate, (k, n) in parts.items():
        sound = result[rate].notna()
        low, high = proportion_interval(k.where(sound & (n > 0), 0), n.where(sound & (n > 0), 1), confidence)
        result[f"{rate}_lower"], result[f"{rate}_upper"] = np.where(sound, low, np.nan), np.where(sound, high, np.nan)
    return result


@takes(
    may_be_nan="figures that contradict each other have no rate",
    confidence=arrays.confidence,
    schools=arrays.frame(tier=arrays.labels("every school needs a tier"), **COUNTED, consistent=arrays.flags()),
)
def placement_by_tier(schools: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Sums over schools by tier and in all, with rates, under each of the `TREATMENTS` of contradicting figures.

    Schools that lack one of the three figures are in no sum, and `schools` does not count them: numerator and
    denominator hold the same schools. A rate that contradicting sums do not have is nan.
    """
    parts = []
    for treatment in TREATMENTS:
        frame = treat_contradictions(schools, treatment).dropna(subset=list(COUNTED))
        counts = frame.groupby("tier", sort=False)[list(COUNTED)].sum()
        counts.loc[ALL] = counts.sum()
        size = [*frame.groupby("tier", sort=False).size(), len(frame)]
        rates = with_rates(counts, confidence).reset_index(names="tier")
        parts.append(rates.assign(treatment=treatment, schools=size))
    return pd.concat(parts, ignore_index=True)


@takes(schools=arrays.frame(headline=RATE, placement_excluding_study=RATE))
def order_reversals(schools: pd.DataFrame) -> tuple[int, int]:
    """Pairs of schools that the two placement rates put in opposite order, and all that have both rates and no tie."""
    columns = ["headline", "placement_excluding_study"]
    both = schools.dropna(subset=columns)
    a, b = (np.sign(np.subtract.outer(both[c].to_numpy(), both[c].to_numpy())) for c in columns)
    upper = np.triu_indices(len(both), 1)
    signs = (a * b)[upper]
    return int((signs < 0).sum()), int((signs != 0).sum())


def usable(schools: pd.DataFrame, rate: str) -> pd.DataFrame:
    """Schools for which a rate can be computed; excluding further study: those whose figures can all be true."""
    possible = schools.dropna(subset="headline")
    if rate == "headline":
        return possible
    return possible[possible["consistent"] & (possible["graduates"] > possible["further_study"])]


# --- tables


def listed(schools: pd.DataFrame) -> pd.DataFrame:
    """Schools as a table: column `school`, tiers in codes, a mark at those whose figures contradict each other."""
    marked = coded(schools).assign(mark=np.where(schools["consistent"], "", " *"))
    return marked.rename_axis("school").reset_index()


def in_order(schools: pd.DataFrame) -> pd.DataFrame:
    """The same table, the highest headline rate first."""
    return listed(schools.sort_values("headline", ascending=False, kind="stable"))


def school_summary(schools: pd.DataFrame, broken: pd.DataFrame, behind: pd.DataFrame) -> pd.DataFrame:
    """Range and order of school rates, and how many schools there are.

    Parameters
    ----------
    broken : DataFrame
        `placement_checks`.
    behind : DataFrame
        rows of `FIGURES` of the year.
    """
    rate, sound = schools["placement_excluding_study"], usable(schools, "placement_excluding_study")
    known, graduates = rate.dropna(), behind[behind["indicator"] == "graduates"]
    reversed_pairs, pairs = order_reversals(schools)
    ends = [behind[behind["entity"] == place] for place in ([known.idxmin(), known.idxmax()] if len(known) else [])]
    lowest, highest = ends or [behind, behind]
    contradicting = behind[behind["entity"].isin(broken["entity"])]
    return cells(
        {
            "rate_min": (rate.min(), lowest),
            "rate_max": (rate.max(), highest),
            "pairs_reversed": (reversed_pairs, behind),
            "pairs": (pairs, behind),
            "schools": (len(schools), graduates),
            "schools_broken": (broken["entity"].nunique(), contradicting if len(broken) else behind),
            **{f"schools_{tier}": (int((level(schools["tier"]) == tier).sum()), graduates) for tier in (SECOND, FIRST)},
            **{
                f"schools_sound_{tier}": (int((level(sound["tier"]) == tier).sum()), behind) for tier in (SECOND, FIRST)
            },
        }
    )


def sector_rows(facts: pd.DataFrame) -> pd.DataFrame:
    """Printed totals of graduates in work with a known sector."""
    return facts[(facts["indicator"] == "employment_by_sector") & (facts["kind"] == "all")]


def known_sectors(facts: pd.DataFrame, city: str) -> pd.Series:
    """Graduates in work with a known sector by tier; for the city the sum of its sectors where no total is printed."""
    totals = sector_rows(facts).drop_duplicates("entity").set_index("entity")["value"].rename(tier_entities(city))
    if ALL in totals:
        return totals
    own = facts[(facts["indicator"] == "employment_by_sector") & (facts["entity"] == city) & (facts["kind"] != "all")]
    summed = own.drop_duplicates("kind")["value"].sum(min_count=1)
    return pd.concat([totals, pd.Series({ALL: summed})])


def with_known_sectors(tiers: pd.DataFrame, facts: pd.DataFrame, city: str) -> pd.DataFrame:
    """`placement_by_tier` with those whose sector is known and their share; none where schools are left out."""
    known = tiers["tier"].map(known_sectors(facts, city)).where(tiers["treatment"] != "left_out")
    rows = zip(tiers["graduates"], tiers["placed"], tiers["further_study"], known)
    share = [placement_quadruple(*row)["sector_classified"] for row in rows]
    return tiers.assign(known_sector=known, sector_classified=share)


def of_treatment(tiers: pd.DataFrame, treatment: str) -> pd.DataFrame:
    """Rows of one treatment, indexed by tier."""
    return tiers[tiers["treatment"] == treatment].set_index("tier")


def tier_table(tiers: pd.DataFrame, behind: pd.DataFrame, broken: pd.DataFrame, sectors: pd.DataFrame) -> pd.DataFrame:
    """Rates by tier as a table, each with the cells of its own schools; `key` parts the rows by tier and treatment."""
    sound = behind[~behind["entity"].isin(broken["entity"])]

    def of_row(row: dict[str, Any]) -> dict[str, Any]:
        own = load.of_tier(sound if row["treatment"] == "left_out" else behind, row["tier"])
        part = {
            name: own[own["indicator"].isin(codes)]
            for name, codes in (
                ("headline", ["placed", "graduates"]),
                ("further_study_share", ["graduates", *STUDY, IN_ALL]),
                ("graduates", ["graduates"]),
                ("placed", ["placed"]),
                ("further_study", [*STUDY, IN_ALL]),
            )
        }
        return part | {"placement_excluding_study": own, "sector_classified": keys(behind) + keys(sectors)}

    table = coded(with_inputs(tiers, of_row))
    return table.assign(key=table["tier"] + ("_" + table["treatment"]).where(table["treatment"] != "as_printed", ""))


def outcomes(tiers: pd.DataFrame) -> pd.DataFrame:
    """Where the graduates of each tier went, as printed: persons and shares, a row a tier whose sectors are known."""
    own = coded(tiers[(tiers["treatment"] == "as_printed") & tiers["known_sector"].notna()])
    study, sector = own["further_study"], own["known_sector"]
    rest = [own["placed"] - study - sector, own["graduates"] - own["placed"]]
    persons = dict(zip(OUTCOMES, [study, sector, *rest]))
    shares = {name.replace("outcome", "share"): count / own["graduates"] for name, count in persons.items()}
    return own[["tier", "graduates"]].assign(**persons, **shares)
