"""Whether a file has moved since all stages were found up to date, told by size, times and inode as make and git do:
in a fraction of a second.

DVC's own answer takes seconds, most of them for its import and for parsing its lock file.
It is asked whenever this one is not a clear no.
"""

from __future__ import annotations

import json
import os

from analysis.ground import paths
from pipelines.graph import stages

ALWAYS = ("dvc.yaml", "dvc.lock", "params.yaml", ".dvc/config", ".dvc/config.local", ".dvcignore", "pipelines")
UNSEEN = {"__pycache__", ".ipynb_checkpoints"}  # as .dvcignore has it

Seen = dict[str, list[int]]


def snapshot() -> Seen:
    """Size, times and inode of every file that a stage reads or writes."""
    roots = {*ALWAYS, *(str(path) for stage in stages().values() for path in (*stage["deps"], *stage["outs"]))}
    seen: Seen = {}
    waiting = [os.path.join(paths.ROOT, root) for root in roots]
    while waiting:
        path = waiting.pop()
        try:
            state = os.stat(path)
            if not os.path.isdir(path):
                seen[os.path.relpath(path, paths.ROOT)] = [
                    state.st_size,
                    state.st_mtime_ns,
                    state.st_ctime_ns,
                    state.st_ino,
                ]
            else:
                waiting += [os.path.join(path, name) for name in os.listdir(path) if name not in UNSEEN]
        except FileNotFoundError:
            seen[os.path.relpath(path, paths.ROOT)] = []
    return seen


def nothing_moved() -> bool:
    """Whether every file is the one that was last found up to date; False where that is not on record."""
    try:
        remembered = json.loads(_memory().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return remembered == snapshot()


def forget() -> None:
    """Until the next success nothing is on record."""
    _memory().unlink(missing_ok=True)


def remember(before: Seen) -> None:
    """Put on record that all is up to date, unless a file that no stage writes moved since `before`,
    when the check began."""
    now, outs = snapshot(), [str(out) for stage in stages().values() for out in stage["outs"]]
    written = {
        path for path in now if any(path == out or path.startswith(f"{out}{os.sep}") for out in (*outs, "dvc.lock"))
    }
    if {path: state for path, state in before.items() if path not in written and path in now} == {
        path: state for path, state in now.items() if path not in written
    }:
        scratch = _memory().with_suffix(".new")
        scratch.write_text(json.dumps(now), encoding="utf-8")
        scratch.replace(_memory())


def _memory():
    return paths.BUILD / "up-to-date.json"
