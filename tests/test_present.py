"""Figures, tables and numbers: the only writers to results."""

import json
import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from analysis import paths
from analysis.dictionary import entities, indicators, label, words
from analysis.present.results import Results, input_keys, number_text
from analysis.present.style import MissingGlyph, check_glyphs, font_file, use_style
from tests.conftest import PROJECT


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "OUT", tmp_path)
    use_style()
    return Results("fit", "zh")


CAPTION = {"title": "标题", "scope": "范围", "units": "人", "source": "表1-2"}


def draw():
    figure, axes = plt.subplots()
    axes.barh(["柳职院", "融水卫校"], [1, -2])
    return figure


def test_a_figure_has_equal_bytes_twice_and_no_clock(results, tmp_path):
    results.save_figure(draw(), "fit_a", **CAPTION, alt="条形图")
    results.save_figure(draw(), "fit_b", **CAPTION, alt="条形图")
    for suffix in ("svg", "png"):
        a, b = ((tmp_path / f"results/figures/fit_{x}.{suffix}").read_bytes() for x in "ab")
        assert a == b
    assert b"<dc:date>" not in (tmp_path / "results/figures/fit_a.svg").read_bytes()


def test_a_missing_glyph_is_an_error_and_nothing_is_written(results, tmp_path):
    with pytest.raises(MissingGlyph, match="no glyph for 🚗"):
        results.save_figure(draw(), "fit_a", **{**CAPTION, "title": "车🚗"}, alt="x")
    assert not (tmp_path / "results/figures").exists()


def test_every_label_shipped_can_be_drawn():
    for code in [*indicators(), *entities(), *words()]:
        for language in ("zh", "en"):
            check_glyphs(label(code, language))
    for source in (PROJECT / "notebooks").glob("*.ipynb"):
        check_glyphs("".join(re.findall(r"[\u2e80-\uffef]", source.read_text(encoding="utf-8"))))


def test_the_font_lies_in_the_environment():
    assert "site-packages" in str(font_file()) and font_file().suffix == ".otf"


def test_names_are_unique_and_say_their_notebook(results):
    results.save_figure(draw(), "fit_a", **CAPTION, alt="x")
    with pytest.raises(ValueError, match="saved twice"):
        results.save_figure(draw(), "fit_a", **CAPTION, alt="x")
    with pytest.raises(ValueError, match="must begin with 'fit'_"):
        results.save_table(pd.DataFrame({"year": [1]}), "other", **CAPTION)
    results.number("n", 1, "人", formula="x", inputs=["y"])
    with pytest.raises(ValueError, match="published twice"):
        results.number("n", 1, "人", formula="x", inputs=["y"])


@pytest.mark.parametrize("missing", ["title", "scope", "units", "source"])
def test_no_caption_has_a_default(results, missing):
    with pytest.raises(TypeError, match=missing):
        results.save_table(pd.DataFrame({"year": [1]}), "fit_t", **{k: v for k, v in CAPTION.items() if k != missing})


def test_tables_speak_the_language_and_are_rounded(results, tmp_path):
    table = pd.DataFrame({"year": [2030, 2031], "share": [0.1249, None], "disagree": [True, False]})
    shown = results.save_table(table, "fit_t", **CAPTION, digits={"share": 3})
    assert (tmp_path / "results/tables/fit_t.csv").read_text(encoding="utf-8") == "年份,占比,结论相反\n2030,0.125,是\n2031,,否\n"
    assert shown.columns.tolist() == ["年份", "占比", "结论相反"] and table.columns.tolist() == ["year", "share", "disagree"]
    with pytest.raises(KeyError, match="'shaer' is in none of.*nearest known: 'share'"):
        results.save_table(pd.DataFrame({"shaer": [1]}), "fit_u", **CAPTION)


@pytest.mark.parametrize(("value", "unit", "digits", "text"), [(28536, "人", 0, "28,536"), (9999, "人", 0, "9999"), (89.016, "%", 2, "89.02%"), (-4.24, "", 1, "−4.2"), (-0.0001, "", 2, "0.00"), ("柳职院", "", 0, "柳职院")])
def test_number_text(value, unit, digits, text):
    assert number_text(value, unit, digits) == text


def test_numbers_need_an_origin(results):
    with pytest.raises(ValueError, match="no inputs"):
        results.number("n", 1, "人", formula="x", inputs=[])
    with pytest.raises(ValueError, match="not a number to print"):
        results.number("n", float("nan"), "人", formula="x", inputs=["y"])


def test_ledger(results, tmp_path):
    results.number("fit_n", 3.0, "人", formula="sum", inputs=pd.DataFrame([{"source_id": "s", "table_id": "1-2", "entity": "a", "indicator": "students", "year": 2030, "raw": "３"}]), headline=True)
    assert results.close() == "1 numbers, 0 figures, 0 tables"
    ledger = json.loads((tmp_path / "results/ledgers/fit.json").read_text(encoding="utf-8"))
    assert ledger["numbers"]["fit_n"]["origin"] == {"formula": "sum", "inputs": ["s:table 1-2:a:students:2030=３"], "notebook": "fit", "values": "corrected"}
    assert input_keys(pd.DataFrame([{"fact_id": "f:1", "indicator": "i", "raw": "2万"}])) == ["f:1:i=2万"]
