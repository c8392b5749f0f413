"""What a notebook publishes. Nothing else writes to ``results``."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import matplotlib.pyplot as plt
import pandas as pd
from IPython import get_ipython
from IPython.display import Image, display
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis import paths
from analysis.dictionary import label
from analysis.keys import key_of
from analysis.outgoing import table_csv
from analysis.present.style import PALETTE, check_glyphs, wrap

NOTES = {"zh": "范围：{scope}。单位：{units}。来源：{source}", "en": "Scope: {scope}. Unit: {units}. Source: {source}"}


def caption_note(language: str, scope: str, units: str, source: str) -> str:
    """The line below a figure or table."""
    return NOTES[language].format(scope=scope, units=units, source=source)


SIGNIFICANT = 8  # digits of published values: what another processor, or one thread more, computes differently lies beyond the tenth


def stable(value: float) -> float:
    """The value to the digits that every machine computes alike; whole numbers are exact.

    Examples
    --------
    >>> stable(0.12118397283), stable(1234567890.0), stable(12.499999999999998)
    (0.12118397, 1234567890.0, 12.5)
    """
    if math.isfinite(value) and value == round(value):
        return value
    return float(f"{value:.{SIGNIFICANT}g}")


def number_text(value: float | int | str, unit: str, digits: int, side: str = "") -> str:
    """A number as prose prints it: fixed decimals, thousands marks from five digits on, the per-cent sign attached.

    A `lower` bound is rounded down and an `upper` one up, so that what is printed holds the bounds.

    Examples
    --------
    >>> number_text(28536, "人", 0), number_text(89.016, "%", 2), number_text(-0.0001, "", 2)
    ('28,536', '89.02%', '0.00')
    >>> number_text(0.1973, "", 2, "lower"), number_text(0.1973, "", 2, "upper"), number_text(-2.465, "", 2, "lower")
    ('0.19', '0.20', '−2.47')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a number to print")
    rounded = round(value, digits) + 0.0
    if side and abs(value - rounded) > 1e-9 * max(1.0, abs(value)):
        exact = Decimal(f"{value:.12g}").quantize(Decimal(1).scaleb(-digits), ROUND_FLOOR if side == "lower" else ROUND_CEILING)
        rounded = float(exact) + 0.0
    text = f"{rounded:,.{digits}f}" if abs(value) >= 10_000 else f"{rounded:.{digits}f}"
    text = text.replace("-", "\u2212")
    return f"{text}%" if unit == "%" else text


def input_keys(frame: pd.DataFrame) -> list[str]:
    """Keys of the rows a number was computed from, each with the cell as printed."""
    return [key_of(row) for row in frame.to_dict("records")]


