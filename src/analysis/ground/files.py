"""Reading YAML, in one place (strict UTF-8 and libyaml's parser, ten times as fast as the one in Python)."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from analysis.ground import paths
from analysis.ground.errors import DataFault, DataProblem, Problems
from analysis.ground.paths import shown

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML without libyaml
    from yaml import SafeLoader as _SafeLoader


class _Loader(_SafeLoader):
    """Refuses a key that stands twice; YAML itself would let the last one win in silence."""

    def construct_mapping(self, node, deep=False):
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable(f"line {key.start_mark.line + 1}: a key is a list or a mapping, not a name")
            if key.value in seen:
                raise Unreadable(
                    f"line {key.start_mark.line + 1}: {key.value!r} stands twice (first in line {seen[key.value]})"
                )
            seen[key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)

    def construct_plain_int(self, node):
        """020231 is 8345 to one reader of YAML and 20231 to another, 1:30 is 90 to one and text to another."""
        if not re.fullmatch(r"[+-]?(0|[1-9][0-9]*)", node.value):
            raise Unreadable(
                f"line {node.start_mark.line + 1}: {node.value[:40]!r} is read as different numbers by different "
                "programs; write plain digits without a leading zero, or text in quotation marks"
            )
        return int(node.value)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_plain_int)


class Unreadable(ValueError):
    """YAML that says nothing certain: a key that stands twice, a key that is no name, a number with two readings."""


class NoWorkspace(DataFault):
    """The package stands alone, installed from a wheel: there is nothing to read or write beside it."""

    def __init__(self):
        problem = DataProblem(
            str(paths.ROOT),
            "is no workspace: it holds no params.yaml and no data",
            "Name a clone of the repository (ANALYSIS_ROOT=/path/to/clone), or install the package from one",
        )
        super().__init__([problem])
        self.args = (str(problem),)


def need_workspace() -> None:
    """Raise `NoWorkspace` where there is none; called where a file is missing, so that reading costs nothing more."""
    if not paths.PARAMS.exists() and not paths.DATA.is_dir():
        raise NoWorkspace


def need_made(path: Path) -> Path:
    """The path of a file that the rebuild makes.

    Raises
    ------
    DataFault
        if it is not there.
    """
    if not path.is_file():
        need_workspace()
        problems = Problems()
        problems.add(shown(path), "is missing", "Make it with `make repro`")
        problems.stop()
    return path


def _limit_growth(text: str) -> None:
    """Stop at the first alias (nine levels of ten references are a thousand million values) and at a depth that breaks
    the stack of the parser."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Unreadable(
                f"line {event.start_mark.line + 1}: a value is named by & or referred to by *; write it out where it "
                "is needed"
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Unreadable(f"line {event.start_mark.line + 1}: has more than {DEEPEST} levels; write it flat")


DEEPEST = 40  # levels of a document; ours have six
LARGEST = 20_000_000  # bytes of a file that people write


@lru_cache
def languages() -> list[str]:
    """Codes of the languages in which everything is said, the main one first (``params.yaml``,
    of which nothing else is looked at here).

    Raises
    ------
    DataFault
        where the file lists none.
    """
    given, problems = read_yaml(paths.PARAMS).get("languages"), Problems()
    if not (
        isinstance(given, list)
        and given
        and all(isinstance(one, str) and re.fullmatch("[a-z]{2}", one) for one in given)
        and len(set(given)) == len(given)
    ):
        problems.add(
            shown(paths.PARAMS),
            "should be a list of languages",
            "Write one code of two letters a line, each after a dash: zh, then en",
            row="languages",
            printed=str(given)[:80],
        )
    problems.stop()
    return given


def read_text(path: Path, problems: Problems) -> str | None:
    """Text of a file, strict UTF-8 (with or without a mark at its beginning); None, and the fault noted,
    where there is none."""
    path, file = Path(path), shown(Path(path))
    if not path.is_file():  # a pipe would hold the reader for ever
        if path.is_absolute() and path.is_relative_to(paths.ROOT):
            need_workspace()
        problems.add(file, "is no file" if path.exists() or path.is_symlink() else "is missing", "Restore the file")
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        problems.add(file, f"cannot be read ({error.strerror})", "Let it be read by whoever runs this")
        return None
    if len(content) > LARGEST:
        problems.add(file, f"{len(content):,} bytes", f"Split it; at most {LARGEST:,} are read")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.add(file, f"byte {error.start} is not UTF-8", "Save the file as UTF-8")
        return None


def require_text(path: Path) -> str:
    """Text of a file as `read_text` reads it.

    Raises
    ------
    DataFault
        where there is none.
    """
    problems = Problems()
    text = read_text(path, problems)
    if text is None:
        raise DataFault(problems)
    return text


def read_yaml(path: Path, kind: type | None = dict) -> Any:
    """Content of a YAML file, which is a mapping unless `kind` says otherwise.

    Raises
    ------
    DataFault
        for a file that is missing, empty, no UTF-8 or no YAML, for a key that stands twice, for anchors and aliases,
        and for content of another kind.
    """
    problems = Problems()
    file = shown(Path(path))
    content = None
    text = require_text(path)
    try:
        _limit_growth(text)
        content = yaml.load(text, Loader=_Loader)
    except (Unreadable, yaml.YAMLError, ValueError) as error:
        problems.add(file, " ".join(str(error).split())[:300], "Correct the file")
    except RecursionError:
        problems.add(file, "is nested too deeply", "Write it flat")
    if not problems and kind is not None and not isinstance(content, kind):
        problems.add(
            file,
            "is empty" if content is None else f"holds a {type(content).__name__}, not a mapping of names to values",
            "Restore the file",
        )
    problems.stop()
    return content
