"""The kinds of single faults that once passed: each with the input that passed, and what is said now."""

from __future__ import annotations

import csv
import io
import re

import pytest

from analysis.clean import load
from analysis.clean.cells import is_specialty_code
from analysis.clean.panel import join_sources, mark_superseded, save_processed
from analysis.clean.source import clean_source, save_interim
from analysis.ground.errors import DataFault, Problems
from analysis.ground.numerals import NotANumber, parse_number, readings
from tests.catalogue import Fault
from tests.conftest import PROJECT
from tests.test_catalogue import judging
from tests.test_levels import DESTINATIONS, SPECIALTIES
from tests.workspace import process

RAW = "data/raw/liuzhou-2023/"


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    with judging(tmp_path_factory.mktemp("kinds") / "project") as one:
        yield one


def text_of(path: str) -> str:
    return (PROJECT / path).read_text(encoding="utf-8")


def replaced(path: str, old: str, new: str) -> Fault:
    text = text_of(path)
    assert old in text, (path, old)
    return Fault(path, "", "", text.replace(old, new, 1).encode())


def in_cell(path: str, row: str, column: str, new: str) -> Fault:
    """A cell of the first row that holds `row` in some cell."""
    rows = list(csv.reader(io.StringIO(text_of(path))))
    place = next(i for i, r in enumerate(rows) if row in r)
    rows[place][rows[0].index(column)] = new
    return written(path, rows)


def written(path: str, rows: list[list[str]]) -> Fault:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return Fault(path, "", "", buffer.getvalue().encode())


def rows_of(path: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text_of(path))))


