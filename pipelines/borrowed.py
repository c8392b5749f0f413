"""The inner parts of DVC and Jupyter that the rebuild and the forked kernel lean on, asked for in one place.

Another version may not have them. Then nothing breaks: the rebuild says so and runs plain ``dvc repro``, and notebooks
run in ordinary kernels; the results are the same, later.
"""

from __future__ import annotations

import inspect
from functools import lru_cache
from importlib import import_module

DVC = {
    "dvc.repo:Repo": ("index", "lock"),
    "dvc.repo.index:Index": ("graph",),
    "dvc.stage:Stage": ("addressing", "changed", "save", "commit", "cmd", "outs", "dvcfile"),
    "dvc.dvcfile:ProjectFile": ("dump_stages",),
    "dvc.lock:LockError": (),
    "dvc.exceptions:DvcException": (),
}
JUPYTER = {
    "jupyter_client.manager:AsyncKernelManager": ("_async_pre_start_kernel", "pre_start_kernel", "kernel_spec"),
    "jupyter_client.provisioning:LocalProvisioner": ("launch_kernel", "connection_info"),
    "ipykernel.kernelapp:IPKernelApp": ("launch_instance", "parent_handle"),
}


@lru_cache
def missing_of(owner: str) -> tuple[str, ...]:
    """What is not there of ``"dvc"`` or ``"jupyter"`` as it is used."""
    found = []
    for address, names in {"dvc": DVC, "jupyter": JUPYTER}[owner].items():
        module, _, name = address.partition(":")
        try:
            holder = getattr(import_module(module), name)
        except (ImportError, AttributeError):
            found.append(address)
            continue
        # attributes that are set in __init__ stand in its source
        own = {*dir(holder), *getattr(holder, "__annotations__", {})}
        source = inspect.getsource(holder.__init__) if inspect.isfunction(holder.__init__) else ""
        found += [f"{address}.{one}" for one in names if one not in own and f"self.{one}" not in source]
    return tuple(found)
