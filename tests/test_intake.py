"""Reports of any form to tables of the workspace: right or asked, never silently wrong, never lost."""

import csv
import io
import random
from types import SimpleNamespace

import pytest
import yaml

from analysis.ground.layout import load_layout
from analysis.intake.figures import prose_figures
from analysis.intake.grid import Grid, Paragraph
from analysis.intake.known import load_known
from analysis.intake.printed import printed_tables
from analysis.intake.reading import read_tables
from analysis.intake.sniff import read_document
from analysis.intake.study import YES, Study, slug
from tests.conftest import PROJECT
from tests.made_up_reports import FORMS, MESSES, WRITERS, confirm, entered, make, printed
from tests.workspace import run


@pytest.fixture(scope="module")
def known():
    return load_known()


def outcome(known, seed, messes, form):
    report, content = printed(seed, messes, form)
    return confirm(report, read_document(content, f"report.{form}", "utf-8", known.dump_heads()), known)


@pytest.mark.parametrize("form", FORMS)
def test_a_clean_report_needs_no_question(known, form):
    done = outcome(known, 7, [], form)
    assert (done.right, done.silent, done.lost, done.answers) == (done.total, [], [], {})


@pytest.mark.parametrize(("mess", "form"), [(m, FORMS[n % len(FORMS)]) for n, m in enumerate(MESSES)])
def test_each_mess_alone(known, mess, form):
    done = outcome(known, 3, [mess], form)
    assert done.right == done.total, (done.silent[:3], done.lost[:3])
    assert (done.silent, done.lost, done.early) == ([], [], 0)


@pytest.mark.parametrize("form", FORMS)
def test_messes_together(known, form):
    draw = random.Random(form)
    for seed in range(3):
        messes = draw.sample(list(MESSES), 4)
        done = outcome(known, seed, messes, form)
        assert done.right >= 0.95 * done.total, (messes, done.silent[:3], done.lost[:3])
        assert (done.silent, done.early) == ([], 0), messes


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
def test_thirty_documents_a_form(known, form):
    draw, right, total = random.Random(f"long {form}"), 0, 0
    for seed in range(30):
        messes = draw.sample(list(MESSES), draw.randrange(2, 7))
        done = outcome(known, 100 + seed, messes, form)
        right, total = right + done.right, total + done.total
        assert (done.silent, done.early) == ([], 0), (seed, messes)
    assert right >= 0.95 * total, f"{right} of {total}"


def test_twelve_names_and_ten_heads_are_confirmed_in_25_lines(known):
    done = outcome(known, 5, ["renamed_schools", "reworded_heads"], "docx")
    names = sum(kind == "name" for kind, *_ in done.answers)
    heads = sum(kind == "head" for kind, *_ in done.answers)
    assert names >= 12 and heads >= 10 and len(done.answers) == names + heads  # a line each and no other
    assert done.right == done.total


def test_proposals_name_the_school_that_was_renamed(known):
    done = outcome(known, 5, ["renamed_schools"], "html")
    asked = [q for q in done.reading.questions if q.kind == "name"]
    right = sum(done.answers[q.key] == q.proposed for q in asked)
    assert right >= 0.9 * len(asked), [(q.printed, q.proposed) for q in asked]


@pytest.mark.parametrize("form", FORMS)
def test_another_city_asks_its_name_and_its_schools_and_nothing_else(form):
    """Other schools, other numbers of tables; a fresh memory, as what is confirmed enters it."""
    report = make(11)
    schools = [
        f"{a}{b}"
        for a in ("漓江", "象山", "七星", "雁山", "临桂", "阳朔")
        for b in ("职业学院", "机电学校", "卫生职业学校")
    ]
    names = dict(zip(sorted(report.names), schools))
    assert len(names) == len(report.names)
    for table in report.tables:
        table.title = table.title.replace("柳州市", "桂林市")
        for slot in (slot for row in table.rows for slot in row):
            slot.text = names.get(slot.text, slot.text)
    report.opening[0] = "桂林市职业教育质量年度报告（2024年度）"
    MESSES["other_numbers"](report, random.Random(1))
    content, answers = WRITERS[form](report), {}
    for _ in range(2):
        known = load_known()
        document = read_document(content, "x", "utf-8", known.dump_heads())
        reading = read_tables(document, Study(known, "guilin", 2024, answers))
        answers |= {question.key: YES for question in reading.open()}
    assert {kind for kind, *_ in answers} == {"place", "name"} and len(answers) == 1 + len(names)
    assert sum(table.cells("guilin") for table in reading.tables) == len(report.truth)
    assert reading.new_entities["guilin"]["names"] == [{"zh": "桂林市", "en": "Guilin"}]


