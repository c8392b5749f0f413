"""The door of the mathematics: what its functions take is declared at their head and checked once,
before anything is computed.

`takes` wraps a function. Each argument has a check, which turns what was given into a clean array or number, or says
what is wrong; relations between arguments follow; the answer must be finite unless the head says where it is not. Every
fault is a `BadArgument` that names function, argument, position and value; all faults of one call are said together.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import wraps
from numbers import Number
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from analysis.ground.errors import BadArgument, Refused, UnknownName

P = ParamSpec("P")
R = TypeVar("R")
Check = Callable[[Any, str], Any]
Relation = Callable[[dict[str, Any]], None]

MOST_CELLS = 20_000_000  # of an array: copies of it must fit in memory
MOST_DRAWS = 1_000_000
MOST_COUNT = 2**53  # above it a float does not hold every whole number
MOST_DEALT = 2**31 - 1  # persons that scipy deals to tables at random: above it its arrays overflow
LARGEST, SMALLEST = 1e30, 1e-30  # fourth powers and their quotients stay finite; no figure of this field lies outside


# --- the door ---------------------------------------------------------------------------------------------------------


def takes(*relations: Relation, may_be_nan: str = "", **checks: Check) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare what a function takes, and check it at every call.

    Parameters
    ----------
    relations : callables
        conditions between several arguments, looked at when each is sound by itself.
    may_be_nan : str
        where the answer is not finite, in the words of the docstring;
        without it an answer that is not finite is refused.
    checks : callables
        one for every parameter of the function, (value, name) → clean value. None passes where it is the default.

    Examples
    --------
    >>> half = takes(x=real())(lambda x: x / 2)
    >>> half(3)
    1.5
    """

    def door(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        expected = {name for name in signature.parameters if name != "self"}
        if expected != set(checks):
            raise TypeError(
                f"{function.__qualname__}: checks are declared for {sorted(checks)}, its parameters are "
                f"{sorted(expected)}"
            )
        optional = {name for name, parameter in signature.parameters.items() if parameter.default is None}
        called = function.__qualname__.removesuffix(".__init__")

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = bound.arguments
            try:
                _check_each(given, checks, optional)
                for relation in relations:
                    relation(given)
                answer = function(*bound.args, **bound.kwargs)
            except BadArgument as fault:
                for each in (fault, *fault.further):
                    each.function = each.function or called
                raise
            if not may_be_nan and not all(np.isfinite(part).all() for part in _numbers_in(answer)):
                raise Refused(f"{called} has no finite answer for these figures")
            return answer

        checked.__dict__["may_be_nan"] = may_be_nan
        return checked

    return door


def alike(names: Iterable[str], check: Check) -> dict[str, Any]:
    """One check under several names, to be unpacked at the head of a function or into `frame`."""
    return dict.fromkeys(names, check)


def _check_each(given: dict[str, Any], checks: dict[str, Check], optional: set[str]) -> None:
    """Replace each argument by its clean form; stop with all faults."""
    faults: list[BadArgument] = []
    for name, check in checks.items():
        if given[name] is None and name in optional:
            continue
        try:
            given[name] = check(given[name], name)
        except BadArgument as fault:
            faults.append(fault)
    if faults:
        faults[0].further = faults[1:]
        raise faults[0]


def _numbers_in(answer: object) -> Iterator[np.ndarray]:
    """Every floating-point number of an answer, whatever holds it."""
    if isinstance(answer, float | np.floating):
        yield np.asarray(answer)
    elif isinstance(answer, np.ndarray):
        if answer.dtype.kind == "f":
            yield answer
    elif isinstance(answer, pd.DataFrame):
        for column in answer.select_dtypes("floating"):
            yield answer[column].to_numpy()
    elif isinstance(answer, pd.Series):
        if answer.dtype.kind == "f":
            yield answer.to_numpy()
    elif isinstance(answer, dict):
        for part in answer.values():
            yield from _numbers_in(part)
    elif isinstance(answer, tuple | list):
        for part in answer:
            yield from _numbers_in(part)
    elif is_dataclass(answer):
        for field in fields(answer):
            yield from _numbers_in(getattr(answer, field.name))


# --- what stands in an array ------------------------------------------------------------------------------------------


def shown(value: object) -> str:
    """A value as a message shows it: short, on one line."""
    text = (
        f"{value:g}"
        if isinstance(value, float | np.floating)
        else str(value)
        if isinstance(value, Number)
        else repr(value)
    )
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}…"


