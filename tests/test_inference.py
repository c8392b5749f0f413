"""Models, exact tests, decompositions, trends: values computed elsewhere, identities,
simulated schools with known answers, refusals."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, special, stats

from analysis.describe.contrasts import contrast_curve
from analysis.describe.placement import treat_contradictions
from analysis.inference import simulation
from analysis.inference._likelihoods import beta_binomial_terms, climb, random_intercept_terms
from analysis.inference.binomial import (
    TooFewSchools,
    beta_binomial,
    fractional_logit,
    grouped_binomial,
    heterogeneity,
    random_intercept_logit,
)
from analysis.inference.correlates import correlate_family, rank_correlation, spearman_interval
from analysis.inference.decomposition import kitagawa, oaxaca_threefold, shapley_factors, simpson_check
from analysis.inference.few_groups import (
    clustered_logit,
    clustered_ols,
    exact_permutation_two_groups,
    holm_bh,
    leave_one_out_permutation,
    sign_flip_exact,
    wild_cluster_bootstrap,
)
from analysis.inference.rates import Refused, proportion_interval
from analysis.inference.shrinkage import empirical_bayes
from analysis.inference.trends import (
    TooFewYears,
    describe_trend,
    drift_forecast,
    line_forecast,
    local_level,
    structural_break,
    theil_sen,
)
from tests.conftest import PROJECT

REFERENCE = {
    e["name"]: e for e in json.loads((PROJECT / "tests/reference/measures.json").read_text(encoding="utf-8"))["values"]
}
ORACLES = json.loads((PROJECT / "tests/reference/inference.json").read_text(encoding="utf-8"))
SCHOOLS = {
    "graduates": [5587, 4994, 6755, 3595, 3474, 1359, 315, 960, 151, 264, 1082],
    "first": [False] * 3 + [True] * 8,
}


def constant(n: int, **columns) -> pd.DataFrame:
    return pd.DataFrame({"constant": np.ones(n), **columns})


def close(actual, name: str) -> None:
    entry = REFERENCE[name]
    actual, expected = np.asarray(actual, float), np.asarray(entry["expected"], float)
    assert (np.abs(actual - expected) <= entry["tolerance"] * np.maximum(1, np.abs(expected))).all(), (actual, expected)


def test_reference_values():
    x = {name: REFERENCE[name]["inputs"] for name in REFERENCE}
    close(
        [
            v
            for method in ("wilson", "clopper_pearson", "jeffreys")
            for v in proportion_interval(
                **{"successes": x["binomial_ci_k_equals_n"]["k"], "trials": x["binomial_ci_k_equals_n"]["n"]},
                method=method,
            )
        ],
        "binomial_ci_k_equals_n",
    )
    o = x["oaxaca_threefold"]
    parts = oaxaca_threefold(o["ya"], o["xa"], o["yb"], o["xb"])
    close([parts.endowments, parts.coefficients, parts.interaction], "oaxaca_threefold")
    assert parts.endowments + parts.coefficients + parts.interaction == pytest.approx(parts.difference)
    f = x["fractional_logit"]
    table = fractional_logit(f["y"], constant(len(f["y"]), x=f["x"]))
    close([*table["estimate"], *table["se"]], "fractional_logit")
    close(sign_flip_exact(x["sign_flip_exact"]["z"]), "sign_flip_exact")
    w = x["wild_cluster_bootstrap"]
    drawn = wild_cluster_bootstrap(w["y"], constant(len(w["y"]), x=w["x"]), w["cluster"], "x")
    close([drawn.t, drawn.p], "wild_cluster_bootstrap")
    assert drawn.enumerated and drawn.draws == 64
    close(theil_sen(range(len(x["theil_sen"]["y"])), x["theil_sen"]["y"])[0], "theil_sen")
    close(holm_bh(x["holm_bh"]["p"]), "holm_bh")


def test_random_intercept_against_lme4():
    """Contagious bovine pleuropneumonia in 15 herds (Lesnoff et al. 2004);
    coefficients of lme4 with nAGQ = 25 and nAGQ = 1."""
    rows = np.array(ORACLES["cbpp"]["rows"])
    herd, cases, size, period = rows.T
    design = constant(len(rows), **{f"period{p}": (period == p).astype(float) for p in (2, 3, 4)})
    fit = random_intercept_logit(cases, size, design, herd)
    # lme4's own test allows 5e-4 of the printed values
    assert fit.coefficients["estimate"].tolist() == pytest.approx(ORACLES["cbpp"]["lme4_nagq_25"], abs=5e-4)
    # one node is the Laplace approximation: the same likelihood with its top where lme4 has it
    laplace = optimize.minimize(
        lambda theta: (
            -random_intercept_terms(
                theta[None],
                cases[None].astype(float),
                size.astype(float),
                design.to_numpy(),
                herd.astype(int) - herd.min(),
                points=1,
            ).value[0]
        ),
        [*fit.coefficients["estimate"], np.log(fit.sigma)],
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-11, "maxiter": 5000, "maxfev": 5000},
    ).x
    assert laplace[:-1].tolist() == pytest.approx(ORACLES["cbpp"]["lme4_laplace"], abs=5e-4)
    assert fit.sigma > np.exp(laplace[-1]) > 0.6


@pytest.mark.parametrize(
    "terms, group",
    [
        (beta_binomial_terms, None),
        (random_intercept_terms, None),
        (random_intercept_terms, np.array([0, 0, 1, 1, 2, 2])),
    ],
)
def test_derivatives_of_likelihoods_are_those_of_their_values(terms, group):
    n, k = np.array([50, 40, 70, 30, 82, 44.0]), np.array([[45, 30, 66, 12, 80, 20.0], [50, 39, 1, 0, 41, 44]])
    x = np.column_stack([np.ones(6), [1, 0, 1, 0, 1, 0]])
    more = {} if terms is beta_binomial_terms else {"points": 101, "group": group}
    at = np.array([[0.5, 0.3, -0.2], [1.5, -0.4, 0.6]])
    found = terms(at, k, n, x, **more)
    steps = 1e-5 * np.eye(3)
    slopes = np.column_stack(
        [(terms(at + h, k, n, x, **more).value - terms(at - h, k, n, x, **more).value) / 2e-5 for h in steps]
    )
    curves = np.stack(
        [(terms(at - h, k, n, x, **more).gradient - terms(at + h, k, n, x, **more).gradient) / 2e-5 for h in steps], 2
    )
    assert found.gradient == pytest.approx(slopes, abs=1e-7) and found.information == pytest.approx(curves, abs=1e-6)


def test_beta_binomial_likelihood_is_that_of_scipy():
    n, k = np.array([50, 40, 70.0]), np.array([[45, 30, 66.0]])
    theta = np.array([[0.4, 1.7]])
    mu, size = special.expit(0.4), np.exp(1.7)
    assert beta_binomial_terms(theta, k, n, np.ones((3, 1))).value[0] == pytest.approx(
        stats.betabinom.logpmf(k[0], n, mu * size, (1 - mu) * size).sum(), rel=1e-12
    )


def test_climbs_that_do_not_arrive_are_refused(monkeypatch):
    """A gradient that is not small where a climb ends is an error, whatever value was reached."""
    from analysis.inference import binomial

    monkeypatch.setattr(binomial, "climb", lambda *arguments: climb(*arguments, steps=1))
    for model in (beta_binomial, random_intercept_logit):
        with pytest.raises(Refused, match="no top|differs by"):
            model([45, 30, 66, 12, 80], [50, 40, 70, 30, 82], constant(5))


def test_models_at_the_design_of_the_headline_rate_to_the_last_digits():
    """Tier contrast of the integrated likelihood by quadrature with scipy, to 1e-8: fewer nodes than it takes,
    or a climb that stops early, would show."""
    k, n = np.array([4805, 270, 1932, 96, 388, 1450]), np.array([5012, 411, 2011, 260, 401, 1499])
    first = np.array([0, 1, 0, 1, 1, 0.0])
    fit = random_intercept_logit(k, n, constant(6, first=first))
    theta = [*fit.coefficients["estimate"], np.log(fit.sigma)]

    def loglik(theta):
        total = 0.0
        for own, trials, member in zip(k, n, first):

            def density(u, eta=theta[0] + theta[1] * member, own=own, trials=trials):
                return stats.binom.logpmf(own, trials, special.expit(eta + np.exp(theta[2]) * u)) + stats.norm.logpdf(u)

            top = optimize.minimize_scalar(lambda u: -density(u), bracket=(-3, 3)).x
            total += density(top) + np.log(
                integrate.quad(
                    lambda u, top=top: np.exp(density(u) - density(top)),
                    top - 2,
                    top + 2,
                    points=[top - 0.3, top, top + 0.3],
                    epsabs=0,
                    epsrel=1e-12,
                    limit=400,
                )[0]
            )
        return total

    assert loglik(theta) == pytest.approx(fit.loglik, abs=1e-8)
    slopes = [(loglik(np.add(theta, h)) - loglik(np.subtract(theta, h))) / 2e-4 for h in 1e-4 * np.eye(3)]
    assert slopes == pytest.approx([0, 0, 0], abs=1e-5)


def test_random_intercept_against_brute_force():
    k, n = np.array([45, 30, 66, 12, 80]), np.array([50, 40, 70, 30, 82])

    def negative(theta):
        u = np.linspace(-9, 9, 3001)
        inside = stats.binom.pmf(
            k[:, None], n[:, None], special.expit(theta[0] + np.exp(theta[1]) * u)
        ) * stats.norm.pdf(u)
        return -np.log(integrate.simpson(inside, x=u)).sum()

    found = optimize.minimize(
        negative, [1.5, 0.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11, "maxiter": 2000}
    )
    fit = random_intercept_logit(k, n, constant(5))
    assert [fit.coefficients["estimate"].iloc[0], np.log(fit.sigma), fit.loglik] == pytest.approx(
        [*found.x, -found.fun], abs=2e-4
    )
    alike = random_intercept_logit([50, 51, 49, 50], [100, 100, 100, 100], constant(4))
    assert alike.sigma == 0 and alike.coefficients["estimate"].iloc[0] == pytest.approx(0)


def test_beta_binomial_against_scipy():
    k, n = np.array([45, 30, 66, 12, 80, 20]), np.array([50, 40, 70, 30, 82, 44])
    first = np.array([1.0, 0, 1, 0, 1, 0])

    def negative(theta):
        mu, size = special.expit(theta[0] + theta[1] * first), np.exp(theta[2])
        return -stats.betabinom.logpmf(k, n, mu * size, (1 - mu) * size).sum()

    found = optimize.minimize(
        negative, [1, 0, 2], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 5000}
    )
    fit = beta_binomial(k, n, constant(6, first=first))
    assert [*fit.coefficients["estimate"], np.log(fit.precision)] == pytest.approx(found.x, abs=1e-5)
    assert fit.loglik == pytest.approx(-found.fun) and fit.rho == pytest.approx(1 / (fit.precision + 1))
    step = 1e-4 * np.eye(3)
    curve = np.array(
        [
            [
                (
                    negative(found.x + a + b)
                    - negative(found.x + a - b)
                    - negative(found.x - a + b)
                    + negative(found.x - a - b)
                )
                / 4e-8
                for b in step
            ]
            for a in step
        ]
    )
    assert fit.coefficients["se"].tolist() == pytest.approx(np.sqrt(np.diag(np.linalg.inv(curve)))[:2], rel=1e-3)


def test_no_overdispersion_is_the_binomial_model():
    fit = beta_binomial([50, 51, 49, 50], [100, 100, 100, 100], constant(4))
    assert fit.rho == 0 and fit.coefficients["estimate"].iloc[0] == pytest.approx(0) and fit.precision == np.inf
    shrunk = empirical_bayes([50, 51, 49, 50], [100, 100, 100, 100])
    assert (
        shrunk.schools["shrunk"].tolist() == pytest.approx([0.5] * 4, abs=0.01)
        and (shrunk.schools["rank_lower"] == 1).all()
        and (shrunk.schools["rank_upper"] == 4).all()
    )
    assert 0.3 < shrunk.new_school[0] < 0.45 < 0.55 < shrunk.new_school[1] < 0.7
    rng = np.random.default_rng(2)
    n = rng.integers(50, 2000, 9)
    near = empirical_bayes(
        rng.binomial(n, special.expit(2 + 0.05 * rng.normal(size=9))), n
    )  # ρ just above 0: the population is narrow, whatever the curvature says
    assert near.new_school[1] - near.new_school[0] < 0.1


def test_known_populations_come_back_from_simulated_schools():
    rng = np.random.default_rng(5)
    n = np.full(800, 150)
    first = (np.arange(800) < 400).astype(float)
    k = rng.binomial(n, special.expit(0.4 + 0.7 * first + 0.8 * rng.normal(size=800)))
    fit = random_intercept_logit(k, n, constant(800, first=first))
    assert fit.coefficients["estimate"].tolist() == pytest.approx([0.4, 0.7], abs=0.15) and fit.sigma == pytest.approx(
        0.8, abs=0.06
    )
    a, b = 6.0, 2.0
    counts = rng.binomial(n, rng.beta(a, b, 800))
    population = beta_binomial(counts, n, constant(800))
    assert population.rho == pytest.approx(1 / 9, abs=0.012) and special.expit(
        population.coefficients["estimate"].iloc[0]
    ) == pytest.approx(0.75, abs=0.012)
    large = np.full(800, 5000)  # with few graduates a school the normal approximation of logits is biased
    spread = heterogeneity(rng.binomial(large, special.expit(0.4 + 0.8 * rng.normal(size=800))), large)
    assert (
        0.4 < spread.tau2 < 0.64 and spread.p < 1e-9 and 0.8 < spread.i2 < 1
    )  # below the truth: schools near one half weigh more


def test_heterogeneity_against_statsmodels():
    from statsmodels.stats.meta_analysis import combine_effects

    k, n = np.array([45, 30, 66, 12]), np.array([50, 40, 70, 30])
    mine = heterogeneity(k, n)
    theirs = combine_effects(np.log(k / (n - k)), 1 / k + 1 / (n - k), method_re="chi2")
    assert [mine.q, mine.tau2, mine.i2] == pytest.approx([theirs.q, theirs.tau2, theirs.i2])
    assert np.isfinite(heterogeneity([40, 30], [40, 50]).q)  # a rate of one


def test_shrunk_rates_and_rank_intervals():
    rng = np.random.default_rng(2)
    n = np.array([40, 400, 4000, 60, 800, 90, 1500, 30, 200, 100])
    truth = rng.beta(8, 3, n.size)
    k = rng.binomial(n, truth)
    found = empirical_bayes(k, n, seed=3)
    table = found.schools
    mean = special.expit(found.model.coefficients["estimate"].iloc[0])
    assert (
        (table["shrunk"] - table["rate"]) * (mean - table["rate"]) >= -1e-12
    ).all()  # towards the mean, never past it
    pull = np.abs(table["shrunk"] - table["rate"]) / np.abs(mean - table["rate"])
    assert pull.to_numpy()[n.argmin()] > pull.to_numpy()[n.argmax()]
    assert (
        (table["rank_lower"] >= 1) & (table["rank_upper"] <= 10) & (table["rank_lower"] <= table["rank_upper"])
    ).all()
    own = 10 - table["rate"].to_numpy().argsort().argsort()
    assert (table["rank_upper"] - table["rank_lower"]).max() >= 3 and (
        np.abs(own - (table["rank_lower"] + table["rank_upper"]) / 2) < 4
    ).all()
    assert found.new_school[0] < truth.min() + 0.2 and found.new_school[1] > truth.mean()
    again = empirical_bayes(k, n, seed=3)
    assert again.schools.equals(table)


def test_clustered_errors_against_statsmodels_and_rows():
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.regression.linear_model import OLS

    k, n, first, cluster = (
        np.array([45, 30, 66, 12, 80, 20, 33]),
        np.array([50, 40, 70, 30, 82, 44, 60]),
        np.array([1.0, 0, 1, 0, 1, 0, 0]),
        np.array([0, 1, 2, 3, 4, 5, 1]),
    )
    y = np.concatenate([np.r_[np.ones(a), np.zeros(b - a)] for a, b in zip(k, n)])
    rows = np.column_stack([np.ones(n.sum()), np.repeat(first, n)])
    groups = np.repeat(cluster, n)
    logit = clustered_logit(k, n, constant(7, first=first), cluster).coefficients
    theirs = GLM(y, rows, family=Binomial()).fit(tol=1e-14, cov_type="cluster", cov_kwds={"groups": groups})
    assert logit["estimate"].tolist() == pytest.approx(theirs.params) and logit["se_cr1"].tolist() == pytest.approx(
        theirs.bse, rel=1e-6
    )
    ols = clustered_ols(k / n, constant(7, first=first), cluster, weights=n).coefficients
    theirs = OLS(y, rows).fit(cov_type="cluster", cov_kwds={"groups": groups})
    assert ols["estimate"].tolist() == pytest.approx(theirs.params) and ols["se_cr1"].tolist() == pytest.approx(
        theirs.bse, rel=1e-9
    )
    by_row = clustered_ols(y, constant(len(y), first=rows[:, 1]), groups).coefficients
    np.testing.assert_allclose(by_row, ols, rtol=1e-9)
    assert (ols["se_cr3"] > ols["se_cr1"]).all()


def test_clustered_errors_and_bootstrap_against_pyfixest_and_wildboottest():
    data = ORACLES["clusters"]
    design = constant(len(data["y"]), x=data["x"])
    table = clustered_ols(data["y"], design, data["cluster"]).coefficients
    groups = len(set(data["cluster"]))
    assert table.loc["x", "se_cr1"] == pytest.approx(data["pyfixest_crv1_se"], rel=1e-9)
    # pyfixest's variance is the textbook jackknife (G − 1)/G Σ… times (G/(G − 1))² (N − 1)/(N − p)
    rows = len(data["y"])
    assert table.loc["x", "se_cr3"] * groups / (groups - 1) * np.sqrt((rows - 1) / (rows - 2)) == pytest.approx(
        data["pyfixest_crv3_se"], rel=1e-9
    )
    drawn = wild_cluster_bootstrap(data["y"], design, data["cluster"], "x")
    assert drawn.t == pytest.approx(data["wildboottest_t"], rel=1e-9)
    # the two patterns that give back the data count as at least as extreme here (|t*| >= |t|, so that p is never 0);
    # wildboottest and pyfixest count |t*| > |t|
    assert drawn.p == pytest.approx(data["wildboottest_p"] + 2 / 512, abs=1e-12)


def test_sign_flip_properties():
    z = np.array([0.3, 0.2, 0.4])
    assert (
        sign_flip_exact(z) == 0.25 and sign_flip_exact(-z) == 0.25 and sign_flip_exact(10 * z) == 0.25
    )  # three schools can never say more
    assert sign_flip_exact(np.arange(1, 12)) == 2 / 2**11
    oracle = stats.permutation_test(
        ([0.1, -0.4, 0.3, 0.9, 0.2],), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_exact([0.1, -0.4, 0.3, 0.9, 0.2]) == pytest.approx(
        np.mean(np.abs(oracle.null_distribution) >= abs(oracle.statistic) - 1e-12)
    )


def test_kitagawa_by_hand_and_as_shapley():
    k = kitagawa([12, 20], [60, 40], [15, 30], [50, 50])
    assert [k.before, k.after, k.rate, k.composition] == pytest.approx([0.32, 0.45, 0.10, 0.03])
    assert k.strata.to_numpy().sum() == pytest.approx(0.13)
    factors = (
        {"w": np.array([0.6, 0.4]), "r": np.array([0.2, 0.5])},
        {"w": np.array([0.5, 0.5]), "r": np.array([0.3, 0.6])},
    )
    parts = shapley_factors(*factors, lambda x: float(x["w"] @ x["r"]))
    assert parts == pytest.approx({"w": k.composition, "r": k.rate})
    three = shapley_factors(
        {"n": 100, **factors[0]}, {"n": 110, **factors[1]}, lambda x: float(x["n"] * (x["w"] @ x["r"]))
    )
    assert sum(three.values()) == pytest.approx(110 * 0.45 - 100 * 0.32)
    # swapping the years turns every part round
    back = kitagawa([15, 30], [50, 50], [12, 20], [60, 40])
    assert [back.rate, back.composition] == pytest.approx([-k.rate, -k.composition])


def test_simpson_reversal_is_flagged():
    # both strata improve by five points, but students move to the weaker one
    check = simpson_check([80, 10], [100, 50], [17, 50], [20, 200])
    assert check.flag == "reversal" and check.aggregate < 0 < check.within and check.strata_up == 2
    assert simpson_check([80, 10], [100, 50], [85, 12.5], [100, 50]).flag == ""
    # one large school gains two points, two small ones lose five: only the simple mean falls
    means = simpson_check([90, 1, 1], [100, 10, 10], [92, 0.5, 0.5], [100, 10, 10])
    assert (
        means.flag == "mean"
        and means.simple_change == pytest.approx((0.02 - 0.05 - 0.05) / 3)
        and means.aggregate == pytest.approx(means.within)
        and means.aggregate > 0
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kitagawa([1], [0], [1], [2]), "denominator above zero"),
        (lambda: kitagawa([1, 2], [2, 3], [1], [2]), "one entry a stratum"),
        (lambda: shapley_factors({"a": 1}, {"b": 1}, sum), "same factors"),
        (lambda: sign_flip_exact([]), "one finite difference"),
        (lambda: holm_bh([0.5, 1.2]), "between 0 and 1"),
        (lambda: proportion_interval(3, 2), "0 <= successes"),
        (lambda: proportion_interval(1, 2, method="wald"), "use one of"),
        (lambda: line_forecast([2022, 2023], [1, 2], 2024), "no residual"),
        (lambda: drift_forecast([2022, 2023], [1, 2], 2024), "no spread of steps"),
        (lambda: structural_break(range(8), range(8)), "from 20 on"),
        (lambda: theil_sen([2023], [1]), "two years"),
        (lambda: describe_trend([2023, 2022], [1, 2]), "years must rise"),
        (lambda: rank_correlation([1, 2, 3], [1, 2, 3]), "needs four"),
        (
            lambda: simulation.simulate_size(
                range(1, 15), [True] * 7 + [False] * 7, mean_logit=0, sigma=1, draws=1, seed=1
            ),
            "up to 13",
        ),
        (
            lambda: grouped_binomial(
                [5] * 11, [9] * 11, pd.DataFrame({"c": np.ones(11), "a": np.arange(11.0), "b": np.arange(11.0) ** 2})
            ),
            "2 predictors with 11 schools: at least 20",
        ),
        (lambda: oaxaca_threefold([1, 2], [1, 2], [1, 2, 3], [1, 2, 3]), "2 cases do not identify 2"),
        (lambda: clustered_logit([5, 3, 4], [9, 9, 9], constant(3, x=[1.0, 0, 0])), "rests on one school"),
        (lambda: fractional_logit([1.2], constant(1)), "between 0 and 1"),
        (lambda: treat_contradictions(pd.DataFrame(), "hide"), "use one of as_printed"),
        (lambda: heterogeneity([1], [2]), "two schools"),
        (lambda: beta_binomial([1, np.nan, 2], [3, 3, 3], constant(3)), "must be finite"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_too_few_are_errors_of_their_own():
    with pytest.raises(TooFewYears):
        line_forecast([2023], [1], 2024)
    with pytest.raises(TooFewSchools, match="rank correlations one by one"):
        fractional_logit([0.5] * 6, pd.DataFrame({"c": np.ones(6), "a": np.arange(6.0), "b": np.arange(6.0) ** 2}))


def test_trend_grows_with_the_years():
    two = describe_trend([2022, 2023], [10, 12])
    assert two.method == "last value" and two.forecast is None and "no interval" in two.refused and np.isnan(two.slope)
    three = describe_trend([2021, 2022, 2023], [100, 110, 116])
    assert three.method == "drift" and np.isnan(three.slope) and three.forecast.value == pytest.approx(124)
    # by hand: steps 10 and 6, spread √8, h = 1: half = 12.706 √8 √1.5
    assert three.forecast.upper - three.forecast.value == pytest.approx(
        stats.t.ppf(0.975, 1) * np.sqrt(8) * np.sqrt(1.5)
    )
    line = line_forecast([2021, 2022, 2023], [100, 110, 116], 2024)
    assert [line.value, line.lower, line.upper] == pytest.approx([124.66666667, 86.7841, 162.5493], abs=1e-4)
    gap = describe_trend([2017, 2020, 2023], [1, 4, 7])
    assert gap.method == "line" and gap.forecast is None and "an interval of no width is none" in gap.refused
    straight = describe_trend(range(2017, 2022), [1, 2, 3, 4, 5])
    assert straight.forecast is None and straight.slope == 1
    boxed = describe_trend(range(2017, 2022), [1, 2, 3, 4, 5], lower=np.arange(5) + 0.5, upper=np.arange(5) + 1.5)
    assert boxed.forecast.lower < 5 < 6 < boxed.forecast.upper
    rounded = describe_trend(
        [2020, 2021, 2022], [22_000, 25_000, 28_000], lower=[21_500, 24_500, 27_500], upper=[22_500, 25_500, 28_500]
    )
    assert rounded.forecast.value == 31_000 and rounded.forecast.upper - rounded.forecast.lower > 10_000
    seven = describe_trend(range(2017, 2024), [3, 5, 4, 6, 8, 7, 9])
    assert (
        seven.method == "theil_sen"
        and seven.slope_lower <= seven.slope <= seven.slope_upper
        and seven.forecast.lower < seven.forecast.value
    )
    rng = np.random.default_rng(1)
    twelve = describe_trend(range(2012, 2024), rng.normal(size=12).cumsum())
    assert twelve.method == "local_level" and twelve.forecast.lower < twelve.last < twelve.forecast.upper


def test_line_interval_covers_as_it_says():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(1500):
        y = 3 + 2 * np.arange(4) + rng.normal(size=4)
        f = line_forecast(range(3), y[:3], 3)
        hits += f.lower <= y[3] <= f.upper
    assert hits / 1500 == pytest.approx(0.95, abs=0.02)


def test_a_break_is_found_and_not_invented():
    rng = np.random.default_rng(6)
    years = np.arange(1994, 2024)
    found = structural_break(years, np.r_[rng.normal(0, 1, 15), rng.normal(4, 1, 15)])
    assert abs(found.year - 2008) <= 1 and found.p < 0.01 and found.after > found.before
    assert (
        np.mean([structural_break(years, rng.normal(size=30), draws=99, seed=s).p <= 0.05 for s in range(100)]) < 0.12
    )


def test_rank_correlation_against_scipy():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=7), rng.normal(size=7)
    rho, p = rank_correlation(x, y)
    oracle = stats.permutation_test(
        (x,), lambda a: stats.spearmanr(a, y).statistic, permutation_type="pairings", n_resamples=np.inf
    )
    assert rho == pytest.approx(stats.spearmanr(x, y).statistic)
    assert p == pytest.approx(np.mean(np.abs(oracle.null_distribution) >= abs(oracle.statistic) - 1e-9))
    x, y = rng.normal(size=11), rng.normal(size=11)
    rho, p = rank_correlation(x, y)
    assert p == pytest.approx(stats.spearmanr(x, y).pvalue, abs=0.03)
    low, high = spearman_interval(0.6, 11)
    assert low < 0.05 and high == pytest.approx(np.tanh(np.arctanh(0.6) + 1.959964 * np.sqrt(1.18 / 8)), abs=1e-5)


def test_a_difference_of_tiers_is_no_correlation_within_them():
    tier = np.array(["a"] * 5 + ["b"] * 6)
    x = np.r_[np.arange(5.0), 100 + np.array([3, 1, 5, 0, 2, 4])]
    y = np.r_[[2, 0, 4, 1, 3], 100 + np.arange(6.0)]
    rho, p = rank_correlation(x, y)
    within, p_within = rank_correlation(x, y, strata=tier)
    assert rho > 0.75 and p < 0.01 and abs(within) < 0.5 and p_within > 0.2


def test_the_family_is_the_whole_table():
    rng = np.random.default_rng(8)
    schools = pd.DataFrame(rng.normal(size=(11, 4)), columns=["rate", "a", "b", "c"]).assign(
        tier=["x"] * 3 + ["y"] * 8, flat=1.0
    )
    schools.loc[0, "c"] = np.nan
    table = correlate_family(schools, ["rate"], ["a", "b", "c", "flat"], strata="tier", draws=499)
    assert table["schools"].tolist() == [11, 11, 10, 11] and table["p"].notna().tolist() == [True, True, True, False]
    assert (table["p_holm"].dropna() >= table["p"].dropna()).all() and table["p_holm"].min() == pytest.approx(
        min(1, 3 * table["p"].min())
    )


def test_contrast_curve():
    schools = pd.DataFrame(
        {
            "tier": ["h", "h", "s", "s", "s"],
            "graduates": [100.0, 200, 50, 80, 60],
            "placed": [90.0, 170, 49, 70, 60],
            "further_study": [20.0, 50, 30, 60, 70],
            "consistent": [True, True, True, True, False],
        },
        index=list("abcde"),
    )
    found = contrast_curve({"printed": schools, "corrected": schools}, "s", least=15)
    by = found.curve.set_index(["definition", "weight", "treatment"])
    assert by.index.is_unique and set(found.curve["values"]) == {"printed"}  # equal versions count once
    assert len(by) + found.duplicates == 2 * 2 * 3 * 4
    assert by.at[("headline", "graduates", "as_printed"), "difference"] == pytest.approx(179 / 190 - 260 / 300)
    assert by.at[("placement_excluding_study", "graduates", "as_printed"), "difference"] == pytest.approx(
        (19 + 10) / (20 + 20) - 190 / 230
    )
    assert ("placement_excluding_study", "graduates", "left_out") not in by.index  # the same figures again
    assert by.at[("placement_excluding_study", "schools", "zero"), "difference"] == pytest.approx(
        np.mean([19 / 20, 10 / 20, 1]) - np.mean([70 / 80, 120 / 150])
    )
    exact = exact_permutation_two_groups(schools["placed"] / schools["graduates"], schools["tier"] == "s")
    assert by.loc[("headline", "schools", "as_printed"), ["difference", "p"]].tolist() == pytest.approx(list(exact[:2]))
    joint = found.joint.set_index("definition")
    assert (
        joint["specifications"].sum() == len(by)
        and joint["p"].between(0, 1).all()
        and (joint["labellings"] <= 10).all()
    )
    few = contrast_curve({"printed": schools}, "s", least=30).curve
    assert (
        few[
            (few["weight"] == "schools")
            & (few["definition"] == "placement_excluding_study")
            & (few["treatment"] == "zero")
        ]["schools"].iloc[0]
        == 3
    )  # twenty graduates do not weigh like two hundred
    with pytest.raises(ValueError, match="same schools"):
        contrast_curve({"printed": schools, "corrected": schools.iloc[::-1]}, "s")


@pytest.fixture(scope="module")
def draws():
    n, first = np.array(SCHOOLS["graduates"], float), np.array(SCHOOLS["first"])
    return simulation.draw_counts(n, 2.5, 0.9, 12, np.random.default_rng(1)), n, first


def test_simulated_tests_are_the_public_functions(draws):
    k, n, first = draws
    design = constant(11, tier=first.astype(float))
    names = np.arange(11)
    public = {
        "quasi_binomial": lambda x: grouped_binomial(x, n, design).coefficients.at["tier", "p"],
        "cluster_robust": lambda x: clustered_logit(x, n, design).coefficients.at["tier", "p_cr1"],
        "jackknife": lambda x: clustered_logit(x, n, design).coefficients.at["tier", "p_cr3"],
        "wild_bootstrap": lambda x: wild_cluster_bootstrap(x / n, design, names, "tier", weights=n).p,
        "permutation_rates": lambda x: exact_permutation_two_groups(x / n, first)[1],
        "permutation_logits": lambda x: exact_permutation_two_groups(np.log(x / (n - x)), first)[1],
        "two_proportions": lambda x: (
            stats.chi2_contingency(
                [[x[first].sum(), (n - x)[first].sum()], [x[~first].sum(), (n - x)[~first].sum()]], correction=False
            ).pvalue
        ),
        "welch_logits": lambda x: (
            stats.ttest_ind(np.log(x / (n - x))[first], np.log(x / (n - x))[~first], equal_var=False).pvalue
        ),
        "beta_binomial": lambda x: (
            2 * stats.norm.sf(abs(np.divide(*beta_binomial(x, n, design).coefficients.loc["tier"])))
        ),
    }
    for name, one in public.items():
        rows = range(3) if name == "wild_bootstrap" else range(12)
        batch = simulation.TIER_TESTS[name](k, n, first)
        assert batch[list(rows)] == pytest.approx([one(k[i]) for i in rows], rel=2e-4, abs=1e-9), name
    batch = simulation.random_intercept(k[:4], n, first)
    single = [
        2 * stats.norm.sf(abs(np.divide(*random_intercept_logit(x, n, design).coefficients.loc["tier"]))) for x in k[:4]
    ]
    assert batch == pytest.approx(single, rel=0.01, abs=1e-4)


def test_recommended_tests_hold_their_size():
    n, first = np.array(SCHOOLS["graduates"]), np.array(SCHOOLS["first"])
    for sigma in (0.0, 1.0):
        found = simulation.simulate_size(
            n,
            first,
            mean_logit=2.3,
            sigma=sigma,
            draws=2000,
            seed=7,
            tests=("two_proportions", "permutation_rates", "permutation_logits"),
        ).set_index("test")
        error = 3 * np.sqrt(0.05 * 0.95 / 2000)
        assert (
            found.loc[["permutation_logits", "sign_flip"], "size"].max() <= 0.05 + error and found["failed"].max() == 0
        )
        if sigma:
            assert found.at["permutation_rates", "size"] <= 0.05 + error and found.at["two_proportions", "size"] > 0.8
        else:
            assert found.at["two_proportions", "size"] == pytest.approx(0.05, abs=error)


def test_power_grows_with_the_difference():
    found = simulation.simulate_power(
        SCHOOLS["graduates"], SCHOOLS["first"], mean_logit=2.3, sigma=1.0, shifts=(0.0, -1.0, -4.0), draws=400, seed=1
    )
    assert (
        found["power"].is_monotonic_increasing
        and found["power"].iloc[0] < 0.09
        and found["power"].iloc[-1] > 0.9
        and found["points"].is_monotonic_decreasing
    )


def test_every_simulated_test_answers():
    found = simulation.simulate_size(
        [200, 300, 150, 90, 400], [True, True, False, False, False], mean_logit=1, sigma=0.5, draws=20, seed=1
    )
    assert set(simulation.TIER_TESTS) | {"two_proportions_years", "paired_t", "sign_flip"} == set(
        found["test"]
    ) and set(simulation.RECOMMENDED) <= set(found["test"])
    assert ((found["lower"] <= found["size"]) & (found["size"] <= found["upper"])).all()
    again = simulation.simulate_size(
        [200, 300, 150, 90, 400], [True, True, False, False, False], mean_logit=1, sigma=0.5, draws=20, seed=1
    )
    assert found.equals(again)


def test_wild_bootstrap_draws_where_patterns_are_too_many():
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(15), 6)
    x = rng.normal(size=90)
    y = rng.normal(size=15)[cluster] + rng.normal(size=90)
    found = wild_cluster_bootstrap(y, constant(90, x=x), cluster, "x", draws=499, seed=2)
    assert not found.enumerated and found.draws == 499 and 0 <= found.p <= 1
    assert [
        round(p, 12) for p in (found.p, wild_cluster_bootstrap(y, constant(90, x=x), cluster, "x", draws=499, seed=2).p)
    ] == [round(found.p, 12)] * 2


def test_local_level_does_not_depend_on_the_unit_and_agrees_with_statsmodels():
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    y = np.random.default_rng(3).normal(size=14).cumsum() + np.random.default_rng(4).normal(size=14)
    value, low, high = local_level(y)
    for scale, shift in ((1e5, 0), (1e-3, 20), (1e9, -5e8)):
        assert local_level(shift + scale * y) == pytest.approx(
            [shift + scale * v for v in (value, low, high)], rel=1e-5, abs=1e-6 * scale
        )
    fit = UnobservedComponents(y, "local level").fit(disp=False, method="nm", maxiter=5000)
    theirs = fit.get_forecast(1)
    assert value == pytest.approx(float(theirs.predicted_mean[0]), abs=0.02)
    half = stats.norm.ppf(0.975) * (high - low) / (2 * stats.t.ppf(0.975, 12))  # theirs is normal and divides by n
    assert half == pytest.approx(float(np.diff(theirs.conf_int()[0])[0]) / 2, rel=0.05)
    with pytest.raises(Refused, match="do not vary"):
        local_level([5.0] * 12)


def test_answers_do_not_depend_on_level_scale_or_order():
    rng = np.random.default_rng(5)
    v = np.r_[rng.normal(0, 1, 12), rng.normal(6, 1, 13)]
    assert [structural_break(range(25), o + v).p for o in (0, 1e5, 1e6)] == [0.0005] * 3
    z = np.array([1, 2, 3, 4, -0.5])
    assert sign_flip_exact(z) == sign_flip_exact(1e-13 * z) == sign_flip_exact(1e13 * z) == 0.125
    x, y, order = rng.normal(size=11), rng.normal(size=11), rng.permutation(11)
    assert rank_correlation(x, y) == pytest.approx(rank_correlation(x[order], y[order]))
    assert rank_correlation(range(6), range(6), strata=list("aaabbb"))[1] == pytest.approx(2 / 36)
    assert spearman_interval(1.0, 5)[1] == 1.0 and spearman_interval(1.0, 5)[0] < 0.8
    values, first = (
        pd.Series([9.0, 1, 2, 3], index=list("abcd")),
        pd.Series([True, False, False, True], index=list("abcd")),
    )
    assert leave_one_out_permutation(values, first.iloc[::-1]).equals(leave_one_out_permutation(values, first))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: wild_cluster_bootstrap([1, 1, 0, 0.0], constant(4, x=[1.0, 1, 0, 0]), range(4), "x"),
            "fitted exactly",
        ),
        (lambda: grouped_binomial([5, 5, 8, 8], [10] * 4, constant(4, x=[1.0, 1, 0, 0])), "fits every school exactly"),
        (
            lambda: grouped_binomial([5, 6, 8, 8], [10] * 4, constant(4, x=[1.0, 1, 0, 0], z=[0.0, 0, 1, 1])),
            "depend on each other",
        ),
        (lambda: clustered_ols([0.1, 0.2, 0.3], constant(3), ["a", None, "b"]), "names no school"),
        (
            lambda: clustered_ols([1, 0.5, 0.4, 0.3], constant(4, x=[1.0, 1, 0, 0]), range(4), weights=[0.25] * 4),
            "not shares",
        ),
        (lambda: proportion_interval(3, 10, 95), "write 0.95"),
        (lambda: describe_trend([2021, 2022, 2023], [1, 2, 4], confidence=95), "write 0.95"),
        (lambda: describe_trend([2021, np.nan, 2023], [1, 2, 4]), "whole years"),
        (lambda: describe_trend([2021, 2022, 2023], [1, 2, 4], ahead=0), "one year or more"),
        (lambda: describe_trend([2021, 2022, 2023], [1, 2, 4], lower=[0, 0, 5], upper=[9, 9, 9]), "in its box"),
        (lambda: heterogeneity([5, np.nan, 3], [10] * 3), "finite"),
        (
            lambda: exact_permutation_two_groups(
                pd.Series([1.0, 2, 3], index=list("abc")), pd.Series([True, False, False], index=list("bac"))
            ),
            "other schools",
        ),
        (
            lambda: random_intercept_logit([92, 64, 12, 50, 33, 181, 76], [92, 64, 44, 51, 109, 219, 76], constant(7)),
            "schools differ too much",
        ),
        (lambda: rank_correlation([1, 2, 3, 4], [1, 2, 3, 4], strata=[np.nan, 1, 1, 1]), "needs a stratum"),
        (
            lambda: clustered_logit([5, 3, 8, 7], [9, 9, 9, 9], constant(4, x=[1.0, 0, 0, 0]), jackknife=False),
            "rests on one school",
        ),
    ],
)
def test_no_answer_rather_than_a_wrong_one(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_simulated_failures_are_no_rejections():
    found = simulation.simulate_size(
        [5, 6, 7, 3, 9], [True, True, False, False, False], mean_logit=3, sigma=0, draws=300, seed=1
    ).set_index("test")
    assert (
        found.at["wild_bootstrap", "failed"] > 0
        and found.at["beta_binomial", "failed"] > 0
        and found.at["wild_bootstrap", "size"] < 0.2
    )
    alone = simulation.simulate_size(
        [500, 600, 700], [True, False, False], mean_logit=0, sigma=1, draws=20, seed=1, tests=("jackknife",)
    ).set_index("test")
    assert alone.at["jackknife", "failed"] == 20 and np.isnan(alone.at["jackknife", "size"])


def test_many_schools_are_drawn_not_refused():
    rng = np.random.default_rng(1)
    first = np.arange(24) < 12
    difference, p, count = exact_permutation_two_groups(rng.normal(size=24) + 2 * first, first)
    assert count == 20_000 and difference > 1 and p < 0.01
    assert 0 < sign_flip_exact(rng.normal(1, 1, 25)) < 0.01
