"""The words around a chart: what the schedule is, and how good."""

from gapweave.models.metrics import measure
from gapweave.models.schedule import Schedule
from gapweave.models.task import Kind
from gapweave.reports.time_scale import percent

KIND_NAMES: dict[Kind, str] = {
    "F": "forward",
    "B": "backward",
    "W": "weight gradient",
    "O": "optimizer",
}


def value_name(schedule: Schedule) -> str:
    """Return what the schedule's value is called: ``makespan`` or ``period``."""
    return "makespan" if schedule.period is None else "period"


def quality(schedule: Schedule) -> str:
    """Return mode, status, gap and bubble rate in one line."""
    gap = "no lower bound" if schedule.gap is None else f"gap {percent(schedule.gap)}"
    bubble_rate = f"bubble rate {percent(measure(schedule).bubble_rate)}"
    return " · ".join((f"{schedule.mode} mode", schedule.status, gap, bubble_rate))


def kinds_of(schedule: Schedule) -> tuple[Kind, ...]:
    """Return the kinds that occur in the schedule, in the order F, B, W, O."""
    present = {row.kind for row in schedule.tasks}
    return tuple(kind for kind in KIND_NAMES if kind in present)


def printable(name: str, limit: int) -> str:
    """Return a name that is safe to print: one line, no control characters, ``limit`` characters at most."""
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
