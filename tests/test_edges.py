"""No edge that breaks: every public function of the mathematics answers soundly or says which argument it cannot
take."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from analysis.fit import composite, homogeneity, linkage
from analysis.ground.arrays import counts, takes
from analysis.ground.errors import BadArgument, Refused
from analysis.inference import binomial, contrast, decomposition, few_groups, rates, shrinkage, trends
from tests import edges
from tests.conftest import PROJECT

PACKAGES = ("describe.", "fit.", "inference.")
THIN = 8  # one in so many of the variants of entries and columns; `python -m tests.edges` runs them all


def test_every_public_function_has_a_sound_call_and_a_door():
    found = edges.public_functions()
    assert sorted(set(found) ^ set(edges.REGISTER)) == []
    doors = {
        name: getattr(function.__init__ if isinstance(function, type) else function, "may_be_nan", None)
        for name, function in found.items()
    }
    assert [name for name, reason in doors.items() if reason is None and not (name.endswith("SectorBox"))] == []


def test_answers_that_may_not_be_finite_say_so_where_a_reader_looks():
    for name, function in edges.public_functions().items():
        if getattr(function, "may_be_nan", ""):
            said = f"{function.__doc__} {sys.modules[function.__module__].__doc__}"
            assert any(
                word in said for word in ("nan", "inf", "blank", "no answer", "refused", "stays missing", "None")
            ), name


@pytest.fixture(scope="module")
def runs():
    """The packages side by side, each in a process of its own: a crash of the interpreter is one more fault,
    with the call that made it."""
    started = {
        package: subprocess.Popen(
            [sys.executable, "-m", "tests.edges", package, str(THIN)],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for package in PACKAGES
    }
    with ThreadPoolExecutor() as readers:
        said = dict(zip(started, readers.map(lambda process: process.communicate(), started.values())))
    return {package: (process.returncode, *said[package]) for package, process in started.items()}


@pytest.mark.parametrize("package", PACKAGES)
def test_hostile_arguments(runs, package):
    code, out, err = runs[package]
    assert code == 0, f"ended with {code} in\n{err[-2000:]}"
    *faults, summary = [json.loads(line) for line in out.splitlines()]
    assert faults == []
    assert (
        summary["functions"] == sum(name.startswith(package) for name in edges.REGISTER)
        and summary["calls"] > 90 * summary["functions"]
    )


@pytest.mark.parametrize(
    ("call", "function", "argument", "position"),
    [
        (lambda: homogeneity.dissimilarity_chance([[4.3e9, 1], [1, 1]], seed=1), "dissimilarity_chance", "table", None),
        (lambda: linkage.m_chance([[4.3e9, 1], [1, 1]], seed=1), "m_chance", "table", None),
        (lambda: decomposition.kitagawa([20, 5], [10, 10], [1, 1], [2, 2]), "kitagawa", "numerator_before", 0),
        (lambda: decomposition.simpson_check([1, 1], [2, 2], [1, 5], [2, 2]), "simpson_check", "numerator_after", 1),
        (lambda: rates.school_logits([1, np.nan], [2, 2]), "school_logits", "successes", 1),
        (lambda: rates.proportion_interval(1, np.nan), "proportion_interval", "trials", None),
        (lambda: trends.local_level([1, 2, np.nan, 4]), "local_level", "values", 2),
        (lambda: few_groups.sign_flip_exact([1e308] * 4), "sign_flip_exact", "differences", 0),
        (lambda: homogeneity.hhi(np.ma.masked_array([1, 2, 3], [0, 1, 0])), "hhi", "counts", 1),
        (lambda: homogeneity.hhi(["many", "few"]), "hhi", "counts", None),
        (
            lambda: linkage.linkage(pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1, 2]})),
            "linkage",
            "table",
            (1, 0),
        ),
        (lambda: contrast.contrast_tiers([3, 9], [5, 8], [True, False]), "contrast_tiers", "successes", 1),
        (
            lambda: composite.coupling_coordination([0.1, 0.2], form="sqrt_product_over_sum"),
            "coupling_coordination",
            "form",
            None,
        ),
    ],
)
def test_a_fault_names_function_argument_and_position(call, function, argument, position):
    with pytest.raises(BadArgument) as fault:
        call()
    assert (fault.value.function, fault.value.argument, fault.value.position) == (function, argument, position)
    assert f"{function}, argument {argument}: " in str(fault.value)


def test_all_faults_of_a_call_are_said_together():
    with pytest.raises(BadArgument) as fault:
        linkage.m_bootstrap([[1, 2.5]], draws=0, seed=-1)
    assert [f.argument for f in (fault.value, *fault.value.further)] == ["table", "draws", "seed"] and all(
        word in str(fault.value) for word in ("argument table", "argument draws", "argument seed")
    )


def test_a_door_is_declared_for_every_parameter():
    with pytest.raises(TypeError, match="checks are declared for"):
        takes(a=counts())(lambda a, b: a)


def test_an_answer_that_is_not_finite_is_refused():
    with pytest.raises(Refused, match="no finite answer"):
        takes(a=counts())(lambda a: {"x": pd.DataFrame({"y": a * np.inf})})([1.0, 2])


def test_no_variation_is_refused_with_the_reason():
    from analysis.inference.correlates import rank_correlation

    with pytest.raises(Refused, match="does not vary"):
        rank_correlation([1, 1, 1, 1, 1], [1, 2, 3, 4, 5])
    with pytest.raises(Refused, match="fitted exactly"):
        few_groups.clustered_ols([1.0, 1, 1, 1], pd.DataFrame({"constant": np.ones(4)}), list("abcd"))


def test_everybody_placed_is_said_in_the_table_by_every_model_that_it_breaks():
    n, first = np.array([50.0, 60, 70, 40, 80, 30]), np.array([True, True, True, False, False, False])
    found = contrast.contrast_tiers(n, n, first).set_index("method")
    assert (found.drop(index="permutation_rates")["refused"] != "").all() and found.drop(index="permutation_rates")[
        "estimate"
    ].isna().all()
    assert set(found.drop(index=["permutation_rates", "wild_bootstrap"])["kind"]) == {"separated"}
    assert found.at["permutation_rates", "p"] == 1 and found.at["permutation_rates", "estimate"] == 0
    pooled = shrinkage.pool_rates(n, n, draws=9)
    assert (
        pooled.kind == "separated"
        and pooled.schools["shrunk"].isna().all()
        and set(pooled.schools["rank_upper"]) == {6}
    )
    level, spread = binomial.level_and_spread(n, n)
    assert level > 4 and np.isfinite(spread)
