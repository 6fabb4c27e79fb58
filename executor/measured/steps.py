"""The steps of a run: what each device did, task by task, beside what was planned."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median_low

from gapweave.executor.measured.recording import Event
from gapweave.models.schedule import Schedule


@dataclass(frozen=True)
class MeasuredStep:
    """One complete repetition of a schedule.

    Attributes
    ----------
    repetition
        Counted from 0.
    origin, end
        Begin of its first task and end of its last one, on any device, in nanoseconds.
    events
        What each rank did, in order of begins.
    before
        When each rank ended its last task of the repetition before; None if there was none.
    """

    repetition: int
    origin: int
    end: int
    events: tuple[tuple[Event, ...], ...]
    before: tuple[int | None, ...]

    @property
    def makespan(self) -> int:
        """In nanoseconds."""
        return self.end - self.origin


def measured_steps(schedule: Schedule, events: Iterable[Event]) -> tuple[MeasuredStep, ...]:
    """Return every repetition in which all tasks of the schedule ran to their end."""
    ranks = len(schedule.instance.devices)
    recorded: dict[int, list[list[Event]]] = defaultdict(lambda: [[] for _ in range(ranks)])
    for event in events:
        recorded[event.repetition][event.rank].append(event)
    wanted = {row.task for row in schedule.tasks}
    steps = []
    for repetition, own in sorted(recorded.items()):
        ran = [event for rank in own for event in rank if event.action.op == "run"]
        if wanted <= {event.action.task for event in ran}:
            steps.append(
                MeasuredStep(
                    repetition,
                    min(event.begin for event in ran),
                    max(event.end for event in ran),
                    tuple(tuple(sorted(rank, key=lambda event: (event.begin, event.end))) for rank in own),
                    _last_ends(recorded[repetition - 1] if repetition - 1 in recorded else [[]] * ranks),
                )
            )
    return tuple(steps)


def after_warm_up(steps: Sequence[MeasuredStep]) -> tuple[MeasuredStep, ...]:
    """Return the steps but the very first of the run, in which memory is claimed and code is loaded."""
    warm = tuple(step for step in steps if step.repetition > 0)
    return warm or tuple(steps)


def typical_step(steps: Sequence[MeasuredStep]) -> MeasuredStep:
    """Return the step with the median makespan of all after the first."""
    warm = after_warm_up(steps)
    middle = median_low(step.makespan for step in warm)
    return next(step for step in warm if step.makespan == middle)


def _last_ends(ranks: Iterable[Sequence[Event]]) -> tuple[int | None, ...]:
    return tuple(max((event.end for event in own if event.action.op == "run"), default=None) for own in ranks)
