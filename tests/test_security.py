"""What comes from outside: hostile workbooks, personal data, formulas, documents that grow when read,
script in data."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import resource
import shutil
import struct
import time
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from analysis.collect import check as checking
from analysis.collect.__main__ import main
from analysis.collect.check import Checker, check_forms
from analysis.collect.package import package_fault
from analysis.collect.words import Fault
from analysis.collect.write import write_form
from analysis.ground.errors import DataFault, Problems
from analysis.ground.files import read_yaml
from analysis.ground.guard import Stopped, guarded
from analysis.ground.outgoing import LONGEST, disarmed, personal, redacted, said, table_csv
from tests.made_up_year import IN_TIME, YEAR, answers, fill

SHEET = "xl/worksheets/sheet6.xml"


@pytest.fixture(scope="module")
def sound(tmp_path_factory, forms):
    """One filled form."""
    path = tmp_path_factory.mktemp("sound") / "2024_luzhai.xlsx"
    write_form(forms["luzhai"], path, answers(forms["luzhai"]))
    return path


@pytest.fixture(scope="module")
def parts(sound):
    with zipfile.ZipFile(sound) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def inside(what: bytes):
    """Something put at the end of a worksheet's rows."""
    return lambda parts: {SHEET: parts[SHEET].replace(b"</sheetData>", what + b"</sheetData>")}


def related(relationship: bytes):
    return lambda parts: {
        "xl/_rels/workbook.xml.rels": parts["xl/_rels/workbook.xml.rels"].replace(
            b"</Relationships>", relationship + b"</Relationships>"
        )
    }


def typed(old: bytes, new: bytes):
    return lambda parts: {"[Content_Types].xml": parts["[Content_Types].xml"].replace(old, new)}


def as_picture(parts):
    """A worksheet of a million rows under the name of a picture; the relationship leads to it."""
    rels = parts["xl/_rels/workbook.xml.rels"].replace(b"worksheets/sheet6.xml", b"media/sheet6.png")
    return {
        "xl/_rels/workbook.xml.rels": rels,
        "xl/media/sheet6.png": parts[SHEET].replace(b"</sheetData>", b"<row/>" * 399_000 + b"</sheetData>"),
    }


