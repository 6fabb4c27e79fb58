"""Notices that a run stands still: what no rank sees if none of them waits for the one that hangs."""

from collections.abc import Mapping
from math import inf

from gapweave.executor.runtime.deadlines import MEETING, MULTIPLE, SAVING
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.record import Record

#: Seconds between two looks that count at most: whoever looks may have been stopped together with the ranks.
_LONGEST_LOOK = 1.0


class Standstill:
    """How long no rank has advanced, against what a rank may take.

    An action may take ``deadline + 10 x`` the longest task or idle time that is planned, or the longest task
    that was seen; in the first step of every job at least five minutes, for models may be compiled there.
    Between two steps, where checkpoints are saved, it is ``5 x deadline`` more. Before its first step a rank
    may take any time here. With NCCL the host waits for a whole step at once: then that is the longest task.
    """

    def __init__(self, plan: Plan, options: RunOptions) -> None:
        self._plan = plan
        self._deadline = options.deadline
        self._is_ahead = options.backend == "nccl"
        self._planned = plan.schedule.makespan if self._is_ahead else _longest(plan)
        self._tick = plan.tick or 0.0
        self._task = 0.0
        self._clock = 0.0
        self._looked: float | None = None
        self._places: dict[int, tuple[int, int, int]] = {}
        self._since: dict[int, float] = {}

    def learn(self, seconds: float) -> None:
        """Take the time of a step as the scale of the plan, if none was slower."""
        if makespan := self._plan.schedule.makespan:
            self._tick = max(self._tick, seconds / makespan)

    def look(self, records: Mapping[int, Record | None], now: float) -> float | None:
        """Look where ranks are.

        Parameters
        ----------
        records
            Of the ranks that are not done.
        now
            Seconds of a clock.

        Returns
        -------
        float or None
            For how many seconds none of them has advanced, if any of them may take less; else None.
        """
        self._clock += 0.0 if self._looked is None else min(now - self._looked, _LONGEST_LOOK)
        self._looked = now
        for rank, record in records.items():
            self._follow(rank, record)
        if not records:
            return None
        silence = self._clock - max(self._since[rank] for rank in records)
        return silence if silence > max(self._limit(*item) for item in records.items()) else None

    def _follow(self, rank: int, record: Record | None) -> None:
        place = (-1, 0, 0) if record is None else (record.repetition, record.action, record.completed)
        before = self._places.get(rank)
        if place == before:
            return
        if before is not None and self._is_task(rank, before):
            self._task = max(self._task, self._clock - self._since[rank])
        self._places[rank], self._since[rank] = place, self._clock

    def _is_task(self, rank: int, place: tuple[int, int, int]) -> bool:
        repetition, action, completed = place
        actions = self._plan.programs[rank].actions
        return completed <= repetition and action < len(actions) and actions[action].op == "run"

    def _limit(self, rank: int, record: Record | None) -> float:
        """Return the seconds that a rank may stay where it is."""
        if record is None or record.repetition < 0:
            return inf
        allowed = self._deadline
        if record.completed > record.repetition:
            allowed += SAVING * self._deadline
        elif self._is_first_step(rank, record):
            if self._is_ahead and not self._tick:
                return inf
            allowed = max(MEETING, self._deadline)
        return allowed + MULTIPLE * max(self._planned * self._tick, self._task)

    def _is_first_step(self, rank: int, record: Record) -> bool:
        """Whether the action under way is of its job's first step: a program may have several."""
        actions = self._plan.programs[rank].actions
        is_first = self._is_ahead or record.action >= len(actions) or actions[record.action].step == 0
        return record.repetition == 0 and is_first


def standing(plan: Plan, records: Mapping[int, Record | None]) -> int:
    """Return the rank that holds the others up, as far as it can be told: rather one that does not wait."""

    def is_waiting(rank: int) -> bool:
        record, actions = records[rank], plan.programs[rank].actions
        if record is None or record.completed > record.repetition or record.action >= len(actions):
            return True
        return actions[record.action].op == "take"

    return min(sorted(records), key=is_waiting)


def _longest(plan: Plan) -> int:
    """Return the longest task or idle time of the plan, in ticks."""
    tasks = (row.end - row.start for row in plan.schedule.tasks)
    gaps = (gap for rank in range(plan.ranks) for gap in plan.gaps(rank))
    return max((*tasks, *gaps), default=0)
