"""Builds the reviewers' site: start page, report, notebooks, audit, numbers with their trails, dictionary, downloads,
methods.

The main language of ``params.yaml`` lies at the root, each other one in a folder of its code.

``python -m pipelines.build_site`` writes ``results/site``; it opens from a folder, from any sub-path of a server, and
asks no other host. ``--serve`` shows it on this machine only.
"""

from __future__ import annotations

import argparse
import csv
import html
import importlib
import os
import pkgutil
import re
import shutil
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat

from analysis.ground import paths
from analysis.ground.dictionary import indicators
from analysis.ground.errors import DataFault, DataProblem, Problems
from analysis.ground.files import languages
from analysis.ground.outgoing import disarmed_csv
from analysis.ground.params import load_params
from analysis.present.policy import inline_scripts, with_policy
from analysis.present.prose import translated
from analysis.present.published import catalogue, folders, read_ledger
from analysis.present.words import page_words
from analysis.reconcile.trail import published
from pipelines.build_briefs import DOCUMENTS, MADE
from pipelines.build_report import Manuscript, pandoc_arguments, run_pandoc
from pipelines.collect_numbers import AUDIT, CHECKS
from pipelines.conditions import die_with_parent, run_sealed
from pipelines.render import in_language
from pipelines.staging import replace, staging
from pipelines.trail_pages import trail_html
from pipelines.workbook import save_workbook

TEMPLATES = Path(__file__).parent / "templates" / "site"
SITE = paths.RESULTS / "site"
KEY_FIGURES = ("fit_sector_range", "employment_outcomes", "reconcile_audit")
DATA_FILES = {
    "workbook": "specialty-alignment.xlsx",
    "parquet": "observations.parquet",
    "package": "datapackage.json",
    "numbers": "numbers.json",
    "reconciliation": "reconciliation.csv",
}
FILES = ("docx", "pdf")  # of the report; its page is part of the site
MATHEMATICS = ("analysis.fit", "analysis.inference")  # rooms whose functions have pages of their own
DOCUMENTATION = {
    "methods": "docs/methods.md",
    "what_the_checks_cannot_see": "docs/what_the_checks_cannot_see.md",
    "adding_a_year": "docs/adding_a_year.md",
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
}


def data_table(
    identifier: str,
    head: list[str],
    rows: Iterable[tuple[str, list[str]]],
    words: dict,
    *,
    label: str,
    chosen: dict[str, str] | None = None,
) -> str:
    """A table that sorts and filters; cells are HTML, text from data escaped by who makes them."""
    options = "".join(
        f'<option value="{html.escape(value)}">{html.escape(name)}</option>' for value, name in (chosen or {}).items()
    )
    select = (
        f'<label>{words["verdict"]}<br><select name="chosen">'
        f'<option value="">{words["all"]}</option>{options}</select></label>'
        if chosen
        else ""
    )
    body = "\n".join(
        f'<tr data-chosen="{html.escape(key)}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        for key, cells in rows
    )
    heads = "".join(f'<th scope="col"><button type="button">{html.escape(h)}</button></th>' for h in head)
    return (
        f'<form class="filter" data-for="{identifier}"><label>{words["search"]}<br><input name="words" type="search">'
        f"</label>{select}<span>{words['shown']} <output>&nbsp;</output></span></form>\n"
        f'<div class="scroll" role="region" tabindex="0" aria-label="{html.escape(label)}">'
        f'<table class="data" id="{identifier}"><thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n'
        "</tbody></table></div>"
    )


def raw(text: str) -> str:
    """HTML inside a page; the fence is longer than any in it."""
    fence = "`" * (max((len(m) for m in re.findall(r"`+", text)), default=2) + 3)
    return f"{fence}{{raw}} html\n{text}\n{fence}\n"


