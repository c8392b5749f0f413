"""The language of checks: arithmetic over what a source prints.

In the context of an entity (a school, a tier, the city) and a year:

======================================  ==========================================================================
``students``                            the cell of a school; of a tier or the city the sum over its schools
``last(students)``                      the same a year before
``students[liuzhou_higher]``            of another entity
``mean(satisfaction_overall_pct)``      simple mean over schools; ``mean(x, students)`` weighted by `students`
``sum(x)``, ``min(x)``, ``max(x)``      over schools (`sum` also for rates and figures per head, which do not add up)
``schools(students)``                   number of schools with a cell
``rows("industry_colleges", level="校级")``           rows of a record table (``*`` any text, ``?*`` any filled field)
``distinct("industry_colleges", "entity")``           distinct entries of a field of a record table
``prose(graduates)``                    a figure of prose of the same entity and year; ``prose(x, entity)``,
                                        ``kind="all"``, ``section="3.1"``, ``item="…"`` choose another,
                                        ``last(prose(x))`` that of a year before
``+ - * / ( )`` and numbers             arithmetic; one comparison ``<= >= =`` (written ``==``) in a relation
======================================  ==========================================================================

Formulas are read with Python's own `ast` and walked over a white list; nothing is executed.
"""

from __future__ import annotations

import ast
import math
import operator
from dataclasses import dataclass, field, replace
from functools import cached_property

from analysis.ground.dictionary import nearest
from analysis.reconcile.book import Book, Cell, NoData

FUNCTIONS = {"last", "mean", "sum", "min", "max", "schools", "rows", "distinct", "prose"}
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
LONGEST = 2000  # characters of a formula
LARGEST = 1e12  # number in a formula
COMPARISONS = {ast.LtE: "<=", ast.GtE: ">=", ast.Eq: "="}
ADDED = {"count", "amount", "change"}  # kinds of indicators that may be added over schools


class BadFormula(ValueError):
    """A formula that the language does not have."""


@dataclass(frozen=True)
class Amount:
    """A number with the interval that rounded figures of prose leave open."""

    value: float
    lower: float
    upper: float

    @classmethod
    def exact(cls, value: float) -> Amount:
        return cls(value, value, value)

    def combine(self, other: Amount, operation) -> Amount:
        if operation is operator.truediv and other.lower <= 0 <= other.upper:
            raise NoData("division by zero")
        # an open bound times zero is no number: it says nothing and is passed over
        ends = [
            end
            for a in (self.lower, self.upper)
            for b in (other.lower, other.upper)
            if not math.isnan(end := operation(a, b))
        ]
        return Amount(operation(self.value, other.value), min(ends, default=-math.inf), max(ends, default=math.inf))


@dataclass(frozen=True)
class Context:
    """Where a formula is evaluated; the last three are what explanations vary."""

    entity: str
    year: int
    section: str = ""
    kind: str = ""
    table_id: str = ""  # the table of a closing cell: its own rows close it
    left_out: str = ""  # a school left out of every sum and mean
    printed_totals: bool = False  # printed closing cells instead of sums of rows
    average: bool = False  # simple means instead of sums


@dataclass
class Result:
    """Value of a formula with the cells it used and its arithmetic written out."""

    amount: Amount
    inputs: list[str] = field(default_factory=list)
    arithmetic: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def value(self) -> float:
        return self.amount.value


