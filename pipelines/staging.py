"""Where stages write first. What is finished takes the place of the old output by renaming: whatever happens before,
the old one stands.

Nothing is written into an output itself: it may be a link into DVC's cache, and a reader may have it open.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.ground import paths


@contextmanager
def staging(name: str) -> Iterator[Path]:
    """An empty folder of this process; it goes when the stage ends well,
    a failed stage's stays to be looked at until the next start."""
    folder = paths.BUILD / "staging" / f"{name}.{os.getpid()}"
    remove(folder)
    folder.mkdir(parents=True)
    yield folder
    remove(folder)


def clear() -> None:
    """Remove what stages left that failed or were killed; called while no stage runs."""
    remove(paths.BUILD / "staging")


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def replace(made: Path, target: Path) -> None:
    """Put a finished file or folder where the old one is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not target.is_symlink():
        # a folder cannot be renamed over another: the old one steps aside first
        old = made.with_name(f"{made.name}.old")
        remove(old)
        os.replace(target, old)
        os.replace(made, target)
        remove(old)
    else:
        os.replace(made, target)


def replace_text(target: Path, text: str, name: str) -> None:
    """Write a text file anew."""
    with staging(name) as folder:
        made = folder / target.name
        made.write_text(text, encoding="utf-8")
        replace(made, target)