def test_equal_heads_are_told_apart_by_their_captions(known):
    """Tables 4-5 and 4-6 of the first source have the same heads; exchanged, each keeps its own name."""
    html = "".join(
        f"<p>表{number} {title}</p><table><tr><th>序号</th><th>成果名称</th><th>等次</th><th>成果完成单位</th>"
        f"<th>成果来源</th></tr><tr><td>1</td><td>{name}</td><td>一等</td><td>某校</td><td>高职</td></tr></table>"
        for number, title, name in (
            ("4-5", "柳州市2024年获推荐职业教育自治区级教学成果奖一览表", "甲"),
            ("4-6", "柳州市2024年获评职业教育国家级教学成果奖情况一览表", "乙"),
        )
    )
    reading = read_tables(read_document(html.encode(), "x.html"), Study(known, "liuzhou", 2024))
    assert {t.table_id: t.name for t in reading.tables} == {
        "4-5": "achievements_region",
        "4-6": "achievements_national",
    }


def test_nothing_leaves_unnamed(known):
    html = (
        "<p>表9-9 某种新表</p><table><tr><th>车型</th><th>数</th></tr><tr><td>甲</td><td>3</td></tr></table>"
        "<p>表9-10 没有表格的标题</p><p>正文。</p>"
    )
    reading = read_tables(read_document(html.encode(), "x.html"), Study(known, "liuzhou", 2024))
    assert [t.left_out for t in reading.tables] == ["its question is open"]
    assert [text for text, _ in reading.captions_alone] == ["表9-10 没有表格的标题"]
    assert [q.kind for q in reading.questions] == ["table"]


def test_a_note_behind_a_record_table_is_not_its_last_cell():
    text = "表4-2 课程\n\n\t序号\n\t课程\n\n\t1\n\t甲课\n\n\t2\n\t乙课\n\n注：以上不分先后。\n\n表4-3 组织\n"
    blocks = read_document(text.encode(), "x.txt").blocks
    [grid] = [b for b in blocks if isinstance(b, Grid)]
    assert [c.text for c in grid.cells][-1] == "乙课" and grid.tail == ""
    assert Paragraph("注：以上不分先后。", "line 12") in blocks


@pytest.mark.parametrize(("answer", "last"), [(YES, "乙课\n第二部分课程"), ("no", "乙课")])
def test_a_line_that_may_belong_to_the_last_cell_is_asked(known, answer, last):
    text = "表4-2 课程\n\n\t序号\n\t课程\n\n\t1\n\t甲课\n\n\t2\n\t乙课\n\n第二部分课程\n\n\n正文在此。\n"
    document, answers = read_document(text.encode(), "x.txt"), {}
    for _ in range(2):
        reading = read_tables(document, Study(known, "liuzhou", 2024, answers))
        answers |= {q.key: answer if q.kind == "tail" else "new:courses" for q in reading.open()}
    assert {kind for kind, *_ in answers} == {"table", "tail"}
    assert read_tables(document, Study(known, "liuzhou", 2024, answers)).tables[0].shape.lines[-1].cells[-1] == last


def test_a_table_that_goes_on_is_one():
    part = "<table><tr><th>序号</th><th>学校</th><th>人数</th></tr><tr><td>{}</td><td>{}</td><td>3</td></tr></table>"
    html = f"<p>表8-1 某表</p>{part.format(1, '甲校')}<p>续表8-1</p>{part.format(2, '乙校')}"
    [table], _ = printed_tables(read_document(html.encode(), "x.html"))
    assert [row[1] for row in table.grid.origins()] == ["学校", "甲校", "乙校"]


