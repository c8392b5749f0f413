"""Writes a source-only copy of a notebook: what the pipeline depends on, whatever Jupyter wrote into the file.

Cell ids come from the position, all metadata but tags is dropped, outputs and counts are emptied; so the copy has the
same bytes whether the notebook was opened, run and saved or not.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

from pipelines.conditions import run_sealed
from pipelines.staging import replace_text


def strip(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A new notebook with sources and tags only."""
    cells = []
    for number, cell in enumerate(notebook.cells, 1):
        make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell, "raw": nbformat.v4.new_raw_cell}[cell.cell_type]
        tags = cell.metadata.get("tags")
        cells.append(make(source=cell.source.rstrip(), id=f"cell-{number:03d}", metadata={"tags": list(tags)} if tags else {}))
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=[c for c in cells if c.source.strip()], metadata=metadata)


def main(argv: list[str] | None = None) -> int:
    source, target = map(Path, argv or sys.argv[1:])
    stripped = strip(nbformat.read(source, as_version=4))
    replace_text(target, nbformat.writes(stripped) + "\n", f"strip.{source.stem}")
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
