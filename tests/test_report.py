"""The report: bound numbers, assertions, and documents that open elsewhere."""

import json
import re

import pytest

from analysis.clean import load
from analysis.ground import paths
from analysis.ground.errors import DataFault
from analysis.ground.keys import key_of
from pipelines.build_report import Manuscript, build
from pipelines.site_search import ChinesePairs
from tests.conftest import PROJECT, use_workspace
from tests.workspace import process

ORIGIN = {"notebook": "x", "formula": "x", "inputs": ["x"], "values": "corrected"}
NUMBERS = {
    "a_rate": {"value": 91.04, "unit": "%", "text": "91.04%", "origin": ORIGIN},
    "b_rate": {"value": 84.8, "unit": "%", "text": "84.80%", "origin": ORIGIN},
}
CATALOGUE = {
    "figures": {
        "fit_x": {
            "title": "标题",
            "scope": "s",
            "units": "u",
            "source": "q",
            "alt": "图",
            "path": "results/fit/said/zh/figures/fit_x",
        }
    },
    "tables": {
        "fit_t": {"title": "表题", "scope": "范围甲", "units": "人", "source": "q", "path": "results/tables/fit_t"}
    },
}


@pytest.fixture
def manuscript(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    (tmp_path / "results/tables").mkdir(parents=True)
    (tmp_path / "results/tables/fit_t.csv").write_text("学校,人数\n=甲|校<b>,12\n乙校,3\n", encoding="utf-8")

    def make(body):
        path = tmp_path / "manuscript.zh.md"
        path.write_text(f"---\ntitle: 报告\n---\n\n{body}\n", encoding="utf-8")
        return Manuscript(path, NUMBERS, CATALOGUE, "zh").expand()

    return make


def test_numbers_are_filled_in(manuscript):
    assert "落实率为 [91.04%](#trail_a_rate){.number #use_a_rate}，λ 在 0 到 1 之间" in manuscript(
        '2023年，落实率为 {{a_rate}}，λ 在 {{"0"}} 到 {{"1"}} 之间（表3-6、附件3、3.4.1节、2010—2020年）。'
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("共有 28536 人。", r"row line 5, printed '共有 28536 人。': a number that is not bound"),
        ("增长 3.5%。", "not bound"),
        ("第 3 所。", "not bound"),
        ("落实率 {{a_rat}}。", "no number is called 'a_rat'"),
        ("见 @fig:fit_y。", "refers to nothing"),
        ("::: figure\nfit_y\n:::", "no figure is called 'fit_y'"),
        (
            "::: assert\na_rate < b_rate\n:::",
            r"the data no longer say 'a_rate < b_rate' \(91.04 against 84.8\)\. Rewrite the sentence",
        ),
        ("::: assert\na_rate is high\n:::", "is not a comparison"),
        ("::: assert\na_rate > c_rate\n:::", "no number is called 'c_rate'"),
        ("::: figure\nfit_x\n:::\n\n::: figure\nfit_x\n:::", "stands twice"),
    ],
)
def test_what_stops_the_build(manuscript, body, message):
    with pytest.raises(DataFault, match=message):
        manuscript(body)


def test_an_experiment_marks_what_stops_a_publication(manuscript, monkeypatch):
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "x")
    text = manuscript(
        "落实率 {{a_rate}}，又 {{gone}}。\n\n::: assert\na_rate > b_rate\na_rate < b_rate\nc_rate > 1\n:::"
    )
    assert (
        "::: {.unsupported}" in text
        and "a\\_rate \\< b\\_rate (91.04 \\: 84.8); c\\_rate \\> 1 (c\\_rate\\: —)" in text
        and "[gone: —]{.unsupported}" in text
    )
    assert "a\\_rate \\> b" not in text  # what holds is not marked
    assert "unsupported" not in manuscript("落实率 {{a_rate}}。\n\n::: assert\na_rate > b_rate\n:::")
    with pytest.raises(DataFault, match="not a comparison"):  # a fault of the manuscript itself stops experiments too
        manuscript("::: assert\na_rate is high\n:::")


def test_a_corrected_number_stands_beside_the_printed_one(manuscript, monkeypatch):
    corrected = {"value": 10.0, "unit": "", "text": "10", "origin": {**ORIGIN, "corrections": ["c001"]}}
    monkeypatch.setitem(NUMBERS, "moved", corrected)
    with pytest.raises(
        DataFault,
        match="'moved' rests on c001; the number as printed is not shown. Publish the same number from printed figures",
    ):
        manuscript("合计 {{moved}} 人。")
    monkeypatch.setitem(NUMBERS, "moved", corrected | {"as_printed": "said"})
    monkeypatch.setitem(
        NUMBERS, "said", {"value": 9.0, "unit": "", "text": "9", "origin": {**ORIGIN, "values": "printed"}}
    )
    with pytest.raises(DataFault, match=r"row line 5: 'moved' rests on c001.*Show \{\{said\}\} beside it"):
        manuscript("合计 {{moved}} 人。")
    assert "(#trail_said)" in manuscript("合计 {{moved}} 人，印为 {{said}}。")