class Side:
    """The pages of one language."""

    def __init__(self, language: str, folder: Path):
        self.language, self.folder, self.words = language, folder, page_words(language)["site"]
        self.main = language == languages()[0]
        self.notebooks = folders(list(load_params()["analyses"]))
        self.numbers, self.catalogue = published(language), catalogue(self.notebooks, language)
        self.extra = folder / "_extra"  # copied as it is
        self.extra.mkdir(parents=True)

    def page(self, name: str, title: str, *parts: str, wide: bool = False) -> None:
        """A page; a wide one gives the room of its own contents to its table."""
        text = "\n\n".join([*(["---\nhide-toc: true\n---"] if wide else []), f"# {title}", *parts])
        target = self.folder / f"{name}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text + "\n", encoding="utf-8")

    def write(self) -> None:
        w = self.words
        fragment = self._report()
        tree = "\n".join(
            f"{w[p]} <{p if p not in ('notebooks', 'methods', 'briefs') else p + '/index'}>"
            for p in ("report", "audit", "numbers", "briefs", "notebooks", "methods", "dictionary", "downloads")
        )
        summary = re.search(r'<section id="summary".*?</section>', fragment, re.S)[0]
        summary = re.sub(r' id="[^"]*"', "", re.sub(r"<h1[^>]*>.*?</h1>", "", summary, flags=re.S))
        figures = "\n".join(self._figure(name) for name in KEY_FIGURES if name in self.catalogue["figures"])
        self.page(
            "index",
            w["title"],
            html.escape(w["lead"]),
            raw(summary + figures),
            f"```{{toctree}}\n:maxdepth: 1\n\n{tree}\n```",
        )
        files = " · ".join(
            f'<a href="files/specialty-alignment.{self.language}.{suffix}">{suffix.upper()}</a>' for suffix in FILES
        )
        self.page("report", w["report"], raw(f"<p>{w['formats']}: {files}</p>\n{fragment}"))
        self._audit()
        self._numbers()
        self._notebooks()
        self._briefs()
        self._documentation()
        self.page(
            "dictionary",
            w["dictionary"],
            w["dictionary_lead"],
            raw(
                data_table(
                    "dictionary",
                    list(w["indicator_columns"].values()),
                    (
                        (
                            i.kind,
                            [
                                html.escape(t)
                                for t in (
                                    i.code,
                                    i.label(languages()[0]),
                                    i.label(languages()[-1]),
                                    i.unit,
                                    w["kinds"][i.kind],
                                    i.defined(self.language),
                                )
                            ],
                        )
                        for i in indicators().values()
                    ),
                    w,
                    label=w["dictionary"],
                )
            ),
            wide=True,
        )
        self._downloads()

    def _figure(self, name: str) -> str:
        self._copy(paths.ROOT / f"{self.catalogue['figures'][name]['path']}.svg", "figures")
        return (
            f'<figure><img src="figures/{name}.svg" alt="{html.escape(self.catalogue["figures"][name]["alt"])}">'
            "</figure>"
        )

    def _copy(self, source: Path, folder: str) -> None:
        (self.extra / folder).mkdir(exist_ok=True)
        shutil.copyfile(source, self.extra / folder / source.name)

    def _report(self) -> str:
        """The report as a fragment of a page, its numbers linked to the page of trails."""
        manuscript = Manuscript(
            paths.REPORT / f"manuscript.{self.language}.md", self.numbers, self.catalogue, self.language
        )
        markdown = manuscript.expand()
        for place, name in set(re.findall(r"\((results/[a-z0-9_/-]+/([a-z0-9_]+))\.png\)", markdown, re.I)):
            self._copy(paths.ROOT / f"{place}.svg", "figures")
            markdown = markdown.replace(f"({place}.png)", f"(figures/{name}.svg)")
        template = self.folder.parent / f"fragment-{self.language}.html"
        template.write_text('<nav class="report-contents">\n$toc$\n</nav>\n$body$\n', encoding="utf-8")
        text = run_pandoc(
            markdown,
            "html5",
            [*pandoc_arguments(self.language), f"--template={template}", "--toc", "--toc-depth=2", "--section-divs"],
        )
        # headings lie one level below the page's own; the page of trails knows the way back
        text = re.sub(r"<(/?)h([1-5])(?=[ >])", lambda m: f"<{m[1]}h{int(m[2]) + 1}", text)
        trails = trail_html(list(self.numbers), self.numbers, self.language).replace(
            'href="#use_', 'href="report.html#use_'
        )
        unused = set(self.numbers) - set(manuscript.used)
        trails = re.sub(
            r'<p><a href="report\.html#use_(\w+)">[^<]*</a></p>', lambda m: "" if m[1] in unused else m[0], trails
        )
        style = (paths.REPORT / "report.css").read_text(encoding="utf-8")
        lang = page_words(self.language)["html_language"]
        (self.extra / "trails.html").write_text(
            "<!DOCTYPE html>\n"
            f'<html lang="{lang}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{self.words['numbers']}</title><style>{style}</style></head>\n"
            f'<body><nav><a href="index.html">{self.words["title"]}</a> · <a '
            f'href="numbers.html">{self.words["numbers"]}</a></nav>\n<main>{trails}</main></body></html>\n',
            encoding="utf-8",
        )
        return text.replace('href="#trail_', 'href="trails.html#trail_')

    def _audit(self) -> None:
        w = self.words
        with (paths.RESULTS / AUDIT / self.language / CHECKS).open(encoding="utf-8", newline="") as file:
            rows = [
                (
                    r["verdict"],
                    [
                        html.escape(plain(r[c]) if c == "recomputed" else r[c])
                        if c != "verdict"
                        else f'<span class="verdict-{r[c].replace(" ", "-")}">{w["verdicts"][r[c]]}</span>'
                        for c in ("where", "what", "printed", "recomputed", "unit", "verdict", "formula", "note")
                    ],
                )
                for r in csv.DictReader(file)
            ]
        counts = w["counts"].format(all=len(rows), judged=sum(verdict != "not recomputable" for verdict, _ in rows))
        self.page(
            "audit",
            w["audit"],
            w["audit_lead"] + counts,
            raw(data_table("audit", list(w["columns"].values()), rows, w, label=w["audit"], chosen=w["verdicts"])),
            wide=True,
        )

    def _numbers(self) -> None:
        w = self.words
        rows = [
            (
                n["origin"]["notebook"],
                [
                    f'<a class="number" href="trails.html#trail_{html.escape(name)}">{html.escape(n["text"])}</a>',
                    html.escape(n["unit"]),
                    f"<code>{html.escape(name)}</code>",
                    html.escape(n["origin"]["formula"]),
                    html.escape(n["origin"]["notebook"]),
                ],
            )
            for name, n in self.numbers.items()
        ]
        self.page(
            "numbers",
            w["numbers"],
            w["numbers_lead"],
            raw(data_table("numbers", list(w["number_columns"].values()), rows, w, label=w["numbers"])),
            wide=True,
        )

    def _notebooks(self) -> None:
        """Executed notebooks in this language: of the sources that were cleaned, and of the analyses."""
        cleaned = [("clean", paths.RESULTS / "clean" / item, item) for item in load_params()["sources"]]
        analyses = [(section, folder, "") for section, folder in self.notebooks.items()]
        names = []
        (self.folder / "notebooks").mkdir(exist_ok=True)
        for section, folder, item in cleaned + analyses:
            path = next(folder.glob("*.ipynb"))
            executed, name = nbformat.read(path, as_version=4), f"{path.stem}-{item}" if item else path.stem
            nbformat.write(
                for_reading(in_language(executed, section, folder, self.language), item, self.catalogue["figures"]),
                self.folder / "notebooks" / f"{name}.ipynb",
            )
            names.append(name)
        self.page(
            "notebooks/index",
            self.words["notebooks"],
            self.words["notebooks_lead"],
            "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(sorted(names)) + "\n```",
        )

    def _briefs(self) -> None:
        items = []
        (self.extra / "files").mkdir(exist_ok=True)
        for partner in load_params()["briefs"]:
            stem = f"{partner}.{self.language}"
            said = read_ledger(paths.RESULTS / MADE / partner)["said"][self.language]["numbers"]
            for suffix in ("html", "docx"):
                shutil.copyfile(
                    paths.RESULTS / "report" / DOCUMENTS / self.language / f"{stem}.{suffix}",
                    self.extra / "files" / f"{stem}.{suffix}",
                )
            items.append(
                f'<li><a href="../files/{stem}.html">{html.escape(said["country_brief_country"]["text"])}</a> · '
                f'{html.escape(said["country_brief_facts"]["text"])} · <a href="../files/{stem}.docx">DOCX</a></li>'
            )
        self.page(
            "briefs/index", self.words["briefs"], self.words["briefs_lead"], raw("<ul>" + "\n".join(items) + "</ul>")
        )

    def _documentation(self) -> None:
        present = {name: paths.ROOT / file for name, file in DOCUMENTATION.items() if (paths.ROOT / file).exists()}
        for name, file in present.items():
            text = file.read_text(encoding="utf-8")
            text = text if name == "changelog" else translated(text, file.stem, self.language)
            (self.folder / "methods").mkdir(exist_ok=True)
            (self.folder / "methods" / f"{name}.md").write_text(text, encoding="utf-8")
        present |= self._reference()
        self.page(
            "methods/index",
            self.words["methods"],
            self.words["methods_lead"],
            "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(present) + "\n```",
        )

    def _reference(self) -> dict[str, Path]:
        """A page a module of the mathematics, from its docstrings; they are written in English."""
        made = {}
        for room in MATHEMATICS:
            for info in pkgutil.iter_modules(importlib.import_module(room).__path__, f"{room}."):
                if not info.name.rpartition(".")[2].startswith("_"):
                    name = info.name.removeprefix("analysis.").replace(".", "-")
                    made[name] = self.folder / "methods" / f"{name}.md"
                    directive = f".. automodule:: {info.name}\n   :members:\n   :member-order: bysource"
                    made[name].write_text(f"# {info.name}\n\n```{{eval-rst}}\n{directive}\n```\n", encoding="utf-8")
        return made

    def _downloads(self) -> None:
        w, files = self.words, [(DATA_FILES[key], said) for key, said in self.words["files"].items()]
        for suffix in FILES:
            self._copy(paths.RESULTS / "report" / f"specialty-alignment.{self.language}.{suffix}", "files")
        listed = [
            f'<li><a href="files/specialty-alignment.{self.language}.{suffix}">{w["report"]} ({suffix.upper()})</a>'
            "</li>"
            for suffix in FILES
        ]
        # data stand once, beside the pages of the main language
        up = "" if self.main else "../"
        if self.main:
            for path in sorted(paths.PROCESSED.iterdir()):
                self._copy(path, "data")
                if path.suffix == ".csv":
                    # people open these in a spreadsheet; the Parquet and data/processed keep the text as printed
                    (self.extra / "data" / path.name).write_text(
                        disarmed_csv(path.read_bytes().decode("utf-8")), encoding="utf-8", newline="\n"
                    )
            self._copy(paths.RESULTS / "numbers.json", "data")
            self._copy(paths.RESULTS / "reconciliation.csv", "data")
            save_workbook(paths.PROCESSED, self.extra / "data" / "specialty-alignment.xlsx")
        data = [f'<li><a href="{up}data/{name}">{name}</a>: {said}</li>' for name, said in files]
        data += [f'<li><a href="{up}data/{p.name}">{p.name}</a></li>' for p in sorted(paths.PROCESSED.glob("*.csv"))]
        self.page(
            "downloads",
            w["downloads"],
            f"## {w['formats']}",
            raw("<ul>" + "\n".join(listed) + "</ul>"),
            f"## {w['data']}",
            raw("<ul>" + "\n".join(data) + "</ul>"),
        )


