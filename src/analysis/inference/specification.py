"""The specification curve of a contrast of two tiers, and the same curve when the labels mean nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.inference.few_groups import label_arrangements
from analysis.inference.rates import TREATMENTS, treat_contradictions

DEFINITIONS = ("headline", "placement_excluding_study")
WEIGHTS = ("graduates", "schools", "logits")


def _rates(schools: pd.DataFrame, definition: str) -> tuple[np.ndarray, np.ndarray]:
    """Numerators and denominators of one definition."""
    study = schools["further_study"].to_numpy(float) if definition == "placement_excluding_study" else 0.0
    return schools["placed"].to_numpy(float) - study, schools["graduates"].to_numpy(float) - study


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
    member, other = first.astype(float), (~first).astype(float)
    if weight == "graduates":
        return member @ k / (member @ n) - other @ k / (other @ n)
    if weight == "schools":
        return member @ (k / n) / member.sum(1) - other @ (k / n) / other.sum(1)
    if weight == "logits":
        edge = 0.5 * ((k <= 0) | (k >= n))
        logit = np.log((k + edge) / (n - k + edge))
        return 1 / (1 + np.exp(-(member @ logit) / member.sum(1))) - 1 / (1 + np.exp(-(other @ logit) / other.sum(1)))
    raise ValueError(f"weight is {weight!r}; use one of {', '.join(WEIGHTS)}")


@dataclass(frozen=True)
class ContrastCurve:
    """All specifications of a tier contrast, and their joint p under permuted labels."""

    curve: pd.DataFrame  # definition, weight, treatment, values, schools, difference, p
    joint_p: float  # share of labellings whose median |difference| is at least the observed
    same_sign: float  # share of specifications with the commoner sign
    joint_p_sign: float  # share of labellings in which at least as many specifications share a sign
    labellings: int


def contrast_curve(versions: dict[str, pd.DataFrame], first_tier: str) -> ContrastCurve:
    """Difference of two tiers over definition × weight × treatment of contradicting figures × printed or corrected values.

    Parameters
    ----------
    versions : dict
        "printed", "corrected" → schools with `tier`, `graduates`, `placed`, `further_study`, `consistent`; same schools in the same order.
    first_tier : str
        the tier whose rate is the first term.

    Returns
    -------
    ContrastCurve
        specifications whose rates cannot be formed (more in further study than graduates, as printed) leave those schools out. The joint p
        permutes tier labels over all schools and recomputes the whole curve (Simonsohn, Simmons & Nelson 2020); specifications are choices, not draws.
    """
    tiers = next(iter(versions.values()))["tier"]
    if any(list(v.index) != list(tiers.index) for v in versions.values()):
        raise ValueError("all versions need the same schools in the same order")
    own = (tiers == first_tier).to_numpy()
    labels = label_arrangements(len(own), int(own.sum()))
    rows, paths = [], []
    for values, schools in versions.items():
        for treatment in TREATMENTS:
            treated = treat_contradictions(schools, treatment)
            for definition in DEFINITIONS:
                if definition == "headline" and treatment in ("capped", "zero"):
                    continue  # further study is no part of the headline rate
                k, n = _rates(treated, definition)
                sound = (n > 0) & (k >= 0) & (k <= n)
                places = np.array([schools.index.get_loc(i) for i in treated.index])[sound]
                for weight in WEIGHTS:
                    drawn = labels[:, places]
                    usable = drawn.any(1) & (~drawn).any(1)
                    path = np.full(len(labels), np.nan)
                    path[usable] = tier_contrast(k[sound], n[sound], drawn[usable], weight)
                    observed = float(tier_contrast(k[sound], n[sound], own[None, places], weight)[0])
                    p = float(np.mean(np.abs(path[usable]) >= abs(observed) - 1e-12))
                    rows.append((definition, weight, treatment, values, int(sound.sum()), observed, p))
                    paths.append(path)
    curve = pd.DataFrame(rows, columns=["definition", "weight", "treatment", "values", "schools", "difference", "p"])
    chance = np.array(paths)
    whole = ~np.isnan(chance).any(0)
    commoner = max((curve["difference"] > 0).mean(), (curve["difference"] < 0).mean())
    drawn_commoner = np.maximum((chance[:, whole] > 0).mean(0), (chance[:, whole] < 0).mean(0))
    joint = float(np.mean(np.abs(np.median(chance[:, whole], axis=0)) >= abs(curve["difference"].median()) - 1e-12))
    return ContrastCurve(curve.sort_values("difference", kind="stable").reset_index(drop=True), joint, float(commoner), float(np.mean(drawn_commoner >= commoner - 1e-12)), int(whole.sum()))
