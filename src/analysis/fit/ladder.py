"""The data ladder: which level the tables at hand reach, which measures that allows, and what is missing for the others."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis import arrays
from analysis.arrays import takes
from analysis.errors import Refused, UnknownName


@dataclass(frozen=True)
class Level:
    """One rung: a code, what a row of its table is, and the measures that it makes legitimate."""

    code: str
    zh: str
    en: str
    measures: tuple[str, ...]

    @property
    def missing_zh(self) -> str:
        return f"没有“{self.zh}”的表；有了它，上列度量即可计算"

    @property
    def missing_en(self) -> str:
        return f"no table of {self.en}; with one these measures can be computed"


LEVELS = (
    Level("L0", "城市×产业组×年份", "city × group × year", ("structural_deviation", "total_structural_deviation", "cosine_similarity", "pearson_share", "jensen_shannon_divergence_nats", "hellinger", "moore_angle_degrees", "structural_change_nav", "lilien", "optimal_transport", "grey_relational_degree", "coupling_coordination")),
    Level("L1", "学校×年份", "school × year", ("hhi", "hill_numbers", "entropy_weights", "topsis_vector")),
    Level("L2", "学校×专业×年份", "school × specialty × year", ("duplication", "duplication_null", "overlap", "alpha_beta_gamma_q1", "multigroup_d", "dissimilarity_chance", "leinster_cobbold")),
    Level("cities", "五十所以上学校（或城市）×专业×年份", "fifty schools (or cities) and more × specialty × year", ("proximity_density", "evaluate_entries")),
    Level("L3", "专业×产业×年份", "specialty × industry × year", ("linkage", "local_linkage", "m_between_within", "m_change", "m_inference", "m_bootstrap", "m_chance", "destination_effective_number", "horizontal_mismatch", "misclassification_bounds", "skill_relatedness")),
    Level("demand", "产业×年份（增加值或就业）", "industry × year (value added or employment)", ("location_quotient", "shift_share")),
    Level("vacancies", "产业或专业×年份（需求人数）", "industry or specialty × year (vacancies)", ("gap_rate_tightness", "responsiveness_slope")),
)


class LevelNotReached(Refused):
    """A measure asked for above the level of the data; the message says which table would answer it."""


@takes(**dict.fromkeys(("groups", "schools", "specialties", "destinations", "demand", "vacancies"), arrays.frame()))
def reached(*, groups: pd.DataFrame, schools: pd.DataFrame, specialties: pd.DataFrame, destinations: pd.DataFrame, demand: pd.DataFrame, vacancies: pd.DataFrame) -> pd.DataFrame:
    """Levels with whether a table reaches them, its rows, the measures that each allows, and in one line what is missing.

    Parameters
    ----------
    groups, schools, specialties, destinations, demand, vacancies : DataFrame
        what the sources print at each level; an empty one is not reached. `vacancies` are those by industry or specialty: totals match nothing.
    """
    if len(specialties):
        arrays.frame(school=arrays.texts)(specialties, "specialties")
    many = specialties if len(specialties) and specialties["school"].nunique() >= 50 else specialties.iloc[:0]
    tables = dict(zip((level.code for level in LEVELS), (groups, schools, specialties, many, destinations, demand, vacancies)))
    return pd.DataFrame([{"level": level.code, "row_zh": level.zh, "row_en": level.en, "rows": len(tables[level.code]), "reached": len(tables[level.code]) > 0, "measures": ", ".join(level.measures), "missing_zh": "" if len(tables[level.code]) else level.missing_zh, "missing_en": "" if len(tables[level.code]) else level.missing_en} for level in LEVELS])


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
    level = next((level for level in LEVELS if measure in level.measures), None)
    if level is None:
        raise UnknownName("measure", f"no level lists the measure {measure!r}", value=measure)
    if level.code not in set(levels["level"]):
        raise UnknownName("levels", f"it has no level {level.code}", value=level.code)
    if not levels.set_index("level").at[level.code, "reached"]:
        raise LevelNotReached(f"{measure} needs a table of {level.en} ({level.code}, {level.zh}); no source has one. CONTRIBUTING.md says how to add it")
