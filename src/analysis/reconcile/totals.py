"""Every printed total, mean, rate and sum of parts of the tables, recomputed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pandas as pd

from analysis.clean.numbers import printed_decimals
from analysis.dictionary import Indicator

PHRASES = {
    "en": {
        "where": "table {table}, {name}", "truncated": "truncated", "apart": "last digit one apart", "sum": "sum of {n} rows", "mean": "simple mean of {n} rows", "pooled": "{formula} over all rows",
        "minus": "printed minus recomputed {difference}", "left_out": "; exactly the row of {names} left out would give it", "or": " or ", "unweighted": "simple mean of rows, not weighted by persons",
        "is_mean": "printed is the simple mean of the rows ({mean:.4f}), not the rate of all persons", "sum_of_ratios": "a sum of per-head figures; it has no meaning as a total", "no_parts": "its parts are not printed", "unstated": "the source does not say what it divided by",
    },
    "zh": {
        "where": "表{table}，{name}", "truncated": "截尾", "apart": "末位相差一", "sum": "{n} 行之和", "mean": "{n} 行的简单平均", "pooled": "{formula}（全部行合并）",
        "minus": "印刷值减复算值 {difference}", "left_out": "；恰好略去{names}一行即得印刷值", "or": "或", "unweighted": "各行简单平均，未按人数加权",
        "is_mean": "印刷值是各行的简单平均（{mean:.4f}），不是全体的比率", "sum_of_ratios": "人均数之和，作为合计没有意义", "no_parts": "组成部分未公布", "unstated": "来源未说明分母口径",
    },
}
CHECK_COLUMNS = ["check_id", "source_id", "where", "what", "printed", "recomputed", "unit", "verdict", "formula", "note"]


@dataclass(frozen=True)
class Identity:
    """A declared relation between indicators of one row: a ratio or a whole and its parts."""

    indicator: str
    numerator: str | None = None
    denominator: str | None = None
    factor: float = 1.0
    parts: tuple[str, ...] = ()
    denominator_stated: bool = True  # False: the source does not say what it divided by

    @property
    def formula(self) -> str:
        if self.parts:
            return " + ".join(self.parts)
        return f"{self.numerator} / {self.denominator}" + (f" × {self.factor:g}" if self.factor != 1 else "")


def judge(printed: float, recomputed: float, decimals: int) -> tuple[str, str]:
    """Verdict on one printed figure, and a note.

    agrees: equal after rounding half up to the printed digits; rounding: equal after cutting off, or one unit of the last
    printed digit apart; disagrees: anything else.

    Examples
    --------
    >>> judge(93.90, 93.8461, 2)[0], judge(96.80, 96.8254, 2)[0], judge(88.08, 88.0867, 2)
    ('disagrees', 'disagrees', ('rounding', 'truncated'))
    """
    if not math.isfinite(recomputed):
        return "not recomputable", ""
    unit = Decimal(1).scaleb(-decimals)
    # twelve digits: sums of binary floats must not decide a rounding
    exact = Decimal(f"{recomputed:.12g}")
    target = Decimal(str(printed))
    if exact.quantize(unit, ROUND_HALF_UP) == target:
        return "agrees", ""
    if exact.quantize(unit, ROUND_DOWN) == target:
        return "rounding", "truncated"
    if abs(exact - target) <= unit and decimals > 0:
        return "rounding", "apart"
    return "disagrees", ""


def _row(check_id, source_id, where, what, printed, recomputed, unit, verdict, formula, note=""):
    return dict(zip(CHECK_COLUMNS, (check_id, source_id, where, what, printed, recomputed, unit, verdict, formula, note)))


def check_tables(observations: pd.DataFrame, identities: list[Identity], indicators: dict[str, Indicator], name, language: str = "en") -> pd.DataFrame:
    """Judge every closing row, every declared ratio and every declared sum of parts of one source.

    Parameters
    ----------
    observations : DataFrame
        of one source, corrected values in `value` (a total is compared with readable parts), cells as printed in `raw`.
    identities : list of Identity
        declared relations between indicators.
    name : callable
        entity code → name for the column `where`.
    language : {"en", "zh"}
        of `where`, `formula` and `note`; verdicts keep their English codes.

    Returns
    -------
    DataFrame
        one row a check with the columns of the contract, agreeing ones too.
    """
    words = PHRASES[language]
    rows = []
    by_indicator = {i.indicator: i for i in identities}
    for (source_id, table_id), table in observations.groupby(["source_id", "table_id"], sort=False):
        schools = table[table["aggregate_rule"] == ""]
        closing = table[(table["aggregate_rule"] != "") & table["value"].notna()]
        for cell in closing.itertuples():
            parts = schools[(schools["indicator"] == cell.indicator) & (schools["year"] == cell.year)].dropna(subset="value")
            rows.append(_closing(cell, parts, schools, by_indicator.get(cell.indicator), indicators[cell.indicator], source_id, table_id, name, language))
    wide = observations.pivot_table(index=["source_id", "entity", "year", "aggregate_rule"], columns="indicator", values="value", aggfunc="first", sort=False)
    for identity in identities:
        needed = [identity.indicator, *(identity.parts or (identity.numerator, identity.denominator))]
        if not set(needed) <= set(wide.columns):
            continue
        for (source_id, entity, year, rule), values in wide[needed].dropna().iterrows():
            if rule and not identity.parts:
                continue  # ratios of closing rows are judged with the closing row
            cell = observations[(observations["source_id"] == source_id) & (observations["entity"] == entity) & (observations["year"] == year) & (observations["indicator"] == identity.indicator)].iloc[0]
            recomputed = values[list(identity.parts)].sum() if identity.parts else identity.factor * values[identity.numerator] / values[identity.denominator]
            verdict, note = judge(cell.value, recomputed, printed_decimals(cell.raw))
            note = words.get(note, note)
            if verdict == "disagrees" and not identity.denominator_stated:
                note = words["unstated"]
            kind = "parts" if identity.parts else "ratio"
            rows.append(_row(f"{source_id}:{cell.table_id}:{identity.indicator}:{year}:{entity}:{kind}", source_id, words["where"].format(table=cell.table_id, name=name(entity)), f"{indicators[identity.indicator].label(language)} {year}", cell.raw, round(recomputed, 6), cell.unit, verdict, identity.formula, note))
    return pd.DataFrame(rows, columns=CHECK_COLUMNS)


def _closing(cell, parts, schools, identity, indicator, source_id, table_id, name, language):
    """One closing cell: a sum or a mean; rates and ratios are tried as what they can be, and the way that fits is named."""
    words = PHRASES[language]
    where = words["where"].format(table=table_id, name=cell.entity_raw)
    place = (f"{source_id}:{table_id}:{cell.indicator}:{cell.year}:total", source_id, where, f"{indicator.label(language)} {cell.year}", cell.raw)
    decimals = printed_decimals(cell.raw)
    total, mean, count = parts["value"].sum(), parts["value"].mean(), len(parts)
    if indicator.kind in {"count", "amount"}:
        verdict, note = judge(cell.value, total, decimals)
        note = words.get(note, note)
        if verdict == "disagrees":
            note = words["minus"].format(difference=f"{cell.value - total:+.10g}") + _left_out(cell.value, parts, decimals, name, words)
        return _row(*place, round(total, 6), cell.unit, verdict, words["sum"].format(n=count), note)
    if cell.aggregate_rule == "mean":
        verdict, note = judge(cell.value, mean, decimals)
        note = "; ".join(filter(None, [words.get(note, note), words["unweighted"]]))
        return _row(*place, round(mean, 6), cell.unit, verdict, words["mean"].format(n=count), note)
    if identity and not identity.parts:
        pooled = {part: schools[(schools["indicator"] == part) & (schools["year"] == cell.year)]["value"].sum() for part in (identity.numerator, identity.denominator)}
        weighted = identity.factor * pooled[identity.numerator] / pooled[identity.denominator]
        verdict, note = judge(cell.value, weighted, decimals)
        note = words.get(note, note)
        if verdict == "disagrees" and judge(cell.value, mean, decimals)[0] != "disagrees":
            verdict, note = "definition", words["is_mean"].format(mean=mean)
        return _row(*place, round(weighted, 6), cell.unit, verdict, words["pooled"].format(formula=identity.formula), note)
    if judge(cell.value, total, decimals)[0] != "disagrees":
        return _row(*place, round(total, 6), cell.unit, "definition", words["sum"].format(n=count), words["sum_of_ratios"])
    return _row(*place, None, cell.unit, "not recomputable", "", words["no_parts"])


def _left_out(printed: float, parts: pd.DataFrame, decimals: int, name, words) -> str:
    """Rows whose absence from the sum gives the printed total exactly: a candidate, not a fact."""
    total = parts["value"].sum()
    found = [name(p.entity) for p in parts.itertuples() if p.value and judge(printed, total - p.value, decimals)[0] == "agrees"]
    return words["left_out"].format(names=words["or"].join(found)) if found else ""
