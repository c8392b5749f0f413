"""Numbers as sources print them."""

from __future__ import annotations

import math
import re
import unicodedata

MISSING_MARKS = frozenset({"", "-", "--", "---", "—", "——", "/"})
LONGEST_CELL = 2000  # characters; nothing that is printed in a cell is longer
DIGITS, LARGEST = 15, 1e11  # of a number: a float holds no more, and nothing that is counted here is larger
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u2060"))
# [0-9] throughout: \d also takes the digits of other scripts
_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([ ][0-9]{3})+(\.[0-9]+)?")
_FOOTNOTE = re.compile(r"(\*+|\[[0-9*]{1,2}\])+")
_SCALES = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000, "million": 1_000_000}
_NUMERAL = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?)\s*([千万亿])?")


class NotANumber(ValueError):
    """A cell that is neither a number nor a known sign for a missing value."""


def _is_mark(character: str) -> bool:
    """A raised, lowered or circled figure: a mark of a footnote, never a digit of the number before it."""
    return unicodedata.category(character) == "No"


def _half_width(raw: str) -> str:
    """NFKC, but for marks: it would make ``5587①`` 55871."""
    text = "".join(c if _is_mark(c) else unicodedata.normalize("NFKC", c) for c in raw)
    return text.translate(_INVISIBLE).replace("\u2212", "-")


