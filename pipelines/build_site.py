"""Builds the reviewers' site: start page, report, notebooks, audit, numbers with their trails, dictionary, downloads, methods; Chinese, with an English twin.

``python -m pipelines.build_site`` writes ``results/site``; it opens from a folder, from any sub-path of a server, and asks no other host.
``--serve`` shows it on this machine only.
"""

from __future__ import annotations

import argparse
import csv
import html
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat

from analysis import paths
from analysis.dictionary import indicators
from analysis.errors import DataFault, DataProblem, Problems
from analysis.outgoing import disarmed_csv
from analysis.present.policy import inline_scripts, with_policy
from analysis.params import load_params
from pipelines.build_briefs import DOCUMENTS
from pipelines.build_report import Manuscript, pandoc_arguments, run_pandoc
from pipelines.conditions import die_with_parent, run_sealed
from pipelines.staging import replace, staging
from pipelines.trail_pages import trail_html
from pipelines.workbook import save_workbook

TEMPLATES = Path(__file__).parent / "templates" / "site"
SITE = paths.RESULTS / "site"
WORDS = {
    "zh": {
        "title": "专业—产业契合度工作台", "start": "首页", "report": "研究报告", "notebooks": "笔记本", "audit": "数字审计", "numbers": "数字与溯源", "dictionary": "数据字典", "downloads": "下载", "methods": "方法", "briefs": "国别简报",
        "search": "筛选", "all": "全部", "shown": "显示", "verdict": "结论", "formats": "报告文件", "data": "数据", "other": "English",
        "lead": "一座城市的职业院校所教的专业，与城市的产业相差多远，毕业生去了哪里。下面是研究报告的摘要；每个带点线的数字都可以点开，看到它的算法和原始单元格。",
        "audit_lead": "年报统计表中的合计、平均、比率、差额，以及正文中的数字，逐项复算的结果。可按列排序，可筛选。", "numbers_lead": "笔记本发布的全部数字。点数字看它的算法与每个原始单元格，再点单元格看印刷的整张表。",
        "dictionary_lead": "每个指标的代码、名称、单位、类别和口径。", "briefs_lead": "登记在案、数字足够多的国家和地区，各一份。", "notebooks_lead": "流水线实际运行的笔记本，代码可展开，参数列在最前。说明文字为英文，图表为中文。",
        "methods_lead": "方法页为英文。", "unfold": "展开代码", "counts": "共 {all} 项，能够复算 {judged} 项。", "kinds": {"count": "计数", "amount": "数额", "rate": "百分率", "ratio": "比值", "score": "分数", "rank": "名次", "change": "变动"}, "fold": "收起代码", "columns": ["位置", "内容", "印刷", "复算", "单位", "结论", "算法", "备注"], "verdicts": {"agrees": "相符", "rounding": "舍入", "disagrees": "不符", "definition": "口径", "not recomputable": "不能复算"},
        "number_columns": ["数字", "单位", "名称", "算法", "笔记本"], "indicator_columns": ["代码", "中文名", "英文名", "单位", "类别", "口径"],
        "files": {"workbook": "全部处理后数据，一个 Excel 工作簿", "parquet": "统计表单元格（Parquet）", "package": "数据包描述（Frictionless）", "numbers": "全部数字及其算法与出处", "reconciliation": "数字审计"},
    },
    "en": {
        "title": "Specialty alignment workbench", "start": "Start", "report": "Research report", "notebooks": "Notebooks", "audit": "Audit of figures", "numbers": "Numbers and trails", "dictionary": "Data dictionary", "downloads": "Downloads", "methods": "Methods", "briefs": "Country briefs",
        "search": "Filter", "all": "all", "shown": "shown", "verdict": "Verdict", "formats": "The report as files", "data": "Data", "other": "中文",
        "lead": "How far the specialties that a city's vocational schools teach lie from the city's industries, and what becomes of the graduates. Below is the summary of the research report; every number with a dotted line opens its formula and the printed cells behind it.",
        "audit_lead": "Every printed total, mean, rate and difference of the tables and every figure of prose, recomputed. Columns sort; rows filter.", "numbers_lead": "All numbers that the notebooks publish. A number leads to its formula and every cell behind it, a cell to the printed table.",
        "dictionary_lead": "Code, names, unit, kind and definition of every indicator.", "briefs_lead": "One for each country or region with enough figures on record.", "notebooks_lead": "The notebooks as the pipeline ran them; code unfolds, parameters come first.",
        "methods_lead": "", "unfold": "show code", "counts": " {all} items, {judged} of them can be recomputed.", "kinds": {k: k for k in ("count", "amount", "rate", "ratio", "score", "rank", "change")}, "fold": "hide code", "columns": ["Where", "What", "Printed", "Recomputed", "Unit", "Verdict", "Formula", "Note"], "verdicts": {"agrees": "agrees", "rounding": "rounding", "disagrees": "disagrees", "definition": "definition", "not recomputable": "not recomputable"},
        "number_columns": ["Number", "Unit", "Name", "Formula", "Notebook"], "indicator_columns": ["Code", "Chinese name", "English name", "Unit", "Kind", "Definition"],
        "files": {"workbook": "all processed data as one Excel workbook", "parquet": "cells of tables (Parquet)", "package": "description of the data package (Frictionless)", "numbers": "all numbers with formula and origin", "reconciliation": "audit of figures"},
    },
}
LOCALE = {"zh": "zh_CN", "en": "en"}
KEY_FIGURES = ("fit_sector_range", "employment_outcomes", "reconcile_audit")
DATA_FILES = {"workbook": "specialty-alignment.xlsx", "parquet": "observations.parquet", "package": "datapackage.json", "numbers": "numbers.json", "reconciliation": "reconciliation.csv"}
FILES = ("docx", "pdf")  # of the report; its page is part of the site
DOCUMENTATION = {"methods": "docs/methods.md", "adding_a_year": "docs/adding_a_year.md", "contributing": "CONTRIBUTING.md", "changelog": "CHANGELOG.md"}


