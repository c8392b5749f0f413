"""Forms of figures: one idea each, direct labels, intervals drawn and named. Nothing is computed here.

Each form gets published tables (codes and numbers) and `words` of the figure, which say codes and texts in a language:
``words("xlabel")`` is a text, ``words.rows(frame, column)`` the names of rows, ``words.cell(column, code)`` one code.
Options are the same in every language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from analysis.present.results import Drawn
from analysis.present.style import PALETTE, wrap


@dataclass(frozen=True)
class Series:
    """One series of a dot plot: the key of its name among the figure's words,
    and the columns that hold value and interval."""

    name: str
    value: str | None
    lower: str | None = None
    upper: str | None = None
    colour: str = "blue"
    marker: str = "o"


def plot_dots(
    frame: pd.DataFrame,
    *,
    words: Drawn,
    label: str,
    series: Sequence[Series],
    reference: float | None = None,
    joined: bool = False,
    log: bool = False,
    percent: bool = False,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Rows of dots with intervals: dumbbells (`joined`), quotients, caterpillars.

    Parameters
    ----------
    frame : DataFrame
        one row a category, first row on top.
    label : str
        column of the category.
    series : sequence of Series
        drawn side by side within a row if they carry intervals.
    reference : float
        a vertical line (1 for quotients, 0 for differences).
    percent : bool
        values are shares; the axis shows per cent.
    """
    rows = len(frame)
    figure, axes = plt.subplots(figsize=figsize or (7.4, 1.5 + 0.36 * rows))
    middle = np.arange(rows)[::-1]
    with_interval = [s for s in series if s.lower]
    offsets = {s.name: 0.0 for s in series}
    if len(with_interval) > 1:
        for place, s in enumerate(with_interval):
            offsets[s.name] = 0.3 * (0.5 - place / (len(with_interval) - 1))
    scale = 100 if percent else 1
    if joined:
        points = frame[[s.value for s in series if s.value]].to_numpy(float) * scale
        axes.hlines(middle, np.nanmin(points, 1), np.nanmax(points, 1), color=PALETTE["light"], linewidth=2, zorder=1)
    for s in series:
        y = middle + offsets[s.name]
        colour = PALETTE[s.colour]
        if s.lower:
            axes.hlines(
                y,
                frame[s.lower] * scale,
                frame[s.upper] * scale,
                color=colour,
                linewidth=2.4 if s.value else 6,
                alpha=0.55 if s.value else 0.35,
                zorder=2,
            )
        if s.value:
            axes.plot(frame[s.value] * scale, y, s.marker, color=colour, markersize=6, label=words(s.name), zorder=3)
        else:
            axes.plot([], [], color=colour, linewidth=6, alpha=0.35, label=words(s.name))
    if reference is not None:
        axes.axvline(reference * scale, color=PALETTE["grey"], linewidth=0.9, zorder=1)
    axes.set_yticks(middle, words.rows(frame, label))
    axes.set_ylim(-0.7, rows - 0.3)
    axes.grid(axis="y", visible=False)
    if log:
        axes.set_xscale("log")
        ticks = [
            t
            for t in (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5, 10)
            if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]
        ]
        axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
        axes.minorticks_off()
    elif percent:
        axes.set_xlim(left=0)
    axes.set_xlabel(words("xlabel"))
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=min(len(series), 4),
        borderaxespad=0.2,
        handletextpad=0.7,
        columnspacing=1.4,
    )
    return figure


