"""Numbers as sources print them."""

from __future__ import annotations

import math
import re
import unicodedata

MISSING_MARKS = frozenset({"", "-", "--", "---", "—", "——", "/"})
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u2060"))
_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_SCALES = {"千": 1_000, "万": 10_000, "亿": 100_000_000}
_NUMERAL = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*([千万亿])?")


class NotANumber(ValueError):
    """A cell that is neither a number nor a known sign for a missing value."""


def normalise(raw: str) -> str:
    """The cell without blanks and invisible characters, in half-width forms (NFKC), with a plain minus sign."""
    text = unicodedata.normalize("NFKC", raw).translate(_INVISIBLE)
    return re.sub(r"\s+", "", text).replace("\u2212", "-")


def is_missing(raw: str) -> bool:
    """Whether the cell holds one of the signs that stand for no value."""
    return normalise(raw) in MISSING_MARKS


def parse_number(raw: str, unit: str = "") -> float | None:
    """Read one printed cell.

    Parameters
    ----------
    raw : str
        the cell as printed.
    unit : str
        unit of the column; only a ``%`` column may print a percent sign.

    Returns
    -------
    float or None
        the value in the printed unit; None for a missing-value mark.

    Raises
    ------
    NotANumber
        with the reason, for everything else. Nothing is guessed.

    Examples
    --------
    >>> parse_number("１，２３４．５"), parse_number("93.90%", "%"), parse_number("——")
    (1234.5, 93.9, None)
    """
    text = normalise(raw)
    if text in MISSING_MARKS:
        return None
    if unit == "%" and text.endswith("%"):
        text = text[:-1]
    if _PLAIN.fullmatch(text):
        return float(text)
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    if re.fullmatch(r"[\d.,]+", text) and "," in text:
        raise NotANumber("a comma that parts no thousands")
    raise NotANumber("not a number")


def printed_decimals(raw: str) -> int:
    """Digits printed after the decimal point."""
    text = normalise(raw).rstrip("%")
    return len(text.partition(".")[2])


def rounding_box(raw: str, value: float, qualifier: str = "exact", whole_scale_digits: int = 0) -> tuple[float, float]:
    """The interval of true values that would be printed like this.

    A figure printed in 千, 万 or 亿 ("3.4万") stands for half a unit of its last printed digit on either side; a plain whole
    number stands for itself. `over` and `at_least` open the interval upwards, `nearly` and `at_most` downwards to zero;
    `about` says no more than that a figure is rounded, and is read so.

    Parameters
    ----------
    raw : str
        the numeral as printed, with its scale ("3.4万人").
    value : float
        its value in base units.
    qualifier : str
        exact, about, over, nearly, at_least, at_most, planned or derived.
    whole_scale_digits : int
        decimals credited to a figure printed without any before its scale ("2万"): 0 as printed, 1 if the neighbours of the
        figure are printed with one decimal.

    Returns
    -------
    (float, float)
        lower and upper bound, both in base units; ``inf`` where open.

    Examples
    --------
    >>> rounding_box("3.4万", 34000)
    (33500.0, 34500.0)
    >>> rounding_box("5510人", 5510)
    (5510.0, 5510.0)
    """
    half = 0.0
    match = _NUMERAL.search(normalise(raw))
    if match:
        numeral, scale = match.groups()
        decimals = len(numeral.partition(".")[2])
        if scale and math.isclose(float(numeral.replace(",", "")) * _SCALES[scale], value):
            half = _SCALES[scale] * 10.0 ** -(decimals or whole_scale_digits) / 2
        elif decimals:
            half = 10.0**-decimals / 2
    lower, upper = value - half, value + half
    if qualifier in {"over", "at_least"}:
        return float(value), float("inf")
    if qualifier in {"nearly", "at_most"}:
        return 0.0, float(value)
    return float(lower), float(upper)