def normalise(raw: str) -> str:
    """The cell without blanks and invisible characters, in half-width forms (NFKC), with a plain minus sign;
    marks stay marks."""
    return re.sub(r"\s+", "", _half_width(raw))


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
        with the reason, for everything else. Nothing is guessed: marks of footnotes are set aside,
        a blank is accepted only where it parts thousands.

    Examples
    --------
    >>> parse_number("１，２３４．５"), parse_number("93.90%", "%"), parse_number("——")
    (1234.5, 93.9, None)
    """
    if len(raw) > LONGEST_CELL:
        raise NotANumber(f"{len(raw):,} characters are no number")
    if is_missing(raw):
        return None
    text = _without_marks(_half_width(raw).strip())
    if unit == "%" and text.endswith("%"):
        text = text[:-1].rstrip()
    plain = (
        text.replace(",", "")
        if _THOUSANDS.fullmatch(text)
        else text.replace(" ", "")
        if _GROUPED.fullmatch(text)
        else text
    )
    if _PLAIN.fullmatch(plain):
        if len(plain.replace(".", "").lstrip("+-0")) > DIGITS or abs(float(plain)) >= LARGEST:
            raise NotANumber("so many digits are no figure; large amounts are printed in 万 or 亿")
        return float(plain) + 0.0  # -0 is 0
    if re.search(r"[0-9]\s+[0-9]", text) and re.fullmatch(r"[0-9.,\s]+", text):
        raise NotANumber("a blank or line break that parts no thousands")
    if re.fullmatch(r"[0-9.,]+", text) and "," in text:
        raise NotANumber("a comma that parts no thousands")
    raise NotANumber("not a number")


def _without_marks(text: str) -> str:
    """The cell without the marks of footnotes at its end (``5587①``, ``96.19²``, ``12*``, ``12[1]``)."""
    bare = text
    while bare and _is_mark(bare[-1]):
        bare = bare[:-1].rstrip()
    if found := _FOOTNOTE.search(bare):
        bare = bare[: found.start()].rstrip() if found.end() == len(bare) else bare
    return bare


def check_kind(value: float, kind: str) -> None:
    """Refuse a value that an indicator of this kind cannot have.

    Raises
    ------
    NotANumber
        for a count or a rank that is not whole: there are no 5.597 persons.
    """
    if kind in {"count", "rank"} and value != int(value):
        raise NotANumber("a count is a whole number")


def check_scale(values: list[float]) -> list[int]:
    """Positions of shares of one in a column of percentages: 0.9453 among figures of 60 to 100.

    A column tells when there are at least three others and all of them are above 10.
    """
    found = []
    for position, value in enumerate(values):
        others = values[:position] + values[position + 1 :]
        if 0 < value <= 1 and len(others) >= 3 and min(others) > 10:
            found.append(position)
    return found


_CHINESE = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9)))
_ENGLISH = dict(zip(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], range(1, 11)))
_NONE, _ALL = re.compile("没有|空缺|持平"), re.compile("全部")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}(?=年| +[A-Za-z])")
_ARABIC = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?)[余多]?\s*([百千万亿]|million)?")
# a numeral that no measure follows belongs to a name
_CHINESE_NUMERAL = re.compile(
    "第?[零〇一二两三四五六七八九十百千万亿]+(天半)?(?=[个大次项所门节名人场批层阶年天期届家种类位条支份余多几]|$)"
)


def _chinese(numeral: str) -> float:
    """Value of a Chinese numeral.

    Examples
    --------
    >>> _chinese("十六"), _chinese("两"), _chinese("千亿")
    (16.0, 2.0, 100000000000.0)
    """
    total, section, digit = 0.0, 0.0, None
    for character in numeral:
        if character in _CHINESE:
            digit = _CHINESE[character]
        elif character in "十百千":
            section += (1 if digit is None else digit) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = None
        else:
            total = (total + section + (digit or 0) or 1) * _SCALES[character]
            section, digit = 0.0, None
    return total + section + (digit or 0)


def readings(raw: str, unit: str = "") -> set[float]:
    """Values that the numerals of a figure of prose may stand for, in `unit`; empty where it has none.

    Numerals may be Arabic with a scale (``3.4万人``), Chinese (``十六``) or English words; grades (``二等``), years
    (``2011年``) and parts of names are none, and an ordinal (``第三届``) may also stand for one event.

    Examples
    --------
    >>> sorted(readings("3.4万人", "人")), sorted(readings("2999.07万元", "万元")), sorted(readings("若干", "人"))
    ([34000.0], [2999.07], [])
    """
    text = _YEAR.sub(" ", _half_width(raw))
    own = next((size for name, size in _SCALES.items() if unit.startswith(name)), 1)
    found = {0.0} if _NONE.search(text) else {100.0} if unit == "%" and _ALL.search(text) else set()
    for numeral, scale in _ARABIC.findall(text):
        if len(numeral) <= DIGITS + 5:
            found.add(float(numeral.replace(",", "")) * (_SCALES[scale] / own if scale else 1))
    for match in _CHINESE_NUMERAL.finditer(_ARABIC.sub(" ", text)):
        numeral = match[0].removeprefix("第").removesuffix("天半")
        found.add(_chinese(numeral) + (0.5 if match[1] else 0.0))
        found |= {1.0} if match[0].startswith("第") else set()
    for word in re.findall("[a-z]+", text.lower()):
        found |= {float(_ENGLISH[word])} if word in _ENGLISH else set()
    return found | ({10_000.0} if text.lower().startswith("tens of thous") else set())


def follows(value: float, raw: str, unit: str, listed: bool) -> bool:
    """Whether the value of a figure of prose is what is printed.

    Parameters
    ----------
    listed : bool
        whether the figure counts what the text names: such a one, and a single event, needs no numeral.
    """
    read = readings(raw, unit)
    if not read:
        return value in {0.0, 1.0} or listed and value == int(value) and 0 <= value < 10
    return any(math.isclose(abs(value), one, rel_tol=1e-9) for one in read)


def printed_decimals(raw: str) -> int:
    """Digits printed after the decimal point."""
    text = normalise(raw).rstrip("%")
    return len(text.partition(".")[2])


def rounding_box(raw: str, value: float, qualifier: str = "exact", whole_scale_digits: int = 0) -> tuple[float, float]:
    """The interval of true values that would be printed like this.

    A figure printed in 千, 万 or 亿 ("3.4万") stands for half a unit of its last printed digit on either side; a plain
    whole number stands for itself. `over` and `at_least` open the interval upwards, `nearly` and `at_most` downwards to
    zero; `about` says no more than that a figure is rounded, and is read so.

    Parameters
    ----------
    raw : str
        the numeral as printed, with its scale ("3.4万人").
    value : float
        its value in base units.
    qualifier : str
        exact, about, over, nearly, at_least, at_most, planned or derived.
    whole_scale_digits : int
        decimals credited to a figure printed without any before its scale ("2万"): 0 as printed, 1 if the neighbours of
        the figure are printed with one decimal.

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


def fold(text: str) -> str:
    """Header text for comparison: NFKC, no blanks (columns break header cells anywhere); marks of footnotes stay."""
    return re.sub(r"\s+", "", "".join(c if _is_mark(c) else unicodedata.normalize("NFKC", c) for c in text))
