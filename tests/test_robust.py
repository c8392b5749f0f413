"""Rebuilds of the made-up town that are killed, starved, shut out or copied: each heals at the next run,
or says what to do, with the same bytes.

Long: ``make test-long``.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.test_rebuild import rebuild, working_in
from tests.workspace import environment, make_workspace, start_dvc

pytestmark = pytest.mark.long
ROOT_ONLY = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount, change users or close the network"
)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for part in ("results", "data/processed", "dvc.lock")
        for p in ([folder / part] if (folder / part).is_file() else (folder / part).rglob("*"))
        if p.is_file()
    }


def git(folder: Path, *arguments: str, **more: str) -> str:
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment(
            folder,
            GIT_AUTHOR_NAME="a",
            GIT_AUTHOR_EMAIL="a@b",
            GIT_COMMITTER_NAME="a",
            GIT_COMMITTER_EMAIL="a@b",
            **more,
        ),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A town that has been rebuilt, and what it published."""
    folder = make_workspace(tmp_path_factory.mktemp("built") / "town")
    start_dvc(folder)
    done = rebuild(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, content(folder)


@pytest.fixture
def town(built, tmp_path):
    """A copy of it."""
    folder, before = built
    shutil.copytree(folder, tmp_path / "town", symlinks=True)
    shutil.rmtree(tmp_path / "town" / "build" / "home", ignore_errors=True)
    return tmp_path / "town", before


def test_a_copy_finds_nothing_else_to_do(town):
    folder, before = town
    done = rebuild(folder)
    assert done.returncode == 0 and content(folder) == before, done.stdout + done.stderr


def test_forty_kills_at_random_moments(town):
    folder, before = town
    moments = random.Random(4)
    for number in range(40):
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.rebuild", "--force"],
            cwd=folder,
            env=environment(folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0.05, 12))
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=120)
        guard = time.monotonic() + 120
        while left := working_in(folder):
            assert time.monotonic() < guard, f"kill {number}: still running {left}"
            time.sleep(0.05)
        if number % 8 == 7:
            done = rebuild(folder)
            assert done.returncode == 0, f"kill {number}: {done.stdout}{done.stderr}"
            assert content(folder) == before, f"kill {number}"
            assert not list((folder / "build" / "staging").glob("*"))


def test_a_kill_while_libraries_are_imported_leaves_no_process(town):
    folder, _ = town
    for wait in (0.2, 0.5, 1.0, 1.5):
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.rebuild", "--force"],
            cwd=folder,
            env=environment(folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(wait)
        process.kill()
        process.wait(timeout=120)
        time.sleep(0.3)
        assert working_in(folder) == []


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_linked_caches_are_not_written_through(town, kind):
    folder, _ = town
    config = folder / ".dvc" / "config"
    config.write_text(config.read_text().replace("reflink,copy", kind), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "dvc", "checkout", "--relink", "-q"], cwd=folder, env=environment(folder), check=True
    )
    table = folder / "data/raw/town-2030/table_3-6.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("乙职院,200", "乙职院,201"), encoding="utf-8")
    rebuild(folder)
    table.write_text(table.read_text(encoding="utf-8").replace("乙职院,201", "乙职院,200"), encoding="utf-8")
    done = rebuild(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    kept = [p for p in (folder / ".dvc/cache/files/md5").rglob("*") if p.is_file()]
    assert len(kept) > 20
    for path in kept:
        assert hashlib.md5(path.read_bytes()).hexdigest() == path.parent.name + path.name.removesuffix(".dir"), path


@pytest.mark.parametrize(
    "name",
    [
        "data/processed/observations.parquet",
        "data/interim/demand/figures.csv",
        "results/numbers.json",
        "results/fit/03_fit.ipynb",
    ],
)
@pytest.mark.parametrize("how", ["truncated", "deleted"])
def test_damaged_outputs_are_made_again(town, name, how):
    folder, before = town
    path = folder / name
    assert path.exists()
    path.write_bytes(path.read_bytes()[:40]) if how == "truncated" else path.unlink()
    done = rebuild(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert content(folder) == before


def test_a_deleted_cache_is_no_harm(town):
    folder, before = town
    shutil.rmtree(folder / ".dvc" / "cache")
    shutil.rmtree(folder / "results")
    done = rebuild(folder)
    assert done.returncode == 0 and content(folder) == before, done.stdout + done.stderr


def test_marks_of_a_merge_are_named(town):
    folder, before = town
    lock = folder / "dvc.lock"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n", encoding="utf-8")
    done = rebuild(folder)
    assert (
        done.returncode == 1
        and "dvc.lock, row line 1" in done.stderr
        and "a merge has left its marks. Take one side" in done.stderr
        and "Traceback" not in done.stderr
    )
    lock.write_text(text, encoding="utf-8")
    assert rebuild(folder).returncode == 0 and content(folder) == before


def test_without_a_home(town):
    folder, before = town
    (folder / "build" / "up-to-date.json").unlink(missing_ok=True)
    without = {k: v for k, v in environment(folder).items() if k not in ("HOME", "XDG_CONFIG_HOME")}
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.rebuild", "--force"], cwd=folder, env=without, capture_output=True, text=True
    )
    assert done.returncode == 0 and content(folder) == before, done.stdout + done.stderr


@ROOT_ONLY
def test_as_another_user_in_a_tree_one_may_not_write(town):
    folder, before = town
    (folder / "build" / "up-to-date.json").unlink(missing_ok=True)
    for parent in folder.parents:
        if parent == Path("/"):
            break
        parent.chmod(parent.stat().st_mode | 0o055)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-m", "pipelines.rebuild"]
    if subprocess.run([*nobody[:-2], "-c", "pass"], capture_output=True).returncode:
        pytest.skip("another user may not start this Python")
    done = subprocess.run(
        nobody, cwd=folder, env=environment(folder, HOME="/nonexistent"), capture_output=True, text=True
    )
    assert (
        done.returncode == 1 and "Give yourself the right to write" in done.stderr and "Traceback" not in done.stderr
    ), done.stderr
    assert content(folder) == before
    subprocess.run(["chown", "-R", "65534:65534", str(folder)], check=True)
    done = subprocess.run(
        [*nobody, "--force"], cwd=folder, env=environment(folder, HOME="/nonexistent"), capture_output=True, text=True
    )
    assert done.returncode == 0 and content(folder) == before, done.stderr


@ROOT_ONLY
def test_on_a_full_disk(built, tmp_path):
    """A file system too small for the outputs: the message says so, the old outputs stand,
    and with room again the bytes are the same."""
    folder, before = built
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        shutil.copytree(folder, disk / "town", symlinks=True)
        ballast = disk / "ballast"
        free = shutil.disk_usage(disk).free
        with ballast.open("wb") as file:
            file.write(b"\0" * (free - 300_000))
        done = rebuild(disk / "town", "--force")
        assert done.returncode != 0 and ("disk is full" in done.stderr or "No space left" in done.stderr), done.stderr[
            -2000:
        ]
        ballast.unlink()
        done = rebuild(disk / "town", "--force")
        assert done.returncode == 0 and content(disk / "town") == before, done.stderr
    finally:
        subprocess.run(["umount", "-l", str(disk)])


@ROOT_ONLY
def test_without_a_network(town):
    folder, before = town
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        pytest.skip("no network namespace can be made here")
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-m", "pipelines.rebuild", "--force"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
    )
    # without a loopback device kernels are reached over nothing: forked ones use it, so it is brought up as any machine
    # has it
    if done.returncode:
        done = subprocess.run(
            [
                "unshare",
                "-n",
                "sh",
                "-c",
                'ip link set lo up && exec "$0" -m pipelines.rebuild --force',
                sys.executable,
            ],
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0 and content(folder) == before, done.stderr


def test_a_reader_may_have_outputs_open(town):
    """As JupyterLab has: what was opened before a rebuild can be read to its end after it."""
    folder, before = town
    path = folder / "results" / "fit" / "03_fit.ipynb"
    with path.open("rb") as file:
        head = file.read(100)
        assert rebuild(folder, "--force").returncode == 0
        assert head + file.read() == before["results/fit/03_fit.ipynb"]


@pytest.fixture
def repository(town):
    """The town under git, all committed."""
    folder, before = town
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "town")
    return folder, before


