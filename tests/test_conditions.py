"""What reaches the bytes: the environment's font and libraries and the tree itself,
no setting of a person or a machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import nbformat
import numpy as np
import pandas as pd
import pytest
from jupyter_server.services.contents.filemanager import FileContentsManager

from analysis.inference.binomial import beta_binomial, grouped_binomial, heterogeneity, random_intercept_logit
from analysis.inference.contrast import contrast_tiers
from analysis.inference.shrinkage import empirical_bayes
from analysis.inference.simulation import simulate_power, simulate_size, whole_per_cent
from analysis.present.say import SIGNIFICANT, number_text, stable
from pipelines.conditions import ROOT, SEALED, conditions, disk_message
from pipelines.lab import without_outputs
from tests.conditions import FAMILY, PROJECT, decoy_font, hostile_environment, hostile_home

DRAW = """
import hashlib, io, sys
import matplotlib.pyplot as plt
from matplotlib import font_manager
from analysis.present.style import use_style
use_style()
figure, axis = plt.subplots()
axis.plot([1, 2], [3, 4], label="专业 alignment −1")
axis.set_title("产业契合度 x₁")
axis.legend()
for form in ("svg", "png"):
    file = io.BytesIO()
    figure.savefig(file, format=form, metadata={"Date": None, "Creator": None} if form == "svg" else {"Software": None})
    print(hashlib.sha256(file.getvalue()).hexdigest())
