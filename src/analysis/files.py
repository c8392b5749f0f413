"""Reading YAML, in one place: strict UTF-8 and libyaml's parser, ten times as fast as the one in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """Content of a YAML file; None for an empty one."""
    return yaml.load(Path(path).read_bytes().decode("utf-8"), Loader=_LOADER)
