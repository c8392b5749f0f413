"""What a change moves, as one page: ``python -m pipelines.review BASE [--head REVISION]`` (``make review BASE=…``).

Numbers of the report (old, new, difference) in every language, figures side by side as the notebooks show them, tables,
verdicts of the audit, rows of data added, removed or revised. The new side is the working tree unless ``--head`` names
a revision. Nothing is rebuilt: run ``make repro`` first.
"""

from __future__ import annotations

import argparse
import base64
import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from analysis.ground import paths
from analysis.ground.messages import run_spoken
from analysis.present.policy import with_policy

TEMPLATES = Path(__file__).parent / "templates"
AUDIT = "results/reconciliation.csv"
KEYS = (
    "fact_id",
    "figure_id",
    "check_id",
)  # columns that name a row; other tables are compared by position of equal rows


class NoRevision(ValueError):
    """A revision that git does not know."""


def git(*arguments: str) -> bytes:
    """Output of git in this workspace."""
    done = subprocess.run(["git", "-c", "core.quotepath=off", *arguments], cwd=paths.ROOT, capture_output=True)
    if done.returncode:
        raise NoRevision(
            f"git {arguments[0]}: {done.stderr.decode('utf-8', 'replace').strip().removeprefix('fatal: ')}. Name a "
            "commit, branch or tag"
        )
    return done.stdout


@dataclass(frozen=True)
class Revision:
    """Files of one side; an empty revision is the working tree."""

    revision: str

    @property
    def name(self) -> str:
        return (
            git("log", "-1", "--format=%h %s", self.revision, "--").decode("utf-8").strip()
            if self.revision
            else "working tree"
        )

    def files(self, *folders: str) -> dict[str, str]:
        """Path → content hash, of what lies in the folders."""
        if self.revision:
            listed = git("ls-tree", "-r", "-z", self.revision, "--", *folders).decode("utf-8").split("\0")
            return {entry.partition("\t")[2]: entry.split()[2] for entry in listed if entry}
        names = [
            p
            for p in git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders)
            .decode("utf-8")
            .split("\0")
            if p and (paths.ROOT / p).is_file()
        ]
        if not names:
            return {}
        hashed = (
            subprocess.run(
                ["git", "hash-object", "--stdin-paths"],
                cwd=paths.ROOT,
                input="\n".join(names).encode("utf-8"),
                capture_output=True,
                check=True,
            )
            .stdout.decode()
            .split()
        )
        return dict(zip(names, hashed))

    def read(self, path: str) -> bytes:
        return git("show", f"{self.revision}:{path}") if self.revision else (paths.ROOT / path).read_bytes()


def changed(old: Revision, new: Revision, *folders: str, suffix: str) -> list[tuple[str, bool, bool]]:
    """Paths whose content differs, and on which sides they are."""
    a, b = old.files(*folders), new.files(*folders)
    return [
        (path, path in a, path in b)
        for path in sorted(a.keys() | b.keys())
        if a.get(path) != b.get(path) and path.endswith(suffix)
    ]


def said(entry: dict) -> str:
    """Text and unit of a number, in each language that says it otherwise."""
    texts = [
        f"{one['text']} {one['unit'] if one['unit'] not in one['text'] else ''}".strip()
        for one in entry.get("said", {"": entry}).values()
    ]
    return " · ".join(dict.fromkeys(texts))