TABLE, FACTS, OUTPUT = f"{RAW}table_3-6.csv", f"{RAW}facts.csv", "data/raw/demand/value_added.csv"
STOPPED = {
    "a second paragraph in a cell": (
        lambda: in_cell(TABLE, "柳职院", "c3", "5587\n12"),
        "row 柳职院, column 毕业生数.*a blank or line break that parts no thousands",
    ),
    "two numbers in a cell": (
        lambda: in_cell(TABLE, "柳职院", "c3", "5597 5291"),
        "a blank or line break that parts no thousands",
    ),
    "a part of a person": (
        lambda: in_cell(TABLE, "柳职院", "c3", "5.597"),
        "printed '5.597': a count is a whole number",
    ),
    "a share among percentages": (
        lambda: in_cell(f"{RAW}table_3-6.csv", "柳职院", "c5", "0.9453"),
        "printed '0.9453': a share of one among percentages",
    ),
    "5,000 nines": (lambda: in_cell(TABLE, "柳职院", "c3", "9" * 5000), "5,000 characters in one cell"),
    "2,000 nines": (lambda: in_cell(TABLE, "柳职院", "c3", "9" * 2000), "digits are no figure"),
    "a number replaced by nothing": (
        lambda: in_cell(TABLE, "柳职院", "c3", ""),
        "2 figures are printed as missing, source.yaml says 1",
    ),
    "a number replaced by a slash": (lambda: in_cell(TABLE, "柳职院", "c3", "/"), "figures are printed as missing"),
    "a number replaced by dashes": (lambda: in_cell(TABLE, "柳职院", "c3", "--"), "figures are printed as missing"),
    "a kind misspelt": (
        lambda: in_cell(f"{RAW}table_5-2.csv", "智能制造产业学院", "kind", "recrod"),
        "table 5-2, row 4, column kind, printed 'recrod': kind 'recrod' is not known.*nearest known: 'record'",
    ),
    "an order cell emptied": (lambda: in_cell(TABLE, "柳一职", "c1", ""), "the order should be 4 here"),
    "a line below zero": (lambda: in_cell(TABLE, "柳一职", "line", "-5"), "printed '-5': is no line of the document"),
    "a line repeated": (
        lambda: in_cell(TABLE, "柳一职", "line", "1132"),
        "printed '1132': is not below the row before",
    ),
    "a line that is a word": (
        lambda: in_cell(TABLE, "柳一职", "line", "abc"),
        "printed 'abc': is no line of the document",
    ),
    "a raised line": (lambda: in_cell(TABLE, "柳一职", "line", "²"), "printed '²': is no line of the document"),
    "the closing row dropped": (lambda: written(TABLE, rows_of(TABLE)[:-1]), "0 closing rows, 1 declared"),
    "the closing row doubled": (
        lambda: written(TABLE, [*rows_of(TABLE), rows_of(TABLE)[-1]]),
        "2 closing rows, 1 declared",
    ),
    "value beside another raw": (
        lambda: in_cell(FACTS, "liuzhou-2023:1.1:05", "value", "47070"),
        "row liuzhou-2023:1.1:05, column raw.*value is 47070, which the figure as printed does not say",
    ),
    "raw without a numeral": (
        lambda: in_cell(FACTS, "liuzhou-2023:1.1:10", "raw", "若干"),
        "printed '若干': value is .* which the figure as printed does not say",
    ),
    "a percentage divided": (lambda: in_cell(FACTS, "liuzhou-2023:3.5:01", "value", "0.0059"), "value is 0.0059"),
    "a period reversed": (
        lambda: in_cell(FACTS, "liuzhou-2023:0:02", "period", "2025/2021"),
        "printed '2025/2021': not a period",
    ),
    "the year 9999": (lambda: in_cell(FACTS, "liuzhou-2023:0:03", "period", "9999"), "printed '9999': not a period"),
    "the 31st of February": (lambda: in_cell(FACTS, "liuzhou-2023:0:03", "period", "2023-02-31"), "not a period"),
    "other digits": (lambda: in_cell(FACTS, "liuzhou-2023:0:03", "period", "２０２３"), "not a period"),
    "an empty id": (lambda: in_cell(FACTS, "liuzhou-2023:0:03", "fact_id", ""), "is no id"),
    "an empty section": (lambda: in_cell(FACTS, "liuzhou-2023:0:03", "section", ""), "is no section"),
    "an unknown section": (
        lambda: in_cell(FACTS, "liuzhou-2023:0:03", "section", "99.9"),
        "its section is '99.9' and its id does not begin with",
    ),
    "an unknown kind": (
        lambda: in_cell(FACTS, "liuzhou-2023:0:03", "kind", "luban_workshp"),
        "kind 'luban_workshp' is not known.*nearest known: 'luban_workshop'",
    ),
    "an unknown partner": (
        lambda: in_cell(FACTS, "liuzhou-2023:0:03", "partner", "泰囯"),
        "partner '泰囯' is not known",
    ),
    "the same figure under a new id": (
        lambda: written(FACTS, [*rows_of(FACTS), ["liuzhou-2023:0:99", *rows_of(FACTS)[3][1:]]]),
        "the same figure stands under liuzhou-2023:0:03",
    ),
    "a script in an id": (
        lambda: in_cell(FACTS, "liuzhou-2023:0:03", "fact_id", "liuzhou-2023:0:<script>"),
        "is no id",
    ),
    "published in month 99": (
        lambda: in_cell(OUTPUT, "value_added:001", "published", "2099-99"),
        "printed '2099-99': not a date",
    ),
    "published yesterday": (
        lambda: in_cell(OUTPUT, "value_added:001", "published", "gestern"),
        "printed 'gestern': not a date",
    ),
    "the year 0000": (lambda: in_cell(OUTPUT, "value_added:001", "year", "0000"), "printed '0000': not a year"),
    "the ninth quarter": (
        lambda: in_cell(OUTPUT, "value_added:001", "period", "Q9"),
        "printed 'Q9': no part of a year",
    ),
    "a group misspelt": (
        lambda: in_cell(OUTPUT, "value_added:004", "group", "secondry"),
        "group 'secondry' is not known.*nearest known: 'secondary'",
    ),
    "twelve digits": (
        lambda: in_cell(OUTPUT, "value_added:001", "value", "311586000000"),
        "so many digits are no figure",
    ),
    "a better grade": (lambda: in_cell(OUTPUT, "value_added:004", "grade", "A"), "printed 'A': .*its grade is C"),
    "a statistic deleted": (
        lambda: written(OUTPUT, [r for r in rows_of(OUTPUT) if r[0] != "value_added:011"]),
        "15 rows, source.yaml says 16",
    ),
    "two indicators exchanged": (
        lambda: replaced(
            f"{RAW}layout.yaml",
            "{header: [毕业生数(人)], indicator: graduates, year: 2023}\n"
            "      - {header: [毕业去向落实人数(人)], indicator: placed,",
            "{header: [毕业生数(人)], indicator: placed, year: 2023}\n"
            "      - {header: [毕业去向落实人数(人)], indicator: graduates,",
        ),
        "table 3-6.*look exchanged",
    ),
    "the year 2032": (
        lambda: replaced(f"{RAW}layout.yaml", "indicator: graduates, year: 2023", "indicator: graduates, year: 2032"),
        "year is 2032",
    ),
    "a year that is true": (
        lambda: replaced(f"{RAW}layout.yaml", "indicator: graduates, year: 2023", "indicator: graduates, year: true"),
        "should be a whole number",
    ),
    "a rule misspelt": (
        lambda: replaced(f"{RAW}layout.yaml", "rule: sum", "rule: summ"),
        "rule 'summ' is not known.*nearest known: 'sum'",
    ),
    "fill misspelt": (
        lambda: replaced(f"{RAW}layout.yaml", "role: order, fill: down", "role: order, fill: dwon"),
        "fill 'dwon' is not known",
    ),
    "a tier missing": (lambda: replaced("data/entities.yaml", "  tier: 高职\n", ""), "row liuzhou_vtc: lacks tier"),
    "a tier misspelt": (
        lambda: replaced("data/entities.yaml", "  tier: 高职\n", "  tier: 高只\n"),
        "row liuzhou_vtc, column tier: tier '高只' is not known",
    ),
    "a kind of entity misspelt": (
        lambda: replaced("data/entities.yaml", "  kind: school\n", "  kind: scool\n"),
        "kind 'scool' is not known.*nearest known: 'school'",
    ),
    "a range reversed": (
        lambda: replaced("data/dictionary.yaml", "range: [0, 100]", "range: [100, 0]"),
        "the range is reversed",
    ),
    "a range of nothing": (
        lambda: replaced("data/dictionary.yaml", "range: [0, null]", "range: [.nan, null]"),
        "column range / 0",
    ),
    "a range of text": (
        lambda: replaced("data/dictionary.yaml", "range: [0, null]", "range: [zero, null]"),
        "column range / 0",
    ),
    "a direction misspelt": (
        lambda: replaced("data/dictionary.yaml", "direction: up", "direction: upp"),
        "direction 'upp' is not known.*nearest known: 'up'",
    ),
    "an unknown key": (
        lambda: replaced("data/dictionary.yaml", "direction: none", "direktion: none"),
        "an indicator has no 'direktion'.*nearest known: 'direction'",
    ),
    "a unit changed": (
        lambda: replaced(
            "data/dictionary.yaml", 'en: "Students enrolled", unit: "人"', 'en: "Students enrolled", unit: "个"'
        ),
        "the header says '人', students is counted in '个'",
    ),
    "another id than the folder": (
        lambda: replaced(f"{RAW}source.yaml", "id: liuzhou-2023", "id: liuzhou-2024"),
        "row id, printed 'liuzhou-2024': its folder is 'liuzhou-2023'",
    ),
    "the report year 2203": (
        lambda: replaced(f"{RAW}source.yaml", "report_year: 2023", "report_year: 2203"),
        "report_year",
    ),
    "a lost key": (
        lambda: replaced(f"{RAW}source.yaml", "covers: liuzhou\n", ""),
        "source.yaml, row covers: lacks covers",
    ),
    "another lost key": (
        lambda: replaced("data/raw/demand/source.yaml", "how_read:", "how_raed:"),
        "source.yaml.*lacks how_read",
    ),
    "a weight over 1": (
        lambda: replaced(
            "data/crosswalks/group_to_sector.csv", "modern_services,tertiary,1,1,", "modern_services,tertiary,1.5,1.5,"
        ),
        "printed '1.5': not a weight",
    ),
    "weights that leave a group": (
        lambda: replaced(
            "data/crosswalks/group_to_sector.csv", "modern_services,tertiary,1,1,", "modern_services,tertiary,0,0,"
        ),
        "row modern_services: lower adds up to 0 and upper to 0",
    ),
    "a group left out": (
        lambda: written("data/crosswalks/group_to_sector.csv", rows_of("data/crosswalks/group_to_sector.csv")[:-1]),
        "leaves out the industry group 'modern_services'",
    ),
    "empty identities": (lambda: Fault("data/identities.yaml", "", "", b""), "data/identities.yaml: is empty"),
    "empty claims": (lambda: Fault(f"{RAW}claims.yaml", "", "", b""), "claims.yaml: is empty"),
}


