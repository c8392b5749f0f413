"""Explanations of a disagreement, tried mechanically; those that reproduce the printed figure are candidates.

Tried are a row left out, unreadable cells counted as absent, printed closing figures instead of sums of rows, a simple
mean instead of all persons and the other way round, another year, another tier, another denominator, two digits
exchanged, and a figure printed elsewhere. None of them is a fact.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from analysis.ground.numerals import normalise
from analysis.reconcile.book import Book, NoData
from analysis.reconcile.formulas import Context, Formula
from analysis.reconcile.judge import Figure, judge
from analysis.reconcile.words import Text, name, place, say

DISTINCTIVE = 3  # digits a figure must have before its standing elsewhere means anything


def candidates(
    figure: Figure,
    step: float,
    formula: Formula,
    context: Context,
    book: Book,
    as_printed: Book,
    weights: dict[str, str],
) -> list[Text]:
    """Explanations that give the printed figure to its last digit.

    Parameters
    ----------
    figure : Figure
        what is printed; neither it nor a repetition of it explains anything.
    step : float
        worth of its last digit.
    formula, context : Formula, Context
        what it should follow.
    book, as_printed : Book
        the source with corrected and with printed values.
    weights : dict
        indicator → indicator that weights its mean.
    """
    printed, raw, own = figure.value, figure.raw, set(figure.keys)
    found = []
    followed = formula.evaluate(book, context)
    recomputed = followed.value
    # any small number is one row or one tier away from any other
    small = _digits(printed) < 2
    for text, tried, where, source in _variations(formula, context, book, as_printed, weights, small):
        try:
            result = tried.evaluate(source, where)
        except NoData:
            continue
        if source is as_printed and where == context:  # printed values: are cells unreadable, or only different?
            text = say("unreadable" if len(result.inputs) < len(followed.inputs) else "uncorrected")
        other = set(result.inputs) != own and result.value != recomputed
        if other and judge(printed, result.value, step)[0] == "agrees":
            found.append(text)
    if raw.rstrip("%％").endswith("0") and "." in raw and judge(printed, recomputed, 10 * step)[0] == "agrees":
        found.append(say("padded"))
    found += _exchanged(printed, step, raw, recomputed)
    found += _elsewhere(figure, as_printed, set(followed.inputs))
    return [one for number, one in enumerate(found) if one not in found[:number]]


def _variations(
    formula: Formula, context: Context, book: Book, as_printed: Book, weights: dict[str, str], small: bool
) -> Iterator[tuple[Text, Formula, Context, Book]]:
    members = book.members(context.entity) or set()
    several = len(members) > 1
    yield "", formula, context, as_printed
    yield say("printed_totals"), formula, replace(context, printed_totals=True), as_printed
    if small:
        return
    if several:
        for school in sorted(members):
            yield say("left_out", name=name(school)), formula, replace(context, left_out=school), book
        yield say("simple_mean"), formula, replace(context, average=True), book
    for indicator, weight in weights.items():
        if re.search(rf"\bmean\({indicator}\)", formula.text):
            weighted = formula.text.replace(f"mean({indicator})", f"mean({indicator}, {weight})")
            yield say("weighted", weight=name(weight)), Formula(weighted), context, book
    for year in (context.year - 1, context.year + 1):
        yield say("other_year", year=year), formula, replace(context, year=year), book
    for code, entity in book.entities.items():
        if entity.kind in {"city", "tier"} and code != context.entity and several and book.members(code):
            yield say("other_entity", name=name(code)), formula, replace(context, entity=code), book
    tree = formula.tree
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div) and isinstance(tree.right, ast.Name):
        for code, other in book.indicators.items():
            like = other.kind == "count" and other.unit == book.indicators[tree.right.id].unit
            if code != tree.right.id and like and book.has_cells(code):
                yield say("denominator", name=name(code)), Formula(f"{ast.unparse(tree.left)} / {code}"), context, book


def _exchanged(printed: float, step: float, raw: str, recomputed: float) -> Iterator[Text]:
    """Two neighbouring digits exchanged."""
    match = re.search(r"\d+(\.\d+)?", normalise(raw).replace(",", ""))
    if not match:
        return
    text = match[0]
    for i in range(len(text) - 1):
        if text[i].isdigit() and text[i + 1].isdigit() and text[i] != text[i + 1]:
            other = text[:i] + text[i + 1] + text[i] + text[i + 2 :]
            if printed and judge(float(other) * printed / float(text), recomputed, step)[0] == "agrees":
                yield say("exchanged", other=other)


def _elsewhere(printed: Figure, book: Book, used: set[str]) -> Iterator[Text]:
    """The same figure, in the same unit, printed for something else."""
    if _digits(printed.value) < DISTINCTIVE:
        return
    for figure in book.figures():
        same = figure.value == printed.value and book.indicators[figure.indicator].unit == printed.unit
        if same and figure.key not in used and figure.indicator != printed.indicator:
            what = say("of_period", name=name(figure.indicator), period=figure.year)
            yield say("elsewhere", where=place(figure), name=name(figure.entity), what=what)


def _digits(value: float) -> int:
    """Significant digits of a printed figure."""
    return len(f"{abs(value):.12g}".replace(".", "").strip("0"))
