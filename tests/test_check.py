"""What is looked at before the first stage: names that reach a shell, years,
and what notebooks publish against the graph."""

import re
import subprocess
import sys

import pytest
import yaml

from analysis.ground.errors import DataFault
from analysis.ground.params import load_params
from pipelines.check import check_workspace
from pipelines.graph import stages
from tests.conftest import PROJECT
from tests.test_pipeline import write_params
from tests.workspace import environment, run, start_dvc

HOSTILE = {
    "a partner": ("brief", lambda p: p.update(briefs=["laos; touch pwn"])),
    "a language": ("report", lambda p: p.update(languages=["zh", "zh; touch pwn"])),
}


@pytest.mark.parametrize(("place", "guarded"), [("a partner", False), ("a partner", True), ("a language", True)])
def test_no_name_of_the_settings_reaches_a_shell_unseen(town, place, guarded):
    """Plain `dvc repro`, which gives commands to a shell, where nothing else is to do;
    without the check the name is run."""
    stage, change = HOSTILE[place]
    start_dvc(town)
    run(town, "pipelines.strip_notebooks")
    for made in ("build/published", "results"):
        (town / made).mkdir(parents=True)
    (town / "results/numbers.json").write_text("{}", encoding="utf-8")
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
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro", "--keep-going"],
        cwd=town,
        env=environment(town),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode != 0
    run_by_the_shell = {path.name.split()[0] for path in town.rglob("pwn*") if path.is_file()}
    assert bool(run_by_the_shell) is not guarded, f"{done.stdout}\n{done.stderr}"
    if guarded:
        assert (
            "params.yaml, row" in done.stderr
            and ("is no name" in done.stderr or "should be a list of" in done.stderr)
            and "Traceback" not in done.stderr
        ), done.stderr
        assert not (town / "build/checked").exists() and not (town / "data/interim").exists()


def test_every_command_with_a_name_of_the_settings_waits_for_the_check():
    declared = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for name, stage in declared.items():
        body = stage.get("do", stage)
        own = isinstance(stage.get("foreach"), list) or "${" not in body["cmd"]  # names that stand in dvc.yaml itself
        assert own or "build/checked" in body["deps"], name
    assert not [d for d in stages()["check"]["deps"] if d.startswith("results")]


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.update(briefs=["laos; touch x"]),
        lambda p: p.update(briefs=["../laos"]),
        lambda p: p.update(briefs=["laos", "laos"]),
        lambda p: p["sources"].append("./demand"),
        lambda p: p["sources"].append("../raw/demand"),
        lambda p: p["sources"].append("/data/raw/demand"),
        lambda p: p["sources"].append("demand"),
        lambda p: p.update(languages=["zh", "zh"]),
        lambda p: p.update(languages=["zh", "../en"]),
        lambda p: p.update(languages=["zh", "en/"]),
    ],
)
def test_names_and_folders_of_the_settings(town, change):
    write_params(town, change)
    with pytest.raises(DataFault, match="is no name|stands twice|should be a list of languages"):
        load_params()


def set_value(section, key, value):
    return lambda p: p[section].update({key: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_value("employment", "draws", 0), "row employment, column draws, printed '0': should be at least 2"),
        (set_value("size", "draws", -5), "should be at least 2"),
        (set_value("size", "draws", 10**12), "should be at most 1e"),
        (set_value("fit", "whole_scale_digits", 99), "should be at most 3"),
        (set_value("employment", "seed", -1), "should be at least 0"),
        (set_value("fit", "city", "twon"), "entity 'twon' is not known.*nearest known: 'town'"),
        (set_value("start_here", "indicator", "placement_rate"), "indicator 'placement_rate' is not known"),
        (set_value("fit", "census_year_before", 2030), "should be before census_year"),
        (set_value("country_brief", "partner", "lao"), "partner 'lao' is not known"),
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


def change_words(town, section, old, new):
    path = town / f"data/words/{section}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  size_power:\n", "  size_powre:\n", "size_powre is declared and 06_size.ipynb does not publish it"),
        ("{zh: 参数, en: parameters}", "{en: parameters}", "says nothing in zh"),
        ("    units: logit\n", "", "lacks units"),
        ("    units: logit\n", "    unit: logit\n", "a table has no 'unit' .nearest known: 'units'"),
        (
            "{draws:,} 次，名义",
            "{drwas:,} 次，名义",
            "{drwas} is no parameter, value or number .nearest known: 'draws'",
        ),
        (
            "    table: size_summary\n",
            "    table: size_sumary\n",
            "is a cell of size_sumary, which is no table .nearest known: 'size_summary'",
        ),
        ("{draws:,} 次，名义", "{draws:, 次，名义", "is no text with places"),
    ],
)
def test_words_are_checked_before_the_first_stage_and_the_line_is_named(town, old, new, message):
    change_words(town, "size", old, new)
    with pytest.raises(DataFault, match=message) as fault:
        check_workspace()
    assert re.search(r"data/words/size.yaml, row line \d+", str(fault.value))
    assert "notebooks/06_size.ipynb, row size_power: publishes size_power" in str(fault.value) or "powre" not in new


def test_a_number_that_names_no_cell_stops_the_notebook(town):
    from tests.workspace import prepare_processed

    prepare_processed(town)
    line = change_words(town, "size", "row: secondary_spreads_half", "row: secondary_spreads_hlaf")
    done = run(town, "pipelines.run_notebook", "size", check=False)
    assert (
        done.returncode == 1
        and "names no cell: size_unequal has no row 'secondary_spreads_hlaf' (nearest known: 'secondary_spreads_half')"
        in done.stderr
    )
    assert re.search(rf"data/words/size.yaml, row line ({line}|{line - 2}),", done.stderr), done.stderr
    assert not (town / "results/size").exists()
