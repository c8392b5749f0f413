"""A third language is data: a made-up one is added to the town's declarations, and no code is changed for it."""

import csv
import json
import re
import shutil

import pytest
import yaml

from tests.workspace import make_workspace, prepare_processed, run

MADE_UP = "xx"


def spoken(content: object) -> object:
    """The content with the made-up language beside every Chinese word."""
    if isinstance(content, list):
        return [spoken(one) for one in content]
    if not isinstance(content, dict):
        return content
    more = {MADE_UP: f"XX{content['zh']}"} if isinstance(content.get("zh"), str) else {}
    return {key: spoken(value) for key, value in content.items()} | more


def add_language(folder) -> None:
    """What CONTRIBUTING says under 'Add a language'."""
    data = folder / "data"
    files = [
        *(data / "words").glob("*.yaml"),
        *(data / "words/findings").glob("*.yaml"),
        *data.glob("*.yaml"),
        *data.glob("raw/*/*.yaml"),
    ]
    for path in files:
        content = spoken(yaml.safe_load(path.read_text(encoding="utf-8")))
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8")
    for path in (data / "crosswalks").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        named = [column for column in ("zh", "country_zh") if column in head]
        if named:
            place = head.index(named[0])
            more = [[*row, f"XX{row[place]}" if row[place] else ""] for row in rows]
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerows([[*head, named[0].replace("zh", MADE_UP)], *more])
    shutil.copytree(data / "words/prose/zh", data / f"words/prose/{MADE_UP}")
    for name in ("manuscript", "brief"):
        shutil.copy(folder / f"report/{name}.zh.md", folder / f"report/{name}.{MADE_UP}.md")
    params = folder / "params.yaml"
    params.write_text(params.read_text(encoding="utf-8").replace("languages: [zh]", f"languages: [zh, {MADE_UP}]"))


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = make_workspace(tmp_path_factory.mktemp("languages") / "town")
    add_language(folder)
    return folder


def test_what_lacks_the_language_is_named_with_its_place(town, tmp_path):
    other = tmp_path / "town"
    shutil.copytree(town, other)
    labels = other / "data/words/labels.yaml"
    labels.write_text(re.sub(rf", {MADE_UP}: XX学校\b", "", re.sub(r"\n  xx: XX学校\n", "\n", labels.read_text())))
    pages = other / "data/words/pages.yaml"
    pages.write_text(pages.read_text(encoding="utf-8").replace("  xx: XX目录\n", "").replace("    xx: XX目录\n", ""))
    done = run(other, "pipelines.check", check=False)
    assert done.returncode == 1 and "data/words/labels.yaml, row school" in done.stderr and "lacks xx" in done.stderr, (
        done.stderr
    )


def test_notebooks_speak_it(town):
    prepare_processed(town)
    assert run(town, "pipelines.check").returncode == 0
    for name in ("reconcile", "cooperation"):
        run(town, "pipelines.run_notebook", name)
        ledger = json.loads((town / f"results/{name}/ledger.json").read_text(encoding="utf-8"))
        said, ours = ledger["said"][MADE_UP], ledger["said"]["zh"]
        assert set(said["numbers"]) == set(ours["numbers"]) and said["figures"].keys() == ours["figures"].keys()
        assert all(captions["title"].startswith("XX") for captions in said["tables"].values())
        tables = sorted((town / f"results/{name}/said/{MADE_UP}/tables").glob("*.csv"))
        assert [p.name for p in tables] == [p.name for p in sorted((town / f"results/{name}/said/zh/tables").glob("*"))]
        heads = [p.read_text(encoding="utf-8").splitlines()[0] for p in tables if p.stem != "reconcile_checks"]
        assert all(one.startswith("XX") for head in heads for one in head.split(","))
        assert list((town / f"results/{name}/said/{MADE_UP}/figures").glob("*.svg"))
        assert (town / f"results/{name}/said/{MADE_UP}").is_dir()
