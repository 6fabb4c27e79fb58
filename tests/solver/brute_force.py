"""The least makespan by exhaustive search, for a dozen tasks: written from the rules, sharing no solver code.

Tasks are started one after the other in order of time. Each starts at the earliest moment, no sooner than the
one before it, at which its inputs are there and its device is free. Moving every task of any schedule as far
forward as this allows breaks no rule and delays nothing, so the best such schedule is the best of all. Pinned
tasks take part in the order, at their given times.

A device's memory changes only when its own tasks start and end. When one of them starts, all earlier ones
have ended, so what the device then holds depends on which tasks it has run, not on when.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from gapweave.models.instance import Instance, Job
from gapweave.models.task import Task


@dataclass
class _Work:
    """What the search knows of one task; ``outputs`` are (number of a task that waits for it, lag)."""

    task: Task
    device: int
    duration: int
    delta: int
    release: int
    pinned: int | None
    tail: int = 0
    outputs: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class _State:
    """A partial schedule: how many tasks of each lane have started, and what that means for the others."""

    started: tuple[int, ...]
    now: int
    device_free: tuple[int, ...]
    ready: tuple[int, ...]
    inputs_missing: tuple[int, ...]
    held: tuple[int, ...]


def least_makespan(
    instance: Instance, pinned: Mapping[Task, int] | None = None, primary_limit: int | None = None
) -> int | None:
    """Return the optimum in ticks, or None if there is no schedule.

    ``pinned`` gives fixed starts, ``primary_limit`` the latest end of the first job.
    """
    return _Search(instance, pinned or {}, primary_limit).run()


def earliest_starts(instance: Instance) -> dict[Task, int]:
    """Return the least start of each task over all schedules whose microbatches run in order."""
    search = _Search(instance, {}, None, is_exhaustive=True)
    search.run()
    return {search.works[number].task: start for number, start in search.earliest.items()}


class _Search:
    """Depth first, with a lower bound, and without any state that an earlier one was no worse than."""

    def __init__(
        self,
        instance: Instance,
        pinned: Mapping[Task, int],
        primary_limit: int | None,
        is_exhaustive: bool = False,
    ) -> None:
        self.primary_limit = primary_limit
        self.is_exhaustive = is_exhaustive
        self.earliest: dict[int, int] = {}
        self.works = [work for job in range(len(instance.jobs)) for work in _works(instance, job, pinned)]
        self.lanes = _lanes(self.works)
        self.capacities = [device.memory_capacity for device in instance.devices]
        self.resident = instance.resident_memory
        self.number_of = {work.task: number for number, work in enumerate(self.works)}
        self.inputs = [0] * len(self.works)
        for number, work in enumerate(self.works):
            for source, lag in _inputs(instance.jobs[work.task.job], work.task):
                self.works[self.number_of[source]].outputs.append((number, lag))
                self.inputs[number] += 1
        for number in range(len(self.works)):
            self._measure_tail(number)
        self.best: int | None = None
        self.seen: dict[tuple[int, ...], list[tuple[int, ...]]] = {}

    def run(self) -> int | None:
        if any(
            cap is not None and taken > cap for cap, taken in zip(self.capacities, self.resident, strict=True)
        ):
            return None
        self._descend(
            _State(
                started=(0,) * len(self.lanes),
                now=0,
                device_free=(0,) * len(self.capacities),
                ready=tuple(work.release for work in self.works),
                inputs_missing=tuple(self.inputs),
                held=self.resident,
            )
        )
        return self.best

    def _measure_tail(self, number: int) -> int:
        """Longest way from the end of a task to the end of everything that waits for it."""
        work = self.works[number]
        if not work.tail:
            after = (lag + self.works[n].duration + self._measure_tail(n) for n, lag in work.outputs)
            work.tail = max(after, default=0)
        return work.tail

    def _descend(self, state: _State) -> None:
        left = [
            number for lane, done in zip(self.lanes, state.started, strict=True) for number in lane[done:]
        ]
        if not left:
            end = max(state.device_free)
            self.best = end if self.best is None else min(self.best, end)
            return
        if self._is_hopeless(state, left) or self._is_dominated(state):
            return
        for start, lane in sorted(self._next_tasks(state)):
            number = self.lanes[lane][state.started[lane]]
            self.earliest[number] = min(start, self.earliest.get(number, start))
            self._descend(self._after(state, lane, start))

    def _is_hopeless(self, state: _State, left: list[int]) -> bool:
        """Whether even a relaxed problem ends no earlier than the best schedule known."""
        if self.best is None or self.is_exhaustive:
            return False
        load = [max(free, state.now) for free in state.device_free]
        for number in left:
            work = self.works[number]
            load[work.device] += work.duration
            if max(state.ready[number], state.now) + work.duration + work.tail >= self.best:
                return True
        return max(load) >= self.best

    def _is_dominated(self, state: _State) -> bool:
        """Whether the same tasks have been started before, in a way that left everything ready as early."""
        times = (state.now, *(max(time, state.now) for time in (*state.device_free, *state.ready)))
        others = self.seen.setdefault(state.started, [])
        if any(all(a <= b for a, b in zip(other, times, strict=True)) for other in others):
            return True
        others.append(times)
        return False

    def _next_tasks(self, state: _State) -> Iterator[tuple[int, int]]:
        """Yield (start, lane) of every task that may be the next one to start."""
        for lane, (numbers, done) in enumerate(zip(self.lanes, state.started, strict=True)):
            if done == len(numbers) or state.inputs_missing[numbers[done]]:
                continue
            work = self.works[numbers[done]]
            start = max(state.now, state.ready[numbers[done]], state.device_free[work.device])
            if work.pinned is not None:
                if start > work.pinned:
                    continue
                start = work.pinned
            if (
                self._fits_memory(state, work)
                and self._keeps_the_limit(work, start)
                and not self._hits_pinned(state, work, start)
            ):
                yield start, lane

    def _fits_memory(self, state: _State, work: _Work) -> bool:
        capacity = self.capacities[work.device]
        return capacity is None or state.held[work.device] + max(0, work.delta) <= capacity

    def _keeps_the_limit(self, work: _Work, start: int) -> bool:
        limit = self.primary_limit
        return limit is None or work.task.job > 0 or start + work.duration + work.tail <= limit

    def _hits_pinned(self, state: _State, work: _Work, start: int) -> bool:
        """Whether a pinned task that is still to come would be too late, or overlapped."""
        if work.pinned is not None:
            return False
        return any(
            other.pinned is not None
            and (
                start > other.pinned or (other.device == work.device and start + work.duration > other.pinned)
            )
            for lane, done in zip(self.lanes, state.started, strict=True)
            for other in (self.works[number] for number in lane[done:])
        )

    def _after(self, state: _State, lane: int, start: int) -> _State:
        number = self.lanes[lane][state.started[lane]]
        work = self.works[number]
        ready, missing = list(state.ready), list(state.inputs_missing)
        ready[number] = 0
        for target, lag in work.outputs:
            ready[target] = max(ready[target], start + work.duration + lag)
            missing[target] -= 1
        return replace(
            state,
            started=_with(state.started, lane, state.started[lane] + 1),
            now=start,
            device_free=_with(state.device_free, work.device, start + work.duration),
            ready=tuple(ready),
            inputs_missing=tuple(missing),
            held=_with(state.held, work.device, state.held[work.device] + work.delta),
        )


def _with(values: tuple[int, ...], index: int, value: int) -> tuple[int, ...]:
    return (*values[:index], value, *values[index + 1 :])


def _works(instance: Instance, number: int, pinned: Mapping[Task, int]) -> Iterator[_Work]:
    """Every task of one job, in order of microbatches within a kind and stage."""
    job = instance.jobs[number]
    for s, stage in enumerate(job.stages):
        memory = stage.memory
        durations = [("F", stage.forward, memory.forward), ("B", stage.backward, memory.backward)]
        if stage.weight is not None:
            durations.append(("W", stage.weight, memory.weight))
        tasks = [
            (Task(number, 0, k, s, m), d, x) for k, d, x in durations for m in range(job.microbatch_count)
        ]
        if stage.optimizer:
            tasks.append((Task(number, 0, "O", s, None), stage.optimizer, 0))
        for task, duration, delta in tasks:
            yield _Work(task, stage.device, duration, delta, job.release, pinned.get(task))


def _lanes(works: list[_Work]) -> list[list[int]]:
    """Tasks whose order is given: microbatches of a kind and stage; and last, all pinned tasks by time."""
    numbers = range(len(works))
    free = [number for number in numbers if works[number].pinned is None]
    lanes = [list(lane) for _, lane in groupby(free, lambda number: works[number].task[:4])]
    fixed = [number for number in numbers if works[number].pinned is not None]
    return [*lanes, sorted(fixed, key=lambda number: works[number].pinned or 0)]


def _inputs(job: Job, task: Task) -> Iterator[tuple[Task, int]]:
    """What must have ended before a task starts, and how long it takes from there."""
    s, last = task.stage, len(job.stages) - 1
    if task.kind == "F" and s > 0:
        yield task._replace(stage=s - 1), _transfer(job, job.forward_transfer, s - 1)
    elif task.kind == "B" and s == last:
        yield task._replace(kind="F"), 0
    elif task.kind == "B":
        yield task._replace(stage=s + 1), _transfer(job, job.backward_transfer, s)
    elif task.kind == "W":
        yield task._replace(kind="B"), 0
    elif task.kind == "O":
        for stage in range(last + 1) if job.optimizer_barrier else [s]:
            for kind in "BW" if job.stages[stage].weight is not None else "B":
                for m in range(job.microbatch_count):
                    yield Task(task.job, task.step, kind, stage, m), 0


def _transfer(job: Job, transfer: int | tuple[int, ...], edge: int) -> int:
    if job.stages[edge].device == job.stages[edge + 1].device:
        return 0
    return transfer if isinstance(transfer, int) else transfer[edge]