# what a stranger broke


def reading_of(known, html, *, place="liuzhou", answers=None):
    """The reading of a page, and what it asks."""
    document = read_document(f"<html>{html}".encode(), "x.html")
    return read_tables(document, Study(known, place, 2024, answers or {}))


HEADS = ("序号", "学校", "毕业生数（人）", "毕业去向落实人数（人）", "毕业去向落实率（%）")
TITLE = "柳州市各职业院校2024年毕业去向情况一览表"


def affirmed(known, html, **more):
    """The reading of a page when each question was answered with yes."""
    answers: dict = {}
    for _ in range(4):
        reading = reading_of(known, html, answers=answers, **more)
        if not reading.open():
            break
        answers |= {question.key: YES for question in reading.open()}
    return reading


def placed(*rows, title=f"表3-6 {TITLE}", heads=HEADS):
    return f"<p>{title}</p>{rows_of(heads, *rows)}"


def test_a_column_of_shares_is_asked_and_converted(known):
    rows = [
        ("1", "柳职院", "100", "94", "0.94"),
        ("2", "柳铁职院", "100", "90", "0.9"),
        ("3", "柳一职", "10", "8", "0.8"),
    ]
    reading = reading_of(known, placed(*rows))
    [question] = reading.questions
    assert question.kind == "unit"
    done = reading_of(known, placed(*rows), answers={question.key: YES})
    assert entered(done)["liuzhou_vtc", "placement_rate_pct", 2024] == {94.0}


def test_two_captions_are_two_tables(known):
    first = placed(("1", "柳职院", "100", "94", "94"), title="表3-6 高职院校2024届毕业去向情况一览表")
    second = placed(("1", "柳一职", "100", "94", "94"), title="表3-6 中职学校2023届毕业去向情况一览表")
    assert len(reading_of(known, first + second).tables) == 2


def test_names_of_one_sound_are_two_bodies(known):
    table = rows_of(("就业地区", "人数（人）"), ("陕西", "200"), ("山西", "150"))
    reading = affirmed(known, f"<p>表9-1 2024年就业地区</p>{table}")
    assert len(set(reading.tables[0].entities.values())) == 2


def test_years_in_rows_are_not_read_as_one_year(known):
    table = rows_of(("年份", "毕业生数（人）"), ("2022年", "90"), ("2023年", "92"), ("2024年", "95"))
    assert not entered(affirmed(known, f"<p>表9-2 毕业生</p>{table}"))


def test_a_qualifier_is_no_unit(known):
    rows = (("1", "柳职院", "100"), ("2", "柳铁职院", "90"))
    reading = reading_of(known, placed(*rows, title="表1-2 招生", heads=("序号", "学校", "招生人数（计划）（人）")))
    answers = {q.key: "enrolment" for q in reading.open() if q.kind == "table"}
    asked = reading_of(
        known, placed(*rows, title="表1-2 招生", heads=("序号", "学校", "招生人数（计划）（人）")), answers=answers
    )
    assert "head" in {q.kind for q in asked.questions}


def test_a_unit_line_of_several_units_goes_to_the_columns_that_count_so(known):
    heads = ("序号", "学校", "助学人数", "助学金额")
    html = placed(
        ("1", "柳职院", "5000", "50000000"),
        title="表3-5 2024年家庭经济困难学生资助情况表</p><p>单位：人次、元",
        heads=heads,
    )
    assert entered(affirmed(known, html))["liuzhou_vtc", "aid_amount_10k_yuan", 2024] == {5000.0}


def test_the_total_of_a_group_is_not_that_of_the_city(known):
    rows = [("1", "柳职院", "100", "94", "94"), (("合计", 1, 2), "100", "94", "94")]
    rows += [("2", "柳一职", "50", "40", "80"), (("合计", 1, 2), "50", "40", "80")]
    assert ("liuzhou", "graduates", 2024) not in entered(reading_of(known, placed(*rows)))


