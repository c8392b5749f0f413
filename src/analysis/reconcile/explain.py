"""Explanations of a disagreement that can be tried mechanically: those that reproduce the printed figure exactly are candidates.

Tried are a row left out, unreadable cells counted as absent, printed closing figures instead of sums of rows, a simple mean
instead of all persons and the other way round, another year, another tier, another denominator, two digits exchanged, and a
figure printed elsewhere. None of them is a fact.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from analysis.clean.numbers import normalise
from analysis.reconcile.book import Book, NoData
from analysis.reconcile.formulas import Context, Formula
from analysis.reconcile.judge import judge
from analysis.reconcile.words import place, say

DISTINCTIVE = 3  # digits a figure must have before its standing elsewhere means anything


def candidates(
    printed: float, step: float, unit: str, raw: str, formula: Formula, context: Context, book: Book, as_printed: Book, weights: dict[str, str], name: Callable[[str], str], language: str,
    own_key: str, own_indicator: str,
) -> list[str]:
    """Explanations that give the printed figure to its last digit.

    Parameters
    ----------
    printed, step, unit, raw
        the figure, the worth of its last digit, its unit, and the cell.
    formula, context : Formula, Context
        what it should follow.
    book, as_printed : Book
        the source with corrected and with printed values.
    weights : dict
        indicator → indicator that weights its mean.
    own_key, own_indicator : str
        of the figure itself: neither it nor a repetition of it explains anything.
    """
    found = []
    followed = formula.evaluate(book, context)
    recomputed = followed.value
    # any small number is one row or one tier away from any other
    small = _digits(printed) < 2
    for text, tried, where, source in _variations(formula, context, book, as_printed, weights, name, language, small):
        try:
            result = tried.evaluate(source, where)
        except NoData:
            continue
        if source is as_printed and where == context:  # printed values: are cells unreadable, or only different?
            text = say("unreadable" if len(result.inputs) < len(followed.inputs) else "uncorrected", language)
        if set(result.inputs) != {own_key} and result.value != recomputed and judge(printed, result.value, step)[0] == "agrees":
            found.append(text)
    if raw.rstrip("%％").endswith("0") and "." in raw and judge(printed, recomputed, 10 * step)[0] == "agrees":
        found.append(say("padded", language))
    found += _exchanged(printed, step, raw, recomputed, language)
    found += _elsewhere(printed, unit, as_printed, set(followed.inputs), own_indicator, name, language)
    return list(dict.fromkeys(found))


def _variations(formula: Formula, context: Context, book: Book, as_printed: Book, weights: dict[str, str], name, language, small: bool) -> Iterator[tuple[str, Formula, Context, Book]]:
    members = book.members(context.entity) or set()
    several = len(members) > 1
    yield "", formula, context, as_printed
    yield say("printed_totals", language), formula, replace(context, printed_totals=True), as_printed
    if small:
        return
    if several:
        for school in sorted(members):
            yield say("left_out", language, name=name(school)), formula, replace(context, left_out=school), book
        yield say("simple_mean", language), formula, replace(context, average=True), book
    for indicator, weight in weights.items():
        if re.search(rf"\bmean\({indicator}\)", formula.text):
            yield say("weighted", language, weight=name(weight)), Formula(formula.text.replace(f"mean({indicator})", f"mean({indicator}, {weight})")), context, book
    for year in (context.year - 1, context.year + 1):
        yield say("other_year", language, year=year), formula, replace(context, year=year), book
    for code, entity in book.entities.items():
        if entity.kind in {"city", "tier"} and code != context.entity and several and book.members(code):
            yield say("other_entity", language, name=name(code)), formula, replace(context, entity=code), book
    tree = formula.tree
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div) and isinstance(tree.right, ast.Name):
        for code, indicator in book.indicators.items():
            if code != tree.right.id and indicator.kind == "count" and indicator.unit == book.indicators[tree.right.id].unit and book.has_cells(code):
                yield say("denominator", language, name=name(code)), Formula(f"{ast.unparse(tree.left)} / {code}"), context, book


def _exchanged(printed: float, step: float, raw: str, recomputed: float, language: str) -> Iterator[str]:
    """Two neighbouring digits exchanged."""
    match = re.search(r"\d+(\.\d+)?", normalise(raw).replace(",", ""))
    if not match:
        return
    text = match[0]
    for i in range(len(text) - 1):
        if text[i].isdigit() and text[i + 1].isdigit() and text[i] != text[i + 1]:
            other = text[:i] + text[i + 1] + text[i] + text[i + 2 :]
            if printed and judge(float(other) * printed / float(text), recomputed, step)[0] == "agrees":
                yield say("exchanged", language, other=other)


def _elsewhere(printed: float, unit: str, book: Book, used: set[str], own_indicator: str, name, language: str) -> Iterator[str]:
    """The same figure, in the same unit, printed for something else."""
    if _digits(printed) < DISTINCTIVE:
        return
    for figure in book.figures():
        if figure.value == printed and book.indicators[figure.indicator].unit == unit and figure.key not in used and figure.indicator != own_indicator:
            yield say("elsewhere", language, place=place(figure, name, language))


def _digits(value: float) -> int:
    """Significant digits of a printed figure."""
    return len(f"{abs(value):.12g}".replace(".", "").strip("0"))
