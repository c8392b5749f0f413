"""A kernel that is forked from the runner instead of started anew.

The runner (or the rebuild command above it) has already imported what notebooks need; a fork shares that, so a
notebook begins
after milliseconds instead of seconds. The child is forked before any event loop or socket exists. Elsewhere than on
Linux an
ordinary kernel is started.

Nobody looks at a cell while it runs: what it prints is sent together, and a cell that shows more than a page can hold
ends its kernel.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import uuid
from pathlib import Path

from ipykernel.iostream import OutStream
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from pipelines.conditions import die_with_parent

CAN_FORK = sys.platform == "linux"  # elsewhere forking after NumPy has been imported is not safe
# of one cell: characters printed, things displayed, characters of these; exit code of a kernel that was to show more
PRINTED, SHOWN, DRAWN = 200_000, 1_000, 20_000_000
SHOWS_TOO_MUCH = 77


class ForkedKernel:
    """A waiting child process that becomes a kernel once it is told its connection file; speaks like
    `subprocess.Popen`.
    """

    current: ForkedKernel | None = None

    def __init__(self, cwd: Path):
        reader, self._writer = os.pipe()
        self.returncode: int | None = None
        self.stdin = self.stdout = self.stderr = None
        runner = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._writer)
            _become_kernel(reader, cwd, runner)
        os.close(reader)
        ForkedKernel.current = self

    def start(self, connection_file: str) -> None:
        os.write(self._writer, connection_file.encode())
        os.close(self._writer)
        self._writer = -1

    def discard(self) -> None:
        """End the child if it was never told to start."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1
            self.wait()

    def poll(self) -> int | None:
        if self.returncode is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.005)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _become_kernel(reader: int, cwd: Path, runner: int) -> None:
    """In the child: import while the runner still prepares, wait for the connection file, run the kernel; never
    returns.
    """
    code = 1
    try:
        die_with_parent(runner)
        # where memory runs out the kernel goes first: its cell can be named
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
        import ipykernel.kernelapp
        import pandas  # noqa: F401

        connection_file = os.read(reader, 4096).decode()
        if connection_file:
            os.setsid()
            os.chdir(cwd)
            # the project's own modules hold the runner's paths and caches: the notebook imports them anew
            for name in [m for m in sys.modules if m.split(".")[0] in {"analysis", "pipelines"}]:
                del sys.modules[name]
            # log level: the kernel's start-up warnings would drown the progress of a rebuild; no history file in HOME;
            # the kernel ends with its runner
            ipykernel.kernelapp.IPKernelApp.launch_instance(
                [
                    "-f",
                    connection_file,
                    "--log-level=50",
                    "--HistoryManager.hist_file=:memory:",
                    f"--IPKernelApp.parent_handle={runner}",
                    "--IPKernelApp.outstream_class=pipelines.kernel.Printed",
                    "--IPKernelApp.extra_extensions=pipelines.kernel",
                ]
            )
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    finally:
        # whatever happened, the child must not go on in the runner's code
        os._exit(code)


class Printed(OutStream):
    """Standard output and error of a cell, of bounded length.

    A message for every flushed line would take seconds, and once a thousand wait a kernel drops the next and its lines.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._cell, self._length = None, 0

    def write(self, string: str) -> int | None:
        cell = self.parent_header.get("msg_id")
        if cell != self._cell:
            self._cell, self._length = cell, 0
        self._length += len(string)
        if self._length > PRINTED:
            os._exit(SHOWS_TOO_MUCH)  # an exception could be caught, and a thread that reads a pipe would stop reading
        return super().write(string)

    def flush(self) -> None:
        """Send now where the kernel asks, which keeps text, pictures and errors in order; else soon after the write."""
        if sys._getframe(1).f_globals.get("__name__", "").startswith("ipykernel"):
            super().flush()


def load_ipython_extension(shell) -> None:
    """In the kernel: count what cells display."""
    counted = {"cell": None, "shown": 0, "drawn": 0}

    def count(message: dict) -> dict:
        cell = message["parent_header"].get("msg_id")
        if cell != counted["cell"]:
            counted.update(cell=cell, shown=0, drawn=0)
        counted["shown"] += 1
        parts = message["content"].get("data", {}).values()
        counted["drawn"] += sum(len(part) for part in parts if isinstance(part, str))
        if counted["shown"] > SHOWN or counted["drawn"] > DRAWN:
            os._exit(SHOWS_TOO_MUCH)
        return message

    shell.display_pub.register_hook(count)
    shell.displayhook.register_hook(count)


class ForkedProvisioner(LocalProvisioner):
    """Hands the connection file to the waiting child instead of starting a process."""

    async def launch_kernel(self, cmd: list[str], **kwargs):
        child = ForkedKernel.current
        child.start(self.parent.connection_file)
        self.process, self.pid, self.pgid = child, child.pid, None
        return self.connection_info


class ForkedKernelManager(AsyncKernelManager):
    """A kernel manager with the forked provisioner."""

    async def _async_pre_start_kernel(self, **kwargs):
        self.kernel_id = self.kernel_id or str(uuid.uuid4())
        self.provisioner = ForkedProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kwargs)

    pre_start_kernel = _async_pre_start_kernel
