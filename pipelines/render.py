"""Executed notebooks as HTML for reviewers: table of contents, foldable code, no request to any other host."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from analysis.present.policy import inline_scripts, with_policy

TEMPLATES = Path(__file__).parent / "templates"


def headings(notebook: nbformat.NotebookNode) -> list[tuple[int, str, str]]:
    """Level, text and anchor of the headings of markdown cells (level 2 and 3)."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for marks, text in re.findall(r"^(#{2,3})\s+(.+?)\s*$", cell.source, re.M):
                found.append((len(marks), text, text.replace(" ", "-")))
    return found


def to_html(notebook: nbformat.NotebookNode, title: str) -> str:
    """One self-contained page."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="reviewer", extra_template_basedirs=[str(TEMPLATES)])
    exporter.mathjax_url = exporter.require_js_url = exporter.jquery_url = exporter.mermaid_js_url = ""
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}, "toc": headings(notebook)})
    own = inline_scripts((TEMPLATES / "reviewer" / "index.html.j2").read_text(encoding="utf-8"))
    return with_policy(re.sub(r"[ \t]+\n", "\n", body), own)
