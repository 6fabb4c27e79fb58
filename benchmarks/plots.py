"""The figures of a comparison, as SVG files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from benchmarks.comparison import Comparison
from benchmarks.profiles import median_reached, performance_ratios, share_reached
from benchmarks.runs import Run
from benchmarks.trajectories import gap_at, makespan, time_to_gap

#: Okabe and Ito, "Color universal design" (2008): told apart with every common colour blindness.
_COLOURS = ("#0072b2", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#000000")
_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "gapweave",  # equal curves give equal files
    "svg.fonttype": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_POINTS = 200
_SHORTEST_TIME = 0.05
_WORST_RATIO = 1.5

Runs = Mapping[str, Run]


@dataclass(frozen=True)
class Plot:
    """One kind of figure: a curve for each method.

    Attributes
    ----------
    grid
        Gives the x values.
    curve
        Gives the y values for the x values from a method's runs; None where there is no value.
    """

    suffix: str
    caption: str
    x_label: str
    y_label: str
    scales: tuple[str, str]
    grid: Callable[[Comparison], list[float]]
    curve: Callable[[Comparison, Runs, Sequence[float]], Sequence[float | None]]


def plot_all(
    comparison: Comparison, methods: Sequence[str], folder: Path, stem: str
) -> list[tuple[Path, str]]:
    """Draw every figure; returns the files, each with its caption."""
    drawn = []
    for plot in PLOTS:
        file = folder / f"{stem}-{plot.suffix}.svg"
        with _figure(file) as axes:
            _draw(axes, plot, comparison, methods)
        drawn.append((file, plot.caption))
    return drawn


def _times(comparison: Comparison) -> list[float]:
    times: list[float] = np.geomspace(_SHORTEST_TIME, comparison.setting.time_limit, _POINTS).tolist()
    return times


def _ratios(_: Comparison) -> list[float]:
    ratios: list[float] = np.linspace(1.0, _WORST_RATIO, _POINTS).tolist()
    return ratios


def _median_gap(comparison: Comparison, runs: Runs, times: Sequence[float]) -> list[float | None]:
    bounds = comparison.lower_bounds
    gaps = [
        median_reached([gap_at(run, time, bounds[name]) for name, run in runs.items() if name in bounds])
        for time in times
    ]
    return [None if gap is None else 100 * gap for gap in gaps]


def _within(comparison: Comparison, runs: Runs, times: Sequence[float]) -> list[float | None]:
    bounds = comparison.lower_bounds
    reached = [time_to_gap(run, bounds[name], 0.01) for name, run in runs.items() if name in bounds]
    return [100 * share for share in share_reached(reached, times)]


def _profile(comparison: Comparison, runs: Runs, ratios: Sequence[float]) -> list[float | None]:
    makespans = {name: makespan(run) for name, run in runs.items()}
    found = performance_ratios(makespans, comparison.best_makespans)
    return [100 * share for share in share_reached(found, ratios)]


PLOTS = (
    Plot(
        "gap-over-time",
        "Median gap to the best known lower bound over time; a curve begins once half of the instances have "
        "a schedule.",
        "seconds",
        "median gap (%)",
        ("log", "symlog"),
        _times,
        _median_gap,
    ),
    Plot(
        "within-1-percent",
        "Share of the instances that are within 1 % of the best known lower bound, over time.",
        "seconds",
        "instances (%)",
        ("log", "linear"),
        _times,
        _within,
    ),
    Plot(
        "performance-profile",
        "Performance profile: share of the instances on which the final makespan is at most so many times "
        "the best of all methods.",
        "makespan / best makespan",
        "instances (%)",
        ("linear", "linear"),
        _ratios,
        _profile,
    ),
)


def _draw(axes: Axes, plot: Plot, comparison: Comparison, methods: Sequence[str]) -> None:
    """Draw one step curve for each method, over the instances that it can express; the first lies on top."""
    grid, total = plot.grid(comparison), len(comparison.by_instance)
    for number, method in enumerate(methods):
        runs = comparison.runs_of(method)
        if not runs:
            continue
        values = plot.curve(comparison, runs, grid)
        heights = [float("nan") if value is None else value for value in values]
        colour, label = _COLOURS[number % len(_COLOURS)], f"{method} ({len(runs)} of {total})"
        axes.step(grid, heights, where="post", label=label, color=colour, zorder=3 - 0.1 * number)
    axes.set(xlabel=plot.x_label, ylabel=plot.y_label, xlim=(grid[0], grid[-1]))
    _set_scales(axes, *plot.scales)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _set_scales(axes: Axes, x_scale: str, y_scale: str) -> None:
    """Set the scales, with plain numbers on them and nothing cut off at 0 % and 100 %."""
    axes.set(xscale=x_scale, yscale=y_scale)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    for line in axes.get_lines():
        line.set_clip_on(False)


@contextmanager
def _figure(file: Path) -> Iterator[Axes]:
    """Give axes to draw on, then write them."""
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(8.0, 3.4), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure.subplots()
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, metadata={"Date": None})
