"""Cleaning: the messes one by one, each with the message it must raise, and nothing written."""

import csv

import pytest
import yaml

from analysis.clean import load
from analysis.clean.panel import data_package, join_sources, save_processed
from analysis.clean.source import clean_source, save_interim
from analysis.ground.errors import DataFault
from tests.conftest import PROJECT
from tests.workspace import process


def edit(path, change):
    text = path.read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text, "the mess was not made"
    path.write_text(changed, encoding="utf-8")


def edit_table(town, table, change):
    """Change the rows of a raw table as a person with a spreadsheet would."""
    path = town / "data" / "raw" / "town-2030" / f"table_{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(change(rows))


def cell(row, column, text):
    def change(rows):
        rows[row][column + 1] = text
        return rows

    return change


MESSES = {
    "renamed header": (
        "3-6",
        cell(1, 4, "落实人数"),
        r"table 3-6, row header line 1, column c4, printed '落实人数': the header should read '毕业去向落实人数\(人\)'",
    ),
    "missing school row": (
        "3-6",
        lambda rows: [r for r in rows if "乙职院" not in r],
        r"table 3-6, row 乙职院: the row of '乙职院' is missing\. Restore the row",
    ),
    "doubled school row": (
        "3-6",
        lambda rows: [*rows, rows[2]],
        r"table 3-6, row 甲职院: 2 rows for one school: two values for one key",
    ),
    "text in a number cell": (
        "3-6",
        cell(3, 3, "约200"),
        r"row 乙职院, column 毕业生数\(人\), printed '约200': not a number\. Correct the cell",
    ),
    "negative count": (
        "3-6",
        cell(3, 3, "-200"),
        r"row 乙职院, column 毕业生数\(人\), printed '-200': outside the range 0 to None of graduates",
    ),
    "rate above a hundred": (
        "3-6",
        cell(3, 5, "195.00"),
        r"printed '195.00': outside the range 0 to 100 of placement_rate_pct",
    ),
    "unknown school": (
        "3-6",
        cell(3, 2, "乙职校"),
        r"printed '乙职校': the name is not known\. Correct it.*nearest known: '乙职院'",
    ),
    "a column too few": (
        "3-6",
        lambda rows: [r[:-1] for r in rows],
        r"4 columns and 1 header lines, declared are 5 and 1",
    ),
    "comma that parts no thousands": ("1-2", cell(3, 3, "5，00"), r"printed '5，00': a comma that parts no thousands"),
}


@pytest.mark.parametrize("mess", MESSES)
def test_mess_is_named_with_its_place_and_the_way_out(town, mess):
    table, change, message = MESSES[mess]
    edit_table(town, table, change)
    with pytest.raises(DataFault, match=message):
        clean_source("town-2030")
    assert not (town / "data" / "interim").exists()


def test_empty_file_and_wrong_encoding(town):
    raw = town / "data" / "raw" / "town-2030"
    (raw / "table_3-6.csv").write_text("", encoding="utf-8")
    (raw / "table_1-2.csv").write_bytes((raw / "table_1-2.csv").read_text(encoding="utf-8").encode("gb18030"))
    with pytest.raises(DataFault) as fault:
        clean_source("town-2030")
    messages = str(fault.value)
    assert "table_3-6.csv: the file is empty" in messages
    assert "table_1-2.csv: byte" in messages and "is not UTF-8" in messages


