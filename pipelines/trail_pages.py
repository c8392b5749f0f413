"""The trail of every number of the report as HTML: number → formula and cells → the printed table with the cell
marked."""

from __future__ import annotations

import re
from dataclasses import dataclass

import jinja2

from analysis.clean import load
from analysis.ground import paths
from analysis.present.words import page_words
from analysis.reconcile.trail import Index, inputs_of, printed_table


@dataclass
class Group:
    """A printed table, or a list of figures of prose or statistics, with the cells that trails lead to."""

    title: str
    head: list[list[str]]
    rows: list[dict]  # kind, id of the row, cells: (id, text)


def trails(names: list[str], numbers: dict[str, dict], index: Index) -> list[dict]:
    """What a reader sees of each number: its cells are followed through the numbers it was computed from."""
    return [
        {
            "name": name,
            **numbers[name],
            "cells": [index.cell(key) for key in inputs_of(name, numbers)],
            "from": [key for key in numbers[name]["origin"]["inputs"] if key in numbers],
        }
        for name in names
    ]


def groups(found: list[dict], language: str) -> list[Group]:
    """The printed tables and lists that the cells stand in, in the order of sources."""
    words, title = page_words(language)["trail"], page_words(language)["report"]["group_title"]
    cells = {cell.address: cell for trail in found for cell in trail["cells"] if cell.address}
    titles = load.sources().set_index("source_id")[f"short_{language}"]
    made = []
    for source_id in load.sources()["source_id"]:
        own = [cell for cell in cells.values() if cell.source_id == source_id]
        tables = sorted(
            {cell.group for cell in own if cell.kind in {"table", "record"}},
            key=lambda t: [(int(n), rest) for n, rest in re.findall(r"(\d+)([^-\d]*)", t)],
        )
        for table_id in tables:
            rows = printed_table(source_id, table_id)
            body = [
                {
                    "id": f"{source_id}_{table_id}_{line}_row",
                    "kind": kind,
                    "cells": [(f"{source_id}_{table_id}_{line}_{i}", text) for i, text in enumerate(row, 1)],
                }
                for kind, line, *row in rows
                if kind != "header"
            ]
            made.append(
                Group(
                    title.format(source=titles[source_id], what=f"{words['table']}{table_id}"),
                    [row for kind, _, *row in rows if kind == "header"],
                    body,
                )
            )
        for kind, what in (("prose", words["sections"]), ("statistic", words["statistics"])):
            listed = [cell for cell in own if cell.kind == kind]
            if listed:
                body = [
                    {
                        "id": f"{c.address}_row",
                        "kind": "record",
                        "cells": [("", c.place), ("", c.what), (c.address, c.printed), ("", c.line)],
                    }
                    for c in listed
                ]
                made.append(
                    Group(
                        title.format(source=titles[source_id], what=what),
                        [[words["place"], words["what"], words["printed"], words["line"]]],
                        body,
                    )
                )
    return made


def trail_html(names: list[str], numbers: dict[str, dict], language: str) -> str:
    """The section that a report ends with; every text from data is escaped."""
    index = Index(language)
    found = trails(names, numbers, index)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.REPORT), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("trail.html.j2").render(
        words=page_words(language)["trail"], trails=found, groups=groups(found, language), language=language
    )
