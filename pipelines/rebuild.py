"""Brings the results up to date: like ``dvc repro``, but stages that do not wait for each other run side by side.

``python -m pipelines.rebuild`` runs what is out of date, ``--force`` everything. The graph, the checks and the lock
file are
DVC's own; only the commands are run differently: in processes forked from one that has imported the libraries already,
so that
a stage does not pay for its start. Plain ``dvc repro`` gives the same bytes, more slowly.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import select
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path

from pipelines.borrowed import missing_of
from pipelines.conditions import die_with_parent, disk_message, run_sealed

WORKERS = min(4, os.cpu_count() or 1)
LIBRARIES = (
    "nbformat",
    "papermill",
    "nbconvert",
    "ipykernel.kernelapp",
    "jupyter_client.manager",
    "pandas",
    "pyarrow",
    "yaml",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "seaborn",
    "scipy.stats",
    "scipy.optimize",
    "statsmodels.genmod.generalized_linear_model",
    "statsmodels.stats.proportion",
    "pypandoc",
)


LITTLE_MEMORY = "often too little memory: close other programs, then run the rebuild again; it goes on from there"


class WorkerEnded(Exception):
    """A process of the rebuild was ended from outside."""


class Worker:
    """One end of the line to a warm process that runs one command at a time, each in a fork of its own."""

    def __init__(self, line: socket.socket):
        self.socket, self.stage, self.since = line, None, 0.0

    def start(self, stage, command: str, log: Path) -> None:
        self.stage, self.since = stage, time.monotonic()
        try:
            self.socket.sendall(json.dumps([command, str(log)]).encode() + b"\n")
        except ConnectionError:
            raise WorkerEnded(f"before {stage.addressing}") from None

    def result(self) -> int:
        try:
            answer = self.socket.recv(64)
        except ConnectionError:
            answer = b""
        if not answer:
            raise WorkerEnded(f"during {self.stage.addressing}")
        return int(answer)


def start_workers(count: int) -> list[Worker]:
    """Fork one process that imports the libraries and then divides into `count` workers; they end when their line is
    closed.
    """
    lines = [socket.socketpair() for _ in range(count)]
    own = os.getpid()
    if os.fork() == 0:
        try:
            die_with_parent(own)
            warm = os.getpid()
            # an interrupt is the parent's business: it closes the lines
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            for ours, _ in lines:
                ours.close()
            os.environ["MPLBACKEND"] = "agg"
            for library in LIBRARIES:
                __import__(library)
            for number, (_, theirs) in enumerate(lines):
                # the last one stays in the process itself
                if number == count - 1 or os.fork() == 0:
                    if os.getpid() != warm:
                        die_with_parent(warm)
                    for _, other in lines:
                        if other is not theirs:
                            other.close()
                    _serve(theirs)
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(1)
    for _, theirs in lines:
        theirs.close()
    return [Worker(ours) for ours, _ in lines]


def _serve(line: socket.socket) -> None:
    """In a worker: fork for every command, watch the line meanwhile; never returns."""
    buffer = b""
    while True:
        while b"\n" not in buffer:
            try:
                received = line.recv(65536)
            except ConnectionResetError:
                received = b""  # the parent was ended in the middle of an answer
            if not received:
                os._exit(0)
            buffer += received
        request, _, buffer = buffer.partition(b"\n")
        command, log = json.loads(request)
        worker = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                die_with_parent(worker)
                os.setsid()
                code = _run(command, Path(log))
            finally:
                os._exit(code)
        done = 0
        while not done:
            done, status = os.waitpid(pid, os.WNOHANG)
            readable, _, _ = select.select([line], [], [], 0 if done else 0.02)
            if not done and readable and not line.recv(1, socket.MSG_PEEK):
                # the rebuild has ended or was killed: its stage must not go on alone
                os.killpg(pid, signal.SIGTERM)
                os._exit(0)
        line.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _run(command: str, log: Path) -> int:
    """In the fork: ``python -m module arguments`` without a new interpreter."""
    import runpy

    with log.open("w", encoding="utf-8") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
        program, flag, module, *arguments = shlex.split(command)
        if (program, flag) != ("python", "-m"):
            print(f"{command!r}: the rebuild runs `python -m` commands only; use dvc repro", file=sys.stderr)
            return 2
        sys.argv = [module, *arguments]
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def rebuild(force: bool = False) -> int:
    """Run all stages that are out of date; returns the exit code."""
    from analysis.ground import paths
    from analysis.ground.errors import DataFault
    from analysis.ground.params import load_params
    from pipelines import freshness
    from pipelines.graph import stages

    os.chdir(paths.ROOT)
    if sys.platform != "linux":
        # forking warm processes is safe on Linux only
        return plain_repro(force)
    begun = time.monotonic()
    try:
        load_params()
        check_lock()
        before = freshness.snapshot()
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    if not force and freshness.nothing_moved():
        print(f"All {len(stages())} stages are up to date; nothing to do.")
        return 0
    freshness.forget()
    if missing := missing_of("dvc"):
        print(
            f"This version of DVC has no {', '.join(missing)}, which the rebuild leans on; "
            "plain dvc repro runs instead, one stage after the other.",
            file=sys.stderr,
        )
        return plain_repro(force)
    workers = start_workers(WORKERS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # the stage `check` does not wait for dvc.yaml, which every edit of a stage moves; the workers load meanwhile
        from pipelines.check import check_workspace

        check_workspace()
        code = _with_dvc(force, workers, paths.BUILD, begun)
        if code == 0:
            freshness.remember(before)
        return code
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. What was finished is recorded; the next rebuild goes on from there.", file=sys.stderr)
        return 130
    finally:
        for worker in workers:
            worker.socket.close()


def _with_dvc(force: bool, workers: list[Worker], build: Path, begun: float) -> int:
    from dvc.exceptions import DvcException
    from dvc.lock import LockError

    try:
        return _rebuild(force, workers, build, begun)
    except LockError as error:
        print(
            f"Another DVC command works in this clone ({error}). Let it end, then try again; "
            "locks of commands that ended are ignored.",
            file=sys.stderr,
        )
        return 1
    except WorkerEnded as where:
        print(f"FAILED  a process of the rebuild was ended {where} ({LITTLE_MEMORY}).", file=sys.stderr)
        return 1
    except DvcException as error:
        cause = next((e for e in (error.__cause__, error.__context__) if isinstance(e, OSError)), None)
        print(disk_message(cause) if cause else f"DVC: {error}", file=sys.stderr)
        return 1


def plain_repro(force: bool) -> int:
    """DVC's own command: the same results, more slowly."""
    return subprocess.run([sys.executable, "-m", "dvc", "repro", *(["--force"] if force else [])]).returncode