def plot_bands(
    frame: pd.DataFrame,
    levels: pd.DataFrame,
    marks: pd.DataFrame,
    *,
    words: Drawn,
    x: str,
    bands: dict[str, str],
    level: str = "share",
    mark: str = "turn",
    colours: dict[str, str],
    scale: float = 1,
) -> Figure:
    """Lines over a parameter, named at their right end.

    Parameters
    ----------
    frame : DataFrame
        the parameter `x` and one column a line.
    levels : DataFrame
        columns `name`, `level`: level lines to compare with, a key of the words each.
    marks : DataFrame
        column `mark`: where a conclusion turns, drawn as vertical lines.
    bands, colours : dict
        column, or name of a level, → colour of the palette.
    scale : float
        of lines and levels before drawing (100 for per cent).
    """
    along = frame[x].to_numpy(float)
    figure, axes = plt.subplots(figsize=(7.4, 3.6))
    ends = []
    for name, colour in bands.items():
        values = scale * frame[name].to_numpy(float)
        axes.plot(along, values, color=PALETTE[colour], linewidth=2)
        ends.append([values[-1], words(name), colour])
    for name, value in zip(levels["name"], levels[level]):
        height = scale * value
        axes.hlines(height, along[0], along[-1], color=PALETTE[colours[name]], linewidth=1.4)
        ends.append([height, words(name), colours[name]])
    span = axes.get_ylim()[1] - axes.get_ylim()[0]
    ends.sort(key=lambda e: e[0])
    for previous, end in zip(ends, ends[1:]):
        end[0] = max(end[0], previous[0] + 0.075 * span)
    for height, name, colour in ends:
        axes.text(
            along[-1] + 0.015 * (along[-1] - along[0]), height, name, color=PALETTE[colour], va="center", fontsize=8.5
        )
    for place in marks[mark]:
        text = f"{words(x)}={place:.2f}"
        axes.axvline(place, color=PALETTE["grey"], linewidth=0.9, linestyle=(0, (4, 3)))
        axes.text(place, axes.get_ylim()[1], text, ha="center", va="bottom", fontsize=7.5, color=PALETTE["grey"])
    axes.set_xlim(along[0], along[-1] + 0.34 * (along[-1] - along[0]))
    axes.spines["bottom"].set_bounds(along[0], along[-1])
    axes.set_xticks(np.linspace(along[0], along[-1], 6))
    axes.set_ylim(bottom=0)
    axes.set_xlabel(words("xlabel"))
    axes.set_ylabel(words("ylabel"))
    return figure