def test_all_faults_of_all_files_at_once(town):
    edit_table(town, "3-6", cell(3, 3, "约200"))
    edit_table(town, "3-7", cell(4, 3, "四十"))
    edit(town / "data/raw/town-2030/facts.csv", lambda t: t.replace(",over,rate,", ",ovr,rate,"))
    with pytest.raises(DataFault) as fault:
        clean_source("town-2030")
    assert len(fault.value.problems) == 3
    assert {p.table for p in fault.value.problems} == {"3-6", "3-7", ""}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("town-2030:s:02", "town-2030:s:01"), "fact_id stands twice"),
        (
            lambda t: t.replace("survey_students", "survey_student", 1),
            "'survey_student' is not in the dictionary.*nearest known: 'survey_students'",
        ),
        (lambda t: t.replace(",town,survey_specialties", ",twon,survey_specialties", 1), "entity 'twon' is not known"),
        (lambda t: t.replace(",2028,", ",28,", 1), "printed '28': not a period"),
        (lambda t: t.replace(",100,人,", ",100,个,", 1), "unit '个', the dictionary has '人'"),
        (lambda t: t.replace(",100,人,", ",,人,", 1), "no value"),
        (lambda t: t.replace("fact_id,", "fact,", 1), r"columns missing: \['fact_id'\]; not known: \['fact'\]"),
    ],
)
def test_faults_of_prose_figures(town, change, message):
    edit(town / "data/raw/town-2030/facts.csv", change)
    with pytest.raises(DataFault, match=message):
        clean_source("town-2030")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace(",A,虚构统计局", ",D,虚构统计局", 1), "'D' is not a word of this column"),
        (lambda t: t.replace("虚构统计局", "", 1), "body is empty"),
        (lambda t: t + t.splitlines()[1].replace("census:001", "census:999") + "\n", "two values for one key"),
    ],
)
def test_faults_of_demand_figures(town, change, message):
    edit(town / "data/raw/demand/census.csv", change)
    with pytest.raises(DataFault, match=message):
        clean_source("demand")


def test_correction_is_applied_and_raw_stays(town):
    edit_table(town, "1-2", cell(3, 3, "5，00"))
    corrections = town / "data/corrections.yaml"
    entry = {
        "c902": {
            "where": {
                "source_id": "town-2030",
                "table_id": "1-2",
                "entity": "college_a",
                "indicator": "students",
                "year": 2029,
            },
            "printed": "5，00",
            "expect": "5，00",
            "use": 500,
            "status": "applied",
            "reason": {"zh": "试", "en": "test"},
        }
    }
    corrections.write_text(yaml.safe_dump(entry, allow_unicode=True), encoding="utf-8")
    cells = clean_source("town-2030").observations
    [row] = cells[cells["correction_id"] == "c902"].to_dict("records")
    assert (row["raw"], row["value"], row["status"]) == ("5，00", 500.0, "corrected")
    assert row["value_printed"] != row["value_printed"]


def test_correction_of_prose(town):
    entry = {
        "c903": {
            "where": {"source_id": "town-2030", "fact_id": "town-2030:e:04"},
            "printed": "95.1%",
            "expect": "95.1%",
            "use": 94.2,
            "status": "applied",
            "reason": {"zh": "试", "en": "test"},
        }
    }
    (town / "data/corrections.yaml").write_text(yaml.safe_dump(entry, allow_unicode=True), encoding="utf-8")
    facts = clean_source("town-2030").facts.set_index("fact_id")
    row = facts.loc["town-2030:e:04"]
    assert (row["raw"], row["value"], row["lower"], row["upper"], row["value_printed"], row["correction_id"]) == (
        "95.1%",
        94.2,
        94.2,
        94.2,
        95.1,
        "c903",
    )
    process(town)
    assert load.facts().set_index("fact_id").loc["town-2030:e:04", ["value", "lower"]].tolist() == [94.2, 94.2]
    assert load.facts("printed").set_index("fact_id").loc[
        "town-2030:e:04", ["value", "lower"]
    ].tolist() == pytest.approx([95.1, 95.05])
    with pytest.raises(ValueError, match="use 'corrected' or 'printed'"):
        load.facts("both")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expect": "95,1%", "printed": "95,1%"}, "c903 has lost its object: it expects '95,1%'"),
        ({"expect": "95,1%"}, "says that '95.1%' is printed and expects '95,1%'"),
        ({"use": 942}, "uses 942, outside the range 0 to 100"),
        ({"use": True}, "use is True, not a number"),
        ({"use": float("nan")}, "use is nan, not a number"),
        ({"reasn": "x"}, "an entry has no 'reasn'.*nearest known: 'reason'"),
        ({"where": None}, "is no entry with a place"),
        ({"use": None}, "is applied and says no number to use"),
        ({"reason": "test"}, "must be given in zh"),
        ({"status": "maybe"}, "status 'maybe' is not known"),
        ({"where": {"source_id": "town-2030", "fact_id": "town-2030:e:99"}}, "matches 0 cells"),
        ({"status": ["applied"]}, "column status: status is a list, not one value"),
        ({"where": {"source_id": {"town-2030": None}, "fact_id": "x"}}, "source_id is a mapping, not one value"),
        ({2030: "x"}, "an entry has no '2030'"),
        ({"where": {"source_id": "demand", "fact_id": "x"}}, "source 'demand' has no facts.csv"),
        ({"where": {"fact_id": "x"}}, "lacks source_id"),
    ],
)
def test_faults_of_corrections(town, change, message):
    entry = {
        "where": {"source_id": "town-2030", "fact_id": "town-2030:e:04"},
        "printed": "95.1%",
        "expect": "95.1%",
        "use": 94.2,
        "status": "applied",
        "reason": {"zh": "试", "en": "test"},
    }
    (town / "data/corrections.yaml").write_text(
        yaml.safe_dump({"c903": entry | change}, allow_unicode=True), encoding="utf-8"
    )
    with pytest.raises(DataFault, match=message):
        clean_source("town-2030")


