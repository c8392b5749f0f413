"""Declared relations (``data/identities.yaml``) and formulas of claims (``data/raw/<source>/claims.yaml``)."""

from __future__ import annotations

import fnmatch
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from analysis import paths
from analysis.errors import Problems, nearest
from analysis.files import read_yaml
from analysis.reconcile.book import Book, Fact
from analysis.reconcile.formulas import Formula
from analysis.schema import Closed, Text, Words, check

WHERE = {"section", "entity", "kind", "item", "basis", "period", "partner"}
RELATIONS = ("inequality", "stock", "same quantity")
PARTS = {"ratios": dict, "sums": dict, **dict.fromkeys(RELATIONS, list), "weights": dict, "without_parts": dict}
Percent = Annotated[float, Field(ge=0, le=100)]


class RelationEntry(Closed):
    """A relation of ``identities.yaml``."""

    formula: Text
    at: list[Literal["school", "tier", "city"]] = Field(["school"], min_length=1)
    tolerance_pct: Percent = 0.0
    up_to_pct: Percent | None = None
    otherwise: Words | None = None

    entry: ClassVar[str] = "a rule"


class AlternativeEntry(Words):
    """Another formula that a figure may follow."""

    formula: Text

    entry: ClassVar[str] = "another formula"


class FigureEntry(Closed):
    """A formula for figures: of ``claims.yaml``, or a rate or sum of ``identities.yaml``."""

    formula: Text
    others: list[AlternativeEntry] = Field([], alias="or")
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    note: Words | None = None
    where: dict[str, str | int | float] = {}

    entry: ClassVar[str] = "a rule"


@dataclass(frozen=True)
class Alternative:
    """Another formula that a printed figure may follow, and what it means."""

    formula: Formula
    meaning: dict[str, str]


@dataclass(frozen=True)
class Rule:
    """A formula for an indicator, or a relation between indicators.

    `otherwise` says why a relation need not hold: up to `up_to_pct` the verdict is then "definition".
    """

    formula: Formula
    indicator: str = ""
    kind: str = "ratio"  # ratio | sum of parts | inequality | stock | same quantity | claim
    alternatives: tuple[Alternative, ...] = ()
    levels: frozenset[str] = frozenset({"school"})
    tolerance_pct: float = 0.0
    up_to_pct: float = math.inf  # difference beyond which `otherwise` excuses nothing
    tolerance: float = 0.0  # largest difference that agrees, in the unit of the figure
    otherwise: dict[str, str] | None = None
    note: dict[str, str] | None = None  # stands beside a disagreement
    where: dict[str, str] = field(default_factory=dict)

    def matches(self, fact: Fact) -> bool:
        """Whether the rule speaks of this figure of prose."""
        return all(fnmatch.fnmatchcase(getattr(fact, column), pattern) for column, pattern in self.where.items())


@dataclass(frozen=True)
class Rules:
    """All rules of one source."""

    of_indicator: dict[str, Rule]
    relations: tuple[Rule, ...]
    claims: dict[str, list[Rule]]
    weights: dict[str, str]
    without_parts: dict[str, dict[str, str]]


def _rule(entry: RelationEntry | FigureEntry, kind: str, indicator: str) -> Rule:
    """A sound entry as a rule."""
    if isinstance(entry, RelationEntry):
        excuse = entry.otherwise.model_dump() if entry.otherwise else None
        return Rule(Formula(entry.formula), indicator, kind, levels=frozenset(entry.at), tolerance_pct=entry.tolerance_pct, up_to_pct=math.inf if entry.up_to_pct is None else entry.up_to_pct, otherwise=excuse)
    others = tuple(Alternative(Formula(a.formula), {"zh": a.zh, "en": a.en}) for a in entry.others)
    return Rule(Formula(entry.formula), indicator, kind, others, tolerance=entry.tolerance, note=entry.note.model_dump() if entry.note else None, where={k: str(v) for k, v in entry.where.items()})


def load_rules(source_id: str, book: Book, identities: Path | None = None, claims: Path | None = None) -> Rules:
    """Rules of a source; every fault of both files is reported at once, by key and formula.

    A source without ``claims.yaml`` has no formulas for its prose; its tables are checked all the same.
    """
    identities = identities or paths.DATA / "identities.yaml"
    claims = claims or paths.RAW / source_id / "claims.yaml"
    problems = Problems()
    declared = read_yaml(identities)
    said = read_yaml(claims) if claims.exists() else {}
    for part in sorted(map(str, declared.keys() - PARTS)):
        problems.add(paths.shown(identities), f"has no part {part!r}{nearest(part, PARTS)}", f"Use {', '.join(sorted(PARTS))}", row=part)
    for part, form in PARTS.items():
        if not isinstance(declared.get(part, form()), form):
            problems.add(paths.shown(identities), f"should be a {'list' if form is list else 'mapping of names to values'}", "Write it as the other parts", row=part, printed=str(declared[part])[:80])
            declared = declared | {part: form()}

    def read(path: Path, row: str, entry: object, kind: str, indicator: str = "") -> Rule | None:
        """One entry as a rule; a misspelt key is a fault, not a silence."""
        sound = check(RelationEntry if kind in RELATIONS else FigureEntry, entry if isinstance(entry, dict) else {"formula": entry}, paths.shown(path), problems, row=str(row))
        if sound is None:
            return None
        rule = _rule(sound, kind, indicator)
        shared = path == identities
        for formula, relation in ((rule.formula, kind in RELATIONS), *((a.formula, False) for a in rule.alternatives)):
            for fault in formula.faults(book, relation=relation, of_this_source=not shared):
                problems.add(paths.shown(path), fault, "Correct the formula (its language is described in src/analysis/reconcile/formulas.py)", row=row, printed=formula.text[:200])
        for word in sorted(rule.where.keys() - WHERE):
            problems.add(paths.shown(path), f"`where` has no {word!r}{nearest(word, WHERE)}", f"Use {', '.join(sorted(WHERE))}", row=row)
        if kind == "claim" and not rule.where.keys() - WHERE and not any(f.indicator == indicator and rule.matches(f) for f in book.facts):
            problems.add(paths.shown(path), f"no figure of facts.csv matches {rule.where or indicator}", "Correct it, or drop the formula", row=row)
        return rule

    def known(rules: list[Rule | None]) -> list[Rule]:
        return [rule for rule in rules if rule is not None]

    of_indicator = {rule.indicator: rule for rule in known([read(identities, code, entry, kind, code) for part, kind in (("ratios", "ratio"), ("sums", "sum of parts")) for code, entry in declared.get(part, {}).items()])}
    relations = tuple(known([read(identities, kind, entry, kind) for kind in RELATIONS for entry in declared.get(kind, ())]))
    spoken = {code: known([read(claims, code, e, "claim", code) for e in (entry if isinstance(entry, list) else [entry])]) for code, entry in said.items()}
    weights, without = check(dict[str, str], declared.get("weights", {}), paths.shown(identities), problems, row="weights") or {}, declared.get("without_parts", {})
    check(dict[str, Words], without, paths.shown(identities), problems, row="without_parts")
    for path, codes in ((identities, [*of_indicator, *weights, *weights.values(), *without]), (claims, list(spoken))):
        for code in codes:
            if code not in book.indicators:
                problems.add(paths.shown(path), f"indicator {code!r} is not in the dictionary", f"Correct it{nearest(code, book.indicators)}", row=code)
    problems.stop()
    return Rules(of_indicator, relations, spoken, weights, without)