def plot_slopes(frame: pd.DataFrame, *, words: Drawn, panel: str, percent: bool = True) -> Figure:
    """Small multiples: one panel a category, value by year with its interval, first and last value written.

    Parameters
    ----------
    frame : DataFrame
        columns `panel`, `year`, `value`, `lower`, `upper`.
    """
    names = list(dict.fromkeys(frame[panel]))
    figure, all_axes = plt.subplots(1, len(names), figsize=(max(7.4, 1.9 * len(names)), 2.9), sharey=True)
    scale = 100 if percent else 1
    for axes, name in zip(np.atleast_1d(all_axes), names):
        part = frame[frame[panel] == name].sort_values("year")
        years = part["year"].to_numpy()
        axes.vlines(years, part["lower"] * scale, part["upper"] * scale, color=PALETTE["sky"], linewidth=7, alpha=0.5)
        axes.plot(years, part["value"] * scale, "-o", color=PALETTE["blue"], markersize=4, linewidth=1.3)
        for place in (0, -1):
            axes.annotate(
                f"{part['value'].iloc[place] * scale:.1f}",
                (years[place], part["upper"].iloc[place] * scale),
                ha="center",
                va="bottom",
                fontsize=8,
                xytext=(0, 3),
                textcoords="offset points",
            )
        axes.set_title(words.cell(panel, name), fontsize=9)
        axes.set_xticks(years, [str(y) for y in years])
        axes.set_xlim(years[0] - 0.5, years[-1] + 0.5)
        axes.grid(axis="x", visible=False)
    first = np.atleast_1d(all_axes)[0]
    first.set_ylim(0, 1.18 * scale * frame["upper"].max())
    first.set_ylabel(words("ylabel"))
    np.atleast_1d(all_axes)[len(names) // 2].set_xlabel(words("xlabel"))
    return figure


def plot_verdicts(frame: pd.DataFrame, *, words: Drawn, label: str, columns: dict[str, str]) -> Figure:
    """Rows × verdicts: the number of checks written in tiles whose area follows it, one colour a column.

    Parameters
    ----------
    frame : DataFrame
        one row a part, named by `label`, first row on top; one column a verdict.
    columns : dict
        column, which is a key of the words, → colour of the palette.
    """
    counts = frame[list(columns)]
    figure, axes = plt.subplots(figsize=(7.4, 1.2 + 0.29 * len(counts)))
    largest = np.sqrt(counts.to_numpy().max(initial=1))
    for x, (column, colour) in enumerate(columns.items()):
        for y, value in enumerate(counts[column].to_numpy()[::-1]):
            if value:
                width = 0.1 + 0.86 * np.sqrt(value) / largest
                axes.add_patch(plt.Rectangle((x - 0.48, y - 0.4), width, 0.8, color=PALETTE[colour], alpha=0.75))
                axes.text(x - 0.44, y, f"{value}", va="center", ha="left", fontsize=8.5)
    axes.set_xlim(-0.55, len(columns) - 0.45)
    axes.set_ylim(-0.6, len(counts) - 0.4)
    axes.set_yticks(range(len(counts)), words.rows(frame, label)[::-1])
    axes.xaxis.tick_top()
    axes.set_xticks([x - 0.48 for x in range(len(columns))], [words(column) for column in columns], ha="left")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    return figure


def plot_differences(
    frame: pd.DataFrame, *, words: Drawn, label: str, value: str, text: str, linear: float = 1.0
) -> Figure:
    """Differences in per cent on an axis that is linear near zero and logarithmic beyond,
    each with its figures beside it.

    Parameters
    ----------
    linear : float
        width of the linear part on either side of zero, in per cent.
    """
    labels = ["\n".join(wrap(name, 42)) for name in words.rows(frame, label)]
    figure, axes = plt.subplots(figsize=(8.6, 1.3 + 0.3 * len(frame) + 0.14 * sum("\n" in text for text in labels)))
    places = np.arange(len(frame))[::-1]
    values = frame[value].to_numpy(float)
    axes.hlines(places, 0, values, color=PALETTE["light"], linewidth=2, zorder=1)
    axes.plot(values, places, "o", color=PALETTE["vermilion"], markersize=5.5, zorder=2)
    axes.axvline(0, color=PALETTE["grey"], linewidth=0.9)
    axes.set_xscale("symlog", linthresh=linear)
    reach = np.nanmax(np.abs(values), initial=1.0)
    axes.set_xlim(-1.6 * reach, 400 * reach)  # room for the figures beside the largest
    ticks = [t for t in (-100, -10, -1, 0, 1, 10, 100) if abs(t) <= 1.6 * reach]
    axes.set_xticks(ticks, [f"{t:+d}".replace("-", "−") if t else "0" for t in ticks])
    axes.minorticks_off()
    for x, y, said in zip(values, places, [words.cell(text, one) for one in frame[text]]):
        axes.annotate(said, (max(x, 0), y), xytext=(8, 0), textcoords="offset points", va="center", fontsize=7.8)
    axes.set_yticks(places, labels, fontsize=8)
    axes.set_ylim(-0.7, len(frame) - 0.3)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(words("xlabel"))
    if isinstance(layout := figure.get_layout_engine(), ConstrainedLayoutEngine):
        layout.set(w_pad=0.2)  # it leaves labels of several lines too little room
    return figure


def plot_specification(
    curve: pd.DataFrame, *, words: Drawn, value: str, choices: dict[str, list], scale: float = 1
) -> Figure:
    """A specification curve: values in rising order above, and below one row of dots for each choice that was made.

    Parameters
    ----------
    curve : DataFrame
        sorted; one column for `value` and one for each key of `choices`.
    choices : dict
        column → its entries in the order they are shown; of none, those that occur, sorted.
    scale : float
        of the value before drawing.
    """
    choices = {column: entries or sorted(curve[column].unique()) for column, entries in choices.items()}
    rows = [(column, entry, words.cell(column, entry)) for column, entries in choices.items() for entry in entries]
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(8.2, 2.6 + 0.24 * len(rows)), sharex=True, height_ratios=[2.2, 0.24 * len(rows)]
    )
    x = np.arange(len(curve))
    top.plot(x, scale * curve[value], "o", color=PALETTE["blue"], markersize=3.2)
    top.set_ylabel(words("ylabel"))
    if curve[value].min() >= 0:
        top.set_ylim(bottom=0)
    else:
        top.axhline(0, color=PALETTE["grey"], linewidth=0.9)
    top.grid(axis="x", visible=False)
    for y, (column, entry, _) in enumerate(reversed(rows)):
        chosen = (curve[column] == entry).to_numpy()
        bottom.plot(
            x[~chosen], np.full((~chosen).sum(), y), "|", color=PALETTE["light"], markersize=3, markeredgewidth=0.5
        )
        bottom.plot(x[chosen], np.full(chosen.sum(), y), "|", color=PALETTE["black"], markersize=6, markeredgewidth=1.3)
    bottom.set_yticks(range(len(rows)), [name for _, _, name in reversed(rows)])
    edge = 0
    for entries in list(choices.values())[::-1][:-1]:
        edge += len(entries)
        bottom.axhline(edge - 0.5, color=PALETTE["light"], linewidth=0.8)
    bottom.set_xticks([])
    bottom.grid(visible=False)
    return figure


