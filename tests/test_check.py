"""What is looked at before the first stage: names that reach a shell, years, and what notebooks publish against the graph."""

import re
import subprocess
import sys

import pytest
import yaml

from analysis.errors import DataFault
from analysis.params import load_params
from pipelines.check import check_workspace
from pipelines.graph import stages
from tests.conftest import PROJECT
from tests.test_pipeline import write_params
from tests.workspace import environment, start_dvc

HOSTILE = {
    "a partner": ("country_brief", lambda p: p.update(briefs=["laos; touch pwn"])),
    "a folder": ("start_here", lambda p: p.update(languages={"zh": "results; touch pwn"})),
}


@pytest.mark.parametrize(("place", "guarded"), [("a partner", False), ("a partner", True), ("a folder", True)])
def test_no_name_of_the_settings_reaches_a_shell_unseen(town, place, guarded):
    """Plain `dvc repro`, which gives commands to a shell, where nothing else is to do; without the check the name is run."""
    stage, change = HOSTILE[place]
    start_dvc(town)
    (town / "build/notebooks").mkdir(parents=True)
    for notebook in (town / "notebooks").glob("*.ipynb"):
        (town / "build/notebooks" / notebook.name).write_bytes(notebook.read_bytes())
    (town / "data/processed").mkdir()
    (town / "data/processed/x").write_text("x", encoding="utf-8")
    graph = yaml.safe_load((town / "dvc.yaml").read_text(encoding="utf-8"))
    graph["stages"] = {name: graph["stages"][name] for name in ("check", stage)}
    if not guarded:
        graph["stages"].pop("check")
        body = graph["stages"][stage]
        body.get("do", body)["deps"].remove("build/checked")
    (town / "dvc.yaml").write_text(yaml.safe_dump({"stages": graph["stages"]}, sort_keys=False), encoding="utf-8")
    write_params(town, change)
    done = subprocess.run([sys.executable, "-m", "dvc", "repro", "--keep-going"], cwd=town, env=environment(town), capture_output=True, text=True, encoding="utf-8")
    assert done.returncode != 0
    run_by_the_shell = {path.name.split()[0] for path in town.rglob("pwn*") if path.is_file()}
    assert bool(run_by_the_shell) is not guarded, f"{done.stdout}\n{done.stderr}"
    if guarded:
        assert "params.yaml, row" in done.stderr and "is no name" in done.stderr or "should name for each language" in done.stderr, done.stderr
        assert not (town / "build/checked").exists() and not (town / "data/interim").exists()


def test_every_command_with_a_name_of_the_settings_waits_for_the_check():
    declared = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for name, stage in declared.items():
        body = stage.get("do", stage)
        own = isinstance(stage.get("foreach"), list) or "${" not in body["cmd"]  # names that stand in dvc.yaml itself
        assert own or "build/checked" in body["deps"], name
    assert not [d for d in stages()["check"]["deps"] if d.startswith("results")]


@pytest.mark.parametrize("change", [lambda p: p.update(briefs=["laos; touch x"]), lambda p: p.update(briefs=["../laos"]), lambda p: p.update(briefs=["laos", "laos"]), lambda p: p["sources"].append("./demand"), lambda p: p["sources"].append("../raw/demand"), lambda p: p["sources"].append("/data/raw/demand"), lambda p: p["sources"].append("demand"), lambda p: p.update(languages={"zh": "results", "en": "results"}), lambda p: p.update(languages={"zh": "results", "en": "results/../../x"}), lambda p: p.update(languages={"zh": "results", "en": "results/"})])
def test_names_and_folders_of_the_settings(town, change):
    write_params(town, change)
    with pytest.raises(DataFault, match="is no name|stands twice|should name for each language|share a folder"):
        load_params()


def set_value(section, key, value):
    return lambda p: p[section].update({key: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_value("employment", "draws", 0), "row employment, column draws, printed '0': should be at least 2"), (set_value("size", "draws", -5), "should be at least 2"), (set_value("size", "draws", 10**12), "should be at most 1e"),
        (set_value("fit", "whole_scale_digits", 99), "should be at most 3"), (set_value("employment", "seed", -1), "should be at least 0"), (set_value("fit", "city", "twon"), "entity 'twon' is not known.*nearest known: 'town'"),
        (set_value("start_here", "indicator", "placement_rate"), "indicator 'placement_rate' is not known"), (set_value("fit", "census_year_before", 2030), "should be before census_year"), (set_value("country_brief", "partner", "lao"), "partner 'lao' is not known"),
    ],
)
def test_values_of_the_settings(town, change, message):
    write_params(town, change)
    with pytest.raises(DataFault, match=message):
        load_params()


def test_a_number_with_two_readings_is_refused(town):
    path = town / "params.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("seed: 1,", "seed: 020231,"), encoding="utf-8")
    with pytest.raises(DataFault, match="params.yaml: line .*'020231' is read as different numbers"):
        load_params()


def test_a_sound_workspace_passes(town):
    check_workspace()


@pytest.mark.parametrize("change", [set_value("employment", "year", 2032), set_value("fit", "value_added_year", 2032)])
def test_a_year_that_nobody_prints_is_said_before_the_first_stage(town, change):
    write_params(town, change)
    with pytest.raises(DataFault, match="2032': no source prints figures of this year"):
        check_workspace()


def test_outputs_are_compared_before_the_first_stage(town):
    graph = town / "dvc.yaml"
    graph.write_text(graph.read_text(encoding="utf-8").replace("/tables/reconcile_disagreements.csv", "/tables/reconcile_other.csv"), encoding="utf-8")
    with pytest.raises(DataFault) as fault:
        check_workspace()
    said = str(fault.value)
    assert "publishes results/tables/reconcile_disagreements.csv, which stage reconcile@zh does not declare" in said
    assert re.search("stage reconcile@zh declares results/tables/reconcile_other.csv, which .* does not publish", said)