@dataclass
class Results:
    """Numbers, figures and tables of one notebook.

    Parameters
    ----------
    name : str
        the notebook's section of ``params.yaml`` (``fit``); published names begin with it.
    language : {"zh", "en"}
        of figures, captions and table heads.
    values : {"corrected", "printed"}
        whether declared corrections went into the numbers.
    """

    name: str
    language: str
    values: str = "corrected"
    numbers: dict = field(default_factory=dict)
    figures: dict = field(default_factory=dict)
    tables: dict = field(default_factory=dict)

    def number(self, name: str, value: float | int | str, unit: str, *, digits: int = 0, formula: str, inputs: pd.DataFrame | list[str], headline: bool = False, values: str = "", as_printed: str = "") -> None:
        """Publish one number under a name that prose can bind to.

        Parameters
        ----------
        formula : str
            how it was computed, in words or symbols.
        inputs : DataFrame or list of str
            the rows it was computed from (observations, facts, figures, records), or the names of other published numbers.
        headline : bool
            whether ``dvc metrics show`` lists it.
        values : {"", "corrected", "printed"}
            "printed" for a number that says what a source prints, whatever the notebook computes with.
        as_printed : str
            name of the number that says the same from printed figures; a report that shows a number which a correction has
            changed must show that one too.
        """
        if name in self.numbers:
            raise ValueError(f"the number {name!r} is published twice; names are unique")
        value = value.item() if hasattr(value, "item") else value
        keys = inputs if isinstance(inputs, list) else input_keys(inputs)
        if not keys:
            raise ValueError(f"the number {name!r} has no inputs; say where it comes from")
        value = stable(value) if isinstance(value, float) else value
        self.numbers[name] = {"value": value, "unit": unit, "text": number_text(value, unit, digits, next((side for side in ("lower", "upper") if name.endswith(f"_{side}")), "")), "origin": {"notebook": self.name, "formula": formula, "inputs": keys, "values": values or self.values}, "headline": headline} | ({"as_printed": as_printed} if as_printed else {})

    def numbers_of(self, frame: pd.DataFrame, name: str, columns: dict[str, str], unit: str, *, scale: float = 1, digits: int | str = 0, formula: str, inputs: pd.DataFrame | list[str] | Callable[[dict], pd.DataFrame | list[str] | dict], headline: bool = False, values: str = "", as_printed: str = "") -> None:
        """Publish columns of a table row by row.

        Parameters
        ----------
        name : str
            pattern filled from the row: ``"fit_share_{sector}"``.
        columns : dict
            column → ending of the name (``{"lower": "_lower"}``); missing values are passed over.
        scale : float
            factor before printing (100 turns shares into per cent).
        digits : int or str
            decimals, or the column that holds them.
        inputs : DataFrame, list of str or callable
            a callable gets the row and returns the rows, or keys, its numbers come from, or a dict of them by column.
        values, as_printed : str
            see `number`; `formula` and `as_printed` are filled from the row.
        """
        for row in frame.to_dict("records"):
            own = inputs(row) if callable(inputs) else inputs
            of_column = own if isinstance(own, dict) else dict.fromkeys(columns, own)
            for column, ending in columns.items():
                value = row[column]
                keys = of_column[column] if isinstance(of_column[column], list) else input_keys(of_column[column])
                if not pd.isna(value) and not (isinstance(value, float) and math.isinf(value)):
                    self.number(name.format(**row) + ending, value if isinstance(value, str) else value * scale, unit, digits=row[digits] if isinstance(digits, str) else digits, formula=formula.format(**row), inputs=keys, headline=headline, values=values, as_printed=as_printed.format(**row))

    def choose(self, zh: str, en: str) -> str:
        """The text in the language of this notebook."""
        return zh if self.language == "zh" else en

    def join(self, words: Iterable[str]) -> str:
        """Words in a row, parted as the language of this notebook does."""
        return self.choose("、", ", ").join(words)

    def save_figure(self, figure: Figure, name: str, *, title: str, scope: str, units: str, source: str, alt: str) -> None:
        """Draw title, scope and source, check every character, and write SVG and PNG with stable bytes."""
        self._new(name, self.figures)
        note = caption_note(self.language, scope, units, source)
        width = figure.get_size_inches()[0]
        figure.suptitle("\n".join(wrap(title, int(width * 11.6))), x=0.01, ha="left", fontsize=11.5, fontweight="normal", color=PALETTE["black"])
        figure.supxlabel("\n".join(wrap(note, int(width * 17.5))), x=0.01, ha="left", fontsize=7.2, color=PALETTE["grey"])
        for text in figure.findobj(Text):
            check_glyphs(text.get_text().replace("$", ""))
        figure.canvas.draw()
        figure.set_layout_engine("none")  # laid out once, drawn twice
        for suffix, metadata in (("svg", {"Date": None, "Creator": None}), ("png", {"Software": None})):
            figure.savefig(paths.out(paths.RESULTS / "figures" / f"{name}.{suffix}"), metadata=metadata)
        self.figures[name] = {"title": title, "scope": scope, "units": units, "source": source, "alt": alt, "language": self.language}
        plt.close(figure)
        if get_ipython():
            # the saved picture itself: what a reviewer sees in the notebook is what the report prints
            display(Image(paths.out(paths.RESULTS / "figures" / f"{name}.png").read_bytes(), width=round(100 * width), alt=alt))

    def save_table(self, table: pd.DataFrame, name: str, *, title: str, scope: str, units: str, source: str, digits: dict[str, int] | int = 2) -> pd.DataFrame:
        """Write a table as CSV with its caption, and return what was written.

        Column codes become the words of ``data/labels.yaml`` in the notebook's language; numbers are rounded to `digits`
        (one number, or one a column); true and false become yes and no.
        """
        self._new(name, self.tables)
        shown = table.copy()
        for column in shown.columns:
            if pd.api.types.is_bool_dtype(shown[column]):
                shown[column] = shown[column].map({True: label("yes", self.language), False: label("no", self.language)})
            elif pd.api.types.is_float_dtype(shown[column]):
                places = digits if isinstance(digits, int) else digits.get(column, 2)
                shown[column] = [None if pd.isna(v) else f"{round(stable(v), places) + 0.0:.{places}f}" for v in shown[column]]
            elif pd.api.types.is_extension_array_dtype(shown[column]) and pd.api.types.is_integer_dtype(shown[column]):
                shown[column] = shown[column].astype(object).where(table[column].notna().to_numpy(), None)
        shown.columns = [label(column, self.language) for column in shown.columns]
        paths.out(paths.RESULTS / "tables" / f"{name}.csv").write_text(table_csv(shown), encoding="utf-8", newline="\n")
        self.tables[name] = {"title": title, "scope": scope, "units": units, "source": source, "language": self.language}
        return shown.fillna("")

    def close(self) -> str:
        """Write the ledger of the notebook; without it nothing of the notebook reaches the report."""
        ledger = {"numbers": self.numbers, "figures": self.figures, "tables": self.tables}
        text = json.dumps(ledger, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
        paths.out(paths.LEDGERS / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")
        return f"{len(self.numbers)} numbers, {len(self.figures)} figures, {len(self.tables)} tables"

    def _new(self, name: str, kept: dict) -> None:
        if not name.startswith(f"{self.name}_"):
            raise ValueError(f"{name!r} must begin with {self.name!r}_, the notebook that makes it")
        if name in kept:
            raise ValueError(f"{name!r} is saved twice; names are unique")