@pytest.mark.parametrize("answer", ["rongshui_healt", "no", "new:x:secondry", "new:柳:中职"])
def test_an_answer_that_is_none_keeps_the_question_open(known, answer):
    html = placed(("1", "完全不知道的学校", "100", "94", "94"))
    [question] = reading_of(known, html).questions
    reading = reading_of(known, html, answers={question.key: answer})
    assert reading.open() == [question] and reading.wrong == {question.key: answer}


def test_an_answer_may_be_the_name_of_a_school_or_of_an_indicator(known):
    html = placed(("1", "完全不知道的学校", "100", "94", "94"))
    [question] = reading_of(known, html).questions
    reading = reading_of(known, html, answers={question.key: "柳州市旅游学校"})
    assert not reading.waiting() and set(reading.tables[0].entities.values()) == {"liuzhou_tourism"}


def test_classes_of_entry_are_no_years(known):
    heads = ("序号", "学校", "2023级在校生人数（人）", "2024级在校生人数（人）")
    rows = (("1", "柳职院", "100", "90"), ("2", "柳铁职院", "90", "80"))
    html, answers = placed(*rows, title="表1-2 在校生", heads=heads), {}
    reading = reading_of(known, html, answers=answers)
    answers |= {q.key: "enrolment" for q in reading.open() if q.kind == "table"}
    reading = reading_of(known, html, answers=answers)
    assert sum(q.kind == "head" for q in reading.open()) == 2 and not entered(reading)


def test_money_per_head_is_not_money(known):
    heads = ("序号", "学校", "助学人数（人次）", "助学金额（元/人）")
    html = placed(("1", "柳职院", "100", "5000"), title="表3-5 2024年家庭经济困难学生资助情况表", heads=heads)
    assert "unit" in {q.kind for q in reading_of(known, html).questions}


def test_prizes_are_counted_and_prize_winners_left_out(known):
    heads = ("序号", "学校", "获奖人数（人）", "获奖人")
    rows = (("1", "柳职院", "100", "某甲"), ("2", "柳铁职院", "90", "某乙"))
    html, answers = placed(*rows, title="表9-9 获奖", heads=heads), {}
    answers |= {q.key: YES for q in reading_of(known, html).open()}
    reading = reading_of(known, html, answers=answers)
    assert {q.kind for q in reading.open()} == {"head"}
    assert [c.role for c in reading.tables[0].columns][-1] == "omit"


def test_schools_of_another_place_are_not_taken_for_its_own(known):
    html = placed(("1", "柳职院", "100", "94", "94"))
    assert {q.kind for q in reading_of(known, html, place="guilin").questions} == {"place", "name"}


def test_counts_with_their_unit_in_the_cell_are_figures(known):
    heads = ("序号", "学校", "毕业生数（人）", "某种新数", "毕业去向落实率（%）")
    rows = (("1", "柳职院", "100", "4700人", "94"), ("2", "柳铁职院", "90", "3100人", "90"))
    assert "head" in {q.kind for q in reading_of(known, placed(*rows, heads=heads)).questions}


def test_two_columns_for_one_figure_are_asked(known):
    heads = ("序号", "学校", "毕业生数（人）", "毕业生数（人）", "毕业去向落实率（%）")
    html = placed(("1", "柳职院", "100", "94", "94"), ("2", "柳铁职院", "90", "80", "90"), heads=heads)
    reading = affirmed(known, html)
    assert "no" in [q.proposed for q in reading.questions if q.kind == "head"]
    assert entered(reading)["liuzhou_vtc", "graduates", 2024] == {100.0}


@pytest.mark.parametrize(("kind", "answer"), [("unit", "千人"), ("table", "enrollment"), ("year", "no")])
def test_an_answer_of_the_wrong_kind_is_none(known, kind, answer):
    heads = ("序号", "学校", "助学人数（人次）", "助学金额（元/人）")
    html = placed(("1", "柳职院", "100", "5000"), title="表3-5 2019年困难资助表", heads=heads)
    answers: dict = {}
    for _ in range(3):
        reading = reading_of(known, html, answers=answers)
        answers |= {q.key: answer if q.kind == kind else YES for q in reading.open()}
    asked = [q for q in reading.open() if q.kind == kind]
    assert asked and all(reading.wrong[q.key] == answer for q in asked)


