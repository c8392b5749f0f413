"""Declared relations (``data/identities.yaml``) and formulas of claims (``data/raw/<source>/claims.yaml``)."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from analysis.ground import paths
from analysis.ground.errors import Problems, nearest
from analysis.ground.files import read_yaml
from analysis.ground.schema import Closed, Text, Words, check
from analysis.reconcile.book import Book, Fact
from analysis.reconcile.formulas import Formula

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
        excuse = entry.otherwise.words() if entry.otherwise else None
        return Rule(
            Formula(entry.formula),
            indicator,
            kind,
            levels=frozenset(entry.at),
            tolerance_pct=entry.tolerance_pct,
            up_to_pct=math.inf if entry.up_to_pct is None else entry.up_to_pct,
            otherwise=excuse,
        )
    others = tuple(Alternative(Formula(a.formula), a.words()) for a in entry.others)
    return Rule(
        Formula(entry.formula),
        indicator,
        kind,
        others,
        tolerance=entry.tolerance,
        note=entry.note.words() if entry.note else None,
        where={k: str(v) for k, v in entry.where.items()},
    )


class _Reader:
    """Reads entries as rules; every fault of both files is noted by key and formula."""

    def __init__(self, book: Book, identities: Path, claims: Path):
        self.book, self.identities, self.claims, self.problems = book, identities, claims, Problems()

    def fault(self, path: Path, row: str, wrong: str, remedy: str, printed: str = "") -> None:
        self.problems.add(paths.shown(path), wrong, remedy, row=row, printed=printed)

    def parts(self) -> dict:
        """The parts of ``identities.yaml``, those of a wrong form empty."""
        declared = read_yaml(self.identities)
        for part in sorted(map(str, declared.keys() - PARTS)):
            known = f"Use {', '.join(sorted(PARTS))}"
            self.fault(self.identities, part, f"has no part {part!r}{nearest(part, PARTS)}", known)
        for part, form in PARTS.items():
            if not isinstance(declared.get(part, form()), form):
                wanted = "list" if form is list else "mapping of names to values"
                printed = str(declared[part])[:80]
                self.fault(self.identities, part, f"should be a {wanted}", "Write it as the other parts", printed)
                declared = declared | {part: form()}
        return declared

    def rules(self, path: Path, entries: Iterable[tuple[str, object]], kind: str, indicator: bool = True) -> list[Rule]:
        """Entries by key as rules, without those that are none."""
        found = [self.rule(path, row, entry, kind, row if indicator else "") for row, entry in entries]
        return [rule for rule in found if rule is not None]

    def rule(self, path: Path, row: str, entry: object, kind: str, indicator: str) -> Rule | None:
        """One entry as a rule; a misspelt key is a fault, not a silence."""
        form: type[RelationEntry | FigureEntry] = RelationEntry if kind in RELATIONS else FigureEntry
        entry = entry if isinstance(entry, dict) else {"formula": entry}
        sound = check(form, entry, paths.shown(path), self.problems, row=str(row))
        if sound is None:
            return None
        rule = _rule(sound, kind, indicator)
        self._formulas(path, row, rule)
        for word in sorted(rule.where.keys() - WHERE):
            known = f"Use {', '.join(sorted(WHERE))}"
            self.fault(path, row, f"`where` has no {word!r}{nearest(word, WHERE)}", known)
        spoken = any(
            f.indicator == indicator and rule.matches(f) for f in self.book.facts if rule.where.keys() <= WHERE
        )
        if kind == "claim" and rule.where.keys() <= WHERE and not spoken:
            wrong = f"no figure of facts.csv matches {rule.where or indicator}"
            self.fault(path, row, wrong, "Correct it, or drop the formula")
        return rule

    def _formulas(self, path: Path, row: str, rule: Rule) -> None:
        """Formulas that the language does not have; those of ``identities.yaml`` are shared by sources."""
        formulas = ((rule.formula, rule.kind in RELATIONS), *((a.formula, False) for a in rule.alternatives))
        for formula, relation in formulas:
            for fault in formula.faults(self.book, relation=relation, of_this_source=path != self.identities):
                remedy = "Correct the formula (its language is described in src/analysis/reconcile/formulas.py)"
                self.fault(path, row, fault, remedy, formula.text[:200])

    def indicators(self, path: Path, codes: Iterable[str]) -> None:
        """Codes that the dictionary must know."""
        for code in codes:
            if code not in self.book.indicators:
                near = nearest(code, self.book.indicators)
                self.fault(path, code, f"indicator {code!r} is not in the dictionary", f"Correct it{near}")


def load_rules(source_id: str, book: Book, identities: Path | None = None, claims: Path | None = None) -> Rules:
    """Rules of a source; every fault of both files is reported at once, by key and formula.

    A source without ``claims.yaml`` has no formulas for its prose; its tables are checked all the same.
    """
    identities = identities or paths.DATA / "identities.yaml"
    claims = claims or paths.RAW / source_id / "claims.yaml"
    reader = _Reader(book, identities, claims)
    declared, said = reader.parts(), read_yaml(claims) if claims.exists() else {}
    ratios = reader.rules(identities, declared.get("ratios", {}).items(), "ratio")
    sums = reader.rules(identities, declared.get("sums", {}).items(), "sum of parts")
    of_indicator = {rule.indicator: rule for rule in [*ratios, *sums]}
    relations: list[Rule] = []
    for kind in RELATIONS:
        relations += reader.rules(identities, [(kind, entry) for entry in declared.get(kind, ())], kind, False)
    spoken = {
        code: reader.rules(claims, [(code, one) for one in (entry if isinstance(entry, list) else [entry])], "claim")
        for code, entry in said.items()
    }
    file, without = paths.shown(identities), declared.get("without_parts", {})
    weights = check(dict[str, str], declared.get("weights", {}), file, reader.problems, row="weights") or {}
    check(dict[str, Words], without, file, reader.problems, row="without_parts")
    reader.indicators(identities, [*of_indicator, *weights, *weights.values(), *without])
    reader.indicators(claims, spoken)
    reader.problems.stop()
    return Rules(of_indicator, tuple(relations), spoken, weights, without)
