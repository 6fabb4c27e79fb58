"""The words around a chart: what the schedule is, and how good."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gapweave.executor.measured.as_schedule import MEASURED
from gapweave.models.errors import InvalidOption
from gapweave.models.metrics import measure
from gapweave.models.schedule import Schedule
from gapweave.models.task import Kind
from gapweave.reports.chart_window import PERIODS
from gapweave.reports.time_scale import TimeScale, percent

KIND_NAMES: dict[Kind, str] = {
    "F": "forward",
    "B": "backward",
    "W": "weight gradient",
    "O": "optimizer",
}
_LONGEST_TITLE = 80


@dataclass(frozen=True)
class Marker:
    """A time marked in a chart, in ticks.

    Attributes
    ----------
    is_bound
        Tells the lower bound from the schedule's value.
    level
        The line above the rows that its text stands in, the lowest is 1.
    """

    time: int
    text: str
    is_bound: bool = False
    level: int = 1


def value_name(schedule: Schedule) -> str:
    """Return what the schedule's value is called: ``makespan`` or ``period``."""
    return "makespan" if schedule.period is None else "period"


def period_words(schedule: Schedule, scale: TimeScale) -> str:
    """Return T and the lower bound of a schedule with a period, and the steps in it if there are several."""
    words = [f"period T {scale.format(schedule.value)}"]
    if schedule.lower_bound is not None:
        words.append(f"lower bound {scale.format(schedule.lower_bound)}")
    if max(schedule.steps) > 1:
        words.append(f"steps per period {', '.join(map(str, schedule.steps))}")
    return " · ".join(words)


def quality(schedule: Schedule) -> str:
    """Return mode, status, gap and bubble rate in one line; of a run only the bubble rate."""
    if schedule.solver.name == MEASURED:
        return f"as measured · bubble rate {percent(measure(schedule).bubble_rate)}"
    gap = "no lower bound" if schedule.gap is None else f"gap {percent(schedule.gap)}"
    bubble_rate = f"bubble rate {percent(measure(schedule).bubble_rate)}"
    return " · ".join((f"{schedule.mode} mode", schedule.status, gap, bubble_rate))


def subtitle(schedule: Schedule) -> str:
    """Return objective, or period and bound, and quality in one line."""
    if schedule.period is not None:
        scale = TimeScale.fitting(schedule.instance.time_unit, schedule.period)
        return f"{period_words(schedule, scale)} · {quality(schedule)}"
    objective = "" if schedule.solver.name == MEASURED else f"objective {schedule.objective} · "
    return f"{objective}{quality(schedule)}"


def markers(schedule: Schedule, scale: TimeScale) -> list[Marker]:
    """Return the marked times with their labels.

    The lower bound, if it is below the value, and the value; of a period also the end of the next one.
    """
    value, bound = _value_marker(schedule, scale), _bound_marker(schedule, scale)
    if bound is not None:
        value = replace(value, level=2)
    following = [
        replace(value, time=number * schedule.value, text=f"{number} T")
        for number in (range(2, PERIODS + 1) if schedule.period is not None else ())
    ]
    return [*([bound] if bound is not None else []), value, *following]


def marker_levels(marked: Sequence[Marker]) -> int:
    """Return how many lines the texts of marked times take above the rows."""
    return max(marker.level for marker in marked)


def _value_marker(schedule: Schedule, scale: TimeScale) -> Marker:
    name, value = value_name(schedule), scale.format(schedule.value)
    if schedule.lower_bound is None or schedule.gap is None:
        return Marker(schedule.value, f"{name} {value}")
    if schedule.value == schedule.lower_bound:
        return Marker(schedule.value, f"{name} = lower bound = {value}")
    return Marker(schedule.value, f"{name} {value}, gap {percent(schedule.gap)}")


def _bound_marker(schedule: Schedule, scale: TimeScale) -> Marker | None:
    if not schedule.lower_bound or schedule.value == schedule.lower_bound:
        return None
    return Marker(schedule.lower_bound, f"lower bound {scale.format(schedule.lower_bound)}", is_bound=True)


def chart_titles(schedules: Sequence[Schedule], titles: Sequence[str] | None = None) -> list[str]:
    """Return one printable title per schedule.

    By default the instance's name, and where several schedules share a chart also who made each.

    Raises
    ------
    InvalidOption
        There is no schedule, or the titles are not as many.
    """
    if not schedules:
        raise InvalidOption("expected at least one schedule to draw")
    if titles is None:
        alone = len(schedules) == 1
        titles = [one.instance.name if alone else _made_by(one) for one in schedules]
    if len(titles) != len(schedules):
        raise InvalidOption(f"expected {len(schedules)} titles (one per schedule), got {len(titles)}")
    return [printable(title, _LONGEST_TITLE) for title in titles]


def kinds_of(schedule: Schedule) -> tuple[Kind, ...]:
    """Return the kinds that occur in the schedule, in the order F, B, W, O."""
    present = {row.kind for row in schedule.tasks}
    return tuple(kind for kind in KIND_NAMES if kind in present)


def printable(name: str, limit: int) -> str:
    """Return a name that is safe to print: one line, no control characters, ``limit`` characters at most."""
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _made_by(schedule: Schedule) -> str:
    placement = "" if schedule.placement == "given" else f", {schedule.placement} placement"
    return f"{schedule.solver.name} on {schedule.instance.name}{placement}"
