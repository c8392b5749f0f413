"""A drawn figure as files: title, scope and source drawn, every character checked, bytes that do not change between
runs.
"""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.present.say import caption_note
from analysis.present.style import PALETTE, check_glyphs, wrap

COORDINATE = re.compile(r"-?\d+\.\d{3,}")
PLACES = re.compile(r' (?:d|x|y|points)="[^"]*"|translate\([^)]*\)')  # scales keep their digits


class Picture:
    """A published figure as a notebook shows it: the vector picture itself."""

    def __init__(self, name: str, svg: str, alt: str):
        self.name, self.svg, self.alt = name, svg, alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"image/svg+xml": self.svg, "text/plain": self.alt}, {"workbench": {"figure": self.name}}


def save(figure: Figure, path: Path, captions: dict[str, str], language: str) -> str:
    """Draw the captions of a figure and write it as SVG and PNG; returns the SVG.

    Parameters
    ----------
    path : Path
        without ending.
    captions : dict
        `title`, `scope`, `units`, `source` in the language.
    """
    note = caption_note(language, captions["scope"], captions["units"], captions["source"])
    width = figure.get_size_inches()[0]
    figure.suptitle(
        "\n".join(wrap(captions["title"], int(width * 11.6))),
        x=0.01,
        ha="left",
        fontsize=11.5,
        fontweight="normal",
        color=PALETTE["black"],
    )
    figure.supxlabel("\n".join(wrap(note, int(width * 17.5))), x=0.01, ha="left", fontsize=7.2, color=PALETTE["grey"])
    for text in figure.findobj(Text):
        check_glyphs(text.get_text().replace("$", ""))
    figure.canvas.draw()
    figure.set_layout_engine("none")  # laid out once, drawn twice
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path.with_suffix(".png"), metadata={"Software": None})
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None, "Creator": None})
    plt.close(figure)
    svg = compact(path.with_suffix(".svg").read_text(encoding="utf-8"))
    path.with_suffix(".svg").write_text(svg, encoding="utf-8", newline="\n")
    return svg


def _hundredths(match: re.Match) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def compact(svg: str) -> str:
    """The same picture in fewer bytes: coordinates to a hundredth of a point, no white space between elements, no
    document type.

    Examples
    --------
    >>> compact('<svg>\\n <path d="M 12.345678 -0.0004 "/>\\n</svg>\\n')
    '<svg><path d="M12.35 0"/></svg>\\n'
    """
    svg = re.sub(r"<!DOCTYPE[^>]*>\s*|<metadata>.*?</metadata>\s*|<!--.*?-->\s*", "", svg, flags=re.S)
    svg = PLACES.sub(lambda place: COORDINATE.sub(_hundredths, place[0]), svg)
    svg = re.sub(
        r'(?<= d=")[^"]*', lambda path: re.sub(r"\s*([A-Za-z])\s*", r"\1", path[0]).replace("\n", " ").strip(), svg
    )
    return re.sub(r">\s+<", "><", svg).strip() + "\n"
