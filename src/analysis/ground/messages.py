"""What is said about faults in another language: catalogues of messages (gettext), looked up when a fault is shown.

The code says everything in English, where the fault is found. Here a finished message is compared with the templates of
the catalogue ``data/words/messages/<language>.po``; the one that fits best gives the sentence in the other
language, and what stands in its places is carried over. What no template fits stays as it is.

The language is ``ANALYSIS_MESSAGES``, else that of the machine if it is Chinese, else ``messages`` of ``params.yaml``,
else English. ``python -m analysis.ground.messages`` brings the catalogues up to date; ``--check`` says what is missing.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any, TextIO

from analysis.ground import paths

ORIGINAL = "en"
VARIABLE = "ANALYSIS_MESSAGES"
LOCALES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # as gettext asks them: the first that is set
CODE = Path(__file__).resolve().parents[3]  # the tree whose code speaks
WORD = re.compile("[A-Za-z]{2,}")
LONGEST_LIST = 20_000  # characters of a place that is looked through entry by entry
MOST_NESTED = 6  # messages in messages
COMMA = {"zh": "，"}
LABELS = ("file", "table", "row", "column", "printed")  # frame of a problem
FRAME = (
    *(f"{label} {{0}}" for label in LABELS),
    "{0}: {1}. {2}.",
)  # ids that `problem` puts together; no message is compared with them
COUNTED = ("{0} problem; nothing was written.", "{0} problems; nothing was written.")


def asked_for(environment: Mapping[str, str]) -> str:
    """Code of the language that an environment asks for; empty where nobody chose and the machine is not Chinese.

    Examples
    --------
    >>> chinese = {"LANG": "zh_CN.UTF-8"}
    >>> asked_for(chinese), asked_for(chinese | {"ANALYSIS_MESSAGES": "en"}), asked_for({"LANG": "C"})
    ('zh', 'en', '')
    """
    if own := environment.get(VARIABLE, "").strip():
        return own[:2].lower()
    first = next((environment[name] for name in LOCALES if environment.get(name)), "")
    return "zh" if first.lower().startswith("zh") else ""


def language() -> str:
    """Code of the language in which faults are shown now; one without a catalogue is no language."""
    asked = asked_for(os.environ) or _in_settings() or ORIGINAL
    return asked if asked == ORIGINAL or catalogue_file(asked).is_file() else ORIGINAL


def _in_settings() -> str:
    """``messages`` of ``params.yaml``, read as text: the file may be the one at fault."""
    try:
        text = paths.PARAMS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r"^messages:[ \t]*[\"']?([a-z]{2})\b", text, re.M)
    return found[1] if found else ""


def catalogue_file(code: str, root: Path = CODE) -> Path:
    """Where the messages of a language lie."""
    return root / "data" / "words" / "messages" / f"{code}.po"


# --- a message in a language ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """An entry of a catalogue: literal texts around places, the translation, and which places may hold messages."""

    literals: tuple[str, ...]
    order: tuple[int, ...]
    translation: str
    nested: frozenset[int]
    longest: str

    def held(self, text: str, catalogue: Catalogue, backwards: bool = False) -> dict[int, str] | None:
        """What stands in the places if the text is this message; literals are looked for from one end to the other."""
        first, last = self.literals[0], self.literals[-1]
        if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
            return None
        held: list[str] = []
        start, end = len(first), len(text) - len(last)
        for literal in reversed(self.literals[1:-1]) if backwards else self.literals[1:-1]:
            found = text.rfind(literal, start, end) if backwards else text.find(literal, start, end)
            if found < 0:
                return None
            if backwards:
                held.insert(0, text[found + len(literal) : end])
                end = found
            else:
                held.append(text[start:found])
                start = found + len(literal)
        held.insert(0 if backwards else len(held), text[start:end])
        for place in range(len(held) - 1):
            if not self.literals[place + 1]:  # two places with nothing between: a message parts them
                held[place], held[place + 1] = catalogue.parted(
                    held[place] + held[place + 1],
                    self.order[place] in self.nested,
                    self.order[place + 1] in self.nested,
                )
        return dict(zip(self.order, held))


@dataclass
class Catalogue:
    """Messages of a language: those without places by their text, the others with the most literal text first."""

    plain: dict[str, str] = field(default_factory=dict)
    whole: list[Message] = field(default_factory=list)
    parts: list[Message] = field(default_factory=list)  # stand in other messages only
    known: dict[tuple[str, bool], str] = field(default_factory=dict)

    def say(self, text: str, inside: int = 0) -> str:
        """A message in the language; the text itself where it is none."""
        if (said := self.plain.get(text)) is not None:
            return said
        key = (text, inside > 0)
        if key not in self.known:
            if len(self.known) > 20_000:
                self.known.clear()
            self.known[key] = self._say(text, inside)
        return self.known[key]

    def _say(self, text: str, inside: int) -> str:
        """Of the messages that the text may be, that which leaves the fewest words as they are, then the most
        literal.
        """
        if inside > MOST_NESTED:
            return text
        best, least = text, math.inf
        for message in [*self.whole, *self.parts] if inside else self.whole:
            if least == 0 or message.longest not in text or (best is not text and not message.nested):
                continue
            ways = [message.held(text, self), message.held(text, self, backwards=True)]
            for held in ways if ways[0] != ways[1] else ways[:1]:
                if held is None:
                    continue
                said = message.translation.format(
                    *(
                        self._held(held[place], inside + 1) if place in message.nested else held[place]
                        for place in sorted(held)
                    )
                )
                if (left := len(WORD.findall(said))) < least:
                    best, least = said, left
        return best

    def _held(self, text: str, inside: int) -> str:
        """What stands in a place that may hold messages: one, one a line, or one an entry of a list."""
        ways = [self.say(text, inside)]
        for mark in ("\n", ", "):
            if mark in text and len(text) <= LONGEST_LIST:
                ways.append(mark.join(self.say(part, inside) for part in text.split(mark)))
        return min(ways, key=lambda said: len(WORD.findall(said)))

    def parted(self, both: str, first: bool, second: bool) -> tuple[str, str]:
        """Two places with nothing between: where the second may be a message, it is one or empty; else the first is."""
        for message in [*self.parts, *self.whole]:
            literal = message.literals[0] if second else message.literals[-1]
            if second and literal.startswith(" "):
                at = both.find(literal)
                if at >= 0 and message.held(both[at:], self) is not None:
                    return both[:at], both[at:]
            elif first and not second and literal.endswith(" "):
                at = both.find(literal)
                if at >= 0 and message.held(both[: at + len(literal)], self) is not None:
                    return both[: at + len(literal)], both[at + len(literal) :]
        if second:
            for literal in self.plain:
                if literal.startswith(" ") and both.endswith(literal):
                    return both[: -len(literal)], literal
            return both, ""
        for literal in self.plain if first else ():
            if literal.endswith(" ") and both.startswith(literal):
                return literal, both[len(literal) :]
        return "", both


@lru_cache
def catalogue(code: str) -> Catalogue:
    """The messages of a language."""
    made = Catalogue()
    for message_id, (string, comments) in read_catalogue(catalogue_file(code)).items():
        if not string or "frame" in comments:
            continue
        parsed = list(Formatter().parse(message_id))
        order = tuple(int(name) for _, name, _, _ in parsed if name is not None)
        if not order:
            made.plain["".join(text for text, _, _, _ in parsed)] = "".join(
                text for text, _, _, _ in Formatter().parse(string)
            )
            continue
        literals: list[str] = [""]
        for text, name, _, _ in parsed:
            literals[-1] += text
            if name is not None:
                literals.append("")
        nested = frozenset(int(one) for c in comments for one in re.findall(r"\{(\d+)\}", c))
        (made.parts if "part" in comments else made.whole).append(
            Message(tuple(literals), order, string, nested, max(literals, key=len))
        )
    for messages in (made.whole, made.parts):
        messages.sort(key=lambda m: -sum(map(len, m.literals)))
    return made


@lru_cache
def _frame(code: str) -> dict[str, str]:
    return {name: string or name for name, (string, _) in read_catalogue(catalogue_file(code)).items()}


def say(text: str, code: str | None = None) -> str:
    """A message in the language in which faults are shown; lines that are messages of their own are said one by one.

    Parameters
    ----------
    text : str
        what the code says, in English.
    code : str, optional
        the language, where it is known already.
    """
    code = code or language()
    if code == ORIGINAL or not text.strip():
        return text
    known = catalogue(code)
    body = text.strip("\n")
    said = known.say(body)
    if said == body and "\n" in body:
        said = "\n".join(known.say(line) for line in body.split("\n"))
    return text.replace(body, said, 1) if said != body else text


def say_problem(problem: Any, code: str) -> str:
    """A `DataProblem` in a language, with its place: 文件 …，表 …，行 …，列 …，印刷为 …：wrong。remedy。"""
    known, frame = catalogue(code), _frame(code)
    place = [frame["file {0}"].format(problem.file)]
    for label in LABELS[1:4]:
        if value := getattr(problem, label):
            said = known.say(value, 1) if label in {"row", "column"} else value
            # "line 3" says what it is itself
            place.append(said if label == "row" and said != value else frame[f"{label} {{0}}"].format(said))
    if problem.printed is not None:
        place.append(frame["printed {0}"].format(repr(problem.printed)))
    where = COMMA.get(code, ", ").join(place)
    return frame["{0}: {1}. {2}."].format(where, known.say(problem.wrong), known.say(problem.remedy))


def say_fault(problems: list[Any], code: str) -> str:
    """All problems of a `DataFault` in a language."""
    head = _frame(code)[COUNTED[len(problems) != 1]].format(len(problems))
    return "\n".join([head, *(say_problem(problem, code) for problem in problems)])


# --- what commands print ----------------------------------------------------------------------------------------------


class Spoken:
    """A stream that says what is printed in the language of messages; everything else passes."""

    def __init__(self, stream: TextIO, code: str):
        self._stream, self._code = stream, code

    def write(self, text: str) -> int:
        self._stream.write(say(text, self._code))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def spoken() -> Iterator[None]:
    """What is printed meanwhile is said in the language of messages; in English nothing is changed."""
    code, before = language(), (sys.stdout, sys.stderr)
    if code != ORIGINAL and not isinstance(sys.stderr, Spoken):
        sys.stdout, sys.stderr = Spoken(sys.stdout, code), Spoken(sys.stderr, code)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def run_spoken(main: Callable[[], int]) -> int:
    """Run the main function of a command whose messages are said in the person's language."""
    with spoken():
        return main()


# --- catalogues -------------------------------------------------------------------------------------------------------


def read_catalogue(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Translation (empty where there is none) and comments of each message; none where the file is missing."""
    from babel.messages.pofile import read_po

    if not path.is_file():
        return {}
    with path.open("rb") as file:
        return {
            str(message.id): ("" if message.fuzzy else str(message.string), list(message.auto_comments))
            for message in read_po(file, locale=path.stem)
            if message.id
        }


if __name__ == "__main__":
    # not imported by name: no stage depends on what reads the code
    sys.exit(import_module("analysis.ground.templates").main())
