"""Parameters, notebooks, graph and runner."""

import ast
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
import yaml

from analysis.ground import paths
from analysis.ground.errors import DataFault, Problems
from analysis.ground.params import declared_parameters, fill_in, load_params, notebooks, sections
from analysis.present.published import joined, numbers_in, read_ledger
from pipelines.graph import stages
from pipelines.run_notebook import check_parameters, main, scrub
from pipelines.strip_notebooks import strip
from tests.conftest import PROJECT
from tests.workspace import environment, prepare_processed, run

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


# --- params.yaml


def write_params(town, change):
    path = town / "params.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda p: p["fit"].update(nashun=p["fit"].pop("nation")),
            r"row fit, column nashun: is not a parameter of this section\. Did you mean 'nation'\?",
        ),
        (lambda p: p["fit"].pop("nation"), "row fit, column nation: is missing"),
        (lambda p: p["fit"].update(census_year="2030"), "printed '2030': should be a whole number"),
        (lambda p: p["employment"].update(values="mended"), "should be one of printed, corrected"),
        (lambda p: p["clean"].update(language="German"), "column language, printed 'German'"),
        (
            lambda p: p["analyses"].update(fit={"notebook": "03_fitt", "reads": "data/processed"}),
            "row analyses, column fit, printed '03_fitt': notebooks/ has no NN_fit.ipynb of this name .nearest known: "
            "'03_fit'",
        ),
        (
            lambda p: p["analyses"]["fit"].update(reads="data/prosessed"),
            "row analyses, column fit, printed 'data/prosessed': is no file or folder",
        ),
        (lambda p: p.update(fitt=p.pop("fit")), r"row fitt: is not a section\. Did you mean 'fit'"),
        (lambda p: p["fit"].update(confidence=95), "printed '95': should lie between 0 and 1"),
        (lambda p: p.update(sources=None), "row sources, printed 'None'|row sources: should be a list"),
        (lambda p: p.update(fit="x"), "row fit, printed 'x': should be a section with parameters"),
        (lambda p: p.update(languages={"zh": "results"}), "row languages, .*should be a list of languages"),
        (lambda p: p.update(languages=["zh", "../en"]), "row languages, printed .*should be a list of languages"),
        (lambda p: p["sources"].append("nowhere"), "source 'nowhere' has no data/raw/nowhere/source.yaml"),
        (lambda p: p["intake"].update(source="demnd"), "is not in the list of sources"),
    ],
)
def test_params_are_checked(town, change, message):
    write_params(town, change)
    with pytest.raises(DataFault, match=message):
        load_params()


def test_params_are_checked_whole(town):
    write_params(town, lambda p: (p["fit"].pop("nation"), p["cooperation"].update(colour="red")))
    with pytest.raises(DataFault) as fault:
        load_params()
    assert len(fault.value.problems) == 2


def test_a_stage_does_not_start_with_faulty_params(town):
    write_params(town, lambda p: p["cooperation"].update(colour="red"))
    done = run(town, "pipelines.run_notebook", "clean", "--item", "demand", check=False)
    assert done.returncode == 1 and "colour: is not a parameter" in done.stderr
    assert not (town / "data/interim").exists() and not (town / "results").exists()


# --- notebooks


def test_defaults_in_the_notebooks_equal_params():
    params = load_params()
    for section, path in notebooks().items():
        [cell] = [c for c in read(path).cells if "parameters" in c.metadata.get("tags", [])]
        declared = declared_parameters(cell.source)
        assert declared.keys() == vars(params[section]).keys()
        for name, value in declared.items():
            assert value in ("", 0, vars(params[section])[name]), (section, name)
            assert value in ("", 0) or not re.search("year|source|city|region|nation|chain|partner", name), name
        assert all("#" in line for line in cell.source.splitlines()), f"{section}: a parameter without a comment"