def test_codes_from_names():
    assert slug("柳州市第一职业技术学校") == "liuzhoushidiyizhiyejishuxuexiao"
    assert slug("", "field") == "field"


# the command


def questions(folder) -> list[dict]:
    path = folder / "data" / "intake" / "town-2031.csv"
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def answered(folder, **answers):
    rows = questions(folder)
    for row in rows:
        row["answer"] = answers.get(row["kind"], "yes")
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / "data" / "intake" / "town-2031.csv").write_text(buffer.getvalue(), encoding="utf-8")


@pytest.fixture
def next_year(town):
    """The made-up town's report of the year after, with a school renamed."""
    text = (town / "document.txt").read_text(encoding="utf-8")
    text = text.replace("2030", "@").replace("2029", "2030").replace("@", "2031").replace("乙职院", "乙工程职院")
    (town / "next.txt").write_text(text, encoding="utf-8")
    return SimpleNamespace(
        folder=town, command=("next.txt", "--year", "2031", "--place", "town", "--source", "town-2031")
    )


def test_nothing_enters_while_a_question_is_open(next_year):
    done = run(next_year.folder, "analysis.intake", *next_year.command, check=False)
    assert done.returncode == 2 and "questions open" in done.stdout
    assert not (next_year.folder / "data/raw/town-2031").exists()
    assert "town-2031" not in (next_year.folder / "params.yaml").read_text(encoding="utf-8")
    [name] = [q for q in questions(next_year.folder) if q["kind"] == "name"]
    assert name["printed"] == "乙工程职院" and float(name["score"]) > 0.45


def test_a_confirmed_report_is_a_source_and_the_same_file_changes_nothing(next_year):
    folder = next_year.folder
    run(folder, "analysis.intake", *next_year.command, check=False)
    answered(folder)
    run(folder, "analysis.intake", *next_year.command)
    assert "- town-2031" in (folder / "params.yaml").read_text(encoding="utf-8")
    files = {p: p.read_bytes() for p in folder.rglob("data/**/*") if p.is_file()}
    done = run(folder, "analysis.intake", *next_year.command)
    assert {p: p.read_bytes() for p in folder.rglob("data/**/*") if p.is_file()} == files
    assert "revisions" in done.stdout
    layout = load_layout(folder / "data/raw/town-2031/layout.yaml")
    assert {t.name for t in layout.values()} >= {"enrolment", "placement"}
    assert {c.year for c in layout["1-2"].columns if c.role == "value"} == {2030, 2031}


def test_what_a_person_confirms_holds_no_formula_and_nothing_personal(next_year):
    folder = next_year.folder
    text = (folder / "next.txt").read_text(encoding="utf-8")
    text = text.replace("乙工程职院", "=cmd|'/C calc'!A0").replace("焊接产业学院", "焊接产业学院 13912345678")
    (folder / "next.txt").write_text(text, encoding="utf-8")
    done = run(folder, "analysis.intake", *next_year.command, check=False)
    written = (folder / "data/intake/town-2031.csv").read_text(encoding="utf-8")
    assert "'=cmd" in written and ",=cmd" not in written
    assert "13912345678" not in written + done.stdout + done.stderr
    answered(folder, name="college_b")
    run(folder, "analysis.intake", *next_year.command)
    assert not any("13912345678" in p.read_text(encoding="utf-8") for p in folder.rglob("data/**/*.csv"))


