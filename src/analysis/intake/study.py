"""A document being read: what is known, what was asked and answered, and what its tables have come to say."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pypinyin import lazy_pinyin

from analysis.ground.numerals import fold
from analysis.ground.outgoing import disarmed, said
from analysis.intake.grid import Document
from analysis.intake.known import Known, KnownTable
from analysis.intake.shape import Line, Shape
from analysis.intake.words import number

YES, NO = "yes", "no"
AFFIRMED, REFUSED = {YES, "y", "是"}, {NO, "n", "否"}  # as people write them
# of questions, in their order
KINDS = ("place", "report", "table", "row", "tail", "head", "year", "unit", "name", "cell")
Key = tuple[str, str, str]
SHOWN = 200  # characters of what is printed, in a question
LEAST = 0.45  # likeness below which nothing known is proposed


@dataclass(frozen=True)
class Question:
    """Something a person confirms.

    Attributes
    ----------
    kind : str
        one of `KINDS`.
    where : str
        the tables it is about; part of its key but for names, which mean one thing everywhere.
    proposed : str
        what ``yes`` stands for: a code, ``new:code:…``, a year, or ``no``.
    """

    kind: str
    where: str
    printed: str
    proposed: str
    score: float
    evidence: str

    @property
    def key(self) -> Key:
        return self.kind, "" if self.kind in {"place", "name", "report"} else self.where, fold(self.printed)


@dataclass(frozen=True)
class ReadColumn:
    """A column in the workspace's terms; `role` is "" while it is not known."""

    path: tuple[str, ...]
    role: str
    indicator: str = ""
    year: int = 0
    name: str = ""
    unit: str = ""  # printed, where it is another than the indicator's
    factor: Decimal = Decimal(1)  # from that unit to the indicator's
    fill: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure that enters: whose it is (empty if nobody is known), as it is printed, and in the indicator's unit."""

    entity: str
    column: ReadColumn
    raw: str
    value: float | None


@dataclass
class ReadTable:
    """A table and what is known of it.

    Attributes
    ----------
    entities : dict of str to str
        folded printed name → code.
    left_out : str
        why the table does not enter; empty if it does.
    rule : str
        of the closing row: sum or mean; empty without one.
    decided : list of dict
        cells that are no figures, and what a person reads there.
    """

    table_id: str
    name: str
    title: str
    shape: Shape
    known: KnownTable | None
    columns: list[ReadColumn] = field(default_factory=list)
    entities: dict[str, str] = field(default_factory=dict)
    left_out: str = ""
    refused: bool = False  # a person does not want it
    rule: str = ""
    closing_entity: str = ""
    decided: list[dict] = field(default_factory=list)

    def entity_column(self) -> int | None:
        return next((i for i, c in enumerate(self.columns) if c.role == "entity"), None)

    def has(self, role: str) -> bool:
        return any(c.role == role for c in self.columns)

    def entering(self) -> list[Line]:
        """Rows that are written: records and the closing row."""
        return [line for line in self.shape.lines if line.kind == "record" or line.kind == "closing" and self.rule]

    def whose(self, line: Line, place: str) -> str:
        """Code of the entity that a row is about, empty while it is not known."""
        if line.kind == "closing":
            return self.closing_entity or place
        at = self.entity_column()
        return place if at is None else self.entities.get(fold(line.cells[at]), "")

    def figures(self, place: str) -> Iterator[Figure]:
        """Cells of figures, row by row; none of a table that is left out."""
        for line in () if self.left_out else self.entering():
            entity = self.whose(line, place)
            for column, text in zip(self.columns, line.cells, strict=True):
                if column.role == "value" and (entity or text.strip()):  # a row that goes on has neither
                    value = number(text)
                    if value is not None:
                        value = float(Decimal(repr(value)) * column.factor)
                    yield Figure(entity, column, text, value)

    def cells(self, place: str) -> int:
        """How many figures enter."""
        return sum(bool(figure.raw.strip()) for figure in self.figures(place))


@dataclass
class Reading:
    """A document read.

    Attributes
    ----------
    captions_alone : list of (str, str)
        captions that no table follows, and their places.
    new_entities, new_indicators : dict
        entries for ``entities.yaml`` and ``dictionary.yaml``, by code.
    wrong : mapping
        answers that are none, by the key of their question.
    """

    document: Document
    year: int
    place: str
    tables: list[ReadTable]
    questions: list[Question]
    captions_alone: list[tuple[str, str]]
    new_entities: dict[str, dict] = field(default_factory=dict)
    new_indicators: dict[str, dict] = field(default_factory=dict)
    answers: Mapping[Key, str] = field(default_factory=dict)
    wrong: Mapping[Key, str] = field(default_factory=dict)

    def waiting(self) -> bool:
        """Whether a table waits for an answer; one that was refused does not."""
        return bool(self.open()) or any(t.left_out and not t.refused for t in self.tables)

    def open(self) -> list[Question]:
        """Questions without an answer that is one."""
        return [q for q in self.questions if q.key in self.wrong or not self.answers.get(q.key, "").strip()]


