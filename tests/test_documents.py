"""Readers of documents: each form gives the same grids, and no document holds the machine or ends in a raw error."""

import io
import random
import zipfile

import pytest

from analysis.ground.errors import DataFault
from analysis.intake import __main__ as command
from analysis.intake import package
from analysis.intake.grid import Cell, Grid, Unreadable, place_cells
from analysis.intake.known import load_known
from analysis.intake.sniff import form_of, read_document
from analysis.intake.textdump import Token, arrange
from analysis.intake.xlsx import shown
from tests.made_up_reports import FORMS, WRITERS, MadeTable, Report, Slot

TABLE = MadeTable(
    "1-1",
    "1-1",
    "学生情况",
    [[Slot("序号", 2), Slot("学校", 2), Slot("在校生人数(人)", 1, 2)], [Slot("2023年"), Slot("2024年")]],
    [
        [Slot("1"), Slot("甲校"), Slot("5587"), Slot("96.19")],
        [Slot("2"), Slot("乙校"), Slot("12"), Slot("/")],
        [Slot("合计", 1, 2), Slot("5599"), Slot("96.19")],
    ],
    width=4,
)
PLAIN = Report(2024, [TABLE], {}, {}, {}, ["某市职业教育质量年度报告（2024年度）"])


def grid(content: bytes, name: str = "x") -> Grid:
    [one] = read_document(content, name).grids()
    return one


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_grid_with_its_spans(form):
    found = grid(WRITERS[form](PLAIN))
    texts = [[text.replace(" ", "") for text in row] for row in found.origins()]
    assert texts == [
        ["序号", "学校", "在校生人数(人)", ""],
        ["", "", "2023年", "2024年"],
        ["1", "甲校", "5587", "96.19"],
        ["2", "乙校", "12", "/"],
        ["合计", "", "5599", "96.19"],
    ]
    spans = {c.text.replace(" ", ""): (c.rows, c.columns) for c in found.cells if max(c.rows, c.columns) > 1}
    across = {"在校生人数(人)": (1, 2), "合计": (1, 2)}
    assert spans == (across if form == "text" else across | {"序号": (2, 1), "学校": (2, 1)})


def test_form_is_told_by_bytes_and_not_by_name():
    assert {form: form_of(WRITERS[form](PLAIN), "report.doc") for form in FORMS} == {form: form for form in FORMS}