def test_text_from_data_never_becomes_markup(manuscript, monkeypatch):
    monkeypatch.setitem(
        NUMBERS,
        "name",
        {"value": "<script>x</script>", "unit": "", "text": "<script>x</script> [a](b)", "origin": ORIGIN},
    )
    assert "\\<script\\>x\\</script\\> \\[a\\](b)" in manuscript("名为 {{name}}。")


def test_messages_know_the_line_after_a_block(manuscript):
    with pytest.raises(DataFault) as fault:
        manuscript("::: table\nfit_t\n:::\n\n::: assert\na_rate > b_rate\na_rate < b_rate\n:::\n\n见 {{nothing}}。")
    assert [p.row for p in fault.value.problems] == ["line 11", "line 14"]


def test_a_manuscript_without_front_matter(tmp_path, manuscript):
    path = tmp_path / "bare.md"
    path.write_text("正文", encoding="utf-8")
    with pytest.raises(DataFault, match="has no front matter"):
        Manuscript(path, NUMBERS, CATALOGUE, "zh").expand()


def test_all_faults_of_a_manuscript_at_once(manuscript):
    with pytest.raises(DataFault) as fault:
        manuscript("有 7 个。\n\n有 {{x}} 个。\n\n::: assert\na_rate < 1\n:::")
    assert len(fault.value.problems) == 3


def test_captions_references_and_tables_of_hostile_cells(manuscript):
    text = manuscript("见 @tab:fit_t 与 @fig:fit_x。\n\n::: figure\nfit_x\n:::\n\n::: table\nfit_t\n:::")
    assert "[表1](#tab_fit_t){.crossref}" in text and "[图1](#fig_fit_x){.crossref}" in text
    assert "=甲\\|校\\<b\\>" in text


@pytest.fixture
def built(town, monkeypatch):
    """The made-up town's report over hand-made results."""
    use_workspace(town, monkeypatch)
    results = town / "results"
    said = results / "employment/said/zh"
    for name in ("figures", "tables"):
        (said / name).mkdir(parents=True)
    (town / "build").mkdir(exist_ok=True)
    import matplotlib.pyplot as plt

    figure, _ = plt.subplots(figsize=(2, 1))
    for suffix in ("png", "svg"):
        figure.savefig(said / f"figures/employment_schools.{suffix}")
    (said / "tables/employment_tiers.csv").write_text(
        "处理,层次,落实率\n按印刷值,高职,92.1\n按印刷值,中职,<script>alert(1)</script>\n", encoding="utf-8"
    )
    process(town)
    cells = load.select(load.observations(), indicator=["placed", "graduates"], aggregate_rule="")
    origin = {
        "notebook": "employment",
        "formula": "<b>placed</b> / graduates",
        "inputs": [key_of(row) for row in cells.to_dict("records")],
        "values": "corrected",
    }
    words = {"zh": {"text": "94.22%", "unit": "%", "formula": origin["formula"]}}
    (results / "numbers.json").write_text(
        json.dumps(
            {"placement_rate_city": {"value": 94.2, "unit": "%", "text": "94.22%", "origin": origin, "said": words}}
        ),
        encoding="utf-8",
    )
    entry = {"title": "题", "scope": "范围", "units": "%", "source": "表3-6", "alt": "图"}
    for notebook in ("start_here", "reconcile", "fit", "employment", "cooperation", "size"):
        (results / notebook).mkdir(exist_ok=True)
        captions = (
            {"figures": {"employment_schools": entry}, "tables": {"employment_tiers": entry}}
            if notebook == "employment"
            else {"figures": {}, "tables": {}}
        )
        (results / notebook / "ledger.json").write_text(json.dumps({"said": {"zh": captions}}), encoding="utf-8")
    build("zh")
    return town


def test_documents_are_complete_and_stable(built):
    from docx import Document

    folder = built / "results/report"
    html = (folder / "specialty-alignment.zh.html").read_text(encoding="utf-8")
    assert "94.22%" in html and "图1　题" in html and 'href="#tab_employment_tiers"' in html
    assert "<script>alert" not in html and "<b>placed" not in html and not re.search(r"(src|href)=\"https?:", html)
    first = (folder / "specialty-alignment.zh.docx").read_bytes()
    document = Document(str(folder / "specialty-alignment.zh.docx"))
    assert "溯源" in html and "溯源" not in "".join(p.text for p in document.paragraphs)
    assert len(document.tables) == 1 and document.tables[0].cell(1, 1).text == "高职"
    xml = document.element.xml
    assert "SEQ 图" in xml and "REF tab_employment_tiers" in xml and 'w:name="tab_employment_tiers"' in xml
    styles = document.styles.element.xml
    assert 'w:eastAsia="宋体"' in styles and 'w:eastAsia="黑体"' in styles and "<w:i/>" not in styles
    sections = re.findall(r"<w:sectPr.*?</w:sectPr>", xml, re.S)
    assert sections and all("footerReference" in s and 'w:w="11906"' in s for s in sections)
    assert "TOC " in xml and "<w:tblHeader" in xml and 'descr="图"' in xml
    pdf = (folder / "specialty-alignment.zh.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-1.7") and b"/StructTreeRoot" in pdf and b"pdfuaid" in pdf and b"NotoSerifCJKsc" in pdf
    assert "一、去向" in html and "(Wilson 1927)" in html and "Journal of the American Statistical Association" in html
    build("zh")
    assert (folder / "specialty-alignment.zh.docx").read_bytes() == first and (
        folder / "specialty-alignment.zh.pdf"
    ).read_bytes() == pdf