@pytest.mark.parametrize("kind", STOPPED)
def test_is_stopped_with_its_place(judge, kind):
    fault, message = STOPPED[kind]
    outcome, said = judge.outcome(fault())
    assert outcome == "stopped" and re.search(message, said, re.S), (outcome, said[:1500])


AUDITED = {
    "two columns exchanged": lambda: exchanged(TABLE, 4, 5),
    "a correction with another number": lambda: replaced("data/corrections.yaml", "use: 576.47", "use: 57647000"),
}


def exchanged(path: str, a: int, b: int) -> Fault:
    rows = rows_of(path)
    for row in rows[2:]:
        row[a], row[b] = row[b], row[a]
    return written(path, rows)


@pytest.mark.parametrize("kind", AUDITED)
def test_stands_in_the_audit_or_is_stopped(judge, kind):
    outcome, said = judge.outcome(AUDITED[kind]())
    assert outcome in {"audited", "stopped"}, (outcome, said[:500])


@pytest.mark.parametrize(
    ("raw", "value"),
    [("5587①", 5587.0), ("96.19²", 96.19), ("12*", 12.0), ("12[1]", 12.0), ("1 234 567", 1234567.0), ("-0", 0.0)],
)
def test_marks_are_set_aside(raw, value):
    assert parse_number(raw) == value


