"""Every public function of the mathematics against what must not get in: run as ``python -m tests.edges``,
in a process of its own.

The register holds a sound call of each function. Each of its arguments is replaced in turn by every member of the
hostile set, and by itself with a hostile entry, column or row; the call must give a sound answer, or say what is wrong
as `BadArgument` or `Refused`.
"""

from __future__ import annotations

import copy
import datetime
import faulthandler
import gc
import importlib
import inspect
import json
import pkgutil
import resource
import signal
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

import analysis.describe
import analysis.fit
import analysis.inference
from analysis.ground.arrays import _numbers_in
from analysis.ground.errors import BadArgument, Refused

SECONDS_A_CALL, BYTES = 3, 4 * 2**30

# --- sound arguments --------------------------------------------------------------------------------------------------

TABLE = [[60, 20, 10], [15, 70, 15], [5, 10, 85]]
E, G = [0.06, 0.34, 0.6], [0.08, 0.4, 0.52]
K, N = np.array([45.0, 30, 66, 20, 51, 38]), np.array([50.0, 40, 70, 35, 60, 40])
FIRST = np.array([True, True, True, False, False, False])
SMALL = {"draws": 9, "seed": 1}


def design(rows: int = 6) -> pd.DataFrame:
    return pd.DataFrame({"constant": np.ones(rows), "tier": (np.arange(rows) < rows // 2).astype(float)})


def supply(years: tuple[int, ...] = (2030,)) -> pd.DataFrame:
    rows = [
        (g, "students", y, v + y - 2030, v + y - 2030.5, v + y - 2029.5)
        for y in years
        for g, v in (("farm", 40.0), ("plant", 60.0))
    ]
    return pd.DataFrame(rows, columns=["group", "measure", "year", "value", "lower", "upper"])


def structure() -> pd.DataFrame:
    return pd.DataFrame({"sector": ["s", "t"], "share": [0.45, 0.55], "lower": [0.44, 0.54], "upper": [0.46, 0.56]})


def crosswalk() -> dict[str, object]:
    return {
        "groups": ["farm", "plant"],
        "sectors": ["s", "t"],
        "lower": np.array([[1.0, 0], [0, 0]]),
        "upper": np.array([[1.0, 0], [1, 1]]),
    }


def supplied(**more: object) -> dict[str, object]:
    return {"supply": supply(), **crosswalk(), **more}


def demand() -> pd.DataFrame:
    rows = [
        (p, y, g, v)
        for p, y, values in (
            ("here", 2010, (60, 40)),
            ("here", 2020, (40, 60)),
            ("there", 2010, (500, 500)),
            ("there", 2020, (450, 550)),
        )
        for g, v in zip("AC", values)
    ]
    census = pd.DataFrame(rows, columns=["place", "year", "group", "value"]).assign(
        indicator="employed_sample_by_section", raw="", period="year", grade="A", figure_id="e"
    )
    value_added = pd.DataFrame(
        {
            "place": "here",
            "year": 2020,
            "group": ["s", "t"],
            "value": [40.0, 60.0],
            "indicator": "gdp_share_pct",
            "raw": ["40.0", "60.0"],
            "period": "year",
            "grade": "B",
            "figure_id": ["v", "w"],
        }
    )
    return pd.concat([census.astype({"value": float}), value_added], ignore_index=True)


def observations() -> pd.DataFrame:
    indicators = {
        "graduates": N,
        "placed": K,
        "further_study_higher_vocational": K // 4,
        "students": 4 * N,
        "teachers": N // 5,
        "dual_qualified_teachers": N // 8,
        "senior_title_staff": N // 9,
        "practice_bases_external": K // 3,
        "satisfaction_overall_pct": 80 + N / 10,
    }
    rows = [
        (entity, indicator, year, v + (year - 2030 if indicator == "satisfaction_overall_pct" else 0), "", tier)
        for year in (2029, 2030)
        for indicator, values in indicators.items()
        for entity, v, tier in zip("abcdef", values, ["高职"] * 3 + ["中职"] * 3)
    ]
    return pd.DataFrame(rows, columns=["entity", "indicator", "year", "value", "aggregate_rule", "tier"])


def schools(*columns: str) -> pd.DataFrame:
    every = pd.DataFrame(
        {
            "tier": ["高职"] * 3 + ["中职"] * 3,
            "graduates": N,
            "placed": K,
            "further_study": K // 4,
            "consistent": True,
            "headline": K / N,
            "further_study_share": K // 4 / N,
            "placement_excluding_study": (K - K // 4) / (N - K // 4),
            "size": N,
        },
        index=list("abcdef"),
    )
    return every[list(columns)] if columns else every


def specialties() -> pd.DataFrame:
    return pd.DataFrame(
        [
            (s, c, 2030, n)
            for s, c, n in (
                ("a", "460701", 100.0),
                ("a", "530701", 80.0),
                ("b", "460701", 60.0),
                ("b", "530702", 100.0),
            )
        ],
        columns=["school", "specialty_code", "year", "students"],
    )


def destinations() -> pd.DataFrame:
    return pd.DataFrame(
        [
            (c, i, 2030, n)
            for c, i, n in (
                ("460701", "36", 60.0),
                ("460701", "81", 20.0),
                ("530701", "36", 30.0),
                ("530701", "51", 100.0),
            )
        ],
        columns=["specialty_code", "industry", "year", "graduates"],
    )


def categories() -> pd.DataFrame:
    return pd.DataFrame(
        [("06", "C", 1, 1), ("06", "O", 0, 1), ("13", "F", 1, 1)], columns=["category", "section", "strict", "loose"]
    )


def facts() -> pd.DataFrame:
    rows = [
        ("farm", "survey_students", "2030", 34000.0, "3.4万人", "exact"),
        ("farm", "survey_intake", "2029", 900.0, "900人", "exact"),
        ("farm", "survey_intake", "2030", 950.0, "950人", "exact"),
        ("farm", "survey_intake_change", "2030", 50.0, "50人", "exact"),
    ]
    return pd.DataFrame(
        [(*row, f"f{i}") for i, row in enumerate(rows)],
        columns=["kind", "indicator", "period", "value", "raw", "qualifier", "fact_id"],
    )


def signs() -> pd.DataFrame:
    return pd.DataFrame({"sector": ["s", "t"], "lower": [0.1, -0.2], "upper": [0.2, -0.1], "sign": ["+", "-"]})


def box() -> object:
    from analysis.fit.bounds import SectorBox

    return SectorBox([40, 60], [41, 61], [[1.0, 0], [0, 0]], [[1.0, 0], [1, 1]])


def series_of(size: int) -> dict[str, object]:
    return {"years": list(range(2000, 2000 + size)), "values": [10 + (i * 7) % 5 + i / 3 for i in range(size)]}


counts_of_years = {
    "numerator_before": [12, 20],
    "denominator_before": [60, 40],
    "numerator_after": [15, 30],
    "denominator_after": [50, 50],
}
simulated = {"k": np.array([[40.0, 30, 60, 20, 50], [45, 28, 66, 25, 41]]), "n": N[:5], "first": FIRST[:5]}
grouped = {"successes": K, "trials": N}

REGISTER: dict[str, Callable[[], dict]] = {
    "describe.actions.group_actions": lambda: {
        "shares": pd.DataFrame({"group": ["farm", "plant"], "lower": [0.3, 0.5], "upper": [0.4, 0.6]}),
        "specialties": pd.DataFrame({"group": ["farm", "plant"], "value": [3, 9]}),
        "changes": pd.DataFrame({"group": ["farm"], "sign": ["+"]}),
        "aligned": signs(),
        "crosswalk": pd.DataFrame({"group": ["farm", "plant"], "sector": ["s", "t"], "upper": [1.0, 1.0]}),
        "moved": signs(),
    },
    "describe.actions.specialty_actions": lambda: {
        "gaps": pd.DataFrame({"specialty": ["x", "y"], "schools": [0, 1], "students": [None, 30]})
    },
    "fit.alignment.sector_alignment": lambda: supplied(industry=structure(), keys=[("students", 2030)]),
    "fit.alignment.dissimilarity_table": lambda: supplied(industries={"work": structure()}, keys=[("students", 2030)]),
    "fit.alignment.compare_measures": lambda: supplied(
        industries={"work": structure()}, measure="students", year=2030, lambdas=(0.0, 1.0)
    ),
    "fit.alignment.dissimilarity_over_lambda": lambda: supplied(
        industry=structure(), measure="students", year=2030, steps=3
    ),
    "fit.alignment.turning_lambda": lambda: {
        "path": pd.DataFrame({"lambda": [0.0, 1.0], "s": [0.4, 0.6]}),
        "sector": "s",
        "industry_share": 0.5,
    },
    "fit.alignment.turning_bounds": lambda: supplied(industry=structure(), measure="students", year=2030, sector="s"),
    "fit.alignment.group_shares": lambda: {"supply": supply()},
    "fit.alignment.share_changes": lambda: {
        "group_share": supply((2029, 2030)).assign(
            value=[0.4, 0.6, 0.45, 0.55], lower=[0.39, 0.59, 0.44, 0.54], upper=[0.41, 0.61, 0.46, 0.56]
        ),
        "measure": "students",
        "first": 2029,
        "last": 2030,
    },
    "fit.alignment.sector_changes": lambda: {
        "supply": supply((2029, 2030)),
        **crosswalk(),
        "measure": "students",
        "first": 2029,
        "last": 2030,
    },
    "fit.alignment.directions": lambda: {"changes": signs(), "industries": {"work": (structure(), structure())}},
    "fit.bounds.SectorBox": lambda: {
        "lower": [40, 60],
        "upper": [41, 61],
        "share_lower": [[1.0, 0], [0, 0]],
        "share_upper": [[1.0, 0], [1, 1]],
    },
    "fit.bounds.SectorBox.share": lambda: {"self": box(), "sector": 1},
    "fit.bounds.SectorBox.dissimilarity": lambda: {
        "self": box(),
        "industry_lower": [0.4, 0.5],
        "industry_upper": [0.5, 0.6],
    },
    "fit.bounds.share_box": lambda: {"lower": [1, 2], "upper": [2, 2]},
    "describe.chain.chain_coverage": lambda: {
        "catalogue": pd.DataFrame(
            [("x", "car", "C", "36"), ("y", "car", "C", "")], columns=["specialty", "chain", "section", "divisions"]
        ),
        "named": pd.Series(["x", "z"]),
        "stated": pd.DataFrame({"specialty": ["y"], "schools": [0], "students": [None]}),
        "adjusted": pd.DataFrame({"school": ["s"], "specialty_added": ["v"], "specialty_withdrawn": ["—"]}),
    },
    "describe.chain.chain_tiles": lambda: {
        "counts": pd.Series({"car": 3.0, "up": 2.0}),
        "named": pd.DataFrame({"kind": ["car"], "item": ["z"]}),
        "coverage": pd.DataFrame({"specialty": ["x"], "status": ["taught"]}),
    },
    "fit.composite.grey_relational_degree": lambda: {
        "reference": [1, 1.1, 1.3],
        "comparators": [[1, 1.05, 1.2], [1, 1.2, 1.25]],
        "normalise": "first",
        "rho": 0.5,
    },
    "fit.composite.coupling_coordination": lambda: {"scores": [0.6, 0.3], "weights": [0.5, 0.5], "form": "modified"},
    "fit.composite.entropy_weights": lambda: {
        "matrix": [[1, 9], [5, 6], [9, 1]],
        "normalise": "minmax",
        "benefit": [True, False],
    },
    "fit.composite.topsis_vector": lambda: {
        "matrix": [[1, 9], [5, 6], [9, 1]],
        "weights": [0.2, 0.8],
        "benefit": [True, False],
    },
    "fit.homogeneity.hhi": lambda: {"counts": [60, 20, 10]},
    "fit.homogeneity.hill_numbers": lambda: {"counts": [60, 20, 10], "orders": [0, 1, 2, np.inf]},
    "fit.homogeneity.overlap": lambda: {"a": [60, 20, 10], "b": [10, 30, 5]},
    "fit.homogeneity.alpha_beta_gamma_q1": lambda: {"table": TABLE},
    "fit.homogeneity.dissimilarity_d": lambda: {"group1": [60, 20, 10], "group2": [10, 30, 5]},
    "fit.homogeneity.multigroup_d": lambda: {"table": TABLE},
    "fit.homogeneity.dissimilarity_chance": lambda: {"table": TABLE, **SMALL},
    "fit.homogeneity.duplication": lambda: {"offers": [[1, 1, 0], [1, 0, 1]], "crowded": 2},
    "fit.homogeneity.duplication_null": lambda: {"offers": [[1, 1, 0], [1, 0, 1], [0, 1, 1]], **SMALL},
    "fit.homogeneity.leinster_cobbold": lambda: {
        "shares": [0.5, 0.3, 0.2],
        "similarity": [[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]],
        "orders": [1, 2],
    },
    "describe.industry.value_added_shares": lambda: {
        "demand": demand(),
        "place": "here",
        "year": 2020,
        "sectors": ["s", "t"],
    },
    "describe.industry.employment_by_section": lambda: {"demand": demand(), "place": "here", "year": 2020},
    "describe.industry.employment_shares": lambda: {
        "demand": demand(),
        "place": "here",
        "year": 2020,
        "section_to_sector": pd.DataFrame({"section": ["A", "C"], "sector": ["s", "t"]}),
        "sectors": ["s", "t"],
    },
    "describe.industry.quotients": lambda: {
        "demand": demand(),
        "place": "here",
        "reference": "there",
        "year": 2020,
        "confidence": 0.95,
        "without": (),
    },
    "describe.industry.shift_share_by_section": lambda: {
        "demand": demand(),
        "place": "here",
        "reference": "there",
        "before": 2010,
        "after": 2020,
        "without": (),
    },
    "describe.ladder.reached": lambda: {
        name: pd.DataFrame({"school": ["a"]})
        for name in ("groups", "schools", "specialties", "destinations", "demand", "vacancies")
    },
    "describe.ladder.require": lambda: {
        "measure": "linkage",
        "levels": pd.DataFrame({"level": ["L3"], "reached": [True]}),
    },
    "fit.linkage.linkage": lambda: {"table": TABLE},
    "fit.linkage.local_linkage": lambda: {"table": TABLE},
    "fit.linkage.destination_effective_number": lambda: {"table": TABLE},
    "fit.linkage.m_between_within": lambda: {"table": TABLE, "groups": ["x", "x", "y"]},
    "fit.linkage.m_change": lambda: {
        "table1": TABLE,
        "table2": [[50, 30, 20], [30, 90, 30], [10, 40, 150]],
        "method": "shapley",
        "tolerance": 1e-9,
        "most": 1000,
    },
    "fit.linkage.m_inference": lambda: {"table": TABLE, "confidence": 0.95},
    "fit.linkage.m_bootstrap": lambda: {"table": TABLE, **SMALL, "by_school": False},
    "fit.linkage.m_chance": lambda: {"table": TABLE, **SMALL},
    "fit.matching.horizontal_mismatch": lambda: {"table": TABLE, "crosswalk": np.eye(3), "confidence": 0.95},
    "fit.matching.misclassification_bounds": lambda: {
        "strict": 0.3,
        "loose": 0.2,
        "sensitivity": (0.9, 1.0),
        "specificity": (0.9, 1.0),
    },
    "fit.matching.gap_rate_tightness": lambda: {"demand": [120, 80, 50], "supply": [90, 100, 40], "alpha": 0.5},
    "fit.matching.optimal_transport": lambda: {
        "supply": E,
        "industry": G,
        "cost": [[0, 0.7, 1], [0.7, 0, 0.4], [1, 0.4, 0]],
    },
    "fit.matching.responsiveness_slope": lambda: {
        "industry_change": [0.1, -0.1, 0.05],
        "supply_change": [0.2, -0.1, -0.1],
    },
    "fit.matching.shift_share": lambda: {
        "local_before": [10, 20],
        "local_after": [12, 30],
        "reference_before": [100, 200],
        "reference_after": [150, 250],
    },
    "fit.matching.missing_bounds": lambda: {"count": 80, "total": 100, "missing": 10},
    "describe.codes.category_of": lambda: {"code": "460701"},
    "describe.codes.category_similarity": lambda: {"codes": ["460701", "660701"]},
    "describe.profile.crowding": lambda: {"specialties": specialties(), "year": 2030, "count": "students", **SMALL},
    "describe.profile.destination_table": lambda: {"destinations": destinations(), "year": 2030},
    "describe.profile.crosswalk_table": lambda: {
        "table": pd.DataFrame([[1.0, 2.0]], index=["460701"], columns=["C", "51"]),
        "crosswalk": categories(),
        "strictness": "strict",
    },
    "describe.codes.section_of": lambda: {"industry": "36"},
    "describe.profile.local_profile": lambda: {"destinations": destinations(), "year": 2030},
    "describe.profile.linkage_profile": lambda: {
        "destinations": destinations(),
        "crosswalk": categories(),
        "year": 2030,
        "confidence": 0.95,
        **SMALL,
    },
    "fit.relatedness.revealed_advantage": lambda: {"table": TABLE},
    "fit.relatedness.proximity_density": lambda: {"table": TABLE, "own": 1},
    "fit.relatedness.skill_relatedness": lambda: {"flows": TABLE},
    "fit.relatedness.evaluate_entries": lambda: {
        "before": [[1, 0, 0], [0, 1, 0]],
        "after": [[1, 1, 0], [0, 1, 0]],
        "score": [[0.0, 2, 1], [1, 0, 0.5]],
        "k": 2,
    },
    "fit.specification.specification_curve": lambda: supplied(
        industries={"work": structure()}, keys=[("students", 2030)], lambdas=(0.0, 1.0)
    ),
    "fit.structure.shares": lambda: {"counts": [1, 2, 3]},
    "fit.structure.structural_deviation": lambda: {"supply": E, "industry": G, "reference": "industry", "form": "log"},
    **{f"fit.structure.{name}": lambda: {"supply": E, "industry": G} for name in ("total_structural_deviation",)},
    **{
        f"fit.structure.{name}": lambda: {"a": E, "b": G}
        for name in ("cosine_similarity", "pearson_share", "jensen_shannon_divergence_nats", "hellinger")
    },
    **{
        f"fit.structure.{name}": lambda: {"before": [120, 340, 560], "after": [130, 420, 700]}
        for name in ("moore_angle_degrees", "structural_change_nav")
    },
    "fit.structure.lilien": lambda: {"before": [120, 340, 560], "after": [130, 420, 700], "weights": "mean"},
    "fit.structure.location_quotient": lambda: {
        "local": [30, 370],
        "reference": [900, 9100],
        "reference_fixed": False,
        "confidence": 0.95,
    },
    "describe.supply.survey_groups": lambda: {"facts": facts(), "groups": ["farm"], "whole_scale_digits": 0},
    "fit.crosswalk.crosswalk_bounds": lambda: {
        "crosswalk": pd.DataFrame(
            {
                "group": ["farm", "plant"],
                "sector": ["s", "t"],
                "lower": [1.0, 0.0],
                "upper": [1.0, 1.0],
                "loose_lower": [0.0, 0.0],
                "loose_upper": [1.0, 1.0],
            }
        ),
        "groups": ["farm", "plant"],
        "sectors": ["s", "t"],
        "loose": True,
    },
    "fit.crosswalk.sector_shares": lambda: {
        "counts": [40.0, 60],
        "lower": crosswalk()["lower"],
        "upper": crosswalk()["upper"],
        "part": 0.5,
    },
    "inference.binomial.require_several": lambda: {"matrix": design().to_numpy(), "labels": list("aabbcd")},
    "inference.binomial.fit_logit": lambda: {**grouped, "matrix": design().to_numpy()},
    "inference.binomial.require_cases": lambda: {"schools": 20, "predictors": 2},
    "inference.binomial.grouped_binomial": lambda: {**grouped, "design": design(), "confidence": 0.95},
    "inference.binomial.fractional_logit": lambda: {"rates": K / N, "design": design(), "weights": N},
    "inference.binomial.beta_binomial": lambda: {**grouped, "design": design()},
    "inference.binomial.random_intercept_logit": lambda: {**grouped, "design": design(), "groups": list("abcdef")},
    "inference.binomial.heterogeneity": lambda: dict(grouped),
    "inference.contrast.contrast_tiers": lambda: {**grouped, "first": FIRST, "confidence": 0.95},
    "inference.correlates.spearman_interval": lambda: {"rho": 0.5, "n": 11, "confidence": 0.95},
    "inference.correlates.least_visible": lambda: {"n": 11, "level": 0.05},
    "inference.correlates.rank_correlation": lambda: {"x": N, "y": K, "strata": list("aaabbb"), **SMALL},
    "inference.correlates.correlate_family": lambda: {
        "schools": schools("tier", "headline", "size"),
        "outcomes": ["headline"],
        "predictors": ["size"],
        "strata": "tier",
        "confidence": 0.95,
        **SMALL,
    },
    "inference.decomposition.kitagawa": lambda: {**counts_of_years, "shares": True},
    "inference.decomposition.shapley_factors": lambda: {
        "before": {"n": 10, "r": [0.5]},
        "after": {"n": 20, "r": [0.6]},
        "value": lambda x: float(x["n"] * x["r"][0]),
    },
    "inference.decomposition.oaxaca_threefold": lambda: {
        "y_a": [1, 2, 4.0],
        "x_a": [1, 2, 3.0],
        "y_b": [1, 2, 2.0],
        "x_b": [1, 2, 4.0],
    },
    "inference.decomposition.simpson_check": lambda: {**counts_of_years, "least": 0.001, "shares": True},
    "inference.few_groups.label_arrangements": lambda: {"first": FIRST, **SMALL},
    "inference.few_groups.exact_permutation_two_groups": lambda: {"values": K / N, "first": FIRST},
    "inference.few_groups.leave_one_out_permutation": lambda: {
        "values": pd.Series(K / N, index=list("abcdef")),
        "first": pd.Series(FIRST, index=list("abcdef")),
    },
    "inference.few_groups.sign_flip_exact": lambda: {"differences": [0.1, -0.02, 0.15, 0.05]},
    "inference.few_groups.holm_bh": lambda: {"p_values": [0.01, 0.2, 0.5]},
    "inference.few_groups.clustered_ols": lambda: {
        "y": K / N,
        "design": design(),
        "clusters": list("abcdef"),
        "weights": N,
    },
    "inference.few_groups.clustered_logit": lambda: {
        **grouped,
        "design": design(),
        "clusters": list("abcdef"),
        "jackknife": True,
    },
    "inference.few_groups.wild_cluster_bootstrap": lambda: {
        "y": K / N,
        "design": design(),
        "clusters": list("abcdef"),
        "column": "tier",
        "weights": N,
        **SMALL,
    },
    "inference.rates.school_logits": lambda: dict(grouped),
    "describe.placement.placement_quadruple": lambda: {
        "graduates": 200,
        "placed": 180,
        "further_study": 60,
        "sector_classified": 90,
    },
    "describe.placement.placement_checks": lambda: {"schools": schools("graduates", "placed", "further_study")},
    "describe.placement.treat_contradictions": lambda: {
        "schools": schools("graduates", "placed", "further_study", "consistent"),
        "treatment": "zero",
    },
    "inference.rates.proportion_interval": lambda: {**grouped, "confidence": 0.95, "method": "jeffreys"},
    "describe.placement.placement_by_school": lambda: {
        "observations": observations(),
        "year": 2030,
        "confidence": 0.95,
    },
    "describe.placement.with_rates": lambda: {
        "counts": schools("graduates", "placed", "further_study"),
        "confidence": 0.95,
    },
    "describe.placement.placement_by_tier": lambda: {
        "schools": schools("tier", "graduates", "placed", "further_study", "consistent"),
        "confidence": 0.95,
    },
    "describe.placement.order_reversals": lambda: {"schools": schools("headline", "placement_excluding_study")},
    "describe.changes.study_change": lambda: {"observations": observations(), "before": 2029, "year": 2030},
    "describe.changes.study_share_before": lambda: {
        "tiers": pd.DataFrame({"graduates": [100.0], "further_study_share": [0.3]}, index=["高职"]),
        "change": pd.DataFrame({"tier": ["高职"], "before": [20.0]}),
        "graduates_change": pd.Series({"高职": 5.0}),
    },
    "describe.changes.two_year_counts": lambda: {
        "observations": observations(),
        "rate": "dual_qualified_share",
        "before": 2029,
        "year": 2030,
    },
    "describe.changes.two_year_changes": lambda: {"observations": observations(), "before": 2029, "year": 2030},
    "describe.averages.mean_checks": lambda: {
        "observations": observations(),
        "year": 2030,
        "indicators": ["satisfaction_overall_pct"],
        "weight": "students",
    },
    "describe.correlates.school_profile": lambda: {
        "observations": observations(),
        "schools": schools("tier", "headline", "further_study_share", "placement_excluding_study"),
        "year": 2030,
    },
    "describe.changes.market_entrants": lambda: {
        "graduates": 1000.0,
        "studies": {"as_printed": (200.0, 300.0)},
        "graduates_changes": {"stated": 50.0},
        "jobs": 500.0,
        "jobs_growth_pct": 4.0,
    },
    "describe.correlates.correlation_choices": lambda: {
        "observations": observations(),
        "schools": schools("tier", "graduates", "placed", "further_study", "consistent"),
        "year": 2030,
        "numerator": "practice_bases_external",
        **SMALL,
    },
    "inference.shrinkage.pool_rates": lambda: {**grouped, "confidence": 0.95, **SMALL},
    "inference.binomial.level_and_spread": lambda: dict(grouped),
    "inference.shrinkage.empirical_bayes": lambda: {**grouped, "confidence": 0.95, **SMALL},
    "inference.simulation.draw_counts": lambda: {
        "trials": N,
        "mean_logit": 1.0,
        "sigma": 0.5,
        "draws": 3,
        "rng": np.random.default_rng(1),
    },
    **{
        f"inference.simulation.{name}": lambda: dict(simulated)
        for name in (
            "two_proportions",
            "quasi_binomial",
            "cluster_robust",
            "jackknife",
            "welch_logits",
            "permutation_rates",
            "permutation_logits",
            "wild_bootstrap",
            "beta_binomial",
            "random_intercept",
        )
    },
    "inference.simulation.paired_p": lambda: {
        "k_before": simulated["k"],
        "k_after": simulated["k"][::-1],
        "n": simulated["n"],
    },
    "inference.simulation.simulate_power": lambda: {
        "trials": N[:5],
        "first": FIRST[:5],
        "mean_logit": 1.0,
        "sigma": 0.5,
        "shifts": (0.0, -1.0),
        "draws": 3,
        "seed": 1,
        "level": 0.05,
    },
    "inference.simulation.whole_per_cent": lambda: {
        "found": pd.DataFrame({"size": [0.051, 0.9], "lower": [0.04, 0.89], "upper": [0.06, 0.91]})
    },
    "inference.simulation.simulate_size": lambda: {
        "trials": N[:5],
        "first": FIRST[:5],
        "mean_logit": 1.0,
        "sigma": 0.5,
        "draws": 3,
        "seed": 1,
        "level": 0.05,
        "tests": ("two_proportions",),
    },
    "inference.specification.tier_contrast": lambda: {
        "k": K,
        "n": N,
        "first": np.array([FIRST, ~FIRST]),
        "weight": "logits",
    },
    "describe.contrasts.contrast_curve": lambda: {
        "versions": {"printed": schools("tier", "graduates", "placed", "further_study", "consistent")},
        "first_tier": "中职",
        "least": 5,
    },
    "inference.trends.line_forecast": lambda: {**series_of(3), "year": 2004, "confidence": 0.95},
    "inference.trends.drift_forecast": lambda: {**series_of(4), "year": 2005, "confidence": 0.95},
    "inference.trends.theil_sen": lambda: {**series_of(5), "confidence": 0.95},
    "inference.trends.local_level": lambda: {"values": series_of(10)["values"], "ahead": 1, "confidence": 0.95},
    "inference.trends.describe_trend": lambda: {
        **series_of(4),
        "lower": [v - 0.1 for v in series_of(4)["values"]],
        "upper": [v + 0.1 for v in series_of(4)["values"]],
        "ahead": 1,
        "confidence": 0.95,
    },
    "inference.trends.structural_break": lambda: {**series_of(20), "trim": 0.15, **SMALL},
}

# --- the hostile set --------------------------------------------------------------------------------------------------

SCALARS: dict[str, object] = {
    "nan": np.nan,
    "inf": np.inf,
    "-inf": -np.inf,
    "huge": 1e308,
    "-huge": -1e308,
    "tiny": 5e-324,
    "negative zero": -0.0,
    "negative": -1,
    "zero": 0,
    "half": 0.5,
    "above 2^31": 2.0**32 + 1,
    "above 2^53": 2.0**53 + 2,
    "above 2^63": 2**63,
    "a googol": 10**100,
    "10^12": 10**12,
    "text": "many",
    "digits as text": "12",
    "bytes": b"12",
    "empty text": "",
    "None": None,
    "NA": pd.NA,
    "NaT": pd.NaT,
    "true": True,
    "complex": 1 + 2j,
    "date": datetime.date(2023, 1, 1),
    "datetime64": np.datetime64("2023-01-01"),
    "decimal": Decimal("1.5"),
    "object": object(),
    "fullwidth": "１２",
}


def self_holding() -> list:
    found: list = [1.0]
    found.append(found)
    return found


HOSTILE: dict[str, object] = {
    **SCALARS,
    "empty list": [],
    "empty table": [[]],
    "empty array": np.zeros((0, 3)),
    "0-d array": np.array(3.0),
    "ragged": [[1, 2], [3]],
    "ragged deep": [[[1], [2, 3]], [[4]]],
    "3-d": np.ones((2, 2, 2)),
    "4-d": np.ones((1, 1, 1, 1)),
    "masked": np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0]),
    "masked table": np.ma.masked_array([[60.0, 20, 10], [15, 70, 15], [5, 10, 85]], np.eye(3)),
    "list with a masked list": [np.ma.masked_array([1.0, 2.0], [0, 1]), [1.0, 2.0]],
    "list with masked": [1.0, np.ma.masked, 2.0],
    "zeros": np.zeros(3),
    "zero table": np.zeros((3, 3)),
    "ones": np.ones(3),
    "one": [1.0],
    "one cell": [[1.0]],
    "constant table": np.ones((3, 3)),
    "negative entry": [3.0, -1.0, 2.0],
    "nan entry": [1.0, np.nan, 2.0],
    "inf entry": [1.0, np.inf, 2.0],
    "huge entries": [1e308] * 4,
    "tiny entries": [5e-324] * 3,
    "huge table": np.full((3, 3), 1e308),
    "tiny table": np.full((3, 3), 5e-324),
    "large counts": [[4.3e9, 1], [1, 1]],
    "larger counts": [[2.0**53 + 2, 1], [1, 1]],
    "dealt at the limit": [[2**31, 1], [1, 1]],
    "uint64": np.array([2**64 - 1, 1], np.uint64),
    "int8": np.array([100, 100, 100], np.int8),
    "float16": np.array([6e4, 1, 1], np.float16),
    "long double": np.array([1, 2, 3], np.longdouble) * np.longdouble("1e400"),
    "texts": ["a", "b", "c"],
    "numbers as texts": ["1", "2", "3"],
    "objects": np.array([1, "a", None], object),
    "bools": [True, False, True],
    "complexes": np.array([1 + 1j, 2, 3]),
    "dates": np.array(["2023-01-01", "2023-01-02"], "datetime64[D]"),
    "spans": np.array([1, 2], "timedelta64[D]"),
    "records": np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
    "Series with NA": pd.Series([1, None, 3], dtype="Int64"),
    "Series of text": pd.Series(["x", "y", "z"]),
    "boolean with NA": pd.Series([True, None, False], dtype="boolean"),
    "category": pd.Series(["a", "b", "a"], dtype="category"),
    "frame with NA": pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1.0, 2.0]}),
    "frame of text": pd.DataFrame({"a": ["x", "y"]}),
    "empty frame": pd.DataFrame(),
    "empty Series": pd.Series(dtype=float),
    "frame with a column twice": pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]),
    "dict": {"a": 1},
    "empty dict": {},
    "set": {1, 2},
    "generator": (i for i in range(3)),
    "range": range(10**12),
    "ranges": [range(10**12)] * 2,
    "broadcast": np.broadcast_to(1.0, (10**6, 10**6)),
    "itself": self_holding(),
    "function": len,
    "class": dict,
    "nested tuple": ((1, 2), (3, 4)),
    "sparse": __import__("scipy.sparse", fromlist=["x"]).eye_array(3),
}
COLUMN_VALUES = (
    "nan",
    "inf",
    "huge",
    "tiny",
    "negative",
    "above 2^53",
    "a googol",
    "text",
    "None",
    "NA",
    "NaT",
    "true",
    "complex",
    "date",
    "empty text",
    "zero",
    "half",
    "object",
)


