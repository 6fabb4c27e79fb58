"""Draws a trade-off: makespan of all jobs against the primary's slowdown."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from gapweave.reports.colours import Theme
from gapweave.reports.gantt_style import LABEL_SIZE, idle_look
from gapweave.reports.pareto_labels import place_labels
from gapweave.reports.pareto_points import Point, Step, bound_steps, points, reached_steps, subject
from gapweave.reports.time_scale import TimeScale, grouped, percent
from gapweave.reports.trade_off_sheet import POINTS_PER_INCH, draw_legend, draw_title
from gapweave.solver.pareto import ParetoFront

#: Of the page and of the chart on it, in points from the top left corner.
_PAGE_WIDTH, _PAGE_HEIGHT = 540.0, 318.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 482.0, 52.0, 256.0
#: How much the makespan of job after job may stretch the chart.
_MOST_STRETCH = 5.0
#: Where a slowdown is larger than the largest slack by this factor, the axis goes on in powers.
_FAR, _POWER_TICKS = 2.5, (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def pareto_figure(front: ParetoFront, theme: Theme) -> Figure:
    """Draw the rows as points, what is reached and what is proven as steps."""
    return _ParetoChart(front, theme).draw()


class _ParetoChart:
    """One chart; x is the slowdown as a share, y the makespan in the scale's unit."""

    def __init__(self, front: ParetoFront, theme: Theme) -> None:
        self.front = front
        self.theme = theme
        self.points = points(front)
        self.bounds = bound_steps(front.rows)
        longest = max((point.makespan for point in self.points), default=1)
        self.scale = TimeScale.fitting(front.instance.time_unit, longest)
        self.figure = Figure(
            figsize=(_PAGE_WIDTH / POINTS_PER_INCH, _PAGE_HEIGHT / POINTS_PER_INCH),
            facecolor=theme.paper,
        )
        self.slacks = sorted({row.slack for row in front.rows if row.slack is not None})
        self.left = min([0.0, *(point.slowdown for point in self.points)])
        self.linear = max([*self.slacks, 0.01])
        farthest = max([self.linear, *(point.slowdown for point in self.points)])
        self.is_far = farthest > _FAR * self.linear
        self.right = farthest * (1.3 if self.is_far else 1.06)

    def draw(self) -> Figure:
        """Put every part in its place, from back to front."""
        axes = self._axes()
        self._draw_bounds(axes)
        self._draw_sequential(axes)
        self._draw_reached(axes)
        self._draw_points(axes)
        self._draw_gain(axes)
        self._draw_texts()
        draw_legend(self.figure, axes, _LEFT, 2, self.theme)
        return self.figure

    def _axes(self) -> Axes:
        width, height = _PAGE_WIDTH, _PAGE_HEIGHT
        place = (_LEFT / width, 1 - _BOTTOM / height, (_RIGHT - _LEFT) / width, (_BOTTOM - _TOP) / height)
        axes = self.figure.add_axes(place, facecolor="none")
        self._scale_slowdowns(axes)
        axes.set_ylim(*self._makespans())
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: grouped(value)))
        axes.grid(axis="y", color=self.theme.grid, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(colors=self.theme.ink, labelsize=LABEL_SIZE, width=0.6, length=3)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set(color=self.theme.quiet_ink, linewidth=0.6)
        return axes

    def _scale_slowdowns(self, axes: Axes) -> None:
        """Keep small slacks apart even where the loosest row slows the primary by far more."""
        label = "slowdown of the primary"
        if self.is_far:
            axes.set_xscale("symlog", linthresh=self.linear, linscale=1.5, base=10)
            ticks = [*self.slacks, *(tick for tick in _POWER_TICKS if self.linear < tick <= self.right)]
            label += f" (logarithmic beyond {percent(self.linear)})"
            axes.xaxis.set_major_locator(FixedLocator(ticks))
            axes.xaxis.set_major_formatter(FixedFormatter([percent(tick) for tick in ticks]))
            axes.xaxis.set_minor_locator(NullLocator())
        else:
            axes.xaxis.set_major_locator(MaxNLocator(6))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(round(value, 6))))
        axes.set_xlim(self.left, self.right)
        axes.set_xlabel(label, size=LABEL_SIZE, color=self.theme.quiet_ink)

    def _makespans(self) -> tuple[float, float]:
        """Return the lowest and the highest makespan to show, with room for labels.

        Job after job is shown only if that leaves enough room for the differences between the points.
        """
        levels = [point.makespan for point in self.points] + [step.level for step in self.bounds]
        low, high = self._in_unit(min(levels, default=0)), self._in_unit(max(levels, default=1))
        span = max(high - low, 0.02 * high)
        if self.front.sequential is not None:
            sequential = self._in_unit(self.front.sequential)
            if sequential - low <= _MOST_STRETCH * span:
                high, span = max(high, sequential), max(high, sequential) - low
        return low - 0.24 * span, high + 0.2 * span

    def _draw_bounds(self, axes: Axes) -> None:
        """Hatch what no schedule reaches, below a dashed line."""
        if not self.bounds:
            return
        x, y = self._outline(self.bounds)
        never = idle_look(self.theme)
        axes.fill_between(
            x,
            y,
            axes.get_ylim()[0],
            facecolor=never.fill,
            edgecolor=never.edge,
            hatch=never.hatch,
            linewidth=0,
        )
        axes.plot(x, y, color=self.theme.ink, linewidth=1.0, dashes=(4, 3), label="proven: no schedule below")
        own = next((point for point in self.points if "as alone" in point.names), None)
        if own is not None and own.lower_bound < own.makespan:
            span = [self._in_unit(own.lower_bound), self._in_unit(own.makespan)]
            axes.plot(
                [own.slowdown] * 2, span, color=self.theme.ink, linewidth=0.8, marker="_", clip_on=False
            )

    def _draw_sequential(self, axes: Axes) -> None:
        if self.front.sequential is None:
            return
        level, top = self._in_unit(self.front.sequential), axes.get_ylim()[1]
        words = f"one after the other {self.scale.format(self.front.sequential)}"
        if level > top:
            words = f"\N{UPWARDS ARROW} {words}"
        else:
            axes.axhline(level, color=self.theme.quiet_ink, linewidth=0.8, dashes=(1, 2))
        axes.annotate(
            words,
            (1.0, min(level, top)),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 3),
            textcoords="offset points",
            ha="right",
            size=LABEL_SIZE,
            color=self.theme.quiet_ink,
            annotation_clip=False,
        )

    def _draw_reached(self, axes: Axes) -> None:
        if self.points:
            colour = self.theme.shade(0, "B")
            x, y = self._outline(reached_steps(self.points))
            axes.plot(x, y, color=colour, linewidth=1.6, label="found", solid_joinstyle="miter")

    def _draw_points(self, axes: Axes) -> None:
        x = [point.slowdown for point in self.points]
        y = [self._in_unit(point.makespan) for point in self.points]
        style: dict[str, Any] = {"clip_on": False, "zorder": 4, "markeredgewidth": 1.2}
        style |= {"color": self.theme.shade(0, "B"), "markeredgecolor": self.theme.paper}
        axes.plot(x, y, linestyle="none", marker="o", markersize=7, gid="points", **style)
        labels = [self._label(point) for point in self.points]
        steps = list(zip(*self._outline(reached_steps(self.points)), strict=True))
        for label in place_labels(axes, list(zip(x, y, strict=True)), labels, [steps], LABEL_SIZE):
            axes.annotate(
                label.text,
                label.point,
                xytext=label.offset,
                textcoords="offset points",
                ha=label.align,
                va="bottom",
                size=LABEL_SIZE,
                color=self.theme.ink,
                linespacing=1.25,
                annotation_clip=False,
                zorder=5,
            )

    def _label(self, point: Point) -> str:
        return f"{', '.join(point.names)}\n{self.scale.format(point.makespan)}"

    def _draw_gain(self, axes: Axes) -> None:
        """Say on the right what each makespan gains over one job after the other."""
        if self.front.sequential is None:
            return
        sequential = self._in_unit(self.front.sequential)

        def gain(makespan: Any) -> Any:
            return sequential / makespan - 1

        def makespan(gain: Any) -> Any:
            return sequential / (1 + gain)

        right = axes.secondary_yaxis("right", functions=(gain, makespan))
        right.yaxis.set_major_locator(MaxNLocator(6))
        right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(round(value, 6))))
        right.tick_params(colors=self.theme.ink, labelsize=LABEL_SIZE, width=0.6, length=3)
        right.spines["right"].set(color=self.theme.quiet_ink, linewidth=0.6)
        right.set_ylabel("gain in work per time", size=LABEL_SIZE, color=self.theme.quiet_ink)

    def _draw_texts(self) -> None:
        """Write title, subtitle and the unit of makespans."""
        words = f"makespan of all jobs in {self.scale.unit}; "
        words += "labels say how much later than alone the primary may end"
        draw_title(self.figure, _LEFT, subject(self.front), words, self.theme)

    def _outline(self, steps: list[Step]) -> tuple[list[float], list[float]]:
        """Return the corners of steps from the left to the right edge of the chart."""
        x, y, begin = [], [], self.left
        for step in steps:
            end = self.right if step.end is None else min(step.end, self.right)
            level = self._in_unit(step.level)
            x += [begin, end]
            y += [level, level]
            begin = end
        return x, y

    def _in_unit(self, ticks: int) -> float:
        return ticks / self.scale.ticks
