"""Other conditions for the same work: a person's settings, another place, locale, time zone, hash seed and umask,
and fewer features of the processor.

``python -m tests.conditions`` clones the committed tree into a folder whose name has a blank and Chinese characters,
rebuilds it there under all of them at once, and ends with 1 unless git sees no change.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
from fontTools.ttLib import TTFont

PROJECT = Path(__file__).resolve().parents[1]
FAMILY = "Noto Sans CJK SC"
KERNELS = (
    "import json; from numpy.lib.introspect import opt_func_info as o; print(json.dumps("
    "{f: {t: k['current'] for t, k in v.items()} for f, v in o(func_name='^(exp|log|add|multiply|sin)$').items()}))"
)


def hostile_home(folder: Path) -> Path:
    """A home whose settings would each show in a figure or a page if they were read."""
    files = {
        ".config/matplotlib/matplotlibrc": (
            "font.size: 22\nlines.linewidth: 9\nfont.family: cursive\naxes.facecolor: yellow\nsavefig.dpi: 30\n"
        ),
        ".ipython/profile_default/startup/00_mine.py": (
            "import pandas\npandas.set_option('display.precision', 1)\nprint('started by me')\n"
        ),
        ".ipython/profile_default/ipython_kernel_config.py": (
            "c.InteractiveShellApp.exec_lines = ['import seaborn; seaborn.set_theme(context=\"poster\")']\n"
        ),
        ".jupyter/jupyter_nbconvert_config.py": "c.TemplateExporter.exclude_input = True\n",
        ".local/share/jupyter/kernels/python3/kernel.json": json.dumps(
            {"argv": ["false"], "display_name": "not this one", "language": "python"}
        ),
        ".local/share/jupyter/nbconvert/templates/base/display_priority.j2": "not this one",
        ".local/share/jupyter/nbconvert/templates/lab/index.html.j2": "not this one",
        ".local/share/pandoc/templates/default.html5": "<html><body>not this one $body$</body></html>",
        ".local/share/pandoc/templates/default.typst": "not this one",
        ".local/share/pandoc/reference.docx": "not this one",
        ".pandoc/templates/default.html5": "<html><body>not this one $body$</body></html>",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for place in (".fonts", ".local/share/fonts"):
        decoy_font(folder / place / "NotoSansCJK-Regular.ttf")
    return folder


def decoy_font(path: Path) -> Path:
    """A font that calls itself like the environment's and looks otherwise."""
    font = TTFont(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf")
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = FAMILY
    path.parent.mkdir(parents=True, exist_ok=True)
    font.save(path)
    return path


def hostile_environment(home: Path) -> dict[str, str]:
    """Variables of another person on another machine."""
    features = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return {
        "HOME": str(home),
        "TZ": "Pacific/Apia",
        "LANG": "tr_TR.UTF-8",
        "LC_ALL": "POSIX",
        "LANGUAGE": "de",
        "PYTHONHASHSEED": "4711",
        "PYTHONOPTIMIZE": "1",
        "PYTHONWARNINGS": "default",
        "MPLBACKEND": "svg",
        "COLUMNS": "33",
        "SOURCE_DATE_EPOCH": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "NPY_DISABLE_CPU_FEATURES": " ".join(features),
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX2_Usable,-FMA_Usable",
    }


def kernels(**more: str) -> dict:
    """Which kernels numpy chose for some functions, asked of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", KERNELS], env={**os.environ, **more}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def other_kernels(environment: dict[str, str]) -> bool:
    """Whether numpy calculates with other instructions in that environment;
    on a machine without features to switch off it cannot."""
    return not environment["NPY_DISABLE_CPU_FEATURES"] or kernels(NPY_DISABLE_CPU_FEATURES="") != kernels(
        NPY_DISABLE_CPU_FEATURES=environment["NPY_DISABLE_CPU_FEATURES"]
    )


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        home, tree = hostile_home(Path(scratch) / "home"), Path(scratch) / "研究 工作"
        mine = hostile_environment(home)
        if not other_kernels(mine):
            print("numpy calculates with the same instructions under both conditions", file=sys.stderr)
            return 1
        subprocess.run(["git", "clone", "-q", str(PROJECT), str(tree)], check=True)
        environment = {**os.environ, **mine, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        os.umask(0o077)
        built = subprocess.run([sys.executable, "-m", "pipelines.rebuild"], cwd=tree, env=environment)
        if built.returncode:
            return built.returncode
        moved = subprocess.run(
            ["git", "status", "--porcelain"], cwd=tree, capture_output=True, text=True, check=True
        ).stdout
        print(moved or f"Rebuilt in {tree.name!r} under other conditions: git sees no change.")
        return 1 if moved else 0


if __name__ == "__main__":
    sys.exit(main())
