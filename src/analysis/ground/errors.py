"""What is said when data are wrong: all faults at once, each with its place and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from analysis.ground.messages import ORIGINAL, language, say_fault, say_problem
from analysis.ground.outgoing import said

MESSAGE = 2_000  # characters of what is wrong or of the way out; a cell has fewer


@dataclass(frozen=True, order=True)
class DataProblem:
    """One fault: where it is, what is printed there, what is wrong, and the way out."""

    file: str
    wrong: str
    remedy: str
    table: str = ""
    row: str = ""
    column: str = ""
    printed: str | None = None

    def __post_init__(self):
        # every message passes here: nothing personal is repeated, nothing runs on for pages
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if value is not None:
                text = said(value, MESSAGE) if name in {"file", "wrong", "remedy"} else said(value)
                object.__setattr__(
                    self, name, " ".join(text.split()) if name in {"table", "row", "column"} else text
                )  # a place stands on one line

    def __str__(self) -> str:
        """The problem in the language of messages (`analysis.ground.messages`)."""
        shown = language()
        return self.in_english() if shown == ORIGINAL else say_problem(self, shown)

    def in_english(self) -> str:
        """The problem as the code says it."""
        place = [self.file]
        place += [
            f"{name} {value}"
            for name, value in (("table", self.table), ("row", self.row), ("column", self.column))
            if value
        ]
        cell = "" if self.printed is None else f", printed {self.printed!r}"
        return f"{', '.join(place)}{cell}: {self.wrong}. {self.remedy}."


class DataFault(Exception):
    """Raised once, with every problem found; nothing has been written."""

    def __init__(self, problems: Iterable[DataProblem]):
        self.problems = list(dict.fromkeys(problems))
        count = len(self.problems)
        super().__init__(
            "\n".join(
                [
                    f"{count} problem{'s' * (count != 1)}; nothing was written.",
                    *(problem.in_english() for problem in self.problems),
                ]
            )
        )

    def __str__(self) -> str:
        shown = language()
        return super().__str__() if shown == ORIGINAL else say_fault(self.problems, shown)


class Problems(list):
    """A list of problems that knows how to stop."""

    def add(self, file: str, wrong: str, remedy: str, **place: Any) -> None:
        """Note one problem; `place` takes table, row, column and printed."""
        self.append(DataProblem(file, wrong, remedy, **place))

    def stop(self) -> None:
        """Raise `DataFault` if anything was noted."""
        if self:
            raise DataFault(self)


def nearest(name: str, known: Iterable[str], least: float = 0.6) -> str:
    """`` (nearest known: 'x')`` for messages, empty if nothing is near."""
    near = difflib.get_close_matches(name[:100], list(known), 1, least)
    return f" (nearest known: {near[0]!r})" if near else ""


class Refused(ValueError):
    """A method has no honest answer for these figures; the message says why. Faulty input is a `BadArgument`."""

    kind = "refused"  # how tables name the reason in their language: refused_<kind> of data/labels.yaml


class Separated(Refused):
    """Rates of 0 or 1 on one side of a design: a coefficient of a logit is not finite."""

    kind = "separated"


class BadArgument(ValueError):
    """An argument that a function of the mathematics cannot take.

    Attributes
    ----------
    argument : str
    wrong : str
        what is wrong, with the place, the value and the way out.
    function : str
        filled in by the door of the function (`analysis.ground.arrays.takes`).
    position : int or tuple of int, optional
        of the first faulty entry.
    value : object
        what stands there, or the argument itself.
    """

    def __init__(
        self, argument: str, wrong: str, *, position: int | tuple[int, ...] | None = None, value: object = None
    ):
        super().__init__(argument, wrong)
        self.argument, self.wrong, self.position, self.value = argument, wrong, position, value
        self.function = ""
        self.further: list[BadArgument] = []  # faults of other arguments of the same call

    def __str__(self) -> str:
        own = f"{self.function or 'a function'}, argument {self.argument}: {self.wrong}"
        return "\n".join([own, *map(str, self.further)])


class UnknownName(BadArgument, KeyError):
    """A name (of a column, place, year, method …) that the data or the project do not have."""