def plain(text: str) -> str:
    """A number of a CSV without the decimals that only a float has."""
    return f"{float(text):.10g}" if text else ""


def for_reading(notebook: nbformat.NotebookNode, item: str, figures: dict[str, dict]) -> nbformat.NotebookNode:
    """A notebook for the site: named by its item, code folded, parameters open,
    pictures with their alternative text."""
    if item:
        notebook.cells[0].source = re.sub(r"^(# .+)$", rf"\1: {item}", notebook.cells[0].source, count=1, flags=re.M)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        tags = cell.metadata.get("tags", [])
        # the parameters that the pipeline set stay open; the defaults fold like other code
        cell.metadata["tags"] = tags if "injected-parameters" in tags else [*tags, "hide-input"]
        shown = [o.get("metadata", {}).get("workbench", {}).get("figure") for o in cell.get("outputs", [])]
        if any(shown):
            cell.metadata["mystnb"] = {"image": {"alt": figures[next(filter(None, shown))]["alt"]}}
    return notebook


def build_side(language: str, scratch: Path) -> list[DataProblem]:
    """Pages of one language, then Sphinx; what it warns about is returned as faults. Runs in a process of its own:
    Sphinx keeps state."""
    source = scratch / f"source-{language}"
    source.mkdir()
    try:
        Side(language, source).write()
    except DataFault as fault:
        return fault.problems
    return run_sphinx(source, scratch / f"site-{language}", language)


