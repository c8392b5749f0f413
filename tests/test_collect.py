"""The yearly collection on a made-up year: forms, checks, marked copies, waivers, import."""

from __future__ import annotations

import csv
import datetime
import shutil
import zipfile

import openpyxl
import pytest

from analysis.clean.panel import join_sources
from analysis.clean.source import clean_source, save_interim
from analysis.collect.__main__ import main
from analysis.collect.check import check_forms
from analysis.collect.deliver import import_round
from analysis.collect.form import load_collection
from analysis.collect.read import package_fault
from analysis.collect.write import write_form
from analysis.ground import paths
from tests.made_up_year import IN_TIME, YEAR, answers, fill, hand_in, spoil

TOO_LATE = datetime.date(2025, 5, 1)


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory, collection):
    return hand_in(tmp_path_factory.mktemp("forms"), collection)


@pytest.fixture
def handed(handed_in, tmp_path):
    """A copy that a test may spoil."""
    return {code: shutil.copy(path, tmp_path / path.name) for code, path in handed_in.items()}


def found(done):
    return {(f.school, f.sheet, f.cell, f.code) for f in done.faults}


def check(handed, collection, forms, today=IN_TIME, waivers=None, workers=1):
    return check_forms(list(handed.values()), collection, forms, today=today, waivers=waivers, workers=workers)