HOSTILE = {
    # what held the reader
    "one attribute of 20 MB": (inside(b'<row r="99" x="' + b"a" * (20 << 20) + b'"/>'), "bomb"),
    "one tag of 20 MB": (inside(b"<" + b"a" * (20 << 20) + b"/>"), "bomb"),
    "one comment of 20 MB": (inside(b"<!--" + b"a" * (20 << 20) + b"-->"), "bomb"),
    "one declared space of 20 MB": (inside(b'<row xmlns:x="' + b"a" * (20 << 20) + b'"/>'), "bomb"),
    "cells with a tab": (inside(b'<row r="99">' + b"<c\t/>" * 414_600 + b"</row>"), "bomb"),
    "cells with a line break": (inside(b'<row r="99">' + b"<c\n></c\n>" * 41_000 + b"</row>"), "bomb"),
    "cells with a prefix": (
        inside(
            b'<y:row xmlns:y="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            + b"<y:c/>" * 41_000
            + b"</y:row>"
        ),
        "bomb",
    ),
    "empty rows": (inside(b"<row/>" * 399_000), "bomb"),
    "nested elements": (inside(b"<a>" * 100_000 + b"</a>" * 100_000), "bomb"),
    "many attributes": (inside(b"<row " + b" ".join(b'a%d="1"' % i for i in range(5_000)) + b"/>"), "bomb"),
    "many declared spaces": (
        inside(b"<row " + b" ".join(b'xmlns:a%d="u%d"' % (i, i) for i in range(5_000)) + b"/>"),
        "bomb",
    ),
    "attributes over many tags": (inside((b'<row x="' + b"a" * 3_000 + b'"/>') * 3_000), "bomb"),
    "ranges of a validation": (
        lambda p: {
            SHEET: p[SHEET].replace(
                b"</sheetData>",
                b'</sheetData><dataValidations><dataValidation sqref="'
                + b" ".join(b"A%d" % i for i in range(9, 9_000, 2))
                + b'"/></dataValidations>',
            )
        },
        "bomb",
    ),
    "many styles": (
        lambda p: {
            "xl/styles.xml": p["xl/styles.xml"].replace(
                b"</styleSheet>", b"<x>" + b"<xf/>" * 150_000 + b"</x></styleSheet>"
            )
        },
        "bomb",
    ),
    "many shared strings": (
        lambda p: {
            "xl/sharedStrings.xml": p["xl/sharedStrings.xml"].replace(b"</sst>", b"<si><t/></si>" * 150_000 + b"</sst>")
        },
        "bomb",
    ),
    "runs of a shared string": (
        lambda p: {
            "xl/sharedStrings.xml": p["xl/sharedStrings.xml"].replace(
                b"</sst>", b"<si>" + b"<r><t>a</t></r>" * 150_000 + b"</si></sst>"
            )
        },
        "bomb",
    ),
    "a text of 200,000 characters": (
        lambda p: {
            "xl/sharedStrings.xml": p["xl/sharedStrings.xml"].replace(
                b"</sst>", b"<si><t>" + "九".encode() * 200_000 + b"</t></si></sst>"
            )
        },
        "bomb",
    ),
    "a worksheet named as a picture": (as_picture, "bomb"),
    "many parts": (lambda p: {f"xl/media/{i}.xml": b"<a/>" for i in range(400)}, "bomb"),
    "a part of zeros": (lambda p: {"xl/media/zeros.bin": bytes(31 << 20)}, "bomb"),
    # what is spelt otherwise and means the same
    "external, by reference": (
        related(b'<Relationship Id="rx" Type="x" TargetMode="Exter&#110;al" Target="x"/>'),
        "active",
    ),
    "external, by hexadecimal reference": (
        related(b'<Relationship Id="rx" Type="x" TargetMode="&#x45;xternal" Target="x"/>'),
        "active",
    ),
    "external, after a line break": (
        related(b'<Relationship Id="rx" Type="x" TargetMode\n=\n"External" Target="x"/>'),
        "active",
    ),
    "external without saying so": (related(b'<Relationship Id="rx" Type="x" Target="file:///c:/x"/>'), "active"),
    "a path of a server": (related(b'<Relationship Id="rx" Type="x" Target="\\\\server\\x"/>'), "active"),
    "an embedded object": (
        related(b'<Relationship Id="rx" Type="http://x/relationships/ole&#79;bject" Target="media/image1.png"/>'),
        "active",
    ),
    "macros by relationship": (
        related(
            b'<Relationship Id="rx" Type="http://schemas.microsoft.com/office/2006/relationships/vba&#80;roject" '
            b'Target="data.bin"/>'
        ),
        "active",
    ),
    "macros by content type": (typed(b"spreadsheetml.sheet.main", b"ms-excel.sheet.macro&#69;nabled.main"), "active"),
    "data connections": (
        related(b'<Relationship Id="rx" Type="http://x/relationships/connections" Target="c.xml"/>'),
        "active",
    ),
    "a link of dynamic data exchange": (
        lambda p: {
            "xl/other.xml": b'<externalLink xmlns="u"><ddeLink ddeService="cmd" ddeTopic="/C calc"/></externalLink>'
        },
        "active",
    ),
    "a macro that starts by itself": (
        lambda p: {
            "xl/workbook.xml": p["xl/workbook.xml"].replace(
                b"</sheets>",
                b'</sheets><definedNames><definedName name="_xlnm.Auto_&#79;pen">1</definedName></definedNames>',
            )
        },
        "active",
    ),
    "an object named as a picture": (
        lambda p: {"xl/media/image1.png": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)},
        "active",
    ),
    "a program": (lambda p: {"xl/printerSettings/p1.bin": b"MZ" + bytes(600)}, "active"),
    "an unknown part": (lambda p: {"xl/run.sh": b"#!/bin/sh"}, "active"),
    "a merged range, prefixed": (
        lambda p: {
            SHEET: p[SHEET].replace(
                b"</sheetData>",
                b'</sheetData><y:mergeCells xmlns:y="u"><y:mergeCell\tref="A20:XFD1048576"/></y:mergeCells>',
            )
        },
        "active",
    ),
    # declarations
    "a document type": (
        lambda p: {
            "xl/sharedStrings.xml": p["xl/sharedStrings.xml"].replace(b"<sst", b'<!DOCTYPE\tsst [<!ENTITY a "b">]><sst')
        },
        "entity",
    ),
    "a document type in the relationships": (
        lambda p: {"xl/_rels/workbook.xml.rels": b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'},
        "entity",
    ),
    "UTF-16 with a mark": (
        lambda p: {SHEET: p[SHEET].decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")},
        "entity",
    ),
    "UTF-16 without a mark": (
        lambda p: {SHEET: p[SHEET].decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16-le")},
        "entity",
    ),
    "UTF-32": (lambda p: {SHEET: p[SHEET].decode().encode("utf-32-be")}, "entity"),
    "another encoding": (lambda p: {SHEET: p[SHEET].replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"')}, "entity"),
    "no end": (lambda p: {SHEET: p[SHEET][:-40]}, "no_workbook"),
    # names
    "a way out": (lambda p: {"xl/../../x.xml": b"<a/>"}, "no_workbook"),
    "an absolute name": (lambda p: {"/x.xml": b"<a/>"}, "no_workbook"),
    "a drive": (lambda p: {"c:/x.xml": b"<a/>"}, "no_workbook"),
    "a backslash": (lambda p: {"xl\\x.xml": b"<a/>"}, "no_workbook"),
    "two names that differ in case": (lambda p: {"XL/workbook.xml": p["xl/workbook.xml"]}, "no_workbook"),
    "no workbook": (lambda p: {"xl/workbook.xml": None}, "no_workbook"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, parts):
    """Every hostile workbook under a number of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    made = {}
    for number, (name, (change, _)) in enumerate(HOSTILE.items()):
        whole = {part: content for part, content in (parts | change(parts)).items() if content is not None}
        made[name] = packed(folder / f"{number:02d}.xlsx", whole)
    return made


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_refused_at_once(hostile, name):
    """Well within the ten seconds that a form may take, and by what it is."""
    begun = time.process_time()
    found = package_fault(hostile[name])
    assert found is not None and found[0] == HOSTILE[name][1], found
    assert time.process_time() - begun < 2
    assert len(found[1]) < 300


def test_a_hostile_workbook_is_named_with_the_way_out(hostile, collection, forms, sound):
    done = check_forms([*hostile.values(), sound], collection, forms, today=IN_TIME, workers=2)
    refused = {f.file: f for f in done.faults if f.level == "refuse"}
    assert set(refused) == {path.name for path in hostile.values()}
    assert all(
        f.text("en").startswith(f"{name}: ") and f.remedy("en") and f.remedy("zh") for name, f in refused.items()
    )
    assert not [f for f in done.faults if f.file == sound.name and f.level == "refuse"]


def test_archives_that_lie(sound, tmp_path):
    whole = sound.read_bytes()
    cases = {}
    cases["truncated"] = whole[: len(whole) // 2], "no_workbook"
    cases["something before it"] = b"#!/bin/sh\n" + whole, "no_workbook"
    cases["a compound document"] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), "encrypted"
    cases["empty"] = b"", "no_workbook"
    central = whole.rindex(b"PK\x01\x02")
    cases["encrypted"] = (
        whole[: central + 8]
        + struct.pack("<H", struct.unpack("<H", whole[central + 8 : central + 10])[0] | 1)
        + whole[central + 10 :],
        "encrypted",
    )
    cases["compressed otherwise"] = whole[: central + 10] + struct.pack("<H", 12) + whole[central + 12 :], "no_workbook"
    cases["overlapping"] = whole[: central + 42] + struct.pack("<I", 0) + whole[central + 46 :], "bomb"
    cases["smaller than it says"] = whole[: central + 24] + struct.pack("<I", 10) + whole[central + 28 :], "no_workbook"
    for name, (content, code) in cases.items():
        path = tmp_path / "form.xlsx"
        path.write_bytes(content)
        found = package_fault(path)
        assert found is not None and found[0] == code, (name, found)
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(tmp_path / "form.xlsx", "w") as archive,
        zipfile.ZipFile(sound) as old,
    ):
        for part in [*old.namelist(), SHEET]:
            archive.writestr(part, old.read(part))
    assert package_fault(tmp_path / "form.xlsx") == ("no_workbook", "a part stands twice")


def test_mutated_workbooks_are_judged_and_raise_nothing(sound, parts, collection, forms, tmp_path):
    """Three hundred random changes, of bytes of the archive and of text in its parts."""
    rng = random.Random(20231)
    checker = Checker(collection, forms)
    whole, path = sound.read_bytes(), tmp_path / sound.name
    sheets = [name for name in parts if name.endswith((".xml", ".rels"))]
    signs = [
        b"<",
        b">",
        b"&",
        b'"',
        b"\0",
        b"\xff",
        b"<c/>",
        b"-",
        b"9" * 30,
        b"&#0;",
        b"]]>",
        b"<![CDATA[",
        b' r="XFD1048576"',
        b't="e"',
        b"<f>1</f>",
        "①".encode(),
    ]
    refused = 0
    for turn in range(300):
        if turn % 5 == 0:
            place = rng.randrange(len(whole))
            path.write_bytes(whole[:place] + bytes([rng.randrange(256)]) + whole[place + rng.choice([0, 1, 1, 40]) :])
        else:
            name = rng.choice(sheets)
            content = parts[name]
            for _ in range(rng.randint(1, 3)):
                place = rng.randrange(len(content))
                content = content[:place] + rng.choice(signs) + content[place + rng.choice([0, 1, 5, 200]) :]
            packed(path, parts | {name: content})
        begun = time.process_time()
        checked = checker.check(path)
        assert time.process_time() - begun < 8
        refused += checked.answers.refused
        assert all(f.text(language) for f in checked.faults for language in ("zh", "en"))
    assert 100 < refused < 300


# what is said

SPELLINGS = [
    "13912345678",
    "１３９１２３４５６７８",
    "139 1234 5678",
    "139-1234-5678",
    "139—1234—5678",
    "139.1234.5678",
    "1391 2345 678",
    "1 3 9 1 2 3 4 5 6 7 8",
    "+86 139 1234 5678",
    "+8613912345678",
    "008613912345678",
    "8613912345678",
    "＋８６（139）12345678",
    "(+86)139 1234 5678",
    "139\u00a01234\u00a05678",
    "139\u200b1234\u200b5678",
    "013912345678",
    "13912345678.0",
    "1.39123e+10",
    "1.3912345678E10",
    "1.4e+10",
    "13,912,345,678",
    "一三九一二三四五六七八",
    "١٣٩١٢٣٤٥٦٧٨",
    "0772-3123456",
    "(0772) 312 3456",
    "０７７２－３１２３４５６",
    "02012345678",
    "+66 81 234 56789",
    "+1 (212) 555-01234",
    "450205199001011234",
    "45020519900101123X",
    "450205 19900101 1234",
    "450205-19900101-123x",
    "4.50205e+17",
    "450205199001011234.0",
    "450205900101123",
    "name@example.org",
    "name＠example.org",
    "na.me+x@mail.example.org",
    "name @ example.org",
    "name(at)example.org",
    "name[at]example[dot]org",
    "name@例子.中国",
]
NOTHING_PERSONAL = [
    "",
    "5587",
    "57647000",
    "2023-2024",
    "1990-2005",
    "1999-12-31",
    "1999-12-31 23:59:59",
    "460702",
    "0.9453",
    "96.19%",
    "GB/T 4754-2017",
    "12,345,678.90",
    "1.39",
    "139",
    "1.39e+09",
    "2.5e+10",
    "3.14159265358979",
    "0.13912345678",
    "liuzhou-2023:4.1:12",
    "results/fit/said/en/tables/fit_directions.csv",
    "look at data.csv",
    "表3-6 第12行",
    "2024_liuzhou_vtc_柳职院.xlsx",
    "一九九〇年至二〇〇五年",
    "a@b",
    "row 12, column 7: 5,587 of 5,597",
]


@pytest.mark.parametrize("spelt", SPELLINGS)
def test_personal_data_are_seen_in_any_spelling_and_said_nowhere(spelt):
    assert personal(spelt) and personal(f"教务处{spelt}，张三")
    problems = Problems()
    problems.add(
        f"{spelt}.csv", f"here stands {spelt}", f"Drop {spelt}", table=spelt, row=spelt, column=spelt, printed=spelt
    )
    with pytest.raises(DataFault) as stop:
        problems.stop()
    fault = Fault(
        "a.xlsx", "total", "school", "sheet", "E5", f"specialties:{spelt}", spelt, {"sheet": spelt, "a": 1.0, "b": 1.0}
    )
    for text in (
        str(stop.value),
        repr(stop.value.problems),
        fault.text("zh"),
        fault.text("en"),
        fault.check,
        redacted(f"x {spelt} y"),
        said(f"{'a' * (LONGEST - 4)}{spelt}"),
    ):
        assert spelt not in text and not personal(text), text


@pytest.mark.parametrize("text", NOTHING_PERSONAL)
def test_other_text_is_said_as_it_is(text):
    assert not personal(text) and redacted(text) == text and said(text) == text


def test_no_cell_of_the_sources_looks_personal():
    """It would be repeated by no message, and it should not be there."""
    from analysis.ground import paths

    found = []
    for path in sorted(paths.RAW.rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found += [f"{path.name}: {redacted(cell)}" for row in csv.reader(file) for cell in row if personal(cell)]
    assert not found, found[:5]


@pytest.mark.parametrize("figure", [13912345678.0, "13912345678", 4.50205199001011e17])
def test_a_telephone_number_among_figures_is_repeated_nowhere(sound, collection, forms, tmp_path, capsys, figure):
    """The sums, relations and changes that it breaks print figures,
    and so do the list of faults and the marked copy."""
    path = tmp_path / sound.name
    shutil.copy(sound, path)
    cell = {q.indicator.code: (q.sheet, q.cell) for qs in forms["luzhai"].questions.values() for q in qs}
    fill(
        path,
        {
            cell["students"]: figure,
            cell["graduates"]: figure,
            cell["intake"]: figure,
            ("专业", "A6"): figure,
            ("专业", "D5"): figure,
            ("专业", "A7"): figure,
            ("封面", "B9"): figure,
            ("学生与招生", "K40"): figure,
        },
    )
    for language in ("zh", "en"):
        assert (
            main(
                [
                    "check",
                    "--year",
                    str(YEAR),
                    "--today",
                    "2025-04-01",
                    "--language",
                    language,
                    "--out",
                    str(tmp_path / "out"),
                    str(path),
                ]
            )
            == 1
        )
        printed = "".join(capsys.readouterr())
        listed = (tmp_path / "out" / "faults.csv").read_text(encoding="utf-8-sig")
        book = openpyxl.load_workbook(tmp_path / "out" / sound.name)
        copied = [
            str(text)
            for sheet in book
            for row in sheet.iter_rows()
            for c in row
            for text in (c.value, c.comment.text if c.comment else "")
        ]
        assert len(printed.splitlines()) > 3 and "not_repeated" not in printed
        for text in (*printed.splitlines(), *listed.splitlines(), *copied):
            assert not personal(text) and "1.39" not in text and "4.50205" not in text and "13912345678" not in text, (
                text
            )
    assert any("像是电话号码" in text for text in copied)


def test_a_name_of_a_file_is_not_repeated_either(sound, tmp_path, capsys):
    path = tmp_path / "张三13912345678.xlsx"
    shutil.copy(sound, path)
    assert main(["check", "--year", str(YEAR), str(path)]) == 1
    said_about = "".join(capsys.readouterr())
    assert "Rename" in said_about and "13912345678" not in said_about and not (tmp_path / "checked").exists()


def test_a_reason_of_a_waiver_holds_nothing_personal(sound, collection, forms):
    waivers = [{"school": "liuzhou_vtc", "check": "due", "reason": "张三 139 1234 5678"}]
    faults = check_forms([sound], collection, forms, today=IN_TIME, waivers=waivers).faults
    assert [(f.code, f.entered) for f in faults if f.file == "waivers.yaml"] == [("personal", "…")]


def test_half_run_copies_hold_nothing_personal(tmp_path):
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    from pipelines.run_notebook import redact_outputs

    spelt = "139 1234 5678"
    outputs = [
        new_output("stream", name="stdout", text=f"{spelt}\n"),
        new_output("error", ename="KeyError", evalue=spelt, traceback=[f"\x1b[31m{spelt}\x1b[0m"]),
        new_output(
            "display_data",
            data={"text/plain": spelt, "text/html": f"<b>{spelt}</b>", "image/png": "iVBORw0KGgo13912345678"},
        ),
    ]
    path = tmp_path / "x.half-run.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0", outputs=outputs)]), path)
    redact_outputs(path)
    text = path.read_text(encoding="utf-8")
    assert (
        spelt not in text
        and "iVBORw0KGgo13912345678" in text
        and nbformat.read(path, as_version=4).cells[0].source == "1 / 0"
    )


def test_messages_are_short_whatever_they_print():
    nested: object = "x"
    for _ in range(9):
        nested = [nested] * 10
    begun = time.process_time()
    problems = Problems()
    problems.add(
        "params.yaml", f"is {'9' * 200_000}", "Correct it", printed="九" * 200_000, row=nested, column={"key": nested}
    )
    assert len(str(problems[0])) < 8_000 and time.process_time() - begun < 1
    fault = Fault("a.xlsx", "not_a_number", entered="x" * 200_000, values={"reason": "y" * 200_000})
    assert len(fault.text("en")) < 2_000


NINE = (
    "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi"))
    + "sources: [*i]\n"
)


@pytest.mark.parametrize(
    "text",
    [
        NINE,
        "a: &x 1\nb: *x\n",
        "a: &x 1\n",
        "a: &x {k: 1}\nb:\n  <<: *x\n",
        "a: &x [*x]\n",
        "[" * 400_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "? " * 100_000,
    ],
)
def test_yaml_that_grows_when_read_is_refused(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    begun = time.process_time()
    with pytest.raises(DataFault, match="params.yaml") as stop:
        read_yaml(path)
    assert time.process_time() - begun < 2 and len(str(stop.value)) < 2_000


def test_yaml_may_hold_the_signs_of_aliases_in_text(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: R&D * 2\nb: '*'\nc: \"&x\"\n", encoding="utf-8")
    assert read_yaml(path) == {"a": "R&D * 2", "b": "*", "c": "&x"}


# cells for spreadsheets

ARMED = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-cmd",
    "\t=1",
    "\r=1",
    "\n=1",
    "\tx",
    "\rx",
    "\nx",
    " =1",
    "\u00a0=1",
    "\u3000=1",
    "\u200b=1",
    "\ufeff=1",
    "＝1",
    "＋1",
    "－1+1",
    "＠x",
    " ＝1",
    "--1",
    "-1-1",
    "-1/2",
    "-",
    "=",
    "+5",
    "-1e5x",
    "-1,5;=1",
]
HARMLESS = [
    "",
    "x",
    "-1",
    "-1.5",
    "-.5",
    "-1,234.5",
    "-5%",
    "-1e-5",
    "1-2",
    "a=b",
    "5",
    "−2.47",
    "'=1",
    "表3-6",
    "x\n=1",
]


@pytest.mark.parametrize("text", ARMED)
def test_text_that_would_run_is_disarmed(text):
    assert disarmed(text) == f"'{text}" and disarmed(disarmed(text)) == disarmed(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_other_cells_stay_as_they_are(text):
    assert disarmed(text) == text


def test_every_way_out_disarms_and_data_keep_the_text(tmp_path, monkeypatch, forms):
    from analysis.clean.panel import read_table, save_processed
    from analysis.ground import paths
    from analysis.present.results import Results
    from pipelines import build_site
    from pipelines.workbook import save_workbook

    monkeypatch.setattr(paths, "OUT", tmp_path / "out")
    frame = pd.DataFrame({"=head": ARMED, "number": range(-1, len(ARMED) - 1)})

    def cells(text):
        return list(csv.reader(io.StringIO(text, newline="")))

    def runs(text):
        return [cell for row in cells(text) for cell in row if disarmed(cell) != cell]

    size = {
        "language": "en",
        "city": "liuzhou",
        "year": 2023,
        "vintage": "latest",
        "values": "corrected",
        "draws": 2,
        "seed": 1,
        "level": 0.05,
    }
    results = Results("size", size)
    results.table("size_power", pd.DataFrame({"points": ARMED, "power": ARMED, "place": ARMED}), ["a cell"])
    written = list((tmp_path / "out").rglob("*.csv"))
    for path in written:
        text = path.read_bytes().decode("utf-8")
        assert not runs(text) and "'=1+1" in text
    assert len(written) == 2  # what is kept, and what is said
    assert cells(table_csv(frame))[1][1] == "-1"
    # data keep what is printed, and what is downloaded does not
    processed = tmp_path / "processed"
    printed = [*ARMED, "a\rb", "a\r\nb", "a\nb", ""]
    save_processed({"observations": pd.DataFrame({"=head": printed})}, processed)
    assert [row[0] for row in cells((processed / "observations.csv").read_bytes().decode("utf-8"))] == [
        "=head",
        *printed,
    ]
    assert read_table(processed / "observations.csv")["=head"].tolist() == printed
    assert pd.read_parquet(processed / "observations.parquet")["=head"].tolist() == printed
    monkeypatch.setattr(paths, "PROCESSED", processed)
    for name, content in (("numbers.json", "{}"), ("reconciliation.csv", "a\n")):
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "report").mkdir()
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    monkeypatch.setattr(build_site, "catalogue", lambda folders, language: {"figures": {}, "tables": {}})
    for suffix in build_site.FILES:
        (tmp_path / "report" / f"specialty-alignment.zh.{suffix}").write_bytes(b"")
    side = build_site.Side("zh", tmp_path / "side")
    side._downloads()
    assert not runs((side.extra / "data" / "observations.csv").read_bytes().decode("utf-8"))
    assert (side.extra / "data" / "observations.parquet").read_bytes() == (
        processed / "observations.parquet"
    ).read_bytes()
    # workbooks
    save_workbook(processed, tmp_path / "a.xlsx")
    question = next(iter(forms["luzhai"].questions.values()))[0]
    places = {(question.sheet, f"F{question.row}"): "-1+cmd|x", ("对外合作项目", "A5"): "＝1", ("封面", "B9"): "=1"}
    write_form(
        forms["luzhai"],
        tmp_path / "b.xlsx",
        places,
        [
            Fault("b.xlsx", "text_like_formula", "luzhai", sheet, cell, entered=text)
            for (sheet, cell), text in places.items()
        ],
    )
    for name in ("a.xlsx", "b.xlsx"):
        filled = [
            c
            for sheet in openpyxl.load_workbook(tmp_path / name)
            for row in sheet.iter_rows()
            for c in row
            if c.value is not None
        ]
        assert filled and not [
            c.value for c in filled if c.data_type == "f" or (isinstance(c.value, str) and disarmed(c.value) != c.value)
        ]


# what becomes of script in data

EVIL = (
    """<script>document.title='taken'</script><img src="x" onerror="document.title='taken'">"""
    """<a href="javascript:1">y</a>"'`|"""
)


def assert_text(page: str, own: int = 0, times: int = 1) -> None:
    """Data stand in the page as text, and are not lost."""
    from bs4 import BeautifulSoup

    tree = BeautifulSoup(page, "html.parser")
    assert len(tree("script")) == own and not tree.select("[onerror], [href^='javascript:'], img[src='x']")
    assert tree.get_text().count("document.title='taken'") >= times


def test_script_in_data_is_text_in_every_page(tmp_path, monkeypatch):
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    from analysis.clean import load
    from analysis.ground import paths
    from analysis.present.policy import inline_scripts
    from analysis.reconcile.trail import Cell, Trail
    from pipelines import build_site, trail_pages
    from pipelines.build_report import Manuscript, convert
    from pipelines.render import page as page_of
    from pipelines.review import rows_html

    cell = Cell(EVIL, "prose", "source", EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, 1.0, EVIL, EVIL)
    number = {
        "value": 1,
        "unit": EVIL,
        "text": EVIL,
        "origin": {"notebook": EVIL, "formula": EVIL, "inputs": [EVIL], "values": "corrected"},
        "said": {"en": {"text": EVIL, "unit": EVIL, "formula": EVIL}},
    }
    assert_text(Trail(EVIL, EVIL, EVIL, EVIL, EVIL, "corrected", (cell,))._repr_html_(), times=5)
    # the trail of numbers in report and site
    monkeypatch.setattr(
        load, "sources", lambda: pd.DataFrame({"source_id": ["source"], "short_zh": [EVIL], "short_en": [EVIL]})
    )
    monkeypatch.setattr(
        trail_pages, "Index", lambda language: type("Index", (), {"cell": staticmethod(lambda key: cell)})()
    )
    trail = trail_pages.trail_html(["evil"], {"evil": number}, "en")
    assert_text(trail, times=8)
    # the report: numbers, captions, tables
    (tmp_path / "t.csv").write_text(table_csv(pd.DataFrame({EVIL: [EVIL]})), encoding="utf-8")
    catalogue = {
        "figures": {},
        "tables": {
            "t": {
                "title": EVIL,
                "scope": EVIL,
                "units": EVIL,
                "source": EVIL,
                "path": os.path.relpath(tmp_path / "t", paths.ROOT),
            }
        },
    }
    text = "---\ntitle: T\nlang: en\n---\n\nHere is {{evil}}.\n\n::: table\nt\n:::\n"
    manuscript = Manuscript(paths.REPORT / "x.md", {"evil": number}, catalogue, "en", text)
    convert(manuscript.expand(), "en", tmp_path / "report.html", tmp_path, trail, brief=True)
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert_text(report, times=12)
    assert "script-src 'none'" in report
    # tables of the site
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    (tmp_path / "numbers.json").write_text(json.dumps({EVIL: number}), encoding="utf-8")
    monkeypatch.setattr(
        build_site,
        "catalogue",
        lambda folders, language: {
            "figures": {"f": {"alt": EVIL, "path": os.path.relpath(tmp_path / "f", paths.ROOT)}},
            "tables": {},
        },
    )
    checks = tmp_path / build_site.AUDIT / "en" / build_site.CHECKS
    checks.parent.mkdir(parents=True)
    columns = ("where", "what", "printed", "recomputed", "unit", "verdict", "formula", "note")
    with checks.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [columns, [{"recomputed": "1.0", "verdict": "agrees"}.get(c, EVIL) for c in columns]]
        )
    (tmp_path / "f.svg").write_text("<svg/>", encoding="utf-8")
    side = build_site.Side("en", tmp_path / "side")
    side._numbers()
    side._audit()
    assert_text((tmp_path / "side" / "numbers.md").read_text(encoding="utf-8"), times=4)
    assert_text((tmp_path / "side" / "audit.md").read_text(encoding="utf-8"), times=6)
    from bs4 import BeautifulSoup

    assert BeautifulSoup(side._figure("f"), "html.parser").img["alt"] == EVIL
    # notebooks and the review
    notebook = new_notebook(
        cells=[
            new_markdown_cell(f"## {EVIL.partition('</script>')[2]}"),
            new_code_cell(
                f"x = {EVIL!r}",
                outputs=[
                    new_output("stream", name="stdout", text=EVIL),
                    new_output(
                        "execute_result",
                        data={"text/plain": EVIL, "text/html": pd.DataFrame({EVIL: [EVIL]})._repr_html_()},
                    ),
                ],
            ),
        ]
    )
    notebook.cells[0].source = "## Title"
    page = page_of(nbformat.from_dict(notebook), "size", EVIL, tmp_path, "en")
    assert_text(page, own=1, times=5)
    assert len(inline_scripts(page)) == 1
    assert_text(
        str(
            rows_html(
                {
                    "file": EVIL,
                    "head": [EVIL],
                    "rows": [("added", [], [EVIL]), ("removed", [EVIL], []), ("revised", [EVIL], ["x"])],
                }
            )
        ),
        times=4,
    )


def small_site(folder: Path, body: str) -> Path:
    """An index without data, and a page with `body`, as Sphinx writes them."""
    (folder / "_static").mkdir(parents=True)
    (folder / "_static" / "doctools.js").write_text(
        'x = new Function(\n  "n",\n  `return (${catalog.plural_expr})`,\n);\n', encoding="utf-8"
    )
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>quiet</title></head><body>'
        '<script>document.body.dataset.theme = "x";</script>'
    )
    (folder / "genindex.html").write_text(f"{head}</body></html>", encoding="utf-8")
    (folder / "page.html").write_text(f"{head}{body}</body></html>", encoding="utf-8")
    return folder


def test_a_script_that_the_theme_does_not_hold_stops_the_site(tmp_path):
    from pipelines.build_site import protect

    problems = Problems()
    protect(small_site(tmp_path / "good", "<p>x</p>"), problems)
    assert not problems and "new Function" not in (tmp_path / "good" / "_static" / "doctools.js").read_text(
        encoding="utf-8"
    )
    assert "'unsafe-eval'" not in (tmp_path / "good" / "page.html").read_text(encoding="utf-8")
    protect(small_site(tmp_path / "bad", EVIL), problems)
    assert [(p.file, p.printed) for p in problems] == [("page.html", "document.title='taken'")]
    # an unknown way of evaluating text is no silence
    folder = small_site(tmp_path / "new", "")
    (folder / "_static" / "doctools.js").write_text("x = 1", encoding="utf-8")
    protect(folder, problems)
    assert problems[-1].file == "_static/doctools.js"


def test_an_injected_script_is_blocked_and_the_own_one_runs(tmp_path):
    from analysis.present.policy import with_policy

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip(
            "no Chromium on this machine; install the system's package `chromium` to see the pages in a browser"
        )
    from playwright.sync_api import sync_playwright

    own = "document.body.dataset.theme = 'own'"
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>quiet</title></head><body>'
        f'<script>{own}</script><p style="width: 3em">x</p>{{}}</body></html>'
    )
    (tmp_path / "quiet.html").write_text(with_policy(page.format(""), [own]), encoding="utf-8")
    hostile = EVIL + (
        "<script>document.title = String(eval('1'))</script>"
        "<iframe srcdoc='<script>parent.document.title=1</script>'></iframe><form action='https://example.org/'>"
        "<button>z</button></form><base href='https://example.org/'>"
    )
    (tmp_path / "hostile.html").write_text(with_policy(page.format(hostile), [own]), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        for name, quiet in (("quiet.html", True), ("hostile.html", False)):
            opened, heard = browser.new_page(), []
            opened.on("console", lambda message, heard=heard: heard.append(message.text))
            opened.goto((tmp_path / name).as_uri())
            assert opened.title() == "quiet" and opened.evaluate("document.body.dataset.theme") == "own"
            assert (heard == []) is quiet
            if not quiet:
                opened.evaluate("document.querySelector('a').click()")
                assert opened.title() == "quiet" and sum("Content Security Policy" in text for text in heard) >= 3
            opened.close()
        browser.close()


# the guard


def _burn(item):
    if item == "time":
        time.sleep(600)
    if item == "spin":
        while True:
            pass
    if item == "memory":
        return len(bytearray(4 << 30))
    if item == "end":
        import os

        os._exit(3)
    if item == "raise":
        raise KeyError("x")
    return item


def test_what_overruns_is_ended_and_the_rest_goes_on():
    begun = time.monotonic()
    answers = guarded(_burn, [1, "time", 2, "memory", 3, "spin", 4, "end", 5], workers=2, seconds=1)
    assert answers == [1, Stopped("time"), 2, Stopped("memory"), 3, Stopped("time"), 4, Stopped("memory"), 5]
    assert time.monotonic() - begun < 60
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1 << 20  # KiB: one GiB
    with pytest.raises(KeyError):
        guarded(_burn, ["raise"], workers=1)


def test_a_form_that_holds_the_reader_is_refused_by_name(sound, collection, forms, tmp_path, monkeypatch):
    """Whatever the reader does with it: here it never comes back."""
    slow = tmp_path / "slow.xlsx"
    shutil.copy(sound, slow)
    read = checking.read_answers
    monkeypatch.setattr(
        checking, "read_answers", lambda path, *rest: _burn("spin") if path.name == slow.name else read(path, *rest)
    )
    monkeypatch.setattr(checking, "guarded", lambda *args, **kwargs: guarded(*args, **kwargs, seconds=2))
    done = check_forms([slow, sound], collection, forms, today=IN_TIME)
    refused = [f for f in done.faults if f.level == "refuse"]
    assert [(f.file, f.code) for f in refused] == [("slow.xlsx", "too_slow")]
    assert "Fill in a fresh form" in refused[0].text("en") and [one.answers.school for one in done.checked] == [
        "luzhai",
        "",
    ]