@pytest.mark.parametrize(
    ("content", "wrong", "remedy"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Word", "save it as .docx"),
        (b"{\\rtf1", "rich text", ".docx"),
        (b"\x89PNG\r\n", "picture", "text"),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.text", "OpenDocument", ".docx"),
        (b"   ", "empty", "whole document"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related; x\n<html>", "web archive", "as HTML"),
        ("柳州市学生人数".encode("gb18030"), "is not utf-8", "--encoding"),
    ],
)
def test_what_is_not_read_is_refused_by_name_with_the_way_out(content, wrong, remedy):
    with pytest.raises(Unreadable, match=wrong) as refused:
        read_document(content, "report")
    assert remedy in str(refused.value)


def test_a_scan_is_refused():
    import pypdfium2

    empty = pypdfium2.PdfDocument.new()
    empty.new_page(200, 200)
    buffer = io.BytesIO()
    empty.save(buffer)
    with pytest.raises(Unreadable, match="is a scan"):
        read_document(buffer.getvalue(), "scan.pdf")


def _docx(body: str, head: str = "", styles: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if styles:
            archive.writestr("word/styles.xml", styles)
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0"?>{head}<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>',
        )
    return buffer.getvalue()


def _row(*cells: str) -> str:
    return "<w:tr>" + "".join(f"<w:tc><w:p>{cell}</w:p></w:tc>" for cell in cells) + "</w:tr>"


def _run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def test_word_raised_deleted_hidden_and_numbered_text():
    numbered = '<w:pPr><w:numPr><w:numId w:val="4"/></w:numPr></w:pPr>'
    table = (
        "<w:tbl>"
        + _row(_run("序号"), _run("数"))
        + _row(numbered, _run("5587") + _run("1", '<w:vertAlign w:val="superscript"/>'))
        + _row(numbered, f"<w:del>{_run('9')}</w:del><w:ins>{_run('12')}</w:ins>" + _run("7", "<w:vanish/>"))
        + "</w:tbl>"
    )
    assert grid(_docx(table)).origins() == [["序号", "数"], ["1", "5587¹"], ["2", "12"]]


def test_word_formatting_that_is_switched_off_says_nothing():
    plain = _run("87", '<w:vertAlign w:val="baseline"/>') + _run("1", '<w:vanish w:val="0"/>')
    table = "<w:tbl>" + _row(_run("学校"), _run("数")) + _row(_run("甲"), _run("55") + plain) + "</w:tbl>"
    assert grid(_docx(table)).origins()[1] == ["甲", "55871"]


def test_a_closing_row_of_a_table_of_one_column_ends():
    lines = [Token("学校", 1, 0), Token("合计", 2, 1), Token("5", 3, 0), Token("6", 4, 0)]
    cells = [cell for row in arrange(lines, [(("学校",),)], "x").origins() for cell in row]
    assert [cell for cell in cells if cell] == ["学校", "合计", "5", "6"]


def test_a_style_of_word_may_raise_text_and_a_run_may_say_otherwise():
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    raising = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
    styles = f'<w:styles xmlns:w="{space}"><w:style w:styleId="Mark">{raising}</w:style></w:styles>'
    mark = '<w:rStyle w:val="Mark"/>'
    cells = (_run("55") + _run("1", mark), _run("55") + _run("8", mark + '<w:vertAlign w:val="baseline"/>'))
    made = _docx("<w:tbl>" + _row(_run("甲"), _run("乙")) + _row(*cells) + "</w:tbl>", styles=styles)
    assert grid(made).origins()[1] == ["55¹", "558"]


def test_a_hidden_cell_of_a_page_and_a_hidden_row_of_a_sheet_are_not_read():
    import openpyxl

    page = "<html><table><tr><td>a<span hidden>1</span></td><td hidden>x</td><td>b</td></tr></table>"
    assert grid(page.encode()).origins() == [["a", "b"]]
    book = openpyxl.Workbook()
    for row in (("学校", "数"), ("甲", 1), ("乙", 2)):
        book.active.append(row)
    book.active.row_dimensions[2].hidden = True
    book.active["D1"] = book.active["E3"] = "x"
    book.active.column_dimensions.group("C", "E", hidden=True)
    buffer = io.BytesIO()
    book.save(buffer)
    document = read_document(buffer.getvalue(), "x.xlsx")
    assert [c.text for g in document.grids() for c in g.cells][-2:] == ["乙", "2"]
    assert not {"甲", "x"} & {c.text for g in document.grids() for c in g.cells} and "hidden" in document.remarks[0]


def test_an_entity_is_not_expanded_and_a_document_type_is_refused():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    with pytest.raises(Unreadable, match="document type"):
        read_document(_docx(f"<w:p>{_run('&b;&f;')}</w:p>", bomb), "x.docx")


def test_what_unpacks_beyond_the_limit_is_refused_while_it_unpacks(monkeypatch):
    monkeypatch.setattr(package, "BYTES", 1_000_000)
    with pytest.raises(Unreadable, match="when unpacked"):
        read_document(_docx("<w:p/>" * 300_000), "x.docx")


@pytest.mark.parametrize("depth", [30, 5_000])
def test_nesting_without_end_is_refused(depth):
    nested = "<w:tbl><w:tr><w:tc>" * depth + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * depth
    with pytest.raises(Unreadable, match="nested|damaged"):
        read_document(_docx(nested), "x.docx")
    page = "<html>" + "<table><tr><td>" * depth + "x"
    with pytest.raises(Unreadable, match="nested"):
        read_document(page.encode(), "x.html")


def test_spans_beyond_the_table_are_cut():
    page = "<table><tr><td rowspan='9999' colspan='3'>a</td><td>b</td></tr><tr><td>c</td></tr></table>"
    assert grid(page.encode()).origins() == [["a", "", "", "b"], ["", "", "", "c"]]
    with pytest.raises(Unreadable, match="columns"):
        read_document(b"<table><tr><td colspan='9999'>a</td></tr></table>", "x.html")


def test_scripts_styles_and_what_is_hidden_are_not_read():
    page = "<p style='DISPLAY : none'>x</p><script>y</script><table><tr><td>a<sup>1</sup></td><td>b</td></tr></table>"
    document = read_document(b"<html>" + page.encode(), "x.html")
    assert [c.text for c in next(document.grids()).cells] == ["a¹", "b"]
    assert document.remarks == ("1 hidden passages, not read",)


def test_a_formula_without_a_result_is_named():
    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"], book.active["A2"], book.active["B2"] = "学校", "数", "甲", "=1+1"
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(Unreadable, match="row sheet1.xml, column B2.*formula"):
        read_document(buffer.getvalue(), "x.xlsx")


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.9453, "0.00%", "94.53%"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (5587, "General", "5587"),
        (12.5, '0.0"万元"', "12.5万元"),
        (-3, "0;-0", "-3"),
        (0.1 + 0.2, "General", "0.3"),
        (1.5, "0.##", "1.5"),
        (5587, "0.00,", "5.59"),
    ],
)
def test_a_number_is_read_as_its_format_shows_it(value, form, text):
    assert shown(value, form) == text


