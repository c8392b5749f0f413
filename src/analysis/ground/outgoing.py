"""What leaves in words or cells: nothing personal is repeated, nothing runs on for pages, nothing starts a formula.

Data (``data/``, the Parquet, the data package) keep what a source prints. Messages, lists of faults, marked copies and
half-run notebooks pass through `said` or `redacted`; tables that people open in a spreadsheet pass through `disarmed`.
"""

from __future__ import annotations

import csv
import io
import re
import reprlib
import unicodedata
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd  # messages are made where nothing needs pandas

TAKEN_OUT = "…"
LONGEST = 200  # characters of a cell in a message
_MARGIN = 200  # read beyond what is shown, so that no number is cut in two before it is seen

# one sign for every spelling: decimal digits of all scripts, Chinese numerals, full-width forms; invisible signs part
# nothing
_NUMERALS = {
    ord(sign): str(value)
    for value, signs in enumerate(("〇零", "一幺", "二", "三", "四", "五", "六", "七", "八", "九"))
    for sign in signs
}
_SPELT_OUT = re.compile(f"[{''.join(map(chr, _NUMERALS))}]{{7,}}")  # a name such as 张三 holds a numeral too
_GAP = r"[\s.·/_()\-‐-―−]{0,3}"
_MOBILE = rf"1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}"
_PERSONAL = re.compile(
    "|".join(
        f"(?:{pattern})"
        for pattern in (
            # mobile numbers, with or without the country's code; in any grouping if parted by single blanks or dashes,
            # unless years are parted
            rf"(?<!\d)(?<!\b0\.)(?:(?:\+|0{{0,2}})\(?86\)?{_GAP}|0)?{_MOBILE}(?!\d)(?:\.0+(?!\d))?",
            r"(?<!\d)(?<!\b0\.)(?!1[89]\d\d[ -](?:1[89]|20)\d\d(?!\d)|1[89]\d\d-[01]?\d-)"
            r"1[ -]?[3-9](?:[ -]?\d){9}(?![ -]?\d)",
            # as a number that a program prints: 1.39e+10, 13,912,345,678
            r"(?<![\d.])1\.[3-9]\d*e\+?0?10(?!\d)|(?<![\d.])8\.61[3-9]\d*e\+?0?12(?!\d)"
            r"|(?<![\d,])1[3-9](?:,\d{3}){3}(?![\d,]*\d)",
            # numbers of lines, at home and abroad
            r"(?<!\d)(?<!\b0\.)\(?0\d{2,3}\)?[\s\-‐-―−]{0,3}\d{3,4}[\s\-‐-―−]?\d{4}(?!\d)",
            r"(?<![0-9A-Za-z+)])(?:\+\d{1,3}|0086)(?:[\s()\-‐-―−]{0,2}\d){8,12}(?!\.?\d)",
            # identity numbers, of 18 and of 15 digits
            r"(?<!\d)\d{17}[\dX](?!\d)|(?<![\d.])[1-8]\.\d{2,}e\+?17(?!\d)",
            r"(?<!\d)[1-8]\d{5}[ -]?(?:1[89]|20)\d\d[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])"
            r"[ -]?\d{3}[ -]?[\dX](?!\d)",
            r"(?<![\d.])[1-8]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)",
            # e-mail addresses
            r"(?<![\w.+-])[\w.+-]{1,64}\s?(?:@|[\[(]at[\])])\s?[\w-]{1,64}(?:\s?[.。]\s?|[\[(]dot[\])])\w[\w.-]{0,64}",
        )
    ),
    re.I,
)
_CONTAINERS = (list, tuple, dict, set, frozenset)
_BRIEF = reprlib.Repr()
_BRIEF.maxlevel, _BRIEF.maxlist, _BRIEF.maxtuple, _BRIEF.maxdict, _BRIEF.maxset = 2, 20, 20, 20, 20
_BRIEF.maxstring = _BRIEF.maxother = LONGEST


def _plain_enough(text: str) -> bool:
    """Whether a text has too few numerals for a number and nothing of an address; most cells end here."""
    return sum(map(str.isnumeric, text)) < 4 and not any(sign in text for sign in "@＠﹫") and "at" not in text.lower()


def _folded(text: str) -> tuple[str, list[int]]:
    """The text in plain half-width signs, and for each of them its place in `text`."""
    signs: list[str] = []
    places: list[int] = []
    text = _SPELT_OUT.sub(lambda found: found[0].translate(_NUMERALS), text)
    for place, sign in enumerate(text):
        if unicodedata.category(sign) == "Cf":
            continue
        plain = unicodedata.normalize("NFKC", sign)
        plain = "".join(str(unicodedata.decimal(s)) if s.isdecimal() else s for s in plain)
        signs.append(plain)
        places += [place] * len(plain)
    return "".join(signs), places


