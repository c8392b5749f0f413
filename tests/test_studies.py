"""One code for every place: nothing of it names one, and another city builds beside the first, no line changed."""

import ast
import csv
import functools
import io
import json
import random
import re
import shutil
import subprocess
import tokenize
from types import SimpleNamespace

import nbformat
import pytest
import yaml

from analysis.ground.dictionary import entities
from analysis.ground.numerals import fold
from analysis.newcity.__main__ import COPIED, SHARED
from tests.conftest import PROJECT
from tests.made_up_reports import MESSES, WRITERS, make
from tests.workspace import run

NAMED = {"school", "tier", "city", "chain_link", "industry_group"}  # kinds of entities that are of one place
CODE = sorted([*PROJECT.glob("src/**/*.py"), *PROJECT.glob("pipelines/**/*.py")])
NOTEBOOKS = sorted(PROJECT.glob("notebooks/*.ipynb"))


def strings(source: str) -> list[str]:
    """Texts and names of Python code, without comments and docstrings."""
    tree = ast.parse(source)
    docs = {
        node.body[0].value.lineno
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }
    kept = {tokenize.STRING, tokenize.NAME, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type in kept and token.start[0] not in docs]


def texts() -> list[tuple[str, str]]:
    """(file, text) of everything that runs or is read in notebooks."""
    found = [(str(path.relative_to(PROJECT)), text) for path in CODE for text in strings(path.read_text("utf-8"))]
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            parts = strings(cell.source) if cell.cell_type == "code" else [cell.source]
            found += [(path.name, part) for part in parts]
    return [*found, ("dvc.yaml", (PROJECT / "dvc.yaml").read_text("utf-8"))]


def local_names() -> list[str]:
    """Codes and names of the schools, tiers, groups and chain links of the first city, and of the city."""
    names: set[str] = set()
    for one in entities().values():
        if one.kind in NAMED:
            names |= {one.code, *(str(n[language]) for n in one.names for language in ("zh", "en"))}
            names |= {one.tier} if one.kind == "tier" else set()
            names |= set(one.printed or {}) and {v for variants in one.printed.values() for v in variants}
    return sorted(name for name in names if name and len(name) > 1)


def test_code_names_no_place_no_school_no_tier_no_chain():
    known = re.compile("|".join(map(re.escape, local_names())))
    assert not [(file, found[0], text[:60]) for file, text in texts() if (found := known.search(text))]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:表|tables? )\d+[-.]\d+",
        r"附件\s*\d|[Aa]nnex(?:es)? \d",
        r"\bnev_|[Vv]ehicle|[Bb]atter(?:y|ies)|新能源|汽车",
    ],
    ids=["tables", "annexes", "chain"],
)
def test_code_names_no_table_and_no_annex(pattern):
    assert not [(file, text[:80]) for file, text in texts() if re.search(pattern, text)]


def test_notebooks_name_no_year():
    year = re.compile(r"(?<![\d-])(?:19|20)\d\d(?!\d)")
    editions = re.compile(r"GB/T \d+-\d{4}|catalogue of \d{4}|\([A-Z][^()]*\d{4}\)")
    found = []
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            source = editions.sub("", cell.source)
            found += [(path.name, source[max(0, m.start() - 30) : m.end() + 10]) for m in year.finditer(source)]
    assert not found


# --- a study of another place


def test_a_study_is_laid_out_once_and_names_its_faults(tmp_path, monkeypatch, capsys):
    from analysis.ground import paths
    from analysis.newcity.__main__ import main

    monkeypatch.setattr(paths, "STUDIES", tmp_path)
    assert main(["east_town", "--zh", "东镇", "--year", "2030"]) == 0
    folder = tmp_path / "east_town"
    made = yaml.safe_load((folder / "data/entities.yaml").read_text("utf-8"))
    assert made["east_town"]["names"] == [{"zh": "东镇", "en": "East Town"}]
    assert {e["tier"] for e in made.values() if e["kind"] == "tier"} == {"职业本科", "高职", "中职"}
    assert {e["kind"] for e in made.values()} == {"city", "tier", "place", "sector", "section"}
    settings = yaml.safe_load((folder / "params.yaml").read_text("utf-8"))
    assert settings["sources"] == settings["briefs"] == []
    assert settings["employment"]["city"] == "east_town" and settings["employment"]["year"] == 2030
    assert (folder / "notebooks").resolve() == (PROJECT / "notebooks").resolve()
    own = "".join(
        p.read_text("utf-8") for p in folder.rglob("*") if p.is_file() and not p.is_symlink() and "words" not in p.parts
    )
    assert "liuzhou" not in own.replace("liuzhou_", "")
    assert main(["east_town"]) == 1 and "is there already" in capsys.readouterr().err
    assert main(["../x"]) == 1 and "no name of a place" in capsys.readouterr().err


