"""The page that a reviewer opens first: what moved between two revisions."""

import csv
import json
import os
import subprocess

import pytest
from bs4 import BeautifulSoup

from analysis.ground import paths
from pipelines.review import difference, main, review


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Two revisions of a very small workspace, made by hand."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")

    def run(*a):
        return subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a", *a],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
        )

    def save(rate, verdict, picture, facts):
        for folder in ("results/fit", "data/raw/town", "report"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)

        def entry(value):
            text = f"{value:.2f}%"
            said = {"zh": {"text": text, "unit": "%"}, "en": {"text": text, "unit": "%"}}
            return {"value": value, "text": text, "unit": "%", "origin": {"formula": "a / <b>"}, "said": said}

        (tmp_path / "results/numbers.json").write_text(
            json.dumps({"rate": entry(rate), "still": entry(1.0), **({"fresh": entry(2.0)} if rate > 90 else {})})
        )
        (tmp_path / "report/manuscript.zh.md").write_text("率为 {{rate}}。")
        (tmp_path / "results/reconciliation.csv").write_text(
            f"check_id,where,what,printed,recomputed,verdict\nc1,表1,<i>x</i>,5,6,{verdict}\nc2,表2,y,1,1,agrees\n"
        )
        shown = {
            "output_type": "execute_result",
            "metadata": {"workbench": {"figure": "fit_a"}},
            "data": {"image/svg+xml": [picture]},
        }
        (tmp_path / "results/fit/03_fit.ipynb").write_text(
            json.dumps({"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": [shown]}]})
        )
        with (tmp_path / "data/raw/town/facts.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["fact_id", "value"], *facts])

    run("init", "-q")
    save(88.0, "disagrees", "<svg>old</svg>", [["f1", "1"], ["f2", "2"], ["f3", "3"]])
    run("add", "-A")
    run("commit", "-qm", "first <b>")
    save(91.5, "agrees", "<svg>new</svg>", [["f1", "1"], ["f3", "4"], ["f4", "<script>"]])
    return run


def test_the_page_says_what_moved(repository):
    page = BeautifulSoup(review("HEAD"), "html.parser")
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=paths.ROOT, capture_output=True, text=True)
    assert page.h1.text == f"What changed: {head.stdout.strip()} first <b> → working tree"
    numbers = [[c.text for c in row.select("td")] for row in page.select("#numbers ~ div table")[0].select("tbody tr")]
    assert numbers == [
        ["rate", "yes", "88.00%", "91.50%", "+3.5", "a / <b>"],
        ["fresh", "", "", "2.00%", "", "a / <b>"],
    ]
    assert [i["alt"] for i in page.select("img")] == ["fit_a, old", "fit_a, new"]
    verdicts = [
        [c.text for c in row.select("td")]
        for row in page.find("div", attrs={"aria-label": "verdicts"}).select("tbody tr")
    ]
    assert verdicts == [["c1", "表1", "<i>x</i>", "disagrees", "agrees", "5", "6"]]
    rows = [
        [c.text.strip() for c in row.select("td")]
        for row in page.find("div", attrs={"aria-label": "data/raw/town/facts.csv"}).select("tbody tr")
    ]
    assert rows == [["removed", "f2", "2"], ["revised", "f3", "3 4"], ["added", "f4", "<script>"]]
    assert not page.select("script")


def test_two_revisions_and_nothing_changed(repository):
    repository("commit", "-qam", "second")
    assert main(["HEAD~1", "--head", "HEAD"]) == 0
    text = review("HEAD")
    assert "None moved." in text and "No row was added" in text and (paths.BUILD / "review.html").exists()


def test_an_unknown_revision(repository, capsys):
    assert main(["nowhere"]) == 1 and "nowhere" in capsys.readouterr().err


def test_rows_without_names_are_paired_between_equal_ones():
    old = [["a", "b"], ["x", "1"], ["y", "2"], ["z", "3"]]
    new = [["a", "b"], ["x", "1"], ["y", "9"], ["z", "3"], ["w", "4"]]
    assert difference(old, new) == [("revised", ["y", "2"], ["y", "9"]), ("added", [], ["w", "4"])]
