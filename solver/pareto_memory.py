"""The trade-off between memory and the least period: least T for each capacity.

A schedule that fits a capacity fits every larger one, and a bound for a capacity holds for every smaller one.
So T never rises with the capacity, each search begins with the best schedule of the capacities before, and
what a search without limit proves holds for all.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from gapweave.models.display import as_html
from gapweave.models.errors import (
    GapweaveError,
    Infeasible,
    Interrupted,
    InvalidOption,
    NothingFound,
)
from gapweave.models.instance import Instance
from gapweave.models.placement import Placement, placed
from gapweave.models.schedule import Schedule
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.known import Known
from gapweave.solver.memory_levels import MemoryLevels
from gapweave.solver.one_after_the_other import OneAfterTheOther
from gapweave.solver.primary import SOLVER
from gapweave.solver.proven_answer import proven_answer
from gapweave.solver.rows import Row, row_of
from gapweave.solver.solve import solve
from gapweave.solver.stopping import Stopping

#: How many capacities are tried, beside none.
MOST_LEVELS = 11
_FEWEST_LEVELS = 4
#: Share of the time for the search without limit, which begins the others and bounds them.
_UNLIMITED_SHARE = 0.2
#: Seconds that a search is given even if there are none left: it then answers with what is known.
_LEAST_TIME = 1e-6
#: Seconds per task for verifying a schedule that answers another question too.
_VERIFYING = 12e-6


@dataclass(frozen=True)
class MemoryRow(Row):
    """The best periodic schedule for one capacity; memory in ``memory_unit``.

    Attributes
    ----------
    free
        What a device may hold beyond what is resident: the level of `MemoryLevels`; None: no limit.
    needed
        The level that its schedule needs, at most ``free``.
    period, load
        T, and what the busiest device works in it, in ticks.
    """

    free: int | None = None
    needed: int | None = None
    period: int | None = None
    load: int | None = None

    @property
    def value(self) -> int | None:
        """The period."""
        return self.period

    def to_document(self) -> dict[str, Any]:
        """Return the row as JSON values, without the schedule."""
        names = (
            "free",
            "needed",
            "status",
            "period",
            "lower_bound",
            "gap",
            "bubble_rate",
            "peak_memory",
            "seconds",
        )
        values = {name: getattr(self, name) for name in names}
        return values if self.reason is None else values | {"reason": self.reason}


@dataclass(frozen=True)
class MemoryFront:
    """Least periods found against capacities, from the least capacity that works to no limit.

    Attributes
    ----------
    instance
        As placed.
    given
        The level of the instance's own capacities; None if it does not limit every device.
    """

    instance: Instance
    given: int | None
    one_after_the_other: OneAfterTheOther | None
    rows: tuple[MemoryRow, ...]

    def to_document(self) -> dict[str, Any]:
        """Return the rows, and what they are compared with, as JSON values."""
        baseline = self.one_after_the_other
        return {
            "instance": self.instance.name,
            "memory_unit": self.instance.memory_unit,
            "given": self.given,
            "one_after_the_other": None if baseline is None else vars(baseline),
            "rows": [row.to_document() for row in self.rows],
        }

    def _repr_html_(self) -> str | None:
        """Show words and table in a notebook."""
        return as_html("pareto-memory", self)


def pareto_memory(
    instance: Instance,
    *,
    placement: Placement = "given",
    time_limit: float = 60.0,
    workers: int | None = None,
    seed: int = 0,
    on_row: Callable[[MemoryRow], None] | None = None,
    stop: threading.Event | None = None,
) -> MemoryFront:
    """Find the least period for each of about ten memory capacities; every schedule is verified.

    Parameters
    ----------
    placement
        Where the secondary jobs' stages run.
    time_limit
        Seconds for everything together.
    on_row
        Is called with each row as soon as it is there; the final rows may be better, by what others found.
    stop
        Set this event to end early; rows that nothing was found for have the status ``unknown``.

    Raises
    ------
    InvalidOption
        The instance says nothing about memory, or an option is wrong.
    Infeasible
        There is no schedule, proven: a job is released late.
    NothingFound, Interrupted
        No schedule was found until the limit, or until ``stop`` was set.
    """
    if not time_limit > 0:
        raise InvalidOption(f"--time-limit: expected a number > 0, got {time_limit:g}")
    levels = MemoryLevels.of(placed(instance, placement))
    if levels.least == 0:
        raise InvalidOption("--pareto memory: the jobs of this instance have no memory amounts")
    stopping = Stopping(time_limit, stop or threading.Event()).reserving(
        2 * MOST_LEVELS * _VERIFYING * instance.task_count
    )
    baseline = OneAfterTheOther.of(levels)
    options: dict[str, Any] = {"workers": workers, "seed": seed, "stop": stopping.signal}
    search = _Search(levels, options, placement)
    search.run(stopping, None if baseline is None else baseline.level, on_row)
    return MemoryFront(levels.instance, levels.given, baseline, search.rows())


def chosen_levels(least: int, top: int, also: int | None = None, quantum: int = 1) -> list[int]:
    """Return the levels to try below ``top``, from the least on: all multiples of ``quantum`` if few.

    Else all multiples of the least, if they are neither few nor many; else about ten in equal ratios, and if
    ``also`` is between them, half of them below it and half from it on.
    """
    for step, fewest in ((quantum, 0), (least, _FEWEST_LEVELS)):
        if fewest * step <= top - least <= MOST_LEVELS * step:
            return list(range(least, top, step))
    ends = [least, also, top] if also is not None and least < also < top else [least, top]
    count = (MOST_LEVELS - 1) // (len(ends) - 1)
    ratios = ((begin, end / begin) for begin, end in pairwise(ends))
    levels = {round(begin * ratio ** (index / count)) for begin, ratio in ratios for index in range(count)}
    return sorted({level // quantum * quantum for level in levels})


class _Search:
    """Answers for the capacities: first without limit, then from the least on."""

    def __init__(self, levels: MemoryLevels, options: dict[str, Any], placement: Placement) -> None:
        self.levels = levels
        self.options = options
        self.placement = placement
        self.questions: list[int | None] = [None]
        self.answers: dict[int | None, Schedule] = {}
        self.failures: dict[int | None, GapweaveError] = {}
        self.seconds: dict[int | None, float] = {}

    def run(self, stopping: Stopping, also: int | None, on_row: Callable[[MemoryRow], None] | None) -> None:
        """Search for every capacity; what is left when time is up lives on what the others found."""
        self._ask(None, stopping.share(_UNLIMITED_SHARE), on_row)
        if None not in self.answers:
            raise self.failures[None]
        top = self.levels.needed_by(self.answers[None])
        below = chosen_levels(self.levels.least, top, also, self.levels.quantum)
        self.questions = [*below, None]
        for count, level in enumerate(below):
            if stopping.signal.is_set():
                return
            self._ask(level, stopping.share(1 / (len(below) - count)), on_row)

    def rows(self) -> tuple[MemoryRow, ...]:
        """Return the best row for each capacity, whichever capacity it was found for."""
        return tuple(self._row(level) for level in self.questions)

    def _ask(self, level: int | None, stopping: Stopping, on_row: Callable[[MemoryRow], None] | None) -> None:
        begin = time.monotonic()
        known = Known(tuple(self.answers.values()), tuple(self._bounds(level)))
        limit = max(stopping.remaining, _LEAST_TIME)
        instance = self.levels.at(level)
        try:
            self.answers[level] = solve(
                instance, objective="period", time_limit=limit, known=known, **self.options
            )
        except (Infeasible, NothingFound, Interrupted) as exc:
            self.failures[level] = exc
        self.seconds[level] = round(time.monotonic() - begin, 3)
        if on_row is not None:
            on_row(self._row(level))

    def _bounds(self, level: int | None) -> Iterator[ProvenBound]:
        """Yield what is proven for this capacity: by answers for capacities that are no smaller."""
        for other, answer in self.answers.items():
            if _allows(other, level) and answer.lower_bound is not None and answer.bound is not None:
                yield ProvenBound(answer.lower_bound, answer.bound)

    def _best(self, level: int | None) -> Schedule | None:
        """Return the answer of least period that fits; of equals, the one that needs least memory."""
        fitting = [
            answer for answer in self.answers.values() if _allows(level, self.levels.needed_by(answer))
        ]
        if not fitting:
            return None
        best = min(fitting, key=lambda answer: (answer.value, self.levels.needed_by(answer)))
        proven = max(self._bounds(level), key=lambda proven: proven.value, default=None)
        return proven_answer(best, proven, instance=self.levels.at(level), placement=self.placement)

    def _row(self, level: int | None) -> MemoryRow:
        schedule, seconds = self._best(level), self.seconds.get(level, 0.0)
        if schedule is None:
            reason = str(self.failures.get(level, "no time was left for it"))
            row = Row(SOLVER, "joint", "unknown", self.placement, seconds=seconds, reason=reason)
            return MemoryRow(**vars(row), free=level)
        own = vars(replace(row_of(SOLVER, schedule), seconds=seconds))
        return MemoryRow(
            **own,
            free=level,
            needed=self.levels.needed_by(schedule),
            period=schedule.period,
            load=max(sum(row.end - row.start for row in rows) for rows in schedule.tasks_by_device),
        )


def _allows(level: int | None, other: int | None) -> bool:
    """Whether what fits the other level fits this one."""
    return level is None or (other is not None and other <= level)