@pytest.mark.parametrize(
    "raw", ["①", "①5587", "½", "5587\n12", "5597 5291", "12 34", "٣٤", "9" * 5000, "9" * 300, "inf", "²"]
)
def test_what_is_no_number_is_refused(raw):
    with pytest.raises(NotANumber):
        parse_number(raw)


@pytest.mark.parametrize(
    ("raw", "unit", "value"),
    [
        ("3.4万人", "人", 34000),
        ("25.424 million", "万元", 2542.4),
        ("第十六名", "名次", 16),
        ("百余场次", "场次", 100),
        ("10余万人次", "人次", 100000),
        ("两天半", "天", 2.5),
        ("全部", "%", 100),
        ("没有一所", "所", 0),
        ("five", "个", 5),
    ],
)
def test_numerals_of_prose(raw, unit, value):
    assert value in readings(raw, unit)


def test_names_and_grades_are_no_numerals():
    assert (
        readings("上汽通用五菱", "个") == set() == readings("二等奖", "项") and readings("2011 Annual", "次") == set()
    )


# --- files that are not what they should be


def test_stray_files_and_undeclared_tables(town):
    for name in ("table_9-9.csv", "notes.csv", "facts.csv.bak"):
        (town / "data/raw/town-2030" / name).write_text("kind,line,c1\nheader,1,x\n", encoding="utf-8")
    with pytest.raises(DataFault) as fault:
        clean_source("town-2030")
    said = str(fault.value)
    assert (
        "table_9-9.csv: the table is not declared" in said
        and "notes.csv: is read by nothing" in said
        and "facts.csv.bak: is read by nothing" in said
    )


def test_a_file_of_statistics_deleted(judge):
    source = judge.root / "data/raw/demand/benchmarks.csv"
    content = source.read_bytes()
    source.unlink()
    try:
        with pytest.raises(DataFault, match="benchmarks.csv, table benchmarks: is declared in source.yaml and missing"):
            clean_source("demand")
    finally:
        source.write_bytes(content)


def test_a_correction_is_not_said_to_be_lost_after_a_fault_of_its_table(town):
    path = town / "data/raw/town-2030/table_1-2.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("学校", "院校", 1), encoding="utf-8")
    with pytest.raises(DataFault) as fault:
        clean_source("town-2030")
    assert "the header should read" in str(fault.value) and "correction" not in str(fault.value)


# --- vintages


HEAD = "figure_id,place,year,period,indicator,group,scope,value,unit,qualifier,grade,body,title,published,note\n"
ABOUT = (
    "id: {0}\ntitle: 虚构统计二\nshort_title: {{zh: 统计二, en: Statistics two}}\nbody: 虚构统计局\n"
    'published: "2032"\nreport_year: 2031\nhow_read: made up\n'
)