def variants(value: object) -> Iterator[tuple[str, object]]:
    """Hostile replacements of one argument: the whole set, then what can go wrong within what is there."""
    yield from HOSTILE.items()
    if isinstance(value, pd.DataFrame):
        yield "no rows", value.iloc[:0]
        yield "rows twice", pd.concat([value, value])
        yield "first row only", value.iloc[:1]
        for column in value.columns:
            yield f"without {column}", value.drop(columns=column)
            for name in COLUMN_VALUES:
                changed = value.astype({column: object})
                changed.iloc[0, changed.columns.get_loc(column)] = SCALARS[name]
                yield f"{column} = {name}", changed
            for name in ("nan", "zero"):
                yield (
                    f"{column} all {name}",
                    value.assign(**{column: pd.Series([SCALARS[name]] * len(value), index=value.index, dtype=object)}),
                )
            yield f"{column} constant", value.assign(**{column: value[column].iloc[0]})
    elif isinstance(value, pd.Series):
        yield "no entries", value.iloc[:0]
        yield "entries twice", pd.concat([value, value])
        for name in COLUMN_VALUES:
            changed = value.astype(object)
            changed.iloc[0] = SCALARS[name]
            yield f"first = {name}", changed
    elif (
        isinstance(value, list | tuple | np.ndarray)
        and len(value)
        and np.ndim(np.asarray(value, dtype=object)) in (1, 2)
    ):
        for name in COLUMN_VALUES:
            changed = np.array(value, dtype=object) if np.ndim(value) else value
            changed.flat[0] = SCALARS[name]
            yield f"first = {name}", changed.tolist()
        yield "one entry less", value[:-1]
        yield "one entry more", [*list(value), list(value)[-1]]
        yield "first entry throughout", [copy.deepcopy(list(value)[0])] * len(value)
        yield "last axis less", np.asarray(value, dtype=object)[..., :-1].tolist()
    elif isinstance(value, dict):
        for key in value:
            for name, scalar in SCALARS.items():
                yield f"{key} = {name}", {**value, key: scalar}
            yield f"without {key}", {k: v for k, v in value.items() if k != key}
            if isinstance(value[key], pd.DataFrame):
                for name, frame in variants(value[key]):
                    yield f"{key}: {name}", {**value, key: frame}