@dataclass(frozen=True)
class Formula:
    """A checked formula.

    Parameters
    ----------
    text : str
        as written in ``identities.yaml`` or ``claims.yaml``.
    """

    text: str

    @cached_property
    def tree(self) -> ast.expr:
        if len(self.text) > LONGEST:
            raise BadFormula(f"a formula has at most {LONGEST} characters, this one {len(self.text)}")
        try:
            return ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise BadFormula(f"{self.text!r} is no formula: {getattr(error, 'msg', error)}") from None

    def sides(self) -> tuple[Formula, str, Formula] | None:
        """Left, comparison and right of a relation; None for a formula without comparison."""
        tree = self.tree
        if not isinstance(tree, ast.Compare):
            return None
        if len(tree.ops) != 1 or type(tree.ops[0]) not in COMPARISONS:
            raise BadFormula(f"{self.text!r}: a relation has one comparison, <=, >= or ==")
        return (
            Formula(ast.unparse(tree.left)),
            COMPARISONS[type(tree.ops[0])],
            Formula(ast.unparse(tree.comparators[0])),
        )

    def relation(self) -> tuple[Formula, str, Formula]:
        """`sides` of a formula that compares two.

        Raises
        ------
        BadFormula
            for a formula without comparison.
        """
        sides = self.sides()
        if sides is None:
            raise BadFormula(f"{self.text!r}: no comparison; a relation has one, <=, >= or ==")
        return sides

    def faults(self, book: Book, *, relation: bool = False, of_this_source: bool = True) -> list[str]:
        """What is wrong with the formula, every fault; empty for a sound one.

        Parameters
        ----------
        relation : bool
            whether it must compare two sides.
        of_this_source : bool
            whether record tables, sections and items that it names must be printed by this source; formulas that are
            shared by sources are passed over instead.
        """
        found: list[str] = []
        try:
            sides = self.sides()
            if relation and sides is None:
                found.append("no comparison; a relation has one, <=, >= or ==")
            elif sides and not relation:
                found.append("a comparison stands where a number is wanted")
            for tree in [side.tree for side in (sides[0], sides[2])] if sides else [self.tree]:
                _check(tree, book, found, of_this_source)
        except BadFormula as fault:
            found.append(str(fault))
        except RecursionError:
            found.append("is nested too deeply")
        return found

    def evaluate(self, book: Book, context: Context) -> Result:
        """Value in a context.

        Raises
        ------
        NoData
            when a figure that the formula needs is not printed.
        """
        result = Result(Amount.exact(math.nan))
        amount, written = _walk(self.tree, book, context, result)
        result.amount = amount
        result.arithmetic = (
            written[1:-1] if written.startswith("(") and written.endswith(")") and written.count("(") == 1 else written
        )
        result.inputs = list(dict.fromkeys(result.inputs))
        return result


def _check(tree: ast.AST, book: Book, found: list[str], of_this_source: bool) -> None:
    """Every node against the white list, every name against the dictionary."""
    match tree:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            if not abs(value) <= LARGEST:
                found.append(f"the number {value:.3g} is too large")
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            _check(left, book, found, of_this_source)
            _check(right, book, found, of_this_source)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, book, found, of_this_source)
        case ast.Name() | ast.Subscript():
            _check_indicator(tree, book, found)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            if name not in FUNCTIONS:
                found.append(f"function {name!r} is not known{nearest(name, FUNCTIONS)}")
            elif name in {"rows", "distinct"}:
                _check_records(name, arguments, keywords, book, found, of_this_source)
            elif name == "prose":
                _check_prose(arguments, keywords, book, found, of_this_source)
            elif keywords or not 1 <= len(arguments) <= (2 if name == "mean" else 1):
                found.append(
                    f"{name}() takes one indicator" + (", or an indicator and a weight" if name == "mean" else "")
                )
            elif name == "last" and _is_prose(arguments[0]):
                _check(arguments[0], book, found, of_this_source)
            else:
                for argument in arguments:
                    _check_indicator(argument, book, found)
        case _:
            found.append(f"{_shown(tree)} is not in the language of formulas")


def _shown(tree: ast.AST) -> str:
    text = ast.unparse(tree)
    return repr(text if len(text) < 80 else text[:77] + "…")


def _check_indicator(tree: ast.AST, book: Book, found: list[str]) -> None:
    """An indicator, of another entity, or of a year before."""
    match tree:
        case ast.Name(id=name):
            if name not in book.indicators:
                found.append(f"indicator {name!r} is not in the dictionary{nearest(name, book.indicators)}")
        case ast.Subscript(value=value, slice=ast.Name(id=entity)):
            _check_indicator(value, book, found)
            if entity not in book.entities:
                found.append(f"entity {entity!r} is not known{nearest(entity, book.entities)}")
        case ast.Call(func=ast.Name(id="last"), args=[inner], keywords=[]):
            _check_indicator(inner, book, found)
        case _:
            found.append(f"{_shown(tree)} stands where an indicator is wanted")


def _is_prose(tree: ast.expr) -> bool:
    """Whether a node asks for a figure of prose."""
    return isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "prose"


