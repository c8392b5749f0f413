"""Faults in Chinese: every message of the code has its translation, and real faults are said in it."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import time

import pandas as pd
import pytest
import yaml

from analysis.clean.source import clean_source
from analysis.describe.ladder import require
from analysis.fit.structure import structural_deviation
from analysis.ground import arrays, messages, templates
from analysis.ground.errors import BadArgument, DataFault, DataProblem, Problems, nearest
from analysis.ground.params import load_params
from analysis.intake.sniff import read_document
from analysis.present.words import load_words
from pipelines.check import check_workspace
from pipelines.conditions import ROOT, conditions
from tests.conftest import PROJECT
from tests.test_pipeline import write_params
from tests.workspace import environment

COMMANDS = r"python -m [\w.]+|make repro|dvc repro \w+|git checkout --\w+|GB/T|shown only|<=|>=|=="
NAMES = re.compile(rf"'[^']*'|\"[^\"]*\"|`[^`]*`|{COMMANDS}")
SENTENCE = re.compile(r"(?<![\w./])[A-Za-z]{2,}(?: +[A-Za-z]{2,}){2,}(?![\w./])")


def left_in_english(text: str) -> list[str]:
    """Three English words in a row that are no names, commands or quotations."""
    return [found for line in text.splitlines() for found in SENTENCE.findall(NAMES.sub("·", line))]


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setenv(messages.VARIABLE, "zh")


@pytest.fixture(scope="module")
def known():
    return messages.read_catalogue(messages.catalogue_file("zh"))


# --- the catalogue


def test_every_message_of_the_code_is_translated():
    """`python -m analysis.ground.messages --check`: nothing missing, nothing idle, the places of each kept."""
    assert templates.faults("zh") == []


def test_the_catalogue_holds_what_modules_say(known):
    """Messages of each form: plain, filled, chosen by a condition, given to a helper, kept in a table, raised."""
    for one in (
        "the section is missing",
        "source {0} has no data/raw/{1}/source.yaml",
        "{0} must be {1} with {2} entry or more; its shape is {3}",
        "is no specialty code of the catalogue of 2021",
        "should be a list of partners",
        "{0} has no finite answer for these figures",
        "{0} failed: the notebook published no ledger. Call results.close() in its last cell.",
        "a count is a whole number",
        " (nearest known: {0})",
    ):
        assert known[one][0], one


def test_translations_are_chinese(known):
    names = {"{0}", "part_of"}
    for one, (said, _) in known.items():
        assert said in names or re.search("[一-鿿（，：]", said), one
        assert not left_in_english(said.replace("\n", " ")) or "git config" in said, (one, said)


def test_a_message_that_is_missing_idle_or_wrongly_placed_is_named(tmp_path, monkeypatch):
    for room in templates.ROOMS:
        (tmp_path / room).mkdir(parents=True)
    code = tmp_path / "src/analysis/x.py"
    code.write_text('problems.add(file, f"has {n} of {wanted}", "Mend it now")\n', encoding="utf-8")
    templates.update("zh", tmp_path)
    path = messages.catalogue_file("zh", tmp_path)
    text = path.read_text(encoding="utf-8")
    filled = re.sub(r'msgid "(.*)"\nmsgstr ""', r'msgid "\1"\nmsgstr "\1"', text)
    path.write_text(filled, encoding="utf-8")
    assert templates.faults("zh", tmp_path) == []
    path.write_text(filled.replace('msgstr "has {0} of {1}"', 'msgstr "有 {0} 个"'), encoding="utf-8")
    assert templates.faults("zh", tmp_path) == ["other places than the original: 'has {0} of {1}'"]
    code.write_text('problems.add(file, f"has {n} of {wanted}", "Mend it then")\n', encoding="utf-8")
    path.write_text(filled, encoding="utf-8")
    assert templates.faults("zh", tmp_path) == ["no longer said: 'Mend it now'", "not in the catalogue: 'Mend it then'"]
    templates.update("zh", tmp_path)
    assert templates.faults("zh", tmp_path) == ["not translated: 'Mend it then'"]


# --- real faults


def faults_of(call, *kinds) -> str:
    with pytest.raises(kinds or DataFault) as fault:
        call()
    return str(fault.value)


def rewrite(path, *changes):
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def test_real_faults_of_a_workspace_are_said_in_chinese(town, chinese):
    said = []

    def say(text: str, *parts: str) -> None:
        said.append(text)
        assert not left_in_english(text), text
        for part in parts:
            assert part in text, (part, text)

    def broken(change):
        before = (town / "params.yaml").read_text(encoding="utf-8")
        write_params(town, change)
        text = faults_of(load_params)
        (town / "params.yaml").write_text(before, encoding="utf-8")
        return text

    # settings
    say(
        broken(lambda p: p["fit"].update(nashun=p["fit"].pop("nation"))),
        "文件 params.yaml，行 fit，列 nashun：不是这一节的参数。您是否要写 'nation'？",
        "列 nation：不存在。",
    )
    say(
        broken(lambda p: p["fit"].update(confidence=95, values="prinded", census_year="2030")),
        "列 confidence，印刷为 '95'：应在 0 与 1 之间。95% 写成 0.95。",
        "列 values，印刷为 'prinded'：应为以下之一：printed, corrected",
        "列 census_year，印刷为 '2030'：应为整数。",
    )
    say(
        broken(lambda p: p.update(sources=["town-2030", "nowhere"])), "来源 'nowhere' 没有 data/raw/nowhere/source.yaml"
    )
    say(broken(lambda p: p.update(briefs="laos")), "行 briefs，印刷为 'laos'：应为合作方清单。")
    say(broken(lambda p: p.update(sises={})), "行 sises：不是已有的节。您是否要写 ")
    # the workspace
    (town / "report" / "idle.txt").write_text("x", encoding="utf-8")
    rewrite(town / "report" / "references.json", ("{", "{,"))
    say(faults_of(check_workspace), "文件 report/idle.txt：没有任何程序读取。把它移出文件夹。", "不是 JSON（此处应为")
    # corrections
    corrections = town / "data/corrections.yaml"
    sound = corrections.read_text(encoding="utf-8")
    for change, *parts in (
        (("shown only", "aplied"), "行 c901：状态 'aplied' 不存在。使用其中之一：applied, "),
        (("source_id: town-2030", "source_id: town-2031"), "（最接近的是 'town-2030'）"),
        (("indicator: students", "indicator: intake_plan"), "更正 c901 对应 0 个单元格。"),
        (("printed: ", "printd: "), "条目没有 'printd' 这一项（最接近的是 'printed'）"),
    ):
        rewrite(corrections, change)
        say(faults_of(lambda: clean_source("town-2030")), *parts)
        corrections.write_text(sound, encoding="utf-8")
    corrections.write_text(sound + sound, encoding="utf-8")
    say(faults_of(lambda: clean_source("town-2030")), "第 8 行：'c901' 出现两次（首次在第 1 行）")
    corrections.write_text(sound.replace("use: 2100", "use: [2100"), encoding="utf-8")
    say(faults_of(lambda: clean_source("town-2030")), "文件 data/corrections.yaml：读取方括号内的列表时（第 ")
    corrections.write_text(sound, encoding="utf-8")
    # tables and prose of a source
    table = town / "data/raw/town-2030/table_3-6.csv"
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[1][5], rows[3][4], rows[4][3] = "落实人数", "约200", "丙职元"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    rewrite(town / "data/raw/town-2030/facts.csv", (",over,rate,", ",ovr,rate,"))
    say(
        faults_of(lambda: clean_source("town-2030")),
        "文件 data/raw/town-2030/table_3-6.csv，表 3-6，表头第 1 行，列 c4，印刷为 '落实人数'：",
        "表头应为 '毕业去向落实人数(人)'",
        "列 qualifier，印刷为 'ovr'：本列没有 'ovr' 这个选项。",
    )
    # words
    rewrite(town / "data/words/fit.yaml", ("tables:", "tabels:"))
    say(
        faults_of(lambda: load_words("fit")),
        "文件 data/words/fit.yaml，第 ",
        "该文件没有 'tabels'（最接近的是 'tables'）",
    )
    assert len(said) >= 13


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"  ", "文件 report：为空。请给出整份文件。"),
        (b"\xd0\xcf\x11\xe0", "文件 report：是旧版 Word、Excel 或韩文文件。请打开后另存为 .docx 或 .xlsx。"),
        ("柳州市学生人数".encode("gb18030"), "不是 utf-8"),
        (b"PK\x03\x04 word/document.xml", "文件 report：已损坏：无法解开。"),
    ],
)
def test_faults_of_documents_are_said_in_chinese(chinese, content, part):
    said = faults_of(lambda: read_document(content, "report"))
    assert part in said and not left_in_english(said)


def test_faults_of_the_mathematics_are_english_in_python_and_chinese_in_print(chinese, capsys):
    @arrays.takes(k=arrays.counts(whole=True), level=arrays.real(0, 1), how=arrays.one_of("wild", "plain"))
    def measure(k, level, how):
        return 0.0

    def levels():
        require("no_such_measure", pd.DataFrame({"level": ["L0"], "reached": [True]}))

    for call, part in (
        (lambda: measure([1, -2], 0.5, "wild"), "参数 k：位置 1 处为 -2；数值须为有限值，且不为负"),
        (lambda: measure([1, 2], 3, "wilt"), "参数 level：level 为 3；须在 0 与 1 之间\n"),
        (lambda: measure([1, 2], 3, "wilt"), "参数 how：how 为 'wilt'，没有这个选项；请用 'wild' 或 'plain'"),
        (lambda: measure(["x"], 0.5, "wild"), "内容是文字（'x'）；需要数字"),
        (lambda: measure([], 0.5, "wild"), "必须是数字列表，至少 1 项；其形状为 (0,)"),
        (lambda: structural_deviation([0.5, 0.5], [0.2, 0.3, 0.5], reference="industry", form="ratio"), "有 2 "),
        (levels, "没有层级列有指标 'no_such_measure'"),
    ):
        english = faults_of(call, BadArgument)
        assert "argument" in english and not re.search("[一-鿿]", english)
        with messages.spoken():
            print(english, file=sys.stderr)
        said = capsys.readouterr().err
        assert part in said and not left_in_english(said), said


def test_a_failed_notebook_is_told_in_chinese(chinese):
    text = messages.say(
        "fit failed: a cell raised an error.\n"
        "  notebook    notebooks/03_fit.ipynb\n  cell        3 under 'Supply'\n  parameters  year=2030\n"
        "  half-run    build/x.ipynb (open it to look; no output was changed)\n"
        "  it says     BadArgument: fit.linkage, argument k: k is 3; it must lie between 0 and 1\n"
        "fit.linkage, argument n: position 2 is nan; values must be finite and not negative"
    )
    assert text.splitlines()[0] == "fit 失败：单元格报错。" and "没有改动任何输出" in text
    assert text.endswith(
        "BadArgument: fit.linkage，参数 k：k 为 3；须在 0 与 1 之间\n"
        "fit.linkage，参数 n：位置 2 处为 nan；数值须为有限值，且不为负"
    )


def test_every_way_a_notebook_fails_is_told_in_chinese(chinese):
    from pipelines.kernel import DRAWN, PRINTED, SHOWN
    from pipelines.run_notebook import HANG_GUARD, LEFT

    most = f"at most {PRINTED:,} printed characters, {SHOWN:,} displays, {DRAWN:,} characters of these"
    for wrong in (
        LEFT,
        "a cell raised an error",
        "a cell wrote a warning, whose text differs between machines",
        f"the kernel's messages were lost ({HANG_GUARD} s without one after the cell had ended). "
        "Let the cell show less",
        f"a cell shows more than a page can hold ({most}). Print a summary, or publish a table",
        f"the kernel ended with exit code 3: {LEFT}",
        "the kernel died (often too little memory; signal 9)",
    ):
        for cell in ("none had begun", "3 under 'Supply'"):
            text = messages.say(
                f"fit failed: {wrong}.\n  notebook    notebooks/03_fit.ipynb\n  cell        {cell}\n"
                "  parameters  year=2030\n  half-run    build/x.ipynb (open it to look; no output was changed)"
            )
            head, _, place = text.partition("\n")
            said = head.removeprefix("fit ").replace("exit", "").replace("quit", "").replace("sys.", "")
            assert not re.search("[a-z]{3}", said.replace("os._", "")), text
            assert "under" not in place and "begun" not in place and "没有改动任何输出" in place, text


# --- the language


def test_english_stays_as_it_is(monkeypatch):
    for name in (messages.VARIABLE, *messages.LOCALES):
        monkeypatch.delenv(name, raising=False)
    problem = DataProblem("a.csv", "lacks tier", "Name one of x", "3-6", "line 3", "c1", "7")
    english = "a.csv, table 3-6, row line 3, column c1, printed '7': lacks tier. Name one of x."
    assert str(problem) == problem.in_english() == english
    fault = DataFault([problem])
    assert str(fault) == fault.args[0] == f"1 problem; nothing was written.\n{english}"
    stdout = sys.stdout
    with messages.spoken():
        assert sys.stdout is stdout
    monkeypatch.setenv(messages.VARIABLE, "zh")
    assert str(fault) == (
        "1 个问题；没有写入任何文件。\n文件 a.csv，表 3-6，第 3 行，列 c1，印刷为 '7'：缺少 tier。写其中之一：x。"
    )
    assert fault.args[0] == f"1 problem; nothing was written.\n{english}"
    monkeypatch.setenv(messages.VARIABLE, "tlh")  # no such catalogue
    assert str(problem) == english


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ({}, ""),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, ""),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "ANALYSIS_MESSAGES": "en"}, "en"),
        ({"LANG": "tr_TR.UTF-8", "LC_ALL": "POSIX", "ANALYSIS_MESSAGES": "zh_CN"}, "zh"),
    ],
)
def test_the_choice_of_a_person_reaches_the_stages(given, language):
    sealed = conditions(ROOT, {**given, "HOME": "/x"})
    assert messages.asked_for(given) == sealed.get(messages.VARIABLE, "") == language
    assert messages.asked_for(sealed) == language and sealed["LANG"] == "C.UTF-8"


def test_settings_may_name_the_language_and_the_environment_goes_before(town, monkeypatch):
    for name in (messages.VARIABLE, *messages.LOCALES):
        monkeypatch.delenv(name, raising=False)
    assert messages.language() == "en"
    write_params(town, lambda p: p.update(messages="zh"))
    load_params()
    assert messages.language() == "zh"
    with (town / "params.yaml").open("a", encoding="utf-8") as file:
        file.write("\nfit: [\n")
    assert faults_of(load_params).startswith("1 个问题；没有写入任何文件。\n文件 params.yaml：")
    monkeypatch.setenv(messages.VARIABLE, "en")
    assert messages.language() == "en"
    write = yaml.safe_load((PROJECT / "tests/fixtures/town/params.yaml").read_text(encoding="utf-8"))
    (town / "params.yaml").write_text(yaml.safe_dump(write | {"messages": ["zh"]}), encoding="utf-8")
    assert "params.yaml, row messages, printed \"['zh']\": should be a language" in faults_of(load_params)
    (town / "params.yaml").unlink()
    monkeypatch.delenv(messages.VARIABLE)
    assert messages.language() == "en"


def test_commands_speak_the_language(town):
    write_params(town, lambda p: p.pop("fit"))
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.check"],
        cwd=town,
        env={**environment(town), messages.VARIABLE: "", "LANGUAGE": "zh_CN"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert done.stderr.startswith("1 个问题；没有写入任何文件。\n文件 params.yaml，行 fit：缺少这一节。添加。"), (
        done.stderr
    )
    done = subprocess.run(
        [sys.executable, "-m", "analysis.intake", "none.txt", "--year", "2024"],
        cwd=town,
        env={**environment(town, PYTHONPATH=str(PROJECT / "src")), messages.VARIABLE: "zh"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 1 and re.search("[一-鿿]", done.stderr) and not left_in_english(done.stderr), done.stderr


# --- what must not happen


def test_nothing_personal_is_repeated(chinese):
    problems = Problems()
    problems.add(
        "a.csv",
        "'张三 13912345678' is not a word of this column",
        f"Use one of a, b{nearest('a@b.cn', ['aa@b.cn'])}",
        row="line 3",
        printed="139 1234 5678",
    )
    said = faults_of(problems.stop)
    assert "13912345678" not in said and "@" not in said and "5678" not in said
    assert "'张三 …' 这个选项" in said and "第 3 行" in said


def test_a_text_that_holds_places_or_signs_of_formats_is_carried_over(chinese):
    problem = DataProblem("a", "status '{0} %s {x' is not known", "Use one of {}, %d", printed="{1}")
    assert str(problem) == "文件 a，印刷为 '{1}'：状态 '{0} %s {x' 不存在。使用其中之一：{}, %d。"
    assert str(DataProblem("a", "never said before", "Do it")) == "文件 a：never said before。Do it。"


def test_a_thousand_problems_are_shown_at_once(chinese):
    problems = Problems()
    for i in range(1000):
        near = nearest(f"indicator_{i}", [f"indicator_{i + 1}"])
        problems.add(
            f"data/{i}.csv",
            f"indicator 'indicator_{i}' is not in the dictionary{near}",
            f"Use one of a{i}, b{i}{near}",
            table="3-6",
            row=f"line {i}",
            column=f"c{i}",
            printed=f"{i}",
        )
    messages.catalogue.cache_clear()
    begun = time.process_time()
    said = str(DataFault(problems))
    spent = time.process_time() - begun
    assert said.count("\n") == 1000 and not left_in_english(said)
    assert spent < 2, spent


def test_what_no_message_fits_costs_little(chinese):
    """A long text of the signs that messages hold: no way of matching it takes long."""
    begun = time.process_time()
    for text in ("'a' is " * 280, "; ".join(["x has y"] * 200), " and ".join("ab" for _ in range(300)), "\n" * 2000):
        messages.say(text, "zh")
        str(DataProblem("a", text, text))
    assert time.process_time() - begun < 5


def test_the_environment_of_tests_is_english():
    assert os.environ[messages.VARIABLE] == "en"