def test_a_number_leads_to_its_cells_and_each_cell_to_the_printed_table(built):
    from bs4 import BeautifulSoup

    page = BeautifulSoup(
        (built / "results/report/specialty-alignment.zh.html").read_text(encoding="utf-8"), "html.parser"
    )
    link, again = page.select("a.number")
    assert link.get("id") == "use_placement_rate_city" and again.get("id") is None
    assert link.text == "94.22%" and link.get("href") == "#trail_placement_rate_city"
    [trail] = page.select("#trail_placement_rate_city")
    cells = load.select(load.observations(), indicator=["placed", "graduates"], aggregate_rule="")
    links = trail.select("li a")
    assert len(links) == len(cells) == 8
    for link, cell in zip(links, cells.to_dict("records")):
        [marked] = page.find_all("td", id=link.get("href")[1:])
        assert marked.text == cell["raw"] == link.b.text
        assert cell["entity_raw"] in [td.text for td in marked.parent.find_all("td")]
    [back] = [a for a in trail.select("a") if "回到正文" in a.text]
    assert page.find(id=back.get("href")[1:]).text == "94.22%"
    identifiers = [node.get("id") for node in page.select("[id]")]
    assert len(identifiers) == len(set(identifiers))


def test_trace_says_the_same_in_a_notebook(built):
    import analysis

    trail = analysis.trace("placement_rate_city")
    text = str(trail)
    assert text.startswith(
        "placement_rate_city = 94.22%\n  <b>placed</b> / graduates  (employment)\n"
        "  town-2030  表3-6  甲职院 · 毕业生数 2030  "
    )
    assert len(trail.cells) == 8 and "&lt;b&gt;placed" in trail._repr_html_()
    with pytest.raises(KeyError, match="nearest known: 'placement_rate_city'"):
        analysis.trace("placement_rate_cit")


def test_a_missing_picture_stops_the_build(built):
    folder = built / "results"
    before = (folder / "report/specialty-alignment.zh.docx").read_bytes()
    (folder / "employment/said/zh/figures/employment_schools.png").unlink()
    with pytest.raises(RuntimeError, match="employment_schools"):
        build("zh")
    assert (folder / "report/specialty-alignment.zh.docx").read_bytes() == before


def test_a_broken_manuscript_leaves_the_old_report(built):
    folder = built / "results/report"
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    manuscript = built / "report/manuscript.zh.md"
    manuscript.write_text(manuscript.read_text(encoding="utf-8") + "\n另有 17 人。\n", encoding="utf-8")
    with pytest.raises(DataFault):
        build("zh")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_years_and_places_are_no_data_in_english_but_counts_are(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    path = tmp_path / "manuscript.en.md"
    path.write_text(
        "---\ntitle: A\n---\n\n"
        "In 2023 (table 1-2, section 6.3, annex 3, GB/T 4754-2017 [@wilson_1927]) the rate was {{a_rate}}.\n",
        encoding="utf-8",
    )
    assert "[91.04%](#trail_a_rate)" in Manuscript(path, NUMBERS, {"figures": {}, "tables": {}}, "en").expand()
    path.write_text("---\ntitle: A\n---\n\nThere were 2023 students and 12 schools.\n", encoding="utf-8")
    with pytest.raises(DataFault) as fault:
        Manuscript(path, NUMBERS, {"figures": {}, "tables": {}}, "en").expand()
    assert len(fault.value.problems) == 2


def test_the_two_manuscripts_say_the_same_with_the_same_numbers():
    """Blocks, bound numbers, references and citations, in the same order; names of chapters too."""
    pattern = re.compile(
        r"^::: (?:assert|figure|table)\n.*?\n:::$|\{\{\s*[A-Za-z0-9_]+\s*\}\}|@(?:fig|tab):\w+|\[@[^\]]+\]|\{#\w+",
        re.M | re.S,
    )
    for stem in ("manuscript", "brief"):
        zh, en = (
            (PROJECT / "report" / f"{stem}.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")
        )
        paragraphs = [
            [sorted(pattern.findall(p)) for p in re.split(r"\n{2,}", text.partition("\n---\n")[2])] for text in (zh, en)
        ]
        assert len(paragraphs[0]) == len(paragraphs[1])
        for a, b in zip(*paragraphs):
            assert a == b


def test_pairs_of_characters_need_no_dictionary():
    assert ChinesePairs({}).split("新能源汽车 GB/T 一 4754") == [
        "新能",
        "能源",
        "源汽",
        "汽车",
        "GB",
        "T",
        "一",
        "4754",
    ]