def numbers(old: Revision, new: Revision) -> list[dict]:
    """Numbers that moved, came or went; those that the report shows come first."""
    path = "results/numbers.json"
    a, b = (json.loads(side.read(path)) if path in side.files(path) else {} for side in (old, new))
    shown = set()
    for side in (old, new):
        for manuscript in side.files("report"):
            if re.fullmatch(r"report/manuscript\.\w+\.md", manuscript):
                shown |= set(re.findall(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}", side.read(manuscript).decode("utf-8")))
    found = []
    for name in sorted(a.keys() | b.keys()):
        before, after = a.get(name), b.get(name)
        if before and after and before["value"] == after["value"] and said(before) == said(after):
            continue
        both = before and after and not isinstance(before["value"], str) and not isinstance(after["value"], str)
        found.append(
            {
                "name": name,
                "in_report": name in shown,
                "old": before and said(before),
                "new": after and said(after),
                "difference": f"{after['value'] - before['value']:+.6g}" if both else "",
                "formula": (after or before)["origin"]["formula"],
            }
        )
    return sorted(found, key=lambda n: not n["in_report"])


def figures(old: Revision, new: Revision) -> list[dict]:
    """Pictures that changed, both sides."""
    found = []
    for path, was, now in changed(old, new, "results", suffix=".ipynb"):
        a, b = pictures(old, path, was), pictures(new, path, now)
        found += [
            {"name": name, "old": a.get(name, ""), "new": b.get(name, "")}
            for name in dict.fromkeys([*a, *b])
            if a.get(name) != b.get(name)
        ]
    return found


def pictures(side: Revision, path: str, there: bool) -> dict[str, str]:
    """Figures that an executed notebook shows, by name, as base64."""
    shown = {}
    for cell in json.loads(side.read(path))["cells"] if there else []:
        for output in cell.get("outputs", []):
            if name := output.get("metadata", {}).get("workbench", {}).get("figure"):
                svg = output["data"]["image/svg+xml"]
                shown[name] = base64.b64encode("".join(svg).encode("utf-8")).decode()
    return shown


def rows_of(side: Revision, path: str, there: bool) -> list[list[str]]:
    return list(csv.reader(io.StringIO(side.read(path).decode("utf-8-sig", "replace")))) if there else []


def difference(old: list[list[str]], new: list[list[str]]) -> list[tuple[str, list, list]]:
    """Rows added, removed and revised: ``(kind, old row, new row)``.

    Rows with a name of their own (`KEYS`) are paired by it;
    of other tables equal rows are taken out and what is left between them is paired in order.
    """
    head = (new or old or [[]])[0]
    key = next((head.index(k) for k in KEYS if k in head), None)
    named = (
        key is not None
        and old
        and new
        and old[0] == new[0]
        and all(len({r[key] for r in side}) == len(side) for side in (old, new))
    )
    if named:
        a, b = {r[key]: r for r in old[1:]}, {r[key]: r for r in new[1:]}
        pairs = [(a.get(k), b.get(k)) for k in [*a, *(k for k in b if k not in a)] if a.get(k) != b.get(k)]
    else:
        import difflib

        x, y = [tuple(r) for r in old], [tuple(r) for r in new]
        pairs = [
            pair
            for tag, i, j, m, n in difflib.SequenceMatcher(None, x, y, autojunk=False).get_opcodes()
            if tag != "equal"
            for pair in zip_longest(old[i:j], new[m:n])
        ]
    return [("added" if a is None else "removed" if b is None else "revised", a or [], b or []) for a, b in pairs]


def tables(old: Revision, new: Revision, *folders: str) -> list[dict]:
    """CSV files with rows that differ."""
    found = []
    for path, was, now in changed(old, new, *folders, suffix=".csv"):
        if path == AUDIT:
            continue  # has a part of its own
        before, after = rows_of(old, path, was), rows_of(new, path, now)
        differing = difference(before, after)
        found.append({"file": path, "head": (after or before or [[]])[0], "rows": differing, "count": len(differing)})
    return found


def claims(old: Revision, new: Revision) -> list[dict]:
    """Checks whose verdict, printed or recomputed figure changed, came or went."""
    path = AUDIT
    sides = [
        {r["check_id"]: r for r in csv.DictReader(io.StringIO(side.read(path).decode("utf-8")))}
        if path in side.files(path)
        else {}
        for side in (old, new)
    ]
    found = []
    for check in sorted(sides[0].keys() | sides[1].keys()):
        a, b = sides[0].get(check), sides[1].get(check)
        if (a and (a["verdict"], a["printed"], a["recomputed"])) != (
            b and (b["verdict"], b["printed"], b["recomputed"])
        ):
            found.append({**(b or a), "old": a and a["verdict"], "new": b and b["verdict"]})
    return found


def rows_html(table: dict) -> Markup:
    """Rows of one file, revised cells with old and new; every text is escaped."""

    def cells(kind: str, a: list[str], b: list[str]) -> str:
        if kind != "revised":
            mark = "ins" if kind == "added" else "del"
            return "".join(f"<td><{mark}>{escape(c)}</{mark}></td>" for c in (b if kind == "added" else a))
        return "".join(
            f"<td>{escape(y)}</td>" if x == y else f"<td><del>{escape(x or '')}</del> <ins>{escape(y or '')}</ins></td>"
            for x, y in zip_longest(a, b, fillvalue="")
        )

    heads = "".join(f"<th>{escape(h)}</th>" for h in ["", *table["head"]])
    body = "".join(f"<tr><td>{kind}</td>{cells(kind, a, b)}</tr>" for kind, a, b in table["rows"])
    return Markup(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table["file"])}"><table><thead>'
        f"<tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def review(base: str, head: str = "") -> str:
    """The page.

    Raises
    ------
    NoRevision
        for a revision that git does not know.
    """
    old, new = (
        Revision(git("rev-parse", "--verify", f"{base}^{{commit}}").decode().strip()),
        Revision(git("rev-parse", "--verify", f"{head}^{{commit}}").decode().strip() if head else ""),
    )
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)
    page = environment.get_template("review.html.j2").render(
        old=old,
        new=new,
        numbers=numbers(old, new),
        figures=figures(old, new),
        claims=claims(old, new),
        rows=rows_html,
        tables=tables(old, new, "results"),
        data=tables(old, new, "data/raw", "data/crosswalks"),
    )
    return with_policy(page)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.review", description=__doc__.splitlines()[0])
    parser.add_argument("base", help="revision to compare with")
    parser.add_argument("--head", default="", help="revision instead of the working tree")
    arguments = parser.parse_args(argv)
    try:
        text = review(arguments.base, arguments.head)
    except NoRevision as fault:
        print(f"{arguments.base} {arguments.head}: {fault}", file=sys.stderr)
        return 1
    target = paths.BUILD / "review.html"
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, encoding="utf-8")
    print(paths.shown(target))
    return 0


if __name__ == "__main__":
    sys.exit(run_spoken(main))
