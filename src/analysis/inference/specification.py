"""The specification curve of a contrast of two tiers, and the same curve when the labels mean nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import arrays
from analysis.arrays import part_of, takes
from analysis.errors import BadArgument
from analysis.inference.few_groups import label_arrangements
from analysis.inference.rates import PRINTED, TREATMENTS, school_logits, treat_contradictions

DEFINITIONS = ("headline", "placement_excluding_study")
WEIGHTS = ("graduates", "schools", "logits")


def _rates(schools: pd.DataFrame, definition: str) -> tuple[np.ndarray, np.ndarray]:
    """Numerators and denominators of one definition."""
    study = schools["further_study"].to_numpy(float) if definition == "placement_excluding_study" else 0.0
    return schools["placed"].to_numpy(float) - study, schools["graduates"].to_numpy(float) - study


@takes(part_of("k", "n"), k=arrays.counts(whole=True, zero=True), n=arrays.counts(whole=True), first=arrays.flags(dimensions=2), weight=arrays.one_of(*WEIGHTS))
def tier_contrast(k: np.ndarray, n: np.ndarray, first: np.ndarray, weight: str) -> np.ndarray:
    """First group minus second, for many labellings at once.

    Parameters
    ----------
    k, n : array of shape (schools,)
    first : array of shape (labellings, schools), bool
    weight : {"graduates", "schools", "logits"}
        pooled counts; simple means of rates; means of logits (half a case added on either side where a rate is 0 or 1), turned back into a
        difference of probabilities.
    """
    if first.shape[1] != len(k) or not (first.any(1) & (~first).any(1)).all():
        raise BadArgument("first", f"every labelling needs a school in both groups, and {len(k)} schools in all; its shape is {first.shape}", value=first.shape)
    member, other = first.astype(float), (~first).astype(float)
    if weight == "graduates":
        return member @ k / (member @ n) - other @ k / (other @ n)
    if weight == "schools":
        return member @ (k / n) / member.sum(1) - other @ (k / n) / other.sum(1)
    logit = school_logits(k, n)
    return 1 / (1 + np.exp(-(member @ logit) / member.sum(1))) - 1 / (1 + np.exp(-(other @ logit) / other.sum(1)))


@dataclass(frozen=True)
class ContrastCurve:
    """All distinct specifications of a tier contrast, and for each definition its joint p under permuted labels."""

    curve: pd.DataFrame  # definition, weight, treatment, values, schools, difference, p
    joint: pd.DataFrame  # definition, specifications, median, p, labellings
    duplicates: int  # specifications that give the figures of another one and were not counted again


@takes(
    versions=arrays.each(arrays.frame(least=2, tier=arrays.texts, graduates=PRINTED, placed=PRINTED, further_study=PRINTED, consistent=arrays.flags()), key=arrays.text), first_tier=arrays.text, least=arrays.whole(1),
)
def contrast_curve(versions: dict[str, pd.DataFrame], first_tier: str, *, least: int = 30) -> ContrastCurve:
    """Difference of two tiers over definition × weight × treatment of contradicting figures × printed or corrected values.

    Parameters
    ----------
    versions : dict
        name ("printed", "corrected") → schools with `tier`, `graduates`, `placed`, `further_study`, `consistent`; same schools in the same order.
    first_tier : str
        the tier whose rate is the first term.
    least : int
        a school with fewer graduates than this in a denominator is left out where schools weigh equally: a treatment can leave ten persons.

    Returns
    -------
    ContrastCurve
        specifications whose rates cannot be formed leave those schools out; two that rest on the same figures count once. The joint p permutes tier
        labels over all schools and recomputes the whole curve of one definition (Simonsohn, Simmons & Nelson 2020): share of labellings whose median
        is at least as far from zero. Definitions are not pooled: they measure different things, and two real effects of opposite sign would cancel.
        Specifications are choices, not draws.
    """
    tiers = next(iter(versions.values()))["tier"]
    if any(list(v.index) != list(tiers.index) for v in versions.values()):
        raise BadArgument("versions", "all versions need the same schools in the same order")
    own = (tiers == first_tier).to_numpy()
    if not 0 < own.sum() < own.size or not tiers.index.is_unique:
        raise BadArgument("first_tier", f"{int(own.sum())} of {own.size} schools are of the tier {first_tier}; both tiers need one, and each school one row", value=first_tier)
    labels = label_arrangements(own)
    rows, paths, seen, duplicates = [], [], set(), 0
    for values, schools in versions.items():
        for treatment in TREATMENTS:
            treated = treat_contradictions(schools, treatment)
            for definition in DEFINITIONS:
                k, n = _rates(treated, definition)
                for weight in WEIGHTS:
                    sound = (n >= (1 if weight == "graduates" else least)) & (k >= 0) & (k <= n)
                    places = np.array([schools.index.get_loc(i) for i in treated.index])[sound]
                    key = (definition, weight, places.tobytes(), k[sound].tobytes(), n[sound].tobytes())
                    if key in seen:
                        duplicates += 1
                        continue
                    seen.add(key)
                    drawn = labels[:, places]
                    usable = drawn.any(1) & (~drawn).any(1)
                    if not (own[places].any() and (~own[places]).any()):
                        continue
                    path = np.full(len(labels), np.nan)
                    path[usable] = tier_contrast(k[sound], n[sound], drawn[usable], weight)
                    observed = float(tier_contrast(k[sound], n[sound], own[None, places], weight)[0])
                    rows.append((definition, weight, treatment, values, int(sound.sum()), observed, float(np.mean(np.abs(path[usable]) >= abs(observed) - 1e-12))))
                    paths.append(path)
    curve = pd.DataFrame(rows, columns=["definition", "weight", "treatment", "values", "schools", "difference", "p"])
    chance, joint = np.array(paths), []
    for definition, part in curve.groupby("definition", sort=False):
        own_paths = chance[part.index]
        whole = ~np.isnan(own_paths).any(0)
        median = float(part["difference"].median())
        joint.append((definition, len(part), median, float(np.mean(np.abs(np.median(own_paths[:, whole], axis=0)) >= abs(median) - 1e-12)), int(whole.sum())))
    return ContrastCurve(curve.sort_values("difference", key=lambda d: d.round(10), kind="stable").reset_index(drop=True), pd.DataFrame(joint, columns=["definition", "specifications", "median", "p", "labellings"]), duplicates)
