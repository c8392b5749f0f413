"""Builds the country briefs of one language: HTML and Word,
from one manuscript and what ``07_country_brief`` published for each partner.

``python -m pipelines.build_briefs --language en``
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.ground import paths
from analysis.ground.errors import DataFault, Problems
from analysis.ground.files import languages
from analysis.ground.params import load_params
from analysis.present.published import catalogue, joined, numbers_in, read_ledger
from analysis.reconcile.trail import Index
from pipelines.build_report import Manuscript, publish
from pipelines.collect_numbers import with_corrections
from pipelines.conditions import run_sealed
from pipelines.staging import replace, staging
from pipelines.trail_pages import trail_html

MADE = "country_brief"  # what the notebook published, by partner
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
            folder = paths.RESULTS / MADE / partner
            numbers = numbers_in(with_corrections(joined(read_ledger(folder)), index, problems), language)
            problems.stop()
            manuscript = Manuscript(
                template,
                numbers,
                catalogue({MADE: folder}, language),
                language,
                text.replace("@@COUNTRY@@", numbers["country_brief_country"]["text"].translate(PLAIN_WORDS)),
            )
            markdown = manuscript.expand()
            publish(
                markdown,
                language,
                staged,
                f"{partner}.{language}",
                trail_html(list(manuscript.used), numbers, language),
                formats=("html", "docx"),
                brief=True,
            )
        replace(staged, target)
    return sorted(target.iterdir())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.build_briefs", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--language", default=languages()[0], choices=languages())
    try:
        build(parser.parse_args(argv).language)
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
