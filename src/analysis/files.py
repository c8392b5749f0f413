"""Reading YAML, in one place (strict UTF-8 and libyaml's parser, ten times as fast as the one in Python), and text for spreadsheets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from analysis.errors import Problems
from analysis.paths import shown


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Refuses a key that stands twice; YAML itself would let the last one win in silence."""

    def construct_mapping(self, node, deep=False):
        seen = {}
        for key, _ in node.value:
            if key.value in seen:
                raise DuplicateKey(f"line {key.start_mark.line + 1}: {key.value!r} stands twice (first in line {seen[key.value]})")
            seen[key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


class DuplicateKey(ValueError):
    """A key stands twice in one mapping."""


def read_yaml(path: Path) -> Any:
    """Content of a YAML file; None for an empty one.

    Raises
    ------
    DataFault
        for text that is no YAML, and for a key that stands twice.
    """
    problems = Problems()
    content = None
    try:
        content = yaml.load(Path(path).read_bytes().decode("utf-8"), Loader=_Loader)
    except (DuplicateKey, yaml.YAMLError, UnicodeDecodeError) as error:
        problems.add(shown(Path(path)), " ".join(str(error).split()), "Correct the file")
    problems.stop()
    return content


def as_text(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula, with an apostrophe before it; everything else as it is."""
    return f"'{value}" if isinstance(value, str) and re.match(r"[=+@]|-(?![\d.])", value) else value
