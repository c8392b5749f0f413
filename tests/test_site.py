"""The reviewers' site in a real browser: the one that `make repro` built, opened from its folder."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlparse
from urllib.request import url2pathname

import pytest
from bs4 import BeautifulSoup

from tests.conftest import PROJECT

SITE = PROJECT / "results" / "site"
PAGES = [
    "index.html",
    "report.html",
    "audit.html",
    "numbers.html",
    "trails.html",
    "dictionary.html",
    "downloads.html",
    "briefs/index.html",
    "notebooks/03_fit.html",
    "notebooks/02_reconcile.html",
    "methods/methods.html",
    "methods/what_the_checks_cannot_see.html",
]
SERIOUS = {"serious", "critical"}

if not SITE.exists():
    pytest.skip("results/site is not built; run make repro first", allow_module_level=True)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine; install the system's package `chromium` to see the site in a browser")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.said, opened.asked = [], []
    opened.on(
        "console", lambda message: opened.said.append(message.text) if message.type in {"error", "warning"} else None
    )
    opened.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.on("request", lambda request: opened.asked.append(request.url))
    yield opened
    opened.close()


def test_no_link_is_dead_and_no_picture_missing():
    """Every page of both languages, every link to a page, a file or an anchor."""
    files = sorted(SITE.rglob("*.html"))
    trees = {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in files
        if not path.name.startswith(("trails",)) and "files" not in path.parts
    }
    anchors = {
        path: {node.get("id") for node in tree.select("[id]")} | {node.get("name") for node in tree.select("a[name]")}
        for path, tree in trees.items()
    }
    for name in ("trails.html", "en/trails.html"):
        anchors[SITE / name] = set(re.findall(r' id="([^"]+)"', (SITE / name).read_text(encoding="utf-8")))
    dead = []
    for path, tree in trees.items():
        for node, key in [
            *((n, "href") for n in tree.select("a[href], link[href]")),
            *((n, "src") for n in tree.select("img[src], script[src]")),
        ]:
            address = node[key]
            assert not address.startswith(("http:", "//")), f"{path}: {address}"
            if address.startswith(("https:", "data:", "mailto:")):
                assert node.name == "a", f"{path} asks {address}"
                continue
            whole, anchor = urldefrag(urljoin(path.as_uri(), address))
            target = Path(url2pathname(unquote(urlparse(whole).path)))
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (anchor and target in anchors and unquote(anchor) not in anchors[target]):
                dead.append(f"{path.relative_to(SITE)}: {address}")
    assert not dead, dead[:10]
    assert len(trees) > 40


def test_it_is_smaller_than_forty_mebibytes():
    assert sum(p.stat().st_size for p in SITE.rglob("*") if p.is_file()) < 40 * 2**20


def test_both_languages_have_the_same_pages():
    def pages(root):
        return {
            p.relative_to(root).as_posix()
            for p in root.rglob("*.html")
            if "files" not in p.parts and not (root == SITE and "en" in p.relative_to(root).parts)
        }

    assert pages(SITE) == pages(SITE / "en")
    assert (
        'lang="zh' in (SITE / "index.html").read_text(encoding="utf-8")[:300]
        and 'lang="en"' in (SITE / "en/index.html").read_text(encoding="utf-8")[:300]
    )


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_quiet_fit_a_phone_and_have_no_serious_fault(page, name):
    from axe_playwright_python.sync_playwright import Axe

    page.goto((SITE / name).as_uri())
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.said == [] and all(url.startswith(("file:", "data:")) for url in page.asked)
    if name != "trails.html":  # thousands of hidden rows; its markup is that of the report
        # rows of a table are of one make: of each table the first forty are looked at
        page.evaluate("document.querySelectorAll('tbody tr:nth-child(n+41)').forEach(row => row.remove())")
        found = Axe().run(page).response["violations"]
        assert not [(v["id"], v["nodes"][0]["target"]) for v in found if v["impact"] in SERIOUS]


@pytest.mark.parametrize(
    ("side", "query", "expected"),
    [("", "新能源汽车", "report.html"), ("", "区位商", "report.html"), ("en", "quotient", "report.html")],
)
def test_search_finds_words(page, side, query, expected):
    page.goto((SITE / side / "search.html").as_uri() + f"?q={query}")
    page.wait_for_selector(f'#search-results li a[href*="{expected}"]', timeout=120_000)
    assert page.said == []


@pytest.mark.parametrize("position", [0, 40, 200])
def test_a_trail_is_two_clicks_away(page, position):
    page.goto((SITE / "report.html").as_uri())
    link = page.query_selector_all("a.number")[position]
    text, name = link.inner_text(), link.get_attribute("href").partition("#trail_")[2]
    link.click()
    page.wait_for_url("**/trails.html#trail_*", timeout=120_000)
    assert text in page.inner_text(f"#trail_{name} h2")
    first = page.query_selector(f"#trail_{name} li a")
    if first:  # a number of a file has its list there, no cell
        printed = first.query_selector("b")
        first.click()
        marked = page.query_selector(":target")
        assert marked.is_visible() and (printed is None or printed.inner_text().split() == marked.inner_text().split())
    numbers = json.loads((PROJECT / "results/numbers.json").read_text(encoding="utf-8"))
    assert numbers[name]["text"] == text


def test_the_audit_filters_and_sorts(page):
    page.goto((SITE / "audit.html").as_uri())

    def rows():
        return page.eval_on_selector_all(
            "#audit tbody tr", "rows => rows.filter(r => !r.hidden).map(r => r.cells[5].textContent)"
        )

    everything = rows()
    page.select_option("select[name=chosen]", "disagrees")
    page.dispatch_event("form.filter", "input")
    assert 0 < len(rows()) < len(everything) and set(rows()) == {"不符"}
    page.fill("input[name=words]", "毕业")
    assert 0 < len(rows())
    page.click("#audit th:nth-child(4) button")
    values = page.eval_on_selector_all(
        "#audit tbody tr", "rows => rows.filter(r => !r.hidden).map(r => Number(r.cells[3].textContent))"
    )
    assert values == sorted(values) and page.get_attribute("#audit th:nth-child(4)", "aria-sort") == "ascending"


def test_the_language_switch_leads_to_the_same_page(page):
    page.goto((SITE / "notebooks/03_fit.html").as_uri())
    page.click(".language-switch a")
    assert page.url.endswith("/site/en/notebooks/03_fit.html")
    page.click(".language-switch a")
    assert page.url.endswith("/site/notebooks/03_fit.html")


def test_the_workbook_holds_the_data_and_no_formula():
    import openpyxl
    import pandas as pd

    book = openpyxl.load_workbook(SITE / "data/specialty-alignment.xlsx", read_only=True)
    observations = pd.read_csv(SITE / "data/observations.csv", keep_default_na=False, dtype=str)
    head, *rows = book["observations"].iter_rows(values_only=True)
    assert list(head) == list(observations.columns) and len(rows) == len(observations)
    place = head.index("raw")
    assert [row[place] or "" for row in rows] == list(observations["raw"])
