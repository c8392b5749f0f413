"""Builds the country briefs of one language: HTML and Word, from one manuscript and what ``07_country_brief`` published for each partner.

``python -m pipelines.build_briefs --language en``
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from analysis import paths
from analysis.errors import DataFault, Problems
from analysis.params import load_params
from analysis.trail import Index
from pipelines.build_report import Manuscript, publish
from pipelines.collect_numbers import with_corrections
from pipelines.conditions import run_sealed
from pipelines.staging import replace, staging
from pipelines.trail_pages import trail_html

MADE = "country_briefs"  # what the notebook published, by language and partner
DOCUMENTS = "briefs"
PLAIN_WORDS = {ord(c): None for c in "\\`*_{}[]<>#|~^$@\"'!:\n"}  # a name in a title is words, never markup


def build(language: str) -> list[Path]:
    """All briefs of a language; the folder is replaced only when all are built."""
    template = paths.REPORT / f"brief.{language}.md"
    text = template.read_text(encoding="utf-8")
    index, problems = Index(language), Problems()
    target = paths.RESULTS / "report" / DOCUMENTS / language
    with staging(f"briefs.{language}") as scratch:
        staged = scratch / language
        staged.mkdir()
        for partner in load_params()["briefs"]:
            folder = paths.RESULTS / MADE / language / partner
            ledger = json.loads((folder / "ledgers" / "country_brief.json").read_text(encoding="utf-8"))
            numbers = with_corrections(ledger["numbers"], index, folder / "ledgers", problems)
            problems.stop()
            manuscript = Manuscript(template, numbers, ledger, language, folder, text.replace("@@COUNTRY@@", numbers["country_brief_country"]["text"].translate(PLAIN_WORDS)))
            markdown = manuscript.expand()
            publish(markdown, language, staged, f"{partner}.{language}", trail_html(list(manuscript.used), numbers, language), formats=("html", "docx"), brief=True)
        replace(staged, target)
    return sorted(target.iterdir())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.build_briefs", description=__doc__.splitlines()[0])
    parser.add_argument("--language", default="zh", choices=("zh", "en"))
    try:
        build(parser.parse_args(argv).language)
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