def _kind(value: object) -> str:
    kind = type(value).__name__
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def _position(index: np.ndarray) -> int | tuple[int, ...]:
    place = tuple(int(i) for i in index)
    return place[0] if len(place) == 1 else place


def _fault_at(name: str, values: np.ndarray, bad: np.ndarray, rule: str) -> BadArgument:
    """The first faulty entry of an array, with its position."""
    if values.ndim == 0:
        return BadArgument(name, f"it is {shown(values[()])}; {rule}", value=values[()])
    index = np.argwhere(bad)[0]
    value = values[tuple(index)]
    return BadArgument(
        name, f"position {_position(index)} is {shown(value)}; {rule}", position=_position(index), value=value
    )


def _refuse_hidden(value: object, name: str, depth: int = 0) -> None:
    """Stop at masks, and at sequences too long to be turned into an array, before numpy looks at them."""
    if isinstance(value, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(value)
        if mask.any():
            place = _position(np.argwhere(mask)[0]) if mask.ndim else None
            raise BadArgument(
                name,
                f"position {place} is masked; a masked figure is a missing one: leave it out, and say so",
                position=place,
                value=np.ma.masked,
            )
    elif isinstance(value, list | tuple | range):
        if len(value) > MOST_CELLS:
            raise BadArgument(name, f"it has {len(value)} entries; {MOST_CELLS} are the most", value=None)
        if depth < 3 and not isinstance(value, range):
            for part in value:
                if isinstance(part, list | tuple | range | np.ma.MaskedArray):
                    _refuse_hidden(part, name, depth + 1)


def _of_pandas(value: pd.Series | pd.DataFrame | pd.Index | pd.api.extensions.ExtensionArray, name: str) -> np.ndarray:
    """Values of a pandas object as numpy has them; what is missing there becomes nan, never a number."""
    if isinstance(value, pd.DataFrame):
        if len({str(dtype) for dtype in value.dtypes}) > 1:
            return np.column_stack([_of_pandas(value.iloc[:, i], name) for i in range(value.shape[1])])
        return (
            value.to_numpy(dtype=float, na_value=np.nan)
            if value.shape[1] and _is_nullable_number(value.dtypes.iloc[0])
            else value.to_numpy()
        )
    return value.to_numpy(dtype=float, na_value=np.nan) if _is_nullable_number(value.dtype) else np.asarray(value)


def _is_nullable_number(dtype: object) -> bool:
    return (
        isinstance(dtype, pd.api.extensions.ExtensionDtype)
        and pd.api.types.is_numeric_dtype(dtype)
        and not pd.api.types.is_bool_dtype(dtype)
    )


def _as_array(value: object, name: str) -> np.ndarray:
    """Whatever was given as a numpy array of its own type, of a size that can be handled."""
    _refuse_hidden(value, name)
    if isinstance(value, pd.Series | pd.DataFrame | pd.Index | pd.api.extensions.ExtensionArray):
        if value.size > MOST_CELLS:
            raise BadArgument(name, f"it has {value.size} entries; {MOST_CELLS} are the most")
        return _of_pandas(value, name)
    if isinstance(value, list | tuple) and any(
        isinstance(part, pd.Series | pd.Index | pd.api.extensions.ExtensionArray) for part in value
    ):
        value = [
            _of_pandas(part, name)
            if isinstance(part, pd.Series | pd.Index | pd.api.extensions.ExtensionArray)
            else part
            for part in value
        ]
    try:
        array = np.asarray(np.ma.getdata(value) if isinstance(value, np.ma.MaskedArray) else value)
    except (
        ValueError,
        OverflowError,
        TypeError,
    ) as why:  # numpy says what it could not make sense of; the door says where
        raise BadArgument(
            name,
            f"it is no array: its rows have different lengths, or hold something else than numbers ({shown(str(why))})",
            value=None,
        ) from None
    if array.size > MOST_CELLS:
        raise BadArgument(name, f"it has {array.size} entries; {MOST_CELLS} are the most")
    return array


_STRANGE = {
    "U": "text",
    "S": "text",
    "T": "text",
    "M": "dates",
    "m": "spans of time",
    "c": "complex numbers",
    "V": "records",
    "b": "true and false",
}


def _as_floats(value: object, name: str, *, flags: bool = False) -> np.ndarray:
    """Numbers as float64; text, objects, dates, complex numbers and (unless `flags`) true and false are refused."""
    array = _as_array(value, name)
    if array.dtype.kind == "O":
        bad = np.array(
            [
                isinstance(v, bool | np.bool_) or not isinstance(v, int | float | np.integer | np.floating)
                for v in array.flat
            ],
            bool,
        ).reshape(array.shape)
        if bad.any():
            raise _fault_at(name, array, bad, "numbers are needed")
        huge = np.array([isinstance(v, int) and abs(v) > LARGEST for v in array.flat], bool).reshape(array.shape)
        if huge.any():
            raise _fault_at(name, array, huge, "no figure is that large")
    elif array.dtype.kind not in "iuf" and not (flags and array.dtype.kind == "b"):
        first = (
            shown(array.flat[0].item() if hasattr(array.flat[0], "item") else array.flat[0])
            if array.size
            else "nothing"
        )
        raise BadArgument(
            name,
            f"it holds {_STRANGE.get(array.dtype.kind, array.dtype)} ({first}); numbers are needed",
            value=array.flat[0] if array.size else None,
        )
    with np.errstate(over="ignore"):  # a long double beyond float64 becomes infinite, which is refused
        return array.astype(float) + 0.0  # −0 becomes 0


def _within(
    values: np.ndarray, name: str, low: float, high: float, rule: str, *, missing: bool, tiny: bool
) -> np.ndarray:
    known = ~np.isnan(values) if missing else np.full(values.shape, True)
    with np.errstate(invalid="ignore"):
        bad = known & ~((values >= low) & (values <= high) & np.isfinite(values))
        if bad.any():
            raise _fault_at(name, values, bad, f"values must be finite{rule}")
        bad = known & (np.abs(values) > LARGEST)
        if bad.any():
            raise _fault_at(name, values, bad, f"no figure is larger than {LARGEST:g}")
        bad = known & (values != 0) & (np.abs(values) < SMALLEST)
    if bad.any() and not tiny:
        raise _fault_at(name, values, bad, f"write 0 for a figure below {SMALLEST:g}")
    return values


def numbers(
    *,
    dimensions: int | tuple[int, ...] = 1,
    low: float = -np.inf,
    high: float = np.inf,
    least: int = 1,
    rule: str = "",
    missing: bool = False,
    tiny: bool = False,
    whole: bool = False,
    short: str = "",
) -> Check:
    """Real numbers within bounds, as an array of the wanted dimensions.

    Parameters
    ----------
    dimensions : int or tuple of int
    low, high : float
        bounds, included.
    least : int
        smallest number of entries (of rows, for a table).
    rule : str
        how a message goes on that says "values must be finite".
    missing : bool
        whether nan stands for a missing figure.
    tiny : bool
        whether figures nearer to zero than `SMALLEST` make sense (probabilities do).
    whole : bool
        whether broken figures make no sense.
    short : str
        what a message says of too few entries.
    """
    wanted = (dimensions,) if isinstance(dimensions, int) else dimensions

    def check(value: object, name: str) -> np.ndarray:
        values = _as_floats(value, name)
        _shaped(values, name, wanted, least, short)
        _within(values, name, low, high, rule, missing=missing, tiny=tiny)
        broken = ~np.isnan(values) & (values != np.round(values))
        if whole and broken.any():
            raise _fault_at(name, values, broken, f"values must be finite{rule}")
        return values

    return check


SHAPES = {0: "a number", 1: "a list of numbers", 2: "a table with rows and columns", 3: "a stack of tables"}


def _shaped(values: np.ndarray, name: str, wanted: tuple[int, ...], least: int, short: str = "") -> None:
    if values.ndim not in wanted:
        raise BadArgument(name, f"{name} must be {' or '.join(SHAPES[d] for d in wanted)}; its shape is {values.shape}")
    if values.ndim and (not values.size or len(values) < least):
        raise BadArgument(
            name,
            short
            or (
                f"{name} must be {SHAPES[values.ndim]} with {least} {'entry' if least == 1 else 'entries'} or more; "
                f"its shape is {values.shape}"
            ),
        )


def counts(
    *,
    dimensions: int | tuple[int, ...] = 1,
    whole: bool = False,
    positive: str = "",
    dealt: bool = False,
    flags: bool = False,
    zero: bool = False,
    least: int = 1,
    most: int = MOST_CELLS,
) -> Check:
    """Counts, or shares: finite, not negative, not all zero.

    Parameters
    ----------
    whole : bool
        whether broken counts make no sense.
    positive : str
        what a message says where a count is zero, if none may be.
    dealt : bool
        whether they are dealt out at random: whole, and no more than scipy's generators can hold.
    flags : bool
        whether true and false may stand for 1 and 0.
    zero : bool
        whether all may be zero.
    least, most : int
        entries of a list, or rows of a table.
    """
    wanted = (dimensions,) if isinstance(dimensions, int) else dimensions

    def check(value: object, name: str) -> np.ndarray:
        values = _as_floats(value, name, flags=flags)
        _shaped(values, name, wanted, least)
        if values.ndim and max(values.shape) > most:
            raise BadArgument(name, f"its shape is {values.shape}; {most} are the most that can be handled")
        _within(values, name, 0.0, np.inf, " and not negative", missing=False, tiny=False)
        if (values > MOST_COUNT).any():
            raise _fault_at(name, values, values > MOST_COUNT, f"a count is {MOST_COUNT} at most")
        if positive and (values <= 0).any():
            raise _fault_at(name, values, values <= 0, positive)
        if not zero and values.sum() == 0:
            raise BadArgument(name, f"{name} adds up to zero; shares cannot be formed", value=0.0)
        if whole or dealt:
            values = _whole_but_for_rounding(values)
        if (whole or dealt) and (values != np.round(values)).any():
            raise _fault_at(name, values, values != np.round(values), "counts must be whole numbers")
        if dealt and values.sum() > MOST_DEALT:
            raise BadArgument(
                name,
                f"{name} adds up to {values.sum():.0f}; {MOST_DEALT} can be dealt out at random at most",
                value=float(values.sum()),
            )
        return values

    return check


def _whole_but_for_rounding(values: np.ndarray) -> np.ndarray:
    """Counts that arithmetic has left a last bit beside a whole number are that number."""
    nearest = np.round(values)
    return np.where(np.abs(values - nearest) <= 1e-9 * np.maximum(1.0, nearest), nearest, values)


def shares(*, dimensions: int = 1, most: int = MOST_CELLS) -> Check:
    """Shares: counts that add up to one."""
    plain = counts(dimensions=dimensions, most=most)

    def check(value: object, name: str) -> np.ndarray:
        vector = plain(value, name)
        if abs(vector.sum() - 1) > 1e-6:
            raise BadArgument(
                name, f"{name} adds up to {vector.sum():.6g}, not to 1; use shares()", value=float(vector.sum())
            )
        return vector

    return check


def probabilities(*, dimensions: int | tuple[int, ...] = 1, rule: str = " and lie between 0 and 1") -> Check:
    """Numbers between 0 and 1, however small."""
    return numbers(dimensions=dimensions, low=0.0, high=1.0, rule=rule, tiny=True)


def orders(value: object, name: str) -> np.ndarray:
    """Orders of diversity: not negative, infinity allowed."""
    q = np.atleast_1d(_as_floats(value, name))
    _shaped(q, name, (1,), 1)
    if (np.isnan(q) | (q < 0)).any():
        raise _fault_at(name, q, np.isnan(q) | (q < 0), "orders must not be negative")
    return q


def years(value: object, name: str) -> np.ndarray:
    """Whole years that rise, each once."""
    t = _as_floats(value, name)
    _shaped(t, name, (1,), 1)
    with np.errstate(invalid="ignore"):
        bad = ~(np.abs(t) <= 1e6) | (t != np.round(t))
    if bad.any():
        raise _fault_at(name, t, bad, "whole years are needed")
    if (np.diff(t) <= 0).any():
        i = int(np.flatnonzero(np.diff(t) <= 0)[0]) + 1
        raise BadArgument(
            name, f"position {i} is {t[i]:g} after {t[i - 1]:g}; years must rise, each once", position=i, value=t[i]
        )
    return t


def flags(*, dimensions: int = 1, rule: str = "write true or false for each") -> Check:
    """True or false, one each; 1 and 0 or words are not taken for either."""

    def check(value: object, name: str) -> np.ndarray:
        array = _as_array(value, name)
        if array.dtype.kind == "O" and array.size and all(isinstance(v, bool | np.bool_) for v in array.flat):
            array = array.astype(bool)
        if array.dtype.kind != "b":
            raise BadArgument(
                name,
                f"it holds {shown(array.flat[0]) if array.size else 'nothing'}; {rule}",
                value=array.flat[0] if array.size else None,
            )
        if array.ndim != dimensions or not array.size:
            raise BadArgument(name, f"its shape is {array.shape}; {rule}")
        return array

    return check


def labels(rule: str = "every entry needs a name") -> Check:
    """Names of groups, one each: all text, or all numbers; none missing."""

    def check(value: object, name: str) -> np.ndarray:
        array = _as_array(value, name)
        if array.ndim != 1 or not array.size:
            raise BadArgument(name, f"{name} must be a list of names; its shape is {array.shape}")
        bad = pd.isna(array)
        if bad.any():
            raise BadArgument(
                name,
                f"row {int(np.flatnonzero(bad)[0])} names no school; {rule}",
                position=int(np.flatnonzero(bad)[0]),
                value=array[bad][0],
            )
        kinds = {
            "neither"
            if isinstance(v, int | float) and abs(v) > MOST_COUNT
            else "text"
            if isinstance(v, str)
            else "number"
            if isinstance(v, int | float | np.integer | np.floating | np.bool_)
            else "neither"
            for v in array
        }
        if kinds not in ({"text"}, {"number"}) or (array.dtype.kind == "f" and not np.isfinite(array).all()):
            strange = next(i for i, v in enumerate(array) if not isinstance(v, str) or kinds == {"text"})
            raise BadArgument(
                name,
                f"position {strange} is {shown(array[strange])}; names are all text or all numbers",
                position=strange,
                value=array[strange],
            )
        return array

    return check


# --- single values ----------------------------------------------------------------------------------------------------


def real(
    low: float = -LARGEST,
    high: float = LARGEST,
    *,
    above: bool = False,
    below: bool = False,
    rule: str = "",
    missing: bool = False,
) -> Check:
    """One number within bounds; `above` and `below` leave the bounds out,
    `missing` lets nan stand for a figure that is not printed."""
    needed = rule or f"it must lie {'above' if above else 'between'} {low:g} and {'below ' if below else ''}{high:g}"

    def check(value: object, name: str) -> float:
        values = _as_floats(value, name)
        if values.ndim:
            raise BadArgument(name, f"{name} must be one number; its shape is {values.shape}")
        number = float(values)
        if missing and math.isnan(number):
            return number
        if not low <= number <= high or (above and number == low) or (below and number == high):
            raise BadArgument(name, f"{name} is {shown(number)}; {needed}", value=number)
        if number and abs(number) < SMALLEST:
            raise BadArgument(name, f"{name} is {shown(number)}; write 0 for a figure below {SMALLEST:g}", value=number)
        return number

    return check


def whole(low: int = -MOST_COUNT, high: int = MOST_COUNT, *, rule: str = "") -> Check:
    """One whole number within bounds."""

    def check(value: object, name: str) -> int:
        needed = rule or f"a whole number from {low} to {high} is needed"
        if isinstance(value, int) and not isinstance(value, bool) and not low <= value <= high:
            raise BadArgument(name, f"{name} is {shown(value)}; {needed}", value=value)
        values = _as_floats(value, name)
        if values.ndim or not low <= values <= high or values != np.round(values):
            raise BadArgument(name, f"{name} is {shown(values[()])}; {needed}", value=value)
        return int(value) if isinstance(value, int) else int(values)

    return check


confidence = real(0, 1, above=True, below=True, rule="write 0.95 for 95 per cent")
draws = whole(1, MOST_DRAWS)
seed = whole(0, 2**64 - 1)
calendar_year = whole(-1_000_000, 1_000_000, rule="a year is a whole number")


def flag(value: object, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool | np.bool_):
        raise BadArgument(name, f"{name} is {shown(value)}; write true or false", value=value)
    return bool(value)


def one_of(*known: str) -> Check:
    """One of a few names."""
    way_out = f"use {known[0]!r} or {known[1]!r}" if len(known) == 2 else f"use one of {', '.join(known)}"

    def check(value: object, name: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise BadArgument(name, f"{name} is {shown(value)}, which is not known; {way_out}", value=value)
        return value

    return check


def text(value: object, name: str) -> str:
    """A name."""
    if not isinstance(value, str) or not value:
        raise BadArgument(name, f"{name} is {shown(value)}; a name is needed", value=value)
    return str(value)


def code(least: int) -> Check:
    """A code of digits, kept as text, with so many of them at least."""

    def check(value: object, name: str) -> str:
        if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) < least:
            raise BadArgument(
                name,
                f"{name} is {shown(value)}; a code of {least} digits or more, written as text, is needed",
                value=value,
            )
        return value

    return check


def names(*, empty: bool = False) -> Check:
    """A list of names, each once."""

    def check(value: object, name: str) -> list[str]:
        if not isinstance(value, list | tuple | np.ndarray | pd.Series | pd.Index):
            raise BadArgument(name, f"{name} is {_kind(value)}; a list of names is needed", value=value)
        shape = getattr(value, "shape", None) or (
            0 if isinstance(value, np.ndarray) and not value.ndim else len(value),
        )
        if len(shape) != 1 or shape[0] > 100_000 or getattr(value, "ndim", 1) != 1:
            raise BadArgument(
                name,
                f"{name} must be a plain list of names, not {_kind(value)} of shape {getattr(value, 'shape', shape)}",
            )
        found = list(value)
        for i, each in enumerate(found):
            if not isinstance(each, str) or not each:
                raise BadArgument(name, f"position {i} is {shown(each)}; a name is needed", position=i, value=each)
            if each in found[:i]:
                raise BadArgument(
                    name, f"position {i} is {shown(each)} once more; each name once", position=i, value=each
                )
        if not found and not empty:
            raise BadArgument(name, f"{name} is empty; one name or more is needed", value=value)
        return found

    return check


def unknown_or(check: Check) -> Check:
    """A column in which None, too, stands for what is not known."""

    def known(value: pd.Series, name: str) -> object:
        return check(value.astype(object).where(value.notna(), np.nan), name)

    return known


def anything(value: object, name: str) -> object:
    """What another check of the same argument looks at, which needs the others first."""
    return value


def generator(value: object, name: str) -> np.random.Generator:
    """A source of random numbers."""
    if not isinstance(value, np.random.Generator):
        raise BadArgument(name, f"{name} is {_kind(value)}; give numpy.random.default_rng(seed)", value=value)
    return value


def function(value: object, name: str) -> Callable:
    """Something that can be called."""
    if not callable(value):
        raise BadArgument(name, f"{name} is {_kind(value)}; a function is needed", value=value)
    return value


def each(check: Check, *, least: int = 1, most: int = 1000, key: Check | None = None) -> Check:
    """A dict (where `key` is given), or a list or tuple, of things that are checked one by one."""

    def of_list(value: object, name: str) -> list | tuple:
        if isinstance(value, np.ndarray | pd.Series | pd.Index) and value.ndim == 1 and value.size <= most:
            value = value.tolist()
        if not isinstance(value, list | tuple):
            raise BadArgument(name, f"{name} is {_kind(value)}; a list is needed", value=value)
        if not least <= len(value) <= most:
            raise BadArgument(name, f"{name} has {len(value)} entries; {least} to {most} are needed", value=len(value))
        found = [check(part, f"{name}[{i}]") for i, part in enumerate(value)]
        return tuple(found) if isinstance(value, tuple) else found

    def of_dict(value: object, name: str) -> dict:
        if not isinstance(value, dict) or not least <= len(value) <= most:
            raise BadArgument(
                name, f"{name} is {_kind(value)}; a dict with {least} to {most} entries is needed", value=value
            )
        assert key is not None
        return {key(k, f"a key of {name}"): check(part, f"{name}[{k!r}]") for k, part in value.items()}

    return of_list if key is None else of_dict


def together(*checks: Check) -> Check:
    """A tuple of fixed length, each part with its own check."""

    def check(value: object, name: str) -> tuple:
        if not isinstance(value, tuple | list) or len(value) != len(checks):
            raise BadArgument(name, f"{name} is {shown(value)}; {len(checks)} values are needed", value=value)
        return tuple(one(part, f"{name}[{i}]") for i, (one, part) in enumerate(zip(checks, value)))

    return check


# --- tables -----------------------------------------------------------------------------------------------------------


def frame(
    *, least: int = 0, unique: tuple[str, ...] = (), index: Check | None = None, **columns: Check | None
) -> Check:
    """A DataFrame that has certain columns, each with its own check (None: whatever stands there). It passes as given.

    Parameters
    ----------
    least : int
        smallest number of rows. A table without rows passes its columns' checks.
    unique : tuple of str
        columns that together name a row: none may come twice.
    index : callable
        check of the index, whose entries are then each there once.
    """

    def check(value: object, name: str) -> pd.DataFrame:
        if not isinstance(value, pd.DataFrame):
            raise BadArgument(name, f"{name} is {_kind(value)}; a DataFrame is needed", value=value)
        table: pd.DataFrame = value
        if table.size > MOST_CELLS:
            raise BadArgument(name, f"it has {table.size} cells; {MOST_CELLS} are the most")
        if not table.columns.is_unique:
            raise BadArgument(
                name,
                f"column {shown(table.columns[table.columns.duplicated()][0])} comes twice",
                value=table.columns[table.columns.duplicated()][0],
            )
        lacking = [c for c in columns if c not in table.columns]
        if lacking:
            raise _unknown_column(name, lacking, table)
        if len(table) < least:
            raise BadArgument(name, f"{name} has {len(table)} rows; {least} or more are needed")
        if len(table):
            for column, one in columns.items():
                if one is not None:
                    given = table[column]
                    clean = one(given, f"{name}[{column!r}]")
                    if given.dtype == object and isinstance(clean, np.ndarray) and clean.dtype.kind == "f":
                        table = table.assign(**{column: clean})  # numbers that came as objects
            if index is not None:
                index(table.index, f"{name}.index")
                if not table.index.is_unique:
                    raise BadArgument(
                        name,
                        f"row {shown(table.index[table.index.duplicated()][0])} comes twice",
                        value=table.index[table.index.duplicated()][0],
                    )
            keys = list(zip(*(table[column].tolist() for column in unique)))
            if len(set(keys)) < len(keys):
                i = next(i for i, one_key in enumerate(keys) if one_key in keys[:i])
                raise BadArgument(
                    name,
                    f"row {i} names {', '.join(shown(table[c].iloc[i]) for c in unique)} once more; each once",
                    position=i,
                )
        return table

    return check


def _unknown_column(name: str, lacking: list[str], value: pd.DataFrame) -> UnknownName:
    have = [str(c) for c in value.columns]
    near = [f"{c} (nearest: {found[0]})" if (found := get_close_matches(c, have, 1)) else c for c in lacking]
    return UnknownName(name, f"columns missing: {', '.join(near)}", value=lacking)


def design(value: object, name: str) -> pd.DataFrame:
    """A model matrix: a DataFrame of finite numbers, a row a case, a named column a coefficient."""
    if not isinstance(value, pd.DataFrame):
        raise BadArgument(name, f"{name} is {_kind(value)}; a DataFrame with named columns is needed", value=value)
    if value.shape[0] == 0 or value.shape[1] == 0 or value.shape[1] > 200:
        raise BadArgument(name, f"its shape is {value.shape}; one row and 1 to 200 columns are needed at least")
    if not value.columns.is_unique:
        raise BadArgument(name, f"column {shown(value.columns[value.columns.duplicated()][0])} comes twice")
    values = _as_floats(value, name)
    _within(values, name, -np.inf, np.inf, "", missing=False, tiny=False)
    return pd.DataFrame(values, index=value.index, columns=value.columns)


def filled(value: object, name: str) -> np.ndarray:
    """A column of names: text, none of them empty."""
    array = texts(value, name)
    for i, each_ in enumerate(array):
        if not each_:
            raise BadArgument(name, f"position {i} is empty; every row needs a name", position=i, value=each_)
    return array


def texts(value: object, name: str) -> np.ndarray:
    """A column of text, empty or not."""
    array = _as_array(value, name)
    bad = np.array([not isinstance(v, str) for v in array.flat], bool)
    if array.ndim != 1 or bad.any():
        place = int(np.flatnonzero(bad)[0]) if array.ndim == 1 else None
        raise BadArgument(
            name,
            f"its shape is {array.shape}; a list of texts is needed"
            if place is None
            else f"position {place} is {shown(array[place])}; text is needed",
            position=place,
        )
    return array


def series(check: Check, *, empty: bool = False, unique: bool = True) -> Check:
    """A Series whose values pass a check and (if `unique`) whose index names each entry once. It passes as given."""

    def of_series(value: object, name: str) -> pd.Series:
        if not isinstance(value, pd.Series):
            raise BadArgument(name, f"{name} is {_kind(value)}; a Series is needed", value=value)
        if unique and not value.index.is_unique:
            raise BadArgument(
                name,
                f"{shown(value.index[value.index.duplicated()][0])} comes twice in the index",
                value=value.index[value.index.duplicated()][0],
            )
        clean = check(value, name) if len(value) or not empty else None
        numeric = value.dtype == object and isinstance(clean, np.ndarray) and clean.dtype.kind == "f"
        return pd.Series(clean, index=value.index) if numeric else value  # numbers that came as objects

    return of_series


# --- relations --------------------------------------------------------------------------------------------------------


def same_shape(*arguments: str, of: str = "entries") -> Relation:
    """Arguments that belong together entry by entry."""

    def relation(given: dict[str, Any]) -> None:
        there = [name for name in arguments if given[name] is not None]
        first = np.shape(given[there[0]])
        for name in there[1:]:
            other = np.shape(given[name])
            if other != first:
                says = (first[0], other[0]) if len(first) == len(other) == 1 else (first, other)
                raise BadArgument(name, f"{there[0]} has {says[0]} {of}, {name} has {says[1]}", value=other)

    return relation


def same_rows(*arguments: str) -> Relation:
    """Arguments with one entry or row a case."""

    def relation(given: dict[str, Any]) -> None:
        there = [name for name in arguments if given[name] is not None]
        first = len(given[there[0]])
        for name in there[1:]:
            if len(given[name]) != first:
                raise BadArgument(
                    name, f"{name} has {len(given[name])} entries, the {there[0]} {first} rows", value=len(given[name])
                )

    return relation


def part_of(part: str, whole_: str) -> Relation:
    """Counts that are part of other counts, which are above zero."""

    def relation(given: dict[str, Any]) -> None:
        k, n = np.asarray(given[part], float), np.asarray(given[whole_], float)
        if k.shape != n.shape:
            raise BadArgument(
                part,
                f"{part} has shape {k.shape}, {whole_} {n.shape}; they must have one entry a stratum each",
                value=k.shape,
            )
        bad = (k > n) | (n <= 0)
        if bad.any():
            index = np.argwhere(bad)[0]
            place = _position(index) if k.ndim else None
            of = f"position {place} is " if k.ndim else "it is "
            raise BadArgument(
                part,
                f"{of}{shown(float(k[tuple(index)]))} of {shown(float(n[tuple(index)]))}; every entry needs 0 <= "
                f"{part} <= {whole_}, and {whole_} above zero",
                position=place,
                value=float(k[tuple(index)]),
            )

    return relation


def two_groups(first: str) -> Relation:
    """Both groups have a member."""

    def relation(given: dict[str, Any]) -> None:
        member = np.asarray(given[first])
        if not 0 < member.sum() < member.size:
            raise BadArgument(
                first,
                f"{int(member.sum())} of {member.size} are in the first group; two groups with a school each are "
                "needed",
                value=int(member.sum()),
            )

    return relation


def fits(draws_: str, *arguments: str) -> Relation:
    """Draws of all entries at once fit in memory."""

    def relation(given: dict[str, Any]) -> None:
        cells = given[draws_] * max(np.size(given[name]) for name in arguments)
        if cells > 10 * MOST_CELLS:
            raise BadArgument(
                draws_,
                f"{given[draws_]} draws of {cells // given[draws_]} entries do not fit in memory; "
                f"{10 * MOST_CELLS // (cells // given[draws_])} draws do",
                value=given[draws_],
            )

    return relation
