"""Units as reports print them, and what turns a figure of one into another."""

from __future__ import annotations

import re
from decimal import Decimal

from analysis.ground.numerals import fold

_SCALES = {
    "十": 10,
    "百": 100,
    "千": 1_000,
    "万": 10_000,
    "十万": 100_000,
    "百万": 1_000_000,
    "千万": 10_000_000,
    "亿": 100_000_000,
}
_SCALED = re.compile("^(千万|百万|十万|亿|万|千|百|十)(?=.)")
_SAME = [  # measure words that count the same thing: one project is one item
    {"个", "项", "门", "所", "种", "类", "家", "本", "部", "套", "件", "处", "次", "场", "期", "支", "班"},
    {"人", "名", "位", "人数"},
    {"%", "百分比", "百分点"},
    {"平方米", "㎡", "m2", "平米"},
    {"册", "本"},
]
SHARE = "1"  # of one
_PER_HEAD = [{"元/生", "元/人", "元"}, {"个/生", "个"}]  # a head: the same, never in another scale
_FACTORS = {
    (SHARE, "%"): Decimal(100),
    ("‰", "%"): Decimal("0.1"),
    ("亩", "平方米"): Decimal(2000) / 3,
    ("公顷", "平方米"): Decimal(10_000),
}


def factor(printed: str, unit: str) -> Decimal | None:
    """What a figure in the printed unit is multiplied by to be in `unit`; None where the two measure different things.

    Examples
    --------
    >>> factor("元", "万元"), factor("千人", "人"), factor("项", "个"), factor("人次", "人")
    (Decimal('0.0001'), Decimal('1000'), Decimal('1'), None)
    """
    first, second = fold(printed), fold(unit)
    if first == second or any({first, second} <= group for group in _PER_HEAD):
        return Decimal(1)
    (scale, base), (into, target) = _parted(first), _parted(second)
    if base == target or any({base, target} <= group for group in _SAME):
        return Decimal(scale) / Decimal(into)
    direct = _FACTORS.get((base, target))
    return None if direct is None else direct * scale / into


def converted(value: float, printed: str, unit: str) -> float:
    """A figure of the printed unit in another, exact in its decimal digits.

    Raises
    ------
    ValueError
        where the two measure different things.

    Examples
    --------
    >>> converted(5.587, "千人", "人"), converted(65705100.0, "元", "万元")
    (5587.0, 6570.51)
    """
    by = factor(printed, unit)
    if by is None:
        raise ValueError(f"{printed} is no {unit}")
    return float(Decimal(repr(value)) * by)


_WORDS = {word for group in _SAME for word in group} | {
    "人次",
    "‰",
    "亩",
    "公顷",
    "学时",
    "课时",
    "元",
    "分",
    "篇",
    "份",
    "台",
    "间",
}


def says_unit(text: str) -> bool:
    """Whether a text in brackets is a unit by its words alone.

    Examples
    --------
    >>> says_unit("万元"), says_unit("人次"), says_unit("计划"), says_unit("元/生")
    (True, True, False, True)
    """
    return all(_parted(part)[1] in _WORDS or part == "生" for part in fold(text).split("/"))


def _parted(unit: str) -> tuple[int, str]:
    found = _SCALED.match(unit)
    return (_SCALES[found[1]], unit[len(found[1]) :]) if found else (1, unit)


def is_unit(text: str, known: set[str]) -> bool:
    """Whether a text in brackets is a unit: one that the dictionary counts in, or that converts to one."""
    return bool(fold(text)) and len(text) < 12 and any(factor(text, unit) is not None for unit in known)
