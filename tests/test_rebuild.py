"""A whole rebuild of the made-up town: equal bytes in two places, and DVC agrees with what the rebuild did."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from tests.conditions import hostile_environment, hostile_home, other_kernels
from tests.workspace import environment, make_workspace, run, start_dvc


def rebuild(folder, *arguments, **more):
    return run(folder, "pipelines.rebuild", *arguments, check=False, **more)


def status(folder) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "--json"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = make_workspace(tmp_path_factory.mktemp("first") / "town")
    start_dvc(folder)
    done = rebuild(folder, TZ="Asia/Shanghai", LANG="C", PYTHONHASHSEED="1")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done


@pytest.mark.slow
def test_progress_is_visible_and_quiet(built):
    _, done = built
    lines = done.stdout.strip().splitlines()
    assert sum("] " in line and line.rstrip().endswith(" s") for line in lines) == 17
    assert lines[-1].startswith("17 of 17 stages run, 0 were up to date")
    assert len(lines) == 18, done.stdout  # a line a stage and the summary, nothing else


@pytest.mark.slow
def test_headline_numbers_are_metrics(built):
    folder, _ = built
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "metrics", "show", "--json"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    shown = json.loads(done.stdout)[""]["data"]["results/metrics.json"]["data"]
    numbers = json.loads((folder / "results/numbers.json").read_text(encoding="utf-8"))
    assert shown["placement_rate_city"] == numbers["placement_rate_city"]["value"]
    assert {"fit_d_students_employment_lower", "fit_d_students_employment_upper"} <= set(shown)


@pytest.mark.slow
def test_dvc_finds_nothing_to_do_and_neither_does_a_second_rebuild(built):
    folder, _ = built
    assert status(folder) == {}
    again = rebuild(folder)
    assert again.stdout.strip() == "All 17 stages are up to date; nothing to do."


@pytest.mark.long  # .ci/run does the same for the whole project
def test_equal_bytes_under_other_conditions(built, tmp_path):
    """Another home with settings and fonts, place, locale, time zone, hash seed, umask, threads,
    and fewer features of the processor."""
    folder, _ = built
    other = make_workspace(tmp_path / "elsewhere" / "研究 工作")
    start_dvc(other)
    mine = hostile_environment(hostile_home(tmp_path / "home"))
    assert other_kernels(mine)
    before = os.umask(0o077)
    try:
        done = rebuild(other, **mine)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (other / "dvc.lock").read_bytes() == (folder / "dvc.lock").read_bytes()
    results = {p.relative_to(folder): p.read_bytes() for p in (folder / "results").rglob("*") if p.is_file()}
    assert results == {p.relative_to(other): p.read_bytes() for p in (other / "results").rglob("*") if p.is_file()}
    assert len(results) > 60


@pytest.mark.slow
def test_saving_a_notebook_makes_only_its_strip_stage_stale(built):
    folder, _ = built
    path = folder / "notebooks" / "03_fit.ipynb"
    original = path.read_bytes()
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"saved{number}"
        if cell.cell_type == "code":
            cell.execution_count = number
    nbformat.write(notebook, path)
    assert list(status(folder)) == ["strip"]
    done = rebuild(folder)
    assert "1 of 17 stages run, 16 were up to date" in done.stdout
    path.write_bytes(original)
    rebuild(folder)
    assert status(folder) == {}


@pytest.mark.slow
def test_a_data_fault_stops_with_its_place_and_changes_no_output(built):
    folder, _ = built
    table = folder / "data/raw/town-2030/table_3-6.csv"
    original = table.read_text(encoding="utf-8")
    before = {
        p: p.read_bytes()
        for part in ("results", "data/interim", "data/processed")
        for p in (folder / part).rglob("*")
        if p.is_file()
    }
    table.write_text(original.replace("乙职院,200", "乙职院,两百"), encoding="utf-8")
    done = rebuild(folder)
    table.write_text(original, encoding="utf-8")
    assert done.returncode == 1
    for part in (
        "clean@town-2030 failed",
        "cell",
        "table_3-6.csv, table 3-6, row 乙职院, column 毕业生数(人), printed '两百': not a number",
    ):
        assert part in done.stderr, done.stderr
    assert {
        p: p.read_bytes()
        for part in ("results", "data/interim", "data/processed")
        for p in (folder / part).rglob("*")
        if p.is_file()
    } == before
    assert rebuild(folder).returncode == 0


@pytest.mark.slow
def test_an_edit_of_the_graph_alone_is_checked_before_anything_runs(built):
    """The stage `check` does not wait for dvc.yaml."""
    folder, _ = built
    graph, lock = folder / "dvc.yaml", (folder / "dvc.lock").read_bytes()
    original = graph.read_text(encoding="utf-8")
    graph.write_text(original.replace("build/code/join_sources.txt", "data/nowhere.txt"), encoding="utf-8")
    done = rebuild(folder)
    graph.write_text(original, encoding="utf-8")
    assert done.returncode == 1 and done.stdout == "", done.stdout
    assert "stage join waits for data/nowhere.txt, which is no file and which no stage makes" in done.stderr
    assert "Traceback" not in done.stderr and (folder / "dvc.lock").read_bytes() == lock
    assert rebuild(folder).returncode == 0


@pytest.mark.slow
def test_a_notebook_and_its_words_may_be_edited_together(built):
    """The check looks at the notebook as edited, not at the older copy that the last rebuild stripped."""
    folder, _ = built
    words, path = folder / "data/words/reconcile.yaml", folder / "notebooks" / "02_reconcile.ipynb"
    originals = words.read_text(encoding="utf-8"), path.read_text(encoding="utf-8")
    for file, original in zip((words, path), originals):
        file.write_text(original.replace("reconcile_disagreements", "reconcile_other"), encoding="utf-8")
    done = rebuild(folder)
    for file, original in zip((words, path), originals):
        file.write_text(original, encoding="utf-8")
    assert "analyse@reconcile" in done.stdout and "publishes" not in done.stderr, done.stdout + done.stderr
    assert (folder / "results/reconcile/tables/reconcile_other.csv").exists()
    assert rebuild(folder).returncode == 0
    assert not (folder / "results/reconcile/tables/reconcile_other.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_a_rebuild_that_was_ended_is_finished_by_the_next_with_equal_bytes(built, how):
    folder, _ = built
    lock = (folder / "dvc.lock").read_bytes()
    (folder / "build/durations.json").write_text("", encoding="utf-8")  # cut by the last kill
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.rebuild", "--force"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if "clean@town-2030" in line:
            break
    time.sleep(1)
    process.send_signal(how)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == (130 if how == signal.SIGTERM else -how)
    assert "Traceback" not in errors, errors
    deadline = time.monotonic() + 120
    while left := working_in(folder):
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.2)
    done = rebuild(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "dvc.lock").read_bytes() == lock and status(folder) == {}


def working_in(folder) -> list[int]:
    """Processes whose working directory lies in the workspace."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return found


@pytest.mark.slow
def test_plain_dvc_repro_gives_the_same_bytes(built):
    folder, _ = built
    lock = (folder / "dvc.lock").read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro", "--force", "--single-item", "analyse@reconcile"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "dvc.lock").read_bytes() == lock
