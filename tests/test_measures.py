"""Measures of fit: values computed elsewhere, identities, invariances, refusals."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import distance

from analysis.describe.supply import survey_groups
from analysis.fit import structure
from analysis.fit.alignment import share_changes, turning_lambda
from analysis.fit.bounds import Bounds, SectorBox, share_box
from analysis.fit.crosswalk import crosswalk_bounds, sector_shares
from tests.conftest import PROJECT

REFERENCE = {
    e["name"]: e for e in json.loads((PROJECT / "tests/reference/measures.json").read_text(encoding="utf-8"))["values"]
}
CALLS = {
    "structural_deviation": lambda specialty_share, industry_share: structure.structural_deviation(
        specialty_share, industry_share, reference="industry", form="ratio"
    ),
    "structural_deviation_inverse": lambda specialty_share, industry_share: structure.structural_deviation(
        specialty_share, industry_share, reference="supply", form="ratio"
    ),
    "structural_deviation_log": lambda specialty_share, industry_share: structure.structural_deviation(
        specialty_share, industry_share, reference="industry", form="log"
    ),
    "total_structural_deviation": lambda specialty_share, industry_share: structure.total_structural_deviation(
        specialty_share, industry_share
    ),
    "cosine_similarity": lambda a, b: structure.cosine_similarity(a, b),
    "pearson_share": lambda a, b: structure.pearson_share(a, b),
    "moore_angle_degrees": lambda t0, t1: structure.moore_angle_degrees(t0, t1),
    "structural_change_nav": lambda t0, t1: structure.structural_change_nav(t0, t1),
    "lilien": lambda t0, t1: [structure.lilien(t0, t1, weights=w) for w in ("after", "before", "mean")],
    "jensen_shannon_divergence_nats": lambda a, b: structure.jensen_shannon_divergence_nats(a, b),
    "hellinger": lambda a, b: structure.hellinger(a, b),
}


@pytest.mark.parametrize("name", CALLS)
def test_reference_values(name):
    entry = REFERENCE[name]
    actual, expected = np.atleast_1d(CALLS[name](**entry["inputs"])), np.atleast_1d(entry["expected"])
    assert (np.abs(actual - expected) <= entry["tolerance"] * np.maximum(1, np.abs(expected))).all(), (actual, expected)


def test_reference_location_quotient():
    entry = REFERENCE["location_quotient"]
    x = entry["inputs"]
    q = structure.location_quotient([x["x_ij"], x["x_i"] - x["x_ij"]], [x["x_j"], x["x"] - x["x_j"]])
    assert [q.lq[0], q.rsca[0], q.se_log[0]] == pytest.approx(entry["expected"], abs=entry["tolerance"])


vectors = st.lists(st.floats(0.01, 1), min_size=2, max_size=6)


@given(vectors.flatmap(lambda a: st.tuples(st.just(a), st.lists(st.floats(0.01, 1), min_size=len(a), max_size=len(a)))))
def test_identities(pair):
    e, g = structure.shares(pair[0]), structure.shares(pair[1])
    total, d = structure.total_structural_deviation(e, g)
    assert total == pytest.approx(2 * d) and 0 <= d <= 1
    assert structure.structural_deviation(e, g, reference="industry", form="log") == pytest.approx(
        -structure.structural_deviation(e, g, reference="supply", form="log")
    )
    ratio = structure.structural_deviation(e, g, reference="industry", form="ratio")
    assert np.log1p(ratio) == pytest.approx(structure.structural_deviation(e, g, reference="industry", form="log"))
    assert g @ ratio == pytest.approx(0, abs=1e-12)  # weighted by the reference, deviations cancel
    assert structure.moore_angle_degrees(e, g) == pytest.approx(structure.moore_angle_degrees(7 * e, 3 * g), abs=1e-9)
    assert np.cos(np.radians(structure.moore_angle_degrees(e, g))) == pytest.approx(
        structure.cosine_similarity(e, g), abs=1e-9
    )
    # other libraries as oracles
    ours, theirs = structure.jensen_shannon_divergence_nats(e, g), distance.jensenshannon(e, g)
    assert ours >= 0 and ours == pytest.approx(
        0 if np.isnan(theirs) else theirs**2, abs=1e-9
    )  # scipy takes the root of a rounding error below zero
    assert structure.cosine_similarity(e, g) == pytest.approx(1 - distance.cosine(e, g))


def test_zero_shares_and_zero_references():
    e, g = [0.0, 1.0], [0.5, 0.5]
    assert structure.structural_deviation(e, g, reference="industry", form="ratio").tolist() == [-1, 1]
    assert structure.structural_deviation(e, g, reference="industry", form="log")[0] == -np.inf
    assert structure.structural_deviation(g, e, reference="industry", form="log")[0] == np.inf
    assert structure.jensen_shannon_divergence_nats([1, 0], [0, 1]) == pytest.approx(np.log(2))
    q = structure.location_quotient([0, 10], [5, 95])
    assert q.lq[0] == 0 and np.isnan(q.se_log[0]) and np.isnan(q.lower[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: structure.cosine_similarity([1, -1], [1, 1]), "position 1 is -1"),
        (lambda: structure.hellinger([0.5, 0.4], [0.5, 0.5]), "adds up to 0.9"),
        (lambda: structure.total_structural_deviation([1], [0.5, 0.5]), "has 1 categories"),
        (lambda: structure.shares([0, 0]), "adds up to zero"),
        (lambda: structure.lilien([0, 1], [1, 1]), "categories with zero"),
        (lambda: structure.pearson_share([0.5, 0.5], [0.4, 0.6]), "constant"),
        (lambda: structure.location_quotient([9, 1], [5, 95]), "must include the local area"),
        (lambda: structure.cosine_similarity([np.nan, 1], [1, 1]), "position 0 is nan"),
        (lambda: structure.structural_deviation([1], [1], reference="both", form="log"), "reference is"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_quotient_interval_covers_as_it_says():
    """Multinomial samples from a known table: the interval of ln LQ holds the true value about as often as promised."""
    rng = np.random.default_rng(5)
    table = np.array([[30, 370], [870, 8730]], float)
    true = (table[0, 0] / table[0].sum()) / (table[:, 0].sum() / table.sum())
    draws = rng.multinomial(10_000, (table / table.sum()).ravel(), size=2_000).reshape(-1, 2, 2)
    hits = 0
    for draw in draws:
        q = structure.location_quotient(draw[0], draw.sum(0))
        hits += q.lower[0] <= true <= q.upper[0]
    assert abs(hits / 2_000 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2_000) + 0.01


# --- bounds


def test_worked_example_of_a_straddling_group():
    """Supply .05, .25, .40, .30; industry .10, .45, .45; the third group straddles: D from .05 to .25, by hand."""
    lower, upper = [[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]]
    x = [0.05, 0.25, 0.40, 0.30]
    box = SectorBox(x, x, lower, upper)
    d = box.dissimilarity([0.10, 0.45, 0.45])
    assert (d.lower, d.upper) == pytest.approx((0.05, 0.25))
    assert (box.share(1).lower / 0.45 - 1, box.share(1).upper / 0.45 - 1) == pytest.approx(
        (0.25 / 0.45 - 1, 0.65 / 0.45 - 1)
    )
    path = pd.DataFrame({"lambda": np.linspace(0, 1, 101)})
    path["secondary"] = [
        sector_shares(np.array(x), np.array(lower, float), np.array(upper, float), v)[1] for v in path["lambda"]
    ]
    assert turning_lambda(path, "secondary", 0.45) == pytest.approx(0.5)


@given(st.integers(0, 10**6))
def test_bounds_hold_every_point_of_the_box_and_are_reached(seed):
    """Against brute force: no random point of the box lies outside, and the vertices come close to both ends."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(1, 5, 3)
    high = low + rng.uniform(0, 3, 3)
    below, above = np.array([[1.0, 0], [0, 0], [0, 1]]), np.array([[1.0, 0], [1, 1], [0, 1]])
    g = structure.shares(rng.uniform(0.2, 1, 2))
    box = SectorBox(low, high, below, above)
    d, share = box.dissimilarity(g), box.share(0)
    values, parts = [], []
    for corner, part in product(product(*zip(low, high)), np.linspace(0, 1, 41)):
        e = sector_shares(np.array(corner), below, above, part)
        parts.append(e[0])
        values.append(structure.total_structural_deviation(e, g)[1])
    assert d.lower - 1e-9 <= min(values) and max(values) <= d.upper + 1e-9
    assert max(values) == pytest.approx(d.upper, abs=1e-7)
    assert (min(parts), max(parts)) == pytest.approx((share.lower, share.upper), abs=1e-7)
    assert min(values) - d.lower < 0.03


