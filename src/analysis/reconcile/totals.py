"""Every printed total, mean, rate and sum of parts of the tables, recomputed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pandas as pd

from analysis.clean.numbers import printed_decimals
from analysis.dictionary import Indicator

CHECK_COLUMNS = ["check_id", "source_id", "where", "what", "printed", "recomputed", "unit", "verdict", "formula", "note"]


@dataclass(frozen=True)
class Identity:
    """A declared relation between indicators of one row: a ratio or a whole and its parts."""

    indicator: str
    numerator: str | None = None
    denominator: str | None = None
    factor: float = 1.0
    parts: tuple[str, ...] = ()

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
    unit = Decimal(1).scaleb(-decimals)
    # twelve digits: sums of binary floats must not decide a rounding
    exact = Decimal(f"{recomputed:.12g}")
    target = Decimal(str(printed))
    if exact.quantize(unit, ROUND_HALF_UP) == target:
        return "agrees", ""
    if exact.quantize(unit, ROUND_DOWN) == target:
        return "rounding", "truncated"
    if abs(exact - target) <= unit and decimals > 0:
        return "rounding", "last digit one apart"
    return "disagrees", ""


def _row(check_id, source_id, where, what, printed, recomputed, unit, verdict, formula, note=""):
    return dict(zip(CHECK_COLUMNS, (check_id, source_id, where, what, printed, recomputed, unit, verdict, formula, note)))


def check_tables(observations: pd.DataFrame, identities: list[Identity], indicators: dict[str, Indicator], name) -> pd.DataFrame:
    """Judge every closing row, every declared ratio and every declared sum of parts of one source.

    Parameters
    ----------
    observations : DataFrame
        of one source, corrected values in `value` (a total is compared with readable parts), cells as printed in `raw`.
    identities : list of Identity
        declared relations between indicators.
    name : callable
        entity code → name for the column `where`.

    Returns
    -------
    DataFrame
        one row a check with the columns of the contract, agreeing ones too.
    """
    rows = []
    by_indicator = {i.indicator: i for i in identities}
    for (source_id, table_id), table in observations.groupby(["source_id", "table_id"], sort=False):
        schools = table[table["aggregate_rule"] == ""]
        closing = table[(table["aggregate_rule"] != "") & table["value"].notna()]
        for cell in closing.itertuples():
            parts = schools[(schools["indicator"] == cell.indicator) & (schools["year"] == cell.year)].dropna(subset="value")
            rows.append(_closing(cell, parts, schools, by_indicator.get(cell.indicator), indicators[cell.indicator], source_id, table_id, name))
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
            kind = "parts" if identity.parts else "ratio"
            rows.append(_row(f"{source_id}:{cell.table_id}:{identity.indicator}:{year}:{entity}:{kind}", source_id, f"table {cell.table_id}, {name(entity)}", f"{indicators[identity.indicator].zh} {year}", cell.raw, round(recomputed, 6), cell.unit, verdict, identity.formula, note))
    return pd.DataFrame(rows, columns=CHECK_COLUMNS)


def _closing(cell, parts, schools, identity, indicator, source_id, table_id, name):
    """One closing cell: a sum or a mean; rates and ratios are tried as what they can be, and the way that fits is named."""
    place = (f"{source_id}:{table_id}:{cell.indicator}:{cell.year}:total", source_id, f"table {table_id}, {cell.entity_raw}", f"{indicator.zh} {cell.year}", cell.raw)
    decimals = printed_decimals(cell.raw)
    total, mean = parts["value"].sum(), parts["value"].mean()
    if indicator.kind in {"count", "amount"}:
        verdict, note = judge(cell.value, total, decimals)
        if verdict == "disagrees":
            note = f"printed minus recomputed {cell.value - total:+.10g}{_left_out(cell.value, parts, decimals, name)}"
        return _row(*place, round(total, 6), cell.unit, verdict, f"sum of {len(parts)} rows", note)
    if cell.aggregate_rule == "mean":
        verdict, note = judge(cell.value, mean, decimals)
        note = "; ".join(filter(None, [note, "simple mean of rows, not weighted by persons"]))
        return _row(*place, round(mean, 6), cell.unit, verdict, f"simple mean of {len(parts)} rows", note)
    if identity and not identity.parts:
        pooled = {part: schools[(schools["indicator"] == part) & (schools["year"] == cell.year)]["value"].sum() for part in (identity.numerator, identity.denominator)}
        weighted = identity.factor * pooled[identity.numerator] / pooled[identity.denominator]
        verdict, note = judge(cell.value, weighted, decimals)
        if verdict == "disagrees" and judge(cell.value, mean, decimals)[0] != "disagrees":
            verdict, note = "definition", f"printed is the simple mean of the rows ({mean:.4f}), not the rate of all persons"
        return _row(*place, round(weighted, 6), cell.unit, verdict, f"{identity.formula} over all rows", note)
    verdict, note = judge(cell.value, total, decimals)
    if verdict != "disagrees":
        return _row(*place, round(total, 6), cell.unit, "definition", f"sum of {len(parts)} rows", "a sum of per-head figures; it has no meaning as a total")
    return _row(*place, None, cell.unit, "not recomputable", "", "its parts are not printed")


def _left_out(printed: float, parts: pd.DataFrame, decimals: int, name) -> str:
    """Rows whose absence from the sum gives the printed total exactly: a candidate, not a fact."""
    total = parts["value"].sum()
    found = [name(p.entity) for p in parts.itertuples() if p.value and judge(printed, total - p.value, decimals)[0] == "agrees"]
    return f"; exactly the row of {' or '.join(found)} left out would give it" if found else ""
