"""Declared relations (``data/identities.yaml``) and formulas of claims (``data/raw/<source>/claims.yaml``)."""

from __future__ import annotations

import fnmatch
import math
from dataclasses import dataclass, field
from pathlib import Path

from analysis import paths
from analysis.dictionary import nearest
from analysis.errors import Problems
from analysis.files import read_yaml
from analysis.reconcile.book import Book, Fact
from analysis.reconcile.formulas import Formula

WHERE = {"section", "entity", "kind", "item", "basis", "period", "partner"}
LEVELS = {"school", "tier", "city"}
RELATIONS = ("inequality", "stock", "same quantity")
PARTS = {"ratios", "sums", *RELATIONS, "weights", "without_parts"}
OF_RELATIONS = {"formula", "at", "tolerance_pct", "up_to_pct", "otherwise"}
OF_FIGURES = {"formula", "or", "tolerance", "note", "where"}


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


def _rule(entry: str | dict, kind: str, indicator: str = "") -> Rule:
    if isinstance(entry, str):
        return Rule(Formula(entry), indicator, kind)
    return Rule(
        Formula(entry["formula"]), indicator, kind,
        tuple(Alternative(Formula(a["formula"]), {k: a[k] for k in ("zh", "en")}) for a in entry.get("or", ())),
        frozenset(entry.get("at", ["school"])), entry.get("tolerance_pct", 0.0), entry.get("up_to_pct", math.inf), entry.get("tolerance", 0.0), entry.get("otherwise"), entry.get("note"), {k: str(v) for k, v in entry.get("where", {}).items()},
    )


def load_rules(source_id: str, book: Book, identities: Path | None = None, claims: Path | None = None) -> Rules:
    """Rules of a source; every fault of both files is reported at once, by key and formula.

    A source without ``claims.yaml`` has no formulas for its prose; its tables are checked all the same.
    """
    identities = identities or paths.DATA / "identities.yaml"
    claims = claims or paths.RAW / source_id / "claims.yaml"
    problems = Problems()
    declared = read_yaml(identities) or {}
    said = (read_yaml(claims) or {}) if claims.exists() else {}
    for part in sorted(declared.keys() - PARTS):
        problems.add(paths.shown(identities), f"has no part {part!r}{nearest(part, PARTS)}", f"Use {', '.join(sorted(PARTS))}", row=part)

    def read(path: Path, row: str, entry: object, kind: str, indicator: str = "") -> Rule | None:
        """One entry as a rule; a misspelt key is a fault, not a silence."""
        keys, allowed = set(entry) if isinstance(entry, dict) else {"formula"}, OF_RELATIONS if kind in RELATIONS else OF_FIGURES
        for key in sorted(keys - allowed):
            problems.add(paths.shown(path), f"a rule has no {key!r}{nearest(key, allowed)}", f"Use {', '.join(sorted(allowed))}", row=row)
        if "formula" not in keys:
            problems.add(paths.shown(path), "has no formula", "Write a formula, or formula: and more", row=row)
        if "formula" not in keys or keys - allowed:
            return None
        rule = _rule(entry, kind, indicator)
        shared = path == identities
        for formula, relation in ((rule.formula, kind in RELATIONS), *((a.formula, False) for a in rule.alternatives)):
            for fault in formula.faults(book, relation=relation, of_this_source=not shared):
                problems.add(paths.shown(path), fault, "Correct the formula (its language is described in src/analysis/reconcile/formulas.py)", row=row, printed=formula.text[:200])
        for word in sorted(rule.where.keys() - WHERE):
            problems.add(paths.shown(path), f"`where` has no {word!r}{nearest(word, WHERE)}", f"Use {', '.join(sorted(WHERE))}", row=row)
        for level in sorted(rule.levels - LEVELS):
            problems.add(paths.shown(path), f"`at` has no {level!r}", f"Use {', '.join(sorted(LEVELS))}", row=row)
        if kind == "claim" and not rule.where.keys() - WHERE and not any(f.indicator == indicator and rule.matches(f) for f in book.facts):
            problems.add(paths.shown(path), f"no figure of facts.csv matches {rule.where or indicator}", "Correct it, or drop the formula", row=row)
        return rule

    def known(rules: list[Rule | None]) -> list[Rule]:
        return [rule for rule in rules if rule is not None]

    of_indicator = {rule.indicator: rule for rule in known([read(identities, code, entry, kind, code) for part, kind in (("ratios", "ratio"), ("sums", "sum of parts")) for code, entry in declared.get(part, {}).items()])}
    relations = tuple(known([read(identities, kind, entry, kind) for kind in RELATIONS for entry in declared.get(kind, ())]))
    spoken = {code: known([read(claims, code, e, "claim", code) for e in (entry if isinstance(entry, list) else [entry])]) for code, entry in said.items()}
    weights, without = declared.get("weights", {}), declared.get("without_parts", {})
    for path, codes in ((identities, [*of_indicator, *weights, *weights.values(), *without]), (claims, list(spoken))):
        for code in codes:
            if code not in book.indicators:
                problems.add(paths.shown(path), f"indicator {code!r} is not in the dictionary", f"Correct it{nearest(code, book.indicators)}", row=code)
    problems.stop()
    return Rules(of_indicator, relations, spoken, weights, without)