def _text(tree: ast.expr) -> str:
    """The text that a node is."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return tree.value
    raise BadFormula(f"{_shown(tree)} stands where a text is wanted")


def _name(tree: ast.expr) -> str:
    """The name that a node is."""
    if isinstance(tree, ast.Name):
        return tree.id
    raise BadFormula(f"{_shown(tree)} stands where a name is wanted")


def _texts(keywords: list[ast.keyword]) -> list[tuple[str, str]] | None:
    """Names and texts of arguments; None where one has no name or is no text."""
    found = [
        (k.arg, k.value.value)
        for k in keywords
        if k.arg and isinstance(k.value, ast.Constant) and isinstance(k.value.value, str)
    ]
    return found if len(found) == len(keywords) else None


def _check_records(
    name: str,
    arguments: list[ast.expr],
    keywords: list[ast.keyword],
    book: Book,
    found: list[str],
    of_this_source: bool,
) -> None:
    wanted = 2 if name == "distinct" else 1
    given = [a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    filters = _texts(keywords)
    if len(arguments) != wanted or len(given) != wanted or filters is None:
        field = " and a field" if wanted == 2 else ""
        found.append(f"{name}() takes a table number{field}, and fields = text, in quotation marks")
    elif given[0] in book.records:
        columns = book.records[given[0]].columns
        found.extend(
            f"table {given[0]} has no field {f!r}{nearest(f, columns)}"
            for f in [field for field, _ in filters] + given[1:]
            if f not in columns
        )
    elif of_this_source:
        found.append(f"no record table {given[0]!r}; there are {', '.join(book.records)}")


def _check_prose(
    arguments: list[ast.expr], keywords: list[ast.keyword], book: Book, found: list[str], of_this_source: bool
) -> None:
    names = [a.id for a in arguments if isinstance(a, ast.Name)]
    texts = _texts(keywords)
    if not 1 <= len(arguments) <= 2 or len(names) != len(arguments) or texts is None:
        found.append("prose() takes an indicator, an entity, and section=, kind=, item= in quotation marks")
        return
    _check_indicator(arguments[0], book, found)
    if len(names) > 1 and names[1] not in book.entities:
        found.append(f"entity {names[1]!r} is not known{nearest(names[1], book.entities)}")
    for word, wanted in texts:
        if word not in {"kind", "section", "item"}:
            found.append(f"prose() has no {word!r}")
        elif of_this_source and not any(f.indicator == names[0] and getattr(f, word) == wanted for f in book.facts):
            near = nearest(wanted, {getattr(f, word) for f in book.facts})
            found.append(f"no figure of {names[0]} has {word} {wanted!r}{near}")


def _number(value: float) -> str:
    return f"{value:.10g}"


def _cells(name: str, book: Book, context: Context) -> list[Cell]:
    cells = [
        c for c in book.cells(name, context.year, context.entity, context.table_id) if c.entity != context.left_out
    ]
    if not cells:
        raise NoData(f"no cell of {name} is left")
    return cells


def _indicator(tree: ast.AST, context: Context) -> tuple[str, Context]:
    """The indicator named by a node, and the context with its year and entity."""
    match tree:
        case ast.Name(id=name):
            return name, context
        case ast.Subscript(value=value, slice=ast.Name(id=entity)):
            return _indicator(value, replace(context, entity=entity))
        case ast.Call(func=ast.Name(id="last"), args=[inner]):
            return _indicator(inner, replace(context, year=context.year - 1))
    raise BadFormula(f"{ast.unparse(tree)!r} stands where an indicator is wanted")


def _look_up(tree: ast.AST, book: Book, context: Context, result: Result) -> tuple[Amount, str]:
    """Cell of a school, or sum over schools."""
    name, there = _indicator(tree, context)
    if there.printed_totals and (total := book.printed_total(name, there.year, there.entity)):
        result.inputs.append(total.key)
        return Amount.exact(total.value), _number(total.value)
    cells = _cells(name, book, there)
    if len(cells) > 1 and book.indicators[name].kind not in ADDED:
        raise NoData(f"{name} of several schools does not add up")
    result.inputs += [c.key for c in cells]
    if there.average:
        return Amount.exact(sum(c.value for c in cells) / len(cells)), f"mean of {len(cells)}"
    written = _number(cells[0].value) if len(cells) == 1 else "(" + " + ".join(_number(c.value) for c in cells) + ")"
    return Amount.exact(sum(c.value for c in cells)), written


def _walk(tree: ast.AST, book: Book, context: Context, result: Result) -> tuple[Amount, str]:
    match tree:
        case ast.Constant(value=int() | float() as value):
            return Amount.exact(float(value)), _number(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            amount, written = _walk(operand, book, context, result)
            return Amount(-amount.value, -amount.upper, -amount.lower), f"-{written}"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            a, written_a = _walk(left, book, context, result)
            b, written_b = _walk(right, book, context, result)
            sign = {ast.Add: "+", ast.Sub: "−", ast.Mult: "×", ast.Div: "/"}[type(op)]
            if (
                isinstance(op, ast.Mult | ast.Div)
                and isinstance(left, ast.BinOp)
                and isinstance(left.op, ast.Add | ast.Sub)
            ):
                written_a = f"({written_a})"
            if isinstance(right, ast.BinOp) and not isinstance(op, ast.Add):
                written_b = f"({written_b})"
            return a.combine(b, OPERATORS[type(op)]), f"{written_a} {sign} {written_b}"
        case ast.Name() | ast.Subscript():
            return _look_up(tree, book, context, result)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            words = {k.arg: ast.literal_eval(k.value) for k in keywords if k.arg}
            if name == "last" and _is_prose(arguments[0]):
                return _walk(arguments[0], book, replace(context, year=context.year - 1), result)
            if name == "last":
                return _look_up(tree, book, context, result)
            if name == "prose":
                return _prose(arguments, words, book, context, result)
            if name in {"rows", "distinct"}:
                rows = book.rows(_text(arguments[0]), context.entity, words)
                rows = [r for r in rows if r["entity"] != context.left_out]
                result.inputs += [r["key"] for r in rows]
                found = {r[_text(arguments[1])] for r in rows} if name == "distinct" else rows
                return Amount.exact(len(found)), _number(len(found))
            return _over_schools(name, arguments, book, context, result)
    raise BadFormula(f"{ast.unparse(tree)!r} is not in the language of formulas")


def _over_schools(
    name: str, arguments: list[ast.expr], book: Book, context: Context, result: Result
) -> tuple[Amount, str]:
    """mean, sum, min, max and schools."""
    indicator, there = _indicator(arguments[0], context)
    cells = _cells(indicator, book, there)
    result.inputs += [c.key for c in cells]
    values = [c.value for c in cells]
    if name == "schools":
        return Amount.exact(len(values)), _number(len(values))
    if name == "mean" and len(arguments) == 2:
        weight, where = _indicator(arguments[1], context)
        weights = {c.entity: c for c in _cells(weight, book, where)}
        if not set(weights) >= {c.entity for c in cells}:
            raise NoData(f"no {weight} for every school")
        result.inputs += [weights[c.entity].key for c in cells]
        total = sum(weights[c.entity].value for c in cells)
        if total == 0:
            raise NoData(f"{weight} is zero for every school")
        return Amount.exact(
            sum(c.value * weights[c.entity].value for c in cells) / total
        ), f"mean of {len(values)} weighted by {weight}"
    value = {"mean": sum(values) / len(values), "sum": sum(values), "min": min(values), "max": max(values)}[name]
    listed = " + ".join(map(_number, values))
    return Amount.exact(value), {"mean": f"({listed}) / {len(values)}", "sum": f"({listed})"}.get(
        name, f"{name} of {len(values)}"
    )


def _prose(arguments: list[ast.expr], words: dict, book: Book, context: Context, result: Result) -> tuple[Amount, str]:
    """A figure of prose; those of the same section come first, and what is left must agree."""
    indicator = _name(arguments[0])
    entity = _name(arguments[1]) if len(arguments) > 1 else context.entity
    wanted = {
        "kind": words.get("kind", context.kind if "item" not in words else None),
        "section": words.get("section"),
        "item": words.get("item"),
    }
    found = [
        f
        for f in book.facts
        if f.indicator == indicator
        and f.entity == entity
        and f.year == context.year
        and all(value is None or getattr(f, column) == value for column, value in wanted.items())
    ]
    found = [f for f in found if f.section == context.section] or found
    if not found:
        raise NoData(f"prose prints no {indicator} of {entity}")
    if len({f.value for f in found}) > 1:
        sections = ", ".join(f.section for f in found)
        raise NoData(f"prose prints {indicator} of {entity} differently in sections {sections}; say section=")
    result.inputs.append(found[0].key)
    return Amount(found[0].value, found[0].lower, found[0].upper), _number(found[0].value)