def test_what_a_notebook_leaves_empty_is_filled_from_params(town):
    here = {"language": "en", "city": "", "year": 2029, "values": "printed", "vintage": ""}
    given = dict.fromkeys(sections()["size"].model_fields, 0) | here
    fill_in("size", given)
    assert given["city"] == "town" and given["year"] == 2029 and given["vintage"] == "latest" and given["draws"] == 60


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_thin(path):
    notebook = read(path)
    assert notebook.cells[0].cell_type == "markdown" and "**Question.**" in notebook.cells[0].source
    for cell in notebook.cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None, "committed with outputs"
        if cell.cell_type == "code":
            tree = ast.parse(cell.source)
            for node in ast.walk(tree):
                assert not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try)), cell.source[
                    :80
                ]
            if "parameters" not in cell.metadata.get("tags", []):
                assert len(cell.source.splitlines()) <= 10 and len(cell.source) <= 600, cell.source[:80]
                assert not re.search(r"choose\(|lambda \w*:|[\u2e80-\uffef]", cell.source), cell.source[:80]
            assert not re.search(r"warnings\.|errors=.coerce|summary\(\)|open\(|sys\.path", cell.source), cell.source[
                :80
            ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_opening_running_and_saving_changes_nothing_downstream(path):
    """What Jupyter writes into a notebook does not reach the source-only copy."""
    fresh = read(path)
    touched = read(path)
    touched.metadata["widgets"] = {"state": {}}
    touched.metadata["kernelspec"] = {"name": "other", "display_name": "Other", "language": "python"}
    for number, cell in enumerate(touched.cells):
        cell["id"] = f"random{number}"
        cell.metadata["collapsed"] = True
        if cell.cell_type == "code":
            cell.execution_count = number + 1
            cell.outputs = [nbformat.v4.new_output("stream", text="17 seconds")]
    assert nbformat.writes(strip(touched)) == nbformat.writes(strip(fresh))


def test_scrubbing_keeps_parameters_and_drops_clocks():
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "x = 1",
                metadata={
                    "tags": ["parameters"],
                    "papermill": {"start_time": "now"},
                    "execution": {"iopub.execute_input": "now"},
                },
            )
        ]
    )
    notebook.metadata["papermill"] = {"parameters": {"x": 2}, "start_time": "now", "input_path": "/somewhere"}
    text = nbformat.writes(scrub(notebook))
    assert '"x": 2' in text and "now" not in text and "somewhere" not in text and '"parameters"' in text


@pytest.mark.parametrize(
    ("source", "expected", "message"),
    [
        ("language = 'zh'\nyear = 1", {"language": "zh"}, "parameter 'year' is not in section"),
        (
            "language = 'zh'",
            {"language": "zh", "year": 1},
            "parameter 'year' of params.yaml is not in the parameters cell",
        ),
        ("year = '1'", {"year": 1}, "parameter 'year' is str, params.yaml has int"),
        ("year = 1 + 1", {"year": 1}, "line 1 is not `name = literal`"),
        ("year: int = 1", {"year": 1}, "line 1 is not `name = literal`"),
        ("import os", {}, "line 1 is not `name = literal`"),
    ],
)
def test_parameters_cell_that_disagrees(source, expected, message):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})])
    problems = Problems()
    check_parameters(notebook, "fit", expected, problems, "notebooks/03_fit.ipynb")
    assert re.search(message, str(problems[0]))


# --- the graph


def test_graph_has_what_each_stage_needs():
    for name, stage in stages().items():
        deps = set(stage["deps"])
        # stages that make pages show executed notebooks and are the end of the graph; nothing that computes reads one
        assert not any(d.endswith(".ipynb") and d.startswith("results/") for d in deps), (
            f"{name} depends on an executed notebook"
        )
        if name == "strip":
            assert {"notebooks", "src/analysis", "pipelines", "requirements.lock"} <= deps
            continue
        assert not any(d == "notebooks" or d.startswith(("notebooks/", "src/", "pipelines/")) for d in deps), (
            f"{name} depends on more code than it stands on, or on what Jupyter rewrites"
        )
        module, section = (
            stage["cmd"].split()[2].partition(".")[2],
            stage["cmd"].split()[3] if "run_notebook" in stage["cmd"] else "",
        )
        assert f"build/code/{section or module}.txt" in deps, f"{name} does not wait for its code"
        if section:
            assert f"build/notebooks/{notebooks()[section].name}" in deps


def test_the_graph_is_short():
    assert len((PROJECT / "dvc.yaml").read_text(encoding="utf-8").splitlines()) < 150


