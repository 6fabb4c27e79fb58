"""Draws a trade-off: least period against the memory that is free on each device."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from gapweave.reports.colours import Theme
from gapweave.reports.gantt_style import LABEL_SIZE, idle_look
from gapweave.reports.pareto_labels import place_labels
from gapweave.reports.pareto_memory_points import memory_bounds, memory_points, memory_scale
from gapweave.reports.time_scale import TimeScale, grouped, percent
from gapweave.reports.trade_off_sheet import POINTS_PER_INCH, draw_legend, draw_title
from gapweave.solver.pareto_memory import MemoryFront

#: Of the page and of the chart on it, in points from the top left corner.
_PAGE_WIDTH, _PAGE_HEIGHT = 540.0, 330.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 524.0, 52.0, 262.0
#: An axis whose ends differ by a larger factor is logarithmic.
_LINEAR = 3.0
#: A label that has no place nearer to its point, in points, is left out; the table has all values.
_FARTHEST_LABEL = 20.0
_STEPS = (1.0, 2.0, 5.0)


def pareto_memory_figure(front: MemoryFront, theme: Theme) -> Figure:
    """Draw the schedules as points, what is reached and what is proven as steps."""
    return _MemoryChart(front, theme).draw()


class _MemoryChart:
    """One chart; x is the free memory, y the period, both in units of their scales."""

    def __init__(self, front: MemoryFront, theme: Theme) -> None:
        self.front = front
        self.theme = theme
        self.points = memory_points(front.rows)
        self.bounds = memory_bounds(front.rows)
        self.memory = memory_scale(front)
        periods = [point.period for point in self.points]
        self.time = TimeScale.fitting(front.instance.time_unit, min(periods, default=1))
        work = sum(job.work for job in front.instance.jobs) / len(front.instance.devices)
        self.mean_load = work / self.time.ticks
        self.levels = [point.needed for point in self.points]
        if front.one_after_the_other is not None:
            self.levels.append(front.one_after_the_other.level)
            periods.append(front.one_after_the_other.period)
        periods += [bound.level for bound in self.bounds]
        self.left, self.right = self._limits(self.levels, self.memory.amount, 0.12)
        self.low, self.high = self._limits(periods, self.time.ticks, 0.25)
        self.figure = Figure(
            figsize=(_PAGE_WIDTH / POINTS_PER_INCH, _PAGE_HEIGHT / POINTS_PER_INCH),
            facecolor=theme.paper,
        )

    def draw(self) -> Figure:
        """Put every part in its place, from back to front."""
        axes = self._axes()
        self._draw_bounds(axes)
        self._draw_reached(axes)
        self._draw_baseline(axes)
        self._draw_points(axes)
        self._draw_texts()
        draw_legend(self.figure, axes, _LEFT, 3, self.theme)
        return self.figure

    def _limits(self, values: list[int], unit: int, room: float) -> tuple[float, float]:
        """Return the ends of an axis, with room in equal parts of what it shows on both sides."""
        low, high = min(values, default=1) / unit, max(values, default=1) / unit
        ratio = max(high / low, 1.05) if low else 1.0
        if ratio > _LINEAR:
            return low / ratio**room, high * ratio**room
        span = max(high - low, 0.05 * high)
        return low - room * span, high + room * span

    def _axes(self) -> Axes:
        width, height = _PAGE_WIDTH, _PAGE_HEIGHT
        place = (_LEFT / width, 1 - _BOTTOM / height, (_RIGHT - _LEFT) / width, (_BOTTOM - _TOP) / height)
        axes = self.figure.add_axes(place, facecolor="none")
        for axis, ends in ((axes.xaxis, (self.left, self.right)), (axes.yaxis, (self.low, self.high))):
            is_logarithmic = ends[1] / max(ends[0], 1e-9) > _LINEAR
            if is_logarithmic:
                (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
            axis.set_major_locator(LogLocator(10, _STEPS) if is_logarithmic else MaxNLocator(7))
            axis.set_major_formatter(FuncFormatter(lambda value, _: grouped(round(float(value), 6))))
            axis.set_minor_locator(NullLocator())
            axis.set_minor_formatter(NullFormatter())
        axes.set_xlim(self.left, self.right)
        axes.set_ylim(self.low, self.high)
        unit = "units" if self.memory.unit == "unit" else self.memory.unit
        axes.set_xlabel(
            f"memory of a device beyond what is resident ({unit})",
            size=LABEL_SIZE,
            color=self.theme.quiet_ink,
        )
        axes.grid(axis="y", color=self.theme.grid, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(colors=self.theme.ink, labelsize=LABEL_SIZE, width=0.6, length=3)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set(color=self.theme.quiet_ink, linewidth=0.6)
        return axes

    def _draw_bounds(self, axes: Axes) -> None:
        """Hatch what no schedule reaches, below a dashed line."""
        if not self.bounds:
            return
        x, y = self._bound_outline()
        never = idle_look(self.theme)
        style: dict[str, Any] = {"facecolor": never.fill, "edgecolor": never.edge, "hatch": never.hatch}
        axes.fill_between(x, y, self.low, linewidth=0, **style)
        axes.plot(x, y, color=self.theme.ink, linewidth=1.0, dashes=(4, 3), label="proven: no schedule below")

    def _draw_reached(self, axes: Axes) -> None:
        if self.points:
            x, y = self._reached_outline()
            colour = self.theme.shade(0, "B")
            axes.plot(x, y, color=colour, linewidth=1.6, label="found", solid_joinstyle="miter")

    def _draw_baseline(self, axes: Axes) -> None:
        """Mark what one job after the other takes under 1F1B, in time and in memory."""
        baseline = self.front.one_after_the_other
        if baseline is None:
            return
        place = (baseline.level / self.memory.amount, self._in_unit(baseline.period))
        colour = self.theme.shade(1, "B")
        style: dict[str, Any] = {"color": colour, "clip_on": False, "zorder": 4}
        axes.axvline(place[0], color=colour, linewidth=0.8, dashes=(1, 2))
        axes.plot(
            *place, linestyle="none", marker="D", markersize=6, label="1F1B, one after the other", **style
        )

    def _draw_points(self, axes: Axes) -> None:
        """Draw proven schedules filled, the others hollow, each with its bubble rate."""
        colour = self.theme.shade(0, "B")
        for is_proven, label in ((True, "proven least"), (False, "not proven")):
            own = [point for point in self.points if point.is_proven == is_proven]
            if own:
                x = [point.needed / self.memory.amount for point in own]
                y = [self._in_unit(point.period) for point in own]
                fill = colour if is_proven else self.theme.paper
                style: dict[str, Any] = {"color": fill, "markeredgecolor": colour, "markeredgewidth": 1.4}
                axes.plot(
                    x,
                    y,
                    linestyle="none",
                    marker="o",
                    markersize=6,
                    clip_on=False,
                    zorder=4,
                    label=label,
                    **style,
                )
        self._label_points(axes)

    def _label_points(self, axes: Axes) -> None:
        at = [(point.needed / self.memory.amount, self._in_unit(point.period)) for point in self.points]
        texts = [self._bubble_rate(y) for _, y in at]
        baseline = self.front.one_after_the_other
        if baseline is not None:
            at.append((baseline.level / self.memory.amount, self._in_unit(baseline.period)))
            texts.append(self._bubble_rate(at[-1][1]))
        if not self.points:
            return
        lines = [
            list(zip(*outline, strict=True)) for outline in (self._reached_outline(), self._bound_outline())
        ]
        for label in place_labels(axes, at, texts, lines, LABEL_SIZE):
            if label.offset[1] > _FARTHEST_LABEL:
                continue
            axes.annotate(
                label.text,
                label.point,
                xytext=label.offset,
                textcoords="offset points",
                ha=label.align,
                va="bottom",
                size=LABEL_SIZE,
                color=self.theme.ink,
                annotation_clip=False,
                zorder=5,
            )

    def _draw_texts(self) -> None:
        """Write title, subtitle and the unit of periods."""
        words = f"least period in {self.time.unit} against memory; labels say the bubble rate"
        draw_title(self.figure, _LEFT, self.front.instance.name, words, self.theme)

    def _reached_outline(self) -> tuple[list[float], list[float]]:
        """Return the corners of the least period found for each capacity, from the least that works on."""
        x = [self.points[0].needed / self.memory.amount]
        y = [self._in_unit(self.points[0].period)]
        for point in self.points[1:]:
            x += [point.needed / self.memory.amount] * 2
            y += [y[-1], self._in_unit(point.period)]
        return [*x, self.right], [*y, y[-1]]

    def _bound_outline(self) -> tuple[list[float], list[float]]:
        """Return the corners of what is proven; each bound holds from the capacity before up to its own."""
        x, y, begin = [], [], self.left
        for bound in self.bounds:
            end = self.right if bound.free is None else min(bound.free / self.memory.amount, self.right)
            x += [begin, end]
            y += [self._in_unit(bound.level)] * 2
            begin = end
        return x, y

    def _bubble_rate(self, period: float) -> str:
        return percent(1 - self.mean_load / period)

    def _in_unit(self, ticks: int) -> float:
        return ticks / self.time.ticks
