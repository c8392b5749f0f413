"""Figures, tables and numbers: published once, said in each language; the only writers to results."""

import json
import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from analysis.ground.dictionary import entities, indicators, label, words
from analysis.ground.errors import DataFault
from analysis.ground.keys import cells, input_keys, with_inputs
from analysis.ground.params import notebooks
from analysis.present.pictures import compact
from analysis.present.plots import Series, plot_dots
from analysis.present.prose import blocks
from analysis.present.results import Results
from analysis.present.say import number_text, unit_text
from analysis.present.style import MissingGlyph, check_glyphs, font_file
from tests.conftest import PROJECT, forget, use_workspace

WORDS = """
tables:
  size_t:
    title: {zh: "标题 {draws:,}", en: "Title {draws:,}"}
    scope: {zh: 范围, en: scope}
    units: {zh: 人, en: persons}
    source: {zh: 表1-2, en: table 1-2}
    columns: {year: , share: {digits: 1, scale: 100}, disagree: , test: "label:test_"}
  size_hidden: {title: T, scope: s, units: u, source: q}
figures:
  size_f:
    title:
      zh: "最大 {largest:.0f}%（{which}）；{size_share_b}"
      en: "largest {largest:.0f}% ({which}); {size_share_b}"
    scope: {zh: "{all}", en: "{all}"}
    units: "%"
    source: {zh: 表1-2, en: table 1-2}
    alt: {zh: 点图, en: dot plot}
    words: {xlabel: {zh: 占比, en: share}, rate: {zh: 率, en: rate}}
    values:
      largest: {table: size_t, column: share, where: {year: 2031}, scale: 100}
      which:
        {table: size_t, column: disagree, where: {year: 2031}, words: {"true": {zh: 相反, en: opposed}, "false": ""}}
    lists:
      all: {table: size_t, text: {zh: "{test} {year}", en: "{test} {year}"}, between: {zh: 、, en: "; "}}
numbers:
  size_share_{key}:
    {table: size_t, column: share, unit: "%", scale: 100, digits: 1,
     formula: {zh: "甲除以乙 {year}", en: "a / b {year}"}, headline: true}
  size_one: {table: size_hidden, row: one, unit: 人, formula: {zh: 合计, en: sum}, values: printed}
  size_codes: {table: size_hidden, row: codes, say: labels, formula: {zh: 名称, en: names}}
"""
TABLE = pd.DataFrame(
    {
        "year": [2030, 2031],
        "share": [0.1249, 0.25],
        "disagree": [True, True],
        "test": ["two_proportions", "permutation_rates"],
        "key": ["a", "b"],
    }
)


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Makes the results of a notebook with words of our own."""
    (tmp_path / "data/words").mkdir(parents=True)
    for name in ("labels.yaml", "pages.yaml"):
        (tmp_path / "data/words" / name).write_bytes((PROJECT / "data/words" / name).read_bytes())
    for name in ("data/dictionary.yaml", "data/entities.yaml", "params.yaml"):
        (tmp_path / name).write_bytes((PROJECT / name).read_bytes())
    (tmp_path / "notebooks").symlink_to(PROJECT / "notebooks")
    (tmp_path / "data/raw").symlink_to(PROJECT / "data/raw")
    use_workspace(tmp_path, monkeypatch)
    monkeypatch.setenv("ANALYSIS_LANGUAGES", "zh,en")

    def results(change=lambda text: text, **parameters):
        (tmp_path / "data/words/size.yaml").write_text(change(WORDS), encoding="utf-8")
        forget()
        given = {
            "language": "zh",
            "city": "liuzhou",
            "year": 2030,
            "vintage": "latest",
            "values": "corrected",
            "draws": 3000,
            "seed": 1,
            "level": 0.05,
        }
        return Results("size", given | parameters)

    return results


def publish(results):
    """Everything that the words declare."""
    results.table("size_t", with_inputs(TABLE, lambda row: [f"cell {row['key']}"]))
    results.table("size_hidden", cells({"one": (3.0, ["a cell"]), "codes": (["primary", "tertiary"], ["a cell"])}))
    return results.figure("size_f", plot_dots, "size_t", label="test", series=[Series("rate", "share")], percent=True)


def test_everything_is_said_in_each_language(make, tmp_path):
    picture = publish(results := make())
    assert results.close() == "4 numbers, 1 figures, 2 tables"

    def said(language):
        return (tmp_path / f"results/size/said/{language}/tables/size_t.csv").read_text(encoding="utf-8")

    assert said("zh") == "年份,占比,结论相反,检验\n2030,12.5,是,两比例检验（毕业生）\n2031,25.0,是,精确置换（比率）\n"
    assert said("en").startswith("Year,Share,Disagree,Test\n2030,12.5,yes,")
    assert (
        (tmp_path / "results/size/tables/size_t.csv")
        .read_text(encoding="utf-8")
        .startswith("year,share,disagree,test,key\n2030,0.1249,True,two_proportions,a")
    )
    ledger = json.loads((tmp_path / "results/size/ledger.json").read_text(encoding="utf-8"))
    assert (
        ledger["said"]["zh"]["tables"]["size_t"]["title"] == "标题 3,000"
        and ledger["said"]["en"]["tables"]["size_t"]["title"] == "Title 3,000"
    )
    assert (
        ledger["said"]["zh"]["figures"]["size_f"]["title"] == "最大 25%（相反）；25.0%"
        and "opposed" in ledger["said"]["en"]["figures"]["size_f"]["title"]
    )
    assert ledger["said"]["zh"]["figures"]["size_f"]["scope"] == "两比例检验（毕业生） 2030、精确置换（比率） 2031"
    place = ledger["numbers"]["size_share_a"]["origin"]["inputs"]
    assert ledger["inputs"][place] == ["cell a"]
    assert ledger["numbers"]["size_share_a"] == {
        "value": 12.49,
        "unit": "%",
        "headline": True,
        "origin": {
            "notebook": "size",
            "cell": {"table": "size_t", "row": 0, "column": "share"},
            "inputs": place,
            "values": "corrected",
        },
    }
    assert ledger["said"]["zh"]["numbers"]["size_share_a"] == {"text": "12.5%", "unit": "%", "formula": "甲除以乙 2030"}
    assert (
        ledger["said"]["en"]["numbers"]["size_one"] == {"text": "3", "unit": "persons", "formula": "sum"}
        and ledger["numbers"]["size_one"]["origin"]["values"] == "printed"
    )
    assert [ledger["said"][one]["numbers"]["size_codes"]["text"] for one in ("zh", "en")] == [
        "第一产业、第三产业",
        "Primary, Tertiary",
    ]
    data, metadata = picture._repr_mimebundle_()
    assert data["image/svg+xml"] == (tmp_path / "results/size/said/zh/figures/size_f.svg").read_text(
        encoding="utf-8"
    ) and metadata == {"workbench": {"figure": "size_f"}}
    assert list(TABLE.columns) == ["year", "share", "disagree", "test", "key"]


def test_a_figure_has_equal_bytes_twice_and_no_clock(make, tmp_path):
    made = []
    for _ in range(2):
        publish(make())
        made.append([path.read_bytes() for path in sorted((tmp_path / "results/size/said").rglob("*.*g"))])
    assert made[0] == made[1] and len(made[0]) == 4
    assert not any(b"<dc:date>" in content for content in made[0])


def test_a_missing_glyph_is_an_error(make):
    with pytest.raises(MissingGlyph, match="no glyph for 🚗"):
        publish(make(lambda text: text.replace("zh: 率", "zh: 车🚗")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('title: {zh: "标题 {draws:,}", en: "Title {draws:,}"}\n', "title: {zh: 标题}\n"),
            "line 4, column tables / size_t / title.*says nothing in en",
        ),
        (("    units: {zh: 人, en: persons}\n", ""), "lacks units"),
        (
            ("columns: {year: ,", "columns: {yaer: ,"),
            "line 8, column tables / size_t / columns / yaer: the table has no column 'yaer' .nearest known: 'year'",
        ),
        (("column: share, unit", "column: shaer, unit"), "names no cell: size_t has no column 'shaer'"),
        (("row: one", "row: ones"), "names no cell: size_hidden has no row 'ones' .nearest known: 'one'"),
        (("size_share_{key}:", "size_share:"), "the number 'size_share' is published twice"),
        (
            ("{which}）", "{wich}）"),
            "line 12, column figures / size_f / title: {wich} is no parameter, number or value .nearest known: 'which'",
        ),
        (("where: {year: 2031}, scale", "where: {year: 2032}, scale"), "a value is 0 cells of size_t"),
        (("rate: {zh: 率, en: rate}", "rat: {zh: 率, en: rate}"), "says nothing for 'rate' .nearest known: 'rat'"),
        (
            ("  size_hidden: {title", "  size_more: {title: T, scope: s, units: u, source: q}\n  size_hidden: {title"),
            "size_more is declared and not published",
        ),
        (("say: labels", "say: lables"), "no way to say a cell"),
    ],
)
def test_words_that_do_not_fit_stop_and_name_the_line(make, change, message):
    with pytest.raises((DataFault, ValueError), match=message):
        results = make(lambda text: text.replace(*change, 1) if change[0] in text else pytest.fail(change[0]))
        publish(results)
        results.close()


def test_names_are_unique_and_say_their_notebook(make):
    results = make(lambda text: text.replace("size_hidden:", "other:").replace("table: size_hidden", "table: other"))

    def publish_t():
        return results.table("size_t", TABLE, ["a cell"])

    publish_t()
    with pytest.raises(DataFault, match="published twice"):
        publish_t()
    with pytest.raises(DataFault, match="must begin with size_"):
        results.table("other", TABLE, ["a cell"])
    with pytest.raises(DataFault, match="has no 'size_u'.*Declare it under tables"):
        results.table("size_u", TABLE, ["a cell"])
    with pytest.raises(DataFault, match="is drawn from 'size_v', which is not published yet"):
        results.figure("size_f", plot_dots, "size_v")


def test_numbers_need_an_origin_and_a_value(make):
    with pytest.raises(DataFault, match="'size_share_a' has no inputs"):
        make().table("size_t", TABLE)
    results = make()
    results.table("size_t", TABLE.assign(share=[float("nan"), float("inf")]), ["a cell"])
    assert results.numbers == {}
    with pytest.raises(ValueError, match="not a number to print"):
        number_text(float("nan"), "人", 0)


def test_run_by_hand_only_its_own_language_is_said(make, tmp_path, monkeypatch):
    monkeypatch.delenv("ANALYSIS_LANGUAGES")
    results = make(language="en")
    publish(results)
    assert [p.name for p in (tmp_path / "results/size/said").iterdir()] == ["en"]


def test_a_compact_picture_shows_the_same():
    figure, axes = plt.subplots()
    axes.barh(["a", "b"], [1, -2])
    import io

    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    before, after = buffer.getvalue(), compact(buffer.getvalue())
    number = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")

    def paths_of(svg):
        return [[float(n) for n in number.findall(d)] for d in re.findall(r' d="([^"]*)"', svg)]

    assert len(after) < len(before) and [len(p) for p in paths_of(before)] == [len(p) for p in paths_of(after)]
    assert all(abs(x - y) <= 0.00501 for a, b in zip(paths_of(before), paths_of(after)) for x, y in zip(a, b))
    assert re.findall(r"scale\([^)]*\)", before) == re.findall(r"scale\([^)]*\)", after)


def test_every_label_shipped_can_be_drawn():
    for code in [*indicators(), *entities(), *words()]:
        for language in ("zh", "en"):
            check_glyphs(label(code, language))
    for source in sorted((PROJECT / "data/words").glob("*.yaml")):
        check_glyphs("".join(re.findall(r"[\u2e80-\uffef]", source.read_text(encoding="utf-8"))))


def test_the_font_lies_in_the_environment():
    assert "site-packages" in str(font_file()) and font_file().suffix == ".otf"


@pytest.mark.parametrize(
    ("value", "unit", "digits", "text"),
    [
        (28536, "人", 0, "28,536"),
        (9999, "人", 0, "9999"),
        (89.016, "%", 2, "89.02%"),
        (-4.24, "", 1, "−4.2"),
        (-0.0001, "", 2, "0.00"),
        ("柳职院", "", 0, "柳职院"),
    ],
)
def test_number_text(value, unit, digits, text):
    assert number_text(value, unit, digits) == text


def test_every_unit_of_a_number_is_said_in_every_language():
    numbers = json.loads((PROJECT / "results/numbers.json").read_text(encoding="utf-8"))
    for unit in {entry["unit"] for entry in numbers.values()}:
        assert not re.search(r"[\u2e80-\uffef]", unit_text(unit, "en")), unit


def test_keys_of_rows():
    assert input_keys(pd.DataFrame([{"fact_id": "f:1", "indicator": "i", "raw": "2万"}])) == ["f:1:i=2万"]
    row = {"source_id": "s", "table_id": "1-2", "entity": "a", "indicator": "students", "year": 2030, "raw": "３"}
    assert input_keys(pd.DataFrame([row])) == ["s:table 1-2:a:students:2030=３"]
    apart = with_inputs(pd.DataFrame({"a": [1]}), lambda _: {"a": pd.DataFrame([row]), "b": ["x"]})
    assert apart["inputs"].iloc[0] == {"a": ["s:table 1-2:a:students:2030=３"], "b": ["x"]}


# what an executed notebook shows beside tables and figures has no words in a language


@pytest.mark.parametrize("name", [name for name in notebooks() if name not in {"clean", "intake", "country_brief"}])
def test_other_outputs_hold_no_words(name):
    """Columns of codes, numbers, and text as the sources print it; nothing that would have to be translated."""
    path = PROJECT / "results" / name / f"{notebooks()[name].stem}.ipynb"
    data = "".join(
        p.read_text(encoding="utf-8")
        for folder in ("processed", "crosswalks")
        for p in sorted((PROJECT / "data" / folder).glob("*.csv"))
    ) + "".join((PROJECT / f"data/{one}.yaml").read_text(encoding="utf-8") for one in ("entities", "dictionary"))
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if "workbench" in output.get("metadata", {}):
                continue
            text = "".join(output.get("text", [])) + "".join(output.get("data", {}).get("text/plain", []))
            for word in set(re.findall(r"[\u4e00-\u9fff]+", text)):
                assert word in data, f"{word} in {cell['source'][:1]}"


def test_blocks_of_prose():
    assert blocks("# A\n\nb\nc\n\n- d\n- e\n\n```\nx\n\ny\n```\n") == ["# A", "b\nc", "- d\n- e", "```\nx\n\ny\n```"]
