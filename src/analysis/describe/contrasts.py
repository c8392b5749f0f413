"""The contrast of two tiers by every method and under every specification, and how much hangs on one school."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.describe.placement import COUNTED, TREATMENTS, placement_by_school, treat_contradictions
from analysis.describe.tiers import FIRST, contrasted, level
from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import BadArgument
from analysis.ground.keys import cells
from analysis.inference.binomial import heterogeneity
from analysis.inference.contrast import contrast_tiers
from analysis.inference.few_groups import label_arrangements, leave_one_out_permutation
from analysis.inference.shrinkage import pool_rates
from analysis.inference.specification import WEIGHTS, tier_contrast

SHORT = {"headline": "headline", "placement_excluding_study": "market"}  # how names of numbers call the rates
VERSION = arrays.frame(least=2, tier=arrays.texts, **COUNTED, consistent=arrays.flags())
Designs = dict[str, pd.DataFrame]  # rate → trials, successes, secondary by school (`design.designs`)


def by_every_method(designs: Designs, confidence: float) -> pd.DataFrame:
    """Secondary minus higher by each method of `contrast_tiers`, in points or logits; `valid` says when to read it."""
    found = []
    for rate, design in designs.items():
        table = contrast_tiers(design["successes"], design["trials"], design["secondary"], confidence)
        found.append(table.assign(rate=rate, key=SHORT[rate], schools=len(design)))
    contrasts = pd.concat(found, ignore_index=True)
    shown = contrasts[["estimate", "lower", "upper"]].mul(np.where(contrasts["scale"] == "points", 100, 1), axis=0)
    valid = ("valid_" + contrasts["method"]).where(contrasts["kind"] == "", "refused_" + contrasts["kind"])
    return contrasts.assign(**shown, valid=valid, test="test_" + contrasts["method"])


def without_answer(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Methods that have no answer at this design, and why."""
    return contrasts.loc[contrasts["refused"] != "", ["rate", "method", "refused"]]


def without_one_school(designs: Designs) -> pd.DataFrame:
    """Difference of mean rates and exact p of the permutation with each school left out in turn."""
    found = []
    for rate, design in designs.items():
        table = leave_one_out_permutation(design["successes"] / design["trials"], design["secondary"])
        found.append(table.rename_axis("school").reset_index().assign(rate=rate))
    return pd.concat(found, ignore_index=True)[["rate", "school", "difference", "p"]]


def influence(without_one: pd.DataFrame, behind: pd.DataFrame) -> pd.DataFrame:
    """Smallest and largest p when one school is left out, and the school it hangs on; nan where none can be."""
    headline, market = (without_one[without_one["rate"] == rate].set_index("school")["p"] for rate in SHORT)
    first = headline.idxmin() if len(headline) else np.nan
    rest = headline.drop(first, errors="ignore")
    found = {
        "headline": headline.min(),
        "headline_school": first,
        "headline_others_lower": rest.min(),
        "headline_others_upper": rest.max(),
        "market": market.min(),
        "market_upper": market.max(),
    }
    return cells({name: (value, behind) for name, value in found.items()})


def spread_of_schools(designs: Designs) -> pd.DataFrame:
    """Heterogeneity of school logits by rate."""
    rows = [
        {"rate": rate, "key": SHORT[rate], **vars(heterogeneity(design["successes"], design["trials"]))}
        for rate, design in designs.items()
    ]
    return pd.DataFrame(rows)


# --- shrunk rates and ranks


