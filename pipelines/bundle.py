"""The finished report, site and data as one archive with a manifest: ``make bundle`` writes
``build/specialty-alignment-<revision>.zip``.

For a release, a bureau, or a reviewer who installs nothing. The manifest names the revision, the lock of the
environment, the machine and a checksum of every file; equal content gives equal bytes but for the machine.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

from analysis.ground import paths
from pipelines.conditions import run_sealed
from pipelines.staging import replace, staging

CONTENT = (
    "results/report",
    "results/site",
    "results/numbers.json",
    "results/reconciliation.csv",
    "data/processed",
    "README.md",
    "LICENSE",
    "CITATION.cff",
)
EPOCH = (2000, 1, 1, 0, 0, 0)


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def revision() -> str:
    """The commit of the tree, with a mark where files differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or "without-revision"


def files() -> list[Path]:
    """What is bundled, sorted."""
    found = []
    for name in CONTENT:
        path = paths.ROOT / name
        found += [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    return sorted(found)


def bundle() -> Path:
    """Write the archive.

    Raises
    ------
    FileNotFoundError
        where something of it has not been built.
    """
    made = files()
    if missing := [paths.shown(path) for path in made if not path.exists()]:
        raise FileNotFoundError(f"{', '.join(missing)}: not there. Run make repro first.")
    manifest = {
        "revision": revision(),
        "lock": checksum(paths.ROOT / "requirements.lock"),
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "python": platform.python_version(),
        },
        "files": {paths.shown(path): checksum(path) for path in made},
    }
    target = paths.BUILD / f"specialty-alignment-{manifest['revision']}.zip"
    with staging("bundle") as folder:
        with zipfile.ZipFile(folder / target.name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                zipfile.ZipInfo("MANIFEST.json", EPOCH),
                json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
                zipfile.ZIP_DEFLATED,
            )
            for path in made:
                archive.writestr(zipfile.ZipInfo(paths.shown(path), EPOCH), path.read_bytes(), zipfile.ZIP_DEFLATED)
        replace(folder / target.name, target)
    return target


def main() -> int:
    try:
        print(paths.shown(bundle()))
    except FileNotFoundError as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