def personal(text: str) -> bool:
    """Whether a text holds what looks like a telephone or identity number or an e-mail address, in any spelling.

    Examples
    --------
    >>> personal("１３９ 1234–5678"), personal("+86 (139) 1234 5678"), personal("1.39123e+10")
    (True, True, True)
    >>> personal("13912345"), personal("1990-2005 年")
    (False, False)
    """
    return not _plain_enough(text) and _PERSONAL.search(text if text.isascii() else _folded(text)[0]) is not None


def redacted(text: str) -> str:
    """The text with everything that looks personal taken out.

    Examples
    --------
    >>> redacted("教务处１３９12345678，2023年")
    '教务处…，2023年'
    """
    if _plain_enough(text):
        return text
    plain, places = (text, range(len(text))) if text.isascii() else _folded(text)
    kept, done = [], 0
    for found in _PERSONAL.finditer(plain):
        start, end = places[found.start()], places[found.end() - 1] + 1
        kept += [text[done:start], TAKEN_OUT]
        done = end
    return "".join([*kept, text[done:]])


def said(value: object, longest: int = LONGEST) -> str:
    """A value as a message may print it: nothing personal, and at most `longest` characters.

    Examples
    --------
    >>> said("x" * 9, longest=4), said(13912345678.0), said([1, [2]])
    ('xxxx…', '…', '[1, [2]]')
    """
    # nested containers may hold each other many times over; written out whole they would fill the memory
    text = value if isinstance(value, str) else _BRIEF.repr(value) if isinstance(value, _CONTAINERS) else str(value)
    if len(text) > longest + _MARGIN:
        text = text[: longest + _MARGIN]
    text = redacted(text)
    return text if len(text) <= longest else f"{text[:longest].removesuffix(TAKEN_OUT)}{TAKEN_OUT}"


_NUMBER = re.compile(r"-?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?%?", re.I)
_INVISIBLE = re.compile(r"^[\s\x00-\x1f\x7f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]+")


def disarmed(value: Any) -> Any:
    """A cell for a spreadsheet: text that it would run as a formula gets an apostrophe before it;
    numbers and other text stay as they are.

    Text runs if it begins with = + - or @, in half or full width, also behind blanks; a tab or line break in front
    moves the rest into a cell of its own. A negative number is a number. Source: OWASP, CSV Injection.

    Examples
    --------
    >>> disarmed("-1+cmd|' /C calc'!A0"), disarmed("-1.5"), disarmed(" ＝1"), disarmed(-2)
    ("'-1+cmd|' /C calc'!A0", '-1.5', "' ＝1", -2)
    """
    if not isinstance(value, str) or not value:
        return value
    text = _INVISIBLE.sub("", value)
    begins = unicodedata.normalize("NFKC", text[:1])
    armed = begins in {"=", "+", "-", "@"} and not _NUMBER.fullmatch(text)
    return f"'{value}" if armed or value[0] in "\t\r\n" else value


def csv_text(rows: Iterable[Iterable[Any]], cell: Callable[[Any], Any] = disarmed) -> str:
    """Rows as CSV, each value as `cell` gives it; lines end in a line feed."""
    buffer = io.StringIO()
    # this end makes the writer quote both signs: after a bare carriage return a spreadsheet begins a row
    writer = csv.writer(buffer, lineterminator="\r\n")
    lines = []
    for row in rows:
        writer.writerow(map(cell, row))
        lines.append(f"{buffer.getvalue()[:-2]}\n")
        buffer.seek(0)
        buffer.truncate()
    return "".join(lines)


def disarmed_csv(text: str) -> str:
    """A CSV file as people download it; cells that need nothing keep their bytes."""
    return csv_text(csv.reader(io.StringIO(text, newline="")))


def table_csv(frame: pd.DataFrame) -> str:
    """A table of results as CSV."""
    return disarmed_csv(frame.to_csv(index=False, lineterminator="\r\n"))


def data_csv(frame: pd.DataFrame) -> str:
    """A table of data as CSV: the true text, in cells that no line break in it can end."""
    printed = frame.to_csv(index=False, lineterminator="\r\n")
    return csv_text(csv.reader(io.StringIO(printed, newline="")), cell=str)