def test_a_stage_waits_for_the_code_that_it_stands_on(processed):
    """The closure of the imports, by another reading of them:
    what Python has loaded after the imports of a notebook."""
    for section, path in notebooks().items():
        imports = [
            line
            for cell in read(path).cells
            if cell.cell_type == "code"
            for line in cell.source.splitlines()
            if re.match(r"(from|import) ", line)
        ]
        code = "\n".join(
            [*imports, "import sys", "print(*sorted(m for m in sys.modules if m.split('.')[0] == 'analysis'))"]
        )
        loaded = subprocess.run(
            [sys.executable, "-c", code],
            cwd=PROJECT,
            env=environment(PROJECT),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        listed = {
            line.split("  ")[1]
            for line in (processed / f"build/code/{section}.txt").read_text(encoding="utf-8").splitlines()
        }
        files = {
            f"src/{m.replace('.', '/')}{'/__init__' if (PROJECT / 'src' / m.replace('.', '/')).is_dir() else ''}.py"
            for m in loaded
        }
        assert files <= listed, sorted(files - listed)
        assert not any(name.startswith("src/analysis/collect/") for name in listed), (
            f"{section} would run again after a change of the forms"
        )


# --- the runner


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    from tests.workspace import make_workspace

    folder = make_workspace(tmp_path_factory.mktemp("runner") / "town")
    prepare_processed(folder)
    return folder


def test_failure_names_notebook_cell_heading_parameters_and_changes_nothing(processed):
    path = processed / "build/notebooks/05_cooperation.ipynb"
    original = path.read_text(encoding="utf-8")
    notebook = read(path)
    position = next(i for i, c in enumerate(notebook.cells) if "## The record over time" in c.source)
    notebook.cells.insert(position + 1, nbformat.v4.new_code_cell("record['no such column']", id="planted"))
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    done = run(processed, "pipelines.run_notebook", "cooperation", check=False)
    path.write_text(original, encoding="utf-8")
    assert done.returncode == 1
    for part in (
        "analyse@cooperation failed",
        "notebooks/05_cooperation.ipynb",
        "under 'The record over time'",
        "language='zh', city='town'",
        "half-run.ipynb",
        "KeyError: 'no such column'",
    ):
        assert part in done.stderr, done.stderr
    assert not (processed / "results/cooperation").exists()
    assert list((processed / "build/staging").rglob("*.half-run.ipynb"))


def run_with(processed, *planted: str, below: bool = True):
    """Run a notebook with cells planted after its parameters; without the cells below them the last one ends it."""
    path = processed / "build/notebooks/05_cooperation.ipynb"
    original = path.read_text(encoding="utf-8")
    notebook = read(path)
    cells = [nbformat.v4.new_code_cell(source, id=f"planted{n}") for n, source in enumerate(planted)]
    notebook.cells[2 : 2 if below else None] = cells
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    done = run(processed, "pipelines.run_notebook", "cooperation", check=False)
    path.write_text(original, encoding="utf-8")
    return done


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        ("import os; os.kill(os.getpid(), 9)", "the kernel died (often too little memory; signal 9)"),
        ("import os; os._exit(0)", "the kernel ended with exit code 0: a cell leaves the interpreter"),
        ("import sys; sys.exit(0)", "a cell leaves the interpreter"),
        ("raise SystemExit", "a cell leaves the interpreter"),
        ("exit()", "a cell leaves the interpreter"),
        ("quit()", "a cell leaves the interpreter"),
        ("import warnings; warnings.warn('x')", "a cell wrote a warning"),
        ("for i in range(100_000): print(i, flush=True)", "a page can hold (at most 200,000 printed characters"),
        (
            "import subprocess, time; subprocess.run(['seq', '99999']); time.sleep(3)",
            "a cell shows more than a page can hold",
        ),
        ("for i in range(1_001): display(i)", "a cell shows more than a page can hold"),
        ("display({'text/plain': 'x' * 30_000_000}, raw=True)", "a cell shows more than a page can hold"),
    ],
)
def test_what_ends_a_notebook_early_is_a_failure_with_a_place(processed, planted, message):
    """Also in the last cell, below which nothing is missing."""
    done = run_with(processed, planted, below=False)
    assert done.returncode == 1
    place = ("notebooks/05_cooperation.ipynb", "cell        3 under '05 International", "city='town'", "half-run.ipynb")
    for part in (message, *place):
        assert part in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and not (processed / "results/cooperation").exists()
    half_runs = (processed / "build/staging").rglob("*.half-run.ipynb")
    assert any("planted0" in path.read_text(encoding="utf-8") for path in half_runs)