def test_forms_hold_labels_last_year_choices_and_no_formula(tmp_path, collection, forms):
    form = forms["liuzhou_vtc"]
    for name in ("a.xlsx", "b.xlsx"):
        write_form(form, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert package_fault(tmp_path / "a.xlsx") is None
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert [c.value for c in book["毕业与升学"][5]][:4] == [
        "表3-6",
        "毕业生数",
        "人",
        5587,
    ]  # as table 3-6 of the report prints it
    assert book["封面"]["B8"].value == "2025-01-01 至 2025-04-15（截止）"
    validations = {(v.type, str(v.sqref)) for sheet in book for v in sheet.data_validations.dataValidation}
    assert {("whole", "E5"), ("list", "C5:C104"), ("list", "D5:D104")} <= validations
    assert not [c.coordinate for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert all(sheet.sheet_state == "visible" for sheet in book)
    secondary = {q.table_id for qs in forms["liuzhou_first"].questions.values() for q in qs}
    assert "3-1" not in secondary and "3-3" in secondary


def test_a_sound_year_passes_and_becomes_a_source(handed, collection, forms, tmp_path, monkeypatch):
    done = check(handed, collection, forms, workers=2)
    assert done.sound and not done.missing
    monkeypatch.setattr(paths, "RAW", shutil.copytree(paths.RAW, tmp_path / "raw"))
    for name in ("INTERIM", "OUT"):
        monkeypatch.setattr(paths, name, tmp_path / name)
    target = import_round(done, collection, forms, {p.name: p for p in handed.values()})
    clean = clean_source(target.name)
    entered = {
        (code, q.indicator.code): answers(form)[q.sheet, q.cell]
        for code, form in forms.items()
        for qs in form.questions.values()
        for q in qs
    }
    read = {(r.entity, r.indicator): r.value for r in clean.observations.itertuples()}
    assert entered.keys() == read.keys()
    assert {k: v for k, v in entered.items() if v != "/"} == {k: read[k] for k in entered if entered[k] != "/"}
    assert set(clean.observations["year"]) == {YEAR} and set(clean.observations["status"]) <= {"printed", "missing"}
    assert (
        len(clean.specialties) == 22
        and len(clean.destinations) == 11
        and (clean.specialties["contradiction"] == "").all()
    )
    assert clean.facts.groupby("indicator")["value"].sum().to_dict() == {
        "cooperation_project_funds_10k_yuan": 137.5,
        "cooperation_project_people": 330,
        "cooperation_projects_reported": 11,
    }
    assert len(clean.records["industry_colleges"]) == 11
    monkeypatch.setattr(paths, "INTERIM", paths.OUT / "interim")
    monkeypatch.setattr(paths, "out", lambda path: path.parent.mkdir(parents=True, exist_ok=True) or path)
    for source in ("liuzhou-2023", "demand", target.name):
        save_interim(clean_source(source))
    joined = join_sources(["liuzhou-2023", "demand", target.name])
    assert (joined["observations"]["source_id"] == target.name).sum() == len(read)
    again = import_round(done, collection, forms, {p.name: p for p in handed.values()})  # an import may be repeated
    assert sorted(p.name for p in again.iterdir()) == sorted(p.name for p in target.iterdir())


def test_every_fault_is_found_at_once(handed, collection, forms, tmp_path):
    spoil(handed, collection)
    handed = {code: path for code, path in handed.items() if (tmp_path / path.name).exists()}
    done = check(handed, collection, forms, TOO_LATE)
    assert found(done) == {
        ("liuzhou_vtc", "学生与招生", "E5", "formula"),
        ("liuzhou_vtc", "教师", "E10", "not_a_number"),
        ("liuzhou_vtc", "办学条件与资助", "E11", "range"),
        ("liuzhou_vtc", "实习竞赛与培训", "E13", "empty"),
        ("liuzhou_railway", "封面", "B9", "personal"),
        ("liuzhou_railway", "毕业与升学", "E5", "total"),
        ("liuzhou_railway", "毕业与升学", "E5", "jump"),
        ("liuzhou_railway", "毕业与升学", "E6", "relation"),
        ("liuzhou_railway", "毕业与升学", "E7", "ratio"),
        ("liuzhou_railway", "毕业与升学", "E8", "relation"),
        ("liuzhou_railway", "学生与招生", "E5", "relation_unusual"),
        ("liuzhou_city_vc", "学生与招生", "A1", "other_school"),
        ("liuzhou_city_vc", "产业学院", "A5", "formula"),
        ("liuzhou_city_vc", "专业", "A6", "doubled"),
        ("liuzhou_city_vc", "对外合作项目", "C5", "choice"),
        ("liuzhou_first", "", "", "hidden"),
        ("rongshui_health", "封面", "B10", "late"),
        ("rongshui_vts", "", "", "missing"),
    }
    said = {f.code: f.text("en") for f in done.faults}
    assert said["range"] == (
        "2024_liuzhou_vtc_柳职院.xlsx, sheet 办学条件与资助, cell E11, entered '190': outside the range 0 to 100. "
        "Check figure and unit (%)."
    )
    assert (
        check(handed, collection, forms, TOO_LATE, workers=2).faults == done.faults
    )  # the order does not depend on workers


def test_faults_of_rows(handed, collection, forms):
    fill(
        handed["luzhai"],
        {
            ("专业", "F5"): 9999.0,
            ("专业", "A6"): "12345",
            ("就业去向", "A5"): "460799",
            ("对外合作项目", "F5"): "2031",
            ("对外合作项目", "A5"): None,
            ("学生与招生", "J2"): "备注",
        },
    )
    assert found(check(handed, collection, forms)) == {
        ("luzhai", "专业", "F5", "row_sum"),
        ("luzhai", "专业", "E5", "parts"),
        ("luzhai", "毕业与升学", "E6", "total"),
        ("luzhai", "专业", "A6", "code"),
        ("luzhai", "就业去向", "A5", "unlisted"),
        ("luzhai", "对外合作项目", "F5", "year"),
        ("luzhai", "对外合作项目", "A5", "required"),
        ("luzhai", "学生与招生", "J2", "outside"),
    }


def test_a_moved_row_and_a_percent_format_are_found(handed, collection, forms):
    book = openpyxl.load_workbook(handed["luzhai"])
    book["教师"].insert_rows(7)
    book["毕业与升学"]["E7"] = 0.95
    book["毕业与升学"]["E7"].number_format = "0.00%"
    book.save(handed["luzhai"])
    faults = found(check(handed, collection, forms))
    assert ("luzhai", "毕业与升学", "E7", "percent_format") in faults
    assert {code for _, sheet, _, code in faults if sheet == "教师"} == {
        "moved",
        "outside",
    }  # and no figure of the sheet is judged


def test_a_marked_copy_can_be_mended(handed, collection, forms, tmp_path):
    fill(handed["liuzhou_vtc"], {("学生与招生", "E5"): 190.5, ("教师", "E10"): "约五百"})
    book = openpyxl.load_workbook(handed["liuzhou_vtc"])
    cell = book["对外合作项目"]["B5"]
    cell.value = "=HYPERLINK(1)"
    cell.data_type = "s"  # text that only looks like a formula
    book.save(handed["liuzhou_vtc"])
    out = tmp_path / "out"
    assert (
        main(["check", "--year", str(YEAR), "--today", "2025-04-01", "--out", str(out), *map(str, handed.values())])
        == 1
    )
    marked = out / handed["liuzhou_vtc"].name
    assert [p.name for p in out.glob("*.xlsx")] == [marked.name]
    book = openpyxl.load_workbook(marked)
    assert "不是数字" in book["教师"]["E10"].comment.text and book["教师"]["E10"].value == "约五百"
    assert book["对外合作项目"]["B5"].data_type == "s" and not [
        c for s in book for row in s.iter_rows() for c in row if c.data_type == "f"
    ]
    with (out / "faults.csv").open(encoding="utf-8-sig", newline="") as file:
        entered = {row["check"]: row["entered"] for row in csv.DictReader(file)}
    assert entered["text_like_formula:对外合作项目!B5"] == "'=HYPERLINK(1)"
    good = answers(forms["liuzhou_vtc"])
    assert all(
        book[sheet][cell].value == value
        for (sheet, cell), value in good.items()
        if (sheet, cell) not in {("学生与招生", "E5"), ("教师", "E10"), ("对外合作项目", "B5")}
    )
    fill(marked, {place: good[place] for place in (("学生与招生", "E5"), ("教师", "E10"), ("对外合作项目", "B5"))})
    assert check(handed | {"liuzhou_vtc": marked}, collection, forms).sound


def test_a_marked_copy_keeps_what_was_answered_and_drops_personal_data(handed, tmp_path):
    fill(
        handed["luzhai"], {("学生与招生", "A1"): "2024 · liuzhou_first · 柳一职", ("封面", "B9"): "教务处 13800000000"}
    )
    entered = openpyxl.load_workbook(handed["luzhai"])["学生与招生"]["E5"].value
    assert (
        main(
            [
                "check",
                "--year",
                str(YEAR),
                "--today",
                "2025-04-01",
                "--out",
                str(tmp_path / "out"),
                *map(str, handed.values()),
            ]
        )
        == 1
    )
    book = openpyxl.load_workbook(tmp_path / "out" / handed["luzhai"].name)
    assert book["学生与招生"]["E5"].value == entered and book["封面"]["B9"].value is None
    assert "13800000000" not in str([[c.value for row in s.iter_rows() for c in row] for s in book])


def rewritten(path, target, part, change):
    """A copy of a workbook with one part changed or added."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
        if part not in old.namelist():
            new.writestr(part, change(b""))
    return target


@pytest.mark.parametrize(
    ("part", "change", "code"),
    [
        ("xl/vbaProject.bin", lambda b: b"macro", "active"),
        ("xl/externalLinks/externalLink1.xml", lambda b: b"<externalLink/>", "active"),
        (
            "xl/worksheets/_rels/sheet1.xml.rels",
            lambda b: b'<Relationships><Relationship TargetMode="External" Target="file:///x"/></Relationships>',
            "active",
        ),
        (
            "[Content_Types].xml",
            lambda b: b.replace(b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"),
            "active",
        ),
        ("xl/sharedStrings.xml", lambda b: b'<!DOCTYPE x [<!ENTITY a "b">]>' + b, "entity"),
        ("xl/sharedStrings.xml", lambda b: "<sst/>".encode("utf-16"), "entity"),
        ("xl/media/zeros.xml", lambda b: b"\0" * (32 << 20), "bomb"),
        ("xl/workbook.xml", lambda b: b"<workbook", "no_workbook"),
    ],
)
def test_what_must_not_be_opened_is_refused(handed, collection, forms, part, change, code, tmp_path):
    bad = rewritten(handed["luzhai"], tmp_path / "bad.xlsx", part, change)
    done = check(handed | {"luzhai": bad}, collection, forms)
    assert {f.code for f in done.faults if f.file == "bad.xlsx"} == {code}
    assert [f.school for f in done.faults if f.code == "due"] == ["luzhai"]


SHEET = "xl/worksheets/sheet6.xml"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            lambda b: b.replace(
                b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A20:XFD1048576"/></mergeCells>'
            ),
            "active",
        ),
        (
            lambda b: b.replace(
                b"</sheetData>", b'</sheetData><hyperlinks><hyperlink ref="A20:XFD1048576" location="x"/></hyperlinks>'
            ),
            "active",
        ),
        (lambda b: b.replace(b"</sheetData>", b'<row r="99">' + b"<c/>" * 50_000 + b"</row></sheetData>"), "bomb"),
        (lambda b: b"<x>\0</x>" + b, "entity"),
    ],
)
def test_what_would_exhaust_the_reader_is_refused_before_it_is_read(handed, collection, forms, change, code, tmp_path):
    bad = rewritten(handed["luzhai"], tmp_path / "bad.xlsx", SHEET, change)
    assert {f.code for f in check(handed | {"luzhai": bad}, collection, forms).faults if f.file == "bad.xlsx"} == {code}


@pytest.mark.parametrize(
    ("value", "code", "entered"),
    [
        (b"1e999", "not_a_number", "inf"),
        (b"1" + b"0" * 400, "not_a_number", "10000000000000000000…"),
        (b"1234567890123", None, None),
    ],
)
def test_numbers_that_no_float_holds(handed, collection, forms, value, code, entered, tmp_path):
    import re

    bad = rewritten(
        handed["luzhai"],
        tmp_path / handed["luzhai"].name.replace(".xlsx", "x.xlsx"),
        SHEET,
        lambda b: re.sub(rb'(<c r="E10"[^>]*>\s*<v>)[^<]*', lambda m: m[1] + value, b),
    )
    faults = [
        f for f in check(handed | {"luzhai": bad}, collection, forms).faults if f.cell == "E10" and f.sheet == "教师"
    ]
    assert [(f.code, f.entered) for f in faults if f.code == "not_a_number"] == ([(code, entered)] if code else [])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("对外合作项目", "B5"), 13800000000.0),
        (("学生与招生", "F5"), 13800000000.0),
        (("对外合作项目", "B5"), "１３８００００００００"),
        (("对外合作项目", "B5"), "138-0000-0000 张三"),
        (("教师", "E10"), "联系13800000000"),
    ],
)
def test_personal_data_are_found_and_not_repeated(handed, collection, forms, place, value):
    fill(handed["luzhai"], {place: value})
    faults = [f for f in check(handed, collection, forms).faults if (f.sheet, f.cell) == place]
    assert "personal" in {f.code for f in faults} and {f.entered for f in faults} == {"…"}


def test_what_the_build_would_refuse_is_refused_here(handed, collection, forms, tmp_path, monkeypatch):
    fill(
        handed["luzhai"],
        {
            ("就业去向", "E5"): "/",
            ("专业", "B5"): "—",
            ("产业学院", "A5"): "甲\r\n乙",
            ("对外合作项目", "H5"): "9" * 400,
            ("对外合作项目", "I5"): "x" * 3000,
        },
    )
    found_now = {(f.sheet, f.cell, f.code) for f in check(handed, collection, forms).faults}
    assert found_now == {
        ("就业去向", "E5", "required"),
        ("专业", "B5", "required"),
        ("对外合作项目", "H5", "range"),
        ("对外合作项目", "I5", "too_long"),
    }


def test_marked_copies_never_take_the_place_of_what_was_handed_in(handed, capsys):
    folder = handed["luzhai"].parent
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert main(["check", "--year", str(YEAR), "--out", str(folder), *map(str, handed.values())]) == 1
    assert (
        "holds forms that were handed in" in capsys.readouterr().err
        and {p.name: p.read_bytes() for p in folder.iterdir()} == before
    )
    assert (
        main(["check", "--year", str(YEAR), "--waivers", str(folder / "nowhere.yaml"), *map(str, handed.values())]) == 1
    )


@pytest.mark.parametrize(
    ("written", "sound"),
    [
        ("2025/3/20", True),
        ("2025-03-20", True),
        (datetime.datetime(2025, 3, 20, 9, 30), True),
        ("0001-01-01", False),
        ("三月二十日", False),
    ],
)
def test_dates_as_schools_write_them(handed, collection, forms, written, sound):
    fill(handed["luzhai"], {("封面", "B10"): written})
    assert [f.code for f in check(handed, collection, forms).faults] == ([] if sound else ["date"])


def test_forms_of_others_are_refused(handed, collection, forms, tmp_path):
    (tmp_path / "text.xlsx").write_text("no workbook")
    shutil.copy(handed["luzhai"], tmp_path / "again.xlsx")
    fill(handed["liuzhou_first"], {("封面", "B4"): "beijing_school"})
    fill(handed["liuzhou_second"], {("封面", "B12"): "0123456789"})
    book = openpyxl.load_workbook(handed["liuzhou_tourism"])
    del book["教师"]
    book.save(handed["liuzhou_tourism"])
    done = check(handed | {"x": tmp_path / "text.xlsx", "y": tmp_path / "again.xlsx"}, collection, forms)
    assert {(f.file, f.code) for f in done.faults} == {
        ("text.xlsx", "no_workbook"),
        ("2024_liuzhou_first_柳一职.xlsx", "unknown_school"),
        ("2024_liuzhou_first_柳一职.xlsx", "due"),
        ("2024_liuzhou_second_柳二职.xlsx", "version"),
        ("2024_liuzhou_tourism_柳旅校.xlsx", "sheets"),
        (min("again.xlsx", handed["luzhai"].name), "twice"),
    }


def test_waivers_need_a_reason_and_a_fault(handed, collection, forms):
    handed.pop("rongshui_vts").unlink()
    fill(handed["luzhai"], {("教师", "E10"): "约五百"})
    waivers = [
        {"school": "rongshui_vts", "check": "missing", "reason": "合并办学，另行报送"},
        {"school": "luzhai", "check": "not_a_number:teachers", "reason": "来不及"},
        {"school": "luzhai", "check": "jump:students", "reason": "x"},
        {"school": "luzhai", "check": "missing"},
    ]
    done = check(handed, collection, forms, TOO_LATE, waivers)
    assert [(f.check, reason) for f, reason in done.waived] == [("missing", "合并办学，另行报送")]
    assert sorted(f.code for f in done.faults) == ["bad_waiver", "bad_waiver", "idle_waiver", "not_a_number"]


def test_nothing_is_imported_while_faults_stand(handed, collection, forms, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "RAW", shutil.copytree(paths.RAW, tmp_path / "raw"))
    fill(handed["luzhai"], {("教师", "E10"): "约五百"})
    command = ["import", "--year", str(YEAR), "--today", "2025-04-01", *map(str, handed.values())]
    assert main(command) == 1 and "Nothing was imported" in capsys.readouterr().err
    assert not (paths.RAW / "collection-2024").exists()
    (paths.RAW / "collection-2024").mkdir()
    (paths.RAW / "collection-2024" / "source.yaml").write_text("how_read: by hand")
    fill(handed["luzhai"], {("教师", "E10"): answers(forms["luzhai"])["教师", "E10"]})
    assert main(command) == 1 and "was not written by an import" in capsys.readouterr().err
    assert (paths.RAW / "collection-2024" / "source.yaml").read_text() == "how_read: by hand"
    for content in ("", None):
        (paths.RAW / "collection-2024" / "source.yaml").write_text(content) if content is not None else (
            paths.RAW / "collection-2024" / "source.yaml"
        ).unlink()
        assert main(command) == 1 and "was not written by an import" in capsys.readouterr().err


def test_the_command_writes_forms_once(tmp_path, capsys):
    assert main(["template", "--year", str(YEAR), "--out", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob("*.xlsx"))) == 11
    assert (
        main(["template", "--year", str(YEAR), "--out", str(tmp_path)]) == 1
        and "Nothing was written" in capsys.readouterr().err
    )
    assert main(["check", "--year", str(YEAR), str(tmp_path / "none.xlsx")]) == 1


def test_a_fault_of_the_declaration_is_named(tmp_path, monkeypatch):
    data = shutil.copytree(paths.DATA, tmp_path / "data", ignore=shutil.ignore_patterns("interim", "processed"))
    text = (data / "collection.yaml").read_text(encoding="utf-8")
    (data / "collection.yaml").write_text(
        text.replace('"3-7"]', '"9-9"]')
        .replace("choices: levels", "choices: level")
        .replace("resource: {zh", "resourse: {zh"),
        encoding="utf-8",
    )
    monkeypatch.setattr(paths, "DATA", data)
    with pytest.raises(Exception, match="3 problems") as fault:
        load_collection(YEAR)
    assert (
        "no table of figures '9-9'" in str(fault.value)
        and "nearest known: 'levels'" in str(fault.value)
        and "nearest known: 'resource'" in str(fault.value)
    )