@pytest.fixture
def second_vintage(town):
    folder = town / "data/raw/demand-2"
    folder.mkdir()
    (folder / "source.yaml").write_text(ABOUT.format("demand-2"), encoding="utf-8")

    def restate(published: str) -> None:
        rows = [
            f"restated:{i:03d},town,2029,year,gdp_share_pct,{group},,{value},%,exact,C,"
            f"虚构统计局,虚构公报二,{published},made up\n"
            for i, (group, value) in enumerate((("primary", "11.0"), ("secondary", "45.0"), ("tertiary", "44.0")), 1)
        ]
        (folder / "restated.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
        process(town)
        save_interim(clean_source("demand-2"))

    return restate


def test_the_vintage_published_last_counts_and_all_stay(town, second_vintage):
    second_vintage("2032")
    save_processed(join_sources(["town-2030", "demand", "demand-2"]))
    shares = load.select(load.demand(), indicator="gdp_share_pct", place="town", year=2029)
    assert shares.set_index("group")["value"].to_dict() == {"primary": 11.0, "secondary": 45.0, "tertiary": 44.0}
    listed = load.revisions()
    assert (
        listed["value"].tolist() == [10.0, 45.5, 44.5]
        and listed["value_now"].tolist() == [11.0, 45.0, 44.0]
        and set(listed["superseded_by"]) == {"demand-2:restated:001", "demand-2:restated:002", "demand-2:restated:003"}
    )


def test_two_vintages_of_one_day_are_a_fault(town, second_vintage):
    second_vintage("2031")
    with pytest.raises(DataFault, match="published on the same day"):
        join_sources(["town-2030", "demand", "demand-2"])


def test_marking_leaves_single_figures_alone(town):
    figures = clean_source("demand").figures
    problems = Problems()
    assert (mark_superseded(figures, problems)["superseded_by"] == "").all() and not problems


# --- codes


def test_codes_of_an_older_catalogue():
    assert (
        is_specialty_code("460702")
        and not is_specialty_code("560702")
        and not is_specialty_code("610200")
        and not is_specialty_code("650101"[:2] + "0501")
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("specialties.csv", "460702,乙专业", "560702,乙专业", "is no specialty code of the catalogue of 2021"),
        ("destinations.csv", "F,town,2030,30", "F,twon,2030,30", "region 'twon' is not known.*nearest known: 'town'"),
        ("specialties.csv", "120,30,29", "120①5,30,29", "not a number"),
        ("destinations.csv", ",O,town,2030,10", ",O,town,2030,10 20", "a blank or line break"),
    ],
)
def test_codes_and_marks_in_tables_of_higher_levels(town, file, old, new, message):
    folder = town / "data/raw/town-2030"
    (folder / "specialties.csv").write_text(SPECIALTIES, encoding="utf-8")
    (folder / "destinations.csv").write_text(DESTINATIONS, encoding="utf-8")
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataFault, match=message):
        clean_source("town-2030")


def test_two_spellings_of_a_region_are_one(town):
    folder = town / "data/raw/town-2030"
    (folder / "destinations.csv").write_text(
        DESTINATIONS.replace(",C,town,2030,15", ",C,虚构镇,2030,15"), encoding="utf-8"
    )
    assert set(clean_source("town-2030").destinations["region"]) == {"town"}


def test_letters_of_another_classification(town):
    folder = town / "data/raw/town-2030"
    (folder / "destinations.csv").write_text(
        DESTINATIONS.replace(",C,", ",D,").replace(",F,", ",T,").replace(",G,", ",E,").replace(",O,", ",A,"),
        encoding="utf-8",
    )
    with pytest.raises(DataFault, match="not of another classification"):
        clean_source("town-2030")


def test_more_entrants_than_students_are_named(town):
    folder = town / "data/raw/town-2030"
    (folder / "specialties.csv").write_text(SPECIALTIES.replace("2030,60,180", "2030,350,120"), encoding="utf-8")
    assert "intake > students (350 > 120)" in clean_source("town-2030").specialties["contradiction"].iloc[0]
