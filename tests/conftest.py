"""Fixtures shared by the tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hypothesis
import pytest

from tests.workspace import make_workspace

# a busy machine is no fault: nothing is measured against a clock
hypothesis.settings.register_profile("project", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("project")

os.environ["ANALYSIS_MESSAGES"] = "en"  # whatever the machine speaks

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture
def town(tmp_path, monkeypatch):
    """A fresh workspace of the made-up town; the package reads and writes there."""
    folder = make_workspace(tmp_path / "town")
    use_workspace(folder, monkeypatch)
    return folder


def use_workspace(folder: Path, monkeypatch) -> None:
    """Point the loaded package to another root."""
    from analysis.ground import paths

    root = paths.ROOT
    for name, value in list(vars(paths).items()):
        if isinstance(value, Path) and value.is_relative_to(root):
            monkeypatch.setattr(paths, name, folder / value.relative_to(root))
    monkeypatch.setattr(paths, "OUT", folder)
    forget()


def forget() -> None:
    """Clear what the package remembers of a workspace: names, words, settings."""
    for name, module in list(sys.modules.items()):
        if name.startswith("analysis.") and name != "analysis.present.style":
            for value in list(vars(module).values()):
                if callable(getattr(value, "cache_clear", None)):
                    value.cache_clear()


@pytest.fixture(scope="module")
def collection():
    """The collection of the made-up year."""
    from analysis.collect.form import load_collection
    from tests.made_up_year import YEAR

    return load_collection(YEAR)


@pytest.fixture(scope="module")
def forms(collection):
    """Its forms by school."""
    from analysis.collect.__main__ import forms_of

    return forms_of(collection)


@pytest.fixture(autouse=True)
def forget_names():
    """No test sees the names of another test's workspace."""
    yield
    forget()