def plot_parts(frame: pd.DataFrame, *, words: Drawn, label: str, parts: dict[str, str]) -> Figure:
    """Rows of stacked parts of a whole, from 0 to 100 %, each large enough part with its share written in it.

    Parameters
    ----------
    frame : DataFrame
        one row a whole, first row on top; columns `label` and one share (0 to 1) a part.
    parts : dict
        column, which is a key of the words, → colour of the palette, from left to right.
    """
    figure, axes = plt.subplots(figsize=(8.2, 1.4 + 0.5 * len(frame)))
    places = np.arange(len(frame))[::-1]
    left = np.zeros(len(frame))
    for column, colour in parts.items():
        width = 100 * frame[column].to_numpy(float)
        axes.barh(places, width, left=left, height=0.62, color=PALETTE[colour], alpha=0.75, label=words(column))
        for x, y, w in zip(left, places, width):
            if w >= 4:
                axes.text(x + w / 2, y, f"{w:.1f}", ha="center", va="center", fontsize=8.5)
        left += width
    axes.set_yticks(places, words.rows(frame, label))
    axes.set_xlim(0, 100)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(words("xlabel"))
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=len(parts),
        borderaxespad=0.2,
        handletextpad=0.5,
        columnspacing=1.2,
    )
    return figure


def plot_tiles(frame: pd.DataFrame, *, words: Drawn, looks: dict[str, str], columns: int = 4) -> Figure:
    """Lanes of named tiles, coloured by status: a chain with what is there and what is not.

    Parameters
    ----------
    frame : DataFrame
        columns `kind` (lane, the first on top), `text`, `status`.
    looks : dict
        status → colour of the palette; the legend shows those that occur, in this order.
    """
    lanes = list(dict.fromkeys(frame["kind"]))
    looks = {status: colour for status, colour in looks.items() if (frame["status"] == status).any()}
    depths = {lane: int(np.ceil((frame["kind"] == lane).sum() / columns)) for lane in lanes}
    rows = sum(depths.values()) + 0.35 * (len(lanes) - 1)
    figure, axes = plt.subplots(figsize=(8.6, 1.3 + 0.36 * rows))
    top, ticks = rows, []
    for lane in lanes:
        for place, tile in enumerate(frame[frame["kind"] == lane].itertuples()):
            x, y = place % columns, top - place // columns - 1
            axes.add_patch(
                plt.Rectangle(
                    (x + 0.02, y + 0.07),
                    0.96,
                    0.86,
                    facecolor=PALETTE[looks[tile.status]],
                    alpha=0.35,
                    edgecolor=PALETTE[looks[tile.status]],
                    linewidth=0.8,
                )
            )
            axes.text(x + 0.5, y + 0.5, tile.text, ha="center", va="center", fontsize=8)
        ticks.append((top - depths[lane] / 2, words.cell("kind", lane)))
        top -= depths[lane] + 0.35
    for status, colour in looks.items():
        axes.plot([], [], "s", color=PALETTE[colour], alpha=0.5, markersize=8, label=words.cell("status", status))
    axes.set_xlim(0, columns)
    axes.set_ylim(-0.1, rows + 0.05)
    axes.set_yticks([y for y, _ in ticks], [name for _, name in ticks])
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=len(looks),
        borderaxespad=0.2,
        handletextpad=0.3,
        columnspacing=1.2,
    )
    return figure


