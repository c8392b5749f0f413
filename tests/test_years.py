"""Several years together: what two reports print, schools that came from others, and sentences that the data choose."""

import copy
import json
import random
import re

import pandas as pd
import pytest

from analysis.clean import load
from analysis.describe import needs, vintages
from analysis.ground import dictionary, paths
from analysis.ground.errors import BadArgument, DataFault, Problems, UnknownName
from analysis.ground.files import languages
from analysis.ground.params import load_params
from analysis.present import findings
from analysis.present.published import catalogue, folders
from analysis.reconcile.trail import published
from pipelines.build_report import Manuscript

ROWS = [  # source, entity, indicator, year, value
    ("r2030", "a", "students", 2029, 90.0),
    ("r2030", "a", "students", 2030, 100.0),
    ("r2030", "b", "students", 2030, 50.0),
    ("r2031", "a", "students", 2030, 104.0),
    ("r2031", "c", "students", 2031, 70.0),
    ("r2031", "c", "placement_rate_pct", 2031, 91.0),
]


@pytest.fixture
def reports(monkeypatch):
    """Two reports about one place, the second with a revised figure and a school that two were merged into."""
    listed = pd.DataFrame(
        {"source_id": ["r2030", "r2031", "x"], "covers": ["town", "town", ""], "report_year": ["2030", "2031", "2031"]}
    )
    monkeypatch.setattr(load, "sources", lambda: listed)
    return pd.DataFrame(ROWS, columns=["source_id", "entity", "indicator", "year", "value"]).assign(
        table_id="1", table="enrolment", tier="中职", raw="1", aggregate_rule="", line=1
    )


def test_of_two_vintages_the_one_that_is_wanted_counts_and_both_stay(reports):
    latest, first = (load.of_place(reports, "town", vintage) for vintage in ("latest", "first"))
    own = {"entity": "a", "indicator": "students", "year": 2030}
    assert load.select(latest, **own)["value"].tolist() == [104.0]
    assert load.select(first, **own)["value"].tolist() == [100.0]
    assert len(latest) == len(first) == len(reports) - 1
    with pytest.raises(BadArgument, match="vintage"):
        load.of_place(reports, "town", "newest")
    with pytest.raises(UnknownName, match="no source is a report about 'village'"):
        load.of_place(reports, "village")


def test_a_schools_own_report_joins_its_citys(reports, monkeypatch):
    listed = pd.concat(
        [load.sources(), pd.DataFrame({"source_id": ["own"], "covers": ["liuzhou_first"], "report_year": ["2031"]})]
    ).replace({"covers": {"town": "liuzhou"}, "source_id": {"r2030": "liuzhou-2023"}})
    monkeypatch.setattr(load, "sources", lambda: listed)
    reports = reports.replace({"source_id": {"r2030": "liuzhou-2023"}})
    own = reports.iloc[:2].assign(source_id="own", entity=["a", "e"], year=[2030, 2031], value=[7.0, 8.0])
    made = load.of_place(pd.concat([reports, own], ignore_index=True), "liuzhou")
    figures = made.set_index(["entity", "year"])["value"].to_dict()
    assert figures[("a", 2030)] == 104.0 and figures[("e", 2031)] == 8.0


def test_a_report_is_found_by_place_and_year(reports):
    assert load.report_of("town", 2031) == "r2031"
    with pytest.raises(UnknownName, match="no report of 2029 about town; there are 2030, 2031"):
        load.report_of("town", 2029)


def test_a_revision_keeps_both_values_and_a_missing_year_has_no_row(reports):
    [revised] = vintages.revisions(reports, "town").to_dict("records")
    assert (revised["first"], revised["last"], revised["change"]) == (100.0, 104.0, 4.0)
    assert (revised["report_first"], revised["report_last"]) == (2030, 2031)
    triangle = vintages.triangle(reports, "town").set_index(["year", "report_year"])
    assert triangle["total"].to_dict() == {(2029, 2030): 90, (2030, 2030): 150, (2030, 2031): 104, (2031, 2031): 70}
    assert triangle.loc[(2030, 2031), "change"] == -46


@pytest.fixture
def merged(monkeypatch):
    def entity(code, *before):
        return dictionary.Entity(code, "school", ({"zh": code, "en": code},), {}, "中职", predecessors=before)

    known = {one.code: one for one in (entity("a"), entity("b"), entity("c", "a", "b"), entity("d"))}
    monkeypatch.setattr(dictionary, "entities", lambda: known)
    dictionary.families.cache_clear()
    yield
    dictionary.families.cache_clear()


def test_schools_that_were_merged_are_one_school_in_every_year(reports, merged):
    assert dictionary.families() == dict.fromkeys("abc", ("c", "a", "b"))
    made = vintages.comparable(load.of_place(reports, "town", "first"))
    counted = made[made["indicator"] == "students"].set_index("year")["value"].to_dict()
    assert counted == {2029: 90.0, 2030: 150.0, 2031: 70.0}
    assert set(made["entity"]) == {"c"} and set(made["joined"]) == {"c a b"}
    both = pd.concat([reports, reports.assign(indicator="placement_rate_pct", value=90.0)])
    rates = vintages.comparable(load.of_place(both.iloc[6:], "town", "first"))
    assert rates.set_index("year")["value"].isna().to_dict() == {2029: False, 2030: True, 2031: False}
    [joined] = vintages.joined_schools(reports).to_dict("records")
    assert (joined["school"], joined["predecessors"]) == ("c", ["a", "b"])


