"""One printed figure against one recomputed figure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from analysis.ground.numerals import printed_decimals, rounding_box
from analysis.reconcile.book import Fact
from analysis.reconcile.formulas import Amount
from analysis.reconcile.rules import Rule
from analysis.reconcile.words import Text


@dataclass(frozen=True)
class Figure:
    """A printed figure that is judged: what it says, and where it stands."""

    check_id: str
    kind: str  # of the check
    part: str  # chapter or annex
    where: Text
    what: Text
    raw: str
    value: float
    unit: str
    indicator: str
    keys: tuple[str, ...]  # of its own cells
    name: str = ""  # in names of numbers


def judge(printed: float, recomputed: float, step: float) -> tuple[str, str]:
    """Verdict on a printed figure, and a note.

    agrees: equal after rounding half up to the printed step; rounding: equal after cutting off ("truncated"), or, for
    figures with decimals, one step apart ("apart"); disagrees: anything else.

    Parameters
    ----------
    printed, recomputed : float
        in one unit.
    step : float
        worth of one unit of the last printed digit (0.01 for "93.90", 1000 for "1.5万").

    Examples
    --------
    >>> judge(93.90, 93.8461, 0.01)[0], judge(8, 8.36, 1)[0], judge(88.08, 88.0867, 0.01)
    ('disagrees', 'agrees', ('rounding', 'truncated'))
    """
    if not math.isfinite(recomputed):
        return "not recomputable", ""
    if abs(recomputed) > 1e20 * step:
        return "disagrees", ""  # beyond what decimals hold, and beyond anything printed
    unit = Decimal(f"{step:.12g}")
    # twelve digits: sums of binary floats must not decide a rounding
    exact, target = Decimal(f"{recomputed:.12g}") / unit, Decimal(f"{printed:.12g}") / unit
    if exact.quantize(Decimal(1), ROUND_HALF_UP) == target:
        return "agrees", ""
    if exact.quantize(Decimal(1), ROUND_DOWN) == target:
        return "rounding", "truncated"
    if abs(exact - target) <= 1 and step < 1:
        return "rounding", "apart"
    return "disagrees", ""


def holds(rule: Rule, sign: str, left: float, right: float) -> tuple[bool, bool]:
    """Whether a relation holds within its tolerance, and whether a breach is one that the rule excuses."""
    # twelve digits: sums of binary floats must not decide a relation
    x, y = float(f"{left:.12g}"), float(f"{right:.12g}")
    gap, base = abs(x - y), abs(y) or 1.0
    true = {"<=": x <= y, ">=": x >= y, "=": gap <= rule.tolerance_pct / 100 * base}[sign]
    return true, rule.otherwise is not None and gap <= rule.up_to_pct / 100 * base


def printed_step(raw: str) -> float:
    """Worth of one unit of the last digit of a printed cell."""
    return 10.0 ** -printed_decimals(raw)


def fact_step(fact: Fact) -> float:
    """The same for a figure of prose; "1.5万人" is printed to the thousand, "约2500" to the hundred."""
    lower, upper = rounding_box(fact.raw, fact.value)  # of the numeral alone, whatever the qualifier opens
    if upper > lower:
        return float(f"{upper - lower:.6g}")  # a difference of binary floats
    if fact.qualifier in {"about", "over", "nearly"} and fact.value and fact.value == int(fact.value):
        return 10.0 ** (len(str(int(fact.value))) - len(str(int(fact.value)).rstrip("0")))
    return (
        1.0
        if fact.value == int(fact.value) and "." not in fact.raw
        else 10.0 ** -len(f"{fact.value:.12g}".partition(".")[2])
    )


def judge_fact(fact: Fact, amount: Amount) -> tuple[str, str]:
    """Verdict on a figure of prose; its qualifier says what it claims.

    `at_least` and a plain `over` claim a lower bound; "20多" and "1.5万余" claim less than one step above it; `nearly`
    claims at most a step below, `at_most` an upper bound. A figure recomputed from rounded figures agrees when some
    value within their rounding would be printed like this, and cannot be recomputed when their rounding is wider than
    the figure itself.
    """
    step = fact_step(fact)
    if fact.qualifier in {"over", "at_least", "nearly", "at_most"}:
        low, high = {
            "over": (fact.value, fact.value + step if re.search("[多余]", fact.raw) else math.inf),
            "at_least": (fact.value, math.inf),
            "nearly": (fact.value - step, fact.value),
            "at_most": (-math.inf, fact.value),
        }[fact.qualifier]
        return ("agrees", "bound") if amount.upper >= low and amount.lower <= high else ("disagrees", "")
    verdict, note = judge(fact.value, amount.value, step)
    width = amount.upper - amount.lower
    if verdict == "agrees" or width == 0:
        return verdict, note
    if width > abs(fact.value):
        return "not recomputable", "coarse"
    if amount.lower < fact.value + step / 2 and amount.upper >= fact.value - step / 2:
        return "agrees", "within_rounding"
    return verdict, note