def plot_counts(frame: pd.DataFrame, *, words: Drawn, row: str, column: str) -> Figure:
    """A table of counts as a picture: rows × columns, darker for more, the number written in each cell."""
    table = pd.crosstab([words.cell(row, v) for v in frame[row]], [words.cell(column, v) for v in frame[column]])
    table = table.loc[
        table.sum(axis=1).sort_values(ascending=False, kind="stable").index,
        table.sum().sort_values(ascending=False, kind="stable").index,
    ]
    figure, axes = plt.subplots(figsize=(max(7.4, 1.6 + 0.62 * table.shape[1]), 1.6 + 0.32 * table.shape[0]))
    seaborn.heatmap(
        np.sqrt(table),
        mask=table == 0,
        annot=table,
        fmt="d",
        cmap="Blues",
        vmin=0,
        vmax=1.5 * np.sqrt(table.to_numpy().max()),
        cbar=False,
        linewidths=1.5,
        ax=axes,
        annot_kws={"fontsize": 8.5},
    )
    axes.set(xlabel="", ylabel="")
    axes.tick_params(axis="y", rotation=0)
    plt.setp(axes.get_xticklabels(), rotation=38, ha="right", rotation_mode="anchor")
    axes.grid(visible=False)
    return figure


def plot_timeline(frame: pd.DataFrame, *, words: Drawn, lanes: Sequence[str]) -> Figure:
    """Dated figures on lanes: dots for dates and years, lines for spans, an open left end for 'up to'.

    Parameters
    ----------
    frame : DataFrame
        columns `kind` (the lane), `begin`, `end` (years as numbers; `begin` missing = open).
    lanes : sequence of str
        lanes in their order, the first on top; those without a figure are left out.
    """
    lanes = [lane for lane in lanes if (frame["kind"] == lane).any()]
    figure, axes = plt.subplots(figsize=(7.4, 1.3 + 0.42 * len(lanes)))
    heights = {lane: len(lanes) - 1 - i for i, lane in enumerate(lanes)}
    earliest = np.floor(np.nanmin(frame[["begin", "end"]].to_numpy(float)))
    spread = frame.groupby("kind").cumcount()
    size = frame.groupby("kind")["kind"].transform("size")
    for (_, item), place, count in zip(frame.iterrows(), spread, size):
        y = heights[item["kind"]] + 0.62 * ((place + 0.5) / count - 0.5)
        if pd.isna(item["begin"]):
            axes.plot([earliest - 0.6, item["end"]], [y, y], color=PALETTE["light"], linewidth=1.1, zorder=1)
            axes.plot(item["end"], y, "|", color=PALETTE["grey"], markersize=6)
        elif item["end"] > item["begin"]:
            axes.plot([item["begin"], item["end"]], [y, y], color=PALETTE["sky"], linewidth=2.2, zorder=2)
        else:
            axes.plot(item["begin"], y, "o", color=PALETTE["blue"], markersize=3.6, alpha=0.8, zorder=3)
    axes.set_yticks(list(heights.values()), [words.cell("kind", lane) for lane in heights])
    axes.set_ylim(-0.6, len(lanes) - 0.4)
    latest = np.ceil(np.nanmax(frame[["begin", "end"]].to_numpy(float)))
    years = np.arange(earliest, latest)
    axes.set_xticks(years, [""] * len(years))
    axes.set_xticks(years + 0.5, [f"{int(y)}" for y in years], minor=True)
    axes.tick_params(which="minor", size=0)
    axes.set_xlim(earliest - 0.6, latest + 0.4)
    axes.set_xlabel(words("xlabel"))
    axes.grid(axis="y", visible=False)
    return figure