# --- discovery and judgement ------------------------------------------------------------------------------------------


def public_functions() -> dict[str, Callable]:
    """Every public function of the mathematics, and of the tables made with it each that has a door; constructors and
    methods of public classes that are no mere records, by its place."""
    found: dict[str, Callable] = {}
    for package in (analysis.describe, analysis.fit, analysis.inference):
        for info in pkgutil.iter_modules(package.__path__):
            if info.name.startswith("_"):
                continue
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            place = module.__name__.removeprefix("analysis.")
            for name, thing in vars(module).items():
                if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
                    continue
                if package is analysis.describe and not hasattr(thing, "may_be_nan"):
                    continue
                if inspect.isfunction(thing):
                    found[f"{place}.{name}"] = thing
                elif inspect.isclass(thing) and not is_dataclass(thing) and not issubclass(thing, Exception):
                    found[f"{place}.{name}"] = thing
                    found |= {
                        f"{place}.{name}.{method}": f
                        for method, f in vars(thing).items()
                        if inspect.isfunction(f) and not method.startswith("_")
                    }
    return found


def judge(name: str, function: Callable, arguments: dict) -> str:
    """What is wrong with how a call ended, or nothing."""
    may_be_nan = getattr(function, "may_be_nan", "")
    try:
        answer = function(**arguments)
    except BadArgument as fault:
        return (
            ""
            if fault.function and fault.argument and fault.function in str(fault) and fault.argument in str(fault)
            else f"does not say which function and argument: {fault}"
        )
    except Refused as reason:
        return "" if str(reason) else "is refused without a reason"
    except BaseException as raw:  # whatever it is, it is the fault that is looked for
        return f"{type(raw).__name__}: {str(raw)[:160]}"
    if not may_be_nan and not all(np.isfinite(part).all() for part in _numbers_in(answer)):
        return "answers with nan or inf"
    return ""


