"""What ``dvc.yaml`` declares, read without importing DVC."""

from __future__ import annotations

from pathlib import Path


from analysis import paths
from analysis.files import read_yaml


def stages() -> dict[str, dict]:
    """All stages by full name (``clean@demand``), their commands, dependencies and outputs with values filled in."""
    declared = read_yaml((paths.ROOT / "dvc.yaml"))["stages"]
    params = read_yaml(paths.PARAMS)
    found = {}
    for name, stage in declared.items():
        if "foreach" not in stage:
            found[name] = _plain(stage, "")
            continue
        items = stage["foreach"]
        items = params[items.strip("${}")] if isinstance(items, str) else items
        for item in items:
            found[f"{name}@{item}"] = _plain(stage["do"], item)
    return found


def _plain(stage: dict, item: str) -> dict:
    def fill(text: str) -> str:
        return text.replace("${item}", item)

    outs = [next(iter(o)) if isinstance(o, dict) else o for kind in ("outs", "metrics", "plots") for o in stage.get(kind, [])]
    return {"cmd": fill(stage["cmd"]), "deps": [fill(d) for d in stage.get("deps", [])], "outs": [Path(fill(o)) for o in outs]}