def test_a_linked_worktree_works_on_itself(repository, tmp_path):
    folder, before = repository
    other = tmp_path / "linked tree"
    git(folder, "worktree", "add", "-q", "-b", "linked", str(other))
    done = rebuild(other)
    assert done.returncode == 0, done.stderr
    assert (
        content(other) == before
        and git(other, "status", "--porcelain") == ""
        and git(folder, "status", "--porcelain") == ""
    )


@pytest.mark.parametrize("where", ["here", "--temp"])
def test_an_experiment_marks_and_goes_on_a_publication_stops(repository, where):
    folder, before = repository
    named = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    manuscript = folder / "report" / "manuscript.zh.md"
    manuscript.write_text(
        manuscript.read_text(encoding="utf-8").replace("placement_rate_city > 90", "placement_rate_city > 99"),
        encoding="utf-8",
    )
    git(folder, "commit", "-qam", "a sentence that the data do not carry")
    command = [
        sys.executable,
        "-m",
        "dvc",
        "exp",
        "run",
        "-S",
        "employment.draws=600",
        *(["--temp"] if where == "--temp" else []),
    ]
    settings = folder / "gitconfig"
    nameless = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder, HOME="/nonexistent", GIT_CONFIG_NOSYSTEM="1", EMAIL=""),
        capture_output=True,
        text=True,
    )
    if nameless.returncode:
        assert "git config --global user.name" in nameless.stdout + nameless.stderr
    git(folder, "checkout", "-q", ".")
    settings.write_text("[user]\nname = a\nemail = a@b\n", encoding="utf-8")
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder, GIT_CONFIG_GLOBAL=str(settings), **named),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = (folder / "results/report/specialty-alignment.zh.html").read_text(encoding="utf-8")
    if where == "--temp":
        assert content(folder) == before  # the copy wrote into itself
    else:
        assert 'class="unsupported"' in page and "placement_rate_city &gt; 99" in page
        # even where DVC finds nothing to do, what an experiment marked is not published
        published = rebuild(folder)
        assert published.returncode == 1 and "the data no longer say 'placement_rate_city > 99'" in published.stderr
    git(folder, "checkout", "-q", ".")
    manuscript.write_text(
        manuscript.read_text(encoding="utf-8").replace("placement_rate_city > 99", "placement_rate_city > 90"),
        encoding="utf-8",
    )
    done = rebuild(folder)
    assert done.returncode == 0, done.stderr
    assert json.dumps(sorted(content(folder))) == json.dumps(sorted(before)) and content(folder) == before