def escape_bars(lines: list[str]) -> None:
    """In docstrings |x| is the size of x, not a substitution; examples stay as they are."""
    lines[:] = [line if line.lstrip().startswith((">>>", "...")) else line.replace("|", r"\|") for line in lines]


def run_sphinx(source: Path, target: Path, language: str) -> list[DataProblem]:
    """One language of the site by Sphinx; every warning is a fault."""
    import io

    from sphinx import search
    from sphinx.application import Sphinx

    from pipelines.site_search import ChinesePairs

    search.languages["zh"] = ChinesePairs
    words, others = page_words(language), [one for one in languages() if one != language]
    options = {
        "project": words["site"]["title"],
        "extensions": ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"],
        "autodoc_typehints": "none",
        "napoleon_google_docstring": False,
        "language": words["locale"],
        "html_theme": "furo",
        "html_title": words["site"]["title"],
        "templates_path": [str(TEMPLATES)],
        "html_static_path": [str(TEMPLATES / "static")],
        "html_extra_path": [str(source / "_extra")],
        "exclude_patterns": ["_extra", "conf.py"],
        "nb_execution_mode": "off",
        "html_show_search_summary": False,
        "html_copy_source": False,
        "html_show_sphinx": False,
        "html_last_updated_fmt": None,
        "pygments_style": "a11y-light",
        "pygments_dark_style": "a11y-dark",
        "nb_ipywidgets_js": {},
        "html_sidebars": {
            "**": [
                "sidebar/brand.html",
                "sidebar/search.html",
                *(["language.html"] if others else []),
                "sidebar/scroll-start.html",
                "sidebar/navigation.html",
                "sidebar/scroll-end.html",
            ]
        },
        "myst_heading_anchors": 3,
        "html_show_copyright": False,
        "nb_code_prompt_show": words["site"]["unfold"],
        "nb_code_prompt_hide": words["site"]["fold"],
        "suppress_warnings": ["myst.header", "myst.xref_missing", "misc.highlighting_failure"],
    }
    warnings = io.StringIO()
    (source / "conf.py").write_text(
        "".join(f"{name} = {value!r}\n" for name, value in options.items()), encoding="utf-8"
    )
    app = Sphinx(
        str(source),
        str(source),
        str(target),
        str(source.parent / f"doctrees-{language}"),
        "html",
        status=None,
        warning=warnings,
        freshenv=True,
        parallel=1,
    )
    app.add_css_file("site.css")
    app.add_js_file("site.js")

    def context(app, pagename, templatename, context, doctree):
        up = "" if language == languages()[0] else "../"
        context["others"] = [
            {
                "name": page_words(one)["name"],
                "code": page_words(one)["locale"].replace("_", "-"),
                "page": f"{up}{'' if one == languages()[0] else f'{one}/'}{pagename}.html",
            }
            for one in others
        ]

    app.connect("html-page-context", context)
    app.connect("autodoc-process-docstring", lambda app, what, name, thing, options, lines: escape_bars(lines))
    app.build()
    problems = Problems()
    for line in warnings.getvalue().splitlines():
        problems.add("the site", re.sub(r"\x1b\[[0-9;]*m", "", line).replace(str(source), ""), "Correct the page")
    for name in (".buildinfo", ".nojekyll"):
        (target / name).unlink(missing_ok=True)
    protect(target, problems)
    return problems