def test_a_year_that_a_merged_school_prints_again_is_counted_once(reports, merged):
    again = reports.iloc[[4]].assign(year=2030, value=160.0)
    both = pd.concat([reports.iloc[[1, 2]], again], ignore_index=True)
    assert load.of_place(both, "town").set_index("entity")["value"].to_dict() == {"c": 160.0}
    assert load.of_place(both, "town", "first").set_index("entity")["value"].to_dict() == {"a": 100.0, "b": 50.0}


def test_without_predecessors_nothing_is_joined(reports):
    pd.testing.assert_frame_equal(vintages.comparable(reports).drop(columns="joined"), reports)


def test_figures_of_prose_belong_to_the_year_in_which_their_period_ends():
    facts = pd.DataFrame({"period": ["2030", "2030-06", "../2030", "2028/2030", "2030/..", "2031"]})
    assert load.of_year(facts, 2030).index.tolist() == [0, 1, 2, 3]
    assert load.of_year(facts.iloc[:0], 2030).empty


# --- what cells of notebooks need


def test_needs_are_met_by_what_the_sources_hold():
    given = vars(load_params()["fit"]) | {"year_before": 2022}
    for need in (*needs.KNOWN.keys() - {"example"}, "records_industry_colleges", "facts_graduates_change"):
        assert needs.is_met(need, given), need
    assert not needs.is_met("records_unheard_of", given) and not needs.is_met("facts_unheard_of", given)
    assert needs.lacking(["needs:survey", "needs:chain", "other"], given | {"chain": ""}) == ["chain"]
    with pytest.raises(UnknownName, match="nothing is known as 'surveys'.*survey"):
        needs.is_met("surveys", given)


# --- findings


def say(name, numbers, language="en"):
    problems = Problems()
    return findings.say_finding(name, numbers, language, problems), list(problems)


@pytest.fixture
def intake(monkeypatch):
    entry = {
        "wordings": [
            {"when": ["now < before"], "zh": "降至{{now}}", "en": "fell to {{now}}"},
            {"when": ["now > before", "now > 0"], "zh": "升至{{now}}", "en": "rose to {{now}}"},
        ],
        "not_printed": {"zh": "没有公布", "en": "not printed"},
    }
    monkeypatch.setattr(findings, "findings", lambda: {"intake": findings.Finding.model_validate(entry)})


@pytest.mark.parametrize(
    ("now", "before", "said"), [(1, 2, "fell to {{now}}"), (3, 2, "rose to {{now}}"), ("", 2, "not printed")]
)
def test_the_data_choose_the_wording(intake, now, before, said):
    assert say("intake", {"now": {"value": now}, "before": {"value": before}}) == (said, [])


def test_what_is_not_printed_is_said_and_what_fits_no_wording_stops(intake):
    assert say("intake", {"now": {"value": 1}}, "zh") == ("没有公布", [])
    said, [problem] = say("intake", {"now": {"value": 2}, "before": {"value": 2}})
    assert said == "" and problem.row == "intake" and "no wording fits the data: before is 2, now is 2" in problem.wrong
    said, [problem] = say("intakes", {})
    assert "no finding is called 'intakes'" in problem.wrong and "intake" in problem.wrong


def test_every_finding_is_placed_and_every_placed_one_is_declared():
    for language in languages():
        text = (paths.REPORT / f"manuscript.{language}.md").read_text("utf-8")
        assert set(re.findall(r"\{\{finding (\w+)\}\}", text)) == findings.findings().keys()


def test_every_number_of_a_finding_is_published():
    for language in languages():
        named = {number for one in findings.findings().values() for number in one.numbers(language)}
        assert named <= published(language).keys()


def moved(numbers: dict, draw: random.Random) -> dict:
    """The same numbers with other values."""
    made = copy.deepcopy(numbers)
    for number in made.values():
        value = number["value"]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            number["value"] = draw.choice([value * draw.uniform(0.3, 3), -value, 0, value, draw.uniform(0, 200)])
    return made


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_is_said_whatever_the_data_say(language):
    """Twenty sets of moved values and twenty with figures missing: no sentence stops the build."""
    said, draw = catalogue(folders(list(load_params()["analyses"])), language), random.Random(language)
    numbers, path = published(language), paths.REPORT / f"manuscript.{language}.md"
    always = {name for name in numbers if f"{{{{{name}}}}}" in path.read_text("utf-8")}  # of the methods
    worlds = [moved(numbers, draw) for _ in range(20)]
    for share in (0, 0.3, 0.7, 0.95):
        worlds += [{n: one for n, one in numbers.items() if n in always or draw.random() < share} for _ in range(5)]
    for world in worlds:
        manuscript = Manuscript(path, world, said, language)
        try:
            manuscript.expand()
        except DataFault as fault:
            told = [one for one in fault.problems if "rests on" not in one.wrong]
            assert not told, told[:3]
        json.dumps(manuscript.text)