def test_one_figure_is_corrected_once(town):
    edit(town / "data/corrections.yaml", lambda t: t + t.replace("c901", "c902"))
    with pytest.raises(DataFault, match="row c902: corrects the same figure as c901"):
        clean_source("town-2030")


def test_correction_that_lost_its_object_stops(town):
    edit(town / "data/corrections.yaml", lambda t: t.replace('"2，100"', '"2,1OO"'))
    with pytest.raises(
        DataFault, match="correction c901 has lost its object: it expects '2,1OO'.*The source was mended"
    ):
        clean_source("town-2030")


def test_correction_that_matches_nothing_stops(town):
    edit(town / "data/corrections.yaml", lambda t: t.replace("indicator: students", "indicator: intake_plan"))
    with pytest.raises(DataFault, match="correction c901 matches 0 cells"):
        clean_source("town-2030")


def test_correction_of_an_unknown_source_stops(town):
    edit(town / "data/corrections.yaml", lambda t: t.replace("source_id: town-2030", "source_id: town-2031"))
    with pytest.raises(DataFault, match="source 'town-2031' has no tables.*nearest known: 'town-2030'"):
        clean_source("town-2030")


def test_a_key_that_stands_twice_is_refused(town):
    edit(town / "data/corrections.yaml", lambda t: t + t)
    with pytest.raises(DataFault, match="corrections.yaml: line 8: 'c901' stands twice"):
        clean_source("town-2030")


def test_town_arrives_whole(town):
    clean = clean_source("town-2030")
    cells = clean.observations
    assert len(cells) == 5 * (6 + 3 + 4 + 3)
    assert cells["status"].value_counts().to_dict() == {"printed": 60, "aggregate": 15, "missing": 5}
    assert (
        cells.loc[
            (cells["entity"] == "town") & (cells["indicator"] == "students") & (cells["year"] == 2030), "value"
        ].item()
        == 2100
    )
    assert clean.records["specialty_changes"]["specialty_withdrawn"].tolist() == ["旧专业一", "旧专业二", ""]
    assert clean.records["exported_resources"]["entity"].tolist() == ["college_a", "college_a", "school_c"]


