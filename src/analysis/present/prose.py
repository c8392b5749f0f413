"""Prose of notebooks and guides in another language, by message catalogues (gettext).

A message is a block of Markdown: a heading, a paragraph, a list, a table; blocks are parted by empty lines. Catalogues
lie in ``data/words/prose/<language>/<document>.po``; the original is a message of its own, so an edited paragraph has
no translation until its catalogue says so again (``python -m analysis.present.prose`` lists what is missing and writes
the entries to fill in).
"""

from __future__ import annotations

import io
import json
import re
import sys
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

from analysis.ground import paths
from analysis.ground.errors import Problems
from analysis.ground.files import read_text
from analysis.ground.messages import run_spoken
from analysis.ground.params import notebooks
from analysis.present.words import page_words

ORIGINAL = "en"  # the language in which prose is written
GUIDES = ("CONTRIBUTING.md", "docs")  # documents beside the notebooks
WRITE_ANEW = "Restore the file, or take it away and run python -m analysis.present.prose, which writes it anew"
FENCE = re.compile(r"^(`{3,}|~{3,})")


def blocks(text: str) -> list[str]:
    """The blocks of a Markdown text in order; code between fences is one block.

    Examples
    --------
    >>> blocks("# A\\n\\nb\\nc\\n\\n```\\nx\\n\\ny\\n```")
    ['# A', 'b\\nc', '```\\nx\\n\\ny\\n```']
    """
    found: list[list[str]] = [[]]
    fence = ""
    for line in text.splitlines():
        mark = FENCE.match(line.strip())
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip().startswith(fence):
            fence = ""
        if line.strip() or fence:
            found[-1].append(line.rstrip())
        elif found[-1]:
            found.append([])
    return ["\n".join(lines) for lines in found if lines]


def is_prose(block: str) -> bool:
    """Whether a block has words to translate: code has none."""
    return not FENCE.match(block) and bool(re.search(r"[A-Za-z]{2}", block))


def catalogue_file(document: str, language: str) -> Path:
    """Where the translations of a document lie: a notebook by its section of ``params.yaml``, a guide by its file."""
    return paths.WORDS / "prose" / language / f"{document}.po"


@lru_cache
def catalogue(document: str, language: str) -> dict[str, str]:
    """Translations of a document by original, empty where there is none."""
    return read_catalogue(catalogue_file(document, language), language)


def translated(text: str, document: str, language: str) -> str:
    """A Markdown text of a document in a language; a block without translation stays as it is, marked."""
    if language == ORIGINAL:
        return text
    known = catalogue(document, language)
    mark = page_words(language)["untranslated"]
    return "\n\n".join(known.get(block) or f"{block} {mark}" if is_prose(block) else block for block in blocks(text))


def documents() -> dict[str, list[str]]:
    """Blocks of prose of every document by the name of its catalogue."""
    found = {}
    for name, path in notebooks().items():
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found[name] = [
            block for cell in cells if cell["cell_type"] == "markdown" for block in blocks("".join(cell["source"]))
        ]
    for guide in GUIDES:
        path = paths.ROOT / guide
        for file in sorted(path.rglob("*.md")) if path.is_dir() else [path]:
            found[file.stem] = blocks(file.read_text(encoding="utf-8"))
    return {name: list(dict.fromkeys(filter(is_prose, texts))) for name, texts in found.items()}


def untranslated(language: str, problems: Problems) -> None:
    """Note every block of prose without a translation, and every translation of what is no longer said."""
    for name, texts in documents().items():
        path = catalogue_file(name, language)
        known = read_catalogue(path, language)
        for text in texts:
            if not known.get(text):
                problems.add(
                    paths.shown(path),
                    "is not translated, or the original has changed",
                    "Run python -m analysis.present.prose and fill in the msgstr",
                    row=" ".join(text.split())[:80],
                )
        for text in known.keys() - set(texts):
            problems.add(
                paths.shown(path),
                "translates what is no longer said",
                "Run python -m analysis.present.prose, which takes it out",
                row=" ".join(text.split())[:80],
            )


def read_catalogue(path: Path, language: str) -> dict[str, str]:
    """Messages of a catalogue, empty where there is no translation; none where the file is missing.

    Raises
    ------
    DataFault
        for a file that is empty, no UTF-8 or no catalogue.
    """
    if not path.exists():
        return {}
    problems, found = Problems(), {}
    text = read_text(path, problems)
    problems.stop()
    try:
        for message in read_po(io.StringIO(text), locale=language, abort_invalid=True):
            if message.id:
                found[str(message.id)] = "" if message.fuzzy else str(message.string or "")
    except (PoFileError, ValueError, IndexError) as error:
        why = " ".join(str(error).split())[:120]
        problems.add(paths.shown(path), f"is no catalogue ({why})", WRITE_ANEW)
    if not found and not problems:
        problems.add(paths.shown(path), "holds no message", WRITE_ANEW)
    problems.stop()
    return found


def update(language: str) -> None:
    """Write the catalogues anew: originals in their order, translations kept, what is missing empty."""
    for name, texts in documents().items():
        path = catalogue_file(name, language)
        known = read_catalogue(path, language)
        made = Catalog(locale=language, header_comment=f"# Prose of {name} in {language}.")
        for text in texts:
            made.add(text, known.get(text, ""))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, made, width=0, omit_header=True, sort_output=False)


def main() -> int:
    from analysis.ground.files import languages

    problems = Problems()
    for language in languages():
        if language != ORIGINAL:
            if "--check" not in sys.argv[1:]:
                update(language)
            untranslated(language, problems)
    print("\n".join(map(str, problems)) or "everything is translated")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(run_spoken(main))
