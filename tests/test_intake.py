"""Text dumps to raw tables."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.ground.errors import DataFault
from analysis.ground.layout import Column, TableLayout, load_layout
from analysis.intake.__main__ import main, table_csv
from analysis.intake.textdump import read_tables
from tests.conftest import PROJECT
from tests.workspace import TOWN


def layout_of(width: int, label: str | None = "合计") -> TableLayout:
    columns = [
        Column(("序号",), "order"),
        Column(("学校",), "entity"),
        *(Column((f"列{i}",), "value", indicator="students", year=2030) for i in range(width)),
    ]
    return TableLayout("9-1", "测试", 1, tuple(columns), label, "sum" if label else None)


def dump(layout: TableLayout, rows: list[list[str]], total: list[str] | None) -> str:
    blocks = [layout.printed_header()[0], *rows, *([total] if total else [])]
    body = "\n\n".join("\n".join("\t" + cell for cell in block) for block in blocks)
    return f"前文\n表9-1 测试\n\n{body}\n\n\n后文\n"


cells = st.text(alphabet="0123456789.,—-/校院（）", max_size=6)


@given(
    st.integers(1, 5).flatmap(
        lambda w: st.tuples(st.just(w), st.lists(st.lists(cells, min_size=w, max_size=w), min_size=1, max_size=5))
    )
)
def test_every_cell_arrives_as_printed(case):
    width, values = case
    layout = layout_of(width)
    rows = [[str(n), f"甲{n}校", *row] for n, row in enumerate(values, 1)]
    total = ["合计", *values[0]]
    [table] = read_tables(dump(layout, rows, total), {"9-1": layout}, "x.txt")
    assert [r.cells for r in table.rows if r.kind == "record"] == rows
    assert [r.cells for r in table.rows if r.kind == "aggregate"] == [["", *total]]


def test_a_cell_of_several_paragraphs_and_empty_paragraphs():
    layout = layout_of(1)
    text = (
        "表9-1 测试\n\n\t序号\n\n\n\t学校\n\t列0\n\n\t1\n\t甲校\n\n（乙校区）\n\t5\n\n\n\t2\n\t丙校\n\t6\n\n\t合计\n"
        "\t11\n\n\n后文"
    )
    [table] = read_tables(text, {"9-1": layout}, "x.txt")
    assert [r.cells for r in table.rows[1:]] == [["1", "甲校\n（乙校区）", "5"], ["2", "丙校", "6"], ["", "合计", "11"]]
    assert table.rows[1].line == 9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("\t列0\n", "\t列九\n"), "should read '列0'.*printed '列九'|printed '列九'"),
        (lambda t: t.replace("\t甲1校\n", ""), "a row has 2 cells, 3 are declared"),
        (lambda t: t.replace("表9-1", "表9-2"), "table 9-2 at line 2 is not declared"),
        (lambda t: t + t, "stands twice"),
        (lambda t: t.replace("\n\n\t合计\n\t5", ""), "closing row '合计' is missing"),
        (lambda t: "", "the document is empty"),
    ],
)
def test_what_does_not_fit_is_reported_with_its_place(change, message):
    layout = layout_of(1)
    text = dump(layout, [["1", "甲1校", "5"]], ["合计", "5"])
    with pytest.raises(DataFault, match=message):
        read_tables(change(text), {"9-1": layout}, "x.txt")


def test_all_faults_at_once():
    layout = layout_of(2)
    text = dump(layout, [["1", "甲", "5", "6"]], ["合计", "5", "6"]).replace("\t列0\n\t列1", "\t列甲\n\t列乙")
    with pytest.raises(DataFault) as fault:
        read_tables(text, {"9-1": layout}, "x.txt")
    assert len(fault.value.problems) == 2


def test_command_writes_nothing_when_anything_is_wrong(tmp_path, capsys):
    (tmp_path / "layout.yaml").write_text(
        (TOWN / "data/raw/town-2030/layout.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    broken = (TOWN / "document.txt").read_text(encoding="utf-8").replace("毕业生数（人）", "毕业人数（人）")
    (tmp_path / "document.txt").write_text(broken, encoding="utf-8")
    assert main([str(tmp_path / "document.txt"), "--source", "town-2030", "--out", str(tmp_path)]) == 1
    assert "nearest declared header: '毕业生数(人)'" in capsys.readouterr().err
    assert not list(tmp_path.glob("table_*.csv"))


def test_wrong_encoding_and_replaced_document(tmp_path, capsys):
    (tmp_path / "layout.yaml").write_text(
        (TOWN / "data/raw/town-2030/layout.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    text = (TOWN / "document.txt").read_text(encoding="utf-8")
    (tmp_path / "gb.txt").write_bytes(text.encode("gb18030"))
    assert main([str(tmp_path / "gb.txt"), "--source", "x", "--out", str(tmp_path)]) == 1
    assert "is not utf-8" in capsys.readouterr().err
    (tmp_path / "source.yaml").write_text("document: {encoding: utf-8, sha256: abc}\n", encoding="utf-8")
    (tmp_path / "ok.txt").write_text(text, encoding="utf-8")
    assert main([str(tmp_path / "ok.txt"), "--source", "x", "--out", str(tmp_path)]) == 1
    assert "checksum differs" in capsys.readouterr().err


def test_a_file_saved_on_windows_gives_the_same_tables(town):
    tables = {p.name: p.read_bytes() for p in (town / "data/raw/town-2030").glob("table_*.csv")}
    text = (town / "document.txt").read_text(encoding="utf-8")
    (town / "windows.txt").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode("utf-8"))
    assert main([str(town / "windows.txt"), "--source", "town-2030", "--out", str(town / "data/raw/town-2030")]) == 0
    assert {p.name: p.read_bytes() for p in (town / "data/raw/town-2030").glob("table_*.csv")} == tables


def test_names_of_persons_are_left_out(town):
    written = (town / "data/raw/town-2030/table_5-2.csv").read_text(encoding="utf-8")
    assert "焊接产业学院" in written
    assert "某甲" not in written and "负责人" not in written


def test_committed_tables_hold_no_omitted_column():
    for source in (PROJECT / "data" / "raw").glob("*/layout.yaml"):
        for table_id, layout in load_layout(source).items():
            rows = list(csv.reader(io.StringIO((source.parent / f"table_{table_id}.csv").read_text(encoding="utf-8"))))[
                1:
            ]
            for number, column in enumerate(layout.columns, 2):
                if column.role == "omit":
                    assert not any(row[number].strip() for row in rows), (table_id, column.header)


def test_written_csv_reads_back():
    layout = layout_of(1)
    [table] = read_tables(dump(layout, [["1", "甲,乙", "5"]], ["合计", "5"]), {"9-1": layout}, "x.txt")
    assert list(csv.reader(io.StringIO(table_csv(table))))[2] == ["record", "8", "1", "甲,乙", "5"]