def test_a_report_without_a_question_is_read_again_and_its_answers_may_come_from_a_spreadsheet(next_year):
    folder = next_year.folder
    text = (folder / "next.txt").read_text(encoding="utf-8").replace("乙工程职院", "乙职院")
    (folder / "next.txt").write_text(text, encoding="utf-8")
    run(folder, "analysis.intake", *next_year.command)
    files = {p: p.read_bytes() for p in folder.rglob("data/**/*") if p.is_file()}
    answers = folder / "data/intake/town-2031.csv"
    answers.write_bytes(answers.read_text(encoding="utf-8-sig").replace("\n", "\r\n").encode("gb18030"))
    done = run(folder, "analysis.intake", *next_year.command)
    assert {p: p.read_bytes() for p in folder.rglob("data/**/*") if p.is_file()} == files
    assert "corrected: 0 figures" in done.stdout


def corrections(folder) -> dict:
    return yaml.safe_load((folder / "data/corrections.yaml").read_text(encoding="utf-8")) or {}


def test_a_cell_is_decided_anew_and_taken_back(next_year):
    folder = next_year.folder
    sound = (folder / "next.txt").read_text(encoding="utf-8").replace("乙工程职院", "乙职院")
    (folder / "next.txt").write_text(sound.replace("\t500\n", "\t5oo\n", 1), encoding="utf-8")
    before = corrections(folder)
    for answer in ("500", "499"):
        run(folder, "analysis.intake", *next_year.command, check=False)
        answered(folder, cell=answer)
        run(folder, "analysis.intake", *next_year.command)
        [made] = [entry for code, entry in corrections(folder).items() if code not in before]
        assert made["use"] == int(answer)
    (folder / "next.txt").write_text(sound, encoding="utf-8")
    run(folder, "analysis.intake", *next_year.command)
    assert corrections(folder) == before


def test_what_cleaning_refuses_takes_everything_back(next_year):
    folder = next_year.folder
    text = (folder / "next.txt").read_text(encoding="utf-8").replace("\t4\n\t丁中职", "\t5\n\t丁中职")
    (folder / "next.txt").write_text(text, encoding="utf-8")
    run(folder, "analysis.intake", *next_year.command, check=False)
    answered(folder)
    before = {p: p.read_bytes() for p in folder.rglob("data/**/*") if p.is_file()}
    done = run(folder, "analysis.intake", *next_year.command, check=False)
    assert done.returncode == 1 and "the order should be 4 here" in done.stderr
    assert {p: p.read_bytes() for p in folder.rglob("data/**/*") if p.is_file()} == before


def test_names_of_persons_are_left_out(next_year):
    folder = next_year.folder
    run(folder, "analysis.intake", *next_year.command, check=False)
    answered(folder)
    run(folder, "analysis.intake", *next_year.command)
    written = (folder / "data/raw/town-2031/table_5-2.csv").read_text(encoding="utf-8")
    assert "焊接产业学院" in written
    assert "某甲" not in written and "负责人" not in written


def test_committed_tables_hold_no_omitted_column():
    for source in (PROJECT / "data" / "raw").glob("*/layout.yaml"):
        for table_id, layout in load_layout(source).items():
            content = (source.parent / f"table_{table_id}.csv").read_text(encoding="utf-8")
            rows = list(csv.reader(io.StringIO(content)))[1:]
            for number, column in enumerate(layout.columns, 2):
                if column.role == "omit":
                    assert not any(row[number].strip() for row in rows), (table_id, column.header)


# layouts met in reports of other places


def rows_of(*lines):
    """A table as HTML; a cell is a text, or a text with its rows and columns."""
    cells = []
    for line in lines:
        parts = [part if isinstance(part, tuple) else (part, 1, 1) for part in line]
        cells.append("".join(f"<td rowspan='{down}' colspan='{across}'>{text}</td>" for text, down, across in parts))
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in cells) + "</table>"