def data_table(identifier: str, head: list[str], rows: Iterable[tuple[str, list[str]]], words: dict, *, label: str, chosen: dict[str, str] | None = None) -> str:
    """A table that sorts and filters; cells are HTML, text from data escaped by who makes them."""
    options = "".join(f'<option value="{html.escape(value)}">{html.escape(name)}</option>' for value, name in (chosen or {}).items())
    select = f'<label>{words["verdict"]}<br><select name="chosen"><option value="">{words["all"]}</option>{options}</select></label>' if chosen else ""
    body = "\n".join(f'<tr data-chosen="{html.escape(key)}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for key, cells in rows)
    heads = "".join(f'<th scope="col"><button type="button">{html.escape(h)}</button></th>' for h in head)
    return (f'<form class="filter" data-for="{identifier}"><label>{words["search"]}<br><input name="words" type="search"></label>{select}<span>{words["shown"]} <output>&nbsp;</output></span></form>\n'
            f'<div class="scroll" role="region" tabindex="0" aria-label="{html.escape(label)}"><table class="data" id="{identifier}"><thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>')


def raw(text: str) -> str:
    """HTML inside a page; the fence is longer than any in it."""
    fence = "`" * (max((len(m) for m in re.findall(r"`+", text)), default=2) + 3)
    return f"{fence}{{raw}} html\n{text}\n{fence}\n"


class Side:
    """The pages of one language."""

    def __init__(self, language: str, published: Path, folder: Path):
        self.language, self.published, self.folder, self.words = language, published, folder, WORDS[language]
        self.numbers = json.loads((published / "numbers.json").read_text(encoding="utf-8"))
        self.catalogue = json.loads((published / "catalogue.json").read_text(encoding="utf-8"))
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
        tree = "\n".join(f"{w[p]} <{p if p not in ('notebooks', 'methods', 'briefs') else p + '/index'}>" for p in ("report", "audit", "numbers", "briefs", "notebooks", "methods", "dictionary", "downloads"))
        summary = re.search(r'<section id="summary".*?</section>', fragment, re.S)[0]
        summary = re.sub(r' id="[^"]*"', "", re.sub(r"<h1[^>]*>.*?</h1>", "", summary, flags=re.S))
        figures = "\n".join(self._figure(name) for name in KEY_FIGURES if name in self.catalogue["figures"])
        self.page("index", w["title"], html.escape(w["lead"]), raw(summary + figures), f"```{{toctree}}\n:maxdepth: 1\n\n{tree}\n```")
        files = " · ".join(f'<a href="files/specialty-alignment.{self.language}.{suffix}">{suffix.upper()}</a>' for suffix in FILES)
        self.page("report", w["report"], raw(f"<p>{w['formats']}: {files}</p>\n{fragment}"))
        self._audit()
        self._numbers()
        self._notebooks()
        self._briefs()
        self._documentation()
        self.page("dictionary", w["dictionary"], w["dictionary_lead"], raw(data_table("dictionary", w["indicator_columns"], ((i.kind, [html.escape(t) for t in (i.code, i.zh, i.en, i.unit, w["kinds"][i.kind], (self.language == "zh" and i.definition_zh) or i.definition)]) for i in indicators().values()), w, label=w["dictionary"])), wide=True)
        self._downloads()

    def _figure(self, name: str) -> str:
        self._copy(self.published / "figures" / f"{name}.svg", "figures")
        return f'<figure><img src="figures/{name}.svg" alt="{html.escape(self.catalogue["figures"][name]["alt"])}"></figure>'

    def _copy(self, source: Path, folder: str) -> None:
        (self.extra / folder).mkdir(exist_ok=True)
        shutil.copyfile(source, self.extra / folder / source.name)

    def _report(self) -> str:
        """The report as a fragment of a page, its numbers linked to the page of trails."""
        manuscript = Manuscript(paths.REPORT / f"manuscript.{self.language}.md", self.numbers, self.catalogue, self.language, self.published)
        markdown = manuscript.expand()
        shown = paths.shown(self.published)
        for name in set(re.findall(rf"\({re.escape(shown)}/figures/([a-z0-9_]+)\.png\)", markdown, re.I)):
            self._copy(self.published / "figures" / f"{name}.svg", "figures")
        markdown = re.sub(rf"\({re.escape(shown)}/figures/([a-z0-9_]+)\.png\)", r"(figures/\1.svg)", markdown, flags=re.I)
        template = self.folder.parent / f"fragment-{self.language}.html"
        template.write_text('<nav class="report-contents">\n$toc$\n</nav>\n$body$\n', encoding="utf-8")
        text = run_pandoc(markdown, "html5", [*pandoc_arguments(self.language), f"--template={template}", "--toc", "--toc-depth=2", "--section-divs"])
        # headings lie one level below the page's own; the page of trails knows the way back
        text = re.sub(r"<(/?)h([1-5])(?=[ >])", lambda m: f"<{m[1]}h{int(m[2]) + 1}", text)
        trails = trail_html(list(self.numbers), self.numbers, self.language).replace('href="#use_', 'href="report.html#use_')
        unused = set(self.numbers) - set(manuscript.used)
        trails = re.sub(r'<p><a href="report\.html#use_(\w+)">[^<]*</a></p>', lambda m: "" if m[1] in unused else m[0], trails)
        style = (paths.REPORT / "report.css").read_text(encoding="utf-8")
        lang = "zh-Hans" if self.language == "zh" else "en"
        (self.extra / "trails.html").write_text(f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{self.words["numbers"]}</title><style>{style}</style></head>\n<body><nav><a href="index.html">{self.words["title"]}</a> · <a href="numbers.html">{self.words["numbers"]}</a></nav>\n<main>{trails}</main></body></html>\n', encoding="utf-8")
        return text.replace('href="#trail_', 'href="trails.html#trail_')

    def _audit(self) -> None:
        w = self.words
        with (self.published / "reconciliation.csv").open(encoding="utf-8", newline="") as file:
            rows = [(r["verdict"], [html.escape(plain(r[c]) if c == "recomputed" else r[c]) if c != "verdict" else f'<span class="verdict-{r[c].replace(" ", "-")}">{w["verdicts"][r[c]]}</span>' for c in ("where", "what", "printed", "recomputed", "unit", "verdict", "formula", "note")]) for r in csv.DictReader(file)]
        counts = w["counts"].format(all=len(rows), judged=sum(verdict != "not recomputable" for verdict, _ in rows))
        self.page("audit", w["audit"], w["audit_lead"] + counts, raw(data_table("audit", w["columns"], rows, w, label=w["audit"], chosen=w["verdicts"])), wide=True)

    def _numbers(self) -> None:
        w = self.words
        rows = [(n["origin"]["notebook"], [f'<a class="number" href="trails.html#trail_{html.escape(name)}">{html.escape(n["text"])}</a>', html.escape(n["unit"]), f"<code>{html.escape(name)}</code>", html.escape(n["origin"]["formula"]), html.escape(n["origin"]["notebook"])]) for name, n in self.numbers.items()]
        self.page("numbers", w["numbers"], w["numbers_lead"], raw(data_table("numbers", w["number_columns"], rows, w, label=w["numbers"])), wide=True)

    def _notebooks(self) -> None:
        names = []
        for path in sorted([*(self.published / "notebooks").glob("*.ipynb"), *((paths.RESULTS / "notebooks").glob("01_clean.*.ipynb") if self.language == "en" else ())]):
            name = path.stem.replace(".", "-")
            names.append(name)
            (self.folder / "notebooks").mkdir(exist_ok=True)
            nbformat.write(for_reading(nbformat.read(path, as_version=4), path.stem.partition(".")[2]), self.folder / "notebooks" / f"{name}.ipynb")
        self.page("notebooks/index", self.words["notebooks"], self.words["notebooks_lead"], "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```")

    def _briefs(self) -> None:
        items = []
        (self.extra / "files").mkdir(exist_ok=True)
        for partner in load_params()["briefs"]:
            stem = f"{partner}.{self.language}"
            ledger = json.loads((paths.RESULTS / "country_briefs" / self.language / partner / "ledgers" / "country_brief.json").read_text(encoding="utf-8"))["numbers"]
            for suffix in ("html", "docx"):
                shutil.copyfile(paths.RESULTS / "report" / DOCUMENTS / self.language / f"{stem}.{suffix}", self.extra / "files" / f"{stem}.{suffix}")
            items.append(f'<li><a href="../files/{stem}.html">{html.escape(ledger["country_brief_country"]["text"])}</a> · {html.escape(ledger["country_brief_facts"]["text"])} · <a href="../files/{stem}.docx">DOCX</a></li>')
        self.page("briefs/index", self.words["briefs"], self.words["briefs_lead"], raw("<ul>" + "\n".join(items) + "</ul>"))

    def _documentation(self) -> None:
        present = {name: paths.ROOT / file for name, file in DOCUMENTATION.items() if (paths.ROOT / file).exists()}
        for name, file in present.items():
            text = file.read_text(encoding="utf-8")
            (self.folder / "methods").mkdir(exist_ok=True)
            (self.folder / "methods" / f"{name}.md").write_text(text, encoding="utf-8")
        self.page("methods/index", self.words["methods"], self.words["methods_lead"], "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(present) + "\n```")

    def _downloads(self) -> None:
        w, files = self.words, [(DATA_FILES[key], said) for key, said in self.words["files"].items()]
        for suffix in FILES:
            self._copy(paths.RESULTS / "report" / f"specialty-alignment.{self.language}.{suffix}", "files")
        listed = [f'<li><a href="files/specialty-alignment.{self.language}.{suffix}">{w["report"]} ({suffix.upper()})</a></li>' for suffix in FILES]
        # data stand once, beside the Chinese pages
        up = "" if self.language == "zh" else "../"
        if self.language == "zh":
            for path in sorted(paths.PROCESSED.iterdir()):
                self._copy(path, "data")
                if path.suffix == ".csv":
                    # people open these in a spreadsheet; the Parquet and data/processed keep the text as printed
                    (self.extra / "data" / path.name).write_text(disarmed_csv(path.read_bytes().decode("utf-8")), encoding="utf-8", newline="\n")
            self._copy(self.published / "numbers.json", "data")
            self._copy(self.published / "reconciliation.csv", "data")
            save_workbook(paths.PROCESSED, self.extra / "data" / "specialty-alignment.xlsx")
        data = [f'<li><a href="{up}data/{name}">{name}</a>: {said}</li>' for name, said in files]
        data += [f'<li><a href="{up}data/{p.name}">{p.name}</a></li>' for p in sorted(paths.PROCESSED.glob("*.csv"))]
        self.page("downloads", w["downloads"], f"## {w['formats']}", raw("<ul>" + "\n".join(listed) + "</ul>"), f"## {w['data']}", raw("<ul>" + "\n".join(data) + "</ul>"))


def plain(text: str) -> str:
    """A number of a CSV without the decimals that only a float has."""
    return f"{float(text):.10g}" if text else ""


def for_reading(notebook: nbformat.NotebookNode, item: str) -> nbformat.NotebookNode:
    """A notebook for the site: named by its item, code folded, parameters open, pictures with their alternative text."""
    if item:
        notebook.cells[0].source = re.sub(r"^(# .+)$", rf"\1: {item}", notebook.cells[0].source, count=1, flags=re.M)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        tags = cell.metadata.get("tags", [])
        # the parameters that the pipeline set stay open; the defaults fold like other code
        cell.metadata["tags"] = tags if "injected-parameters" in tags else [*tags, "hide-input"]
        alts = [o.get("metadata", {}).get("image/png", {}).get("alt") for o in cell.get("outputs", [])]
        if any(alts):
            cell.metadata["mystnb"] = {"image": {"alt": next(filter(None, alts))}}
    return notebook


def build_side(language: str, published: Path, scratch: Path, single: bool) -> list[DataProblem]:
    """Pages of one language, then Sphinx; what it warns about is returned as faults. Runs in a process of its own: Sphinx keeps state."""
    source = scratch / f"source-{language}"
    source.mkdir()
    try:
        Side(language, published, source).write()
    except DataFault as fault:
        return fault.problems
    return run_sphinx(source, scratch / "site" if language == "zh" else scratch / "site-en", language, single)


def run_sphinx(source: Path, target: Path, language: str, single: bool) -> list[DataProblem]:
    """One language of the site by Sphinx; every warning is a fault."""
    import io

    from sphinx import search
    from sphinx.application import Sphinx

    from pipelines.site_search import ChinesePairs

    search.languages["zh"] = ChinesePairs
    other = "en" if language == "zh" else "zh"
    options = {
        "project": WORDS[language]["title"], "extensions": ["myst_nb"], "language": LOCALE[language], "html_theme": "furo", "html_title": WORDS[language]["title"], "templates_path": [str(TEMPLATES)],
        "html_static_path": [str(TEMPLATES / "static")], "html_extra_path": [str(source / "_extra")], "exclude_patterns": ["_extra", "conf.py"], "nb_execution_mode": "off",
        "html_show_search_summary": False, "html_copy_source": False, "html_show_sphinx": False, "html_last_updated_fmt": None, "pygments_style": "a11y-light", "pygments_dark_style": "a11y-dark", "nb_ipywidgets_js": {},
        "html_sidebars": {"**": ["sidebar/brand.html", "sidebar/search.html", *([] if single else ["language.html"]), "sidebar/scroll-start.html", "sidebar/navigation.html", "sidebar/scroll-end.html"]},
        "myst_heading_anchors": 3, "html_show_copyright": False, "nb_code_prompt_show": WORDS[language]["unfold"], "nb_code_prompt_hide": WORDS[language]["fold"], "suppress_warnings": ["myst.header", "myst.xref_missing", "misc.highlighting_failure"],
    }
    warnings = io.StringIO()
    (source / "conf.py").write_text("".join(f"{name} = {value!r}\n" for name, value in options.items()), encoding="utf-8")
    app = Sphinx(str(source), str(source), str(target), str(source.parent / f"doctrees-{language}"), "html", status=None, warning=warnings, freshenv=True, parallel=1)
    app.add_css_file("site.css")
    app.add_js_file("site.js")

    def context(app, pagename, templatename, context, doctree):
        context["other_language"] = lambda root, page: f"{root}{'en/' if language == 'zh' else '../'}{page}.html"
        context["other_code"], context["other_name"] = LOCALE[other].replace("_", "-"), WORDS[language]["other"]

    app.connect("html-page-context", context)
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
    """Give every page its policy. The index holds no data: what runs there is the theme's, and nothing else may run elsewhere."""
    # Sphinx evaluates the rule of the plural as text; written out, no page needs to evaluate anything
    scripts, catalogue = site / "_static" / "doctools.js", site / "_static" / "translations.js"
    rule = re.search(r'"plural_expr": "([n0-9 !=<>()&|?:%]+)"', catalogue.read_text(encoding="utf-8"))[1] if catalogue.exists() else "n !== 1"
    text, found = EVALUATES.subn(lambda _: f"(n) => Number({rule})", scripts.read_text(encoding="utf-8"))
    if found != 1:
        problems.add("_static/doctools.js", f"evaluates text in {found} places known, not in one", "Look at what Sphinx writes now, and adapt protect in pipelines/build_site.py")
    scripts.write_text(text, encoding="utf-8", newline="\n")
    own = inline_scripts((site / "genindex.html").read_text(encoding="utf-8"))
    for path in sorted(site.rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        if path.relative_to(site).parts[0] == "files":
            continue  # a brief, which has its policy
        for script in inline_scripts(page):
            if script not in own:
                problems.add(path.relative_to(site).as_posix(), "holds a script that the theme does not", "Data must stay text; escape it where the page is made", printed=script)
        path.write_text(with_policy(page, own), encoding="utf-8", newline="\n")


def build() -> Path:
    """Build the whole site; the old one is replaced only when all is built."""
    languages = load_params()["languages"]
    os.environ["SOURCE_DATE_EPOCH"] = "946684800"
    with staging("site") as scratch:
        staged, problems = scratch / "site", Problems()
        with ProcessPoolExecutor(len(languages), initializer=die_with_parent, initargs=(os.getpid(),)) as pool:
            jobs = [pool.submit(build_side, language, paths.ROOT / folder, scratch, len(languages) == 1) for language, folder in languages.items()]
            for job in jobs:
                problems += job.result()
        problems.stop()
        if "en" in languages:
            (scratch / "site-en").rename(staged / "en")
        if len(languages) == 2:
            sides = [json.loads((paths.ROOT / folder / "numbers.json").read_text(encoding="utf-8")) for folder in languages.values()]
            for name in sorted(set(sides[0]) | set(sides[1])):
                values = [side.get(name, {}).get("value") for side in sides]
                if values[0] != values[1] and not all(isinstance(v, str) for v in values):
                    problems.add("numbers.json", f"{name!r} is {values[0]} in one language and {values[1]} in the other", "A number must not depend on the language", row=name)
        problems.stop()
        replace(staged, SITE)
    return SITE


def serve(port: int) -> None:
    """Show the site on loopback until interrupted."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    with ThreadingHTTPServer(("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=str(SITE))) as server:
        print(f"http://127.0.0.1:{server.server_port}/ (end with Ctrl-C)", flush=True)
        server.serve_forever()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.build_site", description=__doc__.splitlines()[0])
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
