"""The audit of one source: every printed total, mean, rate, part and claim against what recomputes it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import pandas as pd

from analysis.ground.dictionary import APART
from analysis.ground.keys import observation_key
from analysis.ground.numerals import is_missing
from analysis.reconcile.book import Book, Fact, NoData
from analysis.reconcile.explain import candidates
from analysis.reconcile.formulas import Amount, Context, Formula, Result
from analysis.reconcile.judge import Figure, fact_step, holds, judge, judge_fact, printed_step
from analysis.reconcile.rules import Alternative, Rule, Rules
from analysis.reconcile.words import Text, joined, name, said, say, section, text

CONTRACT = ["check_id", "source_id", "where", "what", "printed", "recomputed", "unit", "verdict", "formula", "note"]
COLUMNS = [*CONTRACT, "kind", "part", "arithmetic", "difference_pct", "candidates"]
SIGNS = {"<=": "≤", ">=": "≥", "=": "="}
INTERNAL = ["name", "printed_value", "inputs", "own"]  # for names of numbers, figures and trails; not written


class Audit:
    """One source and the rules it is held against.

    Parameters
    ----------
    source_id : str
    cells : DataFrame
        observations of the source; `value_printed` is judged, `value` recomputes.
    book, as_printed : Book
        the source to recompute from, and the same without corrections.
    rules : Rules
    """

    def __init__(self, source_id: str, cells: pd.DataFrame, book: Book, as_printed: Book, rules: Rules):
        self.source_id, self.cells, self.book, self.as_printed, self.rules = source_id, cells, book, as_printed, rules
        self.checks: list[dict] = []

    def run(self) -> pd.DataFrame:
        """All checks, agreeing ones too: one row a check; what is read is a text by language.

        Returns
        -------
        DataFrame
            the columns of the contract and more: `kind` is total, mean, ratio, sum of parts, inequality, stock, same
            quantity, claim or repetition; `part` the chapter or annex; `arithmetic` the formula with its figures;
            `difference_pct` printed against recomputed in per cent of the recomputed figure; `candidates` explanations
            of a disagreement that reproduce the printed figure.
        """
        self._tables()
        self._relations()
        self._prose()
        return pd.DataFrame(self.checks, columns=[*COLUMNS, *INTERNAL])

    def _whose(self, entity: str) -> str:
        """Whom a figure is about, as names of numbers say it: city, higher, secondary, school."""
        known = self.book.entities.get(entity)
        if entity == self.book.covers or known is None:
            return "city"
        return entity.removeprefix(f"{self.book.covers}_") if known.kind == "tier" else known.kind

    def _add(
        self,
        figure: Figure,
        formula: Text,
        verdict: str,
        note: Text = "",
        result: Result | None = None,
        tried: Iterable[Text] = (),
    ) -> None:
        """One check of a figure against what it should follow from."""
        recomputed = None if result is None or verdict == "not recomputable" else round(result.value, 6) + 0.0
        apart = None
        if recomputed and verdict in {"disagrees", "definition", "rounding"}:
            apart = round(100 * (figure.value - recomputed) / abs(recomputed), 4)
        check = {
            "check_id": f"{self.source_id}:{figure.check_id}",
            "source_id": self.source_id,
            "where": figure.where,
            "what": figure.what,
            "printed": figure.raw,
            "recomputed": recomputed,
            "unit": figure.unit,
            "verdict": verdict,
            "formula": formula,
            "note": note,
            "kind": figure.kind,
            "part": figure.part,
            "arithmetic": result.arithmetic if result and verdict != "not recomputable" else "",
            "difference_pct": apart,
            "candidates": joined("stop", tried),
            "name": re.sub(r"\W+", "_", figure.name),
            "printed_value": figure.value,
            "inputs": [*figure.keys, *(result.inputs if result else [])],
            "own": len(figure.keys),
        }
        self.checks.append(check)

    # tables

    def _tables(self) -> None:
        """Closing cells, rates and sums of parts."""
        judged = self.cells[self.cells["aggregate_rule"] != APART]
        for row in judged[~judged["raw"].map(is_missing)].to_dict("records"):
            closing = row["aggregate_rule"] != ""
            rule = self.rules.of_indicator.get(row["indicator"])
            if closing:
                self._closing(row, rule)
            if rule and (not closing or rule.kind == "sum of parts"):
                ending = "parts" if rule.kind == "sum of parts" else "ratio"
                self._judged(row, rule.kind, rule.formula, f"{row['entity']}:{ending}", rule)
            elif not closing and row["indicator"] in self.rules.without_parts:
                figure = self._of_cell(row, "ratio", f"{row['entity']}:ratio")
                self._add(figure, "", "not recomputable", self.rules.without_parts[row["indicator"]])

    def _closing(self, row: dict, rule: Rule | None) -> None:
        indicator, kind = row["indicator"], self.book.indicators[row["indicator"]].kind
        if kind in {"count", "amount"}:
            self._judged(row, "total", Formula(indicator), "total")
        elif row["aggregate_rule"] == "mean":
            self._judged(row, "mean", Formula(f"mean({indicator})"), "total")
        elif rule is None:
            weight = self.rules.weights.get(indicator)
            mean = Formula(f"mean({indicator}, {weight})" if weight else f"mean({indicator})")
            self._judged(row, "mean", mean, "total", otherwise="sum")
        else:
            self._judged(row, "ratio", rule.formula, "total", rule, otherwise="mean")

    def _judged(
        self, row: dict, kind: str, formula: Formula, ending: str, rule: Rule | None = None, *, otherwise: str = ""
    ) -> None:
        """One cell of a table; `otherwise` says how else a closing cell may have been closed: by a sum or a mean."""
        figure = self._of_cell(row, kind, ending)
        context = Context(row["entity"], row["year"], table_id=row["table_id"])
        try:
            result = formula.evaluate(self.book, context)
        except NoData:
            self._add(figure, formula.text, "not recomputable", say("no_parts"))
            return
        if pd.isna(figure.value):
            self._add(figure, formula.text, "not recomputable", say("unreadable_total"), result)
            return
        step, tried = printed_step(row["raw"]), []
        verdict, code = judge(figure.value, result.value, step)
        note: Text = say(code) if code else ""
        if kind == "mean" and otherwise != "sum":
            note = joined("stop", [note, self._weighting(figure.indicator, result, context)])
        if verdict == "disagrees" and otherwise and (meant := self._closed(figure, otherwise, context, step)):
            verdict, note = "definition", meant
        if verdict == "disagrees":
            note = joined("stop", [(rule.note or "") if rule else "", self._apart(figure.value, result.value, step)])
            tried = self._tried(figure, step, formula, context)
        self._add(figure, formula.text, verdict, note, result, tried)

    def _closed(self, figure: Figure, otherwise: str, context: Context, step: float) -> Text:
        """What a closing cell is if it is the sum, or the mean, of the rows above it."""
        result = Formula(f"{otherwise}({figure.indicator})").evaluate(self.book, context)
        if judge(figure.value, result.value, step)[0] == "disagrees":
            return ""
        if otherwise == "sum":
            return say("sum_of_ratios")
        return say("is_mean", n=len(result.inputs), value=f"{result.value:.4f}")

    def _tried(self, figure: Figure, step: float, formula: Formula, context: Context) -> list[Text]:
        """Explanations that reproduce the printed figure."""
        return candidates(figure, step, formula, context, self.book, self.as_printed, self.rules.weights)

    def _apart(self, printed: float, recomputed: float, step: float) -> Text:
        """Printed minus recomputed, with one digit more than is printed."""
        whole = float(f"{recomputed:.9g}").is_integer() and step >= 1
        digits = 0 if whole else max(0, 1 - round(math.log10(step)))
        return say("difference", difference=f"{printed - recomputed:+,.{digits}f}")

    def _weighting(self, indicator: str, result: Result, context: Context) -> Text:
        """Says of a simple mean what the weighted one would be."""
        weight = self.rules.weights.get(indicator)
        if weight is None:
            return say("unweighted_plain", n=len(result.inputs))
        try:
            weighted = Formula(f"mean({indicator}, {weight})").evaluate(self.book, context).value
        except NoData:
            return say("unweighted_plain", n=len(result.inputs))
        return say("unweighted", n=len(result.inputs), weight=name(weight), value=f"{weighted:.2f}")

    def _of_cell(self, row: dict, kind: str, ending: str) -> Figure:
        """A cell of a table as a figure to judge."""
        table, indicator, year = row["table_id"], row["indicator"], row["year"]
        who = row["entity_raw"] if row["aggregate_rule"] else name(row["entity"])
        whose = "total" if ending == "total" else self._whose(row["entity"])
        return Figure(
            check_id=f"{table}:{indicator}:{year}:{ending}",
            kind=kind,
            part=table.split("-")[0],
            where=joined("comma", [say("table", table=table), who]),
            what=say("of_period", name=name(indicator), period=year),
            raw=row["raw"],
            value=row["value_printed"],
            unit=row["unit"],
            indicator=indicator,
            keys=(observation_key(row),),
            name=f"{indicator}_{whose}",
        )

    # relations

    def _relations(self) -> None:
        """Inequalities, stocks and quantities printed twice."""
        years = sorted({int(y) for y in self.cells["year"].unique()})
        for rule in self.rules.relations:
            left, _, right = rule.formula.relation()
            for context in [Context(entity, year) for entity in self._entities(rule.levels) for year in years]:
                try:
                    self._related(rule, context, left.evaluate(self.book, context), right.evaluate(self.book, context))
                except NoData:
                    continue

    def _related(self, rule: Rule, context: Context, a: Result, b: Result) -> None:
        """One relation between two sides."""
        if not [*a.inputs, *b.inputs]:
            return  # nothing is printed on either side
        left, sign, right = rule.formula.relation()
        x, y = float(f"{a.value:.12g}"), float(f"{b.value:.12g}")
        true, excused = holds(rule, sign, x, y)
        note: Text = ""
        if rule.tolerance_pct:
            share = 100 * abs(x - y) / (abs(y) or 1.0)
            note = say("tolerance", tolerance=f"{rule.tolerance_pct:g}", difference=f"{share:.1f}")
        verdict = "agrees" if true else "definition" if excused else "disagrees"
        if not true:
            note = note or say("difference", difference=f"{x - y:+.6g}")
            note = joined("stop", [(rule.otherwise or "") if excused else "", note])
        result = Result(b.amount, b.inputs, f"{a.arithmetic} {sign} {b.arithmetic}")
        self._add(self._of_relation(rule, context, a, b), rule.formula.text, verdict, note, result)

    def _of_relation(self, rule: Rule, context: Context, a: Result, b: Result) -> Figure:
        """The left side of a relation as a figure to judge."""
        left, sign, right = rule.formula.relation()
        tables = sorted({key.split(":")[1].removeprefix("table ") for key in [*a.inputs, *b.inputs]})
        indicator = next((key.split(":")[3] for key in a.inputs if key.count(":") > 3), "")
        read = self._read
        what = text(lambda one: f"{read(left, one)} {SIGNS[sign]} {read(right, one)} {context.year}")
        return Figure(
            check_id=f"{tables[0]}:{rule.formula.text.replace(' ', '')}:{context.year}:{context.entity}",
            kind=rule.kind,
            part=tables[0].split("-")[0],
            where=joined("comma", [say("table", table=joined("list", tables)), name(context.entity)]),
            what=what,
            raw=f"{a.value:.10g}",
            value=a.value,
            unit=self.book.indicators[indicator].unit if indicator else "",
            indicator=indicator,
            keys=tuple(a.inputs),
            name=f"{left.text}_{right.text}_{self._whose(context.entity)}",
        )

    def _read(self, formula: Formula, language: str) -> str:
        """The formula with names of indicators instead of codes."""
        known = self.book.indicators
        read = re.sub(r"last\((\w+)\)", lambda m: said(say("before", name=name(m[1])), language), formula.text)
        codes = r"(?<![\w\"'])[a-z]\w*(?![\w=\"'(])"
        read = re.sub(codes, lambda m: said(name(m[0]), language) if m[0] in known else m[0], read)
        return read.replace(" - ", " − ").replace(" * ", " × ")

    def _entities(self, levels: frozenset[str]) -> list[str]:
        schools = sorted(self.book.schools) if "school" in levels else []
        wider = [
            code
            for code, e in self.book.entities.items()
            if (e.kind if code != self.book.covers else "city") in levels - {"school"}
        ]
        return schools + [code for code in wider if self.book.members(code)]

    # prose

    def _prose(self) -> None:
        """Every figure of prose: by its declared formula, or against the same figure in another section."""
        first: dict[tuple, Fact] = {}
        for fact in self.as_printed.facts:
            rules = [r for r in self.rules.claims.get(fact.indicator, ()) if r.matches(fact)]
            same = (fact.entity, fact.indicator, fact.period, fact.kind, fact.item, fact.partner, fact.basis)
            earlier = first.setdefault(same, fact)
            if rules:
                self._claim(fact, rules[-1])  # the last one that matches is the narrowest
            elif other := self._other_owner(fact):
                self._two_owners(fact, other)
            elif earlier.section != fact.section:
                self._repetition(fact, earlier)
            else:
                self._add(self._of_fact(fact), "", "not recomputable", say("no_formula"))

    def _of_fact(self, fact: Fact, kind: str = "claim") -> Figure:
        """A figure of prose as a figure to judge."""
        about = name(fact.kind) if fact.kind in self.book.entities or fact.kind == "all" else ""
        detail = joined("comma", [about, fact.item])
        period = fact.period.replace("../", "–")
        return Figure(
            check_id=f"claim:{fact.number}",
            kind=kind,
            part=fact.section.removeprefix("case ").partition(".")[0].partition("-")[0],
            where=joined("comma", [section(fact.section), name(fact.entity)]),
            what=say("detail" if detail else "of_period", name=name(fact.indicator), detail=detail, period=period),
            raw=fact.raw,
            value=fact.value,
            unit=fact.unit,
            indicator=fact.indicator,
            keys=(fact.key,),
            name=f"{fact.indicator}_{self._whose(fact.entity)}" if kind == "claim" else "",
        )

    def _claim(self, fact: Fact, rule: Rule) -> None:
        """A figure of prose with a declared formula."""
        figure, context = self._of_fact(fact), Context(fact.entity, fact.year, fact.section, fact.kind)
        try:
            result = rule.formula.evaluate(self.book, context)
        except NoData as reason:
            self._add(figure, rule.formula.text, "not recomputable", say("no_data", reason=reason))
            return
        verdict, code = judge_fact(fact, result.amount)
        note: Text = say(code) if code else ""
        if verdict == "disagrees" and rule.tolerance and abs(fact.value - result.value) <= rule.tolerance:
            verdict, note = "agrees", say("in_words", difference=f"{abs(fact.value - result.value):g}")
        formula, tried = rule.formula.text, []
        if formula.startswith("mean(") and "," not in formula and verdict != "disagrees":
            note = joined("stop", [note, self._weighting(formula[5:-1], result, context)])
        if verdict == "disagrees" and (meant := self._alternative(fact, rule, context)):
            formula, verdict, note = f"{formula} (printed: {meant.formula.text})", "definition", meant.meaning
        elif verdict == "disagrees":
            step = fact_step(fact)
            note = joined("stop", [rule.note or "", self._apart(fact.value, result.value, step)])
            tried = self._tried(figure, step, rule.formula, context)
        self._add(figure, formula, verdict, note, result, tried)

    def _alternative(self, fact: Fact, rule: Rule, context: Context) -> Alternative | None:
        """The first declared alternative that the figure follows."""
        for alternative in rule.alternatives:
            try:
                amount = alternative.formula.evaluate(self.book, context).amount
            except NoData:
                continue
            if judge_fact(fact, amount)[0] in {"agrees", "rounding"}:
                return alternative
        return None

    def _other_owner(self, fact: Fact) -> Fact | None:
        """The whole city credited, in another section, with exactly the figure of one of its schools."""
        entity = self.book.entities.get(fact.entity)
        if entity is None or entity.kind != "school" or fact.value < 100:
            return None
        wanted = (fact.indicator, fact.value, fact.kind, fact.item)
        others = [f for f in self.as_printed.facts if f.entity == self.book.covers and f.section != fact.section]
        return next((f for f in others if (f.indicator, f.value, f.kind, f.item) == wanted), None)

    def _two_owners(self, fact: Fact, other: Fact) -> None:
        result = Result(Amount.exact(other.value), [other.key], other.raw)
        note = say("two_owners", section=section(fact.section), name=name(fact.entity))
        whose = say("owner", section=section(other.section), name=name(other.entity))
        self._add(self._of_fact(fact, "repetition"), say("repeats", section=whose), "definition", note, result)

    def _repetition(self, fact: Fact, earlier: Fact) -> None:
        """The same quantity of the same actor and period in another section."""
        apart = earlier.upper < fact.lower or fact.upper < earlier.lower
        verdict = "disagrees" if apart else "agrees"
        note = say("exact_repeat", section=section(earlier.section))
        if apart:
            note = say("difference", difference=f"{fact.value - earlier.value:+.6g}")
        result = Result(Amount(earlier.value, earlier.lower, earlier.upper), [earlier.key], earlier.raw)
        repeats = say("repeats", section=section(earlier.section))
        self._add(self._of_fact(fact, "repetition"), repeats, verdict, note, result)


def audit(source_id: str, cells: pd.DataFrame, book: Book, as_printed: Book, rules: Rules) -> pd.DataFrame:
    """Judge one source; see `Audit.run`."""
    return Audit(source_id, cells, book, as_printed, rules).run()