def test_rounded_industry_shares_widen_the_bounds():
    box = SectorBox([3, 7], [3, 7], np.eye(2), np.eye(2))
    narrow, wide = box.dissimilarity([0.4, 0.6]), box.dissimilarity([0.38, 0.58], [0.42, 0.62])
    assert (narrow.lower, narrow.upper) == pytest.approx((0.1, 0.1))
    assert (wide.lower, wide.upper) == pytest.approx((0.08, 0.12))


def test_contradictions_are_refused():
    with pytest.raises(ValueError, match="contradict each other"):
        SectorBox([1, 1], [1, 1], np.eye(2), np.eye(2)).dissimilarity([0.2, 0.2], [0.3, 0.3])
    with pytest.raises(ValueError, match="cannot add up to one"):
        SectorBox([1], [1], [[0, 0]], [[0.4, 0.4]])
    with pytest.raises(ValueError, match="finite bounds"):
        SectorBox([1], [np.inf], [[1]], [[1]])


def test_share_box_is_exact_and_signs_are_careful():
    box = share_box([1, 2], [2, 2])
    assert box == pytest.approx(np.array([[1 / 3, 1 / 2], [1 / 2, 2 / 3]]))
    assert (Bounds(0.1, 0.2).sign(), Bounds(-0.2, -0.1).sign(), Bounds(0, 0.1).sign()) == ("+", "-", "?")


