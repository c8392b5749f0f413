"""Numbers as sources print them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.ground.numerals import (
    MISSING_MARKS,
    NotANumber,
    is_missing,
    normalise,
    parse_number,
    printed_decimals,
    rounding_box,
)


@pytest.mark.parametrize(
    ("raw", "unit", "value"),
    [
        ("１２３", "", 123.0),
        ("1,234", "", 1234.0),
        ("1，234，567．8", "", 1234567.8),
        (" 12 345 ", "", 12345.0),
        ("93.90%", "%", 93.9),
        ("93.90％", "%", 93.9),
        ("\u200b7", "", 7.0),
        ("−3.5", "", -3.5),
        ("-3.5", "", -3.5),
        ("0.00", "", 0.0),
    ],
)
def test_reads_what_is_printed(raw, unit, value):
    assert parse_number(raw, unit) == value


@pytest.mark.parametrize("raw", [*sorted(MISSING_MARKS), " --- ", "—— ", "－"])
def test_missing_marks_are_missing_not_zero(raw):
    assert is_missing(raw)
    assert parse_number(raw) is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("576，47", "parts no thousands"),
        ("12,34", "parts no thousands"),
        ("约12", "not a number"),
        ("1.2.3", "not a number"),
        ("93%", "not a number"),
        ("12人", "not a number"),
        ("nan", "not a number"),
        ("1e5", "not a number"),
    ],
)
def test_refuses_to_guess(raw, reason):
    with pytest.raises(NotANumber, match=reason):
        parse_number(raw)


@given(st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False))
def test_thousands_marks_and_full_width_digits_do_not_change_the_value(number):
    plain = f"{number:f}"
    marked = f"{number:,f}"
    wide = marked.translate(str.maketrans("0123456789.,", "０１２３４５６７８９．，"))
    assert parse_number(plain) == parse_number(marked) == parse_number(wide) == float(number)


@given(st.text(max_size=12))
def test_never_returns_something_that_is_no_number(text):
    try:
        value = parse_number(text)
    except NotANumber:
        return
    assert value is None or math.isfinite(value)
    assert (value is None) == (normalise(text) in MISSING_MARKS)


@pytest.mark.parametrize(("raw", "decimals"), [("93.90", 2), ("12", 0), ("１．５", 1), ("4.860%", 3)])
def test_printed_decimals(raw, decimals):
    assert printed_decimals(raw) == decimals


@pytest.mark.parametrize(
    ("raw", "value", "qualifier", "digits", "box"),
    [
        ("3.4万", 34000, "exact", 0, (33500, 34500)),
        ("2万人", 20000, "exact", 0, (15000, 25000)),
        ("2万人", 20000, "exact", 1, (19500, 20500)),
        ("5510人", 5510, "exact", 0, (5510, 5510)),
        ("近20000人次", 20000, "nearly", 0, (0, 20000)),
        ("超750家", 750, "over", 0, (750, math.inf)),
        ("2999.07万元", 2999.07, "exact", 0, (2999.065, 2999.075)),
        ("约1.9万人", 19000, "about", 0, (18500, 19500)),
    ],
)
def test_rounding_box(raw, value, qualifier, digits, box):
    assert rounding_box(raw, value, qualifier, digits) == pytest.approx(box)


@given(st.integers(min_value=1, max_value=10**7), st.integers(min_value=0, max_value=3))
def test_the_box_of_a_rounded_figure_holds_the_true_value(true, decimals):
    printed = f"{round(true / 10_000, decimals):.{decimals}f}"
    low, high = rounding_box(f"{printed}万", float(printed) * 10_000)
    assert low - 1e-6 <= true <= high + 1e-6
