"""``python -m analysis.newcity NAME``: lays out the study of another place beside the first, in ``studies/NAME``.

A study is a workspace with the same tree. What belongs to the place is its own: sources, entities with tiers as data,
dictionary, crosswalks, words, settings, manuscripts. Notebooks, modules and the graph are links to those of the
checkout: there is one code. ``make repro STUDY=NAME`` builds it, ``make lab STUDY=NAME`` opens it.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import io
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from analysis.clean.crosswalks import NATIONAL
from analysis.ground import paths
from analysis.ground.errors import DataFault, Problems
from analysis.ground.files import read_yaml
from analysis.ground.messages import run_spoken, say
from analysis.ground.outgoing import csv_text
from analysis.ground.schema import CODE

# one for all studies: a study holds links to them
SHARED = ("notebooks", "src", "pipelines", "docs", "dvc.yaml", "requirements.lock", "CONTRIBUTING.md", "CHANGELOG.md")
COPIED = (".dvcignore", ".gitignore", "data/dictionary.yaml", "data/identities.yaml")
TRANSLATED = ("messages", "prose")  # of data/words: catalogues of the code, linked; what a study says is its own
FINDINGS = "findings"  # of data/words: those that the manuscripts of a study place
MANUSCRIPTS = Path(__file__).parent  # with which a study begins
CLASSES = {"sector", "section"}  # kinds of entities that hold everywhere
NATION = {"kind": "place", "names": [{"zh": "全国", "en": "China"}], "short": {"zh": "全国", "en": "China"}}


def entities_of(
    place: str, zh: str, en: str, region: tuple[str, str, str], known: dict[str, Any], school: str = ""
) -> dict[str, Any]:
    """Entities that a study begins with: the place, its tiers (those of the first study, under its name), the areas it
    is compared with, sectors and sections. Schools come with the first report.

    Parameters
    ----------
    region : tuple of str
        code, Chinese and English name of the area around the place.
    known : dict
        entities of the first study.
    school : str
        tier of the school that the study is about; empty for a city.
    """
    kind = {"kind": "school", "tier": school} if school else {"kind": "city", "tier": "all"}
    made: dict[str, Any] = {place: kind | {"names": [{"zh": zh, "en": en}], "short": {"zh": zh, "en": en}}}
    for code, one in known.items():
        if one["kind"] == "tier":
            short, level = one["short"], code.removeprefix(f"{one['part_of']}_")
            names = [{"zh": f"{zh}{short['zh']}", "en": f"{short['en']} in {en}"}]
            words = {"words": one["words"]} if "words" in one else {}
            made[f"{place}_{level}"] = {"kind": "tier", "tier": one["tier"], "part_of": place, **words} | {
                "names": names,
                "short": short,
            }
    code, region_zh, region_en = region
    words = {"zh": region_zh, "en": region_en}
    made |= {code: {"kind": "place", "names": [words], "short": dict(words)}, "china": NATION}
    return made | {code: one for code, one in known.items() if one["kind"] in CLASSES}


def params_of(place: str, region: str, year: int, first: dict[str, Any]) -> dict[str, Any]:
    """Settings of a study: those of the first one, with its place and the year of its first report."""
    shift = year - int(first["employment"]["year"])
    own = {"city": place, "region": region, "nation": "china", "chain": "", "earlier": "", "source": "", "entity": ""}
    made: dict[str, Any] = {}
    for name, section in first.items():
        if name in {"sources", "briefs"}:
            made[name] = []
        elif isinstance(section, dict) and name != "analyses":
            moved = {k: v + shift for k, v in section.items() if "year" in k and not k.startswith("census")}
            made[name] = section | {k: v for k, v in own.items() if k in section} | moved
        else:
            made[name] = section
    made["country_brief"] |= {"partner": ""}
    return made


def lay_out(place: str, zh: str, en: str, region: tuple[str, str, str], year: int, school: str = "") -> Path:
    """Write the study; see the module.

    Raises
    ------
    DataFault
        if there is such a study already, or a name is none.
    """
    folder, problems = paths.STUDIES / place, Problems()
    for option, code in (("NAME", place), ("--region", region[0])):
        if not CODE.fullmatch(code):
            problems.add(option, "is no name of a place", "Use small letters, digits and _", printed=code)
    if folder.exists():
        problems.add(paths.shown(folder), "is there already", "Choose another name, or go on with that study")
    first = read_yaml(paths.CODE / "data/entities.yaml")
    tiers = [one["tier"] for one in first.values() if one["kind"] == "tier"]
    if school and school not in tiers:
        problems.add("--school", "is no tier", f"Use one of {', '.join(tiers)}", printed=school)
    problems.stop()
    base = paths.CODE
    folder.mkdir(parents=True)
    for name in SHARED:
        (folder / name).symlink_to(os.path.relpath(base / name, folder))
    for name in COPIED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(base / name, target)
    _words(base, folder)
    _crosswalks(base, folder)
    _report(base, folder)
    for name, content in (
        ("data/entities.yaml", entities_of(place, zh, en, region, first, school)),
        ("params.yaml", params_of(place, region[0], year, read_yaml(base / "params.yaml"))),
        ("data/corrections.yaml", {}),
    ):
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=160, default_flow_style=None)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "data" / "raw").mkdir()
    (folder / "data" / "raw" / ".gitkeep").touch()
    _dvc(base, folder)
    return folder


def _words(base: Path, folder: Path) -> None:
    target = folder / "data" / "words"
    target.mkdir()
    for path in sorted((base / "data" / "words").glob("*.yaml")):
        shutil.copy(path, target / path.name)
    (target / FINDINGS).mkdir()
    placed = set(re.findall(r"\{\{finding (\w+)\}\}", next(MANUSCRIPTS.glob("*.md")).read_text(encoding="utf-8")))
    for path in sorted((base / "data" / "words" / FINDINGS).glob("*.yaml")):
        head, *entries = re.split(r"^(?=[a-z]\w*:)", path.read_text(encoding="utf-8"), flags=re.M)
        if own := [entry for entry in entries if entry.partition(":")[0] in placed]:
            (target / FINDINGS / path.name).write_text(head + "".join(own), encoding="utf-8")
    for name in TRANSLATED:
        (target / name).symlink_to(os.path.relpath(base / "data" / "words" / name, target))


def _crosswalks(base: Path, folder: Path) -> None:
    """National classifications whole, tables about a place with their head only."""
    target = folder / "data" / "crosswalks"
    target.mkdir(parents=True)
    for path in sorted((base / "data" / "crosswalks").glob("*.csv")):
        text = path.read_text(encoding="utf-8")
        head = next(csv.reader(io.StringIO(text)))
        (target / path.name).write_text(text if path.stem in NATIONAL else csv_text([head]), encoding="utf-8")


def _report(base: Path, folder: Path) -> None:
    """Templates of the report, and manuscripts that place the findings every place has."""
    target = folder / "report"
    target.mkdir()
    for path in sorted((base / "report").iterdir()):
        if not path.name.startswith("manuscript."):
            shutil.copy(path, target / path.name)
    for path in sorted(MANUSCRIPTS.glob("manuscript.*.md")):
        shutil.copy(path, target / path.name)


def _dvc(base: Path, folder: Path) -> None:
    """A repository of DVC of its own below the checkout's, so that no study waits for another."""
    (folder / ".dvc").mkdir()
    shutil.copy(base / ".dvc" / "config", folder / ".dvc" / "config")
    (folder / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m analysis.newcity", description=__doc__.splitlines()[0])
    parser.add_argument("name", help="code of the place: small letters, digits and _")
    parser.add_argument("--zh", help="its Chinese name (the code)")
    parser.add_argument("--en", help="its English name (the code)")
    parser.add_argument("--region", default="region", help="code of the area around it, compared with it")
    parser.add_argument("--region-zh", default="本省（自治区）", help="Chinese name of that area")
    parser.add_argument("--region-en", default="the province", help="English name of that area")
    parser.add_argument(
        "--year", type=int, default=datetime.date.today().year - 1, help="year that its first report is about"
    )
    parser.add_argument("--school", default="", metavar="TIER", help="the study is about one school of this tier")
    given = parser.parse_args(argv)
    en = given.en or re.sub("_", " ", given.name).title()
    try:
        region = (given.region, given.region_zh, given.region_en)
        folder = lay_out(given.name, given.zh or given.name, en, region, given.year, given.school)
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    print(say(f"{paths.shown(folder)} is laid out. Next: docs/another_city.md; then make repro STUDY={given.name}"))
    return 0


if __name__ == "__main__":
    sys.exit(run_spoken(main))
