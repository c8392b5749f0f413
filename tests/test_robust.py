"""Rebuilds of the made-up town that are killed, starved, shut out or copied: each heals at the next run,
or says what to do, with the same bytes.

Long: ``make test-long``.
"""

import datetime
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.test_rebuild import rebuild, working_in
from tests.workspace import environment, make_workspace, start_dvc

pytestmark = pytest.mark.long
FIT = "results/fit/03_fit.ipynb"
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
    "name", ["data/processed/observations.parquet", "data/interim/demand/demand.csv", "results/numbers.json", FIT]
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


ANOTHER_USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def python_of_another_user(folder: Path) -> str:
    """This Python, or a copy of it over the same libraries; empty where another user may start neither."""
    base, own = Path(sys.base_prefix), folder / "own"

    def starts(python: Path) -> bool:
        # by a shell: the first start may still have the rights of whoever gave them up
        this = f"import numpy, sys; sys.exit(sys.version_info[:3] != {sys.version_info[:3]})"
        command = [*ANOTHER_USER, "sh", "-c", f"exec '{python}' -c '{this}'"]
        return subprocess.run(command, cwd="/", capture_output=True).returncode == 0

    if starts(Path(sys.executable)):
        return sys.executable
    if base in {Path("/usr"), Path("/usr/local")}:
        return ""
    unused = shutil.ignore_patterns("test", "site-packages", "config-*", "__pycache__", "include", "*.a")
    shutil.copytree(base, folder / "base", ignore=unused, symlinks=True)
    copied = folder / "base" / Path(os.path.realpath(sys.executable)).relative_to(base)
    subprocess.run([str(copied), "-m", "venv", "--without-pip", str(own)], check=True)
    [packages] = own.glob("lib/python*/site-packages")
    (packages / "project.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (own / "share").symlink_to(Path(sys.prefix) / "share")  # templates of nbconvert, kernels
    return str(own / "bin" / "python") if starts(own / "bin" / "python") else ""


@ROOT_ONLY
def test_as_another_user_in_a_tree_one_may_not_write(town, tmp_path, monkeypatch):
    folder, before = town
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path / "python" / "base" / "lib"))  # a Python linked to its library
    (folder / "build" / "up-to-date.json").unlink(missing_ok=True)
    for parent in folder.parents:
        if parent == Path("/"):
            break
        parent.chmod(parent.stat().st_mode | 0o055)
    python = python_of_another_user(tmp_path / "python")
    if not python:
        pytest.skip("another user may start no Python of this version")
    nobody = [*ANOTHER_USER, python, "-m", "pipelines.rebuild"]
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


def test_jupyterlab_open_during_a_rebuild_in_a_folder_with_a_blank(built, tmp_path):
    """With a kernel on a notebook of the town, and the notebook saved meanwhile with what it shows."""
    folder, before = tmp_path / "my data" / "town", built[1]
    shutil.copytree(built[0], folder, symlinks=True)
    jupyter, token = Path(sys.executable).parent / "jupyter", "of-a-test"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # as the Makefile starts it
    own = ["--no-browser", f"--port={port}", f"--IdentityProvider.token={token}"]
    command = [str(jupyter), "lab", "--config=pipelines/lab.py", *own]
    with (tmp_path / "lab.log").open("w", encoding="utf-8") as log:
        lab = subprocess.Popen(command, cwd=folder, env=environment(folder, HOME=str(tmp_path)), stdout=log, stderr=log)

    def ask(path: str, method: str = "GET", content: dict | None = None) -> bytes:
        data = json.dumps(content).encode() if content else None
        head = {"Authorization": f"token {token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", data, head, method=method)
        with urllib.request.urlopen(asked) as answer:
            return answer.read()

    try:
        guard = time.monotonic() + 120
        while True:
            try:
                assert b"<title>JupyterLab</title>" in ask("lab/tree/notebooks/00_start_here.ipynb")
                break
            except urllib.error.URLError:
                said = (tmp_path / "lab.log").read_text(encoding="utf-8")
                assert lab.poll() is None and time.monotonic() < guard, said
                time.sleep(0.2)
        name = "notebooks/00_start_here.ipynb"
        ask("api/sessions", "POST", {"path": name, "name": "x", "type": "notebook", "kernel": {"name": "python3"}})
        command = [sys.executable, "-m", "pipelines.rebuild", "--force"]
        rebuilding = subprocess.Popen(command, cwd=folder, env=environment(folder))
        notebook = json.loads(ask(f"api/contents/{name}"))["content"]
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "seen"}]
        ask(f"api/contents/{name}", "PUT", {"type": "notebook", "format": "json", "content": notebook})
        assert rebuilding.wait() == 0
        assert content(folder) == before and "seen" not in (folder / name).read_text(encoding="utf-8")
        assert json.loads(ask("api/kernels"))[0]["name"] == "python3"
    finally:
        lab.terminate()
        lab.wait(timeout=120)


def test_dvc_brings_back_what_its_cache_holds(town):
    folder, before = town
    shutil.rmtree(folder / "results" / "site")
    command = [sys.executable, "-m", "dvc", "checkout", "-q"]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)
    assert done.returncode == 0 and content(folder) == before, done.stderr
    assert rebuild(folder).stdout.strip().endswith("nothing to do.")


def test_with_the_clock_in_another_year(town):
    folder, before = town
    library = next(Path("/usr/lib").glob("**/libfaketime.so.1"), None)
    if library is None:
        pytest.skip("libfaketime is not installed here (apt-get install faketime)")
    later = environment(folder, LD_PRELOAD=str(library), FAKETIME="+1500d", NO_FAKE_STAT="1")
    shown = subprocess.run(["date", "+%Y"], env=later, capture_output=True, text=True).stdout
    assert int(shown) >= datetime.date.today().year + 4
    command = [sys.executable, "-m", "pipelines.rebuild", "--force"]
    done = subprocess.run(command, cwd=folder, env=later, capture_output=True, text=True)
    assert done.returncode == 0 and content(folder) == before, done.stderr


@contextmanager
def limited_memory(mebibytes: int):
    """Beginning of a command whose processes have so much memory together (control groups of Linux, either version)."""
    root = Path("/sys/fs/cgroup")
    first = root / "memory"
    group = (first if first.is_dir() else root) / f"town-{os.getpid()}"
    bound = ["memory.max", "memory.swap.max"]
    if first.is_dir():
        bound = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]
    try:
        group.mkdir()
    except OSError:
        pytest.skip("no control group can be made here")
    try:
        if not (group / bound[0]).exists():
            pytest.skip("no control group of this machine limits memory")
        for name in bound:
            if (group / name).exists():
                (group / name).write_text("0" if name == "memory.swap.max" else str(mebibytes << 20), encoding="ascii")
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    finally:
        guard = time.monotonic() + 120
        while (group / "cgroup.procs").read_text(encoding="ascii") and time.monotonic() < guard:
            time.sleep(0.1)
        group.rmdir()


@pytest.mark.parametrize("mebibytes", [1024, 450, 380, 300])
def test_with_little_memory(town, mebibytes):
    """One gibibyte is enough; with less the message says so, and the next rebuild heals."""
    folder, before = town
    command = [sys.executable, "-m", "pipelines.rebuild", "--force"]
    with limited_memory(mebibytes) as begins:
        done = subprocess.run([*begins, *command], cwd=folder, env=environment(folder), capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    if mebibytes == 1024:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 1 and "often too little memory" in done.stderr, done.stderr
        healed = rebuild(folder)
        assert healed.returncode == 0, healed.stderr
    assert content(folder) == before


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
