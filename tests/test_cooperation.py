"""The record of cooperation: what may stand in one row, what may be set against an earlier document,
and which fields go abroad."""

import pandas as pd
import pytest

from analysis.describe.cooperation import (
    check_briefs,
    comparability,
    cooperation_facts,
    fields_abroad,
    series,
    then_and_now,
)
from analysis.ground.dictionary import country_code, period_text
from tests.conftest import PROJECT


def record(rows):
    columns = ["fact_id", "source_id", "entity", "indicator", "period", "unit", "basis", "raw"]
    return cooperation_facts(
        pd.DataFrame([(f"f{i}", *row) for i, row in enumerate(rows)], columns=columns).assign(kind="other", partner=""),
        ["other"],
    )


def test_each_criterion_shows_in_the_matrix():
    rows = [
        ("s", "a", "x", "2023", "人", "flow", "1"),
        ("s", "b", "x", "2023", "人", "flow", "2"),
        ("s", "a", "y", "2023", "人", "flow", "1"),
        ("s", "b", "y", "../2023", "人次", "cumulative", "2"),
        ("s", "a", "z", "2023", "人", "flow", "1"),
        ("s", "town", "z", "2023", "人", "flow", "2"),
    ]
    found = comparability(record(rows), {"a": "town", "b": "town"}).set_index("indicator")
    assert found["comparable"].to_dict() == {"x": True, "y": False, "z": False}
    assert found.loc["y", ["same_unit", "same_accumulation", "same_period", "same_nested"]].tolist() == [
        False,
        False,
        False,
        True,
    ]
    assert found.at["z", "why_not"] == ["nested"] and found.at["x", "why_not"] == []


def test_a_year_is_not_set_against_a_total():
    rows = [
        ("then", "a", "x", "2018", "人", "flow", "10"),
        ("now", "a", "x", "2023", "人", "flow", "20"),
        ("then", "a", "y", "2016/2019", "人次", "cumulative", "6000"),
        ("now", "a", "y", "../2023", "人次", "cumulative", "17675"),
        ("then", "a", "z", "2018", "人", "flow", "1"),
        ("now", "b", "z", "2023", "人", "flow", "2"),
    ]
    found = then_and_now(record(rows), "then", "now").set_index("indicator")
    assert found["comparable"].to_dict() == {"x": True, "y": False, "z": False}
    assert found.at["y", "why_not"] == ["period"] and found.at["z", "why_not"] == ["actor"]
    assert then_and_now(record(rows[:1]), "then", "now").empty


def test_fields_are_counted_by_section():
    crosswalk = pd.DataFrame(
        {"item": ["p", "q", "r"], "field": ["cars", "robots", "trade"], "section": ["C", "C", "F"]}
    )
    found = fields_abroad(pd.Series(["p", "q", "p", "r"]), crosswalk)
    assert (
        found["section"].tolist() == ["C", "F"]
        and found["items"].tolist() == [3, 1]
        and found["share"].tolist() == [0.75, 0.25]
        and found["fields"].iloc[0] == ("cars", "robots")
    )
    with pytest.raises(KeyError, match="items without a section: s, t"):
        fields_abroad(pd.Series(["t", "s"]), crosswalk)


def test_the_crosswalk_of_resources_is_whole():
    from analysis.describe.codes import section_of

    table = pd.read_csv(PROJECT / "data/crosswalks/resource_to_section.csv", dtype=str, keep_default_na=False)
    assert table["item"].is_unique and (table["basis"] != "").all()
    assert all(
        section_of(d) == row.section for row in table.itertuples() for d in row.divisions.replace("-", ";").split(";")
    )


def test_periods_as_readers_write_them():
    assert [period_text(p, "en") for p in ("2023", "../2023", "2016/2018", "2023/..")] == [
        "2023",
        "up to 2023",
        "2016–2018",
        "from 2023",
    ]


def test_only_like_periods_of_one_actor_are_a_series():
    rows = [
        ("s", "a", "x", "2022", "人", "flow", "1"),
        ("s", "a", "x", "2023", "人", "flow", "2"),  # two years
        ("s", "b", "x", "2023", "人", "flow", "3"),  # one year only
        ("s", "a", "y", "2022", "人", "flow", "4"),
        ("s", "a", "y", "2022/2023", "人", "flow", "5"),  # a year and a span
        ("s", "a", "z", "../2022", "人", "cumulative", "6"),
        ("s", "a", "z", "../2023", "人", "cumulative", "7"),  # totals
        ("s", "c", "w", "2023", "人", "flow", "8"),
        ("t", "c", "w", "2023", "人", "flow", "8"),  # one year, printed twice
    ]
    found = series(record(rows).assign(item="", qualifier="exact", value=0.0))
    assert found[["entity", "indicator", "raw"]].to_numpy().tolist() == [["a", "x", "1"], ["a", "x", "2"]]


def test_briefs_are_those_with_enough_figures():
    countries = pd.DataFrame(
        {
            "country": ["laos"] * 3 + ["sco_countries"] * 2 + ["malaysia"],
            "fact_id": ["f1", "f2", "f2", "f3", "f4", "f5"],
        }
    )
    assert check_briefs(countries, 2, ["sco_countries", "laos"])["figures"].to_list() == [2, 2]
    with pytest.raises(ValueError, match="2 or more figures are on record with sco_countries, fewer with malaysia"):
        check_briefs(countries, 2, ["laos", "malaysia"])
    assert country_code("Viet Nam") == "viet_nam"
