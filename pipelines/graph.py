"""What ``dvc.yaml`` declares, read without importing DVC."""

from __future__ import annotations

from pathlib import Path

from analysis.ground import paths
from analysis.ground.files import read_yaml


def stages() -> dict[str, dict]:
    """All stages by full name (``clean@demand``, ``fit@en``), their commands,
    dependencies and outputs with values filled in."""
    declared = read_yaml(paths.ROOT / "dvc.yaml")["stages"]
    params = read_yaml(paths.PARAMS)
    found = {}
    for name, stage in declared.items():
        if "foreach" not in stage:
            found[name] = _plain(stage, {})
            continue
        items = stage["foreach"]
        items = params[items.strip("${}")] if isinstance(items, str) else items
        for key, item in items.items() if isinstance(items, dict) else zip(items, items):
            parts = (
                {f"item.{part}": value for part, value in item.items()} if isinstance(item, dict) else {"item": item}
            )
            found[f"{name}@{key}"] = _plain(stage["do"], {"key": key, **parts})
    return found


def _plain(stage: dict, values: dict[str, str]) -> dict:
    def fill(text: str) -> str:
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    outs = [next(iter(o)) if isinstance(o, dict) else o for o in stage.get("outs", [])]
    return {
        "cmd": fill(stage["cmd"]),
        "deps": [fill(d) for d in stage.get("deps", [])],
        "outs": [Path(fill(o)) for o in outs],
    }
