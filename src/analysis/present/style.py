"""One style for all figures: a Chinese font that comes with the environment, a colour-blind-safe palette,
quiet axes."""

from __future__ import annotations

import os
import re
import textwrap
import unicodedata
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from matplotlib.rcsetup import cycler

from analysis.present.display import use_tables

# Okabe & Ito (2008), safe for the common forms of colour blindness
PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "sky": "#56B4E9",
    "purple": "#CC79A7",
    "yellow": "#F0E442",
    "grey": "#7A7A7A",
    "light": "#C8C8C8",
    "black": "#222222",
}


class MissingGlyph(ValueError):
    """A label holds a character that the font cannot draw."""


@lru_cache
def font_file() -> Path:
    """The font file (Noto Sans CJK SC, SIL Open Font License) inside the environment."""
    package, name = find_spec("mplfonts"), "NotoSansCJKsc-Regular.otf"
    folders = package.submodule_search_locations if package else None
    path = Path(folders[0]) / "fonts" / name if folders else None
    if path is None or not path.exists():
        raise FileNotFoundError(f"{name} is not in mplfonts. Install requirements.lock again.")
    return path


@lru_cache
def glyphs() -> frozenset[int]:
    """Code points that the font can draw."""
    return frozenset(FT2Font(str(font_file())).get_charmap())


def check_glyphs(text: str) -> None:
    """Stop at characters that would become boxes."""
    missing = sorted({c for c in text if not c.isspace() and ord(c) not in glyphs()})
    if missing:
        raise MissingGlyph(
            f"{font_file().stem} has no glyph for {' '.join(missing)} in {text!r}. Use another character."
        )


# a name that no other font has: families are looked up by name, and a system may hold another edition of the same
FAMILY = "Workbench Sans"


def use_style() -> None:
    """The style of figures and the look of tables, whatever the machine has: call once at the top of a notebook.

    Text is set in the environment's own font file. matplotlib looks fonts up by family, so the file gets a name of its
    own, and besides it only the fonts that come with matplotlib are known. Settings of a user's ``matplotlibrc`` do not
    count.
    """
    use_tables()
    mpl.rcdefaults()
    os.environ.pop("MPL_IGNORE_SYSTEM_FONTS", None)  # it would hide the environment's font as well
    manager, bundled = font_manager.fontManager, Path(mpl.get_data_path())
    manager.addfont(font_file())
    own = replace(manager.ttflist[-1], name=FAMILY)
    manager.ttflist = [own, *(font for font in manager.ttflist if Path(font.fname).is_relative_to(bundled))]
    mpl.rcParams.update(
        {
            "font.family": [FAMILY],
            "timezone": "UTC",
            "date.epoch": mpl.rcParamsDefault["date.epoch"],
            "font.size": 9.5,
            "axes.unicode_minus": False,
            "svg.hashsalt": "specialty-alignment",
            "svg.fonttype": "path",
            "figure.dpi": 100,
            "savefig.dpi": 160,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.spines.left": False,
            "axes.edgecolor": PALETTE["light"],
            "axes.grid": True,
            "grid.color": "#E6E6E6",
            "grid.linewidth": 0.6,
            "axes.axisbelow": True,
            "axes.titlesize": 10,
            "axes.titlelocation": "left",
            "axes.labelsize": 9,
            "axes.labelcolor": PALETTE["black"],
            "xtick.color": PALETTE["black"],
            "ytick.color": PALETTE["black"],
            "xtick.labelsize": 8.5,
            "ytick.labelsize": 9,
            "xtick.major.size": 0,
            "ytick.major.size": 0,
            "legend.frameon": False,
            "legend.fontsize": 8.5,
            "axes.prop_cycle": cycler(
                color=[PALETTE[c] for c in ("blue", "orange", "green", "vermilion", "purple", "sky")]
            ),
        }
    )


def wrap(text: str, width: int) -> list[str]:
    """Break at `width` half-width places; Chinese characters count two and may be parted anywhere."""
    if sum(unicodedata.east_asian_width(c) in "WF" for c in text) < len(text) / 3:
        return textwrap.wrap(text, width) or [""]
    lines, line, used = [], "", 0
    for character in re.findall(r"[\d.,%−–-]+|.", text):
        places = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in character)
        if used + places > width and character not in "，。；：、）)%":
            lines.append(line)
            line, used = "", 0
        line += character
        used += places
    return [*lines, line]
