"""The examples in docstrings run and say what they say."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import analysis

MODULES = [m.name for m in pkgutil.walk_packages(analysis.__path__, "analysis.") if not m.name.endswith("__main__")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(name)
    with np.printoptions(legacy="1.25"):
        found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert found.failed == 0, f"{found.failed} of {found.attempted} examples of {name} fail"


@pytest.mark.parametrize("room", ["fit", "inference"])
def test_every_module_of_the_mathematics_has_an_example(room):
    finder = doctest.DocTestFinder()
    without = [
        name
        for name in MODULES
        if name.startswith(f"analysis.{room}.") and not name.rpartition(".")[2].startswith("_")
        if not any(test.examples for test in finder.find(importlib.import_module(name)))
    ]
    assert without == []
