"""Events of a run by a simulated clock, with faults wherever a test wants them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gapweave.executor.lowering.lower import lower
from gapweave.executor.measured.recording import Event
from gapweave.executor.program import Action
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task


@dataclass
class SimulatedRun:
    """Replays a schedule by order; every tick takes ``tick`` ns, and nothing else takes time but what is set.

    Attributes
    ----------
    longer
        How much longer than planned tasks take, in nanoseconds.
    slower_messages
        How much longer than planned messages travel, by the task that produced them.
    pauses
        How long the interpreter pauses before a task, after its inputs are there.
    offsets
        What the clock of each rank shows at time 0.
    """

    schedule: Schedule
    tick: int = 1000
    repetitions: int = 1
    longer: Callable[[Task, int], int] = lambda task, repetition: 0
    slower_messages: Callable[[Task], int] = lambda task: 0
    pauses: Callable[[Task], int] = lambda task: 0
    offsets: dict[int, int] = field(default_factory=dict)

    def events(self) -> tuple[Event, ...]:
        """Everything that the ranks do, rank by rank."""
        self._durations = {row.task: (row.end - row.start) * self.tick for row in self.schedule.tasks}
        programs = lower(self.schedule)
        self._clock = [0] * len(programs)
        found: list[list[Event]] = [[] for _ in programs]
        for repetition in range(self.repetitions):
            arrivals: dict[tuple[int, Task], int] = {}
            left = [list(program.actions) for program in programs]
            start = max(self._clock)
            self._clock = [start] * len(programs)
            while any(left):
                before = sum(map(len, left))
                for rank, actions in enumerate(left):
                    found[rank].extend(self._advance(rank, repetition, actions, arrivals))
                assert sum(map(len, left)) < before, "the programs wait for each other"
        return tuple(
            event._replace(begin=event.begin + offset, end=event.end + offset)
            for rank, own in enumerate(found)
            for offset in [self.offsets.get(rank, 0)]
            for event in own
        )

    def _advance(
        self, rank: int, repetition: int, actions: list[Action], arrivals: dict[tuple[int, Task], int]
    ) -> Iterator[Event]:
        while actions:
            action, begin = actions[0], self._clock[rank]
            if action.op == "take" and (rank, action.task) not in arrivals:
                return
            actions.pop(0)
            if action.op == "run":
                begin += self.pauses(action.task)
                extra = self.longer(action.task, repetition)
                self._clock[rank] = begin + self._durations.get(action.task, 0) + extra
            elif action.op == "take":
                self._clock[rank] = max(begin, arrivals[rank, action.task])
            elif action.op == "send":
                assert action.peer is not None
                arrivals[action.peer, action.task] = begin + self._travel(action)
            yield Event(rank, repetition, action, begin, self._clock[rank])

    def _travel(self, action: Action) -> int:
        job, edge = self.schedule.instance.jobs[action.job], action.stage
        planned = 0
        if action.kind == "F":
            planned = job.forward_lags[edge]
        elif action.kind == "B":
            planned = job.backward_lags[edge - 1]
        return planned * self.tick + self.slower_messages(action.task)
