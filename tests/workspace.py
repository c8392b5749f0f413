"""A small workspace of a made-up town: the project's notebooks, graph and dictionary over fixtures of a few kilobytes.

``python -m tests.workspace tests/notebooks`` runs the reference notebooks anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import yaml

from pipelines.run_notebook import scrub

PROJECT = Path(__file__).resolve().parents[1]
TOWN = PROJECT / "tests" / "fixtures" / "town"
SHARED_KINDS = {"sector", "industry_group", "chain_link", "section"}


def make_workspace(folder: Path) -> Path:
    """Lay the workspace out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("dvc.yaml", ".dvcignore", ".gitignore", "requirements.lock", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(PROJECT / name, folder / name)
    for name in ("notebooks", "pipelines", "report", "src", "docs"):
        shutil.copytree(
            PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        )
    shutil.copytree(TOWN, folder, dirs_exist_ok=True)
    for name in ("dictionary.yaml", "identities.yaml"):
        shutil.copy(PROJECT / "data" / name, folder / "data" / name)
    shutil.copytree(PROJECT / "data" / "words", folder / "data" / "words")
    shutil.copytree(PROJECT / "data" / "crosswalks", folder / "data" / "crosswalks")
    shutil.move(folder / "resources_town.csv", folder / "data" / "crosswalks" / "resource_to_section.csv")
    entities = yaml.safe_load((PROJECT / "data" / "entities.yaml").read_text(encoding="utf-8"))
    shared = {code: entity for code, entity in entities.items() if entity["kind"] in SHARED_KINDS}
    own = yaml.safe_load((folder / "entities_town.yaml").read_text(encoding="utf-8"))
    (folder / "data" / "entities.yaml").write_text(
        yaml.safe_dump(own | shared, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    return folder


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Environment of a command in the workspace."""
    # below pytest a kernel would not count what its child processes print
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ANALYSIS_") and k != "PYTEST_CURRENT_TEST"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{clean.get('PATH', '')}"
    return {
        **clean,
        "PATH": path,
        "PYTHONPATH": f"{folder}{os.pathsep}{folder / 'src'}",
        "ANALYSIS_ROOT": str(folder),
        "ANALYSIS_MESSAGES": "en",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **more,
    }


def run(
    folder: Path, module: str, *arguments: str, check: bool = True, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess:
    """``python -m module arguments`` in the workspace, or at another place of it."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd or folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if check and done.returncode:
        raise AssertionError(f"{module} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def start_dvc(folder: Path) -> None:
    """Make the workspace a repository with DVC."""
    subprocess.run(["git", "init", "-q", "."], cwd=folder, check=True, env=environment(folder))
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=folder, check=True, env=environment(folder))
    shutil.copy(PROJECT / ".dvc" / "config", folder / ".dvc" / "config")
    shutil.copy(PROJECT / ".dvcignore", folder / ".dvcignore")


def prepare_processed(folder: Path) -> None:
    """Strip, clean and join without DVC: what the analysing notebooks need."""
    run(folder, "pipelines.strip_notebooks")
    for source in ("town-2030", "demand"):
        run(folder, "pipelines.run_notebook", "clean", "--item", source)
    run(folder, "pipelines.join_sources")


def process(folder: Path) -> None:
    """Clean and join within this process; the package must already point to the workspace."""
    from analysis.clean.panel import join_sources, save_processed
    from analysis.clean.source import clean_source, save_interim

    for source in ("town-2030", "demand"):
        save_interim(clean_source(source))
    save_processed(join_sources(["town-2030", "demand"]))


def look(folder: Path) -> None:
    """Run the notebook that no stage runs: a person does, beside a document."""
    path = folder / "results" / "intake" / "10_intake.ipynb"
    path.parent.mkdir(parents=True)
    run(folder, "papermill", f"build/notebooks/{path.name}", str(path), "-k", "python3", "-p", "source", "town-2030")
    path.write_text(nbformat.writes(scrub(nbformat.read(path, as_version=4))) + "\n", encoding="utf-8")


def main(target: str) -> None:
    """Run the reference notebooks anew and copy them to `target`."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = make_workspace(Path(scratch) / "town")
        prepare_processed(folder)
        for stage in ("start_here", "reconcile", "fit", "employment", "size", "cooperation"):
            run(folder, "pipelines.run_notebook", stage)
        look(folder)
        run(folder, "pipelines.run_notebook", "country_brief", "--item", "laos")
        for notebook in sorted((folder / "results").rglob("*.ipynb")):
            if notebook.parent.name != "demand":
                save_reference(notebook, Path(target) / notebook.name)


def save_reference(made: Path, target: Path) -> None:
    """Copy an executed notebook. Where cells were left out, its last one, which compares what was published with what
    is declared, needs the runner's list of them and is skipped by nbval."""
    notebook = nbformat.read(made, as_version=4)
    if any(cell.source.startswith("# left out: ") for cell in notebook.cells):
        last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
        last.metadata["tags"] = ["nbval-skip"]
    target.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
