"""The data ladder: which level the tables at hand reach, and which measures that allows."""

from __future__ import annotations

import pandas as pd

from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.dictionary import label
from analysis.ground.errors import Refused, UnknownName

# level → functions of `analysis.fit` that it makes legitimate; data/words/labels.yaml says what a row of its table is
MEASURES = {
    "L0": [
        "structural_deviation",
        "total_structural_deviation",
        "cosine_similarity",
        "pearson_share",
        "jensen_shannon_divergence_nats",
        "hellinger",
        "moore_angle_degrees",
        "structural_change_nav",
        "lilien",
        "optimal_transport",
        "grey_relational_degree",
        "coupling_coordination",
    ],
    "L1": ["hhi", "hill_numbers", "entropy_weights", "topsis_vector"],
    "L2": [
        "duplication",
        "duplication_null",
        "overlap",
        "alpha_beta_gamma_q1",
        "multigroup_d",
        "dissimilarity_chance",
        "leinster_cobbold",
    ],
    "cities": ["proximity_density", "evaluate_entries"],
    "L3": [
        "linkage",
        "local_linkage",
        "m_between_within",
        "m_change",
        "m_inference",
        "m_bootstrap",
        "m_chance",
        "destination_effective_number",
        "horizontal_mismatch",
        "misclassification_bounds",
        "skill_relatedness",
    ],
    "demand": ["location_quotient", "shift_share"],
    "vacancies": ["gap_rate_tightness", "responsiveness_slope"],
}
MANY_SCHOOLS = 50  # from which their specialties can stand for those of cities


class LevelNotReached(Refused):
    """A measure asked for above the level of the data; the message says which table would answer it."""


@takes(**arrays.alike(("groups", "schools", "specialties", "destinations", "demand", "vacancies"), arrays.frame()))
def reached(
    *,
    groups: pd.DataFrame,
    schools: pd.DataFrame,
    specialties: pd.DataFrame,
    destinations: pd.DataFrame,
    demand: pd.DataFrame,
    vacancies: pd.DataFrame,
) -> pd.DataFrame:
    """Levels with whether a table reaches them, its rows, and the measures that each allows.

    Parameters
    ----------
    groups, schools, specialties, destinations, demand, vacancies : DataFrame
        what the sources print at each level; an empty one is not reached. `vacancies` are those by industry or
        specialty: totals match nothing.

    Returns
    -------
    DataFrame
        level, rows, reached, measures, missing (the level again where it is not reached, else blank).
    """
    if len(specialties):
        arrays.frame(school=arrays.texts)(specialties, "specialties")
    many = specialties if len(specialties) and specialties["school"].nunique() >= MANY_SCHOOLS else specialties[:0]
    tables = dict(zip(MEASURES, (groups, schools, specialties, many, destinations, demand, vacancies)))
    rows = pd.Series({level: len(table) for level, table in tables.items()})
    missing = [level if not count else "" for level, count in rows.items()]
    allowed = [", ".join(names) for names in MEASURES.values()]
    found = {"level": list(MEASURES), "rows": rows.to_list(), "reached": (rows > 0).to_list()}
    return pd.DataFrame({**found, "measures": allowed, "missing": missing})


def matching_vacancies(demand: pd.DataFrame, groups: list[str], sections: pd.Series) -> pd.DataFrame:
    """Vacancies by industry group or section, the only ones that can be matched."""
    return demand[(demand["indicator"] == "vacancies") & demand["group"].isin([*groups, *sections])]


@takes(measure=arrays.text, levels=arrays.frame(unique=("level",), level=arrays.texts, reached=arrays.flags()))
def require(measure: str, levels: pd.DataFrame) -> None:
    """Stop, and say what is missing, if a measure stands above the level of the data.

    Raises
    ------
    LevelNotReached
        naming the level and the table that would have to be added.
    KeyError
        for a measure that no level lists.
    """
    level = next((level for level, names in MEASURES.items() if measure in names), None)
    if level is None:
        raise UnknownName("measure", f"no level lists the measure {measure!r}", value=measure)
    if level not in set(levels["level"]):
        raise UnknownName("levels", f"it has no level {level}", value=level)
    if not levels.set_index("level").at[level, "reached"]:
        en, zh = (label(f"row_{level}", language) for language in ("en", "zh"))
        remedy = "no source has one. CONTRIBUTING.md says how to add it"
        raise LevelNotReached(f"{measure} needs a table of {en} ({level}, {zh}); {remedy}")