def test_place_cells_fills_the_first_free_slots():
    cells = place_cells([[("a", 2, 1, ""), ("b", 1, 1, "")], [("c", 1, 1, "")]], "x")
    assert cells == [Cell("a", 0, 0, 2, 1), Cell("b", 0, 1), Cell("c", 1, 1)]


def test_grids_turned_cut_and_put_together():
    whole = Grid((Cell("a", 0, 0, 2, 1), Cell("b", 0, 1), Cell("c", 1, 1)))
    assert whole.turned().turned() == whole
    assert whole.rows_from(1).origins() == [["a", "c"]]
    assert whole.columns_from(1).origins() == [["b"], ["c"]]
    assert whole.below(whole).height == 4


def mutated(content: bytes, draw: random.Random) -> bytes:
    """A document with some bytes changed, taken out, doubled or cut off; of a package, those of its parts."""
    if content.startswith(b"PK") and draw.random() < 0.8:
        buffer = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
            chosen = draw.choice(old.namelist())
            for name in old.namelist():
                part = old.read(name)
                new.writestr(name, _changed(part, draw) if name == chosen else part)
        return buffer.getvalue()
    return _changed(content, draw)


def _changed(content: bytes, draw: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(draw.choice((1, 1, 3, 20))):
        if not made:
            break
        at, end = sorted(draw.randrange(len(made)) for _ in "ab")
        match draw.randrange(5):
            case 0:
                made[at] = draw.randrange(256)
            case 1:
                del made[at : min(end, at + 200)]
            case 2:
                made[at:at] = made[at : min(end, at + 500)]
            case 3:
                del made[end:]
            case _:
                made[at:at] = draw.choice(
                    (b"<", b">", b"&", b"\0", b"\t", b"999999999", "表1-1 ".encode(), b"\xff" * 9)
                )
    return bytes(made)


def fuzz(form: str, count: int, seed: str) -> None:
    draw, sound, heads = random.Random(seed), WRITERS[form](PLAIN), load_known().dump_heads()
    for number in range(count):
        content = mutated(sound, draw)
        try:
            for one in read_document(content, "x", "utf-8", heads).grids():
                one.slots()
        except DataFault:
            continue
        except Exception as error:
            raise AssertionError(f"{form}, seed {seed!r}, document {number}: {error!r}") from error


@pytest.mark.parametrize("form", FORMS)
def test_mutated_documents_end_in_a_reading_or_a_located_fault(form):
    fuzz(form, 60, f"short {form}")


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
def test_twenty_thousand_mutated_documents(form):
    fuzz(form, 20_000, f"long {form}")


def test_a_document_that_takes_too_long_is_refused(monkeypatch):
    def endless(*_):
        while True:
            pass

    monkeypatch.setattr(command, "read_document", endless)
    monkeypatch.setattr(command, "SECONDS", 1)
    with pytest.raises(Unreadable, match="needs more than 1 s of computing"):
        command.read_guarded(b"x", "x.txt", "utf-8", load_known())