def test_ten_thousand_flushed_lines_are_one_output_with_every_line(processed):
    """In the order of what is displayed between them, and the stage takes no longer than it prints."""
    prints = "for i in range(10_000): print(i, flush=True)"
    prints = f"import time; begun = time.process_time()\n{prints}\ntook = time.process_time() - begun"
    displays = "display('between')\nprint('after', end='', flush=True)"
    done = run_with(processed, f"{prints}\n{displays}", "assert took < 5, took")
    assert done.returncode == 0, done.stderr
    cells = read(processed / "results/cooperation/05_cooperation.ipynb").cells
    outputs = next(c for c in cells if "range(10_000)" in c.source).outputs
    lines = "".join(f"{i}\n" for i in range(10_000))
    assert [o.get("text") or o.data["text/plain"] for o in outputs] == [lines, "'between'", "after"]
    shutil.rmtree(processed / "results/cooperation")


def test_what_is_published_is_what_the_ledger_says(processed):
    path = processed / "build/notebooks/02_reconcile.ipynb"
    original = path.read_text(encoding="utf-8")
    notebook = read(path)
    notebook.cells.append(
        nbformat.v4.new_code_cell(
            "import os; (results._path('tables/stray.csv')).write_text('a'); "
            "os.remove(results._path('tables/reconcile_verdicts.csv'))",
            id="planted",
        )
    )
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    done = run(processed, "pipelines.run_notebook", "reconcile", check=False)
    path.write_text(original, encoding="utf-8")
    assert done.returncode == 1
    assert "tables/stray.csv, row analyse@reconcile: was written and does not stand in the ledger" in done.stderr
    assert (
        "tables/reconcile_verdicts.csv, row analyse@reconcile: stands in the ledger and was not written" in done.stderr
    )
    assert not (processed / "results/reconcile").exists()


def test_two_runs_give_equal_bytes_and_html_asks_no_other_host(processed):
    run(processed, "pipelines.run_notebook", "reconcile", PYTHONHASHSEED="1", TZ="Asia/Shanghai", LANG="C")
    made = {
        p.relative_to(processed): p.read_bytes() for p in (processed / "results/reconcile").rglob("*") if p.is_file()
    }
    run(processed, "pipelines.run_notebook", "reconcile", PYTHONHASHSEED="2", TZ="America/Lima", LANG="C.UTF-8")
    again = {
        p.relative_to(processed): p.read_bytes() for p in (processed / "results/reconcile").rglob("*") if p.is_file()
    }
    assert made == again and len(made) >= 7
    html = (processed / "results/reconcile/said/zh/02_reconcile.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=[\"'](https?:)?//", html) and "@import" not in html
    assert '<details class="code">' in html and "image/svg+xml" in html and 'class="dataframe"' in html
    assert (
        (processed / "results/reconcile/said/zh/tables/reconcile_checks.csv")
        .read_text(encoding="utf-8")
        .startswith("check_id,source_id,where,what,printed,recomputed,unit,verdict,formula,note")
    )


def test_numbers_carry_their_origin(processed):
    run(processed, "pipelines.run_notebook", "employment")
    entry = numbers_in(joined(read_ledger(processed / "results/employment")), "zh")["placement_rate_city"]
    assert entry["value"] == pytest.approx(100 * 593 / 640) and entry["text"] == "92.66%" and entry["unit"] == "%"
    assert "town-2030:table 3-6:college_a:graduates:2030=180" in entry["origin"]["inputs"]
    done = run(processed, "pipelines.collect_numbers", check=False)
    assert (
        done.returncode == 1
        and "results/fit/ledger.json: the ledger is missing. Run its stage: dvc repro analyse@fit" in done.stderr
    )


def test_unknown_stage_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["fitt"])
    assert "invalid choice: 'fitt'" in capsys.readouterr().err


def test_package_imports_from_anywhere(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "import analysis.clean.load, analysis.ground.paths; print(analysis.ground.paths.ROOT)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(paths.ROOT)
