"""Draws what `make bench` measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

COLOURS = {
    "warm worker, SQLite": "#1f6feb",
    "warm worker, PostgreSQL": "#8250df",
    "stock process worker, SQLite": "#d1242f",
    "the spec's shell scripts": "#6e7781",
}
QUIET = {
    "alert → page": ("quiet", "alert to page", "p50"),
    "alert → first\ncontaining action": ("quiet", "alert to first containing action", "p50"),
}
STORM = {
    "last page": ("storm of 100", "last page"),
    "last containing\naction": ("storm of 100", "last containing action"),
    "all runbooks\nover": ("storm of 100", "all runs over"),
}


def draw(results: dict[str, Any], path: Path) -> None:
    """One picture as SVG: seconds, logarithmic, for each way of running it."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _bars(left, results["response"], QUIET, "one alert (median)")
    _bars(right, results["response"], STORM, "100 incidents at once")
    ways = [
        Patch(color=colour, label=name)
        for name, colour in COLOURS.items()
        if name in results["response"]
    ]
    left.legend(handles=ways, loc="upper left", fontsize=8, frameon=False)
    machine = results["machine"]
    figure.suptitle(
        f"seconds, {machine['cores']} cores, {machine['memory GiB']} GiB,"
        f" Prefect {machine['Prefect']}, {results['measured']}",
        fontsize=10,
    )
    with mpl.rc_context({"svg.hashsalt": "aeef"}):  # the same results give the same file
        figure.savefig(path, metadata={"Date": None})


def _bars(
    axes: Axes, response: dict[str, Any], rows: Mapping[str, tuple[str, ...]], title: str
) -> None:
    width = 0.8 / len(COLOURS)
    for place, (name, colour) in enumerate(COLOURS.items()):
        for row, where in enumerate(rows.values()):
            value: Any = response.get(name, {})
            for key in where:
                value = value.get(key, {})
            if not value:
                continue
            bars = axes.bar(row + place * width, value, width, color=colour)
            axes.bar_label(bars, fmt="%.3g", fontsize=8)
    axes.set_yscale("log")
    axes.set_title(title, fontsize=10)
    axes.set_xticks([row + 1.5 * width for row in range(len(rows))], list(rows), fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