EVALUATES = re.compile(r"""new Function\(\s*"n",\s*`return \(\$\{catalog\.plural_expr\}\)`,?\s*\)""")


def protect(site: Path, problems: Problems) -> None:
    """Give every page its policy. The index holds no data: what runs there is the theme's,
    and nothing else may run elsewhere."""
    # Sphinx evaluates the rule of the plural as text; written out, no page needs to evaluate anything
    scripts, catalogue = site / "_static" / "doctools.js", site / "_static" / "translations.js"
    rule = (
        re.search(r'"plural_expr": "([n0-9 !=<>()&|?:%]+)"', catalogue.read_text(encoding="utf-8"))[1]
        if catalogue.exists()
        else "n !== 1"
    )
    text, found = EVALUATES.subn(lambda _: f"(n) => Number({rule})", scripts.read_text(encoding="utf-8"))
    if found != 1:
        problems.add(
            "_static/doctools.js",
            f"evaluates text in {found} places known, not in one",
            "Look at what Sphinx writes now, and adapt protect in pipelines/build_site.py",
        )
    scripts.write_text(text, encoding="utf-8", newline="\n")
    own = inline_scripts((site / "genindex.html").read_text(encoding="utf-8"))
    for path in sorted(site.rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        if path.relative_to(site).parts[0] == "files":
            continue  # a brief, which has its policy
        for script in inline_scripts(page):
            if script not in own:
                problems.add(
                    path.relative_to(site).as_posix(),
                    "holds a script that the theme does not",
                    "Data must stay text; escape it where the page is made",
                    printed=script,
                )
        path.write_text(with_policy(page, own), encoding="utf-8", newline="\n")


def build() -> Path:
    """Build the whole site; the old one is replaced only when all is built."""
    os.environ["SOURCE_DATE_EPOCH"] = "946684800"
    with staging("site") as scratch:
        problems = Problems()
        with ProcessPoolExecutor(len(languages()), initializer=die_with_parent, initargs=(os.getpid(),)) as pool:
            for job in [pool.submit(build_side, language, scratch) for language in languages()]:
                problems += job.result()
        problems.stop()
        main_language, *others = languages()
        for language in others:
            (scratch / f"site-{language}").rename(scratch / f"site-{main_language}" / language)
        replace(scratch / f"site-{main_language}", SITE)
    return SITE


def serve(port: int) -> None:
    """Show the site on loopback until interrupted."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    with ThreadingHTTPServer(("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=str(SITE))) as server:
        print(f"http://127.0.0.1:{server.server_port}/ (end with Ctrl-C)", flush=True)
        server.serve_forever()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.build_site", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--serve", action="store_true", help="show the site that is there on loopback")
    parser.add_argument("--port", type=int, default=8042)
    arguments = parser.parse_args(argv)
    try:
        if arguments.serve:
            serve(arguments.port)
        else:
            build()
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