def check_lock() -> None:
    """Put back a lock file that a killed rebuild was writing, and say where a merge has left its marks.

    Raises
    ------
    DataFault
        with the line of each file that git could not merge.
    """
    from analysis.ground import paths
    from analysis.ground.errors import Problems

    if _before_writing().exists():
        os.replace(_before_writing(), paths.ROOT / "dvc.lock")
    problems = Problems()
    for name, remedy in (
        (
            "dvc.lock",
            "Take one side (git checkout --ours dvc.lock, or --theirs), then run the rebuild: it writes the rest",
        ),
        ("dvc.yaml", "Resolve the conflict"),
        ("params.yaml", "Resolve the conflict"),
    ):
        path = paths.ROOT / name
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else [], 1):
            if line.startswith(("<<<<<<<", ">>>>>>>")):
                problems.add(name, "a merge has left its marks", remedy, row=f"line {number}", printed=line[:40])
    problems.stop()


def _before_writing() -> Path:
    from analysis.ground import paths

    return paths.BUILD / "dvc.lock.before"


def _publishes_doubts(stage) -> bool:
    """Whether what the stage published was made for an experiment and holds sentences that its data do not carry."""
    from pipelines.build_report import UNSUPPORTED

    mark = f'class="{UNSUPPORTED}"'
    pages = [
        page
        for out in stage.outs
        for page in (Path(out.fs_path).rglob("*.html") if os.path.isdir(out.fs_path) else [Path(out.fs_path)])
    ]
    return any(page.suffix == ".html" and page.exists() and mark in page.read_text(encoding="utf-8") for page in pages)


