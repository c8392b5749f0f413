"""Employment: definitions, checks, models against closed forms and simulation."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.describe.averages import mean_checks
from analysis.describe.changes import market_entrants, study_change, two_year_changes, two_year_counts
from analysis.describe.correlates import PREDICTORS, correlation_choices, school_profile
from analysis.describe.placement import (
    order_reversals,
    placement_by_school,
    placement_by_tier,
    placement_checks,
    placement_quadruple,
)
from analysis.inference.binomial import grouped_binomial
from analysis.inference.contrast import contrast_tiers
from analysis.inference.few_groups import exact_permutation_two_groups, leave_one_out_permutation
from analysis.inference.rates import proportion_interval
from tests.conftest import PROJECT


def tier_design(tiers: pd.Series, reference: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"constant": 1.0, **{t: (tiers == t).astype(float) for t in dict.fromkeys(tiers) if t != reference}}
    )


def test_quadruple_by_hand():
    rates = placement_quadruple(200, 180, 60, 90)
    assert [round(v, 9) for v in rates.values()] == [0.9, 0.3, 0.857142857, 0.642857143]


@pytest.mark.parametrize(("n", "p", "f"), [(100, 90, 95), (100, 110, 20), (100, 100, 100)])
def test_no_rate_follows_from_figures_that_cannot_be(n, p, f):
    assert np.isnan(placement_quadruple(n, p, f)["placement_excluding_study"])


def test_reference_wilson():
    expected = {
        e["name"]: e
        for e in json.loads((PROJECT / "tests/reference/measures.json").read_text(encoding="utf-8"))["values"]
    }
    low, high = proportion_interval(40, 40)
    assert (float(low), float(high)) == pytest.approx(expected["binomial_ci_k_equals_n"]["expected"][:2], abs=1e-9)
    low, high = proportion_interval(75, 290)
    assert (float(low), float(high)) == pytest.approx(expected["horizontal_mismatch"]["expected"][1:], abs=1e-9)


def test_grouped_binomial_closed_form():
    """Intercept only: rate 141/160, and φ, by hand."""
    model = grouped_binomial([45, 30, 66], [50, 40, 70], pd.DataFrame({"constant": [1.0, 1, 1]}))
    row = model.coefficients.loc["constant"]
    assert [row["estimate"], row["se_binomial"], model.dispersion, row["se_quasi"]] == pytest.approx(
        [2.0043209112, 0.2443844871, 4.6456566949, 0.5267410815], abs=1e-9
    )
    assert model.degrees_of_freedom == 2


def test_two_tiers_reproduce_their_pooled_rates():
    k, n = np.array([50, 60, 80, 90]), np.array([80, 70, 100, 100])
    model = grouped_binomial(k, n, tier_design(pd.Series(["a", "a", "b", "b"]), "a"))

    def logit(p):
        return np.log(p / (1 - p))

    assert model.coefficients["estimate"].tolist() == pytest.approx(
        [logit(110 / 150), logit(170 / 200) - logit(110 / 150)]
    )


def test_known_coefficients_come_back_from_simulated_schools():
    rng = np.random.default_rng(3)
    tier = pd.Series(["a"] * 300 + ["b"] * 300)
    n = np.full(600, 200)
    p = 1 / (1 + np.exp(-(0.4 + 0.7 * (tier == "b") + rng.normal(0, 0.3, 600))))
    model = grouped_binomial(rng.binomial(n, p), n, tier_design(tier, "a"))
    assert model.dispersion > 2  # schools differ more than binomial draws
    low, high = model.coefficients.loc["b", ["lower", "upper"]]
    assert low < 0.7 < high


@pytest.mark.parametrize(
    ("k", "n", "design", "message"),
    [
        ([1, 2], [3, 4], pd.DataFrame({"c": [1.0, 1], "x": [0.0, 1]}), "2 groups leave no degree of freedom for 2"),
        ([5, 2, 3], [5, 4, 4], pd.DataFrame({"c": [1.0, 1, 1], "x": [1.0, 0, 0]}), "'x' separates the groups"),
        ([6, 2, 3], [5, 4, 4], pd.DataFrame({"c": [1.0, 1, 1]}), "0 <= successes <= trials"),
    ],
)
def test_model_refusals(k, n, design, message):
    with pytest.raises(ValueError, match=message):
        grouped_binomial(k, n, design)


def test_exact_permutation_against_scipy():
    rng = np.random.default_rng(1)
    values, first = rng.normal(size=9), np.array([True] * 3 + [False] * 6)
    difference, p, arrangements = exact_permutation_two_groups(values, first)
    oracle = stats.permutation_test(
        (values[first], values[~first]),
        lambda a, b: np.mean(a) - np.mean(b),
        n_resamples=np.inf,
        alternative="two-sided",
    )
    assert arrangements == 84
    assert difference == pytest.approx(oracle.statistic)
    # scipy doubles the smaller tail; this test counts by |difference|; both are exact and agree on what is at least as
    # extreme
    assert p == pytest.approx(np.mean(np.abs(oracle.null_distribution) >= abs(difference) - 1e-12))


def test_leaving_one_school_out():
    values, first = (
        pd.Series([9.0, 1, 2, 3, 1], index=list("abcde")),
        pd.Series([True, False, False, False, False], index=list("abcde")),
    )
    table = leave_one_out_permutation(values, first)
    assert table.index.tolist() == list("bcde")  # the only school of its group stays
    assert table.loc["d"].tolist() == pytest.approx([9 - 4 / 3, 1 / 4])


def test_smallest_p_with_three_against_eight():
    values = np.r_[np.full(3, 10.0), np.zeros(8)]
    assert exact_permutation_two_groups(values, values > 5)[1] == pytest.approx(1 / 165)


def frame(rows):
    columns = ["entity", "tier", "indicator", "year", "value", "aggregate_rule"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def printed():
    rows = []
    for entity, tier, n, p, college, bachelor in (
        ("a", "高职", 200, 180, None, 60),
        ("b", "中职", 100, 90, 50, 1),
        ("c", "中职", 50, 45, 60, 0),
    ):
        for indicator, value in (
            ("graduates", n),
            ("placed", p),
            ("further_study_higher_vocational", college),
            ("further_study_bachelor", bachelor),
        ):
            rows.append((entity, tier, indicator, 2030, value, ""))
    rows.append(("city", "all", "graduates", 2030, 999, "sum"))
    return frame(rows).astype({"value": float})


def test_schools_tiers_and_contradictions(printed):
    schools = placement_by_school(printed, 2030)
    assert schools["further_study"].tolist() == [60, 51, 60]
    assert schools["consistent"].tolist() == [True, True, False]
    assert np.isnan(schools.loc["c", "placement_excluding_study"])
    broken = placement_checks(schools)
    assert set(broken["entity"]) == {"c"} and len(broken) == 2
    tiers = placement_by_tier(schools).set_index(["treatment", "tier"])
    assert tiers.loc[("as_printed", "all"), ["graduates", "placed", "further_study"]].tolist() == [350, 315, 171]
    assert tiers.loc[("capped", "中职"), "further_study"] == 51 + 45
    assert tiers.loc[("left_out", "中职"), "placement_excluding_study"] == pytest.approx(39 / 49)
    assert tiers.loc[("left_out", "中职"), "schools"] == 1


def test_rates_of_sums_are_weighted_means_of_rates(printed):
    schools = placement_by_school(printed, 2030)
    whole = placement_by_tier(schools).set_index(["treatment", "tier"]).loc[("as_printed", "all"), "headline"]
    assert whole == pytest.approx(np.average(schools["headline"], weights=schools["graduates"]))


def test_study_change_needs_both_years(printed):
    before = printed.assign(year=2029, value=printed["value"] / 2)
    change = study_change(pd.concat([before, printed]), 2029, 2030)
    assert change["log_ratio"].tolist() == pytest.approx([np.log(2)] * 3)


def test_four_treatments(printed):
    tiers = placement_by_tier(placement_by_school(printed, 2030)).set_index(["treatment", "tier"])
    assert tiers.loc[("zero", "中职"), "further_study"] == 51 and tiers.loc[("zero", "中职"), "placed"] == 135
    assert tiers.loc[("zero", "中职"), "placement_excluding_study"] == pytest.approx((135 - 51) / (150 - 51))


def test_order_reversals():
    schools = pd.DataFrame({"headline": [0.9, 0.8, 0.7, 0.6], "placement_excluding_study": [0.5, 0.6, 0.7, np.nan]})
    assert order_reversals(schools) == (3, 3)
    assert order_reversals(schools.assign(placement_excluding_study=[0.9, 0.8, 0.8, np.nan])) == (
        0,
        2,
    )  # a tie has no order


@pytest.fixture
def two_years():
    rows = []
    for entity, tier, n1, d1, n2, d2 in (
        ("a", "高职", 80, 100, 17, 20),
        ("b", "中职", 10, 50, 50, 200),
        ("c", "中职", 0, 0, 3, 9),
    ):
        for indicator, before, after in (("dual_qualified_teachers", n1, n2), ("teachers", d1, d2)):
            rows += [(entity, tier, indicator, 2029, before, ""), (entity, tier, indicator, 2030, after, "")]
        rows += [
            (entity, tier, "students", 2030, d1 + 1, ""),
            (entity, tier, "satisfaction_overall_pct", 2030, 90.0 if tier == "高职" else 95 - d1, ""),
        ]
    return frame(rows).astype({"value": float})


def test_rates_of_two_years(two_years):
    assert two_year_counts(two_years, "dual_qualified_share", 2029, 2030).index.tolist() == [
        "a",
        "b",
    ]  # c had no teachers before
    table = two_year_changes(two_years, 2029, 2030).set_index("rate")
    row = table.loc["dual_qualified_share"]
    assert (
        table.index.tolist() == ["dual_qualified_share"]
        and row["flag"] == "reversal"
        and row["change"] == pytest.approx(67 / 220 - 90 / 150)
    )
    assert (
        row["rate_effect"] + row["composition"] == pytest.approx(row["change"])
        and row["rate_effect"] > 0
        and row["p"] == 0.5
    )


def test_means_of_schools_and_of_students(two_years):
    [row] = mean_checks(two_years, 2030, ["satisfaction_overall_pct", "not printed"]).itertuples()
    assert row.simple == pytest.approx((90 + 45 + 95) / 3) and row.weighted == pytest.approx(
        (90 * 101 + 45 * 51 + 95 * 1) / 153
    )
    assert row.gap_simple == pytest.approx(90 - 70) and row.flag == ""


def test_entrants_carry_both_denominators():
    table = market_entrants(
        1000, {"as_printed": (380, 400)}, {"tiers_added": 100, "city_stated": 80}, 500, 25
    ).set_index("basis")
    assert table.loc["tiers_added", "headline_before_least"] == pytest.approx((400 + 380) / 900)
    assert (
        len(market_entrants(1000, {"as_printed": (380, 400), "zero": (300, 310)}, {"tiers_added": 100}, 500, 25)) == 2
    )
    assert (
        table["entrants_before"].to_dict() == {"tiers_added": 520, "city_stated": 540}
        and (table["entrants"] == 600).all()
        and (table["jobs_before"] == 400).all()
    )
    assert table.loc["tiers_added", "jobs_per_entrant_before"] == pytest.approx(400 / 520)
    assert market_entrants(1000, {"as_printed": (380, 400)}, {}, np.nan, np.nan).empty


def test_profile_of_schools(two_years, printed):
    schools = placement_by_school(pd.concat([printed, two_years]), 2030)
    profile = school_profile(pd.concat([printed, two_years]), schools, 2030)
    assert (
        profile.loc["a", "dual_qualified_share"] == pytest.approx(17 / 20)
        and profile["equipment_per_student_yuan"].isna().all()
        and set(PREDICTORS) < set(profile.columns)
    )


def test_one_contrast_by_every_method():
    k, n, first = (
        np.array([90, 170, 49, 70, 60.0]),
        np.array([100, 200, 50, 80, 66.0]),
        np.array([False, False, True, True, True]),
    )
    table = contrast_tiers(k, n, first).set_index("method")
    assert table["refused"].eq("").all() and len(table) == 11
    assert table.at["two_proportions", "estimate"] == pytest.approx(179 / 196 - 260 / 300) and table.at[
        "permutation_rates", "estimate"
    ] == pytest.approx(np.mean([0.98, 0.875, 60 / 66]) - 0.875)
    odds = np.log(179 / 17) - np.log(260 / 40)
    assert table.loc[["quasi_binomial", "cluster_robust", "jackknife"], "estimate"].tolist() == pytest.approx(
        [odds] * 3
    )
    alone = contrast_tiers(k[1:], n[1:], first[1:]).set_index("method")
    assert (
        "rests on one school" in alone.at["fractional_logit", "refused"]
        and "rests on one school" in alone.at["jackknife", "refused"]
        and "rests on one school" in alone.at["cluster_robust", "refused"]
        and np.isnan(alone.at["jackknife", "p"])
        and alone.at["permutation_rates", "refused"] == ""
    )


def test_a_contrast_by_one_year_before_is_not_guessed(printed):
    assert two_year_changes(printed, 2029, 2030).empty


def test_a_correlation_under_every_choice(printed):
    more = frame(
        [
            (e, t, i, 2030, v, "")
            for e, t, b, n in (
                ("a", "高职", 9, 400),
                ("b", "中职", 4, 300),
                ("c", "中职", 8, 100),
                ("d", "中职", 1, 90),
                ("e", "高职", 7, 500),
            )
            for i, v in (("practice_bases_external", b), ("students", n))
        ]
    )
    extra = frame(
        [
            (e, t, i, 2030, v, "")
            for e, t, n, p in (("d", "中职", 80, 60), ("e", "高职", 90, 70))
            for i, v in (("graduates", n), ("placed", p), ("further_study_bachelor", 10))
        ]
    )
    observations = pd.concat([printed, more, extra]).astype({"value": float})
    table = correlation_choices(
        observations, placement_by_school(observations, 2030), 2030, "practice_bases_external", draws=99, seed=1
    )
    assert (
        set(table["denominator"]) == {"students", "graduates", "none"}
        and table.set_index(["treatment", "denominator"])["schools"].to_dict()[("zero", "none")] == 5
    )
    assert table.set_index(["treatment", "denominator"])["schools"].to_dict()[("left_out", "none")] == 4
    assert correlation_choices(
        observations, placement_by_school(observations, 2030), 2030, "not printed", draws=9, seed=1
    ).empty
