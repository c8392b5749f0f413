"""Names and meanings: indicators (``data/dictionary.yaml``) and entities (``data/entities.yaml``)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


from analysis import paths
from analysis.errors import Problems
from analysis.files import read_yaml
from analysis.intake.layout import fold

KINDS = {"count", "amount", "rate", "ratio", "score", "rank", "change"}
LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Indicator:
    """One indicator: what is counted, in which unit, within which range."""

    code: str
    zh: str
    en: str
    unit: str
    kind: str
    range: tuple[float | None, float | None]
    direction: str
    definition: str
    definition_zh: str = ""  # for indicators that schools are asked for

    def label(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Entity:
    """One school, tier, place, organisation or class."""

    code: str
    kind: str
    names: tuple[dict, ...]
    short: dict
    tier: str | None = None
    part_of: str | None = None
    note: str | None = None
    printed: dict | None = None  # source -> printed variant (folded) -> tables

    def name(self, language: str, year: int | None = None) -> str:
        """Full name, valid in `year` (the last one if no year is given)."""
        valid = [n for n in self.names if year is None or n.get("from", year) <= year < n.get("to", year + 1)]
        return (valid or list(self.names))[-1][language]

    def label(self, language: str) -> str:
        return self.short[language]


def nearest(name: str, known: Iterable[str]) -> str:
    """`` (nearest known: 'x')`` for messages, empty if nothing is near."""
    near = difflib.get_close_matches(name, list(known), 1, 0.6)
    return f" (nearest known: {near[0]!r})" if near else ""


def load_indicators(path: Path | None = None) -> dict[str, Indicator]:
    """All indicators by code; every fault of the file is reported at once."""
    path = path or paths.DICTIONARY
    problems = Problems()
    indicators = {}
    for code, entry in read_yaml(path).items():
        missing = {"zh", "en", "unit", "kind", "range", "direction", "definition"} - entry.keys()
        if missing:
            problems.add(paths.shown(path), f"lacks {', '.join(sorted(missing))}", "Complete the entry", row=code)
            continue
        if entry["kind"] not in KINDS:
            problems.add(paths.shown(path), f"kind {entry['kind']!r} is not known", f"Use one of {', '.join(sorted(KINDS))}", row=code)
        indicators[code] = Indicator(code=code, **{**entry, "range": tuple(entry["range"])})
    problems.stop()
    return indicators


def load_entities(path: Path | None = None) -> dict[str, Entity]:
    """All entities by code; printed variants are folded (NFKC, no blanks)."""
    path = path or paths.ENTITIES
    problems = Problems()
    entities = {}
    for code, entry in read_yaml(path).items():
        missing = {"kind", "names", "short"} - entry.keys()
        if missing:
            problems.add(paths.shown(path), f"lacks {', '.join(sorted(missing))}", "Complete the entry", row=code)
            continue
        entities[code] = Entity(
            code=code, kind=entry["kind"], names=tuple(entry["names"]), short=entry["short"], tier=entry.get("tier"),
            part_of=entry.get("part_of"), note=entry.get("note"),
            printed={s: {fold(v): tuple(t) for v, t in variants.items()} for s, variants in entry.get("printed", {}).items()},
        )
    problems.stop()
    return entities


@lru_cache
def indicators() -> dict[str, Indicator]:
    """The dictionary of this workspace."""
    return load_indicators()


@lru_cache
def entities() -> dict[str, Entity]:
    """The entities of this workspace."""
    return load_entities()


@lru_cache
def words() -> dict[str, dict[str, str]]:
    """Words of table heads and categories (``data/labels.yaml``)."""
    return read_yaml(paths.LABELS)


def label(code: str, language: str) -> str:
    """Short name of an indicator, entity, table head or category in `language` (``zh`` or ``en``).

    Raises
    ------
    KeyError
        for a code that no file knows, with the nearest known one.
    """
    if code in words():
        return words()[code][language]
    if code in entities():
        return entities()[code].label(language)
    if code in indicators():
        return indicators()[code].label(language)
    raise KeyError(f"{code!r} is in none of dictionary.yaml, entities.yaml and labels.yaml{nearest(code, [*indicators(), *entities(), *words()])}")


def section_name(section: str, language: str) -> str:
    """A section, case, annex, sheet of a form, or the preface, as a reader knows it."""
    kind, _, number = section.partition(" ")
    if kind == "form":
        return f"填报表“{number}”" if language == "zh" else f"form, sheet {number}"
    if kind in {"case", "annex"}:
        return f"{'案例' if kind == 'case' else '附件'}{number}" if language == "zh" else f"{kind} {number}"
    if f"part_{section}" in words():
        return words()[f"part_{section}"][language]
    if section == "0":
        return "前言" if language == "zh" else "preface"
    return f"正文{section}节" if language == "zh" else f"section {section}"