def ranks(
    schools: pd.DataFrame, design: pd.DataFrame, *, confidence: float, draws: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shrunk rates of schools with their rank intervals, and the population they are drawn from.

    Returns
    -------
    tuple
        schools: school, graduates, rate, shrunk, lower, upper, rank_lower, rank_upper, span (both ranks as text); and
        one row: kind of the reason where there is no population (or ""), ends of the rate of a new school.
    """
    pooled = pool_rates(design["successes"], design["trials"], confidence=confidence, draws=draws, seed=seed)
    graduates = schools["graduates"].reindex(design.index).to_numpy()
    table = pooled.schools.assign(school=design.index, graduates=graduates)
    table = table.sort_values("shrunk", ascending=False, kind="stable")
    first, last = table["rank_lower"].astype(str), table["rank_upper"].astype(str)
    table["span"] = first.where(first == last, first + "—" + last)
    lower, upper = pooled.new_school
    return table, pd.DataFrame([{"kind": pooled.kind, "lower": lower, "upper": upper}])


def rank_summary(ranked: pd.DataFrame, behind: pd.DataFrame) -> pd.DataFrame:
    """How many ranks are open, of how many schools, and how wide the widest interval is."""
    width = ranked["rank_upper"] - ranked["rank_lower"]
    return cells(
        {
            "open": (int((width > 0).sum()), behind),
            "schools": (len(ranked), behind),
            "widest": (int(width.max() + 1), behind),
        }
    )


# --- the specification curve


@dataclass(frozen=True)
class ContrastCurve:
    """All distinct specifications of a tier contrast, and for each definition its joint p under permuted labels."""

    curve: pd.DataFrame  # definition, weight, treatment, values, schools, difference, p
    joint: pd.DataFrame  # definition, specifications, median, p, labellings
    duplicates: int  # specifications that give the figures of another one and were not counted again


@dataclass(frozen=True)
class _Specification:
    """Counts of the schools of one specification, and where they stand among all."""

    definition: str
    weight: str
    treatment: str
    values: str
    k: np.ndarray
    n: np.ndarray
    places: np.ndarray

    def figures(self) -> tuple[object, ...]:
        """What two specifications share that say the same."""
        return self.definition, self.weight, self.places.tobytes(), self.k.tobytes(), self.n.tobytes()


def versions(printed: pd.DataFrame, corrected: pd.DataFrame, year: int) -> dict[str, pd.DataFrame]:
    """Schools by printed and by corrected figures; one version, `both`, where no correction touches them."""
    given = {"printed": printed, "corrected": corrected}
    found = {values: contrasted(placement_by_school(rows, year)) for values, rows in given.items()}
    return {"both": found["printed"]} if found["printed"].equals(found["corrected"]) else found


def _specifications(versions: dict[str, pd.DataFrame], least: int) -> Iterator[_Specification]:
    """Every combination of version, treatment, definition and weight."""
    for values, schools in versions.items():
        for treatment in TREATMENTS:
            treated = treat_contradictions(schools, treatment)
            places = np.array([schools.index.get_loc(school) for school in treated.index], dtype=int)
            for definition in SHORT:
                study = treated["further_study"].to_numpy(float) if definition == "placement_excluding_study" else 0.0
                k, n = (treated[column].to_numpy(float) - study for column in ("placed", "graduates"))
                for weight in WEIGHTS:
                    sound = (n >= (1 if weight == "graduates" else least)) & (k >= 0) & (k <= n)
                    yield _Specification(definition, weight, treatment, values, k[sound], n[sound], places[sound])


def _contrast(one: _Specification, own: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """The observed difference, and that under each labelling (nan where it empties a group)."""
    drawn = labels[:, one.places]
    usable = drawn.any(1) & (~drawn).any(1)
    path = np.full(len(labels), np.nan)
    path[usable] = tier_contrast(one.k, one.n, drawn[usable], one.weight)
    return float(tier_contrast(one.k, one.n, own[None, one.places], one.weight)[0]), path


def _joint(curve: pd.DataFrame, paths: np.ndarray) -> pd.DataFrame:
    """Median difference of each definition, and how often permuted labels give one at least as far from zero."""
    rows = []
    for definition, part in curve.groupby("definition", sort=False):
        own = paths[part.index]
        whole = ~np.isnan(own).any(0)
        median = float(part["difference"].median())
        p = float(np.mean(np.abs(np.median(own[:, whole], axis=0)) >= abs(median) - 1e-12))
        rows.append((definition, len(part), median, p, int(whole.sum())))
    return pd.DataFrame(rows, columns=["definition", "specifications", "median", "p", "labellings"])


@takes(versions=arrays.each(VERSION, key=arrays.text), first_tier=arrays.text, least=arrays.whole(1))
def contrast_curve(versions: dict[str, pd.DataFrame], first_tier: str = FIRST, *, least: int = 30) -> ContrastCurve:
    """Difference of two tiers over definition × weight × treatment of contradicting figures × values.

    Parameters
    ----------
    versions : dict
        name ("printed", "corrected") → schools with `tier`, `graduates`, `placed`, `further_study`, `consistent`; same
        schools in the same order.
    first_tier : str
        the tier whose rate is the first term.
    least : int
        a school with fewer graduates than this in a denominator is left out where schools weigh equally: a treatment
        can leave ten persons.

    Returns
    -------
    ContrastCurve
        specifications whose rates cannot be formed leave those schools out; two that rest on the same figures count
        once. The joint p permutes tier labels over all schools and recomputes the whole curve of one definition
        (Simonsohn, Simmons & Nelson 2020): share of labellings whose median is at least as far from zero. Definitions
        are not pooled: they measure different things, and two real effects of opposite sign would cancel.
        Specifications are choices, not draws.
    """
    own = _own_schools(versions, first_tier)
    labels = label_arrangements(own)
    rows, paths, seen, duplicates = [], [], set(), 0
    for one in _specifications(versions, least):
        duplicates += one.figures() in seen
        if one.figures() in seen:
            continue
        seen.add(one.figures())
        if not (own[one.places].any() and (~own[one.places]).any()):
            continue
        difference, path = _contrast(one, own, labels)
        p = float(np.mean(np.abs(path[~np.isnan(path)]) >= abs(difference) - 1e-12))
        rows.append((one.definition, one.weight, one.treatment, one.values, len(one.k), difference, p))
        paths.append(path)
    curve = pd.DataFrame(rows, columns=["definition", "weight", "treatment", "values", "schools", "difference", "p"])
    joint = _joint(curve, np.array(paths))
    rising = curve.sort_values("difference", key=lambda d: d.round(10), kind="stable").reset_index(drop=True)
    return ContrastCurve(rising, joint, duplicates)


def _own_schools(versions: dict[str, pd.DataFrame], first_tier: str) -> np.ndarray:
    """Which schools are of the first tier; the same in every version, both tiers with one or more."""
    tiers = next(iter(versions.values()))["tier"]
    if any(list(version.index) != list(tiers.index) for version in versions.values()):
        raise BadArgument("versions", "all versions need the same schools in the same order")
    own: np.ndarray = ((tiers == first_tier) | (level(tiers) == first_tier)).to_numpy()
    if not 0 < own.sum() < own.size or not tiers.index.is_unique:
        wrong = f"{int(own.sum())} of {own.size} schools are of the tier {first_tier}"
        raise BadArgument("first_tier", f"{wrong}; both tiers need one, and each school one row", value=first_tier)
    return own


def joint_table(found: ContrastCurve) -> pd.DataFrame:
    """The joint p of each definition as a table, medians in points."""
    return found.joint.assign(points=100 * found.joint["median"], key=found.joint["definition"].map(SHORT))


def curve_summary(found: ContrastCurve, behind: pd.DataFrame) -> pd.DataFrame:
    """How many specifications there are, in how many the first tier is higher, and the ends of the curve."""
    difference = found.curve["difference"]
    market = difference[found.curve["definition"] == "placement_excluding_study"]
    values = {
        "specifications": len(difference),
        "above": int((difference > 0).sum()),
        "below": int((difference < 0).sum()),
        "min": difference.min(),
        "max": difference.max(),
        "market_above": int((market > 0).sum()),
    }
    return cells({name: (value, behind) for name, value in values.items()})