def test_join_writes_a_valid_data_package(town):
    for source in ("town-2030", "demand"):
        save_interim(clean_source(source))
    tables = join_sources(["town-2030", "demand"])
    save_processed(tables)
    from frictionless import Package

    report = Package(str(town / "data/processed/datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])
    assert len(data_package(tables)["resources"]) == len(list((town / "data/processed").glob("*.csv")))


def test_doubled_key_across_interim_files_stops(town):
    save_interim(clean_source("demand"))
    save_interim(clean_source("town-2030"))
    interim = town / "data/interim/town-2030/observations.csv"
    edit(interim, lambda t: t + t.splitlines()[1] + "\n")
    with pytest.raises(DataFault, match="two values for one key"):
        join_sources(["town-2030", "demand"])


# --- the real sources


@pytest.fixture(scope="module")
def liuzhou():
    return clean_source("liuzhou-2023")


def test_every_numeric_cell_of_the_report_is_there(liuzhou):
    """1,131 numeric cells counted by hand: rows × columns of each table."""
    by_table = liuzhou.observations.groupby("table_id").size().to_dict()
    assert by_table == {
        "1-2": 72,
        "1-3": 72,
        "3-1": 12,
        "3-2": 27,
        "3-3": 36,
        "3-4": 72,
        "3-5": 48,
        "3-6": 36,
        "3-7": 48,
        "3-8": 144,
        "3-9": 72,
        "4-1": 36,
        "4-4": 96,
        "4-9": 120,
        "4-10": 60,
        "4-11": 72,
        "4-12": 72,
        "6-1": 36,
    }
    assert {t: len(r) for t, r in liuzhou.records.items()} == {
        "schools": 79,
        "specialty_changes": 14,
        "model_courses": 12,
        "teaching_organisations": 3,
        "achievements_national": 5,
        "achievements_region": 15,
        "textbooks_region": 13,
        "textbooks_national": 25,
        "integration_projects": 6,
        "industry_colleges": 24,
        "foreign_student_awards": 10,
        "craftsman_colleges": 3,
        "exported_resources": 26,
        "policies": 6,
    }


@pytest.mark.parametrize(
    ("table", "entity", "indicator", "year", "raw"),
    [  # read from the document by eye
        ("1-2", "liuzhou_city_vc", "students", 2023, "22721"),
        ("1-3", "rongshui_vts", "equipment_per_student_yuan", 2023, "51381.4"),
        ("3-2", "liuzhou_railway", "score_science_mean", 2023, "384"),
        ("3-4", "luzhai", "satisfaction_classroom_pct", 2023, "98.3"),
        ("3-5", "liuzhou_first", "aid_amount_10k_yuan", 2023, "576，47"),
        ("3-7", "liuzhou_tourism", "further_study_higher_vocational", 2023, "331"),
        ("3-8", "liuzhou_second", "student_awards_region_third", 2022, "19"),
        ("3-9", "liuzhou", "internship_positions", 2022, "15406"),
        ("4-4", "liuzhou_city_vc", "certificates_1x_middle", 2023, "28"),
        ("4-9", "liuzhou_first", "online_course_mean_students", 2023, "3484"),
        ("4-10", "liuzhou_mechatronics", "students_per_teacher", 2023, "23.00"),
        ("6-1", "liuzhou", "rural_training_person_times", 2023, "6299"),
    ],
)
def test_cells_read_by_eye(liuzhou, table, entity, indicator, year, raw):
    cells = liuzhou.observations
    found = cells[
        (cells["table_id"] == table)
        & (cells["entity"] == entity)
        & (cells["indicator"] == indicator)
        & (cells["year"] == year)
    ]
    assert found["raw"].tolist() == [raw]


def test_named_specialties_agree_with_their_numbers(liuzhou):
    """Record rows against the counts of the same table: an identity inside the source."""
    records, cells = liuzhou.records["specialty_changes"], liuzhou.observations
    for field, indicator in (
        ("specialty_added", "specialties_added"),
        ("specialty_withdrawn", "specialties_withdrawn"),
    ):
        named = records[records[field] != ""].groupby("entity").size()
        counted = cells[(cells["indicator"] == indicator) & (cells["aggregate_rule"] == "")].set_index("entity")[
            "value"
        ]
        assert named.reindex(counted.index).fillna(0).eq(counted).all()


def test_no_person_no_number_to_call_no_address():
    import re

    for path in (PROJECT / "data").rglob("*.*"):
        if "processed" in path.parts or "interim" in path.parts or path.suffix not in {".csv", ".yaml"}:
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), path
        assert not re.search(r"[\w.]+@[\w.]+\.\w+", text), path
        assert "https://" not in text and "http://" not in text, path


def test_census_sections_add_up():
    figures = clean_source("demand").figures
    for indicator in ("employed_sample_by_section", "employed_sample_by_occupation"):
        rows = figures[figures["indicator"] == indicator]
        totals = figures[
            (figures["indicator"] == "employed_sample_by_section") & (figures["group"] == "all")
        ].set_index(["place", "year"])["value"]
        sums = rows[rows["group"] != "all"].groupby(["place", "year"])["value"].sum()
        assert sums.eq(totals.reindex(sums.index)).all()


def test_a_figure_of_no_school_is_not_summed_with_those_of_schools(town):
    edit(town / "data/entities.yaml", lambda t: t.replace("kind: school", "kind: specialty", 1))
    cells = clean_source("town-2030").observations
    apart = cells[cells["aggregate_rule"] == "apart"]
    assert apart["entity"].nunique() == 1 and set(apart["status"]) <= {"printed", "missing", "corrected"}
    assert not cells[cells["aggregate_rule"] == ""]["entity"].isin(apart["entity"]).any()
