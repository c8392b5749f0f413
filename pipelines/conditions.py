"""The conditions under which stages run: the tree the command stands in, the environment's libraries, and nothing else
of the machine.

A user's settings (matplotlib, IPython, Jupyter, pandoc, Python), locale, time zone, hash seed and umask would each
reach a figure or a
page somewhere. So the commands of the pipeline start Python anew under conditions of the project, before anything has
been imported.
The processor and its number of threads stay as the machine sets them: what is published does not hang on them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

# a copy of the tree reads and writes itself, wherever the environment was installed from; so does a study, which has
# a link to this folder
ROOT = Path(__file__).absolute().parents[1]
SEALED = "ANALYSIS_SEALED"
# settings of a person or a machine that libraries read from the environment; a name that ends in _ stands for all
# that begin so
DROPPED = (
    "PYTHON_",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PYTHONWARNINGS",
    "PYTHONOPTIMIZE",
    "PYTHONINSPECT",
    "PYTHONDEBUG",
    "PYTHONVERBOSE",
    "PYTHONIOENCODING",
    "PYTHONSAFEPATH",
    "PYTHONUSERBASE",
    "PYTHONASYNCIODEBUG",
    "PYTHONTRACEMALLOC",
    "MPL_",
    "MPLCONFIGDIR",
    "MATPLOTLIBRC",
    "IPYTHONDIR",
    "IPYTHON_",
    "JUPYTER_",
    "PAPERMILL_",
    "SPHINX_",
    "SPHINXOPTS",
    "PYPANDOC_",
    "PANDOC_",
    "TYPST_",
    "XDG_",
    "LC_",
    "LANGUAGE",
    "ANALYSIS_",
    "SOURCE_DATE_EPOCH",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
)
# language in which faults are shown; the one choice of a person that passes, as no output holds a message
MESSAGES = "ANALYSIS_MESSAGES"
FULL, READ_ONLY = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}, {errno.EROFS, errno.EACCES, errno.EPERM}


def conditions(root: Path, given: dict[str, str]) -> dict[str, str]:
    """Environment of a stage in the tree `root`, made from that of a person or a machine."""
    kept = {
        name: value
        for name, value in given.items()
        if not any(name == d or (d.endswith("_") and name.startswith(d)) for d in DROPPED)
    }
    home = root / "build" / "home"
    own = {
        SEALED: str(root),
        "ANALYSIS_ROOT": str(root),
        "PYTHONPATH": os.pathsep.join([str(root), str(root / "src")]),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYTHONNOUSERSITE": "1",
        "HOME": str(home),
        "MPLBACKEND": "agg",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": "946684800",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    if shown := _language_of_messages(given):
        own[MESSAGES] = shown
    # where a person keeps data caches, and who they are to git, is theirs to say: DVC and git find it below the
    # real home
    if given.get("HOME"):
        settings = Path(given.get("XDG_CONFIG_HOME") or Path(given["HOME"]) / ".config")
        own["DVC_GLOBAL_CONFIG_DIR"] = given.get("DVC_GLOBAL_CONFIG_DIR") or str(settings / "dvc")
        for file in (Path(given["HOME"]) / ".gitconfig", settings / "git" / "config"):
            if file.is_file() and "GIT_CONFIG_GLOBAL" not in given:
                own.setdefault("GIT_CONFIG_GLOBAL", str(file))
    return kept | own


def _language_of_messages(given: dict[str, str]) -> str:
    """What a person chose, or the language of their machine if it is Chinese, as
    `analysis.ground.messages.asked_for` has it.

    Said here once more: nothing of the package may be imported before the conditions hold.
    """
    if chosen := given.get(MESSAGES, "").strip():
        return chosen[:2].lower()
    first = next((given[name] for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG") if given.get(name)), "")
    return "zh" if first.lower().startswith("zh") else ""


def seal() -> None:
    """In a command of the pipeline (``python -m pipelines.…``), called when the package is imported and so before
    anything else is.

    Starts Python anew under `conditions`, unless this process has them.
    """
    command = next((after for flag, after in zip(sys.orig_argv[1:], sys.orig_argv[2:]) if flag == "-m"), "")
    if command.partition(".")[0] != "pipelines":
        return
    if os.environ.get(SEALED) == str(ROOT):
        # jsonschema would build a grammar of international addresses at each start, which takes three
        # seconds; nothing here holds one
        sys.modules.setdefault("rfc3987_syntax", None)
        return
    if without := _nameless():
        sys.exit(without)
    environment = conditions(ROOT, dict(os.environ))
    arguments = [sys.executable, *sys.orig_argv[1:]]
    if os.name == "posix":
        os.execve(sys.executable, arguments, environment)
    sys.exit(subprocess.run(arguments, env=environment).returncode)


def run_sealed(main: Callable[[], int]) -> int:
    """Run the main function of a command; what the disk refuses ends in one line that says what to do, not in a
    traceback.
    """
    os.umask(0o022)
    try:
        Path(os.environ["HOME"]).mkdir(parents=True, exist_ok=True)
        from analysis.ground.messages import say, spoken

        with spoken():
            return main()
    except OSError as error:
        if error.errno not in FULL | READ_ONLY:
            raise
        print(say(disk_message(error)), file=sys.stderr)
        return 1


def disk_message(error: OSError) -> str:
    """What the disk refused, and the way out."""
    place = f" at {error.filename}" if error.filename else ""
    if error.errno in FULL:
        return (
            f"The disk is full{place}: {error.strerror}. No output was changed by this stage. "
            "Make room (build/ can go at any time), then run the rebuild again."
        )
    return (
        f"Not allowed to write{place}: {error.strerror}. No output was changed by this stage. "
        "Give yourself the right to write in this folder (chmod -R u+w, or clone it again as the user who rebuilds), "
        "then run the rebuild again."
    )


def in_experiment() -> bool:
    """Whether DVC runs the command for an experiment (``dvc exp run``), whose results are compared, not published."""
    return "DVC_EXP_BASELINE_REV" in os.environ


def _nameless() -> str:
    """What to do where an experiment would be thrown away at its end, because git does not know whose commit it is."""
    if not in_experiment():
        return ""
    if subprocess.run(["git", "var", "GIT_COMMITTER_IDENT"], cwd=ROOT, capture_output=True).returncode == 0:
        return ""
    return (
        "An experiment is kept as a commit, and git does not know who you are. Say it once, then try again:\n"
        '  git config --global user.name "…"\n  git config --global user.email "…"'
    )


def die_with_parent(parent: int) -> None:
    """Let the kernel of the system end this process when its parent ends, however it ends (Linux; elsewhere nothing
    is forked).
    """
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it ended before it could be watched
