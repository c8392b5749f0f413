"""A kernel that is forked from the runner instead of started anew.

The runner (or the rebuild command above it) has already imported what notebooks need; a fork shares that, so a notebook begins
after milliseconds instead of seconds. The child is forked before any event loop or socket exists. Elsewhere than on Linux an
ordinary kernel is started.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import uuid
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from pipelines.conditions import die_with_parent

CAN_FORK = sys.platform == "linux"  # elsewhere forking after NumPy has been imported is not safe


class ForkedKernel:
    """A waiting child process that becomes a kernel once it is told its connection file; speaks like `subprocess.Popen`."""

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
    """In the child: import while the runner still prepares, wait for the connection file, run the kernel; never returns."""
    code = 1
    try:
        die_with_parent(runner)
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
                ]
            )
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    finally:
        # whatever happened, the child must not go on in the runner's code
        os._exit(code)


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