def _too_long(*_: object) -> None:
    raise TimeoutError(f"over {SECONDS_A_CALL} s of the processor")


def main(only: str = "", thin: str = "1") -> None:
    """Run everything (of entries and columns one variant in `thin`, always the same ones); one line of JSON a fault,
    and the call under way on stderr, so that a crash says where it happened."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    pd.set_option(
        "mode.string_storage", "python"
    )  # arrow hands every short list of names to another thread: seconds of waiting on a busy machine
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    faulthandler.enable()
    signal.signal(signal.SIGPROF, _too_long)
    calls, times = 0, {}
    functions = public_functions()
    gc.collect()
    gc.freeze()  # statsmodels collects garbage at every correction of p: let it not look at the libraries each time
    for name, function in functions.items():
        if only not in name or name not in REGISTER:
            continue
        begun = time.perf_counter()
        faulthandler.dump_traceback_later(300, exit=True)  # where not even a signal gets through
        sound = REGISTER[name]()
        if wrong := judge(name, function, REGISTER[name]()):
            print(json.dumps({"call": name, "case": "sound", "wrong": wrong}))
        try:
            function(**REGISTER[name]())
        except (BadArgument, Refused) as refused:
            print(json.dumps({"call": name, "case": "sound", "wrong": f"the sound call is refused: {refused}"}))
        for argument in sound:
            if argument == "self":
                continue
            for case, value in variants(sound[argument]):
                if case not in HOSTILE and zlib.crc32(f"{name} {argument} {case}".encode()) % int(thin):
                    continue
                sys.stderr.write(f"{name}({argument} = {case})\n")
                signal.setitimer(signal.ITIMER_PROF, SECONDS_A_CALL)  # of the processor, not of the clock
                wrong = judge(name, function, {**sound, argument: value})
                signal.setitimer(signal.ITIMER_PROF, 0)
                calls += 1
                if wrong:
                    print(
                        json.dumps({"call": name, "case": f"{argument} = {case}", "wrong": wrong}, ensure_ascii=False)
                    )
        times[name] = time.perf_counter() - begun
    print(
        json.dumps(
            {
                "calls": calls,
                "functions": len(times),
                "slowest": sorted(((round(t, 2), n) for n, t in times.items()), reverse=True)[:12],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
