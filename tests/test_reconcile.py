"""Totals and rates against their parts."""

import pandas as pd
import pytest

from analysis.clean.source import clean_source
from analysis.dictionary import Indicator, indicators, label
from analysis.errors import DataFault
from analysis.reconcile.identities import load_identities
from analysis.reconcile.report import disagreements
from analysis.reconcile.totals import Identity, check_tables, judge


@pytest.mark.parametrize(
    ("printed", "recomputed", "decimals", "verdict", "note"),
    [
        (93.85, 93.8461, 2, "agrees", ""), (0.5, 0.45, 1, "agrees", ""), (2.675, 2.675, 3, "agrees", ""), (88.08, 88.0867, 2, "rounding", "truncated"),
        (11588.40, 11588.3949, 2, "rounding", "apart"), (96.80, 96.8254, 2, "disagrees", ""), (100, 101, 0, "disagrees", ""), (8, 8.36, 0, "agrees", ""), (8, 8.6, 0, "rounding", "truncated"),
        (0.3, 0.1 + 0.2, 1, "agrees", ""),
    ],
)
def test_verdicts(printed, recomputed, decimals, verdict, note):
    assert judge(printed, recomputed, decimals) == (verdict, note)


def report(cells, rule="sum"):
    columns = ["source_id", "table_id", "entity", "entity_raw", "indicator", "year", "raw", "value", "unit", "aggregate_rule"]
    rows = [("s", "1", e, e, i, 2030, raw, None if raw == "---" else float(raw), "u", rule if e == "total" else "") for e, i, raw in cells]
    return pd.DataFrame(rows, columns=columns)


KNOWN = {code: Indicator(code, code, code, "u", kind, (0, None), "none", "x") for code, kind in (("n", "count"), ("p", "count"), ("rate", "rate"), ("head", "ratio"), ("x", "count"), ("y", "count"))}
IDENTITIES = [Identity("rate", "p", "n", 100), Identity("n", parts=("x", "y"))]


def verdicts(cells, rule="sum"):
    checks = check_tables(report(cells, rule), IDENTITIES, KNOWN, str)
    return {(c.where, c.what.split()[0]): (c.verdict, c.note) for c in checks.itertuples()}


def test_clean_tables_report_nothing():
    checks = check_tables(report([("a", "n", "100"), ("b", "n", "50"), ("total", "n", "150"), ("a", "p", "90"), ("b", "p", "45"), ("total", "p", "135"), ("a", "rate", "90.0"), ("b", "rate", "90.0"), ("total", "rate", "90.0")]), IDENTITIES, KNOWN, str)
    assert set(checks["verdict"]) == {"agrees"} and len(checks) == 5


def test_planted_faults_are_found():
    found = verdicts([
        ("a", "n", "100"), ("b", "n", "50"), ("c", "n", "7"), ("total", "n", "150"),  # a row left out
        ("a", "p", "90"), ("b", "p", "20"), ("c", "p", "7"), ("total", "p", "117"),
        ("a", "rate", "90.0"), ("b", "rate", "41.0"), ("c", "rate", "100.0"), ("total", "rate", "77.0"),  # a wrong rate; a simple mean
        ("a", "x", "60"), ("a", "y", "39"),  # parts that miss one
        ("a", "head", "3.5"), ("b", "head", "2.5"), ("total", "head", "6.0"),  # a sum of per-head figures
    ])
    assert found["table 1, total", "n"] == ("disagrees", "printed minus recomputed -7; exactly the row of c left out would give it")
    assert found["table 1, total", "p"][0] == "agrees"
    assert found["table 1, b", "rate"][0] == "disagrees"
    assert found["table 1, total", "rate"][0] == "definition" and "simple mean" in found["table 1, total", "rate"][1]
    assert found["table 1, a", "n"][0] == "disagrees"
    assert found["table 1, total", "head"][0] == "definition"


def test_a_mean_is_called_a_simple_mean():
    assert verdicts([("a", "rate", "80.0"), ("b", "rate", "91.0"), ("c", "rate", "---"), ("total", "rate", "85.5")], "mean")["table 1, total", "rate"] == ("agrees", "simple mean of rows, not weighted by persons")


def test_every_closing_cell_of_the_report_is_judged_and_the_known_faults_are_found():
    cells = clean_source("liuzhou-2023").observations
    checks = check_tables(cells, load_identities(), indicators(), lambda code: label(code, "zh"), "zh")
    closing = cells[(cells["aggregate_rule"] != "") & cells["value"].notna()]
    assert checks["check_id"].is_unique
    assert checks["check_id"].str.endswith(":total").sum() == len(closing) == 91
    totals = disagreements(checks)
    totals = totals[totals["check_id"].str.endswith(":total")].set_index("what")[["printed", "recomputed"]].to_dict("index")
    # found by a second reading with pencil and paper
    assert totals == {
        "学生实习岗位数 2022": {"printed": "15406", "recomputed": 18924.0}, "乡村振兴培训人次 2023": {"printed": "6299", "recomputed": 7955.0},
        "助学金额 2023": {"printed": "23778.93", "recomputed": 24355.4},
    }


def test_identity_with_an_unknown_indicator_stops(tmp_path):
    path = tmp_path / "identities.yaml"
    path.write_text("ratios: {placement_rate_pct: {numerator: plced, denominator: graduates}}\n", encoding="utf-8")
    with pytest.raises(DataFault, match="'plced' is not in the dictionary.*nearest known: 'placed'"):
        load_identities(path)
