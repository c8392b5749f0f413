"""Reading YAML, in one place (strict UTF-8 and libyaml's parser, ten times as fast as the one in Python)."""

from __future__ import annotations

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


class HasAlias(ValueError):
    """A value refers to another; written out, nine levels of ten references are a thousand million values."""


def _refuse_aliases(text: str) -> None:
    if "*" in text or "&" in text:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise HasAlias(f"line {event.start_mark.line + 1}: a value is named by & or referred to by *; write it out where it is needed")


def read_yaml(path: Path) -> Any:
    """Content of a YAML file; None for an empty one.

    Raises
    ------
    DataFault
        for text that is no YAML, for a key that stands twice, and for anchors and aliases.
    """
    problems = Problems()
    content = None
    try:
        text = Path(path).read_bytes().decode("utf-8")
        _refuse_aliases(text)
        content = yaml.load(text, Loader=_Loader)
    except (DuplicateKey, HasAlias, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        problems.add(shown(Path(path)), " ".join(str(error).split()), "Correct the file")
    problems.stop()
    return content