known = {font.name for font in font_manager.FontManager().ttflist}
print(sys.argv[1] in known)
"""


def drawn(home: Path, **more: str) -> list[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MPL", "XDG", "ANALYSIS"))} | {
        "HOME": str(home),
        "PYTHONPATH": str(PROJECT / "src"),
        "MPLCONFIGDIR": str(home / "mpl"),
        **more,
    }
    return subprocess.run(
        [sys.executable, "-c", DRAW, FAMILY], cwd=home, env=environment, capture_output=True, text=True, check=True
    ).stdout.split()


def test_figures_are_drawn_with_the_font_of_the_environment(tmp_path):
    """A font of the same family in the fonts of HOME, a matplotlibrc there and in the working folder, and matplotlib
    told to ignore fonts: the same bytes."""
    plain, hostile = tmp_path / "plain", tmp_path / "hostile"
    plain.mkdir()
    hostile_home(hostile)
    (hostile / "matplotlibrc").write_text("font.size: 30\ntext.color: red\n", encoding="utf-8")
    # matplotlib scans folders that it is told of on every system; fontconfig, where there is one, the others
    folder = hostile / ".local" / "share"
    seen = drawn(hostile, XDG_DATA_HOME=str(folder))
    assert (
        seen[:2]
        == drawn(plain)[:2]
        == drawn(hostile, MPL_IGNORE_SYSTEM_FONTS="1", MPLCONFIGDIR=str(hostile / ".config" / "matplotlib"))[:2]
    )


def test_a_decoy_that_matplotlib_knows_is_not_used(tmp_path):
    """The same with the decoy registered: by name it would win."""
    register = (
        "from matplotlib import font_manager; "
        f"font_manager.fontManager.addfont({str(decoy_font(tmp_path / 'decoy.ttf'))!r})\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "src")}
    both = [
        subprocess.run(
            [sys.executable, "-c", first + DRAW, FAMILY],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()[:2]
        for first in ("", register)
    ]
    assert both[0] == both[1]


def test_settings_of_a_person_do_not_reach_a_stage(tmp_path):
    given = {
        **hostile_environment(hostile_home(tmp_path)),
        "MATPLOTLIBRC": "x",
        "IPYTHONDIR": "x",
        "JUPYTER_CONFIG_DIR": "x",
        "PYTHONSTARTUP": "x",
        "PYPANDOC_PANDOC": "x",
        "XDG_DATA_HOME": "x",
        "LC_NUMERIC": "x",
        "PATH": "/bin",
        "OPENBLAS_CORETYPE": "Haswell",
        "DVC_EXP_NAME": "try",
    }
    sealed = conditions(ROOT, given)
    assert not {
        "MATPLOTLIBRC",
        "IPYTHONDIR",
        "JUPYTER_CONFIG_DIR",
        "PYTHONSTARTUP",
        "PYPANDOC_PANDOC",
        "XDG_DATA_HOME",
        "LC_NUMERIC",
        "PYTHONOPTIMIZE",
        "LANGUAGE",
        "COLUMNS",
    } & set(sealed)
    assert (
        sealed["TZ"] == "UTC"
        and sealed["PYTHONHASHSEED"] == "0"
        and sealed["HOME"] == str(ROOT / "build" / "home")
        and sealed[SEALED] == str(ROOT)
    )
    # the processor and what DVC hands on stay
    assert all(
        sealed[name] == given[name]
        for name in (
            "PATH",
            "OPENBLAS_CORETYPE",
            "NPY_DISABLE_CPU_FEATURES",
            "OPENBLAS_NUM_THREADS",
            "GLIBC_TUNABLES",
            "DVC_EXP_NAME",
        )
    )
    assert sealed["DVC_GLOBAL_CONFIG_DIR"] == str(tmp_path / ".config" / "dvc")
    assert "DVC_GLOBAL_CONFIG_DIR" not in conditions(ROOT, {"PATH": "/bin"})  # no HOME at all


def test_a_copy_of_the_tree_reads_itself(tmp_path):
    """The environment was installed from another clone; a command of a copy works on the copy."""
    import shutil

    for name in ("pipelines", "src"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    ask = (
        "import sys; from pipelines.conditions import run_sealed\ndef main():\n"
        "    import analysis, os; from analysis.ground import paths; print(analysis.__file__, paths.ROOT, "
        "os.environ['HOME'], sys.flags.hash_randomization); return 0\n"
        "if __name__ == '__main__': sys.exit(run_sealed(main))\n"
    )
    (tmp_path / "pipelines" / "ask.py").write_text(ask, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANALYSIS", "PYTHONPATH", "HOME"))}
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.ask"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [
        str(tmp_path / "src/analysis/__init__.py"),
        str(tmp_path),
        str(tmp_path / "build/home"),
        "0",
    ]


def test_a_full_or_closed_disk_is_said_in_a_line():
    assert "Make room" in disk_message(
        OSError(28, "No space left on device", "results/x")
    ) and "results/x" in disk_message(OSError(28, "No space left on device", "results/x"))
    assert "right to write" in disk_message(PermissionError(13, "Permission denied", "results"))


def test_the_lab_saves_notebooks_without_outputs(tmp_path):
    (tmp_path / "notebooks").mkdir()
    manager = FileContentsManager(root_dir=str(tmp_path), pre_save_hook=without_outputs)
    for path in ("notebooks/03_fit.ipynb", "mine.ipynb"):
        cell = nbformat.v4.new_code_cell(
            "1 + 1",
            execution_count=3,
            outputs=[nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=3)],
        )
        manager.save({"type": "notebook", "format": "json", "content": nbformat.v4.new_notebook(cells=[cell])}, path)
    saved, other = (
        nbformat.read(tmp_path / p, as_version=4).cells[0] for p in ("notebooks/03_fit.ipynb", "mine.ipynb")
    )
    assert (
        saved.outputs == []
        and saved.execution_count is None
        and saved.source == "1 + 1"
        and other.outputs
        and other.execution_count == 3
    )


K, N = np.array([5011, 270, 1932, 96, 388, 1450, 401.0]), np.array([5205, 411, 2011, 260, 401, 1499, 700.0])
FIRST = np.array([False, True, False, True, True, False, True])
CONSTANT = pd.DataFrame({"constant": np.ones(7)})
ESTIMATORS = {
    "contrast": lambda k, n: contrast_tiers(k, n, FIRST).drop(columns="refused"),
    "random_intercept": lambda k, n: (fit := random_intercept_logit(k, n, CONSTANT)).coefficients.assign(
        sigma=fit.sigma, loglik=fit.loglik
    ),
    "beta_binomial": lambda k, n: (fit := beta_binomial(k, n, CONSTANT)).coefficients.assign(
        rho=fit.rho, loglik=fit.loglik
    ),
    "grouped": lambda k, n: grouped_binomial(k, n, CONSTANT).coefficients,
    "heterogeneity": lambda k, n: pd.DataFrame([vars(heterogeneity(k, n))]),
    "shrunk": lambda k, n: empirical_bayes(k, n, draws=4000).schools,
    "size": lambda k, n: whole_per_cent(simulate_size(n, FIRST, mean_logit=1.83, sigma=0.91, draws=150, seed=3)),
    "power": lambda k, n: simulate_power(n, FIRST, mean_logit=1.83, sigma=0.91, shifts=(-1.0,), draws=300, seed=3),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_last_bits_of_an_input_do_not_reach_what_is_published(name):
    """Every input moved by a relative 1e-14, up and down: the same digits, in values and in texts."""

    def published(k: np.ndarray, n: np.ndarray) -> list[list[str]]:
        table = ESTIMATORS[name](k, n)
        return [
            [
                cell
                if isinstance(cell, str)
                else f"{stable(float(cell))!r} {number_text(stable(float(cell)), '', 4) if np.isfinite(cell) else ''}"
                for cell in row
            ]
            for row in table.itertuples(index=False)
        ]

    own = published(K, N)
    rng = np.random.default_rng(1)
    for _ in range(3):
        assert published(K * (1 + 1e-14 * rng.choice([-1, 1], 7)), N * (1 + 1e-14 * rng.choice([-1, 1], 7))) == own


def test_published_values_have_stable_digits():
    ledgers = list((PROJECT / "results").glob("*/ledger.json"))
    assert len(ledgers) >= 6
    for ledger in ledgers:
        for name, entry in json.loads(ledger.read_text(encoding="utf-8"))["numbers"].items():
            if isinstance(entry["value"], float):
                assert stable(entry["value"]) == entry["value"], name
    assert SIGNIFICANT <= 8
    sizes = 100 * pd.read_csv(PROJECT / "results/size/tables/size_tests.csv")[["size", "lower", "upper"]]
    assert np.allclose(sizes, sizes.round(), atol=1e-9)


def test_the_style_forgets_what_was_set_before():
    from analysis.present.style import FAMILY as OWN
    from analysis.present.style import use_style

    mpl.rcParams["lines.linewidth"] = 9
    use_style()
    assert mpl.rcParams["lines.linewidth"] == mpl.rcParamsDefault["lines.linewidth"] and mpl.rcParams[
        "font.family"
    ] == [OWN]
