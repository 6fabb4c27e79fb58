"""Playing programs by a simulated clock: no torch, no processes, the durations of the instance."""

import random
from dataclasses import dataclass

from gapweave.executor.measured.recording import Event
from gapweave.executor.program import Action, Program
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task


@dataclass(frozen=True)
class Played:
    """What happened: every action in order of its begin, in ticks, and when the last task ended."""

    events: tuple[Event, ...]
    makespan: int


def dry_run(
    schedule: Schedule,
    programs: tuple[Program, ...],
    *,
    repetitions: int = 1,
    spread: float = 0.0,
    slow_rank: int | None = None,
    seed: int = 0,
) -> Played:
    """Play programs that passed the static check.

    Parameters
    ----------
    repetitions
        How often every rank carries out its program.
    spread
        Each task lasts up to this share longer or shorter, drawn uniformly.
    slow_rank
        A rank whose tasks last twice as long.
    seed
        Of the draws.

    Returns
    -------
    Played
        Tasks start as early as order and messages allow: without spread none later than planned.
    """
    return _Play(schedule, programs, spread, slow_rank, seed).run(repetitions)


class _Play:
    def __init__(
        self,
        schedule: Schedule,
        programs: tuple[Program, ...],
        spread: float,
        slow_rank: int | None,
        seed: int,
    ) -> None:
        self.jobs = schedule.instance.jobs
        self.programs = programs
        self.spread = spread
        self.slow_rank = slow_rank
        self.random = random.Random(seed)
        self.clock = [0] * len(programs)
        self.arrivals: dict[tuple[int, Task], int] = {}
        self.events: list[Event] = []

    def run(self, repetitions: int) -> Played:
        places = [(0, 0)] * len(self.programs)
        waiting: dict[tuple[int, Task], int] = {}
        ready = list(range(len(self.programs)))
        while ready:
            rank = ready.pop()
            repetition, index = places[rank]
            actions = self.programs[rank].actions
            while repetition < repetitions:
                if index == len(actions):
                    repetition, index = repetition + 1, 0
                    continue
                action = actions[index]
                message = (repetition, action.task)
                if action.op == "take" and message not in self.arrivals:
                    waiting[message] = rank
                    break
                self._perform(rank, repetition, action)
                if action.op == "send" and message in waiting:
                    ready.append(waiting.pop(message))
                index += 1
            places[rank] = (repetition, index)
        self.events.sort(key=lambda event: (event.begin, event.rank))
        makespan = max((event.end for event in self.events if event.action.op == "run"), default=0)
        return Played(tuple(self.events), makespan)

    def _perform(self, rank: int, repetition: int, action: Action) -> None:
        begin = self.clock[rank]
        if action.op == "run":
            self.clock[rank] += self._duration(rank, action)
        elif action.op == "take":
            self.clock[rank] = max(begin, self.arrivals.pop((repetition, action.task)))
        elif action.op == "send":
            self.arrivals[repetition, action.task] = begin + self._lag(action)
        self.events.append(Event(rank, repetition, action, begin, self.clock[rank]))

    def _duration(self, rank: int, action: Action) -> int:
        stage = self.jobs[action.job].stages[action.stage]
        kinds = {"F": stage.forward, "B": stage.backward, "W": stage.weight, "O": stage.optimizer}
        duration = kinds[action.kind] or 0
        if rank == self.slow_rank:
            duration *= 2
        return round(duration * (1 + self.spread * self.random.uniform(-1, 1))) if self.spread else duration

    def _lag(self, action: Action) -> int:
        job = self.jobs[action.job]
        if action.kind == "F":
            return job.forward_lags[action.stage]
        return job.backward_lags[action.stage - 1] if action.kind == "B" else 0