class Study:
    """What the reading of one document shares: place, year, knowledge, questions.

    Parameters
    ----------
    answers : mapping
        answers by key of their question.
    corrected : collection of (table_id, entity, indicator, year)
        cells that a correction already speaks of.
    source : str
        the folder of ``data/raw`` that the document is or becomes: what it says of itself goes first.
    """

    def __init__(
        self,
        known: Known,
        place: str,
        year: int,
        answers: Mapping[Key, str] | None = None,
        corrected: Collection[tuple[str, ...]] = (),
        source: str = "",
    ):
        self.known, self.place, self.year, self.corrected, self.source = known, place, year, corrected, source
        self.answers = dict(answers or {})
        self.questions: dict[Key, Question] = {}
        self.new_entities: dict[str, dict] = {}
        self.new_indicators: dict[str, dict] = {}
        self.coined: dict[str, str] = {}  # codes of this reading → the names that they were made of
        self.wrong: dict[Key, str] = {}  # answers that are none
        self.units = {i.unit for i in known.indicators.values()}
        names = [
            str(name)
            for entity in known.entities.values()
            if entity.kind in {"city", "place"}
            for name in (entity.names[0]["zh"], entity.short["zh"])
        ]
        self.places = sorted({fold(n) for n in names}, key=len, reverse=True)

    def ask(
        self,
        kind: str,
        where: str,
        printed: str,
        proposed: str,
        score: float,
        evidence: str,
        accepts: Callable[[str], object],
    ) -> str | None:
        """The answer to a question: what is proposed, another text, ``no``, or None while it is open.

        Parameters
        ----------
        accepts : callable
            whether a text, or ``no``, is an answer beside the one proposed. What is none is noted, the question stays
            open.
        """
        # as the file of answers may hold it: nothing personal, nothing that a spreadsheet runs
        where = f"table {where}" if where[:1].isdigit() else where  # 3-6 alone would become a date in a spreadsheet
        where, printed = disarmed(said(where)), disarmed(said(printed, SHOWN))
        question = Question(kind, where, printed, proposed, round(score, 2), disarmed(said(evidence)))
        first = self.questions.setdefault(question.key, question)
        if where and where not in first.where.split(", "):
            self.questions[question.key] = replace(first, where=f"{first.where}, {where}")
        answer = self.answers.get(question.key, "").strip()
        if not answer:
            return None
        meant = first.proposed if answer.lower() in AFFIRMED else NO if answer.lower() in REFUSED else answer
        if meant == first.proposed or accepts(meant):
            return meant
        self.wrong[question.key] = answer
        return None

    def code_of(self, text: str, least: str) -> str:
        """A code for a name that is new; another name of the same sound gets another."""
        code, number = slug(text, least), 2
        while code in {*self.known.entities, *self.known.indicators} or self.coined.get(code, fold(text)) != fold(text):
            code, number = f"{slug(text, least)[:46]}_{number}", number + 1
        self.coined[code] = fold(text)
        return code

    def indicator(self, code: str) -> tuple[str, str, tuple]:
        """Unit, kind and range of an indicator that is known or being made."""
        if code in self.known.indicators:
            known = self.known.indicators[code]
            return known.unit, known.kind, known.range
        new = self.new_indicators[code]
        return new["unit"], new["kind"], tuple(new["range"])

    def tier(self, code: str) -> str | None:
        """Tier of an entity that is known or being made."""
        if code in self.known.entities:
            return self.known.entities[code].tier
        return self.new_entities[code].get("tier")


def nothing_else(_: str) -> bool:
    """Of a question that has one answer, the one proposed."""
    return False


def reason(evidence: str) -> str:
    """A part of the evidence for a proposal; the name marks it for the catalogue of messages."""
    return evidence


def slug(text: str, least: str = "table") -> str:
    """A code from Chinese words, by their sounds.

    Examples
    --------
    >>> slug("招生人数"), slug("1+X证书")
    ('zhaoshengrenshu', 'x_zhengshu')
    """
    parts = []
    for word in re.findall(r"[一-龥]+|[A-Za-z]+[A-Za-z0-9]*", text):
        parts.append("".join(lazy_pinyin(word)) if not word.isascii() else word.lower())
    code = re.sub(r"[^a-z0-9_]", "", "_".join(parts)).strip("_")[:50]
    return code if code and code[0].isalpha() else f"{least}_{code}".rstrip("_")
