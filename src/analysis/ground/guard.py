"""Work on files from outside in processes of their own, each file with so much computing and memory and no more.

What a process does with a hostile file cannot be foreseen; that it ends can be.
A process that overruns is ended and another takes its place.
"""

from __future__ import annotations

import gc
import math
import multiprocessing
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

SECONDS = 6  # of computing for one form; a sound one takes a tenth of a second
WAITING = 10  # times as long by the clock, for a file that only waits, or a machine that does much else
MEMORY = 512 << 20  # bytes for one form, beside what the process holds already


@dataclass(frozen=True)
class Stopped:
    """Stands for the answer that a process did not live to give."""

    by: Literal["time", "memory"]


def _limit_memory(memory: int) -> None:
    """Let this process take `memory` more than it has; elsewhere than on Linux only time is limited."""
    if sys.platform == "linux":
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + memory
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _limit_time(seconds: int) -> None:
    """End this process when it has computed for `seconds` more; where the system cannot,
    the clock of the parent does."""
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(
            resource.RLIMIT_CPU,
            (math.ceil(used.ru_utime + used.ru_stime) + seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]),
        )
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _serve(channel: Connection, parents: Connection, function: Callable[[Any], Any], seconds: int, memory: int) -> None:
    """Answer until the channel is closed, which it also is when the parent ends."""
    parents.close()
    gc.freeze()  # what the process began with stays; it need not be looked through again and again
    _limit_memory(memory)
    channel.send(None)
    while True:
        try:
            item = channel.recv()
        except EOFError:
            return
        _limit_time(seconds)
        try:
            answer = function(item)
        except MemoryError:
            answer = Stopped("memory")
        except Exception as error:
            answer = error
        channel.send(answer)


class _Worker:
    """A process and the channel to it."""

    def __init__(self, function: Callable[[Any], Any], seconds: int, memory: int):
        self.channel, theirs = multiprocessing.Pipe()
        self.process: BaseProcess = multiprocessing.Process(
            target=_serve, args=(theirs, self.channel, function, seconds, memory), daemon=True
        )
        self.process.start()
        theirs.close()
        self.channel.recv()  # its imports are done: the clock of a file starts with the file

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.channel.close()


def guarded(
    function: Callable[[Any], Any], items: Iterable[Any], *, workers: int, seconds: int = SECONDS, memory: int = MEMORY
) -> list[Any]:
    """``[function(item) for item in items]`` by several processes; `Stopped` where one took too long or too much.

    Parameters
    ----------
    function : callable
        is handed to each process once; items and answers are pickled.
    seconds : int
        of computing for one item, and `WAITING` times as long by the clock.
    memory : int
        bytes for one item.

    Raises
    ------
    Exception
        what `function` raised.
    """
    waiting = deque(enumerate(items))
    answers: list[Any] = [None] * len(waiting)
    idle: list[_Worker] = []
    busy: dict[Connection, tuple[_Worker, int, float]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                worker = idle.pop() if idle else _Worker(function, seconds, memory)
                number, item = waiting.popleft()
                busy[worker.channel] = worker, number, time.monotonic() + WAITING * seconds
                worker.channel.send(item)
            ready = wait(list(busy), max(0.0, min(deadline for *_, deadline in busy.values()) - time.monotonic()))
            for channel, (worker, number, deadline) in list(busy.items()):
                if channel in ready:
                    try:
                        answers[number] = channel.recv()
                    except (
                        EOFError
                    ):  # the process was ended: by its limit of time, or because the system had no memory for it
                        worker.process.join()
                        answers[number] = Stopped(
                            "time" if worker.process.exitcode == -getattr(signal, "SIGXCPU", 0) else "memory"
                        )
                elif time.monotonic() >= deadline:
                    answers[number] = Stopped("time")
                else:
                    continue
                del busy[channel]
                if isinstance(answers[number], Exception):
                    raise answers[number]
                if isinstance(answers[number], Stopped):
                    worker.end()
                else:
                    idle.append(worker)
    finally:
        for worker in [*idle, *(worker for worker, *_ in busy.values())]:
            worker.end()
    return answers
