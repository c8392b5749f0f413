"""The audit of one source: every printed total, mean, rate, part and claim against what recomputes it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pandas as pd

from analysis.clean.numbers import is_missing
from analysis.dictionary import section_name
from analysis.keys import observation_key
from analysis.reconcile.book import Book, Fact, NoData
from analysis.reconcile.explain import candidates
from analysis.reconcile.formulas import Amount, Context, Formula, Result
from analysis.reconcile.judge import fact_step, holds, judge, judge_fact, printed_step
from analysis.reconcile.rules import Alternative, Rule, Rules
from analysis.reconcile.words import say

CONTRACT = ["check_id", "source_id", "where", "what", "printed", "recomputed", "unit", "verdict", "formula", "note"]
COLUMNS = [*CONTRACT, "kind", "part", "arithmetic", "difference_pct", "candidates"]
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
    name : callable
        code of an entity or indicator → name.
    language : {"zh", "en"}
        of everything that is read; verdicts and kinds keep their English codes.
    """

    def __init__(self, source_id: str, cells: pd.DataFrame, book: Book, as_printed: Book, rules: Rules, name: Callable[[str], str], language: str):
        self.source_id, self.cells, self.book, self.as_printed, self.rules, self.name, self.language = source_id, cells, book, as_printed, rules, name, language
        self.checks: list[dict] = []
        self.stop = "；" if language == "zh" else "; "

    def run(self) -> pd.DataFrame:
        """All checks, agreeing ones too: one row a check, with the columns of the contract and more.

        Returns
        -------
        DataFrame
            `kind` is total, mean, ratio, sum of parts, inequality, stock, same quantity, claim or repetition; `part` the
            chapter or annex; `arithmetic` the formula with its figures; `difference_pct` printed against recomputed in per
            cent of the recomputed figure; `candidates` explanations of a disagreement that reproduce the printed figure.
        """
        self._tables()
        self._relations()
        self._prose()
        return pd.DataFrame(self.checks, columns=[*COLUMNS, *INTERNAL])

    def _say(self, code: str, **values) -> str:
        return say(code, self.language, **values)

    def _own(self, text: dict[str, str] | None) -> str:
        return text[self.language] if text else ""

    def _add(self, check_id: str, kind: str, part: str, where: str, what: str, raw: str, value: float, unit: str, formula: str, verdict: str, note: str = "", result: Result | None = None, keys: tuple[str, ...] = (), tried: list[str] | None = None, name: str = "") -> None:
        recomputed = None if result is None or verdict == "not recomputable" else round(result.value, 6) + 0.0
        apart = verdict in {"disagrees", "definition", "rounding"} and recomputed
        self.checks.append({
            "check_id": f"{self.source_id}:{check_id}", "source_id": self.source_id, "where": where, "what": what, "printed": raw, "recomputed": recomputed, "unit": unit, "verdict": verdict,
            "formula": formula, "note": note, "kind": kind, "part": part, "arithmetic": result.arithmetic if result and verdict != "not recomputable" else "",
            "difference_pct": round(100 * (value - recomputed) / abs(recomputed), 4) if apart else None,
            "candidates": self.stop.join(tried or []), "name": re.sub(r"\W+", "_", name), "printed_value": value, "inputs": [*keys, *(result.inputs if result else [])], "own": len(keys),
        })

    # tables

    def _tables(self) -> None:
        """Closing cells, rates and sums of parts."""
        for row in self.cells[~self.cells["raw"].map(is_missing)].to_dict("records"):
            closing = row["aggregate_rule"] != ""
            rule = self.rules.of_indicator.get(row["indicator"])
            if closing:
                self._closing(row, rule)
            if rule and (not closing or rule.kind == "sum of parts"):
                self._judged(row, rule.kind, rule.formula, f"{row['entity']}:{'parts' if rule.kind == 'sum of parts' else 'ratio'}", rule)
            elif not closing and row["indicator"] in self.rules.without_parts:
                self._add(self._id(row, f"{row['entity']}:ratio"), "ratio", self._chapter(row), *self._place(row), row["value_printed"], row["unit"], "", "not recomputable", self._own(self.rules.without_parts[row["indicator"]]), keys=(observation_key(row),))

    def _closing(self, row: dict, rule: Rule | None) -> None:
        indicator, kind = row["indicator"], self.book.indicators[row["indicator"]].kind
        if kind in {"count", "amount"}:
            self._judged(row, "total", Formula(indicator), "total")
        elif row["aggregate_rule"] == "mean":
            self._judged(row, "mean", Formula(f"mean({indicator})"), "total")
        elif rule is None:
            weight = self.rules.weights.get(indicator)
            self._judged(row, "mean", Formula(f"mean({indicator}, {weight})" if weight else f"mean({indicator})"), "total", sum_of_ratios=True)
        else:
            self._judged(row, "ratio", rule.formula, "total", rule, mean=True)

    def _judged(self, row: dict, kind: str, formula: Formula, ending: str, rule: Rule | None = None, *, mean: bool = False, sum_of_ratios: bool = False) -> None:
        """One cell of a table."""
        context = Context(row["entity"], row["year"], table_id=row["table_id"])
        identity = (self._id(row, ending), kind, self._chapter(row), *self._place(row), row["value_printed"], row["unit"])
        key = observation_key(row)
        name = f"{row['indicator']}_{row['year']}" if ending == "total" else f"{row['indicator']}_{row['entity']}_{row['year']}"
        try:
            result = formula.evaluate(self.book, context)
        except NoData:
            self._add(*identity, formula.text, "not recomputable", self._say("no_parts"), keys=(key,), name=name)
            return
        if pd.isna(row["value_printed"]):
            self._add(*identity, formula.text, "not recomputable", self._say("unreadable_total"), result, (key,), name=name)
            return
        step = printed_step(row["raw"])
        verdict, code = judge(row["value_printed"], result.value, step)
        note = self._say(code) if code else ""
        if kind == "mean" and not sum_of_ratios:
            note = self.stop.join(filter(None, [note, self._weighting(row["indicator"], result, context)]))
        if verdict == "disagrees" and sum_of_ratios and judge(row["value_printed"], Formula(f"sum({row['indicator']})").evaluate(self.book, context).value, step)[0] != "disagrees":
            verdict, note = "definition", self._say("sum_of_ratios")
        if verdict == "disagrees" and mean:
            simple = Formula(f"mean({row['indicator']})").evaluate(self.book, context)
            if judge(row["value_printed"], simple.value, step)[0] != "disagrees":
                verdict, note = "definition", self._say("is_mean", n=len(simple.inputs), value=f"{simple.value:.4f}")
        tried = None
        if verdict == "disagrees":
            note = self.stop.join(filter(None, [self._own(rule.note) if rule else "", self._apart(row["value_printed"], result.value, step)]))
            tried = candidates(row["value_printed"], step, row["unit"], row["raw"], formula, context, self.book, self.as_printed, self.rules.weights, self.name, self.language, key, row["indicator"])
        self._add(*identity, formula.text, verdict, note, result, (key,), tried, name)

    def _apart(self, printed: float, recomputed: float, step: float) -> str:
        """Printed minus recomputed, with one digit more than is printed."""
        whole = float(f"{recomputed:.9g}").is_integer() and step >= 1
        return self._say("difference", difference=f"{printed - recomputed:+,.{0 if whole else max(0, 1 - round(math.log10(step)))}f}")

    def _weighting(self, indicator: str, result: Result, context: Context) -> str:
        """Says of a simple mean what the weighted one would be."""
        weight = self.rules.weights.get(indicator)
        if weight is None:
            return self._say("unweighted_plain", n=len(result.inputs))
        try:
            weighted = Formula(f"mean({indicator}, {weight})").evaluate(self.book, context).value
        except NoData:
            return self._say("unweighted_plain", n=len(result.inputs))
        return self._say("unweighted", n=len(result.inputs), weight=self.name(weight), value=f"{weighted:.2f}")

    def _id(self, row: dict, ending: str) -> str:
        return f"{row['table_id']}:{row['indicator']}:{row['year']}:{ending}"

    def _chapter(self, row: dict) -> str:
        return row["table_id"].split("-")[0]

    def _place(self, row: dict) -> tuple[str, str, str]:
        who = row["entity_raw"] if row["aggregate_rule"] else self.name(row["entity"])
        return self._say("table", table=row["table_id"], name=who), f"{self.name(row['indicator'])} {row['year']}", row["raw"]

    # relations

    def _relations(self) -> None:
        """Inequalities, stocks and quantities printed twice."""
        for rule in self.rules.relations:
            left, sign, right = rule.formula.sides()
            for entity in self._entities(rule.levels):
                for year in sorted({int(y) for y in self.cells["year"].unique()}):
                    context = Context(entity, year)
                    try:
                        a, b = left.evaluate(self.book, context), right.evaluate(self.book, context)
                    except NoData:
                        continue
                    self._related(rule, sign, entity, year, left, right, a, b)

    def _related(self, rule: Rule, sign: str, entity: str, year: int, left: Formula, right: Formula, a: Result, b: Result) -> None:
        if not [*a.inputs, *b.inputs]:
            return  # nothing is printed on either side
        x, y = float(f"{a.value:.12g}"), float(f"{b.value:.12g}")
        true, excused = holds(rule, sign, x, y)
        note = ""
        if rule.tolerance_pct:
            note = self._say("tolerance", tolerance=f"{rule.tolerance_pct:g}", difference=f"{100 * abs(x - y) / (abs(y) or 1.0):.1f}")
        verdict = "agrees" if true else "definition" if excused else "disagrees"
        if not true:
            note = self.stop.join(filter(None, [self._own(rule.otherwise) if excused else "", note or self._say("difference", difference=f"{x - y:+.6g}")]))
        tables = sorted({key.split(":")[1].removeprefix("table ") for key in [*a.inputs, *b.inputs]})
        result = Result(b.amount, b.inputs, f"{a.arithmetic} {sign} {b.arithmetic}")
        where = self._say("table", table=("、" if self.language == "zh" else ", ").join(tables), name=self.name(entity))
        unit = next((self.book.indicators[key.split(":")[3]].unit for key in a.inputs if key.count(":") > 3), "")
        what = f"{self._read(left)} {'≤' if sign == '<=' else '≥' if sign == '>=' else '='} {self._read(right)} {year}"
        self._add(f"{tables[0]}:{rule.formula.text.replace(' ', '')}:{year}:{entity}", rule.kind, tables[0].split("-")[0], where, what, f"{a.value:.10g}", a.value, unit, rule.formula.text, verdict, note, result, tuple(a.inputs), name=f"{entity}_{left.text}_{right.text}_{year}")

    def _read(self, formula: Formula) -> str:
        """The formula with names of indicators instead of codes."""
        text = re.sub(r"last\((\w+)\)", lambda m: self._say("before", name=self.name(m[1])), formula.text)
        text = re.sub(r"(?<![\w\"'])[a-z]\w*(?![\w=\"'(])", lambda m: self.name(m[0]) if m[0] in self.book.indicators else m[0], text)
        return text.replace(" - ", " − ").replace(" * ", " × ")

    def _entities(self, levels: frozenset[str]) -> list[str]:
        schools = sorted(self.book.schools) if "school" in levels else []
        wider = [code for code, e in self.book.entities.items() if (e.kind if code != self.book.covers else "city") in levels - {"school"}]
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
                self._add(*self._claimed(fact), "", "not recomputable", self._say("no_formula"), keys=(fact.key,))

    def _claimed(self, fact: Fact, kind: str = "claim") -> tuple:
        part = fact.section.removeprefix("case ").partition(".")[0].partition("-")[0]
        period = fact.period.replace("../", "–")
        detail = ("，" if self.language == "zh" else ", ").join(filter(None, [self.name(fact.kind) if fact.kind in self.book.entities or fact.kind == "all" else "", fact.item]))
        what = f"{self.name(fact.indicator)}{(f'（{detail}）' if self.language == 'zh' else f' ({detail})') if detail else ''} {period}"
        return f"claim:{fact.number}", kind, part, f"{section_name(fact.section, self.language)}{'，' if self.language == 'zh' else ', '}{self.name(fact.entity)}", what, fact.raw, fact.value, fact.unit

    def _fact_name(self, fact: Fact) -> str:
        return f"{fact.indicator}_{fact.entity}_{fact.number}"

    def _claim(self, fact: Fact, rule: Rule) -> None:
        context = Context(fact.entity, fact.year, fact.section, fact.kind)
        try:
            result = rule.formula.evaluate(self.book, context)
        except NoData as reason:
            self._add(*self._claimed(fact), rule.formula.text, "not recomputable", self._say("no_data", reason=reason), keys=(fact.key,))
            return
        verdict, code = judge_fact(fact, result.amount)
        note = self._say(code) if code else ""
        if verdict == "disagrees" and rule.tolerance and abs(fact.value - result.value) <= rule.tolerance:
            verdict, note = "agrees", self._say("in_words", difference=f"{abs(fact.value - result.value):g}")
        if rule.formula.text.startswith("mean(") and "," not in rule.formula.text and verdict != "disagrees":
            note = self.stop.join(filter(None, [note, self._weighting(rule.formula.text[5:-1], result, context)]))
        tried, formula = None, rule.formula.text
        if verdict == "disagrees":
            meant = self._alternative(fact, rule, context)
            if meant:
                formula += f" (printed: {meant.formula.text})"
                verdict, note = "definition", self._own(meant.meaning)
            else:
                note = self.stop.join(filter(None, [self._own(rule.note), self._apart(fact.value, result.value, fact_step(fact))]))
                tried = candidates(fact.value, fact_step(fact), fact.unit, fact.raw, rule.formula, context, self.book, self.as_printed, self.rules.weights, self.name, self.language, fact.key, fact.indicator)
        self._add(*self._claimed(fact), formula, verdict, note, result, (fact.key,), tried, self._fact_name(fact))

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
        """The whole city credited, in another section, with exactly the figure that this one gives to one of its schools."""
        entity = self.book.entities.get(fact.entity)
        if entity is None or entity.kind != "school" or fact.value < 100:
            return None
        return next((f for f in self.as_printed.facts if f.entity == self.book.covers and (f.indicator, f.value, f.kind, f.item) == (fact.indicator, fact.value, fact.kind, fact.item) and f.section != fact.section), None)

    def _two_owners(self, fact: Fact, other: Fact) -> None:
        result = Result(Amount.exact(other.value), [other.key], other.raw)
        note = self._say("two_owners", section=section_name(fact.section, self.language), name=self.name(fact.entity))
        self._add(*self._claimed(fact, "repetition"), self._say("repeats", section=f"{section_name(other.section, self.language)} {self.name(other.entity)}"), "definition", note, result, (fact.key,), name=self._fact_name(fact))

    def _repetition(self, fact: Fact, earlier: Fact) -> None:
        """The same quantity of the same actor and period in another section."""
        apart = earlier.upper < fact.lower or fact.upper < earlier.lower
        verdict = "disagrees" if apart else "agrees"
        note = self._say("exact_repeat", section=section_name(earlier.section, self.language))
        if apart:
            note = self._say("difference", difference=f"{fact.value - earlier.value:+.6g}")
        result = Result(Amount(earlier.value, earlier.lower, earlier.upper), [earlier.key], earlier.raw)
        self._add(*self._claimed(fact, "repetition"), self._say("repeats", section=section_name(earlier.section, self.language)), verdict, note, result, (fact.key,))


def audit(source_id: str, cells: pd.DataFrame, book: Book, as_printed: Book, rules: Rules, name: Callable[[str], str], language: str = "en") -> pd.DataFrame:
    """Judge one source; see `Audit.run`."""
    return Audit(source_id, cells, book, as_printed, rules, name, language).run()
