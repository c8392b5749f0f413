"""What is said when data are wrong: all faults at once, each with its place and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


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

    def __str__(self) -> str:
        place = [self.file]
        place += [f"{name} {value}" for name, value in (("table", self.table), ("row", self.row), ("column", self.column)) if value]
        cell = "" if self.printed is None else f", printed {self.printed!r}"
        return f"{', '.join(place)}{cell}: {self.wrong}. {self.remedy}."


class DataFault(Exception):
    """Raised once, with every problem found; nothing has been written."""

    def __init__(self, problems: Iterable[DataProblem]):
        self.problems = list(dict.fromkeys(problems))
        count = len(self.problems)
        super().__init__("\n".join([f"{count} problem{'s' * (count != 1)}; nothing was written.", *map(str, self.problems)]))


class Problems(list):
    """A list of problems that knows how to stop."""

    def add(self, file: str, wrong: str, remedy: str, **place: object) -> None:
        """Note one problem; `place` takes table, row, column and printed."""
        printed = place.pop("printed", None)
        self.append(
            DataProblem(
                file, wrong, remedy, **{k: str(v) for k, v in place.items()},
                printed=None if printed is None else str(printed),
            )
        )

    def stop(self) -> None:
        """Raise `DataFault` if anything was noted."""
        if self:
            raise DataFault(self)


def check_confidence(confidence: float) -> None:
    """A confidence is a share between 0 and 1: 0.95, not 95."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence:g}; write 0.95 for 95 per cent")
