"""What stages depend on instead of the files that people and Jupyter write: source-only copies of notebooks,
and lists of the code that each stage stands on.

``build/notebooks/03_fit.ipynb`` is the notebook without outputs, counts and metadata but tags: the same bytes whether
it was opened, run and saved or not. ``build/code/fit.txt`` lists every module of the project that the notebook and its
runner import, directly or not, with a checksum, the translations of its prose and the lock of the environment: a stage
runs again when what it stands on has changed, and only then.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from pathlib import Path

import grimp
import nbformat

from analysis.ground import paths
from analysis.ground.params import notebooks
from pipelines.conditions import run_sealed
from pipelines.staging import replace, staging

PACKAGES = {"analysis": paths.ROOT / "src" / "analysis", "pipelines": paths.ROOT / "pipelines"}
RUNNER = "pipelines.run_notebook"
ALSO = {
    "pipelines.run_notebook": ["pipelines/templates"],
    "pipelines.build_site": ["pipelines/templates", "src/analysis/fit", "src/analysis/inference"],
}  # files that modules read


def strip(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A new notebook with sources and tags only."""
    cells = []
    for number, cell in enumerate(notebook.cells, 1):
        make = {
            "code": nbformat.v4.new_code_cell,
            "markdown": nbformat.v4.new_markdown_cell,
            "raw": nbformat.v4.new_raw_cell,
        }[cell.cell_type]
        tags = cell.metadata.get("tags")
        cells.append(
            make(source=cell.source.rstrip(), id=f"cell-{number:03d}", metadata={"tags": list(tags)} if tags else {})
        )
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return nbformat.v4.new_notebook(cells=[c for c in cells if c.source.strip()], metadata=metadata)


def imported(notebook: nbformat.NotebookNode, modules: set[str]) -> set[str]:
    """Modules of the project that the cells of a notebook import."""
    found = set()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found & modules


def closure(graph: grimp.ImportGraph, start: set[str]) -> set[str]:
    """Modules that some of `start` stand on, with the packages above them, which Python runs first."""
    found: set[str] = set()
    for module in start:
        found |= {module, *graph.find_upstream_modules(module)}
    return found | {
        ".".join(module.split(".")[:depth]) for module in found for depth in range(1, module.count(".") + 1)
    }


def file_of(module: str) -> Path:
    """The file of a module."""
    package, *rest = module.split(".")
    path = PACKAGES[package].joinpath(*rest)
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def code_list(modules: set[str], also: list[str], prose: str = "") -> str:
    """Files with their checksums, one a line: of modules, of folders, of a notebook's prose in other languages."""
    files = {file_of(module) for module in modules} | {paths.ROOT / "requirements.lock"}
    files |= set(paths.WORDS.glob(f"prose/*/{prose}.po"))
    for folder in also:
        files |= {path for path in (paths.ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"}
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(paths.ROOT).as_posix()}\n"
        for path in sorted(files)
    )


def main() -> int:
    graph = grimp.build_graph(*PACKAGES, include_external_packages=False, cache_dir=None)
    with staging("strip") as folder:
        for part in ("notebooks", "code"):
            (folder / part).mkdir()
        for name, path in notebooks().items():
            stripped = strip(nbformat.read(path, as_version=4))
            (folder / "notebooks" / path.name).write_text(nbformat.writes(stripped) + "\n", encoding="utf-8")
            modules = closure(graph, {RUNNER, *imported(stripped, graph.modules)})
            (folder / "code" / f"{name}.txt").write_text(code_list(modules, ALSO[RUNNER], name), encoding="utf-8")
        for module in sorted(graph.find_children("pipelines")):
            (folder / "code" / f"{module.partition('.')[2]}.txt").write_text(
                code_list(closure(graph, {module}), ALSO.get(module, [])), encoding="utf-8"
            )
        for part in ("notebooks", "code"):
            replace(folder / part, paths.BUILD / part)
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