def _rebuild(force: bool, workers: list[Worker], build: Path, begun: float) -> int:
    import networkx
    from dvc.repo import Repo

    from analysis.ground.outgoing import redacted
    from pipelines import staging

    logging.getLogger("dvc").setLevel(logging.WARNING)
    logs = build / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    memory = build / "durations.json"
    durations = _remembered(memory)
    repo = Repo(".")
    repo.lock.lock()
    staging.clear()  # what killed stages left; none runs while the lock is held
    graph = repo.index.graph  # an edge points from a stage to what it needs
    order = {
        stage: n
        for n, stage in enumerate(
            reversed(list(networkx.lexicographical_topological_sort(graph, key=lambda s: s.addressing)))
        )
    }
    waiting = dict.fromkeys(sorted(graph, key=order.__getitem__))
    done, fresh, failed, finished = set(), 0, None, []
    selector = selectors.DefaultSelector()
    for worker in workers:
        selector.register(worker.socket, selectors.EVENT_READ, worker)
    try:
        while (waiting and not failed) or any(w.stage for w in workers):
            ready = [s for s in waiting if set(graph.successors(s)) <= done] if not failed else []
            # the stage that took longest last time first
            ready.sort(key=lambda s: (-durations.get(s.addressing, 0), order[s]))
            moved = False
            for stage in ready:
                idle = next((w for w in workers if not w.stage), None)
                if (
                    not force
                    and not stage.changed()
                    and not (stage.addressing.startswith(("report@", "briefs@")) and _publishes_doubts(stage))
                ):
                    del waiting[stage]
                    done.add(stage)
                    fresh += 1
                    moved = True
                elif idle:
                    del waiting[stage]
                    idle.start(stage, stage.cmd, logs / f"{stage.addressing}.log")
            if moved:
                continue
            if not any(w.stage for w in workers):
                break
            for key, _ in selector.select():
                worker: Worker = key.data
                stage, code, seconds = worker.stage, worker.result(), time.monotonic() - worker.since
                worker.stage = None
                output = redacted((logs / f"{stage.addressing}.log").read_text(encoding="utf-8"))
                if code:
                    failed = stage
                    how = f"exit code {code}"
                    if code < 0:
                        how = f"killed by signal {-code}{f'; {LITTLE_MEMORY}' if code == -signal.SIGKILL else ''}"
                    print(f"FAILED  {stage.addressing} after {seconds:.1f} s ({how})\n{output}", file=sys.stderr)
                    continue
                stage.save()
                stage.commit()
                finished.append(stage)
                durations[stage.addressing] = round(seconds, 1)
                done.add(stage)
                print(f"[{len(done):2d}/{len(graph)}] {stage.addressing:<28} {seconds:5.1f} s", flush=True)
                if output.strip():
                    print(output.strip())
    finally:
        # once, not after every stage: DVC parses and writes the whole lock file each time, which takes longer
        # than a stage
        if finished:
            if os.path.exists("dvc.lock"):
                copied = _before_writing().with_suffix(".new")
                shutil.copyfile("dvc.lock", copied)
                copied.replace(_before_writing())
            finished[0].dvcfile.dump_stages(sorted(finished, key=lambda s: s.addressing), update_pipeline=False)
            _before_writing().unlink(missing_ok=True)
        repo.lock.unlock()
        scratch = memory.with_suffix(".new")
        scratch.write_text(json.dumps(durations, sort_keys=True), encoding="utf-8")
        scratch.replace(memory)
    if failed:
        return 1
    if finished:
        print(f"{len(finished)} of {len(graph)} stages run, {fresh} were up to date, {time.monotonic() - begun:.1f} s.")
    else:
        print(f"All {len(graph)} stages are up to date; nothing to do.")
    return 0


def _remembered(memory: Path) -> dict[str, float]:
    """Seconds that stages took last time; only a hint for the order, so a damaged file is as good as none."""
    try:
        return json.loads(memory.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.rebuild", description=__doc__.splitlines()[0])
    parser.add_argument("--force", action="store_true", help="run every stage, up to date or not")
    return rebuild(parser.parse_args(argv).force)


if __name__ == "__main__":
    sys.exit(run_sealed(main))
