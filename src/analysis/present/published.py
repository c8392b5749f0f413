"""What notebooks have published, as pages read it: numbers, tables and figures in a language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analysis.ground import paths


def read_ledger(folder: Path) -> dict[str, Any]:
    """The ledger of one notebook.

    Raises
    ------
    FileNotFoundError
        where its stage has not run.
    """
    return json.loads((folder / "ledger.json").read_text(encoding="utf-8"))


def numbers_in(numbers: dict[str, dict], language: str) -> dict[str, dict]:
    """Numbers with text, unit and formula in a language."""
    found = {}
    for name, entry in numbers.items():
        said = entry["said"][language]
        found[name] = {
            **entry,
            "text": said["text"],
            "unit": said["unit"],
            "origin": {**entry["origin"], "formula": said["formula"]},
        }
    return found


def joined(ledger: dict[str, Any]) -> dict[str, dict]:
    """Numbers of a ledger with their inputs, and with what is said of each beside it."""
    languages = list(ledger["said"])
    return {
        name: {
            **entry,
            "origin": {**entry["origin"], "inputs": ledger["inputs"][entry["origin"]["inputs"]]},
            "said": {language: ledger["said"][language]["numbers"][name] for language in languages},
        }
        for name, entry in ledger["numbers"].items()
    }


def catalogue(folders: dict[str, Path], language: str) -> dict[str, dict[str, dict]]:
    """Captions of all figures and tables in a language,
    each with its notebook and the path of its file without the ending.

    Parameters
    ----------
    folders : dict
        notebook → folder of what it published.
    """
    found: dict[str, dict[str, dict]] = {"figures": {}, "tables": {}}
    for notebook, folder in folders.items():
        said = read_ledger(folder)["said"][language]
        for kind, entries in found.items():
            for name, captions in said[kind].items():
                entries[name] = {
                    **captions,
                    "notebook": notebook,
                    "path": paths.shown(folder / "said" / language / kind / name),
                }
    return found


def folders(analyses: list[str]) -> dict[str, Path]:
    """Folders of the notebooks that publish for the report."""
    return {name: paths.RESULTS / name for name in analyses}
