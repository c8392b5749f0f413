"""Executed notebooks as pages in a language: the prose from the catalogues, tables and figures as they are said,
no request to any other host."""

from __future__ import annotations

import copy
import csv
import html
import re
from pathlib import Path

import nbformat

from analysis.present.policy import inline_scripts, with_policy
from analysis.present.prose import translated

TEMPLATES = Path(__file__).parent / "templates"


def in_language(notebook: nbformat.NotebookNode, name: str, folder: Path, language: str) -> nbformat.NotebookNode:
    """A copy of an executed notebook that speaks a language.

    Parameters
    ----------
    name : str
        its section of ``params.yaml``.
    folder : Path
        what the notebook published (``results/fit``): its tables and figures in `language` take the place of those
        shown.
    """
    spoken = copy.deepcopy(notebook)
    for cell in spoken.cells:
        if cell.cell_type == "markdown":
            cell.source = translated(cell.source, name, language)
        for output in cell.get("outputs", []):
            shown = output.get("metadata", {}).get("workbench", {})
            if "figure" in shown:
                output["data"] = {
                    "image/svg+xml": (folder / "said" / language / "figures" / f"{shown['figure']}.svg").read_text(
                        encoding="utf-8"
                    )
                }
            elif "table" in shown:
                output["data"] = {
                    "text/html": table_html(folder / "said" / language / "tables" / f"{shown['table']}.csv")
                }
    return spoken


def table_html(path: Path) -> str:
    """A said table as HTML; every cell is text."""
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)

    def line(tag: str, row: list[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"

    body = "".join(line("td", row) for row in rows)
    return f'<div><table class="dataframe"><thead>{line("th", head)}</thead><tbody>{body}</tbody></table></div>'


def headings(notebook: nbformat.NotebookNode) -> list[tuple[int, str, str]]:
    """Level, text and anchor of the headings of markdown cells (level 2 and 3)."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for marks, text in re.findall(r"^(#{2,3})\s+(.+?)\s*$", cell.source, re.M):
                found.append((len(marks), text, text.replace(" ", "-")))
    return found


def page(notebook: nbformat.NotebookNode, name: str, title: str, folder: Path, language: str) -> str:
    """One self-contained page of a notebook, by its section: table of contents, foldable code."""
    from nbconvert import HTMLExporter

    spoken = in_language(notebook, name, folder, language)
    exporter = HTMLExporter(template_name="reviewer", extra_template_basedirs=[str(TEMPLATES)])
    exporter.mathjax_url = exporter.require_js_url = exporter.jquery_url = exporter.mermaid_js_url = ""
    body, _ = exporter.from_notebook_node(spoken, resources={"metadata": {"name": title}, "toc": headings(spoken)})
    own = inline_scripts((TEMPLATES / "reviewer" / "index.html.j2").read_text(encoding="utf-8"))
    return with_policy(re.sub(r"[ \t]+\n", "\n", body), own)