TIERS = {"雁山": "职业本科", "临桂": "职业本科"}


def other_city(folder):
    """A report of another city: other schools, another numbering of tables."""
    report = make(11)
    schools = [
        f"{a}{b}" for a in ("漓江", "象山", "七星", "雁山", "临桂", "阳朔") for b in ("职业学院", "卫生职业学校")
    ]
    names = dict(zip(sorted(set(report.names.values())), schools))
    for table in report.tables:
        table.title = table.title.replace("柳州市", "桂林市")
        for slot in (slot for row in table.rows for slot in row):
            slot.text = names[report.names[slot.text]] if slot.text in report.names else slot.text
    report.opening[0] = "桂林市职业教育质量年度报告（2024年度）"
    MESSES["other_numbers"](report, random.Random(1))
    (folder / "report.docx").write_bytes(WRITERS["docx"](report))


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Another city beside the first, from its report to report and site, in a copy of the checkout."""
    root = tmp_path_factory.mktemp("clone")
    for name in (*SHARED, *COPIED, "data", "report", "params.yaml", ".dvc/config"):
        target, source = root / name, PROJECT / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns("__pycache__", "interim", "processed"), dirs_exist_ok=True
            )
        else:
            shutil.copy(source, target)
    subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
    study = root / "studies" / "guilin"

    def command(module: str, *arguments: str, at=study, check=True):
        return run(root, module, *arguments, check=check, cwd=at, ANALYSIS_ROOT="")

    command("analysis.newcity", "guilin", "--zh", "桂林市", "--en", "Guilin", "--year", "2024", at=root)
    other_city(root)
    intake = ("analysis.intake", str(root / "report.docx"), "--year", "2024", "--body", "桂林市教育局")
    command(*intake, check=False)
    answers = study / "data/intake/guilin-2024.csv"
    rows = list(csv.DictReader(io.StringIO(answers.read_text("utf-8-sig"))))
    assert {row["kind"] for row in rows} == {"name"}
    for row in rows:
        tier = TIERS.get(row["printed"][:2], "") if row["printed"].endswith("学院") else ""
        row["answer"] = f"{row['proposed'].rpartition(':')[0]}:{tier}" if tier else "yes"
    with answers.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    command(*intake)
    settings = (study / "params.yaml").read_text("utf-8")
    (study / "params.yaml").write_text(re.sub(r"draws: \d+", "draws: 200", settings), "utf-8")
    done = command("pipelines.rebuild", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return SimpleNamespace(root=root, study=study, command=command)


def test_another_city_builds_from_its_report_to_report_and_site(city):
    results = city.study / "results"
    for language, name in (("zh", "桂林市"), ("en", "Guilin")):
        for form in ("html", "docx", "pdf"):
            assert (results / f"report/specialty-alignment.{language}.{form}").stat().st_size > 10_000
        page = (results / f"report/specialty-alignment.{language}.html").read_text("utf-8")
        assert name in page and not re.search("柳州|Liuzhou", page)
    assert (results / "site/index.html").exists()
    with (results / "employment/tables/employment_tiers.csv").open(encoding="utf-8") as file:
        assert {row["tier"] for row in csv.DictReader(file)} == {"bachelor", "higher", "secondary", "city"}
    numbers = json.loads((results / "numbers.json").read_text("utf-8"))
    assert numbers["employment_city_placed"]["value"] > 0
    assert not [name for name in numbers if name.startswith(("fit_chain", "fit_sector", "cooperation_field"))]


def test_a_study_finds_nothing_to_do_and_leaves_the_first_study_alone(city):
    assert "nothing to do" in city.command("pipelines.rebuild").stdout
    assert not (city.root / "results").exists() and not (city.root / "build").exists()


# --- longer than a person waits


SCHOOL = """<h1>漓江职业学院质量年度报告（2024年度）</h1><p>表1 计分卡</p><table>
<tr><td>指标</td><td>单位</td><td>2023年</td><td>2024年</td></tr>
<tr><td>毕业生人数</td><td>人</td><td>2810</td><td>2950</td></tr>
<tr><td>毕业去向落实人数</td><td>人</td><td>2600</td><td>2777</td></tr>
<tr><td>毕业生升学人数</td><td>人</td><td>610</td><td>702</td></tr></table>"""


@pytest.mark.long
def test_one_schools_own_report_is_a_study(city):
    (city.root / "school.html").write_text(SCHOOL, "utf-8")
    study = city.root / "studies" / "lijiang"
    command = functools.partial(city.command, at=study)
    laid = ("--zh", "漓江职业学院", "--en", "Lijiang College", "--school", "高职", "--year", "2024")
    city.command("analysis.newcity", "lijiang", *laid, at=city.root)
    command("analysis.intake", str(city.root / "school.html"), "--year", "2024", "--body", "漓江职业学院")
    done = command("pipelines.rebuild", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    numbers = json.loads((study / "results/numbers.json").read_text("utf-8"))
    assert numbers["placement_rate_city"]["text"] == "94.14%"
    assert numbers["placement_excluding_study_city"]["text"] == "92.30%"
    assert "漓江职业学院" in (study / "results/report/specialty-alignment.zh.html").read_text("utf-8")


RENAMED, MERGED = "liuzhou_second", ("liuzhou_first", "liuzhou_mechatronics")
NAMES = {"renamed": "柳州市第二工业职业学校", "merged": "柳州市城市职业技术学校", "new": "柳州市新兴职业技术学校"}
ANSWERS = {
    NAMES["renamed"]: RENAMED,
    NAMES["merged"]: "new:liuzhou_urban:中职",
    NAMES["new"]: "new:liuzhou_newborn:中职",
}


def with_changed_schools(rows):
    """One school renamed, two merged, one new."""
    known = {v: code for code, e in entities().items() for own in (e.printed or {}).values() for v in own}
    made = []
    for name, cells in rows:
        code = known.get(fold(name))
        if code != MERGED[1]:
            printed = {RENAMED: NAMES["renamed"], MERGED[0]: NAMES["merged"]}.get(code, name)
            made.append((printed, cells))
    return [*made, (NAMES["new"], made[-1][1])] if made else made


@pytest.mark.long
def test_two_more_annual_reports_build_without_a_changed_sentence(city):
    """A second and a third report of the first city, tables only, every figure revised."""
    command = functools.partial(city.command, at=city.root)
    for year in (2024, 2025):
        (city.root / f"{year}.docx").write_bytes(WRITERS["docx"](make(100 + year, year, with_changed_schools)))
        intake = ("analysis.intake", f"{year}.docx", "--year", f"{year}")
        command(*intake, check=False)
        answers = city.root / f"data/intake/liuzhou-{year}.csv"
        rows = list(csv.DictReader(io.StringIO(answers.read_text("utf-8-sig"))))
        for row in rows:
            row["answer"] = row["answer"] or ANSWERS.get(row["printed"], "yes")
        if not rows:
            continue  # nothing is asked, it has been read
        with answers.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        command(*intake)
    known = city.root / "data/entities.yaml"
    joined = f"\\1, predecessors: [{', '.join(MERGED)}]"
    text = known.read_text("utf-8")
    assert len(re.findall(r"(liuzhou_urban: {kind: school)", text)) == 1
    known.write_text(re.sub(r"(liuzhou_urban: {kind: school)", joined, text), "utf-8")
    settings = (city.root / "params.yaml").read_text("utf-8")
    for name, old, new in (("year", 2023, 2025), ("year_before", 2022, 2024)):
        settings = re.sub(rf"^(  {name}: ){old}\b", rf"\g<1>{new}", settings, flags=re.M)
    (city.root / "params.yaml").write_text(settings, "utf-8")
    done = command("pipelines.rebuild", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = city.root / "results"
    with (results / "reconcile/tables/reconcile_joined_schools.csv").open(encoding="utf-8") as file:
        assert [row["school"] for row in csv.DictReader(file)] == ["liuzhou_urban"]
    with (results / "employment/tables/employment_trends.csv").open(encoding="utf-8") as file:
        assert {row["years_count"] for row in csv.DictReader(file) if row["series"] == "students"} == {"4"}
    numbers = json.loads((results / "numbers.json").read_text("utf-8"))
    assert numbers["start_here_schools"]["value"] == 11
    assert "employment_city_outcome_sector" not in numbers  # of the prose of 2023
    for language in ("zh", "en"):
        assert (results / f"report/specialty-alignment.{language}.pdf").exists()