# --- supply of a survey


def survey(rows):
    columns = ["kind", "indicator", "period", "value", "raw", "qualifier", "fact_id"]
    return pd.DataFrame([(*row, f"f{i}") for i, row in enumerate(rows)], columns=columns)


def test_a_printed_change_narrows_both_years_and_fills_a_bounded_figure():
    facts = survey(
        [
            ("services", "survey_intake", "2021", 20000, "2万人", "exact"),
            ("services", "survey_intake", "2022", 20000, "不足2万人", "nearly"),
            ("services", "survey_intake_change", "2022", -374, "374人", "exact"),
        ]
    )
    table = survey_groups(facts, ["services"]).set_index("year")
    assert table.loc[2022, ["value", "lower", "upper"]].tolist() == [19626, 14626, 20000]
    assert table.loc[2021, ["lower", "upper"]].tolist() == [15000, 20374]
    narrow = survey_groups(facts, ["services"], whole_scale_digits=1).set_index("year")
    assert narrow.loc[2022, ["lower", "upper"]].tolist() == [19126, 20000]


def test_contradicting_change_and_missing_group_stop():
    with pytest.raises(ValueError, match="no figures within the printed ones differ by 900"):
        survey_groups(
            survey(
                [
                    ("a", "survey_intake", "2021", 100, "100人", "exact"),
                    ("a", "survey_intake", "2022", 200, "200人", "exact"),
                    ("a", "survey_intake_change", "2022", 900, "900人", "exact"),
                ]
            ),
            ["a"],
        )
    with pytest.raises(ValueError, match="groups without a figure: b"):
        survey_groups(survey([("a", "survey_students", "2022", 1, "1人", "exact")]), ["a", "b"])
    with pytest.raises(ValueError, match="which the survey or the sectors do not have"):
        crosswalk_bounds(
            pd.DataFrame({"group": ["x"], "sector": ["primary"], "lower": [1], "upper": [1]}), ["a"], ["primary"]
        )


def test_direction_is_certain_only_beyond_rounding():
    shares = pd.DataFrame(
        {
            "measure": "intake",
            "year": [1, 2, 1, 2],
            "group": ["a", "a", "b", "b"],
            "value": [0.2, 0.3, 0.5, 0.52],
            "lower": [0.19, 0.28, 0.48, 0.49],
            "upper": [0.21, 0.32, 0.52, 0.55],
        }
    )
    assert share_changes(shares, "intake", 1, 2).set_index("group")["sign"].to_dict() == {"a": "+", "b": "?"}
