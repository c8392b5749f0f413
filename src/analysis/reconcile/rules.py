"""Declared relations (``data/identities.yaml``) and formulas of claims (``data/raw/<source>/claims.yaml``)."""

from __future__ import annotations

import fnmatch
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


@dataclass(frozen=True)
class Alternative:
    """Another formula that a printed figure may follow, and what it means."""

    formula: Formula
    meaning: dict[str, str]


@dataclass(frozen=True)
class Rule:
    """A formula for an indicator, or a relation between indicators.

    `otherwise` says why a figure may depart from the formula without being wrong: the verdict is then "definition".
    """

    formula: Formula
    indicator: str = ""
    kind: str = "ratio"  # ratio | sum of parts | inequality | stock | same quantity | claim
    alternatives: tuple[Alternative, ...] = ()
    levels: frozenset[str] = frozenset({"school"})
    tolerance_pct: float = 0.0
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
        frozenset(entry.get("at", ["school"])), entry.get("tolerance_pct", 0.0), entry.get("otherwise"), entry.get("note"), {k: str(v) for k, v in entry.get("where", {}).items()},
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
    of_indicator = {code: _rule(entry, "ratio", code) for code, entry in declared.get("ratios", {}).items()}
    of_indicator |= {code: _rule(entry, "sum of parts", code) for code, entry in declared.get("sums", {}).items()}
    relations = tuple(_rule(entry, kind) for kind in ("inequality", "stock", "same quantity") for entry in declared.get(kind, ()))
    spoken = {code: [_rule(e, "claim", code) for e in (entry if isinstance(entry, list) else [entry])] for code, entry in said.items()}

    def check(path: Path, row: str, rule: Rule) -> None:
        for formula in (rule.formula, *(a.formula for a in rule.alternatives)):
            for fault in formula.faults(book):
                problems.add(paths.shown(path), fault, "Correct the formula (its language is described in src/analysis/reconcile/formulas.py)", row=row, printed=formula.text)
        for word in sorted(rule.where.keys() - WHERE):
            problems.add(paths.shown(path), f"`where` has no {word!r}{nearest(word, WHERE)}", f"Use {', '.join(sorted(WHERE))}", row=row)
        if rule.where and not rule.where.keys() - WHERE and not any(f.indicator == rule.indicator and rule.matches(f) for f in book.facts):
            problems.add(paths.shown(path), f"no figure of facts.csv matches {rule.where}", "Correct `where`, or drop the formula", row=row)
        for level in sorted(rule.levels - LEVELS):
            problems.add(paths.shown(path), f"`at` has no {level!r}", f"Use {', '.join(sorted(LEVELS))}", row=row)

    for code, rule in of_indicator.items():
        check(identities, code, rule)
    for rule in relations:
        if rule.formula.sides() is None:
            problems.add(paths.shown(identities), "no comparison", "Write a relation with <=, >= or ==", row=rule.kind, printed=rule.formula.text)
        check(identities, rule.kind, rule)
    for code, rules in spoken.items():
        for rule in rules:
            check(claims, code, rule)
    weights, without = declared.get("weights", {}), declared.get("without_parts", {})
    for path, codes in ((identities, [*of_indicator, *weights, *weights.values(), *without]), (claims, list(spoken))):
        for code in codes:
            if code not in book.indicators:
                problems.add(paths.shown(path), f"indicator {code!r} is not in the dictionary", f"Correct it{nearest(code, book.indicators)}", row=code)
    problems.stop()
    return Rules(of_indicator, relations, spoken, weights, without)