LAYOUTS = {  # caption, lines, figures that enter
    "groups merged downwards": (
        "表1- 2 2024届毕业生毕业去向分布",
        rows_of(
            ("毕业去向", "", "人数（人）", "比例（%）"),
            (("协议和合同就业", 2, 1), "签订协议", "120", "40.00"),
            ("签订合同", "30", "10.00"),
            (("灵活就业", 2, 1), "自由职业", "60", "20.00"),
            ("其他录用", "90", "30.00"),
            (("合计", 1, 2), "300", "100.00"),
        ),
        {
            "qiandingxieyi": [120, 40],
            "qiandinghetong": [30, 10],
            "ziyouzhiye": [60, 20],
            "qitaluyong": [90, 30],
            "liuzhou": [300, 100],
        },
    ),
    "totals of groups on the right": (
        "表2-1 2024年毕业生就业地区分布",
        rows_of(
            ("区域", "省份", "人数（人）", "占比（%）", "区域合计（人）"),
            (("华东", 2, 1), "江苏", "10", "5.00", ("30", 2, 1)),
            ("浙江", "20", "10.00"),
            ("西南", "四川", "170", "85.00", "170"),
            (("合计", 1, 2), "200", "100.00", "200"),
        ),
        {"jiangsu": [10, 5], "zhejiang": [20, 10], "sichuan": [170, 85], "liuzhou": [200, 100]},
    ),
    "a caption that runs into the year, a unit line of two units": (
        "表1-132024届毕业生单位性质分布</p><p>单位：人数(人),比例(%)",
        rows_of(
            ("单位性质", "人数", "比例"),
            ("国有企业", "10", "10.00"),
            ("其他企业", "90", "90.00"),
            ("总计", "100", "100.00"),
        ),
        {"guoyouqiye": [10, 10], "qitaqiye": [90, 90], "liuzhou": [100, 100]},
    ),
    "two blocks side by side": (
        "表3 三次产业就业",
        rows_of(
            ("产业", "人数（人）", "产业", "人数（人）"),
            ("第一产业", "10", "第三产业", "300"),
            ("第二产业", "200", "合计", "510"),
        ),
        {"primary": [10], "secondary": [200], "tertiary": [300], "liuzhou": [510]},
    ),
    "units behind each number": (
        "表3-6 2024年毕业去向情况一览表",
        rows_of(("序号", "学校", "毕业生数", "毕业去向落实率"), ("1", "柳职院", "5587（人）", "96.19（%）")),
        {"liuzhou_vtc": [5587, 96.19]},
    ),
    "indicators in rows, years over the columns": (
        "附表1 计分卡",
        rows_of(
            ("序号", "指标", "单位", "2023年", "2024年"),
            ("1", "毕业生人数", "人", "1200", "1300"),
            ("2", "毕业去向落实率", "%", "91.67", "93.08"),
        ),
        {"liuzhou": [1200, 1300, 91.67, 93.08]},
    ),
    "this year and the year before": (
        "附表1 计分卡",
        rows_of(
            ("指标", "单位", "本年", "上年"),
            ("毕业生人数", "人", "1300", "1200"),
            ("毕业去向落实人数", "人", "1210", "1100"),
        ),
        {"liuzhou": [1300, 1200, 1210, 1100]},
    ),
    "specialties as rows": (
        "表5-3 分专业大类在校生",
        rows_of(("专业大类", "在校生人数（人）"), ("装备制造大类", "5000"), ("交通运输大类", "3000"), ("合计", "8000")),
        {"zhuangbeizhizaodalei": [5000], "jiaotongyunshudalei": [3000], "liuzhou": [8000]},
    ),
    "a rate without counts": (
        "表2-2 2024年升学情况",
        rows_of(("序号", "学校", "升学率（%）"), ("1", "柳一职", "80.12"), ("2", "柳二职", "70.40")),
        {"liuzhou_first": [80.12], "liuzhou_second": [70.4]},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_other_places(layout):
    caption, table, expected = LAYOUTS[layout]
    reading = affirmed(load_known(), f"<p>{caption}</p>{table}")
    found: dict = {}
    for (entity, *_), values in entered(reading).items():
        found.setdefault(entity, []).extend(values)
    assert found == expected
    assert not reading.open()


TEMPLATE = {  # caption → stable name, indicators in rows with two years
    "表1 计分卡": (
        "student_outcomes",
        [("毕业生人数", "人", "2810", "2950"), ("其中：毕业生升学人数", "人", "610", "702")],
        {"graduates": [2810, 2950], "further_study": [610, 702]},
    ),
    "附表2 2024年满意度调查表": (
        "satisfaction",
        [("教职工满意度", "%", "95.0", "95.5"), ("家长满意度", "%", "97.0", "97.1")],
        {"satisfaction_staff_pct": [95.0, 95.5], "satisfaction_parents_pct": [97.0, 97.1]},
    ),
    "表6 落实政策表": (
        "policy",
        [("年生均财政拨款水平", "元", "12500", "12800"), ("教职工总数", "人", "610", "622")],
        {"appropriation_per_student_yuan": [12500, 12800], "staff": [610, 622]},
    ),
}


@pytest.mark.parametrize("caption", TEMPLATE)
def test_tables_of_the_national_template_need_no_layout_and_no_answer(known, caption):
    name, rows, expected = TEMPLATE[caption]
    head = ("序号", "指标", "单位", "2023年", "2024年")
    page = f"<p>{caption}</p>" + rows_of(head, *((str(n), *row) for n, row in enumerate(rows, 1)))
    document = read_document(page.encode(), "x", "utf-8", known.dump_heads())
    reading = read_tables(document, Study(known, "liuzhou", 2024))
    assert not reading.open() and [table.name for table in reading.tables] == [name]
    found: dict = {}
    for figure in reading.tables[0].figures("liuzhou"):
        found.setdefault(figure.column.indicator, []).append(figure.value)
    assert found == expected


# figures of the prose


def test_a_report_without_tables_still_proposes_its_figures(known):
    document = read_document("二O二四年，全市招生人数为3400人。\n".encode(), "x.txt")
    assert not read_tables(document, Study(known, "liuzhou", 2024)).tables
    [figure] = prose_figures(document, known, "liuzhou", 2024)
    assert (figure.indicator, figure.period, figure.value) == ("intake", "2024", "3400")


def test_numerals_of_the_prose_are_proposed_with_indicator_entity_and_qualifier(known):
    text = (
        "2.1学生发展\n2024年，全市职业院校在校生人数达5.6万人，柳职院毕业去向落实率约为95.31%。"
        "咨询电话0772-1234567，第3届，2023年起。\n"
    )
    found = prose_figures(read_document(text.encode(), "x.txt"), known, "liuzhou", 2024)
    rows = [(f.section, f.raw, f.indicator, f.entity, f.period, f.value, f.qualifier) for f in found]
    assert rows == [
        ("2.1", "5.6万人", "students", "liuzhou", "2024", "56000", "exact"),
        ("2.1", "95.31%", "placement_rate_pct", "liuzhou_vtc", "2024", "95.31", "about"),
    ]


def test_only_confirmed_figures_of_the_prose_enter_and_no_sentence_is_stored(next_year):
    folder = next_year.folder
    text = (folder / "next.txt").read_text(encoding="utf-8")
    (folder / "next.txt").write_text(f"1.1概况\n2031年毕业生数为400人，招生人数为700人。\n{text}", encoding="utf-8")
    run(folder, "analysis.intake", *next_year.command, check=False)
    path = folder / "data/intake/town-2031.prose.csv"
    proposed = path.read_text(encoding="utf-8")
    assert "概况" not in proposed and "，招生" not in proposed
    rows = proposed.removeprefix("\ufeff").splitlines()
    at = next(n for n, row in enumerate(rows) if ",graduates," in row)
    rows[at] = "yes" + rows[at]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    answered(folder)
    run(folder, "analysis.intake", *next_year.command)
    facts = (folder / "data/raw/town-2031/facts.csv").read_text(encoding="utf-8").splitlines()
    path.write_text(path.read_text(encoding="utf-8").replace("yes,", ","), encoding="utf-8")
    run(folder, "analysis.intake", *next_year.command)
    assert not (folder / "data/raw/town-2031/facts.csv").exists()
    assert len(facts) == 2 and facts[1].startswith("town-2031:1.1:01,town-2031,1.1,town,graduates,2031,400,人,exact")
