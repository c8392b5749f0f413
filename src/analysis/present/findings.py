"""Findings: what is compared, what decides, and how it is said; the data choose the wording.

A finding of ``data/words/findings`` has wordings, each with the comparisons under which it may stand
(``a > b``; none: always). The first that holds is said. What is not printed is said to be so.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from analysis.ground import paths
from analysis.ground.errors import Problems, nearest
from analysis.ground.files import read_yaml
from analysis.ground.schema import Closed, Code, Words, require

FOLDER = "findings"  # of data/words: a file a topic
COMPARISONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "=": operator.eq}
NUMBER = r"-?\d+(?:\.\d+)?"
COMPARISON = re.compile(r"(\S+)\s*(<=|>=|<|>|=)\s*(\S+)")
PLACED = re.compile(r"\{\{\s*finding\s+([a-z][a-z0-9_]*)\s*\}\}")  # a finding in a manuscript
PARAMETER = re.compile(r"\{\{\s*([a-z_]+)\.([a-z_]+)\s*\}\}")  # a year or a place of params.yaml
PLACE = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_]*)\s*\}\}")  # a number in a wording
Comparison = Annotated[str, StringConstraints(pattern=rf"^{COMPARISON.pattern}$")]


class Wording(Words):
    """One way to say a finding, and when."""

    when: list[Comparison] = []

    entry: ClassVar[str] = "a wording"


class Finding(Closed):
    """What may be found: wordings in the order in which they are tried, and what is said where figures lack."""

    wordings: list[Wording] = Field(min_length=1)
    not_printed: Words

    entry: ClassVar[str] = "a finding"

    def numbers(self, language: str) -> set[str]:
        """Names of all numbers that its wordings hold or are decided by."""
        return {name for wording in self.wordings for name in needed(wording, language)}


def needed(wording: Wording, language: str) -> set[str]:
    """Names of the numbers that a wording holds or is decided by."""
    sides = {side for one in wording.when for side in sides_of(one)}
    return {side for side in sides if not re.fullmatch(NUMBER, side)} | set(PLACE.findall(wording.words()[language]))


def sides_of(comparison: str) -> tuple[str, str]:
    """Both sides of a comparison."""
    left, _, right = COMPARISON.fullmatch(comparison.strip()).groups()  # type: ignore[union-attr]
    return left, right


def holds(comparison: str, numbers: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a comparison of published numbers holds.

    Raises
    ------
    KeyError
        for a side that is no number.
    """
    left, sign, right = COMPARISON.fullmatch(comparison.strip()).groups()  # type: ignore[union-attr]
    values = [float(side if re.fullmatch(NUMBER, side) else numbers[side]["value"]) for side in (left, right)]
    return bool(COMPARISONS[sign](*values))


def file_of(name: str) -> str:
    """The file of a finding: its topic, with which its name begins."""
    return paths.shown(paths.WORDS / FOLDER / f"{name.partition('_')[0]}.yaml")


@lru_cache
def findings() -> dict[str, Finding]:
    """All findings by name.

    Raises
    ------
    DataFault
        with every fault of the file.
    """
    found: dict[str, Finding] = {}
    problems = Problems()
    for path in sorted((paths.WORDS / FOLDER).glob("*.yaml")):
        own = require(dict[Code, Finding], read_yaml(path), paths.shown(path), problems)
        for name in own:
            if not name.startswith(f"{path.stem}_"):
                remedy = f"Let its name begin with {path.stem}_, or move it"
                problems.add(paths.shown(path), "is a finding of another file", remedy, row=name)
        found |= own
    problems.stop()
    return found


def say_finding(name: str, numbers: Mapping[str, Mapping[str, Any]], language: str, problems: Problems) -> str:
    """The wording that the numbers choose; empty, and a problem noted, where none fits.

    Parameters
    ----------
    numbers : mapping
        published numbers by name.
    """
    finding = findings().get(name)
    printed = {one: number for one, number in numbers.items() if number["value"] != ""}  # others say "not printed"
    if finding is None:
        problems.add(
            file_of(name),
            f"no finding is called {name!r}{nearest(name, findings())}",
            "Declare it, or correct the name",
        )
        return ""
    for wording in finding.wordings:
        if needed(wording, language) <= printed.keys() and all(holds(one, printed) for one in wording.when):
            return wording.words()[language]
    if not finding.numbers(language) <= printed.keys():
        return finding.not_printed.words()[language]
    found = {n: printed[n]["value"] for w in finding.wordings for one in w.when for n in sides_of(one) if n in printed}
    problems.add(
        file_of(name),
        f"no wording fits the data: {', '.join(f'{key} is {value}' for key, value in sorted(found.items()))}",
        "Add a wording for it",
        row=name,
    )
    return ""
